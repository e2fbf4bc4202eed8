"""The pictures of all lanes at one moment of their denoising, painted side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QElapsedTimer, QEvent, QPointF, QRect, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QToolButton, QWidget

from visualizer.ui import lane_painting as draw
from visualizer.ui import theme as themes
from visualizer.ui.canvas import VIEW_NAMES, ScaledPictures
from visualizer.ui.lane_camera import Camera
from visualizer.ui.lane_layout import Layout, lay_out
from visualizer.ui.lane_looks import look_of
from visualizer.ui.lane_mark import lane_letter
from visualizer.ui.lane_words import Words, columns_say_all, row_titles, words_for

if TYPE_CHECKING:
    from visualizer.session.lanes import Lane, Lanes
    from visualizer.session.timeline import Timeline

SCALED_BYTES = 192 * 2**20
"""Pictures brought to the size of their lanes: 50 steps of 16 lanes of 240² take it up."""
REFINE_MS, SLICE_MS = 40, 4
"""Pictures are scaled for so long at a time, that the grid keeps up with the playhead; what is left
is drawn roughly, and well when the playhead has rested so long."""
_WIDEST_HEADING, _NARROW_HEADING = 14 * themes.SPACE, 9 * themes.SPACE
_NARROW = 80 * themes.SPACE
_LEAST_MARKED = 7 * themes.SPACE
_MARGIN = 4
"""Room for the ring around the lanes at the edge."""
_INSET = themes.SPACE


class LanePictures(QWidget):
    """Shows ``lanes.point(lane)`` of every lane in the view of ``lanes.playhead``.

    All of them are seen through one camera; one of them can be shown alone.
    """

    enlarged_changed = Signal()
    zoom_changed = Signal()
    hard_pixels_changed = Signal(bool)

    def __init__(self, lanes: Lanes, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lanes = lanes
        self._looks: dict[int, draw.Look] = {}
        self._timelines: dict[int, Timeline] = {}
        self._layout = Layout()
        self._shown: tuple[Lane, ...] = ()
        self._words = Words()
        self._aspect = 1.0
        self._camera = Camera()
        self._scaled = ScaledPictures(SCALED_BYTES)
        self._enlarged: int | None = None
        # what the mouse is at: told by the class that listens to it, painted here
        self._hovered: int | None = None
        self._over_close = False
        self._carried: int | None = None
        self._refining = QTimer(self)
        self._refining.setSingleShot(True)
        self._refining.setInterval(REFINE_MS)
        self._refining.timeout.connect(self._refine)

        self.back_button = QToolButton(self)
        self.back_button.setProperty("role", "overlay")
        self.back_button.setText("Show all")
        self.back_button.setToolTip("All pictures again  (Esc)")
        self.back_button.setAccessibleName("Show all pictures")
        self.back_button.setCursor(Qt.CursorShape.ArrowCursor)
        self.back_button.clicked.connect(lambda: self.enlarge(None))
        self.back_button.hide()

        self.setAccessibleName("Pictures side by side")
        self.setMinimumSize(240, 120)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

        lanes.changed.connect(self._lanes_changed)
        lanes.lane_changed.connect(self._lane_changed)
        lanes.axis_changed.connect(self.refresh)
        lanes.focus_changed.connect(self._focus_changed)
        lanes.pair_changed.connect(self.update)
        lanes.playhead.moved.connect(self.refresh)
        lanes.playhead.view_changed.connect(self.refresh)
        self._lanes_changed()

    # --- what it shows ------------------------------------------------------------------------

    @property
    def shown(self) -> tuple[Lane, ...]:
        """The lanes that are seen: all of them, or the one that is enlarged."""
        return self._shown

    def look(self, lane: Lane) -> draw.Look:
        """What a lane shows now."""
        return self._looks.get(lane.id, draw.Look())

    def place(self, lane: Lane) -> QRect:
        """Where the picture of a lane lies; empty where it is not seen."""
        index = self._index(lane.id)
        return QRect() if index is None else self._layout.places[index].picture

    def target(self, lane: Lane) -> QRectF:
        """Where the whole picture of a lane would lie, however much of it is seen."""
        picture, place = self.look(lane).picture, self.place(lane)
        if picture is None or place.isEmpty():
            return QRectF()
        return self._camera.target(QRectF(place), picture)

    @property
    def layout_now(self) -> Layout:
        """Where everything lies."""
        return self._layout

    @property
    def enlarged(self) -> int | None:
        """The id of the lane that is shown alone."""
        return self._enlarged

    def enlarge(self, lane_id: int | None) -> None:
        """Show one lane alone, as large as it goes, or all of them (None)."""
        if lane_id is not None and all(lane.id != lane_id for lane in self._lanes.lanes):
            lane_id = None
        if lane_id != self._enlarged:
            self._enlarged = lane_id
            if lane_id is not None:
                self._lanes.set_focus(lane_id)
            self._hovered = None
            self._lay_out()
            self.enlarged_changed.emit()

    def toggle_enlarged(self) -> None:
        """The lane in focus alone (the first one where none is), or all of them again."""
        lanes = self._lanes.lanes
        if self._enlarged is not None or not lanes:
            self.enlarge(None)
        else:
            focus = self._lanes.focus
            self.enlarge(lanes[0].id if focus is None else focus)

    @property
    def hard_pixels(self) -> bool:
        """Whether every pixel is drawn as a square."""
        return self._camera.hard

    def set_hard_pixels(self, hard: bool) -> None:
        """Draw every pixel as a square instead of smoothing the enlargement."""
        if hard != self._camera.hard:
            self._camera = replace(self._camera, hard=hard)
            self.hard_pixels_changed.emit(hard)
            self.update()

    @property
    def zoom(self) -> float:
        """1 shows whole pictures."""
        return self._camera.zoom

    def fit(self) -> None:
        """Show whole pictures."""
        self._look_through(Camera(hard=self.hard_pixels))

    def zoom_by(self, factor: float, about: QPointF | None = None) -> None:
        """Enlarge in all lanes; the point of the picture at ``about`` stays there."""
        index = None if about is None else self._layout.at(about.toPoint())
        lanes = self._shown if index is None else (self._shown[index],)
        lane = next((lane for lane in lanes if self.look(lane).picture is not None), None)
        if lane is None:
            return
        picture = self.look(lane).picture
        assert picture is not None
        room = QRectF(self.place(lane))
        if about is None or not room.contains(about):
            about = room.center()
        self._look_through(self._camera.zoomed(factor, about, room, picture))

    def _look_through(self, camera: Camera) -> None:
        """Another part of all pictures, as far as their edges allow."""
        for lane in self._shown:
            picture = self.look(lane).picture
            if picture is not None and camera.zoom > 1.0:
                camera = camera.within(QRectF(self.place(lane)), picture)
                break
        self._camera = camera
        self.zoom_changed.emit()
        self.update()

    # --- news ---------------------------------------------------------------------------------

    def _lanes_changed(self) -> None:
        here = {lane.id for lane in self._lanes.lanes}
        for lane_id in [lane_id for lane_id in self._timelines if lane_id not in here]:
            self._let_go(lane_id)
        self._looks = {lane_id: look for lane_id, look in self._looks.items() if lane_id in here}
        if not here.intersection(self._looks):
            self._camera = Camera(hard=self._camera.hard)
            self._scaled.clear()
            self.zoom_changed.emit()
        self._carried = self._hovered = None
        if self._enlarged is not None and self._enlarged not in here:
            self._enlarged = None
            self.enlarged_changed.emit()
        for lane in self._lanes.lanes:
            self._hold(lane)
        self._find_aspect()
        self._lay_out()

    def _lane_changed(self, lane_id: int) -> None:
        lane = self._lanes.lane(lane_id)
        self._hold(lane)
        if self._find_aspect():
            self._lay_out()
        else:
            self._look_at(lane)

    def _hold(self, lane: Lane) -> None:
        """Hear of what happens in the run of a lane."""
        timeline = lane.timeline
        if timeline is self._timelines.get(lane.id):
            return
        self._let_go(lane.id)
        if timeline is not None:
            self._timelines[lane.id] = timeline
            timeline.grown.connect(self._grown)
            timeline.picture_changed.connect(self._picture_changed)

    def _let_go(self, lane_id: int) -> None:
        timeline = self._timelines.pop(lane_id, None)
        if timeline is not None:
            timeline.grown.disconnect(self._grown)
            timeline.picture_changed.disconnect(self._picture_changed)

    def _lanes_of(self, timeline: object) -> list[Lane]:
        return [lane for lane in self._shown if self._timelines.get(lane.id) is timeline]

    def _grown(self) -> None:
        for lane in self._lanes_of(self.sender()):
            self._look_at(lane)

    def _picture_changed(self, k: int, view: str) -> None:
        if view != self._lanes.playhead.view and view != "noisy":
            return
        for lane in self._lanes_of(self.sender()):
            if self._lanes.point(lane) == k:
                self._look_at(lane)

    def _focus_changed(self) -> None:
        if self._enlarged is not None and self._lanes.focus is not None:
            self.enlarge(self._lanes.focus)
        self._describe()
        self.update()

    def refresh(self, _changed: object = None) -> None:
        """Look at every lane that is seen; only what is another picture now is painted."""
        for lane in self._shown:
            self._look_at(lane)
        self._describe()

    def _look_at(self, lane: Lane) -> None:
        look, before = look_of(self._lanes, lane), self._looks.get(lane.id)
        if before is not None and before.picture is look.picture and before == look:
            return
        self._looks[lane.id] = look
        if self._find_aspect():
            self._lay_out()
            return
        index = self._index(lane.id)
        if index is not None:
            place = self._layout.places[index]
            beside = before is None or before.beside != look.beside
            self.update(place.whole if beside else place.picture)

    def _describe(self) -> None:
        focus, view = self._lanes.focus, self._lanes.playhead.view
        words = f"{len(self._lanes.lanes)} pictures, {VIEW_NAMES[view]}"
        if focus is not None:
            lane = self._lanes.lane(focus)
            words = f"{lane_letter(self._lanes, lane)}: {lane.label}. {words}"
        self.setAccessibleDescription(words)

    # --- where things lie ---------------------------------------------------------------------

    def _find_aspect(self) -> bool:
        """Whether the shape of the pictures is another one than was thought."""
        found = None
        for lane in self._lanes.lanes:
            look = self._looks.get(lane.id)
            if look is not None and look.picture is not None and not look.numbers:
                found = look.picture.shape[1] / look.picture.shape[0]
                break
            request = lane.request
            if found is None and request.width and request.height:
                found = request.width / request.height
        if found is None or found == self._aspect:
            return False
        self._aspect = found
        return True

    def _lay_out(self) -> None:
        lanes = self._lanes
        alone = next((lane for lane in lanes.lanes if lane.id == self._enlarged), None)
        self._shown = (alone,) if alone is not None else lanes.lanes
        room = self.rect().adjusted(_MARGIN, _MARGIN, -_MARGIN, -_MARGIN)
        self._layout = self._laid_out(room) if alone is None else lay_out(1, room, self._aspect)
        self._words = words_for(lanes, self._shown, self._layout)
        self._place_back_button()
        self.refresh()
        if self.zoom > 1.0:
            self._look_through(self._camera)
        self.update()

    def _place_back_button(self) -> None:
        """In the corner of the picture that is shown alone."""
        alone = self._enlarged is not None and bool(self._layout.places)
        if alone:
            button, picture = self.back_button, self._layout.places[0].picture
            button.adjustSize()
            button.move(picture.right() - button.width() - _INSET, picture.top() + _INSET)
        self.back_button.setVisible(alone)

    def _laid_out(self, room: QRect) -> Layout:
        """Where all lanes lie in a room: by the rows they were asked for, while these hold."""
        lanes = self._lanes
        groups = tuple(count for _, count in lanes.groups)
        heading = self._heading_width(row_titles(lanes)) if groups else 0
        in_columns = columns_say_all(lanes)
        count = len(lanes.lanes)
        return lay_out(count, room, self._aspect, groups, heading, in_columns=in_columns)

    def side_in(self, room: QSize) -> int:
        """How wide a picture would be if the grid had this room."""
        inner = QRect(0, 0, room.width() - 2 * _MARGIN, room.height() - 2 * _MARGIN)
        layout = self._laid_out(inner)
        return layout.places[0].picture.width() if layout.places else 0

    def _heading_width(self, labels: Sequence[str]) -> int:
        metrics = QFontMetrics(themes.font(themes.FONT_SMALL))
        widest = max((metrics.horizontalAdvance(label) + 2 for label in labels), default=0)
        most = _WIDEST_HEADING if self.width() >= _NARROW else _NARROW_HEADING
        return min(widest, most)

    def _index(self, lane_id: int) -> int | None:
        return next((i for i, lane in enumerate(self._shown) if lane.id == lane_id), None)

    # --- painting -----------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        """Only the lanes that the dirty region touches."""
        painter = QPainter(self)
        region = event.region()
        painter.fillRect(event.rect(), QColor(themes.current().ground))
        ratio = self.devicePixelRatioF()
        clock = QElapsedTimer()
        clock.start()
        for i, lane in enumerate(self._shown):
            place = self._layout.places[i]
            look = self.look(lane)
            if region.intersects(place.picture):
                better = draw.paint_picture(
                    painter,
                    place.picture,
                    look,
                    self._camera,
                    self._scaled,
                    ratio,
                    hurry=clock.elapsed() >= SLICE_MS,
                )
                if better:
                    self._refining.start()
                if lane.id == self._carried:
                    draw.paint_away(painter, place.picture)
                if place.caption.isEmpty() and self._is_marked(lane, place.picture):
                    letter = lane_letter(self._lanes, lane)
                    draw.paint_corner(painter, place.picture, letter, lane.color)
                    if not self._layout.columns:
                        draw.paint_number(painter, place.picture, self._words.captions[i])
            if region.intersects(place.caption):
                letter = lane_letter(self._lanes, lane)
                words = self._words.captions[i]
                draw.paint_caption(painter, place, letter, lane.color, words, look.beside)
            if region.intersects(place.picture.adjusted(-4, -4, 4, 4)):
                self._paint_ring(painter, lane, place.picture)
        self._paint_headings(painter)
        painter.end()

    def _refine(self) -> None:
        """Draw well what was drawn quickly, some pictures at a time."""
        clock = QElapsedTimer()
        clock.start()
        ratio = self.devicePixelRatioF()
        for place, lane in zip(self._layout.places, self._shown, strict=True):
            if draw.refine(place.picture, self.look(lane), self._camera, self._scaled, ratio):
                self.update(place.picture)
            if clock.elapsed() >= SLICE_MS:
                self._refining.start()
                return

    def _is_marked(self, lane: Lane, picture: QRect) -> bool:
        """Small pictures are worth more than marks on them, but for those that are spoken of."""
        spoken_of = (self._lanes.focus, self._hovered, *(self._lanes.pair or ()))
        return picture.width() >= _LEAST_MARKED or lane.id in spoken_of

    def _paint_ring(self, painter: QPainter, lane: Lane, picture: QRect) -> None:
        pair = self._lanes.pair or ()
        if lane.id == self._lanes.focus:
            if self._enlarged is None:
                draw.paint_ring(painter, picture, themes.current().text, dashed=False)
        elif lane.id in pair and self._enlarged is None:
            draw.paint_ring(painter, picture, themes.lane_color(lane.color), dashed=True)
        if lane.id == self._hovered and self._carried is None:
            draw.paint_close(painter, picture, under_mouse=self._over_close)

    def _paint_headings(self, painter: QPainter) -> None:
        layout = self._layout
        if layout.rows:
            words, over = self._words, layout.over
            draw.paint_headings(
                painter, layout.columns, words.columns, layout.rows, words.titles, over=over
            )

    # --- Qt -----------------------------------------------------------------------------------

    def sizeHint(self) -> QSize:
        """As much as there is."""
        return QSize(640, 400)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Old sizes will not come back."""
        super().resizeEvent(event)
        self._scaled.clear()
        self._lay_out()

    def changeEvent(self, event: QEvent) -> None:
        """A new theme, or another screen."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.PaletteChange):
            self.update()
