"""The panel's fourth part: how hard the picture is pulled towards the words."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from visualizer.ui import theme as themes
from visualizer.ui.panel_parts import button, label
from visualizer.ui.segments import Segments

LOOKS = {
    "step": ("This step", "What the prompt changes in the guess of the step under the playhead"),
    "strip": ("1 … 12", "The same beginning, pulled towards the words ever harder"),
    "unprompted": ("No prompt", "Pictures without any words, from several seeds"),
}
SCALES = (1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0)
SEEDS = 6
"""Pictures without a prompt: of the seed and those that follow."""
_SOURCE = "Classifier-free guidance: Ho and Salimans 2022."


class GuidancePart(QWidget):
    """Chooses what the middle shows, and asks for what is not made yet."""

    look_chosen = Signal(str)
    make_asked = Signal()
    stop_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.headline = label("title")
        self.headline.setText("Pulled by words")
        self.looks = Segments("What is shown of guidance")
        for name, (text, about) in LOOKS.items():
            self.looks.add(name, text, about)
        self.words = label("")
        self.state = label("value")
        self.make = button("Make them", "Makes the pictures one after the other; they stay")
        self.stop = button("Stop", "Stop; what is made stays", "quiet")
        self.source = label("small-quiet")
        self.source.setText(_SOURCE)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(themes.SPACE)
        for part in (self.headline, self.looks, self.words, self.state, self.make, self.stop):
            column.addWidget(part)
        column.addWidget(self.source)
        column.addStretch(1)
        self.looks.chosen.connect(self._choose)
        self.make.clicked.connect(self.make_asked)
        self.stop.clicked.connect(self.stop_asked)
        self.show_state("", "", 0, busy=False, can=False)

    @property
    def look(self) -> str:
        """What is looked at: "step", "strip" or "unprompted"."""
        return self.looks.current

    def choose(self, look: str) -> None:
        """Look at another thing.

        Raises:
            KeyError: for one that does not exist.
        """
        self.looks.set_current(look)
        self._choose(look)

    def _choose(self, look: str) -> None:
        self.look_chosen.emit(look)

    def show_state(self, words: str, state: str, missing: int, *, busy: bool, can: bool) -> None:
        """Say how far it is.

        Args:
            words: what is told of what is looked at.
            state: a sentence of numbers, or "".
            missing: pictures that are not made yet.
            busy: they are being made.
            can: whether they can be.
        """
        look = self.look
        self.words.setText(words)
        self.state.setText(state)
        self.state.setVisible(bool(state))
        text = f"Make the {missing} pictures" if missing > 1 else "Make the picture"
        self.make.setText(text)
        self.make.setAccessibleName(text)
        self.make.setVisible(look != "step" and missing > 0 and not busy)
        self.make.setEnabled(can)
        self.stop.setVisible(busy)
