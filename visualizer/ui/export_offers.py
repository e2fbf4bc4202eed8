"""What of a sitting can be exported now, why the rest cannot, and how far its pictures are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from visualizer.session.session import Session
    from visualizer.session.timeline import Timeline


def refusals(session: Session) -> dict[str, str]:
    """Of each subject (``export_fields.SUBJECTS``) that cannot be exported now, the reason."""
    found: dict[str, str] = {}
    run, lanes = session.current, session.lanes
    there = [lane for lane in lanes.lanes if lane.timeline and lane.timeline.trajectory]
    if run is None or run.trajectory is None:
        found["run"] = found["forward"] = "There is no finished run yet"
    elif not run.can_decode:
        found["forward"] = "Needs the model that made this run: open it first"
    if not there or lanes.running:
        found["grid"] = "Compare some pictures first, on the Compare page"
        found["difference"] = found["grid"]
    elif lanes.pair is None:
        found["difference"] = "Mark two pictures of the comparison first"
    return found


def timelines_of(session: Session, subject: str) -> tuple[Timeline, ...]:
    """The runs that a subject shows."""
    if subject in ("grid", "difference"):
        lanes = session.lanes.lanes
        return tuple(lane.timeline for lane in lanes if lane.timeline is not None)
    return () if session.current is None else (session.current,)


def prepared(timelines: Sequence[Timeline], view: str) -> tuple[int, int]:
    """How many pictures of a view are exact, and how many there will be."""
    done = needed = 0
    for timeline in timelines:
        for k in range(len(timeline)):
            if timeline.has_view(k, view):
                needed += 1
                done += timeline.is_exact(k, view)
    return done, needed


def picture_size(timelines: Sequence[Timeline]) -> tuple[tuple[int, int] | None, int]:
    """Width and height of one picture, pixels, and how many times as large it is shown by itself.

    None and 0 where runs have no picture, or pictures of several sizes.
    """
    runs = [timeline.trajectory for timeline in timelines]
    finals = [run.final for run in runs if run is not None and run.final is not None]
    sizes = {(picture.shape[1], picture.shape[0]) for picture in finals}
    return enlarged_size(sizes.pop()) if len(sizes) == 1 else (None, 0)


def enlarged_size(size: tuple[int, int]) -> tuple[tuple[int, int], int]:
    """Of one picture: its size, pixels, and how many times as large it is shown by itself."""
    from visualizer.export.mount import enlargement  # they load numpy: not at the start
    from visualizer.export.reel import WATCHABLE

    return size, enlargement(*size, WATCHABLE)


def source_words(session: Session, subject: str) -> str:
    """Which run or comparison a subject is of: "‘a red car’, seed 7"."""
    lanes = session.lanes
    if subject in ("grid", "difference"):
        count = len([lane for lane in lanes.lanes if lane.timeline is not None])
        return f"{count} pictures of the page Compare" if count else ""
    run = session.current
    return "" if run is None else f"‘{run.request.prompt or 'no prompt'}’, seed {run.request.seed}"
