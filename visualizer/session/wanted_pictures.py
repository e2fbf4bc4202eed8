"""Which exact pictures a file needs before it can be written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from visualizer.diffusion.arrays import Picture
    from visualizer.diffusion.comparison import Comparison
    from visualizer.diffusion.trajectory import Trajectory
    from visualizer.diffusion.views import View
    from visualizer.session.lanes import Lanes
    from visualizer.session.timeline import Timeline
from visualizer.session.pictures import Beside

Wanted = list[tuple[int, "View"]]


def for_run_file(timeline: Timeline) -> Wanted:
    """The noisy and the guessed views of the steps that a run file keeps pictures of."""
    from visualizer.diffusion.stored_pictures import STORED_VIEWS, chosen_steps

    chosen = chosen_steps(len(timeline), _picture_bytes(timeline))
    return [(k, view) for k in chosen for view in STORED_VIEWS]


def for_comparison_file(comparison: Comparison) -> tuple[Wanted, ...]:
    """The same for several runs, lane by lane; nothing of lanes without a step."""
    from visualizer.diffusion.stored_pictures import STORED_VIEWS, chosen_steps

    wanted: list[Wanted] = []
    for lane in comparison.lanes:
        if lane.run is None:
            wanted.append([])
            continue
        size = 0 if lane.run.final is None else lane.run.final.nbytes
        chosen = chosen_steps(len(lane.run.steps), size)
        wanted.append([(k, view) for k in chosen for view in STORED_VIEWS])
    return tuple(wanted)


def for_kept_comparison(lanes: Lanes) -> tuple[Wanted, ...]:
    """What a comparison keeps in the history: all lanes together as much as one run would."""
    from visualizer.diffusion.stored_pictures import MAX_STORED_BYTES, STORED_VIEWS, chosen_steps

    room = MAX_STORED_BYTES // max(len(lanes), 1)
    wanted: list[Wanted] = []
    for lane in lanes.lanes:
        timeline = lane.timeline
        if timeline is None:
            wanted.append([])
            continue
        chosen = chosen_steps(len(timeline), _picture_bytes(timeline), room)
        wanted.append([(k, view) for k in chosen for view in STORED_VIEWS])
    return tuple(wanted)


def with_found(timeline: Timeline, found: Mapping[tuple[int, View], Picture]) -> Trajectory:
    """A finished run with pictures that were found, beside those that it has."""
    run = timeline.trajectory
    assert run is not None
    new = {
        key: picture
        for key, picture in found.items()
        if picture is not run.final and not timeline.stores(*key)
    }
    return replace(run, pictures=Beside(new, run.pictures)) if new else run


def _picture_bytes(timeline: Timeline) -> int:
    run = timeline.trajectory
    picture = run.final if run is not None and run.final is not None else timeline.thumbnail(0)
    return 0 if picture is None else picture.nbytes
