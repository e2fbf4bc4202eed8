"""SurvivalStrip: how much of a picture comes back from which share of noise."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from visualizer.ui import theme as themes
from visualizer.ui.canvas import image_of
from visualizer.ui.destroy.destroy_words import likeness_words
from visualizer.ui.explanation import percent
from visualizer.ui.painted_plot import PaintedPlot, paint_plate, paint_words

if TYPE_CHECKING:
    from visualizer.diffusion.survival import SurvivalPoint

LEFT, RIGHT, BOTTOM = 64, 48, 24
"""Room beside the plot, as wide as beside the timeline's."""
FRAME, LOW_FRAME = 72, 48
HEIGHT, LOW_HEIGHT = 208, 156
"""As high as the timeline, so that nothing jumps."""
_GAP = 4
_NOT_MEASURED = "Not measured yet"
_MEASURING = "First, what the words alone would give …"
_CHANCE = "chance: what the words alone give"


class SurvivalStrip(PaintedPlot):
    """Pictures that were turned round from rising noise, and their likeness to the original.

    A share of noise stands at 1 − √ᾱ, the weight that the picture has lost: even shares would
    crowd where most is decided. Pressing or dragging asks for a share of noise.
    """

    share_chosen = Signal(float)  # of noise, 0 … 1

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shares: tuple[float, ...] = ()
        self._points: tuple[SurvivalPoint, ...] = ()
        self._nothing = _NOT_MEASURED
        self._here: float | None = None
        self._hovered: float | None = None
        self._low = False
        self.setAccessibleName("How much survives")
        self.setAccessibleDescription(_NOT_MEASURED)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    # --- what it shows ------------------------------------------------------------------------

    def set_shares(self, shares: Sequence[float]) -> None:
        """The shares of noise that are measured, rising: quiet frames until their pictures come."""
        if tuple(shares) != self._shares:
            self._shares = tuple(shares)
            self.redraw()

    def show_points(self, points: Sequence[SurvivalPoint], *, going_on: bool = False) -> None:
        """What was measured by now, by rising share of noise.

        Args:
            going_on: whether more are being measured.
        """
        self._points = tuple(points)
        self._nothing = _MEASURING if going_on else _NOT_MEASURED
        words = ", ".join(
            f"{percent(p.share_of_noise)} noise: {likeness_words(p.likeness)}" for p in points
        )
        self.setAccessibleDescription(words or self._nothing)
        self.redraw()

    @property
    def shares(self) -> tuple[float, ...]:
        """The shares of noise that are measured, or would be."""
        return self._shares

    @property
    def points(self) -> tuple[SurvivalPoint, ...]:
        """What is drawn."""
        return self._points

    @property
    def chance(self) -> float | None:
        """Where the line of chance is drawn: what a picture has in common with the original that
        saw nothing of it; None while that is not known."""
        return self._points[0].chance if self._points else None

    def set_here(self, share: float | None) -> None:
        """The share of noise under the playhead; None: there is no playhead."""
        if share != self._here:
            self._here = share
            self.update()

    def set_low(self, low: bool) -> None:
        """Take less height, for a low window."""
        if low != self._low:
            self._low = low
            self.updateGeometry()
            self.redraw()

    def sizeHint(self) -> QSize:
        """Pictures above the plot."""
        return QSize(480, LOW_HEIGHT if self._low else HEIGHT)

    # --- where things stand -------------------------------------------------------------------

    def area(self) -> QRectF:
        """Where the points lie."""
        top = self.frame_side + 3 * _GAP + 2
        wide, high = self.width() - LEFT - RIGHT, self.height() - top - BOTTOM
        return QRectF(LEFT, top, max(wide, 1), max(high, 1))

    @property
    def frame_side(self) -> int:
        """The longer side of a small picture: as large as fits between two of them."""
        most = LOW_FRAME if self._low else FRAME
        wide = max(self.width() - LEFT - RIGHT, 1)
        places = [_place(share) * wide for share in self._shares]
        gaps = [b - a for a, b in pairwise(places)]
        return max(min([most, *(int(gap) - _GAP for gap in gaps)]), 16)

    def x_of(self, share: float) -> float:
        """Where a share of noise stands, in pixels."""
        area = self.area()
        return area.left() + area.width() * _place(share)

    def y_of(self, likeness: float) -> float:
        """Where a likeness stands, in pixels; below 0 there is nothing in common either."""
        area = self.area()
        return area.bottom() - area.height() * min(max(likeness, 0.0), 1.0)

    def share_at(self, x: float) -> float:
        """The share of noise that stands there."""
        area = self.area()
        place = min(max((x - area.left()) / area.width(), 0.0), 1.0)
        return 1 - (1 - place) ** 2

    def frame(self, share: float) -> QRectF:
        """Where the small picture of a share lies."""
        side = self.frame_side
        return QRectF(self.x_of(share) - side / 2, _GAP, side, side)

    # --- the mouse ----------------------------------------------------------------------------

    def point_at(self, position: QPointF) -> None:
        """Read out the point that is near."""
        near = min(
            self._points,
            key=lambda p: abs(self.x_of(p.share_of_noise) - position.x()),
            default=None,
        )
        reach = self.frame_side / 2 + _GAP
        read = near is not None and abs(self.x_of(near.share_of_noise) - position.x()) <= reach
        hovered = near.share_of_noise if near is not None and read else None
        if hovered != self._hovered:
            self._hovered = hovered
            self.update()

    def press_at(self, position: QPointF) -> None:
        """Ask for the share of noise there."""
        near = next((s for s in self._shares if self.frame(s).contains(position)), None)
        self.share_chosen.emit(self.share_at(position.x()) if near is None else near)

    def leave(self) -> None:
        """Read nothing out."""
        if self._hovered is not None:
            self._hovered = None
            self.update()

    # --- painting -----------------------------------------------------------------------------

    def paint_ground(self, painter: QPainter) -> None:
        """Axes, pictures, the line of chance, and the points."""
        self._paint_axes(painter)
        known = {round(p.share_of_noise, 5): p for p in self._points}
        for share in self._shares:
            self._paint_frame(painter, share, known.get(round(share, 5)))
        if self.chance is not None:
            self._paint_chance(painter, self.chance)
            self._paint_points(painter)
        else:
            center = Qt.AlignmentFlag.AlignCenter
            paint_words(painter, self.area(), self._nothing, center, themes.current().quiet)

    def _paint_axes(self, painter: QPainter) -> None:
        theme, area = themes.current(), self.area()
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        center = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignVCenter
        lines = {0.0: "unlike", 0.5: "", 1.0: "the same"}
        if not self._points:
            del lines[0.5]  # something is said there
        for value, words in lines.items():
            y = round(self.y_of(value)) + 0.5
            painter.setPen(QPen(QColor(theme.line), 1))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            paint_words(painter, QRectF(0, y - 9, LEFT - 6, 18), words, right, theme.quiet)
        metrics, last = QFontMetrics(themes.font(themes.FONT_SMALL)), -math.inf
        for share in self._shares:
            x, words = self.x_of(share), percent(share)
            if share == self._shares[-1]:
                words = f"{words} noise"
            painter.setPen(QPen(QColor(theme.edge), 1))
            painter.drawLine(QPointF(x, area.bottom()), QPointF(x, area.bottom() + 4))
            long = metrics.horizontalAdvance(words) + 4.0
            left = min(x - long / 2, self.width() - long)
            if left > last:
                room = QRectF(left, area.bottom() + 5, long, 18)
                paint_words(painter, room, words, center, theme.quiet)
                last = left + long

    def _paint_frame(self, painter: QPainter, share: float, point: SurvivalPoint | None) -> None:
        theme, room = themes.current(), self.frame(share)
        shape = QPainterPath()
        if point is None:
            shape.addRoundedRect(room.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
            painter.setPen(QPen(QColor(theme.line), 1))
            painter.drawPath(shape)
            return
        height, width, _ = point.picture.shape
        scale = min(room.width() / width, room.height() / height)
        fitted = QRectF(0, 0, width * scale, height * scale)
        fitted.moveCenter(room.center())
        shape.addRoundedRect(fitted, 4, 4)
        painter.save()
        painter.setClipPath(shape)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        size = (fitted.size() * self.devicePixelRatioF()).toSize()
        smooth = Qt.TransformationMode.SmoothTransformation
        keep = Qt.AspectRatioMode.IgnoreAspectRatio
        painter.drawImage(fitted, image_of(point.picture).scaled(size, keep, smooth))
        painter.restore()

    def _paint_chance(self, painter: QPainter, chance: float) -> None:
        theme, area = themes.current(), self.area()
        y = round(self.y_of(chance)) + 0.5
        painter.setPen(QPen(QColor(theme.quiet), 1.5, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        room = QRectF(area.left() + 6, y - 19 if y - area.top() > 20 else y + 1, 320, 18)
        paint_words(painter, room, _CHANCE, left, theme.quiet)

    def _paint_points(self, painter: QPainter) -> None:
        theme = themes.current()
        places = [QPointF(self.x_of(p.share_of_noise), self.y_of(p.likeness)) for p in self._points]
        pen = QPen(QColor(theme.second), 2)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        painter.drawPolyline(places)
        painter.setPen(QPen(QColor(theme.ground), 1.5))
        painter.setBrush(QColor(theme.second))
        for place in places:
            painter.drawEllipse(place, 4.5, 4.5)

    def paint_above(self, painter: QPainter) -> None:
        """The playhead's line, and the values of the point under the mouse."""
        theme, area = themes.current(), self.area()
        if self._here is not None:
            x = float(round(self.x_of(self._here)))
            painter.fillRect(QRectF(x - 1, 0, 2, area.bottom() + 4), QColor(theme.accent))
        point = next((p for p in self._points if p.share_of_noise == self._hovered), None)
        if point is not None:
            words = f"{percent(point.share_of_noise)} noise · {likeness_words(point.likeness)}"
            middle = QPointF(self.x_of(point.share_of_noise), self.y_of(point.likeness) - 20)
            paint_plate(painter, words, middle, QRectF(self.rect()))


def _place(share: float) -> float:
    """1 − √ᾱ, 0 … 1."""
    return 1 - math.sqrt(max(1 - share, 0.0))
