"""The two plots of the Sculptor panel: power by frequency, and what each step changed."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPainterPath, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from visualizer.ui import theme as themes
from visualizer.ui.painted_plot import PaintedPlot, paint_words

if TYPE_CHECKING:
    from visualizer.diffusion.spectrum import Band, Spectrum

NAMES: dict[str, str] = {"low": "large shapes", "middle": "forms", "high": "detail"}
"""What people call the bands."""
_TOP, _BOTTOM, _EDGE = 22, 20, 8
_HEADROOM = 2.5  # powers of ten
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_MIDDLE = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignVCenter


class SpectrumPlot(PaintedPlot):
    """Power over spatial frequency, both logarithmic: the start, this step, and the end."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._start: Spectrum | None = None
        self._here: Spectrum | None = None
        self._end: Spectrum | None = None
        self.setAccessibleName("Power by spatial frequency")
        self.setToolTip(
            "How much of the picture is large shapes (left) and how much fine detail (right). "
            "Noise has the same power everywhere; pictures have most of it at the left."
        )
        self.setFixedHeight(16 * themes.SPACE)

    def show_spectra(
        self, start: Spectrum | None, here: Spectrum | None, end: Spectrum | None, message: str = ""
    ) -> None:
        """Draw three curves; those that are not known are left out."""
        if (start, end, message) != (self._start, self._end, self.message):
            self._start, self._end = start, end
            self.redraw(message)
        self._here = here
        self.update()

    def area(self) -> QRectF:
        """Where curves lie."""
        return QRectF(self.rect()).adjusted(_EDGE, _TOP, -_EDGE, -_BOTTOM)

    def x_of(self, frequency: float) -> float:
        """Where a frequency stands: 1 cycle a picture at the left, Nyquist's at the right."""
        some = self._end or self._start or self._here
        last = max(some.nyquist if some is not None else 64.0, 2.0)
        return self.area().left() + self.area().width() * math.log(frequency) / math.log(last)

    def _range(self) -> tuple[float, float]:
        """The least and the largest power shown, as logarithms."""
        values = [v for each in (self._start, self._end) if each for _, v in _curve(each)]
        low, high = (min(values), max(values)) if values else (-7.0, -2.0)
        # what a run that goes on will come to is not known yet: large shapes rise far above static
        return low - 0.2, high + (_HEADROOM if self._end is None else 0.2)

    def paint_ground(self, painter: QPainter) -> None:
        """The borders of the bands, their names, and the two curves that stay."""
        theme, area = themes.current(), self.area()
        from visualizer.diffusion.spectrum import HIGH, LOW

        some = self._end or self._start or self._here
        nyquist = some.nyquist if some is not None else 64.0
        borders = [1.0, *(b for b in (LOW, HIGH) if b < nyquist), nyquist]
        painter.setPen(QPen(QColor(theme.line), 1))
        for border in borders[1:-1]:
            x = self.x_of(border)
            painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        metrics = QFontMetrics(themes.font(themes.FONT_SMALL))
        for name, (left, right) in zip(NAMES.values(), pairwise(borders), strict=False):
            room = QRectF(self.x_of(left), area.bottom(), self.x_of(right) - self.x_of(left), 20)
            if metrics.horizontalAdvance(name) <= room.width():
                paint_words(painter, room, name, _MIDDLE, theme.quiet)
        for curve, pen in ((self._start, _START), (self._end, _END)):
            if curve is not None:
                self._paint_curve(painter, curve, pen)
        self._paint_legend(painter)

    def paint_above(self, painter: QPainter) -> None:
        """The curve of this step."""
        if self._here is not None:
            self._paint_curve(painter, self._here, _HERE)

    def _paint_curve(self, painter: QPainter, curve: Spectrum, kind: str) -> None:
        area, (low, high) = self.area(), self._range()
        points = [
            QPointF(
                self.x_of(frequency),
                area.bottom() - area.height() * min(max((value - low) / (high - low), 0.0), 1.0),
            )
            for frequency, value in _curve(curve)
        ]
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(_pen(kind))
        painter.drawPolyline(QPolygonF(points))

    def _paint_legend(self, painter: QPainter) -> None:
        theme = themes.current()
        metrics, x = QFontMetrics(themes.font(themes.FONT_SMALL)), float(_EDGE)
        kinds = (_START, _HERE) if self._end is None else (_START, _HERE, _END)
        for kind in kinds:
            painter.setPen(_pen(kind))
            painter.drawLine(QPointF(x, 9), QPointF(x + 16, 9))
            room = QRectF(x + 20, 0, metrics.horizontalAdvance(kind) + 2, 18)
            paint_words(painter, room, kind, _LEFT, theme.quiet)
            x = room.right() + 12

    def point_at(self, position: QPointF) -> None:
        """Nothing is read out."""

    def press_at(self, position: QPointF) -> None:
        """Nothing is moved."""

    def leave(self) -> None:
        """Nothing was read out."""


