"""Which layout the latents of a run have, from their shape and the size of the picture."""

from __future__ import annotations

import math
from typing import Any

from visualizer.diffusion.families import accepts
from visualizer.diffusion.latent_spaces import LatentSpace
from visualizer.diffusion.layout import LatentLayout
from visualizer.diffusion.request import SamplingRequest


def layout_of(
    pipeline: Any,
    space: LatentSpace,
    shape: tuple[int, ...],
    size: tuple[int, int],
    request: SamplingRequest,
) -> LatentLayout:
    """The layout of one latent.

    Args:
        shape: of one latent, without the batch.
        size: (width, height) of the picture that was asked for.
    """
    kept = size if _resizes(pipeline, request) else None
    if space.arrangement not in ("patches", "tokens"):
        return LatentLayout(space.arrangement, picture_size=kept)
    tokens, channels = shape
    rows, columns = _rows_and_columns(tokens, size)
    patch = 1
    if space.arrangement == "patches":
        own = _latent_channels(getattr(pipeline, space.part))
        patch = max(1, math.isqrt(channels // own))
    return LatentLayout(space.arrangement, rows * patch, columns * patch, kept)


def _rows_and_columns(tokens: int, size: tuple[int, int]) -> tuple[int, int]:
    """The two whole factors of a number of tokens that come nearest to a picture's shape."""
    width, height = size
    wanted = math.log(height / width)
    rows = [n for n in range(1, tokens + 1) if tokens % n == 0]
    best = min(rows, key=lambda n: abs(math.log(n * n / tokens) - wanted))
    return best, tokens // best


def _latent_channels(vae: Any) -> int:
    config = vae.config
    return int(getattr(config, "latent_channels", None) or getattr(config, "z_dim", None) or 4)


def _resizes(pipeline: Any, request: SamplingRequest) -> bool:
    """Whether the pipeline samples the nearest size it was trained on, and resizes the picture."""
    if not accepts(pipeline, "use_resolution_binning"):
        return False
    return bool(request.extra.get("use_resolution_binning", True)) and hasattr(
        getattr(pipeline, "image_processor", None), "resize_and_crop_tensor"
    )
