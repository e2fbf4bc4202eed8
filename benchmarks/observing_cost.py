"""What observing a run costs, measured in two ways that do not hang on each other.

Inside a run: the time spent in the observer's own code, against the rest of the loop over noise
levels. And from outside: whole observed runs against bare ones, in interleaved pairs.
"""

from __future__ import annotations

import functools
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import numpy as np

if TYPE_CHECKING:
    from visualizer.diffusion import Model, SamplingRequest, Step

OnStep = Callable[["Step"], None]


@dataclass
class ObserverClock:
    """Where the time of a run's loop goes: to the observer, to its listener, or to the model.

    Attributes:
        observing: seconds in the observer's own code: copying, finding guidance, making Steps.
        listening: seconds in the ``on_step`` that it calls.
        loop: seconds from the beginning of the loop to the end of its last step.
    """

    observing: float = 0.0
    listening: float = 0.0
    loop: float = 0.0
    _began: float = field(default=0.0, repr=False)

    @property
    def model(self) -> float:
        """Seconds of the loop that are the pipeline's own."""
        return self.loop - self.observing - self.listening

    @contextmanager
    def running(self) -> Iterator[None]:
        """Measure the runs that are observed in this context."""
        from visualizer.diffusion.observing import Observer

        observe, heard = Observer._observe, Observer._heard

        def measured_observe(observer: Any, scheduler: Any) -> None:
            scheduler.step = self._within(scheduler.step)
            observe(observer, scheduler)
            scheduler.step = self._around(scheduler.step)
            scheduler.set_timesteps = self._before_the_loop(scheduler.set_timesteps)

        def measured_heard(*args: Any) -> None:
            began = time.perf_counter()
            heard(*args)
            self.observing += time.perf_counter() - began

        with (
            patch.object(Observer, "_observe", measured_observe),
            patch.object(Observer, "_heard", measured_heard),
        ):
            yield

    def listener(self, on_step: OnStep) -> OnStep:
        """The same ``on_step``, its time counted apart from the observer's."""

        def measured(step: Step) -> None:
            began = time.perf_counter()
            on_step(step)
            seconds = time.perf_counter() - began
            self.listening += seconds
            self.observing -= seconds

        return measured

    def _within(self, step: Callable[..., Any]) -> Callable[..., Any]:
        """The scheduler's own step: its time is not the observer's."""

        @functools.wraps(step)  # pipelines read its signature
        def measured(*args: Any, **kwargs: Any) -> Any:
            began = time.perf_counter()
            result = step(*args, **kwargs)
            self.observing -= time.perf_counter() - began
            return result

        return measured

    def _around(self, step: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(step)
        def measured(*args: Any, **kwargs: Any) -> Any:
            began = time.perf_counter()
            result = step(*args, **kwargs)
            ended = time.perf_counter()
            self.observing += ended - began
            self.loop = ended - self._began
            return result

        return measured

    def _before_the_loop(self, begin: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(begin)
        def measured(*args: Any, **kwargs: Any) -> Any:
            result = begin(*args, **kwargs)
            self._began = time.perf_counter()
            return result

        return measured


@dataclass(frozen=True)
class Cost:
    """What observing one model's run costs.

    Attributes:
        observing: the observer's time ÷ the model's, inside the loop; the median of all runs.
        listening: that of the previews, likewise.
        step: seconds of one step of the model.
        ratios: observed ÷ bare, whole runs, a pair each.
        processor_ratios: the same of processor time, all threads together: what a machine that is
            busy otherwise changes less.
        bare: seconds of a bare run, the median.
    """

    observing: float
    listening: float
    step: float
    ratios: tuple[float, ...]
    processor_ratios: tuple[float, ...]
    bare: float


def middle_and_interval(ratios: Sequence[float]) -> tuple[float, float, float]:
    """The median, and its 95 % bootstrap interval."""
    random = np.random.default_rng(0)
    samples = random.choice(ratios, size=(10_000, len(ratios)))
    low, high = np.percentile(np.median(samples, axis=1), [2.5, 97.5])
    return statistics.median(ratios), float(low), float(high)


def in_words(ratios: Sequence[float]) -> str:
    """The median with its interval, as it is printed."""
    return "{:.3f} [95 % {:.3f} … {:.3f}]".format(*middle_and_interval(ratios))


def measure(
    model: Model,
    request: SamplingRequest,
    pairs: int,
    on_step: OnStep,
    settle: Callable[[], None] = lambda: None,
) -> Cost:
    """Run a request observed and bare, in turn, after one step of each to warm up.

    Args:
        on_step: what the listener does with every step.
        settle: waits for the device to be done.
    """
    from visualizer.diffusion import sample
    from visualizer.diffusion.sampling import pipeline_arguments

    clocks: list[ObserverClock] = []

    def observed(asked: SamplingRequest) -> None:
        clock = ObserverClock()
        with clock.running():
            sample(model, asked, on_step=clock.listener(on_step))
        clocks.append(clock)

    def bare(asked: SamplingRequest) -> None:
        model.pipeline(**pipeline_arguments([asked], model.family))

    def took(run: Callable[[SamplingRequest], None], asked: SamplingRequest) -> tuple[float, float]:
        settle()
        began, worked = time.perf_counter(), time.process_time()
        run(asked)
        settle()
        return time.perf_counter() - began, time.process_time() - worked

    for run in (observed, bare):
        run(replace(request, steps=1))
    clocks.clear()
    times = []
    for seed in range(pairs):
        order = (observed, bare) if seed % 2 else (bare, observed)
        pair = {run: took(run, replace(request, seed=seed)) for run in order}
        times.append((pair[observed], pair[bare]))
    steps = model.plan(request).timesteps
    return Cost(
        statistics.median(c.observing / c.model for c in clocks),
        statistics.median(c.listening / c.model for c in clocks),
        statistics.median(c.model for c in clocks) / len(steps),
        tuple(o[0] / b[0] for o, b in times),
        tuple(o[1] / b[1] for o, b in times),
        statistics.median(b[0] for _, b in times),
    )


def as_in_the_window(model: Model) -> OnStep:
    """What the window's sampling thread does with every step: previews and measured values."""
    from visualizer.session.pictures import thumbnail_of
    from visualizer.session.timeline import peak_of, share_of

    fit = model.begin_fast_decoder()  # not kept: a model of random weights is nobody's
    while not fit.finished:
        fit.advance()
    fast = fit.decoder()

    def listen(step: Step) -> None:
        thumbnail_of(fast.show(step, "noisy"))
        fast.show(step, "denoised")
        share_of(step, step.measured_noise())
        peak_of(step)

    return listen
