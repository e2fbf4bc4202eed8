"""Swapping: one word of the prompt is changed, both pictures are made, and what differs is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from visualizer.session.failure import Failure
from visualizer.ui.explanation import percent
from visualizer.ui.tile_grid import ShownTile, TileGrid
from visualizer.ui.words import exhibits
from visualizer.ui.words.swap_part import SwapPart
from visualizer.ui.words.word_sentences import kept, swapped

if TYPE_CHECKING:
    from visualizer.diffusion.arrays import Picture
    from visualizer.diffusion.request import SamplingRequest
    from visualizer.export.exhibit import ExhibitPlan
    from visualizer.session.playhead import Playhead
    from visualizer.session.timeline import Timeline
    from visualizer.session.words import SwapResult, Words

_EMPTY = "The other picture comes here."
_MAKING = "Making it …"


Base = Callable[[], "SamplingRequest | None"]


class Swapping(QObject):
    """Both pictures stand in the middle of the page; the curve of their difference in the panel."""

    def __init__(
        self,
        words: Words,
        part: SwapPart,
        playhead: Playhead,
        base: Base,
        parent: QObject | None = None,
    ) -> None:
        """``base`` tells what the first of the two pictures is made from."""
        super().__init__(parent)
        self._words, self._part, self._base_of = words, part, base
        self._run: Timeline | None = None
        self._prompt = ""
        self._prompt_words: tuple[str, ...] = ()
        self._weighted = False
        self._word: int | None = None
        self._busy = False
        self._wished: tuple[str, str, bool] | None = None  # a word, another, whether at once
        self._other = ""  # the prompt of the other picture
        self._result: SwapResult | None = None
        self.stage = TileGrid("The picture, and the one with the other word")
        self.stage.set_caption_rows(3)
        part.swap_asked.connect(self.begin)
        part.stop_asked.connect(self.stop)
        words.swap_progressed.connect(self._progressed)
        words.swap_ready.connect(self._take)
        words.failed.connect(self._fail)
        playhead.moved.connect(part.plot.stand)
        self._show()

    @property
    def result(self) -> SwapResult | None:
        """What came of the last swap; None while there is none."""
        return self._result

    @property
    def busy(self) -> bool:
        """Whether pictures are being made."""
        return self._busy

    # --- what is looked at --------------------------------------------------------------------

    def set_run(self, run: Timeline | None) -> None:
        """Another run is looked at: what was made beside the last one goes."""
        if run is self._run:
            return
        self.stop()
        if self._run is not None:
            self._run.grown.disconnect(self._grown)
        self._run = run
        if run is not None:
            run.grown.connect(self._grown)
        self.forget()

    def _grown(self) -> None:
        if self._run is not None and not self._run.running and self._result is None:
            self._show()  # its picture is there

    def forget(self) -> None:
        """What was made does not hold any more."""
        self._result, self._other = None, ""
        self._show()

    def show_word(
        self, prompt: str, words: tuple[str, ...], word: int | None, *, weighted: bool
    ) -> None:
        """The word that is chosen among those of a prompt, and whether weights are read in it."""
        self._prompt_words, self._weighted = words, weighted
        if prompt != self._prompt:
            self._prompt = prompt
            self.forget()
        self._word = word
        text = "" if word is None else words[word]
        self._part.show_word(text)
        wished = self._wished
        if wished is not None and text.casefold() == wished[0].casefold():
            self._wished = None
            self._part.fill_in(wished[1])
            if wished[2]:
                self.begin(wished[1])
        self._judge()

    def look_again(self) -> None:
        """The fields may ask for something else."""
        self._judge()

    def wish(self, word: str, other: str, *, at_once: bool) -> None:
        """As soon as a word is chosen: type another one, and begin."""
        self._wished = (word, other, at_once)

    def begin(self, other: str) -> None:
        """Make both pictures; an empty ``other`` leaves the word out."""
        request = self._base()
        if request is None or self._word is None or self._busy:
            return
        words, word = self._prompt_words, self._word
        prompt = swapped(self._prompt, words, word, other, weighted=self._weighted)
        self._other, self._result, self._busy = prompt, None, True
        self._show(_MAKING)
        run = None if self._run is None else self._run.trajectory
        self._words.compare(request, replace(request, prompt=prompt), made=run)

    def stop(self) -> bool:
        """Stop what is being made; whether there was something."""
        was, self._busy = self._busy, False
        if was:
            self._words.cancel_swap()
            self._show()
        return was

    def _base(self) -> SamplingRequest | None:
        base = self._base_of()
        return None if base is None else replace(base, prompt=self._prompt)

    # --- what comes of it ---------------------------------------------------------------------

    def _progressed(self, done: float) -> None:
        if self._busy:
            self._part.show_result(None, f"{_MAKING} {percent(done)}")

    def _take(self, result: SwapResult) -> None:
        if self._busy:
            self._busy, self._result = False, result
            self._show()

    def _fail(self, _failure: Failure) -> None:
        if self._busy:
            self._busy = False
            self._show()

    # --- what is shown ------------------------------------------------------------------------

    def _show(self, message: str = "") -> None:
        self._part.show_result(self._result, message)
        self.stage.show_tiles(
            [
                ShownTile(self._captions()[0], self._pictures()[0], "", marked=True),
                ShownTile(self._captions()[1], self._pictures()[1], message or _EMPTY, marked=True),
            ]
        )
        self._judge()

    def _captions(self) -> tuple[str, str]:
        return (self._prompt or self._own_prompt(), self._other)

    def _own_prompt(self) -> str:
        return "" if self._run is None else self._run.request.prompt

    def _pictures(self) -> tuple[Picture | None, Picture | None]:
        if self._result is not None:
            return self._result.pictures
        run = self._run
        own = run.trajectory.final if run is not None and run.trajectory is not None else None
        return own if self._prompt in ("", self._own_prompt()) else None, None

    def _judge(self) -> None:
        can = self._base_of() is not None and not self._words.why_no_swap
        self._part.set_state(can=can, busy=self._busy)
        if self._result is None:  # else it tells of that one
            self._part.show_kept(
                kept(self._base(), None if self._run is None else self._run.request)
            )

    def exhibit(self) -> ExhibitPlan | None:
        """Both pictures, one after the other."""
        if self._result is None:
            return None
        return exhibits.of_pictures(
            "A swapped word", list(zip(self._captions(), self._pictures(), strict=True))
        )
