"""The panel at the right: four parts, of which one is shown."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from visualizer.ui import theme as themes
from visualizer.ui.scroll_room import BAR, keep_room
from visualizer.ui.segments import Segments
from visualizer.ui.words.attention_part import AttentionPart
from visualizer.ui.words.guidance_part import GuidancePart
from visualizer.ui.words.reading_part import ReadingPart
from visualizer.ui.words.swap_part import SwapPart
from visualizer.ui.words.word_sentences import PARTS

WIDTH, NARROW = 44 * themes.SPACE, 40 * themes.SPACE
_SMALL = f"QToolButton {{ font-size: {themes.FONT_SMALL}px; padding: 0 4px; }}"


class WordsPanel(QWidget):
    """A switch, and below it what it chooses, as long as it needs to be."""

    part_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.reading, self.attention = ReadingPart(), AttentionPart()
        self.swap, self.guidance = SwapPart(), GuidancePart()
        self.parts = Segments("What is told of the words")
        self.parts.setStyleSheet(_SMALL)  # four words fit then, also in a narrow window
        for name, (label, about) in PARTS.items():
            self.parts.add(name, label, about)
        self._stack = QStackedWidget()
        self._places: dict[str, QWidget] = {}
        parts = {
            "reading": self.reading,
            "attention": self.attention,
            "swap": self.swap,
            "guidance": self.guidance,
        }
        for name, part in parts.items():
            self._places[name] = _scrolled(part)
            self._stack.addWidget(self._places[name])
        column = QVBoxLayout(self)
        space = themes.SPACE
        column.setContentsMargins(space, 2 * space, 0, 0)
        column.setSpacing(space)
        switch = QVBoxLayout()
        switch.setContentsMargins(0, 0, 2 * space, 0)
        switch.addWidget(self.parts)
        column.addLayout(switch)
        column.addWidget(self._stack, 1)
        self.set_narrow(False)
        self.parts.chosen.connect(self.choose)

    @property
    def part(self) -> str:
        """The name of the part that is shown."""
        return self.parts.current

    def choose(self, name: str) -> None:
        """Show another part.

        Raises:
            KeyError: when there is none of this name.
        """
        self.parts.set_current(name)
        self._stack.setCurrentWidget(self._places[name])
        self.part_chosen.emit(name)

    def set_narrow(self, narrow: bool) -> None:
        """Leave more room to the picture."""
        self.setFixedWidth(NARROW if narrow else WIDTH)


def _scrolled(part: QWidget) -> QScrollArea:
    area = QScrollArea()
    keep_room(area)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    inside = QWidget()
    column = QVBoxLayout(inside)
    space = themes.SPACE
    column.setContentsMargins(0, space, 2 * space - BAR, 2 * space)
    column.addWidget(part)
    area.setWidget(inside)
    return area
