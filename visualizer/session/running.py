"""Running: one run, from Generate until it ended, however it ended."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot

from visualizer.session.progress import Pace
from visualizer.session.timeline import Timeline

if TYPE_CHECKING:
    from visualizer.diffusion.request import SamplingRequest
    from visualizer.diffusion.trajectory import Trajectory
    from visualizer.session.answers import Finished, Replanned, Started
    from visualizer.session.current_run import CurrentRun
    from visualizer.session.pictures import PictureCache
    from visualizer.session.sharpening import Sharpener
    from visualizer.session.worker import Worker

FRAME_MS = 16
"""Steps cross to the window this often at most."""


@dataclass
class Run:
    """The run that is running, or waits for the model.

    Attributes:
        timeline: None while it waits.
        before: what was looked at when it began.
        branched: the run that it goes on from.
        parent_made: whether that was no run of the sitting, and made for this one.
    """

    id: int
    request: SamplingRequest
    cancel: threading.Event = field(default_factory=threading.Event)
    timeline: Timeline | None = None
    pace: Pace | None = None
    before: Timeline | None = None
    replanned: bool = False
    branched: Timeline | None = None
    parent_made: bool = False


class Running(QObject):
    """Has one run sampled at a time. Its owner says when that may begin."""

    changed = Signal(bool)
    """There is a run now, or none any more."""
    started = Signal(object)
    progressed = Signal(object)
    replanned = Signal()
    """A run that ended went through other levels than the model had planned."""
    made = Signal(object)
    """Timeline of a run that ended and has steps of its own. Comes before ``finished``."""
    finished = Signal(object)
    failed = Signal(object)

    def __init__(
        self,
        worker: Worker,
        sharpener: Sharpener,
        cache: PictureCache,
        current: CurrentRun,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.run: Run | None = None
        self._worker, self._sharpener = worker, sharpener
        self._cache, self._current = cache, current
        self._dropped: set[int] = set()  # of which no end has been heard yet
        self._frames = QTimer(self)
        self._frames.setInterval(FRAME_MS)
        self._frames.timeout.connect(self._deliver)
        queued = Qt.ConnectionType.QueuedConnection
        worker.started.connect(self._on_started, queued)
        worker.replanned.connect(self._on_replanned, queued)
        worker.finished.connect(self._on_finished, queued)

    @property
    def waiting(self) -> bool:
        """Whether what was asked for still waits for the model."""
        return self.run is not None and self.run.timeline is None

    # --- what the session asks for ------------------------------------------------------------

    def begin(
        self,
        run_id: int,
        request: SamplingRequest,
        branched: Timeline | None,
        *,
        attention: bool = False,
    ) -> None:
        """Sample; ``branched`` is the run of the sitting that a branch goes on from."""
        self.run = Run(run_id, request, branched=branched)
        parent = None if branched is None else branched.trajectory
        self._sharpener.set_paused(True)
        self._worker.sample(run_id, request, self.run.cancel, parent, attention=attention)
        self.changed.emit(True)

    def stop(self) -> None:
        """Stop within one step; what is there stays."""
        if self.run is None:
            return
        self.run.cancel.set()
        if self.run.timeline is None:  # nothing is lost by dropping it at once
            self._dropped.add(self.run.id)
            self._end()

    def cancel(self) -> None:
        """The window closes: the end of the run is still heard."""
        if self.run is not None:
            self.run.cancel.set()
        self._frames.stop()

    # --- what comes of it ---------------------------------------------------------------------

    @Slot(object)
    def _on_started(self, started: Started) -> None:
        run = self.run
        if run is None or started.run_id != run.id:
            return
        run.request = started.request
        if started.parent is not None:
            made = started.parent
            run.parent_made = True
            run.branched = Timeline.of(made.trajectory, made.points, cache=self._cache)
            run.branched.setParent(self)
            self._sharpener.add(run.branched)
        if run.branched is None:
            timeline = Timeline.planned(run.request, started.plan, cache=self._cache)
        else:
            timeline = Timeline.branch(run.branched, run.request, started.plan, cache=self._cache)
        timeline.setParent(self)
        timeline.begin()
        run.timeline, run.before = timeline, self._current.run
        run.pace = Pace(timeline.step_count)
        self._sharpener.add(timeline)
        self._current.look_at(timeline)
        self._current.playhead.go_live()
        self.started.emit(timeline)
        self._frames.start()

    @Slot(object)
    def _on_replanned(self, replanned: Replanned) -> None:
        run, plan = self.run, replanned.plan
        if run is None or run.timeline is None or replanned.run_id != run.id:
            return
        run.replanned = True
        run.timeline.set_plan(plan.levels, plan.timesteps, plan.stages)
        if run.pace is not None:
            run.pace.total = run.timeline.step_count

    @Slot()
    def _deliver(self) -> None:
        """Hand over what was sampled since the last frame."""
        run = self.run
        if run is None or run.timeline is None or run.pace is None:
            return
        mail = self._worker.take(run.id)
        if not mail:
            return
        run.timeline.append([point for point, _ in mail])
        self._current.has_grown(run.timeline)
        progress = None
        for point, seconds in mail:
            taken, stage = run.timeline.steps_taken, run.timeline.stage(point.step.index)
            progress = run.pace.mark(
                taken(point.step.index), seconds, stage=stage.first, stage_end=taken(stage.last)
            )
        self.progressed.emit(progress)

    @Slot(object)
    def _on_finished(self, finished: Finished) -> None:
        run = self.run
        if run is None or finished.run_id != run.id:
            if finished.run_id in self._dropped:  # it had begun when it was dropped
                self._dropped.discard(finished.run_id)
                self._worker.take(finished.run_id)
            return
        self._deliver()
        timeline, trajectory = run.timeline, finished.trajectory
        self._end()
        if run.replanned:
            self.replanned.emit()
        if timeline is not None:
            self._keep(run, timeline, trajectory, finished.measured)
            self.finished.emit(timeline)
            self._let_go_unless_kept(run, timeline)
        if finished.failure is not None:
            self.failed.emit(finished.failure)

    def _end(self) -> None:
        self.run = None
        self._frames.stop()
        self._sharpener.set_paused(False)
        self.changed.emit(False)

    def _keep(
        self,
        run: Run,
        timeline: Timeline,
        trajectory: Trajectory | None,
        measured: tuple[float, ...] | None,
    ) -> None:
        """A run that ended stays, unless it ended before its first step."""
        if trajectory is None or len(trajectory.steps) <= timeline.shared:
            timeline.abandon()
            if timeline is self._current.run:
                self._current.look_at(run.before)
            return
        timeline.finish(trajectory, measured)
        self._current.has_grown(timeline, running=False)
        self.made.emit(timeline)

    def _let_go_unless_kept(self, run: Run, timeline: Timeline) -> None:
        """Of a run that came to nothing nobody asks again; nor of a parent made for it alone."""
        parent = run.branched
        if timeline.trajectory is not None:
            return
        for one in (timeline, parent if run.parent_made else None):
            if one is not None:
                self._sharpener.remove(one)
                one.setParent(None)
        if parent is not None:
            timeline.unlink()
