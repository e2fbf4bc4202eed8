"""What of a sitting is exported: a run, its forward process, the lanes, or what a page plans.

Called on the GUI thread; what takes a while is computed and painted on a thread of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal, Slot

from visualizer.session.failure import LANES_RUNNING, STILL_RUNNING, Failure, describe
from visualizer.session.jobs import JobThread
from visualizer.session.timeline import DECODED_VIEWS, Timeline

if TYPE_CHECKING:
    from visualizer.diffusion.arrays import Picture
    from visualizer.diffusion.trajectory import Trajectory
    from visualizer.diffusion.views import View
    from visualizer.export.exhibit import ExhibitPlan
    from visualizer.export.options import ExportOptions
    from visualizer.session.export_crossing import PictureKey, Source
    from visualizer.session.export_process import Answer
    from visualizer.session.lanes import Lanes
    from visualizer.session.pictures import PictureCache
    from visualizer.session.sharpening import Completion, Sharpener
    from visualizer.session.timeline import Point

    Exported = Timeline | Lanes | ExhibitPlan

FAILED = "The export failed."


@dataclass(frozen=True, eq=False)
class ExportSource:
    """A run or a comparison, and the timelines that have pictures of its runs.

    Attributes:
        keys: of each run the pictures, by step and view, that are stored or can be made now.
    """

    what: Source
    timelines: tuple[Timeline, ...]
    keys: tuple[tuple[tuple[int, View], ...], ...]


class ExportSources(QObject):
    """Finds what is exported, and answers wishes for pictures of it."""

    _asked = Signal(object)
    _prepared = Signal(object)

    def __init__(
        self, sharpener: Sharpener, cache: PictureCache, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._sharpener, self._cache = sharpener, cache
        self._thread = JobThread("export sources", self._job_failed)
        self._forward: dict[Timeline, Timeline] = {}  # what runs became
        self._painted: dict[ExhibitPlan, ExportSource] = {}  # what plans became
        self._waiting: dict[Timeline | ExhibitPlan, list[_Waiting]] = {}
        self._last: tuple[object, ExportSource] | None = None
        self._held: set[object] = set()
        self._open: dict[object, dict[tuple[int, int, View], Completion]] = {}
        queued = Qt.ConnectionType.QueuedConnection
        self._asked.connect(self._on_asked, queued)
        self._prepared.connect(self._on_prepared, queued)

    def find(
        self,
        exported: Exported,
        options: ExportOptions,
        found: Callable[[ExportSource], None],
        refused: Callable[[Failure], None],
    ) -> None:
        """Call ``found`` or ``refused``, now or soon, on the GUI thread.

        What was found may be let go once nobody holds it (``hold``).
        """
        from visualizer.export.exhibit import ExhibitPlan  # it loads numpy: not at the start

        if isinstance(exported, ExhibitPlan):
            self._find_painted(exported, _Waiting(found, refused))
        elif isinstance(exported, Timeline):
            run = exported.trajectory
            if run is None:
                refused(STILL_RUNNING)
            elif options.subject == "forward":
                self._find_forward(exported, run, _Waiting(found, refused))
            else:
                found(self._of(run, (exported,)))
        elif exported.running:
            refused(LANES_RUNNING)
        else:
            from visualizer.session.comparison_files import comparison_of

            timelines = [lane.timeline for lane in exported.lanes]
            have = tuple(t for t in timelines if t is not None and t.trajectory is not None)
            if have:
                found(self._of(comparison_of(exported), have))
            else:
                refused(Failure("There is nothing to export yet.", "Make some lanes first."))

    def ask(
        self,
        asker: object,
        source: ExportSource,
        keys: Sequence[PictureKey],
        answer: Callable[[Sequence[Answer]], None],
        *,
        exactly: bool,
    ) -> None:
        """Have ``answer`` called with pictures, from any thread, until the asker is forgotten.

        Args:
            exactly: wait for the model's own decodes; else a preview will do for now.
        """
        self._asked.emit(_Asked(asker, source, tuple(keys), answer, exactly))

    def forget(self, asker: object) -> None:
        """Whoever asked wants nothing more: nothing is decoded for it any longer."""
        self._sharpener.abandon(self._open.pop(asker, {}).values())

    def hold(self, who: object, held: bool) -> None:
        """Whether somebody goes on using what was found; when nobody does it is let go."""
        (self._held.add if held else self._held.discard)(who)
        if not self._held:
            for made in self._forward.values():
                self._sharpener.remove(made)
            self._forward.clear()
            self._painted.clear()
            self._waiting.clear()
            self._last = None

    def forward_of(self, timeline: Timeline) -> Timeline | None:
        """The forward process of a run, where it has been found and somebody holds it."""
        return self._forward.get(timeline)

    def close(self) -> None:
        """Compute nothing more."""
        self._waiting.clear()
        self._thread.close()

    def join(self, seconds: float) -> bool:
        """Wait for the thread's end."""
        return self._thread.join(seconds)

    def _of(self, what: Source, timelines: tuple[Timeline, ...]) -> ExportSource:
        """The source of this; the very one of last time where nothing has changed since.

        Finding the pictures of 64 lanes takes a while, and a preview goes on with what it has.
        """
        state = _state_of(what, timelines)
        if self._last is None or self._last[0] != state:
            keys = tuple(keys_of(each) for each in timelines)
            self._last = state, ExportSource(what, timelines, keys)
        return self._last[1]

    # --- what a page shows that is no run -----------------------------------------------------

    def _find_painted(self, plan: ExhibitPlan, waiting: _Waiting) -> None:
        if plan in self._painted:
            waiting.found(self._painted[plan])
        elif plan in self._waiting:
            self._waiting[plan].append(waiting)
        else:
            self._waiting[plan] = [waiting]
            self._thread.post(lambda: self._paint(plan))

    def _paint(self, plan: ExhibitPlan) -> None:
        """On a thread of its own, for as long as somebody waits for it."""
        try:
            exhibit = plan.painted(lambda: plan in self._waiting)
        except Exception as error:  # noqa: BLE001 - told where it was asked for
            self._prepared.emit(partial(self._refuse, plan, describe(error, FAILED)))
        else:
            if exhibit is not None:
                source = ExportSource(exhibit, (), ())
                self._prepared.emit(partial(self._take_painted, plan, source))

    def _take_painted(self, plan: ExhibitPlan, source: ExportSource) -> None:
        waiting = self._waiting.pop(plan, [])
        if waiting:  # else nobody holds it any more
            self._painted[plan] = source
        for each in waiting:
            each.found(source)

    # --- the forward process ------------------------------------------------------------------

    def _find_forward(self, timeline: Timeline, run: Trajectory, waiting: _Waiting) -> None:
        if not timeline.can_decode:
            waiting.refused(
                Failure("The forward process needs the model of this run.", "Open it first.")
            )
        elif timeline in self._forward:
            made = self._forward[timeline]
            assert made.trajectory is not None
            waiting.found(self._of(made.trajectory, (made,)))
        elif timeline in self._waiting:
            self._waiting[timeline].append(waiting)
        else:
            self._waiting[timeline] = [waiting]
            self._thread.post(lambda: self._compute(timeline, run))

    def _compute(self, timeline: Timeline, run: Trajectory) -> None:
        """On a thread of its own: the noise of a thousand steps takes its time."""
        try:
            from visualizer.diffusion.forward import forward_process
            from visualizer.session.timeline import points_of

            forward = forward_process(run)
            points = points_of(forward, thumbnails=False)
        except Exception as error:  # noqa: BLE001 - told where it was asked for
            self._prepared.emit(partial(self._refuse, timeline, describe(error, FAILED)))
        else:
            self._prepared.emit(partial(self._take, timeline, forward, points))

    def _job_failed(self, error: BaseException) -> None:
        raise error  # ``_paint`` and ``_compute`` let no error out

    def _take(self, timeline: Timeline, forward: Trajectory, points: Sequence[Point]) -> None:
        waiting = self._waiting.pop(timeline, [])
        if not waiting or timeline in self._forward:
            return  # nobody holds it any more
        made = Timeline.of(forward, points, cache=self._cache, lazy=True, from_file=False)
        self._forward[timeline] = made
        self._sharpener.add(made)
        source = self._of(forward, (made,))
        for each in waiting:
            each.found(source)

    def _refuse(self, asked: Timeline | ExhibitPlan, failure: Failure) -> None:
        for each in self._waiting.pop(asked, []):
            each.refused(failure)

    @Slot(object)
    def _on_prepared(self, call: Callable[[], None]) -> None:
        call()

    # --- pictures -----------------------------------------------------------------------------

    @Slot(object)
    def _on_asked(self, asked: _Asked) -> None:
        by_run: dict[int, list[tuple[int, View]]] = {}
        for number, k, view in asked.keys:
            by_run.setdefault(number, []).append((k, view))
        for number, wanted in by_run.items():
            self._serve(asked, asked.source.timelines[number], number, wanted)

    def _serve(
        self, asked: _Asked, timeline: Timeline, number: int, wanted: list[tuple[int, View]]
    ) -> None:
        """Answer with previews at once where they will do, and with exact pictures once there."""
        for k, view in wanted:
            if timeline.stores(k, view):  # what the run stores did not unpack, or nobody would ask
                timeline.give_up_stored(k, view)
        passing: dict[tuple[int, View], Picture] = {}
        if not asked.exactly:
            for k, view in wanted:
                picture = None if timeline.is_exact(k, view) else timeline.picture(k, view)
                if picture is not None:
                    passing[k, view] = picture
        asked.answer([((number, *key), picture, False) for key, picture in passing.items()])
        for k, view in wanted:
            self._complete(asked, timeline, (number, k, view), told=(k, view) in passing)

    def _complete(self, asked: _Asked, timeline: Timeline, key: PictureKey, *, told: bool) -> None:
        """Have an exact picture made; where a preview was told of, for the next time."""
        _, k, view = key
        waiting = self._open.setdefault(asked.asker, {})
        if told and key in waiting:
            return  # it is being made already

        def done(found: dict[tuple[int, View], Picture]) -> None:
            waiting.pop(key, None)
            if not told:
                asked.answer([(key, found.get((k, view)), True)])

        completion = self._sharpener.complete(timeline, [(k, view)], done)
        if completion is not None:
            waiting[key] = completion


