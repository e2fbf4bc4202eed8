"""The heat map of two pictures: the maps that are remembered, and the scale that explains them."""

from __future__ import annotations

import weakref
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QLinearGradient, QPainter, QPen

from visualizer.ui import theme as themes
from visualizer.ui.explanation import percent

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from visualizer.diffusion.arrays import Picture

SIDE = 512
"""A map has at most so many values a side, each of a square block of pixels: a map takes some 3 ms
then at 512 × 512, and 15 ms at twice it. What is said of whole pictures is counted at full size."""
KEPT_BYTES = 32 * 2**20
"""So much memory the remembered maps take: 19 of the largest. The pictures they are of are not
held here, but where the person's own limit holds."""
BAR_WIDTH = 112
"""Room for a scale that stands beside the map."""


@dataclass(frozen=True, eq=False)
class HeatMap:
    """How far apart two pictures are.

    Attributes:
        distances: (H, W) float32, of each block of pixels, 0 … 1.
        picture: the same as colors, (H, W, 3) uint8.
        mean: of the two whole pictures at full size, as the plots count it.
    """

    distances: NDArray[np.float32]
    picture: Picture
    mean: float

    @property
    def nbytes(self) -> int:
        """The memory it takes."""
        return self.distances.nbytes + self.picture.nbytes

    def at(self, across: float, down: float) -> float:
        """The distance at a place, in shares of width and height."""
        rows, columns = self.distances.shape
        row, column = min(int(down * rows), rows - 1), min(int(across * columns), columns - 1)
        return float(self.distances[row, column])


class HeatMaps:
    """The maps of pairs of pictures that were looked at last."""

    def __init__(self, limit: int = KEPT_BYTES) -> None:
        self._limit = limit
        self._size = 0
        self._kept: OrderedDict[
            tuple[int, int],
            tuple[weakref.ref[Picture], weakref.ref[Picture], HeatMap],
        ] = OrderedDict()

    def get(self, a: Picture, b: Picture) -> HeatMap:
        """The map of two pictures, made where it is not remembered."""
        key = (id(a), id(b))
        kept = self._kept.get(key)
        if kept is not None and kept[0]() is a and kept[1]() is b:
            self._kept.move_to_end(key)
            return kept[2]
        if kept is not None:  # another picture has come where one has been
            self._drop(key)
        heat = _made(a, b)
        self._kept[key] = (weakref.ref(a), weakref.ref(b), heat)
        self._size += heat.nbytes
        while self._size > self._limit and len(self._kept) > 1:
            self._drop(next(iter(self._kept)))
        return heat

    @property
    def nbytes(self) -> int:
        """The memory that all of them take."""
        return self._size

    def clear(self) -> None:
        """Forget all of them."""
        self._kept.clear()
        self._size = 0

    def _drop(self, key: tuple[int, int]) -> None:
        self._size -= self._kept.pop(key)[2].nbytes


def _made(a: Picture, b: Picture) -> HeatMap:
    from visualizer.diffusion.picture_difference import difference_map, heat_picture, mean_distance

    distances = difference_map(a, b, SIDE)
    return HeatMap(distances, heat_picture(distances), mean_distance(a, b))


def paint_scale(
    painter: QPainter, bar: QRect, stands: bool, mean: float, pointed: float | None
) -> None:
    """The colors with numbers, where this step stands among them, and the pixel pointed at.

    Args:
        bar: where the colors lie.
        stands: upright, with its words to the right; else above and below.
        mean: how far the whole pictures are apart.
        pointed: the distance of the pixel under the mouse.
    """
    from visualizer.diffusion.picture_difference import HEAT_TOP, heat_colors

    theme = themes.current()
    gradient = QLinearGradient(*_ends_of(bar, stands))
    colors = heat_colors()
    for i in range(0, 256, 15):
        gradient.setColorAt(i / 255, QColor(*(int(c) for c in colors[i])))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(theme.edge), 1))
    painter.setBrush(gradient)
    painter.drawRoundedRect(QRectF(bar).adjusted(0.5, 0.5, -0.5, -0.5), 2, 2)
    _paint_tick(painter, bar, stands, (mean if pointed is None else pointed) / HEAT_TOP)
    painter.setFont(themes.font(themes.FONT_SMALL))
    if stands:
        _paint_beside(painter, bar, mean, pointed, HEAT_TOP)
    else:
        _paint_around(painter, bar, mean, pointed, HEAT_TOP)


def _paint_beside(
    painter: QPainter, bar: QRect, mean: float, pointed: float | None, top: float
) -> None:
    where = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
    says = f"{percent(mean)} apart" if pointed is None else f"{percent(pointed)} here"
    painter.setPen(QColor(themes.current().text))
    painter.drawText(QRect(bar.left() - 4, 0, BAR_WIDTH, 20), where, says)
    painter.setPen(QColor(themes.current().quiet))
    for share in (0.0, top / 2, top):
        y = round(bar.bottom() - share / top * bar.height())
        y = min(max(y, bar.top() + 7), bar.bottom() - 6)
        words = f"{percent(share)} +" if share == top else percent(share)
        painter.drawText(QRect(bar.right() + 14, y - 8, 70, 16), where, words)


def _paint_around(
    painter: QPainter, bar: QRect, mean: float, pointed: float | None, top: float
) -> None:
    left, right = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight
    middle, center = Qt.AlignmentFlag.AlignHCenter, Qt.AlignmentFlag.AlignVCenter
    painter.setPen(QColor(themes.current().quiet))
    below = QRect(bar.left(), bar.bottom() + 2, bar.width(), 16)
    ends = ("0\u00a0%, equal", percent(top / 2), f"{percent(top)} and more")
    for words, where in zip(ends, (left, middle, right), strict=True):
        painter.drawText(below, center | where, words)
    above = QRect(bar.left(), bar.top() - 24, bar.width(), 16)
    painter.setPen(QColor(themes.current().text))
    painter.drawText(above, center | left, f"{percent(mean)} apart on average")
    if pointed is not None:
        painter.drawText(above, center | right, f"{percent(pointed)} here")


def _paint_tick(painter: QPainter, bar: QRect, stands: bool, place: float) -> None:
    """A small arrow at a share of the scale."""
    place = min(max(place, 0.0), 1.0)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(themes.current().text))
    if stands:
        x, y = bar.right() + 2.0, bar.bottom() - place * (bar.height() - 1)
        painter.drawPolygon([QPointF(x, y), QPointF(x + 6, y - 4), QPointF(x + 6, y + 4)])
        return
    x, y = bar.left() + place * (bar.width() - 1), float(bar.top())
    painter.drawPolygon([QPointF(x - 4, y - 6), QPointF(x + 4, y - 6), QPointF(x, y)])


def _ends_of(bar: QRect, stands: bool) -> tuple[QPointF, QPointF]:
    """From the scale's first color to its last: up, or to the right."""
    if stands:
        return QPointF(bar.bottomLeft()), QPointF(bar.topLeft())
    return QPointF(bar.topLeft()), QPointF(bar.topRight())