class BandsPlot(PaintedPlot):
    """Of what each step changed in the guess: how much is large shapes, forms and detail."""

    sought = Signal(int)
    """A person wants to be at this point."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._points: list[int] = []
        self._shares: dict[int, dict[Band, float]] = {}
        self._marks: tuple[int, ...] = ()
        self._index = 0
        self.setAccessibleName("What each step changed")
        self.setToolTip(
            "Of what each step changed in the model’s guess: the share of large shapes, of forms "
            "and of detail. Click to go there."
        )
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFixedHeight(11 * themes.SPACE)

    def show_changes(
        self,
        points: list[int],
        changes: dict[int, dict[Band, float]],
        marks: tuple[int, ...],
        message: str = "",
    ) -> None:
        """Draw what is known; ``marks`` are points at which something was decided."""
        shares = {k: _shares(change) for k, change in changes.items() if any(change.values())}
        if (points, shares, marks, message) != (
            self._points,
            self._shares,
            self._marks,
            self.message,
        ):
            self._points, self._shares, self._marks = points, shares, marks
            self.redraw(message)

    def show_index(self, index: int) -> None:
        """The playhead stands here."""
        if index != self._index:
            self._index = index
            self.update()

    def area(self) -> QRectF:
        """Where columns stand."""
        return QRectF(self.rect()).adjusted(_EDGE, _TOP, -_EDGE, -_EDGE)

    def x_of(self, k: float) -> float:
        """Where a point stands."""
        area, points = self.area(), self._points
        if len(points) < 2:
            return area.left()
        return area.left() + area.width() * (k - points[0]) / (points[-1] - points[0])

    def paint_ground(self, painter: QPainter) -> None:
        """Columns, one above the other, and marks."""
        theme, area = themes.current(), self.area()
        painter.fillRect(area, QColor(theme.surface))
        half = area.width() / max(len(self._points) - 1, 1) / 2
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        for k, shares in self._shares.items():
            x, y = self.x_of(k), area.bottom()
            left, right = max(round(x - half), area.left()), min(round(x + half), area.right())
            for band, share in shares.items():
                height = share * area.height()
                painter.fillRect(QRectF(left, y - height, right - left, height), _tone(band))
                y -= height
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for k in self._marks:
            x = self.x_of(k)
            flag = QPainterPath(QPointF(x, area.top() + 1))
            flag.lineTo(x - 4, area.top() - 6)
            flag.lineTo(x + 4, area.top() - 6)
            flag.closeSubpath()
            painter.fillPath(flag, QColor(theme.text))
        self._paint_legend(painter)

    def paint_above(self, painter: QPainter) -> None:
        """The playhead."""
        area = self.area()
        if self._points and self._points[0] <= self._index <= self._points[-1]:
            x = self.x_of(self._index)
            painter.setPen(QPen(QColor(themes.current().accent), 2))
            painter.drawLine(QPointF(x, area.top() - 2), QPointF(x, area.bottom() + 2))

    def _paint_legend(self, painter: QPainter) -> None:
        metrics, x = QFontMetrics(themes.font(themes.FONT_SMALL)), float(_EDGE)
        for band, name in NAMES.items():
            painter.fillRect(QRectF(x, 1, 8, 8), _tone(band))
            room = QRectF(x + 12, -4, metrics.horizontalAdvance(name) + 2, 18)
            paint_words(painter, room, name, _LEFT, themes.current().quiet)
            x = room.right() + 8

    def point_at(self, position: QPointF) -> None:
        """Nothing is read out."""

    def press_at(self, position: QPointF) -> None:
        """Go to the nearest point."""
        if self._points:
            self.sought.emit(min(self._points, key=lambda k: abs(self.x_of(k) - position.x())))

    def leave(self) -> None:
        """Nothing was read out."""

    def sizeHint(self) -> QSize:
        """As wide as the panel."""
        return QSize(200, 11 * themes.SPACE)


_START, _HERE, _END = "start", "this step", "end"


def _pen(kind: str) -> QPen:
    """Told apart without color as well: dots, a thick line, a thin one."""
    theme = themes.current()
    color = {_START: theme.quiet, _HERE: theme.text, _END: theme.second}[kind]
    pen = QPen(QColor(color), {_START: 1.5, _HERE: 2.5}.get(kind, 1.5))
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    if kind == _START:
        pen.setDashPattern([1.5, 2.0])
    return pen


def _tone(band: str) -> QColor:
    """From strong to faint, so that the order is seen without color."""
    theme = themes.current()
    strong, ground = QColor(theme.second), QColor(theme.surface)
    share = {"low": 1.0, "middle": 0.6, "high": 0.28}[band]
    return QColor(
        *(
            round(b + (a - b) * share)
            for a, b in (
                (strong.red(), ground.red()),
                (strong.green(), ground.green()),
                (strong.blue(), ground.blue()),
            )
        )
    )


def _curve(some: Spectrum) -> list[tuple[float, float]]:
    """(frequency, log10 of the power) from 1 cycle a picture to Nyquist's frequency."""
    power = some.power
    last = min(int(some.nyquist), len(power) - 1)
    return [(float(f), math.log10(max(float(power[f]), 1e-12))) for f in range(1, last + 1)]


def _shares(change: dict[Band, float]) -> dict[Band, float]:
    """Of the squared change of a step, what belongs to each band."""
    total = sum(value * value for value in change.values())
    return {band: value * value / total for band, value in change.items()}
