"""The live lab: a small denoiser is trained on the worker's thread, and shows how it comes on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from PySide6.QtCore import QObject, Signal

from visualizer.session.errands import AGAIN, SLICE_S, Errand, Errands
from visualizer.session.failure import Failure

if TYPE_CHECKING:
    from visualizer.diffusion.arrays import Picture
    from visualizer.session.worker import Worker
    from visualizer.training.live_lab import Done, LiveLab

LabState = Literal["new", "opening", "drawing", "training", "paused"]
LEARNING_RATE = 2e-3
SAMPLES_SHARE = 0.025
"""The share of the training's time that its sample pictures should take."""
SAMPLES_APART_S = (2.0, 12.0)
"""So long it learns at least, and at most, between two of them; a slow machine gives a larger
share, so that one sees something."""
_TELL_S = 0.1


@dataclass(frozen=True)
class LabProgress:
    """How far it is.

    Attributes:
        losses: of the last steps, some of which may have been told before.
        steps, pictures: all that were taken, and shown.
        seconds: that the training itself has taken.
        drawings: how many there are to learn from by now.
        line: of the loop, where it is just now.
    """

    losses: tuple[float, ...]
    steps: int
    pictures: int
    seconds: float
    drawings: int
    line: str = ""


@dataclass(frozen=True)
class LineDone:
    """A line of the loop, as in ``visualizer.training.training_loop``, and what came of it."""

    name: str
    value: str


@dataclass(frozen=True, eq=False)
class LabSamples:
    """What it painted, one picture a subject, after so many steps and pictures."""

    steps: int
    pictures: int
    seconds: float
    painted: tuple[Picture, ...]


