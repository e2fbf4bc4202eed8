"""Sampling many requests, as many at a time as memory allows; one that fails leaves the others.

Requests that differ only in what each picture has of its own (prompt, avoid text, seed, edits of
the noise) are sampled as one batch, which uses a processor better than one after the other.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from visualizer.diffusion import memory
from visualizer.diffusion.device_errors import (
    DEVICE_LOST,
    device_lost,
    out_of_memory,
    what_would_help,
)
from visualizer.diffusion.facts import Plan
from visualizer.diffusion.model import Model
from visualizer.diffusion.model_folder import ModelError, OutOfMemory
from visualizer.diffusion.parents import Parents
from visualizer.diffusion.request import RequestError, SamplingRequest
from visualizer.diffusion.sampling import sample, sample_many, what_batches_share
from visualizer.diffusion.starts import FromStep, goes_alone
from visualizer.diffusion.step import Step
from visualizer.diffusion.trajectory import Trajectory

MOST_AT_ONCE = 8
"""Pictures of one batch: more gain little on a processor, and are heard of later."""


@dataclass(frozen=True)
class Listener:
    """Who hears of lanes while they are sampled; each call comes on the sampling thread.

    Attributes:
        begun: (the lanes of a batch, the plan of each) before its first step; once more, with
            fewer lanes, when memory did not do.
        step: (lane, Step) as each is taken; of a branch only its own.
        replanned: (the lanes of a batch, Plan) when the levels turn out to be others.
        done: (lane, run) at its end, also when it was stopped after its first step.
        failed: (lane, sentence, what there is of it or None); the others go on.
        parent_made: (lanes, run) before the first of these branches begins: the run that they go on
            from was not given, and was made up to there.
        unexpected: an error that is the program's own; the lanes it ended are told as failed.
    """

    begun: Callable[[tuple[int, ...], tuple[Plan, ...]], None] = lambda _lanes, _plans: None
    step: Callable[[int, Step], None] = lambda _lane, _step: None
    replanned: Callable[[tuple[int, ...], Plan], None] = lambda _lanes, _plan: None
    done: Callable[[int, Trajectory], None] = lambda _lane, _run: None
    failed: Callable[[int, str, Trajectory | None], None] = lambda _lane, _why, _run: None
    parent_made: Callable[[tuple[int, ...], Trajectory], None] = lambda _lanes, _run: None
    unexpected: Callable[[Exception], None] = lambda _error: None


def batches_of(
    requests: Sequence[SamplingRequest], most: int = MOST_AT_ONCE
) -> list[tuple[int, ...]]:
    """Which requests can be sampled together, at most so many at a time, in their order."""
    together: dict[SamplingRequest, list[int]] = {}
    for lane, request in enumerate(requests):
        together.setdefault(what_batches_share(request), []).append(lane)
    batches: list[tuple[int, ...]] = []
    for shared, lanes in together.items():
        size = 1 if goes_alone(shared.start) else max(1, most)
        batches += [tuple(lanes[i : i + size]) for i in range(0, len(lanes), size)]
    return batches


def sample_lanes(
    model: Model,
    requests: Sequence[SamplingRequest],
    *,
    parents: Sequence[Trajectory | None] | None = None,
    listener: Listener | None = None,
    cancelled: threading.Event | None = None,
    most_at_once: int = MOST_AT_ONCE,
) -> None:
    """Sample requests batch by batch.

    Args:
        parents: the runs that branches go on from; one a request. Those that are missing are made
            first, each once for all of its branches.
        listener: who hears of it.
        cancelled: setting it stops the batch at work within one step; the others are not begun.
        most_at_once: pictures of one batch at most; fewer where memory is short.
    """
    given: list[Trajectory | None] = list(parents or [None] * len(requests))
    work = _Work(model, requests, given, listener or Listener(), cancelled)
    allowed = [work.plan(lane) for lane in range(len(requests))]
    lanes = [lane for lane, plan in enumerate(allowed) if plan is not None]
    together = batches_of(
        [requests[lane] for lane in lanes],
        min(most_at_once, memory.batch_that_fits(model.pipeline, model.device, *work.size))
        if model.family.batches
        else 1,
    )
    waiting = [tuple(lanes[i] for i in batch) for batch in together]
    while waiting and not work.stopped:
        waiting = [*work.sample(waiting[0]), *waiting[1:]]


class _Work:
    def __init__(
        self,
        model: Model,
        requests: Sequence[SamplingRequest],
        parents: list[Trajectory | None],
        listener: Listener,
        cancelled: threading.Event | None,
    ) -> None:
        self._model, self._requests, self._parents = model, requests, parents
        self._listener, self._cancelled = listener, cancelled
        self._plans: dict[int, Plan] = {}
        self._heard_wrong = False
        self._missing = Parents(
            sample,
            model,
            [request for request, run in zip(requests, parents, strict=True) if run is None],
            cancelled,
        )

    @property
    def stopped(self) -> bool:
        return self._cancelled is not None and self._cancelled.is_set()

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of the largest picture."""
        sizes = [self._model.size_of(r) for r in self._requests]
        return max(sizes, key=lambda size: size[0] * size[1], default=(8, 8))

    def plan(self, lane: int) -> Plan | None:
        """What a lane will do; None when it is refused."""
        try:
            self._plans[lane] = self._model.plan(self._requests[lane])
        except Exception as error:  # noqa: BLE001 - one lane's failure is not the others'
            self._fail((lane,), error)
        return self._plans.get(lane)

    def sample(self, lanes: tuple[int, ...]) -> list[tuple[int, ...]]:
        """Sample one batch; gives back the parts in which it must be tried again."""
        try:
            family = self._made_parent(lanes[0])
            if self.stopped:
                return []
            parent = self._parents[lanes[0]]
            with self._hearing():
                if family and parent is not None:
                    self._listener.parent_made(family, parent)
                self._listener.begun(lanes, tuple(self._plans[lane] for lane in lanes))
            runs = self._run(lanes)
        except Exception as error:
            if self._heard_wrong:
                raise
            if len(lanes) > 1 and (isinstance(error, OutOfMemory) or out_of_memory(error)):
                half = len(lanes) // 2
                return [lanes[:half], lanes[half:]]
            self._fail(lanes, error)
            return []
        for lane, run in zip(lanes, runs, strict=True):
            if run.cancelled and not self.stopped:
                self._listener.failed(lane, run.notice, run)
            else:
                self._listener.done(lane, run)
        return []

    def _made_parent(self, lane: int) -> tuple[int, ...]:
        """Make the parent of a branch that has none; gives back the lanes whose parent it is."""
        start = self._requests[lane].start
        if self._parents[lane] is not None or not isinstance(start, FromStep):
            return ()
        made = self._missing.of(self._requests[lane])
        family = tuple(
            other
            for other, request in enumerate(self._requests)
            if isinstance(request.start, FromStep)
            and request.start.parent == start.parent
            and self._parents[other] is None
        )
        for other in family:
            self._parents[other] = made
        return family

    def _fail(self, lanes: tuple[int, ...], error: Exception) -> None:
        sentence = self._sentence(lanes, error)
        for lane in lanes:
            self._listener.failed(lane, sentence, None)

    def _sentence(self, lanes: tuple[int, ...], error: Exception) -> str:
        """What a person can do about an error; of this program's own they have a sentence."""
        if isinstance(error, (RequestError, ModelError)):
            return str(error)
        if out_of_memory(error):
            requests = [self._requests[lane] for lane in lanes]
            return what_would_help(requests, self._model.device)
        if device_lost(error):
            return DEVICE_LOST
        self._listener.unexpected(error)
        said = str(error).strip().splitlines()
        what = f"{type(error).__name__}: {said[0]}" if said else type(error).__name__
        return f"This is an error in the program ({what})."

    def _run(self, lanes: tuple[int, ...]) -> list[Trajectory]:
        def on_step(i: int, step: Step) -> None:
            with self._hearing():
                self._listener.step(lanes[i], step)

        def on_plan(plan: Plan) -> None:
            with self._hearing():
                self._listener.replanned(lanes, plan)

        requests = [self._requests[lane] for lane in lanes]
        if len(lanes) > 1:
            return sample_many(
                self._model, requests, on_step=on_step, on_plan=on_plan, cancelled=self._cancelled
            )
        return [
            sample(
                self._model,
                requests[0],
                parent=self._parents[lanes[0]],
                on_step=lambda step: on_step(0, step),
                on_plan=on_plan,
                cancelled=self._cancelled,
            )
        ]

    @contextmanager
    def _hearing(self) -> Iterator[None]:
        """What goes wrong with who listens is no failure of a lane, but for want of memory."""
        try:
            yield
        except Exception as error:
            self._heard_wrong = not out_of_memory(error)
            raise
