"""The panel's third part: one word of the prompt is changed, or left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from visualizer.ui import theme as themes
from visualizer.ui.panel_parts import button, label
from visualizer.ui.words.step_plot import StepLine, StepMark, StepPlot
from visualizer.ui.words.word_sentences import parting

if TYPE_CHECKING:
    from visualizer.diffusion.facts import Vocabulary
    from visualizer.session.words import SwapResult

_HOW = "Press a word above, then type what should stand in its place."
_AS_MEASURED = (
    "How far the model’s two guesses are apart as pictures: 0 % is equal, 100 % black against "
    "white."
)
_OFFERED = 3


class SwapPart(QWidget):
    """A word, what stands in its place, and what was measured of the two pictures."""

    swap_asked = Signal(str)  # the other word; "" leaves it out
    stop_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._vocabulary: Vocabulary | None = None
        self._word = self._kept = ""
        self._can = False
        self._busy = False
        self.headline = label("title")
        self.headline.setText("Swap a word")
        self.words = label("")
        self.words.setText(_HOW)
        self.word = QLabel()
        self.word.setProperty("role", "value")
        self.field = QLineEdit()
        self.field.setAccessibleName("Word in its place")
        self.field.setPlaceholderText("another word")
        self.field.setToolTip("What stands in its place  (Enter)")
        self.field.setMaxLength(60)
        self.offers = QWidget()
        self.swap = button("Swap it", "Make the picture with the other word from the same start")
        self.drop = button("Leave it out", "Make the picture without this word")
        self.stop = button("Stop", "Stop what is being made", "quiet")
        self.unknown = label("small-quiet")
        self.verdict = label("value")
        self.plot = StepPlot("How far the two pictures are apart")
        self.about = label("small-quiet")
        self._lay_out()
        self.swap.clicked.connect(self._ask)
        self.field.returnPressed.connect(self._ask)
        self.drop.clicked.connect(lambda: self.swap_asked.emit(""))
        self.stop.clicked.connect(self.stop_asked)
        self.field.textChanged.connect(lambda _text: self._judge())
        self.show_result(None)
        self.show_word("")

    def _lay_out(self) -> None:
        self._offers = QHBoxLayout(self.offers)
        self._offers.setContentsMargins(0, 0, 0, 0)
        self._offers.setSpacing(themes.SPACE // 2)
        line = QHBoxLayout()
        line.setSpacing(themes.SPACE)
        line.addWidget(self.word)
        line.addWidget(QLabel("\u2192"))
        line.addWidget(self.field, 1)
        self._line = QWidget()
        self._line.setLayout(line)
        line.setContentsMargins(0, 0, 0, 0)
        acts = QHBoxLayout()
        acts.setSpacing(themes.SPACE)
        for part in (self.swap, self.drop, self.stop):
            acts.addWidget(part)
        acts.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(themes.SPACE)
        column.addWidget(self.headline)
        column.addWidget(self.words)
        column.addWidget(self._line)
        column.addWidget(self.offers)
        column.addWidget(self.unknown)
        column.addLayout(acts)
        column.addSpacing(themes.SPACE)
        for each in (self.verdict, self.plot, self.about):
            column.addWidget(each)
        column.addStretch(1)

    # --- what it shows ------------------------------------------------------------------------

    def set_vocabulary(self, vocabulary: Vocabulary | None) -> None:
        """The words that may be offered; None: the model knows a whole language."""
        self._vocabulary = vocabulary
        self._offer()
        self._judge()

    def show_word(self, word: str) -> None:
        """The word that is to be changed; "" while none is chosen."""
        if word == self._word and word:
            return
        self._word = word
        self.word.setText(f"“{word}”" if word else "")
        self.words.setText(self._kept if word else _HOW)
        self.field.clear()
        self._line.setVisible(bool(word))
        self._offer()
        self._judge()

    def show_kept(self, words: str) -> None:
        """What the two pictures have in common."""
        self._kept = words
        self.words.setText(words if self._word else _HOW)
        self.about.setText(f"{_AS_MEASURED} {words}")

    def set_state(self, *, can: bool, busy: bool) -> None:
        """Whether a word can be swapped now, and whether one is being swapped."""
        self._can, self._busy = can, busy
        self._judge()

    def show_result(self, result: SwapResult | None, message: str = "") -> None:
        """What came of it, or what is being done."""
        self.verdict.setText(parting(result) if result else message)
        self.verdict.setVisible(result is not None or bool(message))
        for part in (self.plot, self.about):
            part.setVisible(result is not None)
        if result is None:
            return
        values = tuple(float(v) for v in result.differences)
        first = result.first_visible
        mark = None if first is None else StepMark(first, "they part")
        self.plot.show_lines([StepLine("difference", values, strong=True)], mark=mark)

    def fill_in(self, other: str) -> None:
        """Type a word."""
        self.field.setText(other)

    def _judge(self) -> None:
        text = self.field.text().strip()
        known = self._vocabulary
        new = [
            each
            for each in text.casefold().split()
            if known is not None and each not in known.words
        ]
        self.unknown.setText(f"The model was never taught “{new[0]}”." if new else "")
        self.unknown.setVisible(bool(new))
        free = bool(self._word) and self._can and not self._busy
        self.swap.setEnabled(free and bool(text) and text != self._word)
        self.drop.setEnabled(free)
        for part in (self.swap, self.drop):
            part.setVisible(bool(self._word) and not self._busy)
        self.field.setEnabled(not self._busy)
        self.stop.setVisible(self._busy)
        self.offers.setVisible(self._offers.count() > 1 and not self._busy)
        self.offers.setEnabled(free)

    def _offer(self) -> None:
        """A few words of the same kind, one press away."""
        while (item := self._offers.takeAt(0)) is not None:
            old = item.widget()
            if old is not None:
                old.hide()
                old.deleteLater()
        found = same_kind(self._word, self._vocabulary)[:_OFFERED]
        for other in found:
            offer = button(other, f"“{other}” in its place", "quiet")
            offer.clicked.connect(lambda _=False, other=other: self._take(other))
            self._offers.addWidget(offer)
        self._offers.addStretch(1)

    def _take(self, other: str) -> None:
        self.field.setText(other)
        self._ask()

    def _ask(self) -> None:
        self._judge()
        if self.swap.isEnabled():
            self.swap_asked.emit(self.field.text().strip())


def same_kind(word: str, vocabulary: Vocabulary | None) -> list[str]:
    """Words of the kind of a word, e.g. other colors; objects where its kind is not known."""
    if vocabulary is None or not word:
        return []
    low = word.casefold()
    kinds = (vocabulary.colors, vocabulary.objects, vocabulary.places, vocabulary.times)
    own = next((kind for kind in kinds if low in kind), None)
    if own is None:
        return []
    at = own.index(low)
    return [*own[at + 1 :], *own[:at]]
