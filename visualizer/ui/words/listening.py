"""The big picture with what listens to a word lit, and what is chosen of it at its side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from visualizer.ui import theme as themes
from visualizer.ui.canvas import Canvas
from visualizer.ui.panel_parts import button, label
from visualizer.ui.segments import Segments
from visualizer.ui.view_switch import ViewMenu, ViewSwitch
from visualizer.ui.words.attention_overlay import AttentionOverlay, word_map
from visualizer.ui.words.word_sentences import MAKE_AGAIN, MAKE_AGAIN_TIP, WHEN, heard_here

if TYPE_CHECKING:
    from visualizer.diffusion.arrays import Picture
    from visualizer.diffusion.attention import AttentionMaps
    from visualizer.session.playhead import Playhead
    from visualizer.session.timeline import Timeline

SIDE = 17 * themes.SPACE


class Listening(QWidget):
    """A canvas under an overlay, and a narrow column of controls."""

    when_changed = Signal()
    place_changed = Signal()  # the mouse points at another place of the picture
    record_asked = Signal()

    def __init__(self, playhead: Playhead, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._playhead = playhead
        self._timeline: Timeline | None = None
        self._place: tuple[float, float] | None = None  # shares of the picture's sides
        self.canvas = Canvas(playhead)
        self.canvas.setMouseTracking(True)
        self.canvas.installEventFilter(self)
        self.overlay = AttentionOverlay(self.canvas)
        self.switch = ViewSwitch(playhead, self)
        self.switch.hide()
        self.view_menu = ViewMenu(self.switch)
        self.when = Segments("Which attention")
        for name, (text, about) in WHEN.items():
            self.when.add(name, text, about)
        self.when.set_upright(True)
        self.record = button(MAKE_AGAIN, MAKE_AGAIN_TIP)
        self.why = label("small-quiet")
        self.scale = label("small-quiet")
        self._lay_out()
        self.when.chosen.connect(lambda _name: self.when_changed.emit())
        self.record.clicked.connect(self.record_asked)

    def _lay_out(self) -> None:
        space = themes.SPACE
        column = QVBoxLayout()
        column.setSpacing(space)
        for part in (self.view_menu, self.when, self.scale, self.why, self.record):
            column.addWidget(part)
        column.addStretch(1)
        side = QWidget()
        side.setFixedWidth(SIDE)
        side.setLayout(column)
        column.setContentsMargins(0, 0, 0, 0)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(space)
        row.addWidget(self.canvas, 1)
        row.addWidget(side, 0, Qt.AlignmentFlag.AlignTop)

    def set_timeline(self, timeline: Timeline | None) -> None:
        """Show another run, or none."""
        self._timeline = timeline
        self.canvas.set_timeline(timeline)
        self.switch.set_timeline(timeline)

    def step(self, maps: AttentionMaps) -> int | None:
        """The step whose maps are looked at; None: all of them together.

        At the finished picture nothing was asked any more: there it is all of them.
        """
        index, last = self._playhead.index, maps.first + len(maps.steps) - 1
        ended = self._timeline is not None and not self._timeline.running
        if self.when.current == "all" or (ended and index > last):
            return None
        return min(max(index, maps.first), last)

    def show_word(self, maps: AttentionMaps | None, word: int | None) -> None:
        """Light what listens to a word; None: the picture as it is."""
        self.when.setVisible(maps is not None)
        here = None if maps is None else self.shares_here(maps)
        shown = None
        numbers = self.canvas.shows_numbers  # not laid out as the picture is
        if maps is not None and word is not None and word < len(maps.words) and not numbers:
            shown = word_map(maps.of_word(word, self.step(maps)), len(maps.words))
        self.overlay.show_map(shown)
        said = "" if shown is None else shown.words
        if maps is not None and here is not None:
            said = heard_here(maps.words, here)
        self.scale.setText(said)
        self.scale.setVisible(bool(said))

    def shares_here(self, maps: AttentionMaps) -> list[float] | None:
        """What the pixel under the mouse listens to, word by word; None: the mouse is elsewhere."""
        if self._place is None or self.canvas.shows_numbers:
            return None
        column = min(int(self._place[0] * maps.columns), maps.columns - 1)
        row = min(int(self._place[1] * maps.rows), maps.rows - 1)
        step = self.step(maps)
        return [float(maps.of_word(n, step)[row, column]) for n in range(len(maps.words))]

    def any_picture(self) -> Picture | None:
        """What is shown; while that is being made, the finished picture or a small one."""
        run = self._timeline
        if run is None or (self.canvas.picture is not None and not self.canvas.shows_numbers):
            return self.canvas.picture
        if not run.shows_pictures(self._playhead.index):
            return None
        final = run.trajectory.final if run.trajectory is not None else None
        return run.thumbnail(self._playhead.index) if final is None else final

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Follow the mouse over the picture."""
        if event.type() == QEvent.Type.MouseMove and isinstance(event, QMouseEvent):
            target, at = self.canvas.target_rect(), event.position()
            inside = target.contains(at)
            x, y = at.x() - target.x(), at.y() - target.y()
            self._move_to((x / target.width(), y / target.height()) if inside else None)
        elif event.type() == QEvent.Type.Leave:
            self._move_to(None)
        return False

    def _move_to(self, place: tuple[float, float] | None) -> None:
        if place != self._place:
            self._place = place
            self.place_changed.emit()

    def say_why(self, why: str, can_record: bool) -> None:
        """Why there is nothing to light up, and the way out of it."""
        self.why.setText(why)
        self.why.setVisible(bool(why))
        self.record.setVisible(can_record)
