"""A small plot with steps along x: how a word is heard over time, how two pictures part."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QWidget

from visualizer.ui import theme as themes
from visualizer.ui.explanation import percent
from visualizer.ui.painted_plot import PaintedPlot, paint_plate, paint_words

LEFT, RIGHT, TOP, BOTTOM = 44, 12, 26, 22
_LABEL = 18


@dataclass(frozen=True)
class StepLine:
    """One line: its name, a value for each step (NaN: none), and whether it is the one looked at.

    Values are shares, 0 … 1 or more.
    """

    name: str
    values: tuple[float, ...]
    strong: bool = False


@dataclass(frozen=True)
class StepMark:
    """A dotted line upright at a step, with a few words at its head."""

    step: int
    words: str


class StepPlot(PaintedPlot):
    """Pressing or dragging asks for a step."""

    step_asked = Signal(int)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lines: tuple[StepLine, ...] = ()
        self._mark: StepMark | None = None
        self._even: float | None = None
        self._even_name = ""
        self._here: int | None = None
        self._hovered: int | None = None
        self._first = 0
        self.setAccessibleName(name)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFixedHeight(18 * themes.SPACE)

    @property
    def lines(self) -> tuple[StepLine, ...]:
        """What is drawn."""
        return self._lines

    @property
    def mark(self) -> StepMark | None:
        """What is marked."""
        return self._mark

    def show_lines(
        self,
        lines: Sequence[StepLine],
        *,
        first: int = 0,
        mark: StepMark | None = None,
        even: float | None = None,
        even_name: str = "",
        message: str = "",
    ) -> None:
        """Draw other lines.

        Args:
            first: the step that the first value belongs to.
            mark: a step that is marked.
            even: a value drawn across, e.g. what chance gives, with its name.
            message: in place of the plot.
        """
        self._lines, self._mark, self._first = tuple(lines), mark, first
        self._even, self._even_name = even, even_name
        self._hovered = None
        self.redraw(message or ("" if self._count() else "Nothing is measured yet."))
        self._describe()

    def stand(self, step: int | None) -> None:
        """Where the playhead stands; None: nowhere on this plot."""
        if step != self._here:
            self._here = step
            self._describe()
            self.update()

    def _describe(self) -> None:
        step, strong = self._read_step(), self._strong()
        if self.message or step is None or strong is None:
            return
        value = self._value(strong, step)
        if math.isfinite(value):
            self.setAccessibleDescription(f"{strong.name}, step {step}: {percent(value)}")

    def _strong(self) -> StepLine | None:
        return next((line for line in self._lines if line.strong), None)

    def _count(self) -> int:
        return max((len(line.values) for line in self._lines), default=0)

    def _top(self) -> float:
        values = [v for line in self._lines for v in line.values if math.isfinite(v)]
        return max([*values, self._even or 0.0, 1e-3]) * 1.08

    def _value(self, line: StepLine, step: int) -> float:
        k = step - self._first
        return line.values[k] if 0 <= k < len(line.values) else math.nan

    def _read_step(self) -> int | None:
        """The step that is read out; the finished picture, where nothing was asked, is the last."""
        step = self._here if self._hovered is None else self._hovered
        return None if step is None else min(step, self._first + self._count() - 1)

    # --- where things stand -------------------------------------------------------------------

    def area(self) -> QRectF:
        """Where the lines lie."""
        wide, high = self.width() - LEFT - RIGHT, self.height() - TOP - BOTTOM
        return QRectF(LEFT, TOP, max(wide, 1), max(high, 1))

    def x_of(self, step: float) -> float:
        """Where a step stands, in pixels."""
        area = self.area()
        return area.left() + area.width() * (step - self._first) / max(self._count() - 1, 1)

    def y_of(self, value: float) -> float:
        """Where a value stands, in pixels."""
        area = self.area()
        return area.bottom() - area.height() * min(max(value / self._top(), 0.0), 1.0)

    def _nearest(self, x: float) -> int:
        area = self.area()
        share = (x - area.left()) / area.width()
        k = round(share * max(self._count() - 1, 1))
        return self._first + min(max(k, 0), max(self._count() - 1, 0))

    def press_at(self, position: QPointF) -> None:
        """Ask for the step nearest to the mouse."""
        self.step_asked.emit(self._nearest(position.x()))

    def point_at(self, position: QPointF) -> None:
        """Read out the step nearest to the mouse."""
        hovered = self._nearest(position.x())
        if hovered != self._hovered:
            self._hovered = hovered
            self.update()

    def leave(self) -> None:
        """Read out the playhead's step again."""
        if self._hovered is not None:
            self._hovered = None
            self.update()

    # --- painting -----------------------------------------------------------------------------

    def paint_ground(self, painter: QPainter) -> None:
        """Axes, lines and the mark."""
        theme, area = themes.current(), self.area()
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for value in (0.0, self._top() / 1.08):
            y = round(self.y_of(value)) + 0.5
            painter.setPen(QPen(QColor(theme.line), 1))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            room = QRectF(0, y - _LABEL / 2, LEFT - 6, _LABEL)
            paint_words(painter, room, percent(value), right, theme.quiet)
        self._paint_ticks(painter)
        if self._even is not None:
            self._paint_even(painter, self._even)
        if self._mark is not None:
            self._paint_mark(painter, self._mark)
        else:
            self._paint_name(painter)
        for line in sorted(self._lines, key=lambda each: each.strong):
            self._paint_line(painter, line)

    def _paint_ticks(self, painter: QPainter) -> None:
        theme, area = themes.current(), self.area()
        last = self._first + self._count() - 1
        sides = {
            self._first: Qt.AlignmentFlag.AlignLeft,
            last: Qt.AlignmentFlag.AlignRight,
        }
        for step, side in sides.items():
            room = QRectF(area.left(), area.bottom() + 3, area.width(), _LABEL)
            words = f"step {step}" if step == self._first else str(step)
            if step != self._first or last != self._first:
                paint_words(painter, room, words, side, theme.quiet)

    def _paint_even(self, painter: QPainter, value: float) -> None:
        theme, area = themes.current(), self.area()
        y = round(self.y_of(value)) + 0.5
        painter.setPen(QPen(QColor(theme.quiet), 1, Qt.PenStyle.DotLine))
        painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
        middle = (TOP - 4) / 2  # its name stands above, where no line goes through it
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        room = QRectF(area.left(), 0, area.width(), TOP - 4)
        paint_words(painter, room, self._even_name, right, theme.quiet)
        long = QFontMetrics(themes.font(themes.FONT_SMALL)).horizontalAdvance(self._even_name)
        end = area.right() - long - 6
        painter.setPen(QPen(QColor(theme.quiet), 1, Qt.PenStyle.DotLine))
        painter.drawLine(QPointF(end - 18, middle + 0.5), QPointF(end, middle + 0.5))

    def _paint_name(self, painter: QPainter) -> None:
        """A piece of the line that is looked at, and its name."""
        theme, area, strong = themes.current(), self.area(), self._strong()
        if strong is None:
            return
        middle = (TOP - 4) / 2
        painter.setPen(QPen(QColor(theme.second), 2.5))
        painter.drawLine(QPointF(area.left(), middle), QPointF(area.left() + 18, middle))
        room = QRectF(area.left() + 24, 0, area.width() * 0.45, TOP - 4)
        name = QFontMetrics(themes.font(themes.FONT_SMALL)).elidedText(
            strong.name, Qt.TextElideMode.ElideRight, int(room.width())
        )
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        paint_words(painter, room, name, left, theme.text)

    def _paint_mark(self, painter: QPainter, mark: StepMark) -> None:
        theme, area = themes.current(), self.area()
        x = round(self.x_of(mark.step)) + 0.5
        painter.setPen(QPen(QColor(theme.text), 1, Qt.PenStyle.DotLine))
        painter.drawLine(QPointF(x, area.top() - 2), QPointF(x, area.bottom()))
        long = QFontMetrics(themes.font(themes.FONT_SMALL)).horizontalAdvance(mark.words) + 2
        left = min(max(x - long / 2, 4.0), self.width() - 4.0 - long)
        room = QRectF(left, area.top() - 20, long, 16)
        paint_words(painter, room, mark.words, Qt.AlignmentFlag.AlignCenter, theme.text)

    def _paint_line(self, painter: QPainter, line: StepLine) -> None:
        theme = themes.current()
        color = QColor(theme.second if line.strong else theme.edge)
        pen = QPen(color, 2.5 if line.strong else 1.5)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        points = [
            QPointF(self.x_of(self._first + k), self.y_of(value))
            for k, value in enumerate(line.values)
            if math.isfinite(value)
        ]
        if len(points) == 1:
            painter.drawPoint(points[0])
        painter.drawPolyline(points)

    def paint_above(self, painter: QPainter) -> None:
        """The playhead, and what is read out."""
        theme, area = themes.current(), self.area()
        last = self._first + self._count() - 1
        if self._here is not None and self._first <= self._here <= last:
            x = float(round(self.x_of(self._here)))
            painter.fillRect(
                QRectF(x - 1, area.top() - 2, 2, area.height() + 4), QColor(theme.accent)
            )
        read = self._read_step()
        strong = self._strong()
        if read is None or strong is None:
            return
        value = self._value(strong, read)
        if not math.isfinite(value):
            return
        painter.setPen(QPen(QColor(theme.ground), 1.5))
        painter.setBrush(QColor(theme.second))
        painter.drawEllipse(QPointF(self.x_of(read), self.y_of(value)), 4.5, 4.5)
        words = f"step {read}: {percent(value)}"
        middle = QPointF(self.x_of(read), area.bottom() + 12)
        paint_plate(painter, words, middle, QRectF(self.rect()))
