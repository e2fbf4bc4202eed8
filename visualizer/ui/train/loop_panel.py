"""The side of a part of the Train page: the loop, what its line does, and what came of it."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from visualizer.training.training_loop import LOOP
from visualizer.ui import theme as themes
from visualizer.ui.code_view import CodeView
from visualizer.ui.panel_parts import button, label

NAMES = tuple(line.name for line in LOOP)


class LoopPanel(QWidget):
    """Code above, one sentence on a line and its value, numbers, and the button of slow motion."""

    def __init__(self, told: str, whole: str, parent: QWidget | None = None) -> None:
        """
        Args:
            told: what the denoiser is told of the picture, as a variable.
            whole: what is said while no line is marked or pointed at.
        """
        super().__init__(parent)
        self._whole = whole
        self._lines = [line.code.replace("{c}", told) for line in LOOP]
        self._running = self._value = ""
        self._passing = False
        self._asked = self._pointed = -1
        self.code = CodeView("The training loop", "Click a line to keep what is said of it")
        self.about, self.value = label(""), label("value")
        self.numbers, self.reading = label(""), label("small-quiet")
        self.next_line = button("One line at a time", "Do the next line of the loop, and look")
        self.other = button("", "")
        self.other.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(themes.SPACE)
        column.addWidget(self.code)
        buttons = QHBoxLayout()
        buttons.setSpacing(themes.SPACE)
        buttons.addWidget(self.next_line)
        buttons.addWidget(self.other)
        buttons.addStretch(1)
        column.addLayout(buttons)
        column.addWidget(self.about)
        column.addWidget(self.value)
        column.addSpacing(themes.SPACE)
        column.addWidget(self.numbers)
        column.addWidget(self.reading)
        column.addStretch(1)
        self.code.pointed.connect(self._point)
        self.code.asked.connect(self._ask)
        self._explain()

    @property
    def running(self) -> str:
        """The name of the marked line; "" where there is none."""
        return self._running

    def mark(self, name: str, value: str = "") -> None:
        """Mark a line, or none, and say what came of it."""
        if name != self._running:
            self._asked = -1  # what happens now is worth more than what was asked before
        self._running, self._value, self._passing = name, value, False
        self._explain()

    def pass_by(self, name: str) -> None:
        """Mark a line that is left before its sentence could be read: what was asked stays."""
        self._running, self._value, self._passing = name, "", True
        self._explain()

    def _point(self, row: int) -> None:
        self._pointed = row
        self._explain()

    def _ask(self, row: int) -> None:
        self._asked = -1 if row == self._asked else row
        self._explain()

    def _explain(self) -> None:
        """What is pointed at goes before what was asked for, and that before what runs."""
        runs = NAMES.index(self._running) if self._running else -1
        self.code.show_lines(self._lines, runs, self._asked)
        read = -1 if self._passing else runs
        row = next((row for row in (self._pointed, self._asked) if row >= 0), read)
        self.about.setText(self._whole if row < 0 else LOOP[row].about)
        value = self._value if row == runs else ""
        self.value.setText(value)
        self.value.setVisible(bool(value))
