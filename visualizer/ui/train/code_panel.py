"""The side of a part of the Train page: the loop, what its line does, and what came of it."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from visualizer.ui import theme as themes
from visualizer.ui.panel_parts import button, label
from visualizer.ui.train.code_view import CodeView, line_named


class CodePanel(QWidget):
    """Code above, one sentence on a line and its value, numbers, and the button of slow motion."""

    def __init__(self, told: str, whole: str, parent: QWidget | None = None) -> None:
        """
        Args:
            told: what the denoiser is told of the picture, as a variable.
            whole: what is said while no line is marked or pointed at.
        """
        super().__init__(parent)
        self._whole = whole
        self._value = ""
        self.code = CodeView(told)
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
        self.code.pointed.connect(self._explain)
        self._explain("")

    def mark(self, name: str, value: str = "") -> None:
        """Mark a line, or none, and say what came of it."""
        self.code.set_running(name)
        self._value = value
        self._explain("")

    def _explain(self, pointed: str) -> None:
        line = line_named(pointed or self.code.running)
        self.about.setText(self._whole if line is None else line.about)
        value = "" if pointed and pointed != self.code.running else self._value
        self.value.setText(value)
        self.value.setVisible(bool(value))