class TrainLab(QObject):
    """Start, pause, reset; a person's runs and the pictures on the screen come first."""

    changed = Signal(str)
    """``state`` is another one."""
    progressed = Signal(object)
    """LabProgress."""
    sampled = Signal(object)
    """LabSamples."""
    line_done = Signal(object)
    """LineDone: only while it goes line by line."""
    failed = Signal(object)
    """Failure."""

    def __init__(self, worker: Worker, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._errands = Errands(worker, self)
        self._bench: _Bench | None = None
        self._going: Errand | None = None
        self.state: LabState = "new"
        self.samples: list[LabSamples] = []
        self.losses: list[float] = []
        self.last = LabProgress((), 0, 0, 0.0, 0)

    @property
    def going(self) -> bool:
        """Whether it works now, or waits for the worker."""
        return self._going is not None

    def start(self, seed: int, learning_rate: float) -> None:
        """Begin from nothing with this seed, or go on; the seed counts only at the beginning."""
        self._go(seed, learning_rate, lines=False)

    def take_line(self, seed: int, learning_rate: float) -> None:
        """Do one line of the loop, then wait; ``line_done`` follows."""
        self._go(seed, learning_rate, lines=True)

    def set_learning_rate(self, learning_rate: float) -> None:
        """From the next step on."""
        if self._bench is not None:
            self._bench.learning_rate = learning_rate

    def pause(self) -> None:
        """Stop after the step at hand; everything stays."""
        if self._going is not None:
            self._going.cancel()
            self._going = None
            self._enter("paused" if self.losses or self._bench is not None else "new")

    def reset(self) -> None:
        """Forget all that was learned."""
        self._errands.cancel()
        self._going = self._bench = None
        self.samples, self.losses = [], []
        self.last = LabProgress((), 0, 0, 0.0, 0)
        self._enter("new")

    def close(self) -> None:
        """Nothing is left running."""
        self._errands.cancel()
        self._going = self._bench = None

    def _go(self, seed: int, learning_rate: float, *, lines: bool) -> None:
        if self._going is not None:
            return
        if self._bench is None:
            self._bench = _Bench(seed)
        bench = self._bench
        bench.learning_rate = learning_rate
        self._going = self._errands.send(
            "The training cannot go on.",
            bench.one_line if lines else bench.slice,
            self._line_ended,
            self._on_failed,
            told=self._on_told,
        )
        self._enter("opening" if bench.new else "training")

    def _on_told(self, news: object) -> None:
        if isinstance(news, LabProgress):
            self.last = news
            self.losses[news.steps - len(news.losses) :] = news.losses
            if self._bench is not None:
                self._bench.heard = news.steps
            self._enter("training" if news.steps else "drawing")
            self.progressed.emit(news)
        elif isinstance(news, LabSamples):
            self.samples.append(news)
            self.sampled.emit(news)
        else:
            self.line_done.emit(news)

    def _line_ended(self, _outcome: object) -> None:
        self._going = None
        self._enter("paused")

    def _on_failed(self, failure: Failure) -> None:
        self.reset()  # what a step has left half-done is nothing to go on from
        self.failed.emit(failure)

    def _enter(self, state: LabState) -> None:
        if state != self.state:
            self.state = state
            self.changed.emit(state)


class _Bench:
    """One training on the worker's thread; others set ``learning_rate`` and ``heard`` alone."""

    def __init__(self, seed: int) -> None:
        self.seed, self.learning_rate = seed, LEARNING_RATE
        self.new = True
        self.heard = 0  # steps whose losses have arrived: what is said into a pause is lost
        self._lab: LiveLab | None = None
        self._lines: Iterator[Done] | None = None
        self._line = ""
        self._sampling: Iterator[Picture | None] | None = None
        self._painted: list[Picture] = []
        self._told_at = 0.0
        self._seconds = 0.0
        self._sampled_s = 0.0  # what the last samples took
        self._sample_at = 0.0  # on the clock of the training

    def slice(self, _model: Any, errand: Errand) -> object:
        """About ``SLICE_S`` of work, at least one line of the loop."""
        lab = self._opened()
        began = now = time.perf_counter()
        longest = 0.0
        while not errand.cancelled.is_set() and now - began + longest <= SLICE_S:
            self._work(lab, errand)
            after = time.perf_counter()
            longest, now = max(longest, after - now), after
        self._tell(lab, errand)
        return AGAIN

    def one_line(self, _model: Any, errand: Errand) -> object:
        """The next line of the loop; before the first one, drawings."""
        lab = self._opened()
        if not lab.prepare():
            self._tell(lab, errand)
            return AGAIN
        done = self._next_line(lab) or self._next_line(lab)
        if done is not None:
            errand.tell(LineDone(done.name, done.words()))
        self._tell(lab, errand, at_once=True)
        return None

    def _opened(self) -> LiveLab:
        if self._lab is None:
            from visualizer.training.live_lab import LiveLab, open_autoencoder

            self._lab = LiveLab(open_autoencoder(), self.seed, self.learning_rate)
            self.new = False
        return self._lab

    def _work(self, lab: LiveLab, errand: Errand) -> None:
        """A piece of the samples where some are due, else a few drawings or a line."""
        began = time.perf_counter()
        if self._sampling is not None:
            self._paint(lab, errand)
            self._sampled_s += time.perf_counter() - began
        elif lab.prepare():
            ended = self._next_line(lab) is None
            self._seconds += time.perf_counter() - began
            if ended and self._seconds >= self._sample_at:
                self._sampling, self._painted, self._sampled_s = lab.sampling(), [], 0.0

    def _next_line(self, lab: LiveLab) -> Done | None:
        """None where a step has come to its end."""
        if self._lines is None:
            lab.learning_rate = self.learning_rate
            self._lines = lab.lines()
        done = next(self._lines, None)
        if done is None:
            self._lines = None
        else:
            self._line = done.name
        return done

    def _paint(self, lab: LiveLab, errand: Errand) -> None:
        assert self._sampling is not None
        try:
            painted = next(self._sampling)
        except StopIteration:
            self._sampling = None
            least, most = SAMPLES_APART_S
            wait = min(max(self._sampled_s / SAMPLES_SHARE, least), most)
            self._sample_at = self._seconds + wait
            self._tell(lab, errand, at_once=True)
            errand.tell(LabSamples(lab.steps, lab.pictures, self._seconds, tuple(self._painted)))
            return
        if painted is not None:
            self._painted.append(painted)

    def _tell(self, lab: LiveLab, errand: Errand, *, at_once: bool = False) -> None:
        now = time.perf_counter()
        if (not at_once and now - self._told_at < _TELL_S) or errand.cancelled.is_set():
            return
        self._told_at = now
        losses = tuple(lab.losses[self.heard :])
        errand.tell(
            LabProgress(
                losses, lab.steps, lab.pictures, self._seconds, lab.drawings.count, self._line
            )
        )
