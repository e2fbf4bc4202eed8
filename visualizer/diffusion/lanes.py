"""Sampling many requests, as many at a time as memory allows; one that fails leaves the others.

Requests that differ only in what each picture has of its own (prompt, avoid text, seed, edits of
the noise) are sampled as one batch, which uses a processor better than one after the other.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from visualizer.diffusion import memory
from visualizer.diffusion.facts import Plan
from visualizer.diffusion.model import Model
from visualizer.diffusion.model_folder import ModelError, OutOfMemory
from visualizer.diffusion.request import RequestError, SamplingRequest
from visualizer.diffusion.sampling import sample, sample_many, what_batches_share
from visualizer.diffusion.starts import FromStep
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
    """

    begun: Callable[[tuple[int, ...], tuple[Plan, ...]], None] = lambda _lanes, _plans: None
    step: Callable[[int, Step], None] = lambda _lane, _step: None
    replanned: Callable[[tuple[int, ...], Plan], None] = lambda _lanes, _plan: None
    done: Callable[[int, Trajectory], None] = lambda _lane, _run: None
    failed: Callable[[int, str, Trajectory | None], None] = lambda _lane, _why, _run: None


def batches_of(
    requests: Sequence[SamplingRequest], most: int = MOST_AT_ONCE
) -> list[tuple[int, ...]]:
    """Which requests can be sampled together, at most so many at a time, in their order."""
    together: dict[SamplingRequest, list[int]] = {}
    for lane, request in enumerate(requests):
        together.setdefault(what_batches_share(request), []).append(lane)
    batches: list[tuple[int, ...]] = []
    for shared, lanes in together.items():
        size = 1 if isinstance(shared.start, FromStep) else max(1, most)  # branches go alone
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
        parents: the runs that branches go on from; one a request.
        listener: who hears of it.
        cancelled: setting it stops the batch at work within one step; the others are not begun.
        most_at_once: pictures of one batch at most; fewer where memory is short.
    """
    work = _Work(model, requests, parents, listener or Listener(), cancelled)
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


@dataclass
class _Work:
    model: Model
    requests: Sequence[SamplingRequest]
    parents: Sequence[Trajectory | None] | None
    listener: Listener
    cancelled: threading.Event | None
    plans: dict[int, Plan] = field(default_factory=dict)

    @property
    def stopped(self) -> bool:
        return self.cancelled is not None and self.cancelled.is_set()

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of the largest picture."""
        sizes = [self.model.size_of(r) for r in self.requests]
        return max(sizes, key=lambda size: size[0] * size[1], default=(8, 8))

    def plan(self, lane: int) -> Plan | None:
        """What a lane will do; None when it is refused."""
        try:
            self.plans[lane] = self.model.plan(self.requests[lane])
        except RequestError as error:
            self.listener.failed(lane, str(error), None)
        return self.plans.get(lane)

    def sample(self, lanes: tuple[int, ...]) -> list[tuple[int, ...]]:
        """Sample one batch; gives back the parts in which it must be tried again."""
        self.listener.begun(lanes, tuple(self.plans[lane] for lane in lanes))

        def on_step(i: int, step: Step) -> None:
            self.listener.step(lanes[i], step)

        try:
            runs = self._run(lanes, on_step)
        except (RequestError, ModelError) as error:
            if isinstance(error, OutOfMemory) and len(lanes) > 1:
                half = len(lanes) // 2
                return [lanes[:half], lanes[half:]]
            for lane in lanes:
                self.listener.failed(lane, str(error), None)
            return []
        for lane, run in zip(lanes, runs, strict=True):
            if run.cancelled and not self.stopped:
                self.listener.failed(lane, run.notice, run)
            else:
                self.listener.done(lane, run)
        return []

    def _run(
        self, lanes: tuple[int, ...], on_step: Callable[[int, Step], None]
    ) -> list[Trajectory]:
        def on_plan(plan: Plan) -> None:
            self.listener.replanned(lanes, plan)

        requests = [self.requests[lane] for lane in lanes]
        if len(lanes) > 1:
            return sample_many(
                self.model, requests, on_step=on_step, on_plan=on_plan, cancelled=self.cancelled
            )
        return [
            sample(
                self.model,
                requests[0],
                parent=None if self.parents is None else self.parents[lanes[0]],
                on_step=lambda step: on_step(0, step),
                on_plan=on_plan,
                cancelled=self.cancelled,
            )
        ]
