"""Comparisons as values and files: kept by themselves, saved, exported, and opened as they were."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from visualizer.session import wanted_pictures
from visualizer.session.failure import Failure
from visualizer.session.lane_events import LANE_FAILED
from visualizer.session.run_tree import find_parent
from visualizer.session.timeline import Timeline

if TYPE_CHECKING:
    from visualizer.diffusion.arrays import Picture
    from visualizer.diffusion.comparison import Comparison
    from visualizer.diffusion.grid import Axis
    from visualizer.diffusion.trajectory import Trajectory
    from visualizer.diffusion.views import View
    from visualizer.session.comparing import Comparing
    from visualizer.session.desk import Desk, OpenedComparison
    from visualizer.session.history import HistoryFolder
    from visualizer.session.lanes import Lane, Lanes, State
    from visualizer.session.sharpening import Completion, Sharpener
    from visualizer.session.wanted_pictures import Wanted

Found = Mapping[tuple[int, "View"], "Picture"]
REST_MS = 5000
"""How lanes are looked at is written to the history once it has rested so long: the whole file is
written anew, which of many large lanes takes seconds."""
PATIENCE_MS = 5000
"""A person's file waits at most so long for pictures."""
_PLURAL = {
    "seed": "seeds",
    "prompt": "prompts",
    "negative_prompt": "avoid texts",
    "sampler": "samplers",
}
_LISTED, _LABEL = 32, 24


@dataclass(frozen=True)
class KeptComparison:
    """A comparison of this sitting, as a file of the history."""

    title: str
    path: Path
    about: str = ""
    """What varies, and how many there are, e.g. "seed 1–4 × 4 prompts"."""
    made: str = ""
    """When, e.g. "17:14"."""


