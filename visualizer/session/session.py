"""Session: everything the window asks for, answered by signals. QtCore only."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, Signal, SignalInstance, Slot

from visualizer.session.answers import Fitted, Loaded
from visualizer.session.checkpoint_lab import CheckpointLab
from visualizer.session.comparing import Comparing
from visualizer.session.comparison_files import ComparisonFiles, KeptComparison
from visualizer.session.current_run import CurrentRun
from visualizer.session.desk import Desk, OpenedComparison
from visualizer.session.destroying import Destroying
from visualizer.session.drawings import Drawings
from visualizer.session.export_preview import ExportPreview
from visualizer.session.exports import Exports
from visualizer.session.failure import LANES_RUNNING, Failure
from visualizer.session.keeping import Keeping
from visualizer.session.lanes import Lanes
from visualizer.session.loading import open_model as open_real_model
from visualizer.session.measuring import Measuring
from visualizer.session.model_opening import ModelOpening
from visualizer.session.noise_lab import NoiseLab
from visualizer.session.physics_lab import PhysicsLab
from visualizer.session.pictures import PictureCache
from visualizer.session.planning import Planning
from visualizer.session.playhead import Playhead
from visualizer.session.run_files import RunFiles
from visualizer.session.run_tree import RunTree
from visualizer.session.running import Running
from visualizer.session.sculpting import Sculpting
from visualizer.session.sharpening import Sharpener
from visualizer.session.timeline import Timeline
from visualizer.session.train_lab import TrainLab
from visualizer.session.training_example import TrainingExample
from visualizer.session.words import Words
from visualizer.session.worker import Worker

if TYPE_CHECKING:
    from visualizer.diffusion.facts import ModelFacts
    from visualizer.diffusion.grid import Grid
    from visualizer.diffusion.request import SamplingRequest
    from visualizer.diffusion.trajectory import Trajectory
    from visualizer.session.lanes import Cell, Lane
    from visualizer.session.worker import DrawNoise, OpenModel, Sample, SampleLanes

SECOND_PRESS_S = 0.5
"""A Generate within this time of the last one is a double press, if it asks for the same."""
CLOSE_SECONDS = 10.0


class Session(QObject):
    """One sitting: a model, the runs made with it, and the one that is looked at.

    It says when sampling may begin, and hands every wish to the part that knows how: the model to
    ``ModelOpening``, requests that are still typed to ``Planning``, a run to ``Running``, runs side
    by side to ``Comparing``, what was made to ``Keeping``, and files to ``RunFiles`` and
    ``ComparisonFiles``. ``CurrentRun`` is what is looked at, ``RunTree`` tells which runs belong
    together, and ``Sharpener`` which picture is decoded next.
    """

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
    comparison_kept = Signal()
    """There is another one in ``comparisons``."""
    gathered = Signal(str, int, int)
    """A file of a comparison waits for pictures: its path, lanes that have theirs, all lanes."""
    saved = Signal(str)
    """The path of a run file that was written."""
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
        self.playhead = Playhead(self)
        self.cache = PictureCache()
        self.lanes = Lanes(self)
        """The comparison: runs side by side, with a playhead of their own."""
        self._run_ids = 0
        self._pressed_at = -math.inf
        self._pressed_for: object = None
        self._closed = False
        self._close_by: float | None = None

        cache, lanes = self.cache, self.lanes
        self._worker = Worker(open_model or open_real_model, sample, self, draw_noise, sample_lanes)
        self._desk = Desk(self)
        self.noise_lab = NoiseLab(self._worker, self)
        self.train_lab = TrainLab(self._worker, self)
        self.drawings = Drawings(self._worker, self)
        self.training_example = TrainingExample(self._worker, self)
        self.checkpoint_lab = CheckpointLab(self._worker, self)
        self.words = Words(self._worker, self, sample=sample)
        self.physics_lab = PhysicsLab(self._worker, self)
        self._sharpener = Sharpener(self._worker, self._desk, self.playhead, cache, lanes, self)
        self.exports = Exports(self._sharpener, cache, self)
        """Runs and lanes become files that people share."""
        self.export_preview = ExportPreview(self.exports.sources, self)
        """What such a file would look like."""
        self.destroying = Destroying(
            self._worker, self._desk, self._sharpener, cache, self.generate, sample, self
        )
        """A picture of one's own, destroyed by noise, and made again."""
        self.sculpting = Sculpting(self._desk, self)
        """What each step of a run changed, as the Denoise page looks at it."""
        self._current = CurrentRun(self.playhead, self._sharpener, self)
        self._models = ModelOpening(
            self._worker, self._desk, lambda: self.running and not self.waiting, self
        )
        self._keeping = Keeping(self._desk, self._sharpener, self._current, data_folder, self)
        self._running = Running(self._worker, self._sharpener, cache, self._current, self)
        self._tree = RunTree(self._keeping, lanes, self._running, self._current)
        self._planning = Planning(
            self._worker, cache, lambda: self.facts is not None, self._branched_by, self
        )
        self._comparing = Comparing(
            lanes, self._worker, self._sharpener, cache, self._tree.keeps, self
        )
        self._measuring = Measuring(lanes, self._desk, self)
        self._run_files = RunFiles(
            self._desk,
            self._sharpener,
            cache,
            self._keeping,
            self._current,
            self._tree,
            self,
        )
        self._comparison_files = ComparisonFiles(
            lanes, self._comparing, self._sharpener, self._desk, self._keeping.folder, self
        )
        self._connect()

    def _connect(self) -> None:
        queued = Qt.ConnectionType.QueuedConnection
        worker, desk = self._worker, self._desk
        # from the threads
        worker.loading.connect(self.model_loading, queued)
        worker.fitted.connect(self._on_fitted, queued)
        worker.failed.connect(self._fail, queued)
        desk.saved.connect(self.saved, queued)
        desk.picture_read.connect(self.picture_read, queued)
        desk.failed.connect(self._fail, queued)
        desk.comparison_opened.connect(self._on_comparison_opened, queued)
        # from the parts
        self._current.changed.connect(self.current_changed)
        self._current.changed.connect(self._comparing.forget)  # it may have kept a former lane
        self._models.ready.connect(self._on_model_ready)
        self._planning.planned.connect(self.planned)
        self._planning.refused.connect(self.plan_refused)
        self._planning.prompt_read.connect(self.prompt_read)
        self._running.changed.connect(self.running_changed)
        self._running.started.connect(self.run_started)
        self._running.progressed.connect(self.progressed)
        self._running.replanned.connect(self._planning.again)  # the model knows better now
        self._running.made.connect(self._keeping.remember)
        self._running.finished.connect(self._comparing.settle)  # it may be a lane by now
        self._running.finished.connect(self.run_finished)
        self._comparing.ended.connect(self._on_lanes_ended)
        self._comparison_files.kept.connect(self.comparison_kept)
        self._comparison_files.gathered.connect(self.gathered)
        self._measuring.summarized.connect(self._comparison_files.complete)
        self._keeping.changed.connect(self.history_changed)
        self._run_files.opened.connect(self.opened)
        for standing_back in (self.noise_lab, self.destroying, self.words, self.checkpoint_lab):
            self.running_changed.connect(standing_back.set_busy)
        self.running_changed.connect(lambda _running: self.exports.look_again())
        for part in (
            self.physics_lab,
            self.train_lab,
            self.training_example,
            self.checkpoint_lab,
            self.sculpting,
            self._models,
            self._running,
            self._comparing,
            self._keeping,
            self._run_files,
            self.exports,
        ):
            part.failed.connect(self._fail)

    # --- state --------------------------------------------------------------------------------

    @property
    def facts(self) -> ModelFacts | None:
        """Of the model that can generate now; None while there is none."""
        return self._models.facts

    @property
    def model_folder(self) -> str | None:
        """Where that model lies; None is the built-in one."""
        return self._models.folder

    @property
    def current(self) -> Timeline | None:
        """The run that is looked at."""
        return self._current.run

    @property
    def running(self) -> bool:
        """Whether a run or a comparison is running, or waits for the model."""
        return self._running.run is not None or self._comparing.running

    @property
    def settled(self) -> bool:
        """Whether the model is there, and nothing that a page waits for is being made."""
        return self.facts is not None and not self.running and not self.destroying.working

    @property
    def waiting(self) -> bool:
        """Whether what was asked for still waits for the model."""
        return self._running.waiting or self._comparing.waiting

    @property
    def loading(self) -> bool:
        """Whether a model is being loaded."""
        return self._models.loading

    @property
    def history(self) -> tuple[Timeline, ...]:
        """Every run of this sitting, the oldest first: made here, opened, and the prepared one."""
        return tuple(self._keeping.runs)

    @property
    def history_folder(self) -> Path:
        """Where runs are saved by themselves."""
        return self._keeping.folder().folder

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
            self._run_files.open_prepared()
        self._models.begin(model_folder, load_after)

    def load_model(self, folder: str | None) -> None:
        """Load another model (None: the built-in one); the one there stays until it is ready."""
        self._models.load(folder)

    @Slot(object)
    def _on_model_ready(self, loaded: Loaded) -> None:
        self._sharpener.set_model(loaded)
        self.noise_lab.set_facts(loaded.facts)
        self.destroying.set_facts(loaded.facts)
        self.drawings.set_facts(loaded.facts)
        builtin = loaded.folder is None
        self.training_example.set_facts(loaded.facts, builtin=builtin)
        self.checkpoint_lab.set_facts(loaded.facts, builtin=builtin)
        self.words.set_facts(loaded.facts)
        self.model_ready.emit(loaded.facts)
        self._planning.again()

    @Slot(object)
    def _on_fitted(self, fitted: Fitted) -> None:
        self._sharpener.set_fast_decoder(fitted)

    # --- planning -----------------------------------------------------------------------------

    def plan(self, request: SamplingRequest | None) -> None:
        """Ask for the levels of a request (debounced): ``planned`` or ``plan_refused`` follows.

        None forgets the last request.
        """
        self._planning.plan(request)

    # --- a run --------------------------------------------------------------------------------

    def generate(self, request: SamplingRequest, *, attention: bool = False) -> None:
        """Sample, unless something is running: ``failed`` says so then.

        The same wish within half a second is a double press, and ignored without a word. While the
        model loads, the run waits for it. A branch goes on from its parent where that is a run of
        the sitting; otherwise the parent's steps are made first.

        Args:
            attention: record ``Timeline.attention`` beside it, where the model has any to show
                (``ModelFacts.no_attention``); the picture is the same, bit for bit.
        """
        if self._may_begin(request):
            branched = self._branched_by(request)
            self._running.begin(self._run_ids, request, branched, attention=attention)

    def _may_begin(self, wish: object) -> bool:
        """Whether sampling can begin now; it then has a number of its own.

        A wish that is not fulfilled is never dropped without a word, but for a double press.
        """
        now = time.monotonic()
        twice = now - self._pressed_at < SECOND_PRESS_S and wish == self._pressed_for
        if self._closed or twice:
            return False
        if self._comparing.running:
            self.failed.emit(Failure("Lanes are being made.", "Stop them, or let them finish."))
            return False
        if self._running.run is not None:
            self.failed.emit(Failure("A picture is being made.", "Stop it, or let it finish."))
            return False
        if self.facts is None and not self.loading:
            self.failed.emit(Failure("There is no model to generate with.", "Open a model first."))
            return False
        self._pressed_at, self._pressed_for = now, wish
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

    def _branched_by(self, request: SamplingRequest) -> Timeline | None:
        weights = None if self.facts is None else self.facts.weights_hash
        return self._tree.branched_by(request, weights)

    def family_of(self, timeline: Timeline) -> tuple[Timeline, ...]:
        """The tree of runs that a run belongs to: every run before its branches, older first."""
        return self._tree.family_of(timeline)

    def stop(self) -> None:
        """Stop the run, or the comparison, within one step; what is there stays."""
        self._comparing.stop()
        self._running.stop()

    def keep(self, trajectory: Trajectory) -> Timeline:
        """Look at a finished run that was made beside the history, and keep it there."""
        timeline = Timeline.of(trajectory, cache=self.cache, from_file=False)
        self._sharpener.add(timeline)
        self._current.look_at_the_end(timeline)
        self._keeping.remember(timeline)
        self.opened.emit(timeline)
        return timeline

    # --- a comparison -------------------------------------------------------------------------

    def compare(self, grid: Grid) -> None:
        """Sample a grid of requests into ``lanes``; ``lanes.running_changed`` tells of its end.

        Refused where ``generate`` would be, and for too many lanes.
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
        if not cells or not self._may_begin(tuple(cell.request for cell in cells)):
            return
        self._comparison_files.let_go()
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
        return self._comparing.add(timeline, label)

    @property
    def comparisons(self) -> tuple[KeptComparison, ...]:
        """The comparisons made in this sitting, the oldest first; ``open_run`` shows one again."""
        return tuple(self._comparison_files.comparisons)

    def keep_comparison(self) -> None:
        """Keep the lanes as they are among the comparisons of this sitting, e.g. a pair of runs."""
        if not self._comparing.running:
            self._comparison_files.keep(whole=True)

    def save_comparison(self, path: str) -> None:
        """Write the lanes as one file: ``saved`` or ``failed`` follows."""
        if self._lanes_are_there():
            self._comparison_files.save(path)

    def _lanes_are_there(self) -> bool:
        if self._comparing.running:
            self.failed.emit(LANES_RUNNING)
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

    # --- what is looked at --------------------------------------------------------------------

    def show(self, timeline: Timeline) -> None:
        """Look at another run of this sitting."""
        if timeline is not self.current:
            self._current.look_at(timeline)
            if timeline.running:
                self.playhead.go_live()

    def look_at_lanes(self, first: bool) -> None:
        """Whether the comparison is looked at, rather than the current run: it is served first."""
        self._sharpener.show_lanes(first)

    def set_picture_memory(self, mib: int) -> None:
        """Keep full pictures of at most so many MiB from now on, of all runs together.

        What is on the screen is kept whatever its size, up to five pictures a lane.
        """
        self.cache.set_limit(mib * 2**20)
        self._sharpener.nudge()

    # --- files --------------------------------------------------------------------------------

    def open_run(self, path: str) -> None:
        """Read a run file: ``opened`` or ``failed`` follows.

        Of a file with a comparison, or the folder of a sweep: ``comparison_opened``.
        """
        self._desk.open(path)

    def save_run(self, timeline: Timeline, path: str) -> None:
        """Write a run file: ``saved`` or ``failed`` follows.

        Pictures that are not decoded yet are decoded first; while a run is running that waits.
        """
        self._run_files.save(timeline, path)

    def read_picture(self, source: Path | bytes, wanted_for: str) -> None:
        """Read a picture for the model, from a file or its bytes: ``picture_read`` follows."""
        self._desk.read_picture(source, wanted_for)

    # --- the end ------------------------------------------------------------------------------

    @Slot(object)
    def _fail(self, failure: Failure) -> None:
        self.failed.emit(failure)

    @property
    def closing_left(self) -> float:
        """Seconds that closing may still take, once it has begun."""
        return CLOSE_SECONDS if self._close_by is None else self._close_by - time.monotonic()

    def close(self) -> bool:
        """Cancel everything and wait at most 10 s. True when no thread is left."""
        if not self._closed:
            self._sharpener.give_up()
        self._closed = True
        if self._close_by is None:
            self._close_by = time.monotonic() + CLOSE_SECONDS
        until = self._close_by
        self._models.close()
        self._planning.close()
        self._running.cancel()
        self._comparing.cancel()
        self._measuring.close()
        self.noise_lab.close()
        self.destroying.close()
        self.train_lab.close()
        self.drawings.close()
        self.sculpting.close()
        self.training_example.close()
        self.checkpoint_lab.close()
        self.words.close()
        self.physics_lab.close()
        self._keeping.close()
        self.playhead.pause()
        self._worker.close()
        self.export_preview.close()
        self.exports.close()
        threads = (self._worker, self.exports, self.export_preview)
        ended = [thread.join(until - time.monotonic()) for thread in threads]
        # what the worker said last, that the run was stopped, stands in this thread's queue: it
        # must be heard before the desk takes no more, or the run would not be saved
        for listener in (self._models, self, self._running, self._comparing):
            QCoreApplication.sendPostedEvents(listener, QEvent.Type.MetaCall)
        self._comparison_files.let_go()
        self._desk.finish()
        return all(ended) & self._desk.join(until - time.monotonic())
