"""Session: everything the window asks for, answered by signals. QtCore only."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import (
    QCoreApplication,
    QEvent,
    QObject,
    Qt,
    QTimer,
    Signal,
    SignalInstance,
    Slot,
)

from visualizer.session import wanted_pictures
from visualizer.session.comparing import Comparing
from visualizer.session.comparison_files import ComparisonFiles, KeptComparison, find_parent
from visualizer.session.desk import Desk, Opened, OpenedComparison
from visualizer.session.exporter import Exporter
from visualizer.session.failure import Failure
from visualizer.session.history import HistoryFolder
from visualizer.session.lanes import Lanes
from visualizer.session.loading import open_model as open_real_model
from visualizer.session.measuring import Measuring
from visualizer.session.noise_lab import NoiseLab
from visualizer.session.pictures import PictureCache
from visualizer.session.playhead import Playhead
from visualizer.session.progress import Pace
from visualizer.session.sharpening import Sharpener
from visualizer.session.timeline import Timeline
from visualizer.session.worker import Finished, Fitted, Loaded, Planned, Replanned, Started, Worker

if TYPE_CHECKING:
    from visualizer.diffusion.arrays import Picture
    from visualizer.diffusion.facts import ModelFacts
    from visualizer.diffusion.grid import Grid
    from visualizer.diffusion.request import SamplingRequest
    from visualizer.diffusion.trajectory import Trajectory
    from visualizer.diffusion.views import View
    from visualizer.session.lanes import Cell, Lane, State
    from visualizer.session.worker import DrawNoise, OpenModel, Sample, SampleLanes

SECOND_PRESS_S = 0.5
"""A Generate within this time of the last one is taken for a double press."""
PLAN_DELAY_MS = 120
FRAME_MS = 16
"""Steps cross to the window this often at most."""
CLOSE_SECONDS = 10.0
LATEST_LOAD_MS = 3000


@dataclass
class Run:
    """The run that is running, or waits for the model."""

    id: int
    request: SamplingRequest
    cancel: threading.Event = field(default_factory=threading.Event)
    timeline: Timeline | None = None
    pace: Pace | None = None
    before: Timeline | None = None
    replanned: bool = False
    branched: Timeline | None = None
    """The run that it goes on from."""


class Session(QObject):
    """One sitting: a model, the runs made with it, and the one that is looked at."""

    model_loading = Signal(str)
    """A sentence on what is being loaded just now."""
    model_ready = Signal(object)
    """ModelFacts of the model that can generate now."""
    planned = Signal(object)
    """Timeline with levels only, for the last valid request given to ``plan``."""
    plan_refused = Signal(str)
    """A sentence saying why the last request given to ``plan`` cannot be sampled."""
    prompt_read = Signal(str, object)
    """A prompt given to ``plan``, and the PromptReading of the model."""
    running_changed = Signal(bool)
    """``running`` changed. True as soon as a run is asked for, also while it waits for the model
    and no ``run_started`` has come; False when it ended, however it ended."""
    run_started = Signal(object)
    """Timeline, live: it grows from here. One ``run_finished`` follows."""
    progressed = Signal(object)
    """Progress of the run."""
    run_finished = Signal(object)
    """Timeline, also when it was stopped (``timeline.cancelled``)."""
    comparison_opened = Signal()
    """Other lanes are there: those of a file or of a sweep that was opened."""
    opened = Signal(object)
    """Timeline of an opened file, or of the prepared run."""
    current_changed = Signal(object)
    """The timeline that is looked at, or None. Comes before ``run_started`` and ``opened``."""
    saved = Signal(str)
    """The path of a run file that was written."""
    exported = Signal(str)
    """The path of an exported picture or animation."""
    exporting_changed = Signal(bool)
    history_changed = Signal()
    picture_read = Signal(str, object)
    """What it was wanted for, and the picture (H, W, 3) uint8, or None where there came none."""
    failed = Signal(object)
    """Failure: what went wrong, as a person can act on it."""

    def __init__(
        self,
        *,
        data_folder: Path | None = None,
        open_model: OpenModel | None = None,
        sample: Sample | None = None,
        draw_noise: DrawNoise | None = None,
        sample_lanes: SampleLanes | None = None,
        parent: QObject | None = None,
    ) -> None:
        """
        Args:
            data_folder: where the history is kept; None is the person's own data folder.
            open_model, sample, draw_noise, sample_lanes: what opens models, samples, draws
                starting noise, and samples several runs; the real ones when None.
        """
        super().__init__(parent)
        self.facts: ModelFacts | None = None
        self.model_folder: str | None = None  # of that model; None is the built-in one
        self.current: Timeline | None = None
        self.playhead = Playhead(self)
        self.cache = PictureCache()
        self._data_folder = data_folder
        self._history: list[Timeline] = []
        self._history_folder: HistoryFolder | None = None
        self._places: dict[int, Path] = {}
        self._history_complained = False
        self._run: Run | None = None
        self._run_ids = 0
        self._plan_ids = 0
        self._pressed_at = -math.inf
        self._plan_request: SamplingRequest | None = None
        self._model_folder: str | None = None
        self._loading = False
        self._load_posted = False
        self._prepared_path = ""
        self._exports = 0
        self._closed = False
        self._close_by: float | None = None

        self._worker = Worker(open_model or open_real_model, sample, self, draw_noise, sample_lanes)
        self.noise_lab = NoiseLab(self._worker, self)
        self._desk = Desk(self)
        self._exporter = Exporter(self)
        self.lanes = Lanes(self)
        """The comparison: runs side by side, with a playhead of their own."""
        self._sharpener = Sharpener(
            self._worker, self._desk, self.playhead, self.cache, self.lanes, self
        )
        self._comparing = Comparing(
            self.lanes, self._worker, self._sharpener, self.cache, self._keeps, self
        )
        self._measuring = Measuring(self.lanes, self._desk, self)
        self._comparison_files = ComparisonFiles(
            self.lanes, self._comparing, self._sharpener, self._desk, self._folder, self
        )
        self._frames = QTimer(self)
        self._frames.setInterval(FRAME_MS)
        self._frames.timeout.connect(self._deliver)
        self._plan_delay = QTimer(self)
        self._plan_delay.setSingleShot(True)
        self._plan_delay.setInterval(PLAN_DELAY_MS)
        self._plan_delay.timeout.connect(self._post_plan)
        self._connect()

    def _connect(self) -> None:
        queued = Qt.ConnectionType.QueuedConnection
        worker, desk, exporter = self._worker, self._desk, self._exporter
        worker.loading.connect(self.model_loading, queued)
        worker.loaded.connect(self._on_loaded, queued)
        worker.fitted.connect(self._on_fitted, queued)
        worker.load_failed.connect(self._on_load_failed, queued)
        worker.planned.connect(self._on_planned, queued)
        worker.started.connect(self._on_started, queued)
        worker.replanned.connect(self._on_replanned, queued)
        worker.finished.connect(self._on_finished, queued)
        worker.failed.connect(self._fail, queued)
        desk.opened.connect(self._on_opened, queued)
        desk.open_failed.connect(self._on_open_failed, queued)
        desk.saved.connect(self.saved, queued)
        desk.save_failed.connect(self._on_save_failed, queued)
        desk.autosave_failed.connect(self._on_autosave_failed, queued)
        desk.picture_read.connect(self.picture_read, queued)
        desk.inspected.connect(self._on_inspected, queued)
        desk.failed.connect(self._fail, queued)
        self._comparing.ended.connect(self._on_lanes_ended)
        desk.comparison_opened.connect(self._on_comparison_opened, queued)
        self._comparing.failed.connect(self._fail)
        self._measuring.summarized.connect(self._comparison_files.complete)
        exporter.exported.connect(self._on_exported, queued)
        exporter.failed.connect(self._on_export_failed, queued)
        self.running_changed.connect(self.noise_lab.set_busy)

    # --- state --------------------------------------------------------------------------------

    @property
    def running(self) -> bool:
        """Whether a run or a comparison is running, or waits for the model."""
        return self._run is not None or self._comparing.running

    @property
    def waiting(self) -> bool:
        """Whether what was asked for still waits for the model."""
        alone = self._run is not None and self._run.timeline is None
        return alone or self._comparing.waiting

    @property
    def loading(self) -> bool:
        """Whether a model is being loaded."""
        return self._loading

    @property
    def exporting(self) -> bool:
        """Whether something is being exported."""
        return self._exports > 0

    @property
    def history(self) -> tuple[Timeline, ...]:
        """Every run of this sitting, the oldest first: made here, opened, and the prepared one."""
        return tuple(self._history)

    @property
    def history_folder(self) -> Path:
        """Where runs are saved by themselves."""
        return self._folder().folder

    # --- the model ----------------------------------------------------------------------------

    def start(
        self,
        model_folder: str | None = None,
        run_file: str | None = None,
        load_after: SignalInstance | None = None,
    ) -> None:
        """Load the model (None: the built-in one) and show a run: the file, or the prepared one.

        Args:
            load_after: loading begins with this signal, or ``LATEST_LOAD_MS`` later; the
                interpreter's lock is then left to whoever builds the window. None: at once.
        """
        if run_file is not None:
            self.open_run(run_file)
        else:
            self._open_prepared_run()
        if load_after is None:
            self.load_model(model_folder)
            return
        self._loading = True
        self._model_folder = model_folder
        load_after.connect(self._load_first_model)
        QTimer.singleShot(LATEST_LOAD_MS, self, self._load_first_model)

    def _open_prepared_run(self) -> None:
        from visualizer.assets import asset_path

        try:
            self._prepared_path = str(asset_path("prepared", "ferrari.denoise"))
        except FileNotFoundError:
            return  # a checkout in which it has not been made yet
        self._desk.open(self._prepared_path)

    @Slot()
    def _load_first_model(self) -> None:
        if not self._load_posted:
            self.load_model(self._model_folder)

    def load_model(self, folder: str | None) -> None:
        """Load another model (None: the built-in one); the one there stays until it is ready."""
        if self._closed:
            return
        self._loading = self._load_posted = True
        self._model_folder = folder
        sampling = self.running and not self.waiting
        if sampling and folder is not None and Path(folder).is_dir():
            # the worker is busy, perhaps for minutes: what is wrong with a folder is told before
            self._desk.inspect_model(folder)
        else:
            self._worker.load(folder)

    @Slot(str, object)
    def _on_inspected(self, folder: str, failure: Failure | None) -> None:
        if self._closed or folder != self._model_folder:
            return  # another one has been asked for since
        if failure is None:
            self._worker.load(folder)
        else:
            self._on_load_failed(failure)

    @Slot(object)
    def _on_loaded(self, loaded: Loaded) -> None:
        self._loading = False
        self.facts, self.model_folder = loaded.facts, loaded.folder
        self._sharpener.set_model(loaded)
        self.noise_lab.set_facts(loaded.facts)
        self.model_ready.emit(loaded.facts)
        if self._plan_request is not None:
            self._plan_delay.start()

    @Slot(object)
    def _on_fitted(self, fitted: Fitted) -> None:
        self._sharpener.set_fast_decoder(fitted)

    @Slot(object)
    def _on_load_failed(self, failure: Failure) -> None:
        self._loading = False
        if self.facts is None and self._model_folder is not None:
            # a model that was moved away must not leave a window that cannot do anything: the
            # worker opens the built-in one at once
            failure = replace(
                failure, detail=f"{failure.detail} The built-in model is used instead.".strip()
            )
            self._loading, self._model_folder = True, None
        self.failed.emit(failure)

    # --- planning -----------------------------------------------------------------------------

    def plan(self, request: SamplingRequest | None) -> None:
        """Ask for the levels of a request (debounced): ``planned`` or ``plan_refused`` follows.

        None forgets the last request.
        """
        self._plan_request = request
        self._plan_ids += 1  # answers to former requests are dropped
        if request is None:
            self._plan_delay.stop()
        elif not self._closed:
            self._plan_delay.start()

    @Slot()
    def _post_plan(self) -> None:
        request = self._plan_request
        if request is not None and self.facts is not None:
            self._plan_ids += 1
            branched = self._branched_by(request)
            parent = None if branched is None else branched.trajectory
            self._worker.plan(self._plan_ids, request, parent)

    @Slot(object)
    def _on_planned(self, planned: Planned) -> None:
        if planned.plan_id != self._plan_ids or self._plan_request is None:
            return
        if planned.reading is not None:
            self.prompt_read.emit(self._plan_request.prompt, planned.reading)
        if planned.plan is None:
            self.plan_refused.emit(planned.refusal)
        else:
            self.planned.emit(Timeline.planned(self._plan_request, planned.plan, cache=self.cache))

    # --- a run --------------------------------------------------------------------------------

    def generate(self, request: SamplingRequest) -> None:
        """Sample. Ignored while a run is running or was asked for less than half a second ago.

        While the model loads, the run waits for it. A branch goes on from its parent where that is
        a run of the sitting; otherwise the parent's steps are made first.
        """
        if not self._may_begin():
            return
        branched = self._branched_by(request)
        self._run = Run(self._run_ids, request, branched=branched)
        parent = None if branched is None else branched.trajectory
        self._sharpener.set_paused(True)
        self._worker.sample(self._run.id, request, self._run.cancel, parent)
        self.running_changed.emit(True)

    def _may_begin(self) -> bool:
        """Whether sampling can begin now; it then has a number of its own."""
        now = time.monotonic()
        if self._closed or self.running or now - self._pressed_at < SECOND_PRESS_S:
            return False
        if self.facts is None and not self._loading:
            self.failed.emit(Failure("There is no model to generate with.", "Open a model first."))
            return False
        self._pressed_at = now
        self._run_ids += 1
        return True

    def branch(self, timeline: Timeline, k: int, request: SamplingRequest) -> None:
        """Go on from step k of a run: a normal run of the sitting, beside its parent.

        Args:
            timeline: the run that is branched; it may be one that was stopped.
            request: what ``visualizer.diffusion.branching.branch`` gives for it.
        """
        run, facts = timeline.trajectory, self.facts
        title = "This run cannot be branched."
        if run is None:
            self.failed.emit(Failure(title, "It is still running. Stop it, or let it finish."))
        elif facts is not None and run.model.weights_hash != facts.weights_hash:
            sentence = f"It was made by another model ({run.model.name}). Open that model first."
            self.failed.emit(Failure(title, sentence))
        elif not 0 <= k < len(timeline) or timeline.step(k).prediction is None:
            sentence = f"There is nothing to go on from at step {k}. Choose an earlier step."
            self.failed.emit(Failure(title, sentence))
        else:
            self.generate(request)

    def family_of(self, timeline: Timeline) -> tuple[Timeline, ...]:
        """The tree of runs that a run belongs to: every run before its branches, older first."""
        root = timeline
        while root.parent_run is not None:
            root = root.parent_run
        known = sorted({*self._known(), timeline}, key=lambda each: each.serial)

        def tree(run: Timeline) -> list[Timeline]:
            return [run, *(t for child in known if child.parent_run is run for t in tree(child))]

        return tuple(tree(root))

    def _known(self) -> list[Timeline]:
        """Every run of the sitting: of its history, of the comparison, and the one that runs."""
        lanes = [lane.timeline for lane in self.lanes.lanes]
        running = None if self._run is None else self._run.timeline
        found = [*self._history, *lanes, running, self.current]
        return list(dict.fromkeys(t for t in found if t is not None))

    def _keeps(self, timeline: Timeline) -> bool:
        """Whether a run stays when the comparison it was in is gone."""
        known = self._known()
        return timeline in known or any(timeline in _ancestors(t) for t in known)

    def _branched_by(self, request: SamplingRequest) -> Timeline | None:
        """The run of the sitting that a branch goes on from; the one looked at before others."""
        if request.start.kind != "step":
            return None
        from visualizer.diffusion.starts import FromStep

        assert isinstance(request.start, FromStep)
        parent, k = request.start.parent, request.start.step
        seen = [] if self.current is None else [self.current, *_ancestors(self.current)]
        weights = None if self.facts is None else self.facts.weights_hash
        return next(
            (
                timeline
                for timeline in [*seen, *reversed(self._known())]
                if timeline.request == parent
                and timeline.trajectory is not None
                and weights in (None, timeline.trajectory.model.weights_hash)
                and k < len(timeline)
                and timeline.step(k).prediction is not None
            ),
            None,
        )

    def stop(self) -> None:
        """Stop the run, or the comparison, within one step; what is there stays."""
        self._comparing.stop()
        run = self._run
        if run is None:
            return
        run.cancel.set()
        if run.timeline is None:  # it waits for the model: nothing is lost by dropping it at once
            self._end_run()

    @Slot(object)
    def _on_started(self, started: Started) -> None:
        run = self._run
        if run is None or started.run_id != run.id:
            return
        run.request = started.request
        if started.parent is not None:
            made = started.parent
            run.branched = Timeline.of(made.trajectory, made.points, cache=self.cache)
            run.branched.setParent(self)
            self._sharpener.add(run.branched)
        if run.branched is None:
            timeline = Timeline.planned(run.request, started.plan, cache=self.cache)
        else:
            timeline = Timeline.branch(run.branched, run.request, started.plan, cache=self.cache)
        timeline.setParent(self)
        timeline.begin()
        run.timeline, run.before = timeline, self.current
        run.pace = Pace(timeline.step_count)
        self._sharpener.add(timeline)
        self._set_current(timeline)
        self.playhead.go_live()
        self.run_started.emit(timeline)
        self._frames.start()

    @Slot(object)
    def _on_replanned(self, replanned: Replanned) -> None:
        run, plan = self._run, replanned.plan
        if run is None or run.timeline is None or replanned.run_id != run.id:
            return
        run.replanned = True
        run.timeline.set_plan(plan.levels, plan.timesteps, plan.stages)
        if run.pace is not None:
            run.pace.total = run.timeline.step_count

    @Slot()
    def _deliver(self) -> None:
        """Hand over what was sampled since the last frame."""
        run = self._run
        if run is None or run.timeline is None or run.pace is None:
            return
        mail = self._worker.take(run.id)
        if not mail:
            return
        run.timeline.append([point for point, _ in mail])
        if run.timeline is self.current:
            self.playhead.set_bounds(len(run.timeline), running=True)
            if self.playhead.live and run.timeline.complete:
                self._look_at_a_picture(run.timeline)
        progress = None
        for point, seconds in mail:
            taken, stage = run.timeline.steps_taken, run.timeline.stage(point.step.index)
            progress = run.pace.mark(
                taken(point.step.index), seconds, stage=stage.first, stage_end=taken(stage.last)
            )
        self.progressed.emit(progress)

    @Slot(object)
    def _on_finished(self, finished: Finished) -> None:
        run = self._run
        if run is None or finished.run_id != run.id:
            return
        self._deliver()
        timeline, trajectory = run.timeline, finished.trajectory
        self._end_run()
        if run.replanned and self._plan_request is not None:
            self._plan_delay.start()  # the model knows better now
        if timeline is not None:
            self._keep(run, timeline, trajectory, finished.measured)
            self.run_finished.emit(timeline)
        if finished.failure is not None:
            self.failed.emit(finished.failure)

    def _end_run(self) -> None:
        self._run = None
        self._frames.stop()
        self._sharpener.set_paused(False)
        self.running_changed.emit(False)

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
            if timeline is self.current:
                self._set_current(run.before)
            return
        timeline.finish(trajectory, measured)
        if timeline is self.current:
            followed = self.playhead.live
            self.playhead.set_bounds(len(timeline))
            if followed:
                self._look_at_a_picture(timeline)
        self._remember(timeline)

    def keep(self, trajectory: Trajectory) -> Timeline:
        """Look at a finished run that was made beside the history, and keep it there."""
        timeline = Timeline.of(trajectory, cache=self.cache, from_file=False)
        timeline.setParent(self)
        self._sharpener.add(timeline)
        self._set_current(timeline)
        self.playhead.seek(len(timeline) - 1, by_person=False)
        self._remember(timeline)
        self.opened.emit(timeline)
        return timeline

    def _remember(self, timeline: Timeline) -> None:
        self._history.append(timeline)
        self.history_changed.emit()
        self._places[timeline.serial] = self._folder().place_for(
            timeline.request.prompt, timeline.request.seed
        )
        self._autosave(timeline)  # at once, whatever happens next; then with all its pictures
        if not self._closed:
            if timeline is self.current:
                self._sharpener.show(timeline)
            wanted = wanted_pictures.for_run_file(timeline)
            save = partial(self._autosave, timeline)
            self._sharpener.complete(timeline, wanted, save, urgent=False)

    def _look_at_a_picture(self, timeline: Timeline) -> None:
        """A run that was followed to its end rests where this view has something to show."""
        view, newest = self.playhead.view, len(timeline) - 1
        last = next((k for k in range(newest, -1, -1) if timeline.has_view(k, view)), newest)
        self.playhead.seek(last, by_person=False)

    def set_picture_memory(self, mib: int) -> None:
        """Keep full pictures of at most so many MiB from now on, of all runs together.

        What is on the screen is kept whatever its size, up to five pictures a lane.
        """
        self.cache.set_limit(mib * 2**20)
        self._sharpener.nudge()

    # --- a comparison -------------------------------------------------------------------------

    def compare(self, grid: Grid) -> None:
        """Sample a grid of requests into ``lanes``; ``lanes.running_changed`` tells of its end.

        Ignored where ``generate`` would be; too many lanes are refused.
        """
        from visualizer.diffusion.request import RequestError

        try:
            grid.check()
        except RequestError as error:
            self.failed.emit(Failure("These lanes cannot be compared.", str(error)))
            return
        varied = {grid.columns.field} | (set() if grid.rows is None else {grid.rows.field})
        self.compare_requests(
            grid.cells,
            column_labels=grid.column_labels,
            row_labels=grid.row_labels,
            title="" if "prompt" in varied else grid.base.prompt,
        )

    def compare_requests(
        self,
        cells: Sequence[Cell],
        *,
        column_labels: Sequence[str] = (),
        row_labels: Sequence[str] = (),
        title: str = "",
    ) -> None:
        """Sample any requests side by side, e.g. branches of one run."""
        if not cells or not self._may_begin():
            return
        self._sharpener.set_paused(True)
        self._comparing.begin(
            self._run_ids,
            cells,
            column_labels=column_labels,
            row_labels=row_labels,
            title=title,
            parents=[self._branched_by(cell.request) for cell in cells],
        )
        self.look_at_lanes(True)
        self.running_changed.emit(True)

    def run_experiment(self, base: SamplingRequest | None = None) -> None:
        """Ask whether the noise secretly contains the Ferrari; ``lanes.summary`` will answer.

        Args:
            base: what all lanes take their steps, guidance, sampler and size from.
        """
        from visualizer.diffusion import experiment

        self.compare_requests(
            experiment.cells(base),
            column_labels=[str(i + 1) for i in range(len(experiment.SEEDS))],
            row_labels=experiment.ROW_LABELS,
            title=experiment.TITLE,
        )

    @Slot()
    def _on_lanes_ended(self) -> None:
        self._sharpener.set_paused(False)
        self.running_changed.emit(False)
        from visualizer.diffusion import experiment

        asks = self.lanes.title == experiment.TITLE
        self._comparison_files.keep(whole=not asks)
        if asks and not self._closed:
            self._measuring.summarize()

    def add_to_comparison(self, timeline: Timeline, label: str | None = None) -> Lane | None:
        """Put a run of the sitting beside the lanes; one that is there already is given back."""
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
        cell = Cell(timeline.request, row, 0, label or _lane_label(timeline))
        lane = self.lanes.add(cell)
        state: State = "stopped" if timeline.cancelled else "done"
        self._comparing.show(timeline, lane, "running" if timeline.running else state, None)
        return lane

    @property
    def comparisons(self) -> tuple[KeptComparison, ...]:
        """The comparisons made in this sitting, the oldest first; ``open_run`` shows one again."""
        return tuple(self._comparison_files.comparisons)

    def save_comparison(self, path: str) -> None:
        """Write the lanes as one file: ``saved`` or ``failed`` follows."""
        if self._lanes_are_there():
            self._comparison_files.save(path)

    def export_comparison(self, path: str) -> None:
        """Write the lanes as a picture, animation or page: ``exported`` or ``failed`` follows."""
        if self._lanes_are_there():
            self._count_export(+1)
            self._comparison_files.export(path, self._exporter.export)

    def _lanes_are_there(self) -> bool:
        if self._comparing.running:
            self.failed.emit(
                Failure("The lanes are still being made.", "Stop them, or let them finish.")
            )
        elif not any(lane.timeline and lane.timeline.trajectory for lane in self.lanes.lanes):
            self.failed.emit(Failure("There is nothing to compare yet.", "Make some lanes first."))
        else:
            return True
        return False

    @Slot(object)
    def _on_comparison_opened(self, opened: OpenedComparison) -> None:
        if self._comparing.running:
            self.failed.emit(Failure("Lanes are being made.", "Stop them before you open others."))
            return
        self._comparison_files.show(opened)
        self.look_at_lanes(True)
        self.comparison_opened.emit()

    def look_at_lanes(self, first: bool) -> None:
        """Whether the comparison is looked at, rather than the current run: it is served first."""
        self._sharpener.show_lanes(first)

    # --- what is looked at --------------------------------------------------------------------

    def show(self, timeline: Timeline) -> None:
        """Look at another run of this sitting."""
        if timeline is not self.current:
            self._set_current(timeline)
            if timeline.running:
                self.playhead.go_live()

    def _set_current(self, timeline: Timeline | None) -> None:
        self.current = timeline
        count = 0 if timeline is None else len(timeline)
        self.playhead.pause()
        self.playhead.set_bounds(count, running=timeline is not None and timeline.running)
        self._sharpener.show(timeline)
        self.current_changed.emit(timeline)

    # --- files --------------------------------------------------------------------------------

    def open_run(self, path: str) -> None:
        """Read a run file: ``opened`` or ``failed`` follows.

        Of a file with a comparison, or the folder of a sweep: ``comparison_opened``.
        """
        self._desk.open(path)

    @Slot(object)
    def _on_opened(self, opened: Opened) -> None:
        prepared = opened.path == self._prepared_path
        if prepared and (self.current is not None or self._history):
            return  # the person was quicker
        timeline = Timeline.of(opened.trajectory, opened.points, cache=self.cache)
        timeline.setParent(self)
        find_parent(timeline, self._known())
        self._sharpener.add(timeline)
        self._history.append(timeline)
        self.history_changed.emit()
        self._set_current(timeline)
        self.playhead.seek(len(timeline) - 1, by_person=False)
        self.opened.emit(timeline)

    @Slot(str, object)
    def _on_open_failed(self, path: str, failure: Failure) -> None:
        del path
        self.failed.emit(failure)

    def save_run(self, timeline: Timeline, path: str) -> None:
        """Write a run file: ``saved`` or ``failed`` follows.

        Pictures that are not decoded yet are decoded first; while a run is running that waits.
        """
        run = timeline.trajectory
        if run is None:
            self.failed.emit(Failure("This run is still running.", "Stop it, or let it finish."))
            return
        wanted = wanted_pictures.for_run_file(timeline)
        self._sharpener.complete(
            timeline, wanted, lambda found: self._desk.save(self._with(timeline, found), path)
        )

    @Slot(str, object)
    def _on_save_failed(self, path: str, failure: Failure) -> None:
        del path
        self.failed.emit(failure)

    def export_run(self, timeline: Timeline, path: str) -> None:
        """Write a picture or animation by the path's suffix: ``exported`` or ``failed`` follows."""
        if timeline.trajectory is None:
            self.failed.emit(Failure("This run is still running.", "Stop it, or let it finish."))
            return
        self._count_export(+1)
        wanted = wanted_pictures.for_export(timeline, path)
        self._sharpener.complete(
            timeline, wanted, lambda found: self._exporter.export(self._with(timeline, found), path)
        )

    @Slot(str)
    def _on_exported(self, path: str) -> None:
        self._count_export(-1)
        self.exported.emit(path)

    @Slot(str, object)
    def _on_export_failed(self, path: str, failure: Failure) -> None:
        del path
        self._count_export(-1)
        self.failed.emit(failure)

    def _count_export(self, change: int) -> None:
        before = self.exporting
        self._exports += change
        if self.exporting != before:
            self.exporting_changed.emit(self.exporting)

    def _with(self, timeline: Timeline, found: Mapping[tuple[int, View], Picture]) -> Trajectory:
        """The run with the pictures found beside those it has."""
        return wanted_pictures.with_found(timeline, found)

    def read_picture(self, source: Path | bytes, wanted_for: str) -> None:
        """Read a picture for the model, from a file or its bytes: ``picture_read`` follows."""
        self._desk.read_picture(source, wanted_for)

    # --- history ------------------------------------------------------------------------------

    def _folder(self) -> HistoryFolder:
        if self._history_folder is None:
            if self._data_folder is None:
                from visualizer.folders import data_folder

                self._data_folder = data_folder()
            self._history_folder = HistoryFolder(self._data_folder / "history")
        return self._history_folder

    def _autosave(
        self, timeline: Timeline, found: Mapping[tuple[int, View], Picture] | None = None
    ) -> None:
        """Write a run to the history, with the exact pictures found of it."""
        place = self._places.get(timeline.serial)
        if place is None or timeline.trajectory is None:
            return
        run = self._with(timeline, found or {})
        self._desk.autosave(partial(self._folder().save, run, place))

    @Slot(object)
    def _on_autosave_failed(self, failure: Failure) -> None:
        if not self._history_complained:  # once is enough: nothing is lost while the window is open
            self._history_complained = True
            self.failed.emit(failure)

    @Slot(object)
    def _fail(self, failure: Failure) -> None:
        self.failed.emit(failure)

    # --- the end ------------------------------------------------------------------------------

    def close(self) -> bool:
        """Cancel everything and wait at most 10 s. True when no thread is left."""
        if not self._closed:
            self._sharpener.give_up()
        self._closed = True
        if self._close_by is None:
            self._close_by = time.monotonic() + CLOSE_SECONDS
        until = self._close_by
        if self._run is not None:
            self._run.cancel.set()
        self._comparing.cancel()
        self._measuring.close()
        self.noise_lab.close()
        self._frames.stop()
        self._plan_delay.stop()
        self.playhead.pause()
        self._worker.close()
        self._exporter.close()
        ended = [t.join(until - time.monotonic()) for t in (self._worker, self._exporter)]
        # what the worker said last, that the run was stopped, stands in this thread's queue: it
        # must be heard before the desk takes no more, or the run would not be saved
        for listener in (self, self._comparing):
            QCoreApplication.sendPostedEvents(listener, QEvent.Type.MetaCall)
        self._desk.finish()
        return all(ended) & self._desk.join(until - time.monotonic())


def _ancestors(timeline: Timeline) -> list[Timeline]:
    """The runs that a run branched from, the nearest first."""
    found = []
    while timeline.parent_run is not None:
        timeline = timeline.parent_run
        found.append(timeline)
    return found


def _lane_label(timeline: Timeline) -> str:
    """What tells a run from the lanes beside it."""
    from visualizer.diffusion.grid import short_texts

    words = short_texts([timeline.title])[0]
    if timeline.parent_run is not None:
        return f"from step {timeline.branched_at} · {words}"
    return f"seed {timeline.request.seed} · {words}"
