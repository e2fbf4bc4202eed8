"""One frame of an animated WebP: as it is, or without what nobody misses.

WebP halves the resolution of color, which turns colored static gray. A frame that would lose much
of its color is coded without that, and its single pixels are rounded instead: among static nobody
sees it, and the file stays about as small.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from visualizer.export.page_pictures import color_kept

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from visualizer.diffusion.arrays import Picture
    from visualizer.export.options import ExportOptions

LOSSLESS: dict[str, Any] = {"lossless": True, "quality": 20, "method": 1}
"""More effort makes a WebP without loss a twentieth smaller, and takes three times as long."""
METHOD = 3
"""How hard it is tried to make the others small: less makes static half as large again."""
KEPT_COLOR = 0.75
"""Frames that would keep less of their color at half the resolution are rounded."""
STEPS = ((95, 8), (90, 16), (0, 32))
"""From which quality on the values of single pixels are rounded to multiples of what."""
SAMPLE = 2**18
"""Numbers of a frame that its color is measured by."""
LONELY = 3
"""A pixel is a single one when so many of its four neighbors are a step or more away."""


def webp_frame(image: Image.Image, options: ExportOptions) -> bytes:
    """A WebP of one frame, RGB; the same frame always gives the same bytes.

    A drawing alone is as small without loss as with it.
    """
    file = io.BytesIO()
    if options.lossless or options.content == "plot":
        image.save(file, "WEBP", **LOSSLESS)
    elif _kept(image) < KEPT_COLOR:
        rounded(image, _step(options.quality)).save(file, "WEBP", **LOSSLESS)
    else:
        image.save(file, "WEBP", quality=options.quality, method=METHOD)
    return file.getvalue()


def rounded(image: Image.Image, step: int) -> Image.Image:
    """The image with its single pixels rounded to multiples of ``step``; flat areas stay.

    Args:
        step: a power of two.
    """
    pixels, half = np.asarray(image), step // 2
    coarse = (np.minimum(pixels, 255 - half) + half) & (256 - step)
    single = Image.fromarray(_far_neighbors(pixels, step) >= LONELY)
    return Image.composite(Image.fromarray(coarse.astype(np.uint8)), image, single)


def _far_neighbors(pixels: Picture, step: int) -> NDArray[np.uint8]:
    """How many of its four neighbors each pixel is a step or more away from."""
    found = np.zeros(pixels.shape[:2], np.uint8)
    for a, b in ((np.s_[:-1], np.s_[1:]), (np.s_[:, :-1], np.s_[:, 1:])):
        apart = np.maximum(pixels[a], pixels[b]) - np.minimum(pixels[a], pixels[b]) >= step
        any_channel = apart[..., 0] | apart[..., 1] | apart[..., 2]
        found[a] += any_channel
        found[b] += any_channel
    return found


def _kept(image: Image.Image) -> float:
    """How much of its color is kept, 0 … 1, told from so many of its rows that it is quick."""
    pixels = np.asarray(image)
    rows = max(1, pixels.size // SAMPLE) * 2
    height = max(1, image.height // rows) * rows
    if rows <= 2 or height > image.height:
        return color_kept(image)
    pairs = pixels[:height].reshape(-1, rows, image.width, 3)[:, :2]
    return color_kept(Image.fromarray(pairs.reshape(-1, image.width, 3)))


def _step(quality: int) -> int:
    return next(step for least, step in STEPS if quality >= least)