class ComparisonFiles(QObject):
    """What becomes of the lanes outside the window."""

    kept = Signal()
    """A comparison of this sitting has a file of its own now."""
    gathered = Signal(str, int, int)
    """The path of a file that is to be written, how many lanes have all pictures for it, and how
    many there are."""

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
        self._place: Path | None = None  # the file in the history of the lanes that are there
        self._looks: dict[Path, Comparison] = {}
        """How lanes were looked at last, without their runs, where that changed since ``keep``."""
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.timeout.connect(self._keep_look)
        for change in (lanes.changed, lanes.focus_changed, lanes.pair_changed):
            change.connect(self._on_look_changed)
        lanes.alignment_changed.connect(self._on_look_changed)

    def gather(
        self,
        wanted: Sequence[Wanted],
        then: Callable[[Comparison], None],
        *,
        urgent: bool,
        path: str = "",
    ) -> list[Completion]:
        """Have pictures of all lanes decoded, lane by lane, and hand over the comparison.

        Args:
            wanted: which pictures, a list a lane.
            path: the file that waits for them, where a person waits for it; ``gathered`` tells.

        Returns:
            What is still to come.
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
            if path:
                self.gathered.emit(path, len(runs), len(asked))
            if len(runs) == len(asked):
                lanes = [
                    replace(lane, run=runs.get(i, lane.run)) for i, lane in enumerate(before.lanes)
                ]
                then(replace(before, lanes=tuple(lanes)))

        if path:
            self.gathered.emit(path, 0, len(asked))
        begun = [
            self._sharpener.complete(timeline, keys, partial(got, i, timeline), urgent=urgent)
            for i, timeline, keys in asked
        ]
        if not asked:
            then(before)
        return [completion for completion in begun if completion is not None]

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
        made = datetime.now().strftime("%H:%M")
        self.comparisons.append(KeptComparison(title, place, what_varies(comparison), made))
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
        folder, look = self._folder(), self._looks.get(place)
        what = comparison if look is None else arranged(comparison, look)
        self._desk.autosave(lambda: folder.save_comparison(what, place))

    def let_go(self) -> None:
        """Other lanes are about to come, or the window closes: write what still rests."""
        if self._rest.isActive():
            self._keep_look()
        self._place = None

    @Slot()
    def _on_look_changed(self) -> None:
        if self._place is not None:
            self._rest.start()

    @Slot()
    def _keep_look(self) -> None:
        """Order, focus, pair, alignment and moment go into the file in the history.

        The runs in it stay as they are there, also those of lanes that were taken out since.
        """
        self._rest.stop()
        place, folder = self._place, self._folder()
        if place is not None:
            now = comparison_of(self._lanes)
            look = replace(now, lanes=tuple(replace(lane, run=None) for lane in now.lanes))
            self._looks[place] = look
            self._desk.autosave(
                lambda: folder.change_comparison(place, lambda kept: arranged(kept, look))
            )

    def save(self, path: str) -> None:
        """Write the lanes as a file a person named.

        Pictures that are not decoded in some seconds are left out: whoever opens the file decodes
        them from its latents.
        """
        wanted = wanted_pictures.for_comparison_file(comparison_of(self._lanes))
        begun = self.gather(
            wanted, lambda what: self._desk.save_comparison(what, path), urgent=True, path=path
        )
        QTimer.singleShot(PATIENCE_MS, self, lambda: self._sharpener.settle(begun))

    def show(self, opened: OpenedComparison) -> None:
        """Lanes from a file or a sweep, looked at as they were."""
        comparison, lanes = opened.comparison, self._lanes
        self.let_go()
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
        path = Path(opened.path)
        if path in [kept.path for kept in self.comparisons]:  # a file of one's own is left alone
            self._place = path


def what_varies(comparison: Comparison) -> str:
    """What changes from lane to lane: "seed 1–4 × 4 prompts", or how many lanes there are."""
    from visualizer.diffusion.grid import axes_of

    axes = axes_of(comparison.lanes) or ()
    words = [_spread(axis) for axis in axes if axis is not None and len(axis) > 1]
    if not words and len(comparison.lanes) == 2:  # e.g. a branch and its parent
        return " / ".join(_cut(lane.label) for lane in comparison.lanes)
    return " × ".join(words) or f"{len(comparison.lanes)} lanes"


def _cut(label: str) -> str:
    return label if len(label) <= _LABEL else label[: _LABEL - 1].rstrip() + "…"


def _spread(axis: Axis) -> str:
    """The values of an axis in a few words."""
    values = axis.values
    if axis.field == "seed" and all(b - a == 1 for a, b in pairwise(values)):
        return f"seed {values[0]}–{values[-1]}"
    if axis.field in _PLURAL:
        return f"{len(values)} {_PLURAL[axis.field]}"
    listed = ", ".join(axis.labels)
    if len(listed) <= _LISTED:
        return listed
    from visualizer.diffusion.grid import FIELDS

    return f"{len(values)} values of {FIELDS[axis.field]}"


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
                number=lane.number,
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


def arranged(comparison: Comparison, look: Comparison) -> Comparison:
    """A comparison in the order of another one of the same lanes, and looked at like that one.

    Lanes that the other one lacks come last; those that only it has are left out.
    """
    left = list(enumerate(comparison.lanes))
    order: list[int] = []
    places: dict[int, int] = {}  # of a lane of ``look``: where it stands now
    for number, lane in enumerate(look.lanes):
        for i, own in left:
            if (own.row, own.column, own.label) == (lane.row, lane.column, lane.label):
                places[number] = len(order)
                order.append(i)
                left.remove((i, own))
                break
    order += [i for i, _ in left]
    pair = None
    if look.pair is not None and all(number in places for number in look.pair):
        pair = (places[look.pair[0]], places[look.pair[1]])
    return replace(
        comparison,
        lanes=tuple(comparison.lanes[i] for i in order),
        alignment=look.alignment,
        focus=None if look.focus is None else places.get(look.focus),
        pair=pair,
        position=look.position,
        view=look.view,
    )


def _link(lanes: Sequence[Lane]) -> None:
    """Branches among lanes that were opened find their parents again."""
    for lane in lanes:
        if lane.timeline is not None:
            find_parent(lane.timeline, [other.timeline for other in lanes if other.timeline])
