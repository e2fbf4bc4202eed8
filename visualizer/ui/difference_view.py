"""The difference of two lanes: which two, how they are looked at, and the stage that shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QActionGroup, QFontMetrics, QIcon, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QMenu,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from visualizer.ui import theme as themes
from visualizer.ui.difference_stage import BLINK, HEAT, RATES, WIPE, DifferenceStage, Side
from visualizer.ui.icons import IconButton
from visualizer.ui.lane_mark import MARK, lane_letter, mark_icon, mark_size
from visualizer.ui.segments import Segments

if TYPE_CHECKING:
    from visualizer.diffusion.arrays import Picture
    from visualizer.session.lanes import Lane, Lanes
    from visualizer.session.timeline import Timeline

MODES = {
    WIPE: ("Wipe", "One picture left of a divider, the other right of it: drag it, or use ←/→"),
    BLINK: ("Blink", "The two pictures take turns in one place; a click holds one of them"),
    HEAT: ("Heat map", "How far apart the two pictures are, pixel by pixel"),
}
_ONE_LANE = "It takes two lanes to see a difference."
_NO_PAIR = "Pick two lanes to see how they differ."


class LanePicker(QToolButton):
    """A button with the mark and words of a lane; its menu has all lanes."""

    picked = Signal(int)
    """A lane was chosen, by its id."""

    def __init__(self, lanes: Lanes, name: str, parent: QWidget | None = None) -> None:
        """``name`` says which of the two it is, for those who cannot see the button."""
        super().__init__(parent)
        self._lanes, self._name = lanes, name
        self._lane: Lane | None = None
        self.setProperty("role", "drop")
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        menu = QMenu(self)
        menu.aboutToShow.connect(self.fill)
        self.setMenu(menu)
        self.show_lane(None)

    def show_lane(self, lane: Lane | None) -> None:
        """Name this lane on the button."""
        self._lane = lane
        words = "Pick a lane" if lane is None else lane.label
        self.setAccessibleName(f"{self._name}: {self._marked(lane)}" if lane else self._name)
        self.setToolTip(f"{self._name}: {words}")
        self.setEnabled(len(self._lanes) > 1)
        self._write()

    def fill(self) -> None:
        """Put the lanes into the menu, as they are now."""
        menu = self.menu()
        menu.clear()
        group = QActionGroup(menu)
        for lane in self._lanes.lanes:
            letter = lane_letter(self._lanes, lane)
            action = menu.addAction(lane.label)
            action.setIcon(mark_icon(letter, lane.color, self.devicePixelRatioF()))
            action.setCheckable(True)
            action.setChecked(lane is self._lane)
            action.triggered.connect(lambda _=False, key=lane.id: self.picked.emit(key))
            group.addAction(action)

    def _marked(self, lane: Lane) -> str:
        return f"{lane_letter(self._lanes, lane)}, {lane.label}"

    def _write(self) -> None:
        lane = self._lane
        words, room = "Pick a lane", self.width() - 34
        if lane is not None:
            letter = lane_letter(self._lanes, lane)
            self.setIcon(mark_icon(letter, lane.color, self.devicePixelRatioF()))
            self.setIconSize(QSize(mark_size(letter)[0], MARK))
            words, room = lane.label, room - mark_size(letter)[0] - 6
        else:
            self.setIcon(QIcon())
        metrics = QFontMetrics(self.font())
        self.setText(metrics.elidedText(words, Qt.TextElideMode.ElideRight, max(room, 16)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """More or less room for the words."""
        super().resizeEvent(event)
        self._write()

    def changeEvent(self, event: QEvent) -> None:
        """The mark wears the theme's color."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and hasattr(self, "_lane"):
            self._write()


