"""The same prompt and seed, painted by the built-in model as it was early in its training."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from visualizer.session.errands import AGAIN, Errand, Errands
from visualizer.session.training_example import LOADING, PIPELINE

if TYPE_CHECKING:
    from visualizer.diffusion.arrays import Picture
    from visualizer.diffusion.facts import ModelFacts
    from visualizer.diffusion.request import SamplingRequest
    from visualizer.diffusion.step import Step
    from visualizer.diffusion.trajectory import Trajectory
    from visualizer.session.worker import Worker
    from visualizer.training.checkpoints import TrainingCheckpoint

FOLDER = "training-checkpoints"
NOT_OF_THIS_MODEL = (
    "Only of the built-in model are the early weights here. Choose it above to see how it learned."
)
NONE_HERE = "This installation has no early weights of the built-in model."


@dataclass(frozen=True)
class CheckpointPicture:
    """What the model painted after a share of its training.

    Attributes:
        share: 0…1; pictures: how many it had been shown by then.
        picture: the final one, (H, W, 3).
        guesses: what it thought of the picture at each step; empty until they are decoded.
    """

    share: float
    pictures: int
    picture: Picture
    guesses: tuple[Picture, ...]


class CheckpointLab(QObject):
    """A strip of pictures, the least trained first; each model is built when its turn comes."""

    began = Signal(object)
    """(share, pictures) of each picture to come, a tuple."""
    painted = Signal(int, object)
    """Which of them, and its CheckpointPicture: first the picture, then again with its guesses."""
    ended = Signal()
    """All are there, or it was stopped, or failed."""
    failed = Signal(object)
    """Failure."""

    def __init__(self, worker: Worker, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._errands = Errands(worker, self)
        self._running: Errand | None = None
        self._folder: Path | None = None
        self.strip: dict[int, CheckpointPicture] = {}
        self.stages: tuple[tuple[float, int], ...] = ()
        self.request: SamplingRequest | None = None
        """What the strip was asked for."""
        self.why_not = LOADING
        """A sentence where there is nothing to see, else ""."""

    @property
    def running(self) -> bool:
        """Whether pictures are being made."""
        return self._running is not None

    def set_facts(self, facts: ModelFacts, *, builtin: bool, folder: Path | None = None) -> None:
        """Another model is there.

        Args:
            folder: where the checkpoints lie; the program's own when None.
        """
        self.stop()
        self.strip, self.stages, self.request = {}, (), None
        self._folder = folder or _own_folder()
        if not builtin or facts.pipeline_class != PIPELINE:
            self.why_not = NOT_OF_THIS_MODEL
        else:
            there = self._folder is not None and any(self._folder.glob("after-*.safetensors"))
            self.why_not = "" if there else NONE_HERE

    def make(self, request: SamplingRequest) -> None:
        """Make the strip of this request; ``began``, ``painted``…, ``ended`` follow."""
        self.stop()
        if self.why_not or self._folder is None:
            return
        self.strip, self.stages, self.request = {}, (), request
        work = _Strip(request, self._folder)
        self._running = self._errands.send(
            "The pictures of the training cannot be made.",
            work.next_one,
            lambda _none: self._end(),
            self._on_failed,
            told=self._on_told,
        )

    def stop(self) -> None:
        """Within one step of the run at hand; what is there stays."""
        if self._running is not None:
            self._running.cancel()
            self._end()

    def set_busy(self, busy: bool) -> None:
        """Whether a normal run is asked for: the strip stands back until its end."""
        self._errands.set_busy(busy)

    def close(self) -> None:
        """Nothing is left running."""
        self._errands.cancel()
        self._running = None

    def _on_told(self, news: Any) -> None:
        if news[0] is None:
            self.stages = news[1]
            self.began.emit(self.stages)
        else:
            self.strip[news[0]] = news[1]
            self.painted.emit(*news)

    def _on_failed(self, failure: object) -> None:
        self._end()
        self.failed.emit(failure)

    def _end(self) -> None:
        self._running = None
        self.ended.emit()


class _Strip:
    """On the worker's thread: one picture a call, then the guesses on the way to it."""

    def __init__(self, request: SamplingRequest, folder: Path) -> None:
        self._request, self._folder = request, folder
        self._checkpoints: list[TrainingCheckpoint] | None = None
        self._stages: tuple[tuple[float, int], ...] = ()
        self._next = 0
        self._run: Trajectory | None = None  # whose guesses are not shown yet
        self._guesses: list[Picture] = []

    def next_one(self, model: Any, errand: Errand) -> object:
        """Paint the next picture of the strip, or show what was thought of it on the way."""
        if self._checkpoints is None:
            self._look(errand)
        if self._next >= len(self._stages):
            return None
        if self._run is None:
            run = self._painted(model, errand)
            if run.final is None:
                return AGAIN if errand.stand_back.is_set() else None
            self._run, self._guesses = run, []
            self._tell(errand)
            return AGAIN
        while len(self._guesses) < len(self._run.steps) and not errand.stand_back.is_set():
            self._guesses.append(_guess(model, self._run.steps[len(self._guesses)]))
        if len(self._guesses) == len(self._run.steps):
            self._tell(errand)
            self._run = None
            self._next += 1
        return AGAIN

    def _look(self, errand: Errand) -> None:
        from visualizer.training.checkpoints import found_checkpoints

        self._checkpoints = found_checkpoints(self._folder)
        if self._checkpoints:
            last = self._checkpoints[-1]
            shown = _shown_in_all(self._folder) or round(last.pictures / last.share)
            early = ((c.pictures / shown, c.pictures) for c in self._checkpoints)
            self._stages = (*early, (1.0, shown))
        errand.tell((None, self._stages))

    def _painted(self, model: Any, errand: Errand) -> Trajectory:
        from visualizer.diffusion.model import Model
        from visualizer.diffusion.sampling import sample
        from visualizer.training.checkpoints import pipeline_at

        assert self._checkpoints is not None
        then = model
        if self._next < len(self._checkpoints):
            early = pipeline_at(model.pipeline, self._checkpoints[self._next].path)
            then = Model(early, vocabulary=model.vocabulary)
        facts = model.facts
        guidance = self._request.guidance_scale
        request = replace(
            self._request,
            steps=self._request.steps or facts.steps,
            guidance_scale=facts.guidance_scale if guidance is None else guidance,
        )
        return sample(then, request, cancelled=errand.stand_back)

    def _tell(self, errand: Errand) -> None:
        assert self._run is not None
        assert self._run.final is not None
        stage, guesses = self._stages[self._next], tuple(self._guesses)
        errand.tell((self._next, CheckpointPicture(*stage, self._run.final, guesses)))


def _guess(model: Any, step: Step) -> Picture:
    """What was thought of the picture at a step: quickly decoded, or exactly while that waits."""
    from visualizer.diffusion.views import view_latents

    fast = model.kept_fast_decoder
    if fast is not None:
        quick: Picture = fast.show(step, "denoised")
        return quick
    exact: Picture = model.decode(view_latents(step, "denoised"), step.layout)
    return exact


def _shown_in_all(folder: Path) -> int:
    """How many pictures the model was shown whose early weights are in a folder; 0 if unknown.

    The program's own went on learning after the training that kept them: their shares are of both.
    """
    from visualizer.assets import asset_path
    from visualizer.training.model_card import read_course

    if folder != _own_folder():
        return 0
    try:
        return read_course(asset_path("builtin-model")).shown
    except (FileNotFoundError, ValueError):
        return 0


def _own_folder() -> Path | None:
    from visualizer.assets import asset_path

    try:
        return asset_path(FOLDER)
    except FileNotFoundError:
        return None
