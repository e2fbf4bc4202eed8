"""Not fetched from memory: looks for the drawings that a finished picture is most like."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from visualizer.session.errands import AGAIN, Errand, Errands

if TYPE_CHECKING:
    from visualizer.diffusion.arrays import FloatArray, Picture
    from visualizer.diffusion.facts import ModelFacts
    from visualizer.session.timeline import Timeline
    from visualizer.session.worker import Worker
    from visualizer.training.nearest import Neighbors

Look = Callable[[Any, "Picture", "FloatArray"], "Iterator[Neighbors | None]"]
"""(the Model, a picture, its latent) → the answer, last of all, in small pieces of work."""
BUILTIN = "Built-in"
_TITLE = "The training drawings cannot be searched."
_NONE_YET = "Make a picture first."
_NOT_FINISHED = "The picture is not finished: only finished ones can be looked for."
_OTHER_MODEL = "What this model was trained on is not known here. The built-in model’s is."
_OPEN_IT = "Open the built-in model to look for the drawings it was trained on."
_NOT_THERE = "The list of the training drawings is missing: install the program again."


class Drawings(QObject):
    """Searches in slices, so that nothing has to wait long for it; the newest wish wins."""

    found = Signal(object, object)
    """(the Timeline that was asked about, Neighbors)"""
    failed = Signal(object)  # Failure

    def __init__(
        self, worker: Worker, parent: QObject | None = None, look: Look | None = None
    ) -> None:
        """
        Args:
            look: how a picture is looked for; None searches the index that ships.
        """
        super().__init__(parent)
        self._errands = Errands(worker, self)
        self._facts: ModelFacts | None = None
        self._given = look
        self._look: Look = look or _ShippedIndex()

    def set_facts(self, facts: ModelFacts) -> None:
        """Another model is there."""
        self._facts = facts
        self._errands.cancel()

    def why_not(self, timeline: Timeline | None) -> str:
        """Why nothing can be looked for, a sentence; "" where it can."""
        if timeline is None:
            return _NONE_YET
        run = timeline.trajectory
        if run is None or run.final is None:
            return _NOT_FINISHED
        if run.model.name != BUILTIN:
            return _OTHER_MODEL
        if self._facts is None or self._facts.weights_hash != run.model.weights_hash:
            return _OPEN_IT
        return "" if self._given is not None or _folder() is not None else _NOT_THERE

    def find(self, timeline: Timeline) -> None:
        """``found`` or ``failed`` follows, unless something else is asked meanwhile."""
        if self.why_not(timeline):
            return
        run = timeline.trajectory
        assert run is not None
        assert run.final is not None
        self._errands.cancel()
        slices = _Slices(self._look, run.final, run.steps[-1].denoised)
        self._errands.send(
            _TITLE,
            slices,
            lambda neighbors: self.found.emit(timeline, neighbors),
            self.failed.emit,
            urgent=True,
        )

    def close(self) -> None:
        """Look for nothing any more."""
        self._errands.cancel()


class _Slices:
    """One search, a small piece at a time."""

    def __init__(self, look: Look, picture: Picture, latent: FloatArray) -> None:
        self._look, self._picture, self._latent = look, picture, latent
        self._search: Iterator[Neighbors | None] | None = None

    def __call__(self, model: Any, _errand: Errand) -> object:
        if self._search is None:
            self._search = self._look(model, self._picture, self._latent)
        answer = next(self._search)
        return AGAIN if answer is None else answer


class _ShippedIndex:
    """The index and the judge that ship, read once. Lives on the worker's thread."""

    def __init__(self) -> None:
        self._read: tuple[Any, Any] | None = None

    def __call__(
        self, model: Any, picture: Picture, latent: FloatArray
    ) -> Iterator[Neighbors | None]:
        from visualizer.training.drawing_index import (
            INDEX_FILE,
            JUDGE_FILE,
            DrawingsError,
            load_index,
        )
        from visualizer.training.evaluation.judge import load_judge
        from visualizer.training.nearest import search

        if self._read is None:
            folder = _folder()
            if folder is None:
                raise DrawingsError(_NOT_THERE)
            self._read = load_index(folder / INDEX_FILE), load_judge(folder / JUDGE_FILE)
        index, judge = self._read
        if index.weights_hash != model.identity.weights_hash:
            raise DrawingsError("The list of drawings belongs to another version of this model.")
        vae = model.pipeline.vae
        yield None
        yield from search(index, vae, judge, picture, latent / vae.config.scaling_factor)


def _folder() -> Path | None:
    from visualizer.assets import asset_path

    try:
        return asset_path("training-drawings")
    except FileNotFoundError:
        return None
