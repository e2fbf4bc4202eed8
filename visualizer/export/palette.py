"""The colors of a GIF: which ones, and how a frame is put into them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

if TYPE_CHECKING:
    from visualizer.export.film import Film

SAMPLE = 192
"""Pixels: the side of the square of pixels of a frame that choose its palette."""
PICKS = 4096
"""How many of them decide where exactly the colors lie."""
SHARED_SAMPLES = 12
"""Frames that choose a palette for all: static and picture, and what lies between."""
ROUNDS = 3
"""How often the colors move to the middle of those they stand for (Lloyd 1982)."""


class Quantizer:
    """Puts the frames of a film into few colors.

    Each frame gets a palette of its own, or all get one that a sample of them has chosen. With a
    shared one, a pixel that did not change keeps its color, also where dithering would have moved
    it: what stands still does not shimmer.
    """

    def __init__(self, film: Film) -> None:
        self._dither = film.options.dither
        self._colors = film.options.colors
        self._palette: Image.Image | None = None
        self._before: tuple[Image.Image, Image.Image] | None = None
        if film.options.palette == "shared":
            self._palette = film.shared_palette

    def quantized(self, image: Image.Image) -> Image.Image:
        """The frame after the one before, as a picture with a palette."""
        palette = self._palette or palette_of([image], self._colors)
        found = in_palette(image, palette, self._dither)
        if self._palette is None:
            return found
        if self._before is not None:
            found = _kept(found, image, *self._before)
        self._before = image, found
        return found


def shared_palette(film: Film) -> Image.Image:
    """A palette for all frames of a film, chosen by some of them.

    One index is left free: Pillow's writer says with it "as before".
    """
    chosen = sorted({round(k) for k in np.linspace(0, len(film.shots) - 1, SHARED_SAMPLES)})
    return palette_of((film.frame(k) for k in chosen), min(film.options.colors, 255))


def palette_of(images: Iterable[Image.Image], colors: int) -> Image.Image:
    """A palette for these frames.

    Pixels are picked, not averaged: the mean of static is gray. An octree finds the colors, also
    rare ones, and a few rounds of k-means on some pixels move them to where most of them are. On
    static that is off by a third of what a median cut of a small copy is, and takes a few
    milliseconds.
    """
    samples = [_sample(image) for image in images]
    board = Image.new("RGB", (SAMPLE, SAMPLE * len(samples)))
    for i, sample in enumerate(samples):
        board.paste(sample, (0, SAMPLE * i))
    found = board.quantize(colors, Image.Quantize.FASTOCTREE)
    return _settled(found, np.asarray(board).reshape(-1, 3))


def in_palette(image: Image.Image, palette: Image.Image, dither: str) -> Image.Image:
    """A frame in the colors of a palette."""
    if dither == "diffusion":
        return image.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG)
    if dither == "ordered":
        count = len(palette.getpalette() or ()) // 3
        image = _with_pattern(image, count)
    return image.quantize(palette=palette, dither=Image.Dither.NONE)


def _sample(image: Image.Image) -> Image.Image:
    return image.resize((SAMPLE, SAMPLE), Image.Resampling.NEAREST)


def _settled(palette: Image.Image, pixels: NDArray[np.uint8]) -> Image.Image:
    """The palette after some rounds of k-means; colors that no picked pixel is near to stay."""
    rng = np.random.default_rng(0)  # the same film gives the same file
    x = pixels[rng.choice(len(pixels), min(PICKS, len(pixels)), replace=False)].astype(np.float32)
    c = np.asarray(palette.getpalette(), np.float32).reshape(-1, 3)
    for _ in range(ROUNDS):
        # |x - c|² without |x|², which is the same for all colors
        nearest = ((c * c).sum(axis=1) - 2 * (x @ c.T)).argmin(axis=1)
        count = np.bincount(nearest, minlength=len(c))[:, None]
        sums = np.stack([np.bincount(nearest, x[:, i], len(c)) for i in range(3)], axis=1)
        c = np.where(count > 0, sums / np.maximum(count, 1), c).astype(np.float32)
    found = Image.new("P", (1, 1))
    found.putpalette(c.round().astype(np.uint8).tobytes())
    return found


def _with_pattern(image: Image.Image, colors: int) -> Image.Image:
    """The frame with a fine fixed pattern on it, as strong as colors of a palette lie apart."""
    pixels = np.asarray(image)
    height, width = pixels.shape[:2]
    rows, columns = -(-height // 8), -(-width // 8)
    pattern = np.tile(_BAYER, (rows, columns))[:height, :width, None]
    # half of what a cube of so many colors has between neighbors: a palette that was chosen lies
    # closer together where the colors are
    strength = 255 / np.cbrt(colors) / 2
    shifted = pixels + np.round(pattern * strength).astype(np.int16)
    return Image.fromarray(np.clip(shifted, 0, 255).astype(np.uint8))


def _kept(
    found: Image.Image, image: Image.Image, image_before: Image.Image, before: Image.Image
) -> Image.Image:
    """``found`` with the colors that the frame before has wherever the image has not changed."""
    same = (np.asarray(image) == np.asarray(image_before)).all(axis=2)
    if not same.any():
        return found
    found.paste(before, mask=Image.fromarray(same))
    return found


def _bayer(order: int) -> NDArray[Any]:
    """Thresholds of ordered dithering, −½ … ½ (Bayer 1973): every value of a square once."""
    matrix = np.zeros((1, 1))
    for _ in range(order):
        matrix = np.block([[4 * matrix, 4 * matrix + 2], [4 * matrix + 3, 4 * matrix + 1]])
    return (matrix + 0.5) / matrix.size - 0.5


_BAYER = _bayer(3)