class DifferenceView(QWidget):
    """The pair's pictures at the shared playhead and in its view, over each other.

    Beside a grid it is small; in the grid's place it takes all the room there is.
    """

    mode_changed = Signal(str)

    def __init__(self, lanes: Lanes, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lanes = lanes
        self._watched: list[Timeline] = []
        self.setAccessibleName("Difference")
        self.stage = DifferenceStage()
        self.first = LanePicker(lanes, "First lane")
        self.second = LanePicker(lanes, "Second lane")
        self.swap_button = IconButton("swap", "Swap the two lanes")
        self.first.picked.connect(lambda key: self._pick(0, key))
        self.second.picked.connect(lambda key: self._pick(1, key))
        self.swap_button.clicked.connect(self.swap)

        pickers = QHBoxLayout()
        pickers.setSpacing(themes.SPACE // 2)
        pickers.addWidget(self.first, 1)
        pickers.addWidget(self.swap_button)
        pickers.addWidget(self.second, 1)
        bottom = QHBoxLayout()
        bottom.setSpacing(themes.SPACE // 2)
        self.modes = self._make_modes()
        bottom.addWidget(self.modes)
        bottom.addStretch(1)
        self._make_blinking()
        bottom.addWidget(self.rate_button)
        bottom.addWidget(self.hold_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(themes.SPACE // 2)
        column.addLayout(pickers)
        column.addWidget(self.stage, 1)
        column.addLayout(bottom)

        lanes.changed.connect(self._on_lanes)
        lanes.pair_changed.connect(self._on_pair)
        lanes.lane_changed.connect(self._on_lane)
        lanes.axis_changed.connect(self._look_again)
        lanes.alignment_changed.connect(self._look_again)
        lanes.playhead.moved.connect(self._look_again)
        lanes.playhead.view_changed.connect(self._look_again)
        self.stage.held_changed.connect(self._show_mode)
        self._show_mode()
        self._on_pair()

    # --- how the pair is looked at --------------------------------------------------------------

    @property
    def mode(self) -> str:
        """ "wipe", "blink" or "heat"."""
        return self.stage.mode

    def set_mode(self, mode: str) -> None:
        """Look at the pair in another way.

        Raises:
            ValueError: for a way that does not exist.
        """
        if mode != self.stage.mode:
            self.stage.set_mode(mode)
            self._show_mode()
            self.mode_changed.emit(mode)

    def swap(self) -> None:
        """What was left is right."""
        pair = self._lanes.pair
        if pair is not None:
            self._lanes.set_pair((pair[1], pair[0]))

    def choose_default(self) -> None:
        """Where no pair is chosen, and there are two lanes, look at the first two."""
        lanes = self._lanes.lanes
        if self._lanes.pair is None and len(lanes) > 1:
            self._lanes.set_pair((lanes[0].id, lanes[1].id))

    def _pick(self, place: int, lane_id: int) -> None:
        pair = self._lanes.pair
        if pair is None:
            other = next((lane.id for lane in self._lanes.lanes if lane.id != lane_id), None)
        else:
            other = pair[1 - place]
        if other is None:
            return
        if other == lane_id:  # the other one's lane: they change places
            self.swap()
            return
        self._lanes.set_pair((lane_id, other) if place == 0 else (other, lane_id))

    # --- news ---------------------------------------------------------------------------------

    def _on_lanes(self) -> None:
        self._on_pair()
        if self.isVisible():
            # later: a comparison that is being replaced takes its old pair back first
            QTimer.singleShot(0, self, self.choose_default)

    def _on_lane(self, lane_id: int) -> None:
        pair = self._lanes.pair
        if pair is not None and lane_id in pair:
            self._on_pair()

    def _on_pair(self) -> None:
        pair = self._pair()
        self.first.show_lane(pair[0] if pair else None)
        self.second.show_lane(pair[1] if pair else None)
        self.swap_button.setEnabled(pair is not None)
        self._look_again()

    def _look_again(self) -> None:
        pair = self._pair()
        self._watch([lane.timeline for lane in pair or () if lane.timeline is not None])
        if pair is None:
            self.stage.show_message(_NO_PAIR if len(self._lanes) > 1 else _ONE_LANE)
            return
        found = [self._picture(lane) for lane in pair]
        missing = next((why for _, why in found if why), "")
        if missing:
            self.stage.show_message(missing)
            return
        first, second = (
            Side(lane_letter(self._lanes, lane), lane.color, lane.label, picture)
            for lane, (picture, _) in zip(pair, found, strict=True)
        )
        self.stage.show_pair(first, second)

    def _pair(self) -> tuple[Lane, Lane] | None:
        pair = self._lanes.pair
        return None if pair is None else (self._lanes.lane(pair[0]), self._lanes.lane(pair[1]))

    def _picture(self, lane: Lane) -> tuple[Picture | None, str]:
        """The lane's picture under the playhead, or a sentence saying why there is none."""
        letter = lane_letter(self._lanes, lane)
        timeline, k = lane.timeline, self._lanes.point(lane)
        if timeline is None or k is None:
            if lane.failure is not None:
                return None, f"Lane {letter} failed before its first step. {lane.failure.title}"
            if lane.state == "stopped":
                return None, f"Lane {letter} was stopped before its first step."
            return None, f"Lane {letter} has not begun yet."
        view = self._lanes.playhead.view
        why = timeline.why_missing(k, view)
        if why:
            return None, f"Lane {letter}: {why}"
        picture = timeline.picture(k, view)
        return picture, "" if picture is not None else "Making the pictures …"

    def _watch(self, timelines: list[Timeline]) -> None:
        if timelines == self._watched:
            return
        for timeline in self._watched:
            timeline.picture_changed.disconnect(self._on_picture)
            timeline.grown.disconnect(self._look_again)
        self._watched = timelines
        for timeline in timelines:
            timeline.picture_changed.connect(self._on_picture)
            timeline.grown.connect(self._look_again)

    def _on_picture(self, k: int, view: str) -> None:
        if view != self._lanes.playhead.view:
            return
        for lane in self._pair() or ():
            if lane.timeline is not None and self._lanes.point(lane) == k:
                self._look_again()
                return

    # --- its controls -------------------------------------------------------------------------

    def _make_modes(self) -> Segments:
        modes = Segments("How the difference is shown")
        for mode, (label, explained) in MODES.items():
            modes.add(mode, label, explained)
        modes.chosen.connect(self.set_mode)
        return modes

    def _make_blinking(self) -> None:
        self.hold_button = IconButton("pause", "Hold the picture", "click on it")
        self.hold_button.clicked.connect(lambda: self.stage.set_held(not self.stage.held))
        self.rate_button = QToolButton()
        self.rate_button.setProperty("role", "drop")
        self.rate_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.rate_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.rate_button.setAccessibleName("How often the picture changes")
        self.rate_button.setToolTip("How often the picture changes; never often enough to harm")
        menu = QMenu(self.rate_button)
        group = QActionGroup(menu)
        for rate in RATES:
            action = menu.addAction(f"{rate:g} a second")
            action.setCheckable(True)
            action.setChecked(rate == 2.0)
            action.triggered.connect(lambda _=False, rate=rate: self.set_rate(rate))
            group.addAction(action)
        self.rate_button.setMenu(menu)

    def set_rate(self, rate: float) -> None:
        """How often the picture changes in a second while it blinks; at most three times."""
        self.stage.set_rate(rate)
        self._show_mode()

    def _show_mode(self) -> None:
        mode, held = self.stage.mode, self.stage.held
        self.modes.set_current(mode)
        for widget in (self.rate_button, self.hold_button):
            widget.setVisible(mode == BLINK)
        self.rate_button.setText(f"{self.stage.rate:.2g}/s")
        self.hold_button.set_icon("play" if held else "pause")
        self.hold_button.set_label(
            "Let them take turns" if held else "Hold the picture", "click on it"
        )

    def showEvent(self, event: QShowEvent) -> None:
        """There is something to see at once."""
        super().showEvent(event)
        self.choose_default()
