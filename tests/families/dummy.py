"""Tiny pipelines with random weights: every family of diffusers, in milliseconds and offline."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from PIL import Image
from torch import nn

from visualizer.diffusion.libraries import diffusers


@dataclass(frozen=True)
class Dummy:
    """A family of pipelines: how to build a tiny one, and what its call needs.

    `build` gives a fresh pipeline with the same weights every time, in evaluation mode and without
    a progress bar. `arguments` are those of the call beside the prompt, the seed and the steps.
    `steps` is None where the call has no `num_inference_steps`.
    """

    name: str
    build: Callable[[torch.dtype], Any]
    arguments: Callable[[], dict[str, Any]]
    steps: int | None = 4


def seeded(make: Callable[[], Any]) -> Callable[[torch.dtype], Any]:
    """A `Dummy.build` from a function that makes a pipeline with whatever weights torch draws."""

    def build(dtype: torch.dtype) -> Any:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            pipeline = make()
            for part in pipeline.components.values():
                if isinstance(part, nn.Module):
                    awaken(part)
                    part.eval().requires_grad_(False)
        pipeline.to(dtype)
        pipeline.set_progress_bar_config(disable=True)
        return pipeline

    return build


def awaken(module: nn.Module) -> None:
    """Random numbers for weights that start at zero, and cross-attention that matters.

    Layers made to start without any effect (adaLN gates, last projections, ControlNet's zero
    convolutions) would otherwise make the prediction constant or deaf to the prompt. Untrained
    cross-attention is an average over all tokens, in which the few of the prompt drown.
    """
    for name, parameter in module.named_parameters():
        if parameter.ndim >= 2 and not parameter.any():
            fan_in = math.prod(parameter.shape[1:])
            nn.init.normal_(parameter, std=0.5 / math.sqrt(fan_in))
        if "attn2.to_out" in name:
            parameter.data *= 5.0


def redraw(model: nn.Module, strength: float = 1.2) -> Any:
    """The model with larger weights: as torch draws them, few layers pass on little of a prompt."""
    for parameter in model.parameters():
        if parameter.ndim >= 2:
            nn.init.normal_(parameter, std=strength / math.sqrt(math.prod(parameter.shape[1:])))
    return model


def nothing() -> dict[str, Any]:
    """No further arguments."""
    return {}


def autoencoder(
    *, latent_channels: int = 4, blocks: int = 1, width: int = 32, **config: Any
) -> Any:
    """A tiny AutoencoderKL whose pictures are 2**(blocks - 1) times as wide as its latents."""
    return diffusers.AutoencoderKL(
        block_out_channels=(width,) * blocks,
        down_block_types=("DownEncoderBlock2D",) * blocks,
        up_block_types=("UpDecoderBlock2D",) * blocks,
        latent_channels=latent_channels,
        norm_num_groups=8,
        **config,
    )


def picture(width: int, height: int | None = None) -> Image.Image:
    """A picture to steer with: color gradients, the same every time."""
    size = (width, height or width)
    across, down = Image.linear_gradient("L").resize(size), Image.linear_gradient("L").rotate(90)
    return Image.merge("RGB", (across, down.resize(size), across.rotate(180)))
