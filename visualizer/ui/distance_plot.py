"""How far apart the two lanes of a pair are, from static to picture."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from visualizer.ui import theme as themes
from visualizer.ui.distance_words import moment_of, verdict
from visualizer.ui.explanation import percent
from visualizer.ui.painted_plot import PaintedPlot, paint_plate, paint_words
from visualizer.ui.pair_row import PairRow, pair_of

if TYPE_CHECKING:
    from visualizer.diffusion.distances import Distances
    from visualizer.session.lanes import Lane, Lanes

_NO_PAIR = "Pick two lanes to see when they part."
_NOT_YET = "Their distance is drawn as soon as both lanes have steps."
_ONE_LANE = "It takes two lanes to see when they part."
LEFT, RIGHT, TOP, BOTTOM = 68, 16, 26, 24
"""Room around the plot: y axis; the last label; the marker's words; x axis."""
LOW, LOW_TOP = 150, 12
"""Below this height the marker has no words (the sentence has them) and the legend no values."""
_ROW, _PIECE, _GAP = 18, 18, 8  # of the legend: a row, a piece of a line, and between names


@dataclass(frozen=True)
class Line:
    """One of the lines: what it is called, and its values, one a moment (NaN: none)."""

    key: str
    name: str
    values: tuple[float, ...]


