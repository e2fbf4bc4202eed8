"""Which two lanes are looked at: two pickers with the lanes' marks, and a swap between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QActionGroup, QFontMetrics, QIcon, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QSizePolicy, QToolButton, QWidget

from visualizer.ui import theme as themes
from visualizer.ui.icons import IconButton
from visualizer.ui.lane_captions import without_shared
from visualizer.ui.lane_mark import MARK, lane_letter, mark_icon, mark_size

if TYPE_CHECKING:
    from visualizer.session.lanes import Lane, Lanes


def pair_of(lanes: Lanes) -> tuple[Lane, Lane] | None:
    """The two lanes of the pair; None where there is none, or one of them is just being removed."""
    try:
        return (
            None if lanes.pair is None else (lanes.lane(lanes.pair[0]), lanes.lane(lanes.pair[1]))
        )
    except KeyError:
        return None


class LanePicker(QToolButton):
    """A button with the mark and words of a lane; its menu has all lanes."""

    picked = Signal(int)
    """A lane was chosen, by its id."""

    def __init__(self, lanes: Lanes, name: str, parent: QWidget | None = None) -> None:
        """``name`` says which of the two it is, for those who cannot see the button."""
        super().__init__(parent)
        self._lanes, self._name = lanes, name
        self._lane: Lane | None = None
        self._short = ""
        self.setProperty("role", "drop")
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        menu = QMenu(self)
        menu.aboutToShow.connect(self.fill)
        self.setMenu(menu)
        self.show_lane(None)

    def show_lane(self, lane: Lane | None, short: str = "") -> None:
        """Name this lane on the button.

        Args:
            short: what is written where its label has no room.
        """
        self._lane, self._short = lane, short
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
        if self._short and metrics.horizontalAdvance(words) > room:
            words = self._short
        self.setText(metrics.elidedText(words, Qt.TextElideMode.ElideMiddle, max(room, 16)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """More or less room for the words."""
        super().resizeEvent(event)
        self._write()

    def changeEvent(self, event: QEvent) -> None:
        """The mark wears the theme's color."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and hasattr(self, "_lane"):
            self._write()


class PairRow(QWidget):
    """The pair of ``lanes``, to be picked. Where none is, it becomes the first two when seen."""

    def __init__(self, lanes: Lanes, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lanes = lanes
        self.setAccessibleName("The two lanes")
        self.first = LanePicker(lanes, "First lane")
        self.second = LanePicker(lanes, "Second lane")
        self.swap_button = IconButton("swap", "Swap the two lanes")
        self.first.picked.connect(lambda key: self._pick(0, key))
        self.second.picked.connect(lambda key: self._pick(1, key))
        self.swap_button.clicked.connect(self.swap)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(themes.SPACE // 2)
        row.addWidget(self.first, 1)
        row.addWidget(self.swap_button)
        row.addWidget(self.second, 1)
        for picker in (self.first, self.second):
            picker.setMaximumWidth(36 * themes.SPACE)
        row.addStretch()
        lanes.changed.connect(self._on_lanes)
        lanes.pair_changed.connect(self._show_pair)
        lanes.lane_changed.connect(self._on_lane)
        self._show_pair()

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

    def _on_lanes(self) -> None:
        self._show_pair()
        if self.isVisible():
            # later: a comparison that is being replaced takes its old pair back first
            QTimer.singleShot(0, self, self.choose_default)

    def _on_lane(self, lane_id: int) -> None:
        if self._lanes.pair is not None and lane_id in self._lanes.pair:
            self._show_pair()

    def _show_pair(self) -> None:
        pair = pair_of(self._lanes)
        first, second = pair or (None, None)
        shorts = without_shared([lane.label for lane in pair]) if pair else ("", "")
        self.first.show_lane(first, shorts[0])
        self.second.show_lane(second, shorts[1])
        self.swap_button.setEnabled(first is not None)

    def showEvent(self, event: QShowEvent) -> None:
        """There is something to see at once."""
        super().showEvent(event)
        self.choose_default()
