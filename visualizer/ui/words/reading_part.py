"""The panel's first part: tokens, who looks at whom, the embedding, and which words are near."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from visualizer.ui import theme as themes
from visualizer.ui.noise_panel import MeasuredBars
from visualizer.ui.noise_words import Bar
from visualizer.ui.panel_parts import label
from visualizer.ui.words.reading_list import ReadingList
from visualizer.ui.words.word_sentences import how_it_reads, look_of, near_words, path_of

if TYPE_CHECKING:
    from visualizer.diffusion.word_reading import WordReading

_AS_READ = (
    "Arcs lead from a word to those it looks at, the mean of all layers. The stripes are the "
    "numbers that a word becomes, its embedding: what the picture listens to at every step."
)
_HOW_NEAR = (
    "1 is the same direction, 0 has nothing in common: cosine of what the encoder makes of the "
    "words, the mean of all words taken off."
)


class ReadingPart(QWidget):
    """Follows the word that is pointed at."""

    pointed = Signal(object)
    pressed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._reading: WordReading | None = None
        self.headline = label("title")
        self.path = label("small-quiet")
        self.words = label("")
        self.look = label("")
        self.list = ReadingList()
        self.about = label("small-quiet")
        self.near_title = label("value")
        self.near_words = label("")
        self.bars = MeasuredBars()
        self.bars.setAccessibleName("Nearest words")
        self.how_near = label("small-quiet")
        self.headline.setText("How it is read")
        self.about.setText(_AS_READ)
        self.near_title.setText("Near words")
        self.how_near.setText(_HOW_NEAR)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(themes.SPACE)
        blocks: tuple[tuple[QWidget, ...], ...] = (
            (self.headline, self.path, self.words),
            (self.list, self.look, self.about),
            (self.near_title, self.near_words, self.bars, self.how_near),
        )
        for block in blocks:
            for part in block:
                column.addWidget(part)
            column.addSpacing(themes.SPACE)
        column.addStretch(1)
        self.list.pointed.connect(self.pointed)
        self.list.pressed.connect(self.pressed)
        self.show_near("", ())
        self.show_reading(None, "")

    @property
    def reading(self) -> WordReading | None:
        """What is shown."""
        return self._reading

    def show_reading(self, reading: WordReading | None, why_not: str) -> None:
        """Show what was read; where there is nothing, the reason."""
        self._reading = reading
        self.list.show_reading(reading)
        there = reading is not None
        self.path.setText(path_of(reading) if reading else "")
        self.path.setToolTip(f"Text encoder: {reading.encoder}" if reading else "")
        self.words.setText(how_it_reads(reading) if reading else why_not)
        for part in (self.path, self.list, self.about, self.look):
            part.setVisible(there)
        self.show_word(None)

    def show_word(self, word: int | None) -> None:
        """Say whom a word looks at."""
        self.list.show_word(word)
        if self._reading is not None:
            self.look.setText(look_of(self._reading, word))

    def show_near(self, word: str, found: Sequence[tuple[str, float]]) -> None:
        """Show which words are nearest to one."""
        self.near_words.setText(near_words(word, found))
        self.bars.show_bars([Bar(other, likeness) for other, likeness in found])
        for part in (self.near_title, self.near_words, self.how_near):
            part.setVisible(bool(found))
