"""Where two pictures differ: a distance for every pixel, and a heat map of it.

The distance of two pixels is the root of the mean squared difference of red, green and blue, as
the pictures store them (sRGB), in shares of the way from black to white: 0 is equal, 1 is black
against white. Its root mean square over a whole picture, at full size, is the picture distance:
one function counts it for the heat map's words and for the plots, so that they never disagree.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray

from visualizer.diffusion.arrays import Picture, read_only

HEAT_TOP = 0.5
"""The distance that the heat map's last color stands for. It is the same at every step, so that
a color means the same all along a run; more than half the way from black to white is rare between
two pictures, and drawn as the last color too."""
_COLORS = 256
_BAND = 32
"""So many rows are worked on at a time: what stays in a processor's cache is several times as fast
as a whole large picture."""


def brought_together(a: Picture, b: Picture) -> tuple[Picture, Picture]:
    """Both pictures in one size: whatever is smaller is enlarged to the larger width and height.

    Returns:
        Two (H, W, 3) uint8 pictures; the very same arrays when they have one size already.
    """
    height, width = max(a.shape[0], b.shape[0]), max(a.shape[1], b.shape[1])
    return enlarged(a, height, width), enlarged(b, height, width)


def enlarged(picture: Picture, height: int, width: int) -> Picture:
    """The picture in another, not smaller size, linear between the centers of its pixels.

    Raises:
        ValueError: for a size below the picture's own, where linear steps would leave pixels out.
    """
    if picture.shape[:2] == (height, width):
        return picture
    if height < picture.shape[0] or width < picture.shape[1]:
        raise ValueError("A picture can only be enlarged here, not made smaller.")
    upper, lower, down = _between(picture.shape[0], height)
    left, right, along = _between(picture.shape[1], width)
    tall = (
        picture[upper] + (picture[lower].astype(np.float32) - picture[upper]) * down[:, None, None]
    )
    wide = tall[:, left] + (tall[:, right] - tall[:, left]) * along[:, None]
    return read_only(np.clip(wide.round(), 0, 255).astype(np.uint8))


def difference_map(a: Picture, b: Picture, most: int | None = None) -> NDArray[np.float32]:
    """The distance of every pixel, (H, W) float32, 0 equal … 1 black against white.

    The smaller picture is enlarged to the larger one's size first.

    Args:
        most: a longer side than this is brought down to it. Each value is the root mean square
            over a square block of pixels then, so that the whole map's is what it was.
    """
    a, b = brought_together(a, b)
    factor = 1 if most is None else max(-(-max(a.shape[:2]) // most), 1)
    height, width = (max(n // factor, 1) for n in a.shape[:2])
    rows, columns = (min(factor, n) for n in a.shape[:2])
    sums = np.zeros((height, width), dtype=np.float32)
    for top in range(0, height, _BAND):
        band = sums[top : top + _BAND]
        inside = slice(top * rows, (top + len(band)) * rows)
        squares = _squares(a[inside, : width * columns], b[inside, : width * columns])
        tall = squares if rows == 1 else squares[::rows].astype(np.uint32)
        for row in range(1, rows):
            tall += squares[row::rows]
        for column in range(columns):
            for channel in range(3):
                band += tall[:, column::columns, channel]
    sums /= np.float32(rows * columns * 3 * 255**2)
    return read_only(np.sqrt(sums, out=sums))


def mean_distance(a: Picture, b: Picture) -> float:
    """The root mean square of the distances of all pixels, 0 … 1: one number for two pictures.

    It is counted at full size and without a map: that takes some 4 ms at 1024 × 1024.
    """
    a, b = brought_together(a, b)
    bands = range(0, len(a), _BAND)
    total = sum(
        int(_squares(a[top : top + _BAND], b[top : top + _BAND]).sum(dtype=np.uint64))
        for top in bands
    )
    return math.sqrt(total / a.size) / 255


def _squares(a: Picture, b: Picture) -> NDArray[np.uint16]:
    """The squared differences of two pictures of one size, 0 … 255²: 16 bits just hold them."""
    apart = (np.maximum(a, b) - np.minimum(a, b)).astype(np.uint16)
    apart *= apart
    return apart


def difference_picture(a: Picture, b: Picture, most: int | None = None) -> Picture:
    """The heat map of two pictures, (H, W, 3) uint8; ``most`` as of ``difference_map``."""
    return heat_picture(difference_map(a, b, most))


def heat_picture(distances: NDArray[np.float32], top: float = HEAT_TOP) -> Picture:
    """The map as a picture, (H, W, 3) uint8: 0 is the first color, ``top`` and more the last."""
    places = distances * np.float32((_COLORS - 1) / top)
    np.minimum(places + np.float32(0.5), _COLORS - 1, out=places)
    return read_only(heat_colors().take(places.astype(np.uint8), axis=0))


@cache
def heat_colors() -> Picture:
    """The colors of the heat map, (256, 3) uint8, from nearly black over red to pale yellow.

    Lightness and color move by equal steps in OKLab (B. Ottosson, "A perceptual color space for
    image processing", 2020), so equal differences look equally far apart; lightness only rises,
    so that the map reads the same without any color.
    """
    fine = np.linspace(0.0, 1.0, 4096)
    lightness = 0.14 + 0.82 * fine
    hue = np.radians(300.0 + 170.0 * fine)  # violet, red, orange, yellow
    chroma = 0.17 * np.sin(np.pi * (0.1 + 0.8 * fine)) ** 0.9
    path = np.stack([lightness, chroma * np.cos(hue), chroma * np.sin(hue)], axis=1)
    walked = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
    even = np.linspace(0.0, walked[-1], _COLORS)
    lab = np.stack([np.interp(even, walked, path[:, i]) for i in range(3)], axis=1)
    return read_only(np.clip((_srgb_of(lab) * 255).round(), 0, 255).astype(np.uint8))


def _between(
    small: int, large: int
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]:
    """For each of ``large`` pixels the two of ``small`` it lies between, and how far along."""
    place = np.clip((np.arange(large) + 0.5) * small / large - 0.5, 0, small - 1)
    first = np.floor(place).astype(np.intp)
    return first, np.minimum(first + 1, small - 1), (place - first).astype(np.float32)


def _srgb_of(lab: NDArray[np.float64]) -> NDArray[np.float64]:
    """OKLab ► sRGB, 0 … 1 where the screen has the color (the matrices of Ottosson 2020)."""
    to_cones = np.array(
        [
            [1.0, 0.3963377774, 0.2158037573],
            [1.0, -0.1055613458, -0.0638541728],
            [1.0, -0.0894841775, -1.2914855480],
        ]
    )
    to_linear = np.array(
        [
            [4.0767416621, -3.3077115913, 0.2309699292],
            [-1.2684380046, 2.6097574011, -0.3413193965],
            [-0.0041960863, -0.7034186147, 1.7076147010],
        ]
    )
    linear = (lab @ to_cones.T) ** 3 @ to_linear.T
    curved = 1.055 * np.abs(linear) ** (1 / 2.4) - 0.055
    return np.asarray(np.where(linear <= 0.0031308, 12.92 * linear, curved), dtype=np.float64)
