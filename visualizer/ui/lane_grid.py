"""The grid of lanes under mouse and keyboard: looked at, moved, compared and taken away."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QHelpEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QMenu, QToolTip, QWidget

from visualizer.ui import lane_painting as draw
from visualizer.ui.canvas import zoom_by_pinch
from visualizer.ui.focus_ring import came_by_keyboard
from visualizer.ui.grip import Grip
from visualizer.ui.lane_looks import explained
from visualizer.ui.lane_mark import lane_letter
from visualizer.ui.lane_pictures import LanePictures
from visualizer.ui.picture_menu import add_actions
from visualizer.ui.tips import wrapped

if TYPE_CHECKING:
    from visualizer.session.lanes import Lane, Lanes

_INSERTION = 6
"""How wide the bar is that shows where a dragged lane would go."""


class LaneGrid(LanePictures):
    """The pictures of all lanes, to be handled.

    The wheel zooms all of them about the cursor, dragging moves an enlarged picture or puts a lane
    at another place, a click takes a lane into focus, with Ctrl or Shift it pairs it with the one
    in focus, a double click shows it alone, and again all of them. Dragged out of the window, or
    with Alt held, a lane's picture goes to another program.
    """

    open_asked = Signal(object)  # Timeline of a lane that is to be shown alone on its own page
    action_asked = Signal(str, object)  # one of ``picture_menu.LABELS``, and the Lane it is about
    drag_asked = Signal(object)  # Lane whose picture the mouse, pressed, pulls out of the window

    def __init__(self, lanes: Lanes, parent: QWidget | None = None) -> None:
        super().__init__(lanes, parent)
        self._pressed: tuple[int, QPointF] | None = None
        self._mouse = QPoint()
        self._insertion: int | None = None
        self._grip: QPointF | None = None
        self._pull = Grip()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        lanes.changed.connect(self._drop)
        self.zoom_changed.connect(self._rest)

    def _drop(self) -> None:
        """Nothing is held any more: the lanes are others."""
        self._insertion = self._pressed = None
        self._pull.release()

    def _rest(self) -> None:
        """The cursor tells whether pictures can be moved."""
        if self._grip is None:
            self.setCursor(self._resting_cursor())

    def _resting_cursor(self) -> Qt.CursorShape:
        return Qt.CursorShape.OpenHandCursor if self.zoom > 1.0 else Qt.CursorShape.ArrowCursor

    # --- what the person asks -----------------------------------------------------------------

    def move_focus(self, right: int, down: int) -> None:
        """Take the lane beside the one in focus; the first one where there is none."""
        lanes = self._lanes.lanes
        if not lanes:
            return
        index = next((i for i, lane in enumerate(lanes) if lane.id == self._lanes.focus), None)
        if index is None:
            self._lanes.set_focus(lanes[0].id)
            return
        if self._enlarged is not None:
            index = min(max(index + right + down, 0), len(lanes) - 1)
        else:
            index = self._layout.neighbor(index, right, down)
        self._lanes.set_focus(lanes[index].id)

    def remove_focused(self) -> None:
        """Remove the lane in focus; the one behind it comes into focus."""
        focus = self._lanes.focus
        if focus is not None:
            self._remove(focus)

    def _remove(self, lane_id: int) -> None:
        lanes = self._lanes.lanes
        index = next(i for i, lane in enumerate(lanes) if lane.id == lane_id)
        had_focus = self._lanes.focus == lane_id
        self._lanes.remove(lane_id)
        left = self._lanes.lanes
        if had_focus and left:
            self._lanes.set_focus(left[min(index, len(left) - 1)].id)

    def pair_with(self, lane_id: int) -> None:
        """Look at the difference of this lane and the one in focus."""
        focus = self._lanes.focus
        if focus is None:
            self._lanes.set_focus(lane_id)
        elif focus != lane_id:
            self._lanes.set_pair((focus, lane_id))

    def menu_of(self, lane: Lane) -> QMenu:
        """What can be done with a lane."""
        menu = QMenu(self)
        if lane.timeline is not None and len(lane.timeline):
            alone = menu.addAction("Open alone")
            timeline = lane.timeline
            alone.triggered.connect(lambda _=False: self.open_asked.emit(timeline))
        enlarged = self._enlarged == lane.id
        large = menu.addAction("Show all" if enlarged else "Enlarge")
        large.triggered.connect(lambda _=False: self.enlarge(None if enlarged else lane.id))
        focus = self._lanes.focus
        if focus is not None and focus != lane.id:
            other = lane_letter(self._lanes, self._lanes.lane(focus))
            pair = menu.addAction(f"Compare with {other}")
            pair.triggered.connect(lambda _=False: self.pair_with(lane.id))
        menu.addSeparator()
        if self.look(lane).picture is not None:
            actions = ("picture", "enlarged", "all", "animation", "settings", "save")
            picture = self.look(lane).picture
            add_actions(menu, actions, lambda action: self.action_asked.emit(action, lane), picture)
            menu.addSeparator()
        away = menu.addAction("Remove")
        away.triggered.connect(lambda _=False: self._remove(lane.id))
        return menu

    # --- the mouse's own marks ----------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        """Over the pictures, a lane that is carried, and where it would go."""
        super().paintEvent(event)
        if self._carried is not None:
            painter = QPainter(self)
            self._paint_hand(painter, self._carried)
            painter.end()

    def _paint_hand(self, painter: QPainter, carried: int) -> None:
        index = self._index(carried)
        if self._insertion is not None:
            mark = self._layout.insertion_mark(self._insertion, _INSERTION, self._mouse)
            edge = self.rect().adjusted(2, 0, -2, 0)
            mark.moveLeft(min(max(mark.left(), edge.left()), edge.right() - mark.width() + 1))
            draw.paint_insertion(painter, mark)
        if index is not None:
            lane = self._shown[index]
            letter = lane_letter(self._lanes, lane)
            draw.paint_carried(painter, self._mouse, letter, lane.color)

    # --- Qt -----------------------------------------------------------------------------------

    def event(self, event: QEvent) -> bool:
        """A pinch on a touchpad zooms; what is under the mouse is explained."""
        if zoom_by_pinch(event, self.zoom_by):
            return True
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), wrapped(self.explain(event.pos())), self)
            return True
        return super().event(event)

    def explain(self, position: QPoint) -> str:
        """What the tooltip says there."""
        index = self._layout.at(position)
        if index is None:
            return self._words.heading_at(self._layout, position)
        lane = self._shown[index]
        if lane.id == self._hovered and draw.close_rect(self.place(lane)).contains(position):
            return "Remove this lane  (Delete)"
        return explained(self._lanes, lane)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom about the cursor, in all lanes alike."""
        if not any(self.look(lane).picture is not None for lane in self._shown):
            event.ignore()
            return
        self.zoom_by(1.0015 ** event.angleDelta().y(), event.position())
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take a lane, or take hold of it."""
        index = self._layout.at(event.position().toPoint())
        if event.button() != Qt.MouseButton.LeftButton or index is None:
            super().mousePressEvent(event)
            return
        lane = self._shown[index]
        self._point_at(event.position().toPoint())
        if self._over_close and self._hovered == lane.id:
            return  # it is the release that counts, as with any button
        if event.modifiers() & (
            Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
        ):
            self.pair_with(lane.id)
            return
        self._pressed = (lane.id, event.position())
        self._lanes.set_focus(lane.id)
        alone = len(self._shown) == 1 and self.zoom == 1.0  # it can neither be panned nor carried
        if alone or event.modifiers() & Qt.KeyboardModifier.AltModifier:
            self._pull.press(event.position())
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Move an enlarged picture, carry a lane, or show what can be pressed."""
        position = event.position()
        if self._pressed is None:
            self._point_at(position.toPoint())
            return
        lane_id, start = self._pressed
        if self._pull.held:
            if self._pull.pulled(position):
                self._drag_out(lane_id)
            return
        far = (position - start).manhattanLength() >= QApplication.startDragDistance()
        if self._grip is None and self._carried is None and not far:
            return
        if self.zoom > 1.0:
            self._pan(lane_id, position, start)
        elif len(self._shown) > 1 and not self._in_window(position):
            self._drag_out(lane_id)
        elif len(self._shown) > 1:
            self._carried, self._mouse = lane_id, position.toPoint()
            self._insertion = self._layout.insertion(self._mouse)
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
            self.update()

    def _in_window(self, position: QPointF) -> bool:
        window = self.window()
        return window.rect().contains(self.mapTo(window, position.toPoint()))

    def _drag_out(self, lane_id: int) -> None:
        """It is another program's turn: here nothing is held any more."""
        self._pressed = self._carried = self._insertion = None
        self.setCursor(self._resting_cursor())
        self.update()
        self.drag_asked.emit(self._lanes.lane(lane_id))

    def _pan(self, lane_id: int, position: QPointF, start: QPointF) -> None:
        index = self._index(lane_id)
        target = QRectF() if index is None else self.target(self._shown[index])
        if target.isEmpty():
            return
        moved = position - (start if self._grip is None else self._grip)
        self._grip = position
        self.setCursor(Qt.CursorShape.ClosedHandCursor)
        shift = QPointF(moved.x() / target.width(), moved.y() / target.height())
        self._look_through(replace(self._camera, center=self._camera.center - shift))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go: a carried lane takes its new place."""
        if event.button() != Qt.MouseButton.LeftButton:
            super().mouseReleaseEvent(event)
            return
        pressed, carried, insertion = self._pressed, self._carried, self._insertion
        self._pressed = self._carried = self._insertion = self._grip = None
        self._pull.release()
        self.setCursor(self._resting_cursor())
        if carried is not None and insertion is not None:
            index = next(i for i, lane in enumerate(self._lanes.lanes) if lane.id == carried)
            self._lanes.reorder(carried, insertion - (insertion > index))
            self.update()
        elif pressed is None and self._over_close and self._hovered is not None:
            self._remove(self._hovered)
        self._point_at(event.position().toPoint())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """One lane alone, or all of them again."""
        index = self._layout.at(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and index is not None:
            self.enlarge(None if self._enlarged is not None else self._shown[index].id)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """What can be done with the lane under the mouse, or with the one in focus."""
        by_mouse = event.reason() == QContextMenuEvent.Reason.Mouse
        focus = self._lanes.focus
        index = (
            self._layout.at(event.pos())
            if by_mouse
            else (None if focus is None else self._index(focus))
        )
        if index is None:
            return
        where = event.globalPos()
        if not by_mouse:
            where = self.mapToGlobal(self._layout.places[index].picture.center())
        menu = self.menu_of(self._shown[index])
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(where)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Whoever comes here by keyboard sees where the keys act."""
        super().focusInEvent(event)
        if came_by_keyboard(event) and self._lanes.focus is None:
            self.move_focus(0, 0)

    def leaveEvent(self, event: QEvent) -> None:
        """Nothing is pointed at."""
        super().leaveEvent(event)
        self._point_at(None)

    def _point_at(self, position: QPoint | None) -> None:
        """Which lane is under the mouse, and whether its small button is."""
        index = None if position is None else self._layout.at(position)
        lane = None if index is None else self._shown[index]
        if lane is not None and self._enlarged is not None:
            lane = None  # alone it is not taken away by mistake
        hovered = None if lane is None else lane.id
        over = (
            lane is not None
            and position is not None
            and draw.close_rect(self.place(lane)).contains(position)
        )
        if (hovered, over) != (self._hovered, self._over_close):
            for lane_id in (self._hovered, hovered):
                at = None if lane_id is None else self._index(lane_id)
                if at is not None:
                    self.update(self._layout.places[at].picture)
            self._hovered, self._over_close = hovered, over
            self.setCursor(Qt.CursorShape.PointingHandCursor if over else self._resting_cursor())
