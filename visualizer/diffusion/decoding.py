"""Latents to pictures, exactly: by the model's own autoencoder, as its pipeline does it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

from visualizer.diffusion.arrays import FloatArray, Picture, read_only
from visualizer.diffusion.latent_spaces import SPACES, LatentSpace
from visualizer.diffusion.layout import GRID, LatentLayout
from visualizer.diffusion.memory import on_device


def decode_exactly(
    pipeline: Any, space: LatentSpace, latents: FloatArray, layout: LatentLayout = GRID
) -> Picture:
    """The model's own decode of one latent in its layout: (H, W, 3) uint8.

    Raises:
        LookupError: when no decoder makes a picture of such latents.
    """
    if not layout.shown:
        raise LookupError("These numbers are no picture: no decoder of this model reads them.")
    if layout.arrangement == "pixels":  # also where a model of latents shows noise in pixels
        space = SPACES["pixels"]
    spatial = np.nan_to_num(np.array(layout.spatial(latents), dtype=np.float32))
    with torch.no_grad(), _decoder(pipeline, space) as (part, device):
        x = torch.from_numpy(spatial)[None]
        if part is not None:
            x = x.to(device, part.dtype)
        pixels = space.decode(part, space.unpack(part, x))
        if layout.picture_size is not None:
            pixels = pipeline.image_processor.resize_and_crop_tensor(pixels, *layout.picture_size)
        return _picture(pixels, signed=space.signed)


def encode(pipeline: Any, space: LatentSpace, picture: Picture) -> FloatArray:
    """The model's own encoding of a picture (H, W, 3), spatial, at the sampler's scale.

    (C, h, w) float32.

    Raises:
        LookupError: when the model has no way back from pictures.
    """
    pixels = torch.from_numpy(np.array(picture, dtype=np.float32) / 127.5 - 1)
    x = pixels.permute(2, 0, 1)[None]
    if not space.part:
        return np.asarray(x[0].numpy(), dtype=np.float32)
    if space.encode is None:
        raise LookupError("This model has no encoder.")
    with torch.no_grad(), _decoder(pipeline, space) as (part, device):
        z = space.encode(part, x.to(device, part.dtype))
        return np.asarray(space.pack(part, z)[0].float().cpu().numpy(), dtype=np.float32)


def _picture(pixels: torch.Tensor, *, signed: bool) -> Picture:
    """(1, 3, H, W) ► (H, W, 3) uint8, rounded as diffusers' image processors round."""
    shown = (pixels * 0.5 + 0.5 if signed else pixels).clamp(0, 1)
    values = shown[0].permute(1, 2, 0).float().cpu().numpy()
    return read_only(np.ascontiguousarray((values * 255).round().astype(np.uint8)))


@contextmanager
def _decoder(pipeline: Any, space: LatentSpace) -> Iterator[tuple[Any, Any]]:
    """(the part that decodes, its device): where it can be called, and wide enough for it.

    SDXL's autoencoder overflows in float16; its pipeline decodes in float32 then.
    """
    if not space.part:
        yield None, torch.device("cpu")
        return
    part: Any = getattr(pipeline, space.part)
    forced = getattr(part.config, "force_upcast", False) and hasattr(pipeline, "upcast_vae")
    overflows = part.dtype == torch.float16 and forced
    with on_device(pipeline, space.part) as device:
        if overflows:
            part.to(torch.float32)
        try:
            yield part, device
        finally:
            if overflows:
                part.to(torch.float16)
