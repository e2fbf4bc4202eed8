"""Lanes: the runs of one comparison, side by side on one clock."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from PySide6.QtCore import QObject, Signal, Slot

from visualizer.session.playhead import Playhead

if TYPE_CHECKING:
    from visualizer.diffusion.arrays import FloatArray
    from visualizer.diffusion.comparison import Alignment
    from visualizer.diffusion.distances import Distances
    from visualizer.diffusion.request import SamplingRequest
    from visualizer.session.failure import Failure
    from visualizer.session.progress import Progress
    from visualizer.session.timeline import Timeline

ALIGNMENTS: tuple[Alignment, ...] = ("noise", "step")
LANE_COLORS = 8
"""Lanes have so many colors (Okabe and Ito's); a ninth lane has the first one's again."""

State = Literal["waiting", "running", "done", "stopped", "failed"]


class Cell(Protocol):
    """What is asked of a lane; ``visualizer.diffusion.grid.Cell`` is one."""

    @property
    def request(self) -> SamplingRequest: ...
    @property
    def row(self) -> int: ...
    @property
    def column(self) -> int: ...
    @property
    def label(self) -> str: ...


@dataclass(eq=False)
class Lane:
    """One run of a comparison.

    Attributes:
        id: its name as long as it is there, whatever its place.
        request: as asked; once it runs, with what was left to the model.
        label: what tells it from the others, short.
        row, column: the cell of the grid it was asked for.
        color: an index into the colors of lanes.
        number: which letter it has, from 0, as long as it is there; no other lane of the
            comparison gets it.
        timeline: None while it waits, and where it failed before its first plan. Its own signals
            (``grown``, ``picture_changed``) tell how it grows.
        state: "stopped" lanes have the steps they took; "failed" ones may have some.
        failure: why it failed.
        batch_size: how many lanes were sampled together with it, itself counted; 0 unknown.
    """

    id: int
    request: SamplingRequest
    label: str
    row: int = 0
    column: int = 0
    color: int = 0
    timeline: Timeline | None = None
    state: State = "waiting"
    failure: Failure | None = None
    batch_size: int = 0
    number: int = 0


class Lanes(QObject):
    """The lanes that are compared, one clock over all of them, and how they are looked at.

    The shared axis has the positions 0 … total−1: the points of one lane, the ``reference``.
    Every other lane shows the point that belongs to a position (``point``). A lane that has not
    got there yet, or was stopped before, shows its newest point; one that has none shows nothing.
    Lives on the GUI thread.
    """

    changed = Signal()
    """Lanes were added, removed, put in another order, or replaced by another comparison."""
    lane_changed = Signal(int)
    """The state, timeline, request, failure or batch size of the lane with this id changed."""
    axis_changed = Signal()
    """``reference``, ``total`` or the levels along the shared axis changed. Comes before the
    playhead's own signals."""
    grown = Signal()
    """Some lane has more points, or others than before."""
    alignment_changed = Signal(str)
    focus_changed = Signal()
    pair_changed = Signal()
    running_changed = Signal(bool)
    progressed = Signal(object)
    """Progress of all lanes together, in denoising steps."""
    distances_changed = Signal()
    paths_changed = Signal()
    summary_changed = Signal(str)
    """A sentence with what an experiment measured; "" when there is none."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.playhead = Playhead(self)
        """Its index is a position on the shared axis; while lanes are sampled it can follow."""
        self._ids = itertools.count(1)
        self._lanes: list[Lane] = []
        self._next_number = 0
        self._title = ""
        self._summary = ""
        self._column_labels: tuple[str, ...] = ()
        self._row_labels: tuple[str, ...] = ()
        self._alignment: Alignment = "noise"
        self._focus: int | None = None
        self._pair: tuple[int, int] | None = None
        self._running = False
        self._held = 0
        self._progress: Progress | None = None
        self._distances: Distances | None = None
        self._refusal = ""
        self._paths: Mapping[int, FloatArray] = {}
        self._explained: tuple[float, float] | None = None
        self._axis: tuple[object, ...] = ()
        self._axis_timeline: Timeline | None = None
        self._partners: dict[tuple[object, ...], tuple[int, ...]] = {}

    # --- the lanes ----------------------------------------------------------------------------

    @property
    def lanes(self) -> tuple[Lane, ...]:
        """All of them, in the order they are shown: row by row, ``columns`` in a row."""
        return tuple(self._lanes)

    def __len__(self) -> int:
        return len(self._lanes)

    def __bool__(self) -> bool:
        return True

    def lane(self, lane_id: int) -> Lane:
        """The lane with this id.

        Raises:
            KeyError: when it is not there, or not any more.
        """
        for lane in self._lanes:
            if lane.id == lane_id:
                return lane
        raise KeyError(lane_id)

    def lane_of(self, timeline: Timeline) -> Lane | None:
        """The lane that shows this run."""
        return next((lane for lane in self._lanes if lane.timeline is timeline), None)

    @property
    def groups(self) -> tuple[tuple[str, int], ...]:
        """The rows of a grid of two axes, as far as the lanes still stand row by row: the label
        of each and how many lanes it has. None where rows are mixed, or only one is left."""
        found = [(row, len(list(each))) for row, each in itertools.groupby(self._lanes, _row)]
        rows = [row for row, _ in found]
        high = len(self._row_labels)
        if len(rows) < 2 or len(set(rows)) < len(rows) or not all(0 <= r < high for r in rows):
            return ()
        return tuple((self._row_labels[row], count) for row, count in found)

    @property
    def in_grid(self) -> bool:
        """Whether the lanes stand in rows and columns of what they were asked for."""
        groups, wide = self.groups, len(self._column_labels)
        if len({count for _, count in groups}) != 1:
            return False
        across = groups[0][1]
        columns = [lane.column for lane in self._lanes]
        first = columns[:across]
        distinct = len(set(first)) == across and all(0 <= c < wide for c in first)
        return distinct and columns == first * len(groups)

    @property
    def columns(self) -> int:
        """How many lanes stand in a row: the grid's columns, or what makes a good rectangle."""
        return self.groups[0][1] if self.in_grid else near_square(len(self._lanes))

    @property
    def column_labels(self) -> tuple[str, ...]:
        """Of the columns that a grid of two axes has now; none where the lanes do not stand in
        columns: their own labels tell everything."""
        if not self.in_grid:
            return ()
        return tuple(self._column_labels[lane.column] for lane in self._lanes[: self.columns])

    @property
    def row_labels(self) -> tuple[str, ...]:
        """As ``column_labels``."""
        return tuple(label for label, _ in self.groups) if self.in_grid else ()

    @property
    def asked_labels(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """(columns, rows) of the grid as it was asked for, however the lanes stand now."""
        return self._column_labels, self._row_labels

    @property
    def title(self) -> str:
        """What is compared, in a few words, or ""."""
        return self._title

    @property
    def summary(self) -> str:
        """A sentence with what an experiment measured, or ""."""
        return self._summary

    @property
    def running(self) -> bool:
        """Whether lanes are being sampled."""
        return self._running

    @property
    def progress(self) -> Progress | None:
        """How far the sampling is; None when nothing has been sampled."""
        return self._progress

    def reorder(self, lane_id: int, index: int) -> None:
        """Put a lane at another place of the order (clamped)."""
        lane = self.lane(lane_id)
        index = min(max(index, 0), len(self._lanes) - 1)
        if self._lanes.index(lane) != index:
            self._lanes.remove(lane)
            self._lanes.insert(index, lane)
            self.changed.emit()
            self._update_axis()

    def remove(self, lane_id: int) -> None:
        """Take a lane out of the comparison. One that is being sampled is sampled unseen."""
        lane = self.lane(lane_id)
        self._lanes.remove(lane)
        if lane.timeline is not None:
            lane.timeline.grown.disconnect(self._on_grown)
        self._forget(lane_id)
        self.changed.emit()
        self._update_axis()

    def _forget(self, lane_id: int) -> None:
        if self._focus == lane_id:
            self.set_focus(None)
        if self._pair is not None and lane_id in self._pair:
            self.set_pair(None)

    # --- one clock ----------------------------------------------------------------------------

    @property
    def alignment(self) -> Alignment:
        """What makes points of different lanes belong together: their noise, or their number."""
        return self._alignment

    def set_alignment(self, alignment: str) -> None:
        """Align by "noise" or by "step"; the playhead stays at its moment.

        Raises:
            ValueError: for anything else.
        """
        for known in ALIGNMENTS:
            if known == alignment:
                if known != self._alignment:
                    self._alignment = known
                    self._update_axis()
                    self.alignment_changed.emit(known)
                return
        raise ValueError(f"Lanes are aligned by noise or by step, not by '{alignment}'.")

    @property
    def reference(self) -> Lane | None:
        """The lane whose points are the shared axis.

        By noise the lane in focus, so that every one of its steps can be reached, otherwise the
        longest; by step always the longest, so that every lane gets to its end.
        """
        if self._alignment == "noise" and self._focus is not None:
            focused = self.lane(self._focus)
            if focused.timeline is not None and focused.timeline.total:
                return focused
        known = [lane for lane in self._lanes if lane.timeline is not None and lane.timeline.total]
        return max(known, key=_total, default=None)

    @property
    def total(self) -> int:
        """Positions on the shared axis, planned ones too; 0 while nothing is planned."""
        reference = self.reference
        return 0 if reference is None else _total(reference)

    def point(self, lane: Lane, position: int | None = None) -> int | None:
        """The point of a lane that belongs to a position (None: where the playhead stands).

        Its newest one where it has not got there; None while it has none.
        """
        timeline, reference = lane.timeline, self._axis_timeline
        if timeline is None or not len(timeline) or reference is None:
            return None
        found = self._partners_of(timeline, reference)
        if not found:
            return None
        position = self.playhead.index if position is None else position
        return min(found[min(max(position, 0), len(found) - 1)], len(timeline) - 1)

    def position_of(self, lane: Lane, k: int) -> int:
        """The position on the shared axis that is nearest to point k of a lane."""
        if lane.timeline is None or self._axis_timeline is None:
            return 0
        return self._position(lane.timeline, k)

    def _position(self, timeline: Timeline, k: int) -> int:
        assert self._axis_timeline is not None
        if timeline is self._axis_timeline:
            return min(max(k, 0), max(timeline.total - 1, 0))
        found = self._partners_of(self._axis_timeline, timeline)
        return found[min(max(k, 0), len(found) - 1)] if found else 0

    def _partners_of(self, of: Timeline, on: Timeline) -> tuple[int, ...]:
        key = (self._alignment, of.serial, of.plans, of.total, on.serial, on.plans, on.total)
        if key not in self._partners:
            self._partners[key] = _partners(of, on, self._alignment)
        return self._partners[key]

    # --- how it is looked at ------------------------------------------------------------------

    @property
    def focus(self) -> int | None:
        """The lane that is enlarged, by its id; None where all are seen alike."""
        return self._focus

    def set_focus(self, lane_id: int | None) -> None:
        """Enlarge a lane, or None. The playhead stays at its moment.

        Raises:
            KeyError: when there is no such lane.
        """
        if lane_id is not None:
            self.lane(lane_id)
        if lane_id != self._focus:
            self._focus = lane_id
            self._update_axis()
            self.focus_changed.emit()

    @property
    def pair(self) -> tuple[int, int] | None:
        """The two lanes whose difference is looked at, by their ids."""
        return self._pair

    def set_pair(self, pair: tuple[int, int] | None) -> None:
        """Look at the difference of two lanes, or of none.

        Raises:
            KeyError: when one of them is not there.
            ValueError: when they are the same.
        """
        if pair is not None:
            a, b = pair
            if self.lane(a) is self.lane(b):
                raise ValueError("A lane does not differ from itself: pick two lanes.")
        if pair != self._pair:
            self._pair = pair
            self.set_distances(None)
            self.pair_changed.emit()

    @property
    def distances(self) -> Distances | None:
        """How far apart the lanes of the pair are at each level they have in common; None while
        that is not known. Tells of the points that are there, so it grows with the lanes."""
        return self._distances

    @property
    def why_no_distances(self) -> str:
        """A sentence where the lanes of the pair cannot be measured against each other, or ""."""
        return self._refusal

    @property
    def paths(self) -> Mapping[int, FloatArray]:
        """By id of the lane, where its latents lie in the plane of all of them: (points, 2)."""
        return self._paths

    @property
    def explained(self) -> tuple[float, float] | None:
        """The shares of the variance that the two axes of the paths hold; None without paths."""
        return self._explained

    # --- for the session ----------------------------------------------------------------------

    def replace(
        self,
        cells: Sequence[Cell],
        *,
        column_labels: Sequence[str] = (),
        row_labels: Sequence[str] = (),
        title: str = "",
    ) -> tuple[Lane, ...]:
        """Another comparison: its lanes wait."""
        for lane in self._lanes:
            if lane.timeline is not None:
                lane.timeline.grown.disconnect(self._on_grown)
        self._lanes = []
        self._next_number = 0
        self._partners.clear()
        had_focus, had_pair = self._focus is not None, self._pair is not None
        self._focus = self._pair = None
        self._column_labels, self._row_labels = tuple(column_labels), tuple(row_labels)
        self._title = title
        for cell in cells:
            self._append(cell)
        self.playhead.pause()
        self._progress = None
        self.changed.emit()
        if had_focus:
            self.focus_changed.emit()
        if had_pair:
            self.pair_changed.emit()
        self.set_distances(None)
        self.set_paths({}, None)
        self.set_summary("")
        self._update_axis()
        return self.lanes

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Work out the shared axis once, after several changes."""
        self._held += 1
        try:
            yield
        finally:
            self._held -= 1
            self._update_axis()

    def add(self, cell: Cell) -> Lane:
        """One more lane."""
        lane = self._append(cell)
        self.changed.emit()
        return lane

    def _append(self, cell: Cell) -> Lane:
        number: int | None = getattr(cell, "number", None)  # a lane of a file keeps its letter
        if number is None or any(lane.number == number for lane in self._lanes):
            number = self._next_number
        self._next_number = max(self._next_number, number + 1)
        lane = Lane(next(self._ids), cell.request, cell.label, cell.row, cell.column)
        lane.number, lane.color = number, number % LANE_COLORS
        self._lanes.append(lane)
        return lane

    def set_lane(
        self,
        lane: Lane,
        *,
        timeline: Timeline | None = None,
        state: State | None = None,
        failure: Failure | None = None,
        batch_size: int | None = None,
    ) -> None:
        """Something of a lane is known now; what is left out stays as it is."""
        if timeline is not None and timeline is not lane.timeline:
            if lane.timeline is not None:
                lane.timeline.grown.disconnect(self._on_grown)
            lane.timeline, lane.request = timeline, timeline.request
            if lane in self._lanes:
                timeline.grown.connect(self._on_grown)
        lane.state = state or lane.state
        lane.failure = failure or lane.failure
        lane.batch_size = lane.batch_size if batch_size is None else batch_size
        if lane in self._lanes:
            self._update_axis()
            self.lane_changed.emit(lane.id)

    def set_running(self, running: bool) -> None:
        """Sampling of lanes begins, or ended."""
        if running != self._running:
            self._running = running
            self._update_axis()
            if running:
                self.playhead.go_live()
            self.running_changed.emit(running)

    def set_progress(self, progress: Progress) -> None:
        """How far it is."""
        self._progress = progress
        self.progressed.emit(progress)

    def set_distances(self, distances: Distances | None, refusal: str = "") -> None:
        """What was measured between the lanes of the pair, or why it cannot be."""
        if distances is not None or self._distances is not None or refusal != self._refusal:
            self._distances, self._refusal = distances, refusal
            self.distances_changed.emit()

    def set_paths(
        self, paths: Mapping[int, FloatArray], explained: tuple[float, float] | None
    ) -> None:
        """Where the lanes go through latent space."""
        if paths or self._paths:
            self._paths, self._explained = dict(paths), explained
            self.paths_changed.emit()

    def set_summary(self, summary: str) -> None:
        """What was measured, in a sentence."""
        if summary != self._summary:
            self._summary = summary
            self.summary_changed.emit(summary)

    # --- inside -------------------------------------------------------------------------------

    @Slot()
    def _on_grown(self) -> None:
        self._update_axis()
        self.grown.emit()

    def _update_axis(self) -> None:
        """Look whether the axis is another one by now; the playhead stays at its moment."""
        if self._held:
            return
        reference = self.reference
        timeline = None if reference is None else reference.timeline
        known = [lane.timeline for lane in self._lanes if lane.timeline is not None]
        plans = tuple((t.serial, t.plans, t.total) for t in known)
        axis = (self._alignment, None if timeline is None else timeline.serial, plans)
        if axis == self._axis:
            self._update_bounds()
            return
        before, index = self._axis_timeline, self.playhead.index
        self._axis, self._axis_timeline = axis, timeline
        self.axis_changed.emit()
        self._update_bounds()
        if before is not None and timeline is not None and before is not timeline:
            self.playhead.seek(self._position(before, index), by_person=False)

    def _update_bounds(self) -> None:
        """As far as the lane that got furthest."""
        reached = [
            self._position(lane.timeline, len(lane.timeline) - 1) + 1
            for lane in self._lanes
            if lane.timeline is not None and len(lane.timeline)
        ]
        self.playhead.set_bounds(max(reached, default=0), running=self._running)


def _row(lane: Lane) -> int:
    return lane.row


def _total(lane: Lane) -> int:
    return 0 if lane.timeline is None else lane.timeline.total


def _partners(of: Timeline, on: Timeline, alignment: Alignment) -> tuple[int, ...]:
    """For every point of ``on``, planned ones too, the point of ``of`` that belongs to it."""
    if not of.total:
        return ()
    from visualizer.diffusion.alignment import matching_points

    here, there = ([t.level(k) for k in range(t.total)] for t in (on, of))
    return matching_points(here, there, alignment)


def near_square(count: int) -> int:
    """Columns for so many lanes: no lane missing where that is not too wide, else about square."""
    root = math.isqrt(max(count - 1, 0)) + 1
    whole = [c for c in range(root, count + 1) if count % c == 0 and c <= 2 * (count // c)]
    return min(whole, default=root)
