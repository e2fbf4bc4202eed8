"""FlowTransport: the buttons of time under the particles, and what is drawn beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from visualizer.ui import theme as themes
from visualizer.ui.icons import IconButton
from visualizer.ui.physics.physics_words import ARROWS_TIP, PATHS_TIP

if TYPE_CHECKING:
    from visualizer.session.playhead import Playhead


class FlowTransport(QWidget):
    """⏮ ▶ ⏭ and loop at the left, two quiet toggles at the right."""

    def __init__(self, playhead: Playhead, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._playhead = playhead
        self.setAccessibleName("Playback")
        self.first = IconButton("first", "To the beginning", "Home")
        self.previous = IconButton("previous", "A little back", "←")
        self.play = IconButton("play", "Play", "Space")
        self.next = IconButton("next", "A little on", "→")
        self.last = IconButton("last", "To the end", "End")
        self.loop = IconButton("loop", "Play again and again")
        self.loop.setCheckable(True)
        self.arrows, self.paths = QPushButton("Arrows"), QPushButton("Paths")
        self.first.clicked.connect(lambda: playhead.home())
        self.previous.clicked.connect(lambda: playhead.step(-1))
        self.play.clicked.connect(lambda: playhead.toggle())
        self.next.clicked.connect(lambda: playhead.step(1))
        self.last.clicked.connect(lambda: playhead.end())
        self.loop.toggled.connect(self._set_loop)
        for button in (self.previous, self.next):
            button.setAutoRepeat(True)
        for toggle, about in ((self.arrows, ARROWS_TIP), (self.paths, PATHS_TIP)):
            toggle.setCheckable(True)
            toggle.setProperty("role", "quiet")
            toggle.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            toggle.setAccessibleName(toggle.text())
            toggle.setToolTip(about)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(themes.SPACE // 2)
        for widget in (self.first, self.previous, self.play, self.next, self.last):
            row.addWidget(widget)
        row.addSpacing(themes.SPACE)
        row.addWidget(self.loop)
        row.addStretch(1)
        self._tools = QHBoxLayout()
        self._tools.setSpacing(themes.SPACE)
        row.addLayout(self._tools)
        row.addSpacing(themes.SPACE)
        row.addWidget(self.arrows)
        row.addWidget(self.paths)
        playhead.moved.connect(lambda _k: self._show_position())
        playhead.bounds_changed.connect(lambda _count: self._show_position())
        playhead.playing_changed.connect(self._show_playing)
        playhead.loop_changed.connect(self.loop.setChecked)
        self._show_position()

    def add_tool(self, widget: QWidget) -> None:
        """Put what belongs to a shape before the toggles."""
        self._tools.addWidget(widget)

    def _show_position(self) -> None:
        k, last = self._playhead.index, self._playhead.count - 1
        for button in (self.first, self.previous):
            button.setEnabled(k > 0)
        for button in (self.next, self.last):
            button.setEnabled(k < last)
        self.play.setEnabled(last > 0)

    def _show_playing(self, playing: bool) -> None:
        self.play.set_icon("pause" if playing else "play")
        self.play.set_label("Pause" if playing else "Play", "Space")

    def _set_loop(self, on: bool) -> None:
        self._playhead.loop = on