@dataclass(frozen=True, eq=False)
class _Waiting:
    """Who waits for a source."""

    found: Callable[[ExportSource], None]
    refused: Callable[[Failure], None]


@dataclass(frozen=True, eq=False)
class _Asked:
    """A wish for pictures; see ``ExportSources.ask``."""

    asker: object
    source: ExportSource
    keys: tuple[PictureKey, ...]
    answer: Callable[[Sequence[Answer]], None]
    exactly: bool


def _state_of(what: Source, timelines: tuple[Timeline, ...]) -> object:
    """Equal where the same is exported of the same runs: all that a file shows but for pictures."""
    from visualizer.diffusion.comparison import Comparison

    runs = [(each.serial, id(each.trajectory), each.can_decode) for each in timelines]
    if not isinstance(what, Comparison):
        return runs
    lanes = [(lane.label, lane.row, lane.column, lane.failure, lane.number) for lane in what.lanes]
    labels = (what.title, what.summary, what.column_labels, what.row_labels)
    return runs, lanes, labels, what.alignment, what.pair, what.view


def keys_of(timeline: Timeline) -> tuple[tuple[int, View], ...]:
    """The pictures of a finished run, by step and view, that it stores or that can be made now.

    A difference of two others, and the channels, which are made of numbers, count as pictures:
    whoever asks for them asks for what they are made of.
    """
    from visualizer.diffusion.views import DIFFERENCES, VIEWS

    run = timeline.trajectory
    assert run is not None
    last = len(run.steps) - 1
    stored = set(run.pictures)
    found: dict[tuple[int, View], None] = {}
    for k in range(len(run.steps)):
        for view in DECODED_VIEWS:
            there = (k, view) in stored or timeline.is_exact(k, view)
            own = k == last and run.final is not None
            if run.has_view(k, view) and (there or own or timeline.can_decode):
                found[k, view] = None
    for difference in VIEWS:
        if difference not in DIFFERENCES:
            continue
        before, after = DIFFERENCES[difference]
        for k in range(len(run.steps)):
            parts = {(k - 1 if difference == "change" else k, before), (k, after)}
            if run.has_view(k, difference) and parts <= found.keys():
                found[k, difference] = None
    found.update({(k, "channels"): None for k in range(len(run.steps))})
    return tuple(found)
