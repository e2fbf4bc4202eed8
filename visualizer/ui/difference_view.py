"""The difference of two lanes: which two, how they are looked at, and the stage that shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QActionGroup, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QHBoxLayout,
    QMenu,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from visualizer.ui import theme as themes
from visualizer.ui.difference_painting import Side
from visualizer.ui.difference_stage import BLINK, HEAT, RATES, WIPE, DifferenceStage
from visualizer.ui.icons import IconButton
from visualizer.ui.lane_captions import without_shared
from visualizer.ui.lane_mark import lane_letter
from visualizer.ui.pair_row import PairRow, pair_of
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
        self.pair_row = PairRow(lanes)
        bottom = self._bottom = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        bottom.setSpacing(themes.SPACE // 2)
        self.modes = self._make_modes()
        bottom.addWidget(self.modes, 0, Qt.AlignmentFlag.AlignLeft)
        self._make_blinking()
        self.blinking = QWidget()
        blinking = QHBoxLayout(self.blinking)
        blinking.setContentsMargins(0, 0, 0, 0)
        blinking.setSpacing(themes.SPACE // 2)
        blinking.addWidget(self.rate_button)
        blinking.addWidget(self.hold_button)
        blinking.addStretch(1)
        bottom.addWidget(self.blinking)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(themes.SPACE // 2)
        column.addWidget(self.pair_row)
        column.addWidget(self.stage, 1)
        column.addLayout(bottom)

        lanes.changed.connect(self._lanes_changed)
        lanes.pair_changed.connect(self._look_again)
        lanes.lane_changed.connect(self._on_lane)
        lanes.axis_changed.connect(self._look_again)
        lanes.alignment_changed.connect(self._look_again)
        lanes.playhead.moved.connect(self._look_again)
        lanes.playhead.view_changed.connect(self._look_again)
        self.stage.held_changed.connect(self._show_mode)
        self._show_mode()

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

    # --- news ---------------------------------------------------------------------------------

    def _lanes_changed(self) -> None:
        self.stage.forget()
        self._look_again()

    def _on_lane(self, lane_id: int) -> None:
        pair = self._lanes.pair
        if pair is not None and lane_id in pair:
            self._look_again()

    def _look_again(self) -> None:
        if not self.isVisible():
            return  # whoever does not look needs no pictures; ``showEvent`` comes back here
        pair = pair_of(self._lanes)
        self._watch([lane.timeline for lane in pair or () if lane.timeline is not None])
        if pair is None:
            self.stage.show_message(_NO_PAIR if len(self._lanes) > 1 else _ONE_LANE)
            return
        found = [self._picture(lane) for lane in pair]
        missing = next((why for _, why in found if why), "")
        if missing:
            self.stage.show_message(missing)
            return
        shorts = without_shared([lane.label for lane in pair])
        first, second = (
            Side(lane_letter(self._lanes, lane), lane.color, lane.label, picture, short)
            for lane, (picture, _), short in zip(pair, found, shorts, strict=True)
        )
        self.stage.show_pair(first, second)

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
        for lane in pair_of(self._lanes) or ():
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
        self.blinking.setVisible(mode == BLINK)
        self.rate_button.setText(f"{self.stage.rate:.2g}/s")
        self._fit_controls()
        self.hold_button.set_icon("play" if held else "pause")
        self.hold_button.set_label(
            "Let them take turns" if held else "Hold the picture", "click on it"
        )

    def _fit_controls(self) -> None:
        """What blinking needs stands beside the switch, or below it where the words need room."""
        across, down = QBoxLayout.Direction.LeftToRight, QBoxLayout.Direction.TopToBottom
        beside = self.modes.sizeHint().width() + self.blinking.sizeHint().width() + themes.SPACE
        self._bottom.setDirection(across if beside <= self.width() else down)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """More or less room for the controls."""
        super().resizeEvent(event)
        self._fit_controls()

    def showEvent(self, event: QShowEvent) -> None:
        """Show what is the case now."""
        super().showEvent(event)
        self._fit_controls()
        self._look_again()