class DistanceChart(PaintedPlot):
    """The lines from static, at the left, to picture. Pressing or dragging moves time.

    Moments stand evenly, as in the filmstrip, with their share of noise below: most samplers take
    many of their steps where hardly anything but noise is there, and that is where much is decided.
    All values are shares: for latent and guess of the distance of two that have nothing in common,
    for pictures of the way from black to white.
    """

    def __init__(self, lanes: Lanes, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lanes = lanes
        self._pair: tuple[Lane, Lane] | None = None
        self._measured: Distances | None = None
        self._lines: tuple[Line, ...] = ()
        self._shares: tuple[float, ...] = ()
        self._top = 1.0
        self._decided: float | None = None
        self._hovered: int | None = None
        self.setAccessibleName("Distance of the two lanes")
        self.setToolTip(
            "Latent: what the sampler holds. Guess: the finished picture as the model imagines it. "
            "For both, 100 % is as far apart as two pictures that have nothing to do with each "
            "other. Picture: what is seen; 100 % is black against white."
        )
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setMinimumSize(220, 110)
        lanes.playhead.moved.connect(self._moved)

    def show_distances(
        self, measured: Distances | None, pair: tuple[Lane, Lane] | None, message: str = ""
    ) -> None:
        """Draw what was measured, or a message."""
        self._measured, self._pair, self._hovered = measured, pair, None
        if measured is None or not measured.levels:
            self._lines, self._shares = (), ()
            self.redraw(message or _NOT_YET)
            return
        from visualizer.diffusion.distances import decided_at

        self._shares = tuple(float(share) for share in measured.noise_shares)
        self._lines = (
            Line("latent", "latent", tuple(float(v) for v in measured.latent_share)),
            Line("guess", "guess", tuple(float(v) for v in measured.guess_share)),
            Line("picture", "picture", tuple(float(v) for v in measured.picture)),
        )
        values = [v for line in self._lines for v in line.values if math.isfinite(v)]
        self._top = max(1.0, math.ceil(max(values, default=1.0) * 4 - 0.1) / 4)
        self._decided = decided_at(measured)
        self.redraw()
        self._describe()

    @property
    def lines(self) -> tuple[Line, ...]:
        """What is drawn."""
        return self._lines

    @property
    def decided(self) -> float | None:
        """The share of noise at which half of the final distance is reached, if it is marked."""
        return self._decided if self._shares else None

    # --- where things stand -------------------------------------------------------------------

    def area(self) -> QRectF:
        """Where the lines lie."""
        top = (LOW_TOP if self._low else TOP) + _ROW * self._legend_rows()
        wide, high = self.width() - LEFT - RIGHT, self.height() - top - BOTTOM
        return QRectF(LEFT, top, max(wide, 1), max(high, 1))

    @property
    def _low(self) -> bool:
        return self.height() < LOW

    def x_of(self, moment: float) -> float:
        """Where a moment stands, in pixels."""
        area, last = self.area(), self._last_moment
        return area.left() + area.width() * moment / last

    def y_of(self, value: float) -> float:
        """Where a distance stands, in pixels."""
        area = self.area()
        return area.bottom() - area.height() * min(max(value, 0.0), self._top) / self._top

    def moment(self) -> int | None:
        """The moment that is nearest to the playhead."""
        if not self._shares or self._measured is None or self._pair is None:
            return None
        a, b = (self._lanes.point(lane) for lane in self._pair)
        if a is None or b is None:
            return None
        points = self._measured.points
        return min(range(len(points)), key=lambda m: abs(points[m][0] - a) + abs(points[m][1] - b))

    @property
    def _last_moment(self) -> int:
        """The number of the last moment, also while there are fewer: the axis does not move."""
        totals = [lane.timeline.total for lane in self._pair or () if lane.timeline is not None]
        return max(len(self._shares) - 1, max(totals, default=0) - 1, 1)

    def _nearest(self, x: float) -> int:
        return min(range(len(self._shares)), key=lambda m: abs(self.x_of(m) - x))

    # --- news ---------------------------------------------------------------------------------

    def _moved(self) -> None:
        if self._shares:
            self._describe()
            self.update()

    def _describe(self) -> None:
        moment = self.moment()
        self.setAccessibleDescription("" if moment is None else self.readout(moment))

    def readout(self, moment: int) -> str:
        """What is measured at a moment, in words."""
        values = ", ".join(
            f"{line.name} {percent(line.values[moment])}"
            for line in self._lines
            if math.isfinite(line.values[moment])
        )
        return f"{percent(self._shares[moment])} noise: {values}"

    def press_at(self, position: QPointF) -> None:
        """Move the playhead to the moment nearest to the mouse."""
        if self._measured is None or self._pair is None:
            return
        points = self._measured.points[self._nearest(position.x())]
        totals = [lane.timeline.total if lane.timeline else 0 for lane in self._pair]
        longer = int(totals[1] > totals[0])
        self._lanes.playhead.pause()
        self._lanes.playhead.seek(self._lanes.position_of(self._pair[longer], points[longer]))

    def point_at(self, position: QPointF) -> None:
        """Read out the moment nearest to the mouse."""
        hovered = self._nearest(position.x()) if self._shares else None
        if hovered != self._hovered:
            self._hovered = hovered
            self.update()

    def leave(self) -> None:
        """Read out the playhead's moment again."""
        if self._hovered is not None:
            self._hovered = None
            self.update()

    # --- painting -----------------------------------------------------------------------------

    def paint_ground(self, painter: QPainter) -> None:
        """Axes, lines and the marker."""
        self._paint_axes(painter)
        if self._decided is not None:
            self._paint_decided(painter, self._decided)
        for line in reversed(self._lines):
            self._paint_line(painter, line)

    def _paint_axes(self, painter: QPainter) -> None:
        theme, area = themes.current(), self.area()
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        names = {0.0: "same", 1.0: "unrelated"}
        step = 0.5 if self._top <= 2 else math.ceil(self._top / 4)
        value = 0.0
        while value <= self._top:
            y = round(self.y_of(value)) + 0.5
            painter.setPen(QPen(QColor(theme.line), 1))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            words = names.get(value, percent(value))
            # the lowest stands on its line: below it stands the other axis
            room = QRectF(0, y - (15 if value == 0 else 9), LEFT - 6, 18)
            if value in names or step * area.height() / self._top >= _ROW:
                paint_words(painter, room, words, right, theme.quiet)
            value += step
        for x, _ in self._ticks():
            painter.setPen(QPen(QColor(theme.line), 1))
            painter.drawLine(QPointF(x, area.bottom()), QPointF(x, area.bottom() + 3))

    def _ticks(self) -> list[tuple[float, str]]:
        """(x, words) below the axis: the share of noise at some moments."""
        last, total = len(self._shares) - 1, self._last_moment
        count = max(2, min(5, int(self.area().width() // 64)))
        places = sorted({round(i * total / (count - 1)) for i in range(count)})
        return [(self.x_of(m), percent(self._shares[m])) for m in places if m <= last]

    def _paint_ticks(self, painter: QPainter, taken: QRectF) -> None:
        """Words below the axis, but none that the plate would cut."""
        center = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignVCenter
        metrics = QFontMetrics(themes.font(themes.FONT_SMALL))
        for x, words in self._ticks():
            long = metrics.horizontalAdvance(words) + 4
            room = QRectF(x - long / 2, self.area().bottom() + 4, long, 18)
            if not room.intersects(taken):
                paint_words(painter, room, words, center, themes.current().quiet)

    def _paint_decided(self, painter: QPainter, share: float) -> None:
        theme, area = themes.current(), self.area()
        x = round(self.x_of(moment_of(self._shares, share))) + 0.5
        painter.setPen(QPen(QColor(theme.text), 1, Qt.PenStyle.DotLine))
        painter.drawLine(QPointF(x, area.top() - 2), QPointF(x, area.bottom()))
        if self._low:
            return
        words = f"half apart at {percent(share)}"
        long = QFontMetrics(themes.font(themes.FONT_SMALL)).horizontalAdvance(words) + 2
        left = min(max(x - long / 2, area.left() - 20), self.width() - 4.0 - long)
        room = QRectF(left, area.top() - 19, long, 16)
        paint_words(painter, room, words, Qt.AlignmentFlag.AlignCenter, theme.text)

    def _paint_line(self, painter: QPainter, line: Line) -> None:
        painter.setPen(_pen_of(line.key))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for piece in _pieces(line.values):
            points = [QPointF(self.x_of(m), self.y_of(line.values[m])) for m in piece]
            if len(points) == 1:
                painter.drawPoint(points[0])
            painter.drawPolyline(points)

    def paint_above(self, painter: QPainter) -> None:
        """The playhead, the mouse's line, and the values where they stand."""
        theme, area = themes.current(), self.area()
        here = self.moment()
        read = here if self._hovered is None else self._hovered
        if self._hovered is not None and self._hovered != here:
            x = round(self.x_of(self._hovered)) + 0.5
            painter.setPen(QPen(QColor(theme.quiet), 1))
            painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
        if here is not None:
            x = float(round(self.x_of(here)))
            color = QColor(theme.accent)
            painter.fillRect(QRectF(x - 1, area.top() - 2, 2, area.height() + 4), color)
        if read is None:
            self._paint_ticks(painter, QRectF())
            return
        for line in self._lines:
            if math.isfinite(line.values[read]):
                painter.setPen(QPen(QColor(theme.ground), 1.5))
                painter.setBrush(_color_of(line.key))
                painter.drawEllipse(QPointF(self.x_of(read), self.y_of(line.values[read])), 4, 4)
        middle = QPointF(self.x_of(read), area.bottom() + 13)
        words = f"{percent(self._shares[read])} noise"
        self._paint_ticks(painter, paint_plate(painter, words, middle, QRectF(self.rect())))
        self._paint_legend(painter, read)

    def _paint_legend(self, painter: QPainter, read: int) -> None:
        """A piece of every line, its name, and its value at the moment that is read out."""
        theme = themes.current()
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        metrics = QFontMetrics(themes.font(themes.FONT_SMALL))
        slots = self._legend_slots()
        x, y = 4.0, 2.0
        for line, slot in zip(self._lines, slots, strict=True):
            if x > 4 and x + slot - _GAP > self.width():
                x, y = 4.0, y + _ROW
            painter.setPen(_pen_of(line.key))
            painter.drawLine(QPointF(x, y + 9), QPointF(x + _PIECE, y + 9))
            value = line.values[read]
            name, said = f"{line.name} ", percent(value) if math.isfinite(value) else "–"
            room = QRectF(x + _PIECE + 5, y, slot, _ROW)
            paint_words(painter, room, name, left, theme.quiet)
            room.moveLeft(room.left() + metrics.horizontalAdvance(name))
            if not self._low:
                paint_words(painter, room, said, left, theme.text)
            x += slot

    def _legend_slots(self) -> list[float]:
        """How much room each line's words take, whatever their values are."""
        most = "" if self._low else percent(1.0)
        metrics = QFontMetrics(themes.font(themes.FONT_SMALL))
        return [
            metrics.horizontalAdvance(f"{line.name} {most}") + _PIECE + 5 + _GAP
            for line in self._lines
        ]

    def _legend_rows(self) -> int:
        """One where the lines' names stand beside each other, otherwise two."""
        return 1 if 4 + sum(self._legend_slots()) - _GAP <= self.width() else 2


class DistancePlot(QWidget):
    """A sentence on when the two lanes part, and the chart that shows it."""

    def __init__(self, lanes: Lanes, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lanes = lanes
        self.setAccessibleName("When the two lanes part")
        self.sentence = QLabel()
        self.sentence.setProperty("role", "small")
        self.sentence.setWordWrap(True)
        self.sentence.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.chart = DistanceChart(lanes)
        self.pair_row = PairRow(lanes)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(themes.SPACE // 2)
        column.addWidget(self.pair_row)
        column.addWidget(self.sentence)
        column.addWidget(self.chart, 1)
        lanes.distances_changed.connect(self._look_again)
        lanes.pair_changed.connect(self._look_again)
        lanes.changed.connect(self._look_again)
        lanes.lane_changed.connect(self._lane_changed)
        self._look_again()

    def sizeHint(self) -> QSize:
        """Room for the sentence and a plot."""
        return QSize(360, 300)

    def _lane_changed(self, lane_id: int) -> None:
        if self._lanes.pair is not None and lane_id in self._lanes.pair:
            self._look_again()

    def _look_again(self) -> None:
        both = pair_of(self._lanes)
        measured = self._lanes.distances if both is not None else None
        known = measured is not None and bool(measured.levels)
        words = ""
        if measured is not None and both is not None and known:
            words = verdict(measured, both[0].request, both[1].request)
        self.sentence.setText(words)
        self.sentence.setVisible(bool(words))
        self.chart.show_distances(measured, both, "" if known else self._why_nothing(both))

    def _why_nothing(self, pair: tuple[Lane, Lane] | None) -> str:
        if pair is None:
            return _NO_PAIR if len(self._lanes) > 1 else _ONE_LANE
        return self._lanes.why_no_distances or _NOT_YET


def _color_of(key: str) -> QColor:
    theme = themes.current()
    return QColor({"latent": theme.second, "guess": theme.text}.get(key, theme.quiet))


def _pen_of(key: str) -> QPen:
    """Told apart without color as well: a strong line, a thinner one, dashes."""
    pen = QPen(_color_of(key), {"latent": 3.0, "guess": 1.5}.get(key, 2.0))
    pen.setCapStyle(Qt.PenCapStyle.FlatCap if key == "picture" else Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    if key == "picture":
        pen.setDashPattern([2.5, 2.0])
    return pen


def _pieces(values: tuple[float, ...]) -> list[list[int]]:
    """Runs of moments whose values are known."""
    found: list[list[int]] = []
    for m, value in enumerate(values):
        if not math.isfinite(value):
            continue
        if found and found[-1][-1] == m - 1:
            found[-1].append(m)
        else:
            found.append([m])
    return found
