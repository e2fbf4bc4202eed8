"""The physics lab: points that become noise, and a small network that learns the way back."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from visualizer.session.errands import AGAIN, SLICE_S, Errands
from visualizer.session.playhead import Playhead

if TYPE_CHECKING:
    from visualizer.physics.field import Field
    from visualizer.physics.flow import Flow, Way
    from visualizer.physics.learning import News
    from visualizer.physics.progress import Progress
    from visualizer.physics.shapes import Shape
    from visualizer.session.errands import Errand
    from visualizer.session.failure import Failure
    from visualizer.session.worker import Worker

PARTICLES = 2000
WHOLE_FLOW_S = 4.0
"""How long a flow plays at speed 1: every level is seen at 60 frames a second."""
MEASURED_EVERY = 10
"""Levels from one entropy to the next."""
_MEASURED = 500
"""Particles an entropy is measured on: what it takes grows with their square, and a lesson waits
for it."""
_SLICE_S = 0.8 * SLICE_S
_NEWS_S = 0.08
_SHAPE_SEED, _EPS_SEED, _START_SEED = 1, 2, 3


class FlowPlayhead(Playhead):
    """A playhead that passes the hundreds of levels of a flow in a few seconds."""

    @property
    def steps_per_second(self) -> float:
        """How fast playing goes now."""
        return self.count / WHOLE_FLOW_S * self.speed


class PhysicsLab(QObject):
    """One shape at a time, its way into noise, and what a network has learned of the way back.

    A lesson that began by itself stands still while nobody looks; one that a person began goes on.
    """

    cloud_changed = Signal()
    """Another shape: what was learned of the one before is gone."""
    progressed = Signal()
    """``progress`` and ``losses`` grew."""
    flow_changed = Signal(str)
    """The flow of this way is there, or a better one."""
    field_changed = Signal()
    entropies_changed = Signal(str)
    learning_changed = Signal(bool)
    failed = Signal(object)
    """Failure."""

    def __init__(self, worker: Worker, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lessons, self._measures = Errands(worker, self), Errands(worker, self)
        self._flows: dict[Way, Flow] = {}
        self._alphas: Any = None
        self._lesson: Iterator[News | None] | None = None
        self._enough = threading.Event()
        self._held = threading.Event()
        self._active = self._asked = self._closed = False
        self._seed = 0
        self.shape: Shape | None = None
        self.watched: Way = "ode"
        """Which flow is looked at: the drafts are of it."""
        self.progress: Progress | None = None
        """Of the lesson; None before it."""
        self.losses: list[tuple[int, float]] = []
        """(step, mean loss since the one before)."""
        self.field: Field | None = None
        self.entropies: dict[Way, dict[int, float]] = {}
        """In nats, by way and level."""

    # --- what there is ------------------------------------------------------------------------

    def flow(self, way: Way) -> Flow | None:
        """Where the particles are; None for a way back of which nothing was learned yet."""
        return self._flows.get(way)

    @property
    def alphas(self) -> Any:
        """ᾱ by level, from the shape to noise. (levels,) float64."""
        if self._alphas is None:
            from visualizer.physics.levels import alphas_cumprod

            self._alphas = alphas_cumprod()
        return self._alphas

    @property
    def start(self) -> Any:
        """The noise that every way back begins with. (particles, 2) float32."""
        import numpy as np

        return np.random.default_rng(_START_SEED).standard_normal((PARTICLES, 2), dtype=np.float32)

    @property
    def learning(self) -> bool:
        """Whether a lesson is on its way, or stands still until somebody looks."""
        return self._lesson is not None

    @property
    def learned(self) -> bool:
        """Whether the flows are there in full."""
        return all(way in self._flows and not self._flows[way].draft for way in ("sde", "ode"))

    @property
    def measuring(self) -> bool:
        """Whether an entropy is being measured."""
        return self._measures.busy

    # --- what is asked for --------------------------------------------------------------------

    def take(self, shape: Shape) -> None:
        """Another shape: its particles and their way into noise are there at once.

        Raises:
            NoPointsError: of a shape without points; everything stays as it is.
        """
        import numpy as np

        from visualizer.physics.flow import forward_flow
        from visualizer.physics.shapes import draw_points

        x0 = draw_points(shape, PARTICLES, _SHAPE_SEED)
        eps = np.random.default_rng(_EPS_SEED).standard_normal(x0.shape, dtype=np.float32)
        self._end_lesson()
        self._measures.cancel()
        self.shape = shape
        self._flows = {"forward": forward_flow(x0, eps, self.alphas)}
        self.field, self.progress = None, None
        self.losses, self.entropies = [], {}
        self.cloud_changed.emit()
        self._measure(self._flows["forward"])

    def learn(self, *, asked: bool = True, steps: int | None = None) -> None:
        """Begin a lesson on the shape from nothing; what was learned before is replaced.

        Args:
            asked: a person asked for it: it goes on while another page is looked at.
            steps: as many as the network is usually given when None.
        """
        if self.shape is None or self._closed:
            return
        self._end_lesson()
        self._measures.cancel()
        self._asked, self._enough = asked, threading.Event()
        forward = self._flows["forward"]
        self._flows = {"forward": forward}
        self.field, self.progress, self.losses = None, None, []
        self.entropies = {way: known for way, known in self.entropies.items() if way == "forward"}
        if len(self.entropies.get("forward", {})) < len(_measured_levels(len(self.alphas))):
            self._measure(forward)
        self._lesson = self._prepared(self.shape, self._seed, self._enough, steps)
        self._seed += 1
        self.learning_changed.emit(True)
        self._go_on()

    def see_learned(self) -> None:
        """A person wants the shape learned: what is there or on its way stays, and goes on."""
        if self.learning:
            self._asked = True
            self._go_on()
        elif not self.learned:
            self.learn()

    def stop(self) -> None:
        """It has learned enough: the flows of what it knows by now follow."""
        self._enough.set()
        self._asked = True
        self._go_on()

    def set_active(self, active: bool) -> None:
        """Whether somebody looks: then it comes before the work of other pages."""
        changed, self._active = active != self._active, active
        if changed and self._lessons.busy:
            self._held.set()  # it is sent again, in its new rank
        else:
            self._go_on()

    def close(self) -> None:
        """Call everything off, for good."""
        self._closed = True
        self._end_lesson()
        self._measures.cancel()

    # --- inside -------------------------------------------------------------------------------

    def _prepared(
        self, shape: Shape, seed: int, enough: threading.Event, steps: int | None
    ) -> Iterator[News | None]:
        """A generator: nothing is imported before its first step, which is the worker's."""
        from visualizer.session.gentle_import import gently, preload_torch

        if "torch" not in sys.modules:
            preload_torch()
        with gently():
            from visualizer.physics.learning import lesson
        count = {} if steps is None else {"steps": steps}
        yield from lesson(
            shape,
            self.start,
            self.alphas,
            seed,
            watched=lambda: self.watched,
            enough=enough.is_set,
            **count,
        )

    def _go_on(self) -> None:
        lesson = self._lesson
        if self._active or self._asked:
            self._held.clear()
        else:
            self._held.set()
        if lesson is None or self._held.is_set() or self._lessons.busy:
            return
        self._lessons.send(
            "The network cannot learn this shape.",
            partial(_slice, lesson, _Reporter(), self._held),
            self._rested,
            self._lesson_failed,
            told=self._take,
            urgent=self._active,
        )

    def _rested(self, at_its_end: bool) -> None:
        if at_its_end:
            self._lesson_ended()
            for way in ("sde", "ode") if self.watched == "sde" else ("ode", "sde"):
                self._measure(self._flows[way])  # learning came first
        else:  # it was held, and by now somebody may look again
            self._go_on()

    def _take(self, news: object) -> None:
        from visualizer.physics.field import Field
        from visualizer.physics.flow import Flow

        if isinstance(news, Flow):
            self._flows[news.way] = news
            self.flow_changed.emit(news.way)
        elif isinstance(news, Field):
            self.field = news
            self.field_changed.emit()
        elif isinstance(news, _Learned):
            self.progress = news.progress
            self.losses.append((news.progress.steps, news.loss))
            self.progressed.emit()

    def _lesson_ended(self) -> None:
        self._lesson = None
        self.learning_changed.emit(False)

    def _lesson_failed(self, failure: Failure) -> None:
        self._lesson_ended()
        self.failed.emit(failure)

    def _end_lesson(self) -> None:
        self._lessons.cancel()
        if self._lesson is not None:
            self._lesson_ended()

    def _measure(self, flow: Flow) -> None:
        known = self.entropies.setdefault(flow.way, {})
        known.clear()
        waiting = iter(_measured_levels(len(flow.frames)))

        def measure_one(_model: object, errand: Errand) -> object:
            from visualizer.physics.entropy import differential_entropy

            k = next(waiting, None)
            if k is None:
                return None
            particles = flow.frames[k]
            some = particles[:: max(len(particles) // _MEASURED, 1)]
            errand.tell((k, differential_entropy(some)))
            return AGAIN

        def take(found: tuple[int, float]) -> None:
            known[found[0]] = found[1]
            self.entropies_changed.emit(flow.way)

        self._measures.send(
            "The entropy cannot be measured.",
            measure_one,
            lambda _none: None,
            self.failed.emit,
            told=take,
        )


class _Learned:
    """What a few steps brought."""

    def __init__(self, progress: Progress, loss: float) -> None:
        self.progress, self.loss = progress, loss


class _Reporter:
    """Gathers the progress of many steps into news that are few enough for the window."""

    def __init__(self) -> None:
        self._losses: list[float] = []
        self._told_at = time.perf_counter()

    def heard(self, progress: Progress) -> _Learned | None:
        """The news, where it is time for some."""
        self._losses.append(progress.loss)
        if time.perf_counter() - self._told_at < _NEWS_S:
            return None
        learned = _Learned(progress, sum(self._losses) / len(self._losses))
        self._losses, self._told_at = [], time.perf_counter()
        return learned


def _slice(
    lesson: Iterator[News | None],
    reporter: _Reporter,
    held: threading.Event,
    _model: object,
    errand: Errand,
) -> object:
    """As much of a lesson as may be done at once; at last, whether it is at its end."""
    if held.is_set():
        return False
    until = time.perf_counter() + _SLICE_S
    for news in lesson:
        if news is not None:
            from visualizer.physics.progress import Progress

            told = reporter.heard(news) if isinstance(news, Progress) else news
            if told is not None:
                errand.tell(told)
        if errand.cancelled.is_set() or time.perf_counter() > until:
            return AGAIN
    return True


def _measured_levels(count: int) -> range:
    return range(0, count, MEASURED_EVERY)
