"""Comparing: lanes are sampled, grow on the screen, and stay when they end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot

from visualizer.session.failure import Failure
from visualizer.session.lane_events import (
    LaneEnded,
    LanesBegun,
    LanesReplanned,
    LaneStep,
    ParentMade,
)
from visualizer.session.progress import Pace, Progress
from visualizer.session.timeline import Timeline

if TYPE_CHECKING:
    from visualizer.diffusion.trajectory import Trajectory
    from visualizer.session.lane_events import LaneEvent, LanesEnded
    from visualizer.session.lanes import Cell, Lane, Lanes, State
    from visualizer.session.pictures import PictureCache
    from visualizer.session.sharpening import Sharpener
    from visualizer.session.timeline import Point
    from visualizer.session.worker import Worker

FRAME_MS = 16
"""Steps cross to the window this often at most."""
PACE_ROUNDS = 12
"""Speed is averaged over so many steps of every lane."""


@dataclass
class Job:
    """Lanes that are being sampled, or wait for the model.

    Attributes:
        lanes: by their number in the job.
        parents: the runs that branches go on from; None for the others.
    """

    id: int
    lanes: tuple[Lane, ...]
    parents: list[Timeline | None]
    cancel: threading.Event = field(default_factory=threading.Event)
    begun: bool = False
    ended: set[int] = field(default_factory=set)
    pace: Pace | None = None


class Comparing(QObject):
    """Has lanes sampled and takes in what comes of it. Its owner says when that may begin."""

    ended = Signal()
    """No more lanes are sampled: they are complete, stopped or failed."""
    failed = Signal(object)

    def __init__(
        self,
        lanes: Lanes,
        worker: Worker,
        sharpener: Sharpener,
        cache: PictureCache,
        keeps: Callable[[Timeline], bool],
        parent: QObject | None = None,
    ) -> None:
        """
        Args:
            keeps: whether the sitting goes on with a run that is in no comparison any more.
        """
        super().__init__(parent)
        self.lanes = lanes
        self.cache = cache
        self._worker, self._sharpener = worker, sharpener
        self._keeps = keeps
        self._job: Job | None = None
        self._shown: set[Timeline] = set()
        self._dropped: set[int] = set()  # jobs of which no end has been heard yet
        self._frames = QTimer(self)
        self._frames.setInterval(FRAME_MS)
        self._frames.timeout.connect(self._deliver)
        worker.lanes_ended.connect(self._on_lanes_ended, Qt.ConnectionType.QueuedConnection)
        lanes.changed.connect(self._on_lanes_changed)

    @property
    def running(self) -> bool:
        """Whether lanes are being sampled, or wait for the model."""
        return self._job is not None

    @property
    def waiting(self) -> bool:
        """Whether they still wait for the model."""
        return self._job is not None and not self._job.begun

    # --- what the session asks for ------------------------------------------------------------

    def begin(
        self,
        job_id: int,
        cells: Sequence[Cell],
        *,
        column_labels: Sequence[str] = (),
        row_labels: Sequence[str] = (),
        title: str = "",
        parents: Sequence[Timeline | None] | None = None,
    ) -> None:
        """Sample these; they take the place of the lanes that were there."""
        lanes = self.lanes.replace(
            cells, column_labels=column_labels, row_labels=row_labels, title=title
        )
        parents = parents or [None] * len(lanes)
        self._job = job = Job(job_id, lanes, list(parents))
        self.lanes.set_running(True)
        self._frames.start()
        recorded = [None if p is None else p.trajectory for p in parents]
        self._worker.sample_lanes(job_id, [cell.request for cell in cells], job.cancel, recorded)

    def show(self, timeline: Timeline, lane: Lane, state: State, failure: Failure | None) -> None:
        """A lane whose run is there already."""
        self._sharpener.add(timeline)
        self._shown.add(timeline)
        size = 0 if timeline.trajectory is None else timeline.trajectory.model.batch_size
        self.lanes.set_lane(lane, timeline=timeline, state=state, failure=failure, batch_size=size)

    def add(self, timeline: Timeline, label: str | None) -> Lane | None:
        """One more lane, with a run of the sitting; one that is there already is given back."""
        from visualizer.diffusion.grid import MAX_LANES, Cell

        there = self.lanes.lane_of(timeline)
        if there is not None:
            return there
        if len(self.lanes) >= MAX_LANES:
            self.failed.emit(
                Failure(f"{MAX_LANES} lanes are there already.", "Remove one of them first.")
            )
            return None
        row = max((lane.row + 1 for lane in self.lanes.lanes), default=0)
        lane = self.lanes.add(Cell(timeline.request, row, 0, label or _label(timeline)))
        state: State = "stopped" if timeline.cancelled else "done"
        self.show(timeline, lane, "running" if timeline.running else state, None)
        return lane

    @Slot(object)
    def settle(self, timeline: Timeline) -> None:
        """A run ended: it may have been put beside the lanes, or kept a former lane in reach."""
        lane = self.lanes.lane_of(timeline)
        if lane is not None:
            whole = timeline.trajectory is not None and not timeline.cancelled
            self.show(timeline, lane, "done" if whole else "stopped", None)
        self.forget()

    def stop(self) -> None:
        """Stop within one step; what is there stays."""
        if self._job is not None:
            self._job.cancel.set()
            if not self._job.begun:  # nothing is lost by dropping it at once
                self._dropped.add(self._job.id)
                self._end(None)

    def cancel(self) -> None:
        """The window closes."""
        if self._job is not None:
            self._job.cancel.set()
        self._frames.stop()
        self.lanes.playhead.pause()

    @Slot()
    def forget(self) -> None:
        """Let go of the runs that are in no comparison any more."""
        there = {lane.timeline for lane in self.lanes.lanes}
        if self._job is not None:
            there.update(self._job.parents)  # lanes that wait will go on from them
        for timeline in [t for t in self._shown if t not in there]:
            if not self._keeps(timeline):
                self._shown.discard(timeline)
                self._sharpener.remove(timeline)

    # --- what comes of it ---------------------------------------------------------------------

    @Slot()
    def _deliver(self) -> None:
        """Hand over what happened since the last frame."""
        job = self._job
        if job is None:
            return
        steps: dict[int, list[Point]] = {}
        events = self._worker.take_events(job.id)
        with self.lanes.at_once():
            for event in events:
                if isinstance(event, LaneStep):
                    steps.setdefault(event.lane, []).append(event.point)
                else:
                    self._grow(job, steps)
                    self._take(job, event)
            self._grow(job, steps)
        if events:
            self._tell_progress(job, events)

    def _grow(self, job: Job, steps: dict[int, list[Point]]) -> None:
        for number, points in steps.items():
            timeline = job.lanes[number].timeline
            if timeline is not None:
                timeline.append(points)
        steps.clear()

    def _take(self, job: Job, event: LaneEvent) -> None:
        if isinstance(event, LanesBegun):
            job.begun = True
            for number, plan, request in zip(event.lanes, event.plans, event.requests, strict=True):
                parent = job.parents[number]
                if parent is None:
                    timeline = Timeline.planned(request, plan, cache=self.cache)
                else:
                    timeline = Timeline.branch(parent, request, plan, cache=self.cache)
                timeline.lean = True
                timeline.begin()
                self._sharpener.add(timeline)
                self._shown.add(timeline)
                self.lanes.set_lane(
                    job.lanes[number],
                    timeline=timeline,
                    state="running",
                    batch_size=len(event.lanes),
                )
            self.forget()  # those of a batch that was too large for the memory
        elif isinstance(event, LanesReplanned):
            for number in event.lanes:
                replanned = job.lanes[number].timeline
                if replanned is not None:
                    plan = event.plan
                    replanned.set_plan(plan.levels, plan.timesteps, plan.stages)
        elif isinstance(event, ParentMade):
            parent = Timeline.of(event.trajectory, event.points, cache=self.cache)
            self._sharpener.add(parent)
            self._shown.add(parent)
            for number in event.lanes:
                job.parents[number] = parent
        elif isinstance(event, LaneEnded):
            self._finish(job, event)

    def _finish(self, job: Job, ended: LaneEnded) -> None:
        """A lane ended; what there is of it stays."""
        lane, run = job.lanes[ended.lane], ended.trajectory
        job.ended.add(ended.lane)
        timeline = lane.timeline
        state: State = "failed" if ended.failure else "done"
        if state == "done" and (run is None or run.cancelled):
            state = "stopped"
        if timeline is not None:
            if run is not None and len(run.steps) > timeline.shared:
                timeline.finish(run, ended.measured)
                self._sharpener.look_again(timeline)
            else:
                timeline.abandon()
        size = None if run is None else run.model.batch_size
        self.lanes.set_lane(lane, state=state, failure=ended.failure, batch_size=size)

    def _tell_progress(self, job: Job, events: Iterable[LaneEvent]) -> None:
        """Steps of all lanes together, of those that wait as many as were asked for."""
        counts = [
            (lane.timeline.step_count, lane.timeline.steps_taken(max(len(lane.timeline) - 1, 0)))
            for lane in job.lanes
            if lane.timeline is not None
        ]
        if not counts:
            return
        ended = [job.lanes[number].timeline for number in job.ended]
        missing = sum(t.step_count - t.steps_taken(max(len(t) - 1, 0)) for t in ended if t)
        usual = max(total for total, _ in counts)
        waiting = sum(
            lane.request.steps or usual
            for number, lane in enumerate(job.lanes)
            if lane.timeline is None and number not in job.ended
        )
        total = sum(total for total, _ in counts) + waiting
        done = sum(taken for _, taken in counts) + missing
        if job.pace is None or job.pace.total != total:
            job.pace = Pace(total, window=PACE_ROUNDS * len(job.lanes))
        times = [event.seconds for event in events if isinstance(event, LaneStep)]
        if times:
            self.lanes.set_progress(job.pace.mark(done, times[-1]))
        elif done >= total:
            self.lanes.set_progress(Progress(total, total))

    @Slot(object)
    def _on_lanes_ended(self, ended: LanesEnded) -> None:
        if self._job is not None and ended.run_id == self._job.id:
            self._deliver()
            self._end(ended.failure)
        elif ended.run_id in self._dropped:  # it had begun when it was dropped
            self._dropped.discard(ended.run_id)
            self._worker.take_events(ended.run_id)

    def _end(self, failure: Failure | None) -> None:
        job, self._job = self._job, None
        assert job is not None
        self._frames.stop()
        for number, lane in enumerate(job.lanes):
            if number in job.ended:
                continue
            if lane.timeline is not None:
                lane.timeline.abandon()
            self.lanes.set_lane(lane, state="failed" if failure else "stopped", failure=failure)
        followed = self.lanes.playhead.live
        self.lanes.set_running(False)
        if followed:
            self._look_at_a_picture()
        if failure is not None:
            self.failed.emit(failure)
        self.ended.emit()

    def _look_at_a_picture(self) -> None:
        """Lanes that were followed to their end rest where this view has something to show."""
        lanes, view = self.lanes, self.lanes.playhead.view
        reference = lanes.reference
        if reference is None or reference.timeline is None:
            return
        for position in range(lanes.playhead.count - 1, -1, -1):
            k = lanes.point(reference, position)
            if k is not None and reference.timeline.has_view(k, view):
                lanes.playhead.seek(position, by_person=False)
                return

    @Slot()
    def _on_lanes_changed(self) -> None:
        self.forget()


def trajectories_of(lanes: Iterable[Lane]) -> list[Trajectory]:
    """The runs of lanes that have one."""
    runs = [lane.timeline.trajectory for lane in lanes if lane.timeline is not None]
    return [run for run in runs if run is not None]


def _label(timeline: Timeline) -> str:
    """What tells a run from the lanes beside it."""
    from visualizer.diffusion.grid import short_texts

    words = short_texts([timeline.title])[0]
    if timeline.parent_run is not None:
        return f"from step {timeline.branched_at} · {words}"
    return f"seed {timeline.request.seed} · {words}"
