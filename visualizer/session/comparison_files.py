"""Comparisons as values and files: kept by themselves, saved, exported, and opened as they were."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from visualizer.session import wanted_pictures
from visualizer.session.failure import Failure
from visualizer.session.run_tree import find_parent
from visualizer.session.timeline import Timeline

if TYPE_CHECKING:
    from visualizer.diffusion.arrays import Picture
    from visualizer.diffusion.comparison import Comparison
    from visualizer.diffusion.trajectory import Trajectory
    from visualizer.diffusion.views import View
    from visualizer.session.comparing import Comparing
    from visualizer.session.desk import Desk, OpenedComparison
    from visualizer.session.history import HistoryFolder
    from visualizer.session.lanes import Lane, Lanes, State
    from visualizer.session.sharpening import Sharpener
    from visualizer.session.wanted_pictures import Wanted

Found = Mapping[tuple[int, "View"], "Picture"]
LANE_FAILED = "This lane could not be generated."


@dataclass(frozen=True)
class KeptComparison:
    """A comparison of this sitting, as a file of the history."""

    title: str
    path: Path


class ComparisonFiles(QObject):
    """What becomes of the lanes outside the window."""

    kept = Signal()
    """A comparison of this sitting has a file of its own now."""

    def __init__(
        self,
        lanes: Lanes,
        comparing: Comparing,
        sharpener: Sharpener,
        desk: Desk,
        folder: Callable[[], HistoryFolder],
        parent: QObject | None = None,
    ) -> None:
        """
        Args:
            folder: gives the folder of the history.
        """
        super().__init__(parent)
        self.comparisons: list[KeptComparison] = []
        """Of this sitting, the oldest first."""
        self._lanes, self._comparing, self._sharpener = lanes, comparing, sharpener
        self._desk, self._folder = desk, folder
        self._place: Path | None = None

    def gather(
        self, wanted: Sequence[Wanted], then: Callable[[Comparison], None], *, urgent: bool
    ) -> None:
        """Have pictures of all lanes decoded, lane by lane, and hand over the comparison.

        Args:
            wanted: which pictures, a list a lane.
        """
        before = comparison_of(self._lanes)
        timelines = [lane.timeline for lane in self._lanes.lanes]
        runs: dict[int, Trajectory] = {}
        asked = [
            (i, timeline, keys)
            for i, (timeline, keys) in enumerate(zip(timelines, wanted, strict=True))
            if timeline is not None and timeline.trajectory is not None
        ]

        def got(i: int, timeline: Timeline, found: Found) -> None:
            runs[i] = wanted_pictures.with_found(timeline, found)
            if len(runs) == len(asked):
                lanes = [
                    replace(lane, run=runs.get(i, lane.run)) for i, lane in enumerate(before.lanes)
                ]
                then(replace(before, lanes=tuple(lanes)))

        for i, timeline, keys in asked:
            self._sharpener.complete(timeline, keys, partial(got, i, timeline), urgent=urgent)
        if not asked:
            then(before)

    def keep(self, *, whole: bool) -> None:
        """Write the lanes to the history: at once, and again with all their pictures.

        Args:
            whole: nothing is to come but pictures; otherwise ``complete`` is called.
        """
        comparison = comparison_of(self._lanes)
        runs = [lane.run for lane in comparison.lanes if lane.run is not None]
        if not runs:
            return
        title = comparison.title or runs[0].request.prompt
        folder = self._folder()
        about = f"{len(comparison.lanes)} lanes"
        self._place = place = folder.place_for(title, runs[0].request.seed, about)
        self.comparisons.append(KeptComparison(title, place))
        self._save(comparison, place)
        if whole:
            self.complete()
        self.kept.emit()

    def complete(self) -> None:
        """Write the lanes that were kept last once more, with their pictures and summary."""
        place = self._place
        if place is not None:
            wanted = wanted_pictures.for_kept_comparison(self._lanes)
            self.gather(wanted, lambda what: self._save(what, place), urgent=False)

    def _save(self, comparison: Comparison, place: Path) -> None:
        folder = self._folder()
        self._desk.autosave(lambda: folder.save_comparison(comparison, place))

    def save(self, path: str) -> None:
        """Write the lanes as a file a person named."""
        self._with_pictures(path, lambda what: self._desk.save_comparison(what, path))

    def _with_pictures(self, path: str, then: Callable[[Comparison], None]) -> None:
        wanted = wanted_pictures.for_comparison_export(comparison_of(self._lanes), path)
        self.gather(wanted, then, urgent=True)

    def export(self, path: str, export: Callable[[Comparison, str], None]) -> None:
        """Hand the lanes to an exporter, with the pictures that this kind of file shows."""
        self._with_pictures(path, lambda what: export(what, path))

    def show(self, opened: OpenedComparison) -> None:
        """Lanes from a file or a sweep, looked at as they were."""
        comparison, lanes = opened.comparison, self._lanes
        with lanes.at_once():
            made = lanes.replace(
                comparison.lanes,
                column_labels=comparison.column_labels,
                row_labels=comparison.row_labels,
                title=comparison.title,
            )
            for lane, stored, points in zip(made, comparison.lanes, opened.points, strict=True):
                failure = Failure(LANE_FAILED, stored.failure) if stored.failure else None
                state: State = "failed" if failure else "done"
                if stored.run is None:
                    lanes.set_lane(lane, state="failed" if failure else "stopped", failure=failure)
                    continue
                if stored.run.cancelled and not failure:
                    state = "stopped"
                timeline = Timeline.of(stored.run, points, cache=self._comparing.cache, lazy=True)
                self._comparing.show(timeline, lane, state, failure)
            _link(made)
            lanes.set_alignment(comparison.alignment)
            lanes.set_focus(None if comparison.focus is None else made[comparison.focus].id)
            pair = comparison.pair
            lanes.set_pair(None if pair is None else (made[pair[0]].id, made[pair[1]].id))
            lanes.set_summary(comparison.summary)
            lanes.playhead.set_view(comparison.view)
        last = max(lanes.total - 1, 0)
        lanes.playhead.seek(round(comparison.position * last), by_person=False)


def comparison_of(lanes: Lanes) -> Comparison:
    """The lanes as plain values, with how they are looked at just now."""
    from visualizer.diffusion.comparison import CompareLane, Comparison

    order = {lane.id: i for i, lane in enumerate(lanes.lanes)}
    columns, rows = lanes.asked_labels
    return Comparison(
        lanes=tuple(
            CompareLane(
                run=None if lane.timeline is None else lane.timeline.trajectory,
                request=lane.request,
                label=lane.label,
                row=lane.row,
                column=lane.column,
                failure="" if lane.failure is None else lane.failure.detail or lane.failure.title,
            )
            for lane in lanes.lanes
        ),
        column_labels=columns,
        row_labels=rows,
        title=lanes.title,
        alignment=lanes.alignment,
        focus=None if lanes.focus is None else order[lanes.focus],
        pair=None if lanes.pair is None else (order[lanes.pair[0]], order[lanes.pair[1]]),
        position=lanes.playhead.index / (lanes.total - 1) if lanes.total > 1 else 1.0,
        view=lanes.playhead.view,
        summary=lanes.summary,
    )


def _link(lanes: Sequence[Lane]) -> None:
    """Branches among lanes that were opened find their parents again."""
    for lane in lanes:
        if lane.timeline is not None:
            find_parent(lane.timeline, [other.timeline for other in lanes if other.timeline])
