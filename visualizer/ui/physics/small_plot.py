"""SmallPlot: one curve beside the picture, with a level to compare it with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from visualizer.ui import theme as themes

_TOP, _BOTTOM, _EDGE = 20, 18, 6


@dataclass(frozen=True)
class Curve:
    """Points from left to right.

    Attributes:
        points: (x, y) in the units of the plot.
        measured: drawn in the color of what was measured, above the others.
    """

    points: tuple[tuple[float, float], ...]
    measured: bool = True


class SmallPlot(QWidget):
    """Painted by hand: it never zooms, and says in words what it shows."""

    def __init__(self, name: str, level_name: str, parent: QWidget | None = None) -> None:
        """
        Args:
            name: above the plot.
            level_name: of the dashed line.
        """
        super().__init__(parent)
        self._name, self._level_name = name, level_name
        self._level = 1.0
        self._range = (0.0, 1.0, 0.0, 1.0)
        self._curves: tuple[Curve, ...] = ()
        self._cursor: float | None = None
        self._reading, self._ends = "", ("", "")
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(14 * themes.SPACE)

    def set_axes(
        self, left: float, right: float, low: float, high: float, ends: tuple[str, str]
    ) -> None:
        """What its edges stand for, and the words below both ends of the x axis."""
        self._range, self._ends = (left, right, low, high), ends
        self.update()

    def set_level(self, level: float) -> None:
        """Where the dashed line lies."""
        self._level = level
        self.update()

    def show_curves(self, curves: Sequence[Curve]) -> None:
        """Show other curves."""
        self._curves = tuple(curves)
        self.update()

    def say(self, reading: str) -> None:
        """A number in words, beside the name."""
        if reading != self._reading:
            self._reading = reading
            self.setAccessibleDescription(reading)
            self.update()

    @property
    def curves(self) -> tuple[Curve, ...]:
        """What it shows."""
        return self._curves

    def set_cursor(self, x: float | None) -> None:
        """Where the playhead stands."""
        if x != self._cursor:
            self._cursor = x
            self.update()

    def sizeHint(self) -> QSize:
        """As wide as the panel."""
        return QSize(200, self.height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Name and reading above, the curves, and the ends below."""
        theme = themes.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(themes.font(themes.FONT_SMALL))
        left, right = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight
        head = QRectF(0, 0, self.width(), _TOP - 4)
        painter.setPen(QColor(theme.text))
        painter.drawText(head, int(left), self._name)
        painter.setPen(QColor(theme.quiet))
        painter.drawText(head, int(right), self._reading)
        foot = QRectF(0, self.height() - _BOTTOM + 4, self.width(), _BOTTOM - 4)
        painter.drawText(foot, int(left), self._ends[0])
        painter.drawText(foot, int(right), self._ends[1])
        room = self.room()
        painter.setPen(QPen(QColor(theme.line), 1))
        painter.drawLine(room.bottomLeft(), room.bottomRight())
        self._paint_level(painter, room)
        for curve in sorted(self._curves, key=lambda curve: curve.measured):
            color = theme.second if curve.measured else theme.faint
            painter.setPen(QPen(QColor(color), 2 if curve.measured else 1.5))
            painter.drawPolyline(QPolygonF([self.place(x, y) for x, y in curve.points]))
        if self._cursor is not None:
            x = self.place(self._cursor, 0).x()
            painter.fillRect(QRectF(x - 1, room.top(), 2, room.height()), QColor(theme.accent))
        painter.end()

    def _paint_level(self, painter: QPainter, room: QRectF) -> None:
        theme = themes.current()
        y = self.place(0, self._level).y()
        painter.setPen(QPen(QColor(theme.quiet), 1, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(room.left(), y), QPointF(room.right(), y))
        painter.setPen(QColor(theme.quiet))
        words = QRectF(room.left(), y - 18, room.width(), 16)
        painter.drawText(words, int(Qt.AlignmentFlag.AlignRight), self._level_name)

    def room(self) -> QRectF:
        """Where the curves lie."""
        return QRectF(0, _TOP, self.width(), self.height() - _TOP - _BOTTOM).adjusted(
            1, _EDGE, -1, 0
        )

    def place(self, x: float, y: float) -> QPointF:
        """Where a point lies, in pixels."""
        left, right, low, high = self._range
        room = self.room()
        across = (x - left) / (right - left)
        up = min(max((y - low) / (high - low), 0.0), 1.0)
        return QPointF(room.left() + across * room.width(), room.bottom() - up * room.height())
