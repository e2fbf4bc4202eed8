"""ParticleRaster: thousands of soft dots on one image, added up in numpy.

QPainter needs a call from Python for every dot of its own color; numpy adds them all up at once,
at fractions of pixels, and where dots lie on one another they shine through.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter

RADIUS = 2.5
"""Of a dot, in pixels of a 100 % screen; it fades towards its edge."""
_GAIN = 1.15


class ParticleRaster:
    """An image of fixed size that is drawn anew again and again."""

    def __init__(self, width: int, height: int, ratio: float, radius: float = RADIUS) -> None:
        """
        Args:
            width, height: in pixels of a 100 % screen.
            ratio: pixels of the image for each of those.
            radius: how large the dots are.
        """
        self._radius, self._ratio = radius * ratio, ratio
        self._edge = max(int(np.ceil(self._radius - 0.5)), 1)
        self._size = round(width * ratio), round(height * ratio)
        columns, rows = (side + 2 * self._edge for side in self._size)
        # (rows, columns) premultiplied ARGB, with a margin for dots that are half outside
        self._buffer: NDArray[np.uint32] = np.zeros((rows, columns), dtype=np.uint32)
        self._marked = np.zeros(self._buffer.size, dtype=bool)
        self._number = np.zeros(self._buffer.size, dtype=np.int64)
        self._touched: NDArray[np.int64] = np.empty(0, dtype=np.int64)

    def draw(self, at: NDArray[np.float32], colors: NDArray[np.float32]) -> None:
        """Draw dots in place of those before.

        Args:
            at: (dots, 2) in pixels of a 100 % screen, right and down.
            colors: (dots, 3) red, green, blue, 0 … 255.
        """
        flat = self._buffer.ravel()
        flat[self._touched] = 0
        rows, columns = self._buffer.shape
        place = (at * self._ratio + self._edge).astype(np.float32)
        inside = (place > 0).all(axis=1) & (place < (columns, rows)).all(axis=1)
        place, colors = place[inside], colors[inside]
        whole = np.floor(place).astype(np.int64)
        inside = (whole >= self._edge).all(axis=1)
        inside &= (whole < (columns - self._edge, rows - self._edge)).all(axis=1)
        place, whole, colors = place[inside], whole[inside], colors[inside]
        reach = np.arange(-self._edge, self._edge + 1)
        # how much of a dot falls on each of the pixels around it, (dots, pixels across and down)
        away = (whole[:, :, None] + reach + 0.5 - place[:, :, None]) / self._radius
        bump = np.maximum(1 - away**2, 0) ** 2
        weight = (bump[:, 1, :, None] * bump[:, 0, None, :]).reshape(len(place), -1)
        index = (
            (whole[:, 1, None, None] + reach[:, None]) * columns
            + whole[:, 0, None, None]
            + reach[None, :]
        ).ravel()
        # most pixels are touched by no dot: only the others are numbered, and counted
        self._marked[index] = True
        touched = np.flatnonzero(self._marked)
        self._marked[touched] = False
        self._number[touched] = np.arange(len(touched))
        index = self._number[index]
        cover = np.bincount(index, weight.ravel(), len(touched))
        alpha = 255 * (1 - np.exp(-_GAIN * cover))
        packed = alpha.astype(np.uint32) << 24
        share = alpha / (255 * np.maximum(cover, 1e-6))
        for channel, shift in enumerate((16, 8, 0)):
            tinted = (weight * colors[:, channel, None]).ravel()
            mixed = np.bincount(index, tinted, len(touched)) * share
            packed |= mixed.astype(np.uint32) << shift
        flat[touched] = packed
        self._touched = touched

    def paint(self, painter: QPainter, room: QRectF) -> None:
        """Paint the dots over whatever is there."""
        rows, columns = self._buffer.shape
        image = QImage(
            self._buffer.data,
            columns,
            rows,
            4 * columns,
            QImage.Format.Format_ARGB32_Premultiplied,
        )
        source = QRectF(self._edge, self._edge, *self._size)
        painter.drawImage(room, image, source)
