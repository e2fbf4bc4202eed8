"""The lanes' paths through latent space, in the plane in which they spread most."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QKeyEvent, QPainter, QPen, QPixmap, QResizeEvent
from PySide6.QtWidgets import QWidget

from visualizer.ui import theme as themes
from visualizer.ui.explanation import percent
from visualizer.ui.lane_mark import MARK, lane_letter, mark_size, paint_mark
from visualizer.ui.painted_plot import PaintedPlot, paint_plate, paint_words

if TYPE_CHECKING:
    from visualizer.session.lanes import Lane, Lanes

_NOTHING = "The lanes’ ways from static to picture are drawn here."
_SOON = "The ways from static to picture are drawn as soon as lanes have steps."
MARGIN, BELOW, BESIDE = 14, 24, 24
"""Room around the paths, and for the words below and at the left."""
SENTENCE = "Each line is one picture on its way from static; near means alike."
RING = 1.5
"""What a letter keeps free around itself, in pixels: lines end there."""
REACH = 24.0
"""Pixels around the mouse in which a point counts as meant."""
LOW = 200
FAVOR = 6.0
"""So many pixels nearer seem the points of the lane in focus."""
FAINT = 0.4
"""How strong the part of a path is that is still to come, 0 … 1."""
GAPS = (7, 16, 28, 42, 58)
"""How far from its end a letter is put, in pixels; the first where there is room."""
FAR = 14.0
"""A letter further from its end than this has a line to it."""
EVERY = 8
"""What lies behind the playhead is kept as pictures of every eighth position: painting 64 paths
takes 30 ms, painting on from such a picture a few."""
Piece = tuple[int, list[QPointF]]  # the number of its first point, and the points


class PathsPlot(PaintedPlot):
    """One line a lane, in its color, with its letter at the end; a dot where it stands now.

    It begins at a small ring; what lies behind the playhead is strong, what is to come is faint.
    Both axes have one scale, so that distances on the screen are distances in the plane. A click
    moves the playhead to the nearest point and takes its lane into focus; ↑ and ↓ change lanes.
    """

    def __init__(self, lanes: Lanes, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lanes = lanes
        self._center = (0.0, 0.0)
        self._half = (1.0, 1.0)  # half of what the paths take up, in the units of the plane
        self._pieces: dict[int, list[Piece]] = {}  # by lane, in pixels
        self._points: list[tuple[int, int]] = []  # (lane, point) of every spot
        self._layers: dict[int, QPixmap] = {}  # what lies behind a position
        self._letters: QPixmap | None = None
        self.marks: dict[int, QRectF] = {}
        """Where the letters of the lanes lie, as they were painted last."""
        self._hovered: tuple[int, int] | None = None  # (lane, point)
        self.setAccessibleName("Paths through latent space")
        self.setToolTip(
            "Every lane’s latent on its way from static to picture, seen from where the ways "
            "spread most. Near means alike. A click goes there; ↑ and ↓ go from lane to lane."
        )
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setMinimumSize(200, 140)
        lanes.paths_changed.connect(self._read)
        lanes.changed.connect(self._read)
        lanes.lane_changed.connect(self._repaint)
        lanes.focus_changed.connect(self._repaint)
        lanes.axis_changed.connect(self._repaint)
        lanes.alignment_changed.connect(self._repaint)
        lanes.playhead.moved.connect(self._moved)
        self._read()

    def sizeHint(self) -> QSize:
        """About square."""
        return QSize(360, 300)

    # --- where things stand -------------------------------------------------------------------

    def area(self) -> QRectF:
        """Where the points lie; a letter has room beyond the last one."""
        around = MARGIN + MARK
        above = self._above
        return QRectF(
            BESIDE + MARGIN,
            above + MARGIN,
            max(self.width() - BESIDE - MARGIN - around, 1),
            max(self.height() - above - BELOW - 2 * MARGIN, 1),
        )

    @property
    def _above(self) -> int:
        """The height of the sentence above the plot; a low one goes without."""
        if self.height() < LOW:
            return 0
        metrics = QFontMetrics(themes.font(themes.FONT_SMALL))
        room = QRect(0, 0, max(self.width() - BESIDE, 1), self.height())
        flags = Qt.TextFlag.TextWordWrap
        return metrics.boundingRect(room, flags, SENTENCE).height() + themes.SPACE

    @property
    def scale(self) -> float:
        """Pixels for one unit of the plane, the same along both axes."""
        area = self.area()
        return min(area.width() / (2 * self._half[0]), area.height() / (2 * self._half[1]))

    def place(self, x: float, y: float) -> QPointF:
        """Where a point of the plane stands, in pixels; the second direction goes up."""
        middle, scale = self.area().center(), self.scale
        return QPointF(
            middle.x() + (x - self._center[0]) * scale, middle.y() - (y - self._center[1]) * scale
        )

    def at(self, position: QPointF) -> tuple[int, int] | None:
        """(lane, point) nearest to a place, when it is near; the lane in focus before others."""
        if not self._points:
            return None
        import numpy as np

        away = self._spots - (position.x(), position.y())
        far = np.hypot(away[:, 0], away[:, 1])
        rank = np.where(self._owners == self._lanes.focus, far - FAVOR, far)
        rank[far > REACH] = np.inf
        nearest = int(np.argmin(rank))
        return self._points[nearest] if far[nearest] <= REACH else None

    def standing(self, lane: Lane) -> QPointF | None:
        """Where a lane stands now, in pixels; None where that is not known."""
        k = self._lanes.point(lane)
        for first, piece in self._pieces.get(lane.id, ()):
            if k is not None and first <= k < first + len(piece):
                return piece[k - first]
        return None

    def _drawn(self) -> list[Lane]:
        """The lanes that have a path; the one in focus last, so that it lies on top."""
        drawn = [lane for lane in self._lanes.lanes if self._pieces.get(lane.id)]
        return sorted(drawn, key=lambda lane: lane.id == self._lanes.focus)

    # --- news ---------------------------------------------------------------------------------

    def _read(self) -> None:
        """Take over the paths, and fit them into the room."""
        here = {lane.id for lane in self._lanes.lanes}
        rows = [
            (float(x), float(y))
            for key, path in self._lanes.paths.items()
            if key in here
            for x, y in path
            if math.isfinite(x) and math.isfinite(y)
        ]
        self._pieces, self._hovered = {}, None
        if not rows:
            self.redraw(_SOON if len(self._lanes) else _NOTHING)
            return
        sides = [(min(values), max(values)) for values in zip(*rows, strict=True)]
        (left, right), (low, high) = sides
        self._center = ((left + right) / 2, (low + high) / 2)
        least = 1e-6 * max(1.0, abs(self._center[0]), abs(self._center[1]))
        self._half = (max((right - left) / 2, least), max((high - low) / 2, least))
        self._scale_paths()
        self.redraw()
        self._describe()

    def _scale_paths(self) -> None:
        """The paths in pixels of the widget as large as it is now."""
        self._pieces = {}
        for lane in self._lanes.lanes:
            pieces: list[Piece] = []
            path = self._lanes.paths.get(lane.id)
            broken = True
            for k, (x, y) in enumerate(() if path is None else path.tolist()):
                if not (math.isfinite(x) and math.isfinite(y)):
                    broken = True
                    continue
                if broken:
                    pieces.append((k, []))
                    broken = False
                pieces[-1][1].append(self.place(x, y))
            self._pieces[lane.id] = pieces
        self._index_spots()

    def _index_spots(self) -> None:
        """All points in arrays: the mouse asks for the nearest one with every move."""
        import numpy as np

        spots: list[tuple[float, float]] = []
        self._points = []
        for lane_id, pieces in self._pieces.items():
            for first, piece in pieces:
                self._points += [(lane_id, first + i) for i in range(len(piece))]
                spots += [(point.x(), point.y()) for point in piece]
        self._spots = np.array(spots, dtype=np.float64).reshape(-1, 2)
        self._owners = np.array([lane_id for lane_id, _ in self._points])

    def _repaint(self, _news: object = None) -> None:
        if not self.message:
            self.redraw()

    def _moved(self) -> None:
        if not self.message:
            self._describe()
            self.update()

    def _describe(self) -> None:
        explained = self._lanes.explained
        share = (
            "" if explained is None else f" They show {percent(sum(explained))} of the movement."
        )
        self.setAccessibleDescription(f"{len(self._drawn())} paths.{share}")

    def point_at(self, position: QPointF) -> None:
        """Name the lane and the step under the mouse."""
        hovered = self.at(position)
        if hovered != self._hovered:
            self._hovered = hovered
            meant = Qt.CursorShape.PointingHandCursor if hovered else Qt.CursorShape.ArrowCursor
            self.setCursor(meant)
            self.update()

    def press_at(self, position: QPointF) -> None:
        """Go to the point that is meant, and take its lane into focus."""
        meant = self.at(position)
        if meant is None:
            return
        lane_id, k = meant
        if self._lanes.focus != lane_id:
            self._lanes.set_focus(lane_id)
        self._lanes.playhead.pause()
        self._lanes.playhead.seek(self._lanes.position_of(self._lanes.lane(lane_id), k))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """↑ and ↓ take the lane before or after into focus."""
        steps = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
        step, lanes = steps.get(Qt.Key(event.key())), self._lanes.lanes
        if step is None or not lanes:
            super().keyPressEvent(event)
            return
        order = [lane.id for lane in lanes]
        focus = self._lanes.focus
        at = order.index(focus) + step if focus is not None else (0 if step > 0 else -1)
        self._lanes.set_focus(order[at % len(order)])
        self.setAccessibleDescription(self._named(lanes[at % len(order)]))

    def leave(self) -> None:
        """Nothing is named any more."""
        if self._hovered is not None:
            self._hovered = None
            self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The paths lie at other pixels."""
        super().resizeEvent(event)
        self._scale_paths()

    # --- painting -----------------------------------------------------------------------------

    def paint_ground(self, painter: QPainter) -> None:
        """Axes, and every path as it is to come."""
        self._paint_axes(painter)
        for lane in self._drawn():
            painter.setPen(_pen(_faint(themes.lane_color(lane.color)), 1.5))
            for _, piece in self._pieces[lane.id]:
                painter.drawPolyline(piece)
            painter.setBrush(QColor(themes.current().ground))
            painter.setPen(QPen(QColor(themes.lane_color(lane.color)), 1.5))
            painter.drawEllipse(self._pieces[lane.id][0][1][0], 2.5, 2.5)
            painter.setBrush(Qt.BrushStyle.NoBrush)

    def _frame(self) -> QRectF:
        above = self._above
        return QRectF(
            BESIDE, above + 2, self.width() - BESIDE - 2, self.height() - above - BELOW - 2
        )

    def _paint_axes(self, painter: QPainter) -> None:
        theme, above = themes.current(), self._above
        if above:
            painter.setPen(QColor(theme.quiet))
            painter.setFont(themes.font(themes.FONT_SMALL))
            room = QRectF(BESIDE, 0, self.width() - BESIDE, above)
            painter.drawText(room, Qt.TextFlag.TextWordWrap, SENTENCE)
        frame = self._frame()
        painter.setPen(QPen(QColor(theme.line), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(frame.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        names = [f"direction {i}" for i in (1, 2)]
        explained = self._lanes.explained
        if explained is not None:
            names = [
                f"{name} ({percent(share)} of the movement)"
                for name, share in zip(names, explained, strict=True)
            ]
        center = Qt.AlignmentFlag.AlignCenter
        across = QRectF(BESIDE, self.height() - BELOW + 3, frame.width(), BELOW - 4)
        metrics = QFontMetrics(themes.font(themes.FONT_SMALL))
        if metrics.horizontalAdvance(names[1]) > frame.height():  # a low plot: the number only
            names[1] = names[1].replace(" of the movement", "")
        paint_words(painter, across, names[0], center, theme.quiet)
        painter.save()
        painter.translate(0, frame.bottom())
        painter.rotate(-90)
        paint_words(
            painter, QRectF(0, 0, frame.height(), BESIDE - 4), names[1], center, theme.quiet
        )
        painter.restore()

    def _paint_letters(self, painter: QPainter) -> None:
        """Every lane's mark at its end: beside it where there is room, else a little further."""
        theme = themes.current()
        self.marks = {}
        ends = {lane.id: self._pieces[lane.id][-1][1][-1] for lane in self._drawn()}
        taken = [QRectF(end.x() - 5, end.y() - 5, 10, 10) for end in ends.values()]
        bounds = self._frame()
        for lane in reversed(self._drawn()):
            end, letter = ends[lane.id], lane_letter(self._lanes, lane)
            room = _free_place(end, mark_size(letter), bounds, taken)
            if room is None:
                continue
            taken.append(room)
            self.marks[lane.id] = room
            painter.setPen(QPen(QColor(themes.lane_color(lane.color)), 1))
            if _away(end, room) > FAR:
                painter.drawLine(end, room.center())
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme.ground))
            painter.drawRoundedRect(room.adjusted(-RING, -RING, RING, RING), 5, 5)
            paint_mark(painter, room.left(), room.top(), letter, lane.color)

    def _letter_layer(self) -> QPixmap:
        """The letters: above all lines, and the same wherever the playhead stands."""
        if self._letters is None:
            self._letters = self.blank()
            painter = QPainter(self._letters)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._paint_letters(painter)
            painter.end()
        return self._letters

    def paint_above(self, painter: QPainter) -> None:
        """What lies behind the playhead, a dot for every lane, and what the mouse points at."""
        theme, focus = themes.current(), self._lanes.focus
        drawn, now = self._drawn(), self._lanes.playhead.index
        kept = now - now % EVERY
        painter.drawPixmap(0, 0, self._layer(kept))
        self._paint_way(painter, drawn, kept, now)
        for lane in drawn:
            if lane.id == focus:
                self._paint_way(painter, [lane], None, now, 3.0)
        for lane in drawn:
            place = self.standing(lane)
            if place is not None:
                painter.setPen(QPen(QColor(theme.ground), 1.5))
                painter.setBrush(QColor(themes.lane_color(lane.color)))
                size = 6.5 if lane.id == focus else 5.0
                painter.drawEllipse(place, size, size)
        painter.drawPixmap(0, 0, self._letter_layer())
        if self._hovered is not None:
            self._paint_hovered(painter, *self._hovered)

    def _paint_way(
        self,
        painter: QPainter,
        lanes: Sequence[Lane],
        begin: int | None,
        end: int,
        width: float = 2.0,
    ) -> None:
        """The ways of lanes between two positions, strong; from static where there is no first."""
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for lane in lanes:
            k = self._lanes.point(lane, end)
            j = 0 if begin is None else self._lanes.point(lane, begin)
            if k is None or j is None or j >= k:
                continue
            painter.setPen(_pen(QColor(themes.lane_color(lane.color)), width))
            for first, piece in self._pieces[lane.id]:
                part = piece[max(j - first, 0) : max(k - first + 1, 0)]
                if len(part) > 1:
                    painter.drawPolyline(part)

    def _layer(self, position: int) -> QPixmap:
        """What lies behind a position that is a multiple of EVERY."""
        known = [p for p in self._layers if p <= position]
        at = max(known) if known else 0
        layer = self._layers.get(at) or self.blank()
        drawn = self._drawn()
        while at < position:
            layer = QPixmap(layer)
            painter = QPainter(layer)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._paint_way(painter, drawn, at, at + EVERY)
            painter.end()
            at += EVERY
            self._layers[at] = layer
        return layer

    def forget(self) -> None:
        """Nothing that was painted holds any more."""
        super().forget()
        self._layers.clear()
        self._letters = None

    def _paint_hovered(self, painter: QPainter, lane_id: int, k: int) -> None:
        for first, piece in self._pieces[lane_id]:
            if first <= k < first + len(piece):
                place = piece[k - first]
                painter.setPen(QPen(QColor(themes.current().text), 1.5))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawEllipse(place, 7.5, 7.5)
                above = -24 if place.y() > 44 else 24
                room = QRectF(self.rect()).adjusted(2, 2, -2, -2)
                paint_plate(painter, self.readout(lane_id, k), place + QPointF(0, above), room)

    def readout(self, lane_id: int, k: int) -> str:
        """What a point is: lane, step and noise."""
        lane = self._lanes.lane(lane_id)
        words = self._named(lane)
        if lane.timeline is None or k >= lane.timeline.total:
            return words
        noise = percent(lane.timeline.level(k).noise_share)
        return f"{words} · {lane.timeline.label(k)} · {noise} noise"

    def _named(self, lane: Lane) -> str:
        return f"{lane_letter(self._lanes, lane)}, {lane.label}"


def _free_place(
    end: QPointF, size: tuple[int, int], bounds: QRectF, taken: Sequence[QRectF]
) -> QRectF | None:
    """The nearest place around an end that covers nothing that is taken; None without one."""
    width, height = size
    for gap in GAPS:
        aside, up = gap + width / 2, gap + height / 2
        for x, y in ((aside, 0), (-aside, 0), (0, -up), (0, up), *_corners(aside, up)):
            room = QRectF(end.x() + x - width / 2, end.y() + y - height / 2, width, height)
            if bounds.contains(room) and not any(room.intersects(other) for other in taken):
                return room
    return None


def _corners(aside: float, up: float) -> tuple[tuple[float, float], ...]:
    return ((aside, -up), (aside, up), (-aside, -up), (-aside, up))


def _away(end: QPointF, room: QRectF) -> float:
    """How far a mark lies from the end it belongs to, in pixels, from edge to point."""
    x = max(room.left() - end.x(), end.x() - room.right(), 0.0)
    y = max(room.top() - end.y(), end.y() - room.bottom(), 0.0)
    return math.hypot(x, y)


def _pen(color: QColor, width: float) -> QPen:
    pen = QPen(color, width)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    return pen


def _faint(color: str) -> QColor:
    """The color mixed with the ground: a see-through pen takes five times as long."""
    strong, ground = QColor(color), QColor(themes.current().ground)
    red, green, blue = (
        FAINT * a + (1 - FAINT) * b
        for a, b in (
            (strong.redF(), ground.redF()),
            (strong.greenF(), ground.greenF()),
            (strong.blueF(), ground.blueF()),
        )
    )
    return QColor.fromRgbF(red, green, blue)
