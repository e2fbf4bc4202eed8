"""Shapes without jagged edges: drawn several times larger, and reduced."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

SMOOTH = 4
"""So many times larger."""
Points = list[tuple[float, float]]


class SmoothDrawing:
    """Areas, lines and dots on a ground; all places and widths in pixels of the result."""

    def __init__(self, size: tuple[int, int], ground: str) -> None:
        self._big = Image.new("RGB", (size[0] * SMOOTH, size[1] * SMOOTH), ground)
        self._draw = ImageDraw.Draw(self._big)

    def area(self, line: Points, bottom: float, color: str) -> None:
        """What lies between a line and the bottom."""
        below = [(line[0][0], bottom), *line, (line[-1][0], bottom)]
        self._draw.polygon(_enlarged(below), fill=color)

    def line(self, points: Points, color: str, width: float = 1) -> None:
        self._draw.line(
            _enlarged(points), fill=color, width=max(1, round(width * SMOOTH)), joint="curve"
        )

    def dot(self, middle: tuple[float, float], radius: float, color: str) -> None:
        (where,) = _enlarged([middle])
        self._draw.circle(where, radius * SMOOTH, fill=color)

    def image(self) -> Image.Image:
        """What was drawn, RGB."""
        return self._big.reduce(SMOOTH)


def rounded(size: tuple[int, int], radius: int) -> Image.Image:
    """A mask with rounded corners."""
    big = Image.new("L", (size[0] * SMOOTH, size[1] * SMOOTH), 0)
    box = (0, 0, big.width - 1, big.height - 1)
    ImageDraw.Draw(big).rounded_rectangle(box, radius * SMOOTH, fill=255)
    return big.reduce(SMOOTH)


def arrow(half: int) -> Image.Image:
    """A mask: an arrow that points down, twice ``half`` wide."""
    big = Image.new("L", ((2 * half + 1) * SMOOTH, half * SMOOTH), 0)
    corners = [(0, 0), (big.width, 0), (big.width / 2, big.height)]
    ImageDraw.Draw(big).polygon(corners, fill=255)
    return big.reduce(SMOOTH)


def disk(
    middle: tuple[float, float], radius: float
) -> tuple[Image.Image, tuple[int, int, int, int]]:
    """A disk at any place between pixels as a mask, and the box it lies in."""
    left, top = (math.floor(m - radius) - 1 for m in middle)
    side = math.ceil(2 * radius) + 4
    y, x = np.mgrid[:side, :side] + 0.5
    away = np.hypot(left + x - middle[0], top + y - middle[1])
    cover: NDArray[np.uint8] = (np.clip(radius - away + 0.5, 0, 1) * 255).astype(np.uint8)
    return Image.fromarray(cover), (left, top, left + side, top + side)


def _enlarged(points: Points) -> Points:
    return [(x * SMOOTH, y * SMOOTH) for x, y in points]
