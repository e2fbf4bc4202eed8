"""The transport bar: step, play, speed, loop, and the way back to the live end of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QActionGroup, QFont, QFontMetrics
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QToolButton, QWidget

from visualizer.ui import theme as themes
from visualizer.ui.icons import IconButton

if TYPE_CHECKING:
    from visualizer.session.playhead import Playhead
    from visualizer.session.timeline import Timeline

SPEEDS = {0.25: "¼×", 0.5: "½×", 1.0: "1×", 2.0: "2×", 4.0: "4×"}
_WIDEST = "1000 / 1000"


class TransportBar(QWidget):
    """⏮ ◀ ▶ ▶| ⏭, counter, speed, loop, live chip; the window's own buttons at the right."""

    def __init__(self, playhead: Playhead, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._playhead = playhead
        self._timeline: Timeline | None = None
        self.setAccessibleName("Playback")

        self.first = IconButton("first", "First step", "Home")
        self.previous = IconButton("previous", "One step back", "←")
        self.play = IconButton("play", "Play", "Space")
        self.next = IconButton("next", "One step on", "→")
        self.last = IconButton("last", "Last step", "End")
        self.first.clicked.connect(lambda: playhead.home())
        self.previous.clicked.connect(lambda: playhead.step(-1))
        self.play.clicked.connect(lambda: playhead.toggle())
        self.next.clicked.connect(lambda: playhead.step(1))
        self.last.clicked.connect(lambda: playhead.end())
        for button in (self.previous, self.next):
            button.setAutoRepeat(True)

        self.counter = QLabel()
        self.counter.setAccessibleName("Step")
        self.counter.setAlignment(Qt.AlignmentFlag.AlignCenter)
        digits = themes.font()
        digits.setFeature(QFont.Tag("tnum"), 1)  # digits of one width: nothing jumps
        self.counter.setFont(digits)
        width = QFontMetrics(digits).horizontalAdvance(_WIDEST)
        self.counter.setFixedWidth(width + themes.SPACE)

        self.speed = _speed_button(playhead)
        self.loop = IconButton("loop", "Play again and again")
        self.loop.setCheckable(True)
        self.loop.setChecked(playhead.loop)
        self.loop.toggled.connect(self._set_loop)

        self.live = QToolButton()
        self.live.setProperty("role", "chip")
        self.live.setText("Back to live")
        self.live.setAccessibleName("Back to live")
        self.live.setToolTip("The run goes on: follow its newest step  (End)")
        self.live.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.live.clicked.connect(lambda: playhead.go_live())

        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(themes.SPACE // 2)
        for widget in (self.first, self.previous, self.play, self.next, self.last):
            row.addWidget(widget)
        row.addSpacing(themes.SPACE)
        row.addWidget(self.counter)
        row.addSpacing(themes.SPACE)
        row.addWidget(self.speed)
        row.addWidget(self.loop)
        row.addSpacing(themes.SPACE)
        row.addWidget(self.live)
        row.addStretch(1)
        self._actions = QHBoxLayout()
        self._actions.setSpacing(themes.SPACE)
        row.addLayout(self._actions)

        playhead.moved.connect(self._show_position)
        playhead.bounds_changed.connect(self._show_position)
        playhead.playing_changed.connect(self._show_playing)
        playhead.live_changed.connect(self._show_live)
        playhead.running_changed.connect(self._show_live)
        playhead.loop_changed.connect(self.loop.setChecked)
        self._show_position()
        self._show_live()

    def set_timeline(self, timeline: Timeline | None) -> None:
        """Show another timeline, or none."""
        if self._timeline is not None:
            self._timeline.grown.disconnect(self._show_position)
        self._timeline = timeline
        if timeline is not None:
            timeline.grown.connect(self._show_position)
        self._show_position()
        self._show_live()

    def add_action_widget(self, widget: QWidget) -> None:
        """Put one of the window's own buttons at the right end."""
        self._actions.addWidget(widget)

    # --- news ---------------------------------------------------------------------------------

    def _show_position(self) -> None:
        there = 0 if self._timeline is None else len(self._timeline)
        timeline, k = self._timeline, self._playhead.index
        words = ""
        if timeline is not None and there:
            stage = timeline.stage(k)
            words = f"{k - stage.first} / {stage.last - stage.first}"
        self.counter.setText(words)
        for button in (self.first, self.previous):
            button.setEnabled(k > 0)
        for button in (self.next, self.last):
            button.setEnabled(k < there - 1)
        self.play.setEnabled(there > 1)

    def _show_playing(self, playing: bool) -> None:
        self.play.set_icon("pause" if playing else "play")
        self.play.set_label("Pause" if playing else "Play", "Space")

    def _show_live(self) -> None:
        self.live.setVisible(self._playhead.running and not self._playhead.live)

    def _set_loop(self, on: bool) -> None:
        self._playhead.loop = on


def _speed_button(playhead: Playhead) -> QToolButton:
    button = QToolButton()
    button.setProperty("role", "drop")
    button.setAccessibleName("Speed")
    button.setToolTip("How fast it plays")
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    menu = QMenu(button)
    group = QActionGroup(menu)
    actions: dict[float, QAction] = {}

    def choose(action: QAction) -> None:
        playhead.speed = float(action.data())

    def show(speed: float) -> None:
        button.setText(SPEEDS.get(speed, f"{speed:g}×"))
        if speed in actions:
            actions[speed].setChecked(True)

    for speed, label in SPEEDS.items():
        action = menu.addAction(label)
        action.setCheckable(True)
        action.setData(speed)
        group.addAction(action)
        actions[speed] = action
    group.triggered.connect(choose)
    button.setMenu(menu)
    playhead.speed_changed.connect(show)
    show(playhead.speed)
    return button
