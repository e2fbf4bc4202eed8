"""What happens to lanes while they are sampled, as values that cross from thread to thread."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from visualizer.session import crash_log
from visualizer.session.failure import Failure
from visualizer.session.timeline import Point, points_of, share_of

if TYPE_CHECKING:
    from visualizer.diffusion.facts import Plan
    from visualizer.diffusion.request import SamplingRequest
    from visualizer.diffusion.step import Step
    from visualizer.diffusion.trajectory import ModelIdentity, Trajectory

LANE_FAILED = "This lane could not be generated."


@dataclass(frozen=True)
class LanesBegun:
    """A batch of lanes begins; perhaps once more, with fewer of them, when memory did not do.

    Attributes:
        lanes: their numbers, in the order they were asked for.
        plans, requests: of each; the requests say by now what they left to the model.
    """

    lanes: tuple[int, ...]
    plans: tuple[Plan, ...]
    requests: tuple[SamplingRequest, ...]


@dataclass(frozen=True)
class LaneStep:
    """A lane took a step; ``seconds`` on a steady clock."""

    lane: int
    point: Point
    seconds: float


@dataclass(frozen=True)
class LanesReplanned:
    """Lanes go through other noise levels than were planned."""

    lanes: tuple[int, ...]
    plan: Plan


@dataclass(frozen=True)
class LaneEnded:
    """A lane ended: complete, stopped or failed.

    Attributes:
        trajectory: what there is of it; None when it failed before its first step.
        measured: measured shares against the real final latent; None when there is none.
        failure: what went wrong, or None.
    """

    lane: int
    trajectory: Trajectory | None
    measured: tuple[float, ...] | None = None
    failure: Failure | None = None


@dataclass(frozen=True)
class ParentMade:
    """The run that lanes go on from was no run of the sitting: it was made up to there."""

    lanes: tuple[int, ...]
    trajectory: Trajectory
    points: tuple[Point, ...]

    @classmethod
    def of(cls, lanes: tuple[int, ...], trajectory: Trajectory) -> ParentMade:
        """With its points, on the thread that made it."""
        return cls(lanes, trajectory.with_decoder(None), tuple(points_of(trajectory)))


LaneEvent = LanesBegun | LaneStep | LanesReplanned | LaneEnded | ParentMade


@dataclass(frozen=True)
class LanesEnded:
    """No more lanes are sampled; ``failure`` is what no single lane is to blame for."""

    run_id: int
    failure: Failure | None = None


class LaneReporter:
    """Hears of lanes on the sampling thread, as a ``diffusion.lanes.Listener``; makes events."""

    def __init__(
        self,
        requests: Sequence[SamplingRequest],
        identity: ModelIdentity,
        point: Callable[[Step, float], Point],
        send: Callable[[LaneEvent], None],
    ) -> None:
        """
        Args:
            requests: of all lanes.
            identity: of the model that samples them.
            point: makes a Point of a Step, told how long the step took (0: not known).
            send: takes the events, in order.
        """
        self._requests, self._identity = requests, identity
        self._point, self._send = point, send
        self._plans: dict[int, Plan] = {}
        self._recorded: dict[int, list[Step]] = {}
        self._heard_at: dict[int, float] = {}
        self._together = 1

    def begun(self, lanes: tuple[int, ...], plans: tuple[Plan, ...]) -> None:
        """A batch begins."""
        self._together = len(lanes)
        self._plans.update(zip(lanes, plans, strict=True))
        for lane in lanes:
            self._recorded[lane] = []
            self._heard_at.pop(lane, None)
        self._send(LanesBegun(lanes, plans, tuple(self._requests[lane] for lane in lanes)))

    def step(self, lane: int, step: Step) -> None:
        """A lane took a step."""
        self._recorded[lane].append(step)
        now, before = time.perf_counter(), self._heard_at.get(lane)
        # the steps of a batch come at once: each has its part of the time
        point = self._point(step, 0.0 if before is None else (now - before) / self._together)
        self._heard_at[lane] = now
        self._send(LaneStep(lane, point, time.perf_counter()))

    def replanned(self, lanes: tuple[int, ...], plan: Plan) -> None:
        """The levels are others than was said."""
        self._plans.update(dict.fromkeys(lanes, plan))
        self._send(LanesReplanned(lanes, plan))

    def done(self, lane: int, run: Trajectory) -> None:
        """A lane is complete, or was stopped."""
        self._send(LaneEnded(lane, run.with_decoder(None), measured_in(run)))

    def failed(self, lane: int, sentence: str, run: Trajectory | None) -> None:
        """A lane failed; the others go on."""
        plan, recorded = self._plans.get(lane), self._recorded.get(lane, [])
        # of a branch the first steps are its parent's and were not heard: those are there anyway
        if run is None and plan is not None and not plan.shared:
            run = rest_of(self._requests[lane], self._identity, plan, recorded)
        rest = None if run is None else run.with_decoder(None)
        failure = Failure(LANE_FAILED, sentence)
        self._send(LaneEnded(lane, rest, failure=failure))

    def parent_made(self, lanes: tuple[int, ...], run: Trajectory) -> None:
        """The run that these branches go on from was made, before the first of them begins."""
        self._send(ParentMade.of(lanes, run))

    def unexpected(self, error: Exception) -> None:
        """What ended a lane is the program's own fault: the crash log keeps where it happened."""
        crash_log.record(error, LANE_FAILED)


def rest_of(
    request: SamplingRequest, identity: ModelIdentity, plan: Plan, recorded: Sequence[Step]
) -> Trajectory | None:
    """What is left of a run that failed half-way: a normal run that was stopped."""
    if not recorded:
        return None
    from visualizer.diffusion.trajectory import Trajectory

    return Trajectory(
        request=request,
        model=identity,
        steps=tuple(recorded),
        planned=plan.levels,
        timesteps=plan.timesteps,
        cancelled=True,
        sampler=plan.sampler,
        notice="The run stopped before its end because of an error.",
    )


def measured_in(run: Trajectory) -> tuple[float, ...] | None:
    """Measured noise shares against the real final latent; None where there is none."""
    if run.cancelled:
        return None
    return tuple(share_of(step, run.measured_noise(step.index)) for step in run.steps)
