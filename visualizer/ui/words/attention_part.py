"""The panel's second part: who listens, word by word, now and over time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from visualizer.ui import theme as themes
from visualizer.ui.panel_parts import label
from visualizer.ui.words.map_grid import MapGrid
from visualizer.ui.words.step_plot import StepLine, StepPlot
from visualizer.ui.words.word_sentences import heard

if TYPE_CHECKING:
    from visualizer.diffusion.arrays import Picture
    from visualizer.diffusion.attention import AttentionMaps

_AS_SEEN = (
    "Of the attention to words, the mean of all layers and heads. What goes to the marks of begin "
    "and end is left out. Colors are kept where a word is heard."
)


class AttentionPart(QWidget):
    """Follows the playhead and the word that is pointed at."""

    pointed = Signal(object)
    pressed = Signal(object)
    step_asked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._maps: AttentionMaps | None = None
        self._drawn: tuple[object, ...] = ()
        self.headline = label("title")
        self.headline.setText("Who listens")
        self.words = label("")
        self.grid = MapGrid()
        self.over_time = label("value")
        self.over_time.setText("Over time")
        self.plot = StepPlot("How a word is heard over time")
        self.about = label("small-quiet")
        self.about.setText(_AS_SEEN)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(themes.SPACE)
        self._of_maps: tuple[QWidget, ...] = (self.grid, self.over_time, self.plot, self.about)
        for part in (self.headline, self.words, *self._of_maps):
            column.addWidget(part)
        column.addStretch(1)
        self.grid.pointed.connect(self.pointed)
        self.grid.pressed.connect(self.pressed)
        self.plot.step_asked.connect(self.step_asked)
        self.show_nothing("")

    def show_nothing(self, why: str) -> None:
        """There are no maps: say why."""
        self._maps, self._drawn = None, ()
        self.words.setText(why)
        self.grid.show_maps(None, None, None)
        for part in self._of_maps:
            part.hide()

    def show_maps(
        self,
        maps: AttentionMaps,
        step: int | None,
        word: int | None,
        picture: Picture | None,
        here: int | None,
    ) -> None:
        """Show maps.

        Args:
            step: the one that is looked at; None: all of them.
            word: the one that is looked at.
            picture: what the maps lie over.
            here: where the playhead stands.
        """
        for part in self._of_maps:
            part.show()
        self.words.setText(heard(maps, word, step))
        self.grid.show_maps(maps, step, picture)
        self.grid.show_word(word)
        drawn = (maps, len(maps.steps), word)
        if drawn != self._drawn:
            self._drawn = drawn
            lines = [
                StepLine(name, tuple(float(v) for v in maps.strength(n)), n == word)
                for n, name in enumerate(maps.words)
            ]
            even = 1 / max(len(maps.words), 1)
            self.plot.show_lines(lines, first=maps.first, even=even, even_name="an even share")
        self.plot.stand(here)
