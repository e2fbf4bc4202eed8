"""What is painted over two pictures in one place: whose they are, and where one ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPen

from visualizer.ui import theme as themes
from visualizer.ui.lane_mark import MARK, mark_size, paint_mark

if TYPE_CHECKING:
    from visualizer.diffusion.arrays import Picture

HANDLE = 11.0
"""Half the size of the divider's handle."""


@dataclass(frozen=True)
class Side:
    """One of the two: its picture (None while there is none), and how its lane is marked.

    Attributes:
        short: what is written where the label has no room.
    """

    letter: str
    color: int
    label: str
    picture: Picture | None = None
    short: str = ""


def paint_divider(painter: QPainter, x: float, target: QRectF) -> None:
    """White in black, so that it stands out from any picture."""
    painter.fillRect(QRectF(x - 2, target.top(), 4, target.height()), QColor(0, 0, 0, 150))
    painter.fillRect(QRectF(x - 1, target.top(), 2, target.height()), QColor("white"))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    middle = QPointF(x, target.center().y())
    painter.setPen(QPen(QColor(0, 0, 0, 150), 1))
    painter.setBrush(QColor("white"))
    painter.drawEllipse(middle, HANDLE, HANDLE)
    pen = QPen(QColor("#14161b"), 1.75)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    for side in (-1, 1):
        tip = QPointF(middle.x() + side * 7, middle.y())
        inner = tip.x() - side * 3
        painter.drawPolyline([QPointF(inner, tip.y() - 3.5), tip, QPointF(inner, tip.y() + 3.5)])


def paint_label(painter: QPainter, target: QRectF, side: Side, *, right: bool) -> None:
    """The lane's mark and words, on a plate in an upper corner of the picture."""
    theme, font = themes.current(), themes.font(themes.FONT_SMALL)
    metrics = QFontMetrics(font)
    mark = mark_size(side.letter)[0]
    space = themes.SPACE // 2
    most = int(target.width() / 2) - mark - 7 * space
    whole = side.label
    if side.short and metrics.horizontalAdvance(whole) > most:
        whole = side.short
    words = metrics.elidedText(whole, Qt.TextElideMode.ElideMiddle, max(most, 0))
    fits = words == whole or most >= 72  # a letter and three dots say nothing
    long = metrics.horizontalAdvance(words) + 1 if fits else 0
    plate = QRectF(0, 0, mark + 2 * space + (long + 2 * space if long else 0), MARK + 2 * space)
    plate.moveTop(target.top() + space)
    if right:
        plate.moveRight(target.right() - space)
    else:
        plate.moveLeft(target.left() + space)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(theme.surface))
    painter.drawRoundedRect(plate, 6, 6)
    paint_mark(painter, plate.left() + space, plate.top() + space, side.letter, side.color)
    if long:
        painter.setPen(QColor(theme.text))
        painter.setFont(font)
        room = plate.adjusted(mark + 2 * space + 2, 0, 0, 0)
        left = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.drawText(room, left, words)
