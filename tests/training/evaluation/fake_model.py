"""What stands for the parts of a model, so that none has to be opened or to work."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

import torch
from PIL import Image

from visualizer.training.architecture import LATENT_SIZE, PICTURE_SIZE


class Enlarging(torch.nn.Module):
    """Stands for an autoencoder: halves a picture, and enlarges what is to be decoded."""

    device, dtype = torch.device("cpu"), torch.float32
    config = argparse.Namespace(latent_channels=3, scaling_factor=2.0)

    def encoder(self, x: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.avg_pool2d(x, 2)

    def decoder(self, z: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.interpolate(z, size=(PICTURE_SIZE, PICTURE_SIZE))


def in_grey(prompt: str, seed: int) -> Image.Image:
    """A small picture in the grey of its seed."""
    return Image.new("RGB", (8, 8), (seed, seed, seed))


class FakePipeline:
    """Draws a picture of each prompt and seed, and notes how many it was asked for at once."""

    def __init__(self, draw: Callable[[str, int], Image.Image] = in_grey) -> None:
        self.draw = draw
        self.batches: list[int] = []
        self.scheduler: Any = object()
        self.vae = Enlarging()
        self.unet = argparse.Namespace(config=argparse.Namespace(sample_size=LATENT_SIZE))

    def set_progress_bar_config(self, **_: Any) -> None:
        pass

    def __call__(self, texts: list[str], **said: Any) -> Any:
        self.batches.append(len(texts))
        seeds = [generator.initial_seed() for generator in said["generator"]]
        return argparse.Namespace(images=list(map(self.draw, texts, seeds)))
