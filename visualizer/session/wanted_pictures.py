"""Which exact pictures a file needs before it can be written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from visualizer.diffusion.views import View
    from visualizer.session.timeline import Timeline

Wanted = list[tuple[int, "View"]]


def for_run_file(timeline: Timeline) -> Wanted:
    """The noisy and the guessed views of the steps that a run file keeps pictures of."""
    from visualizer.diffusion.stored_pictures import STORED_VIEWS, chosen_steps

    chosen = chosen_steps(len(timeline), _picture_bytes(timeline))
    return [(k, view) for k in chosen for view in STORED_VIEWS]


def for_export(timeline: Timeline, path: str) -> Wanted:
    """What ``visualizer.export.write`` looks at for this file name."""
    from visualizer.export import frames, sheet

    name = Path(path).name.lower()
    steps = list(range(len(timeline)))
    if name.endswith(".denoise"):
        return for_run_file(timeline)
    if name.endswith(".png") and "sheet" in name:
        chosen = frames.evenly(steps, sheet.COLUMNS)
        return [(k, view) for k in chosen for view, _, _ in sheet.ROWS]
    if name.endswith(".png"):
        return [(k, "noisy") for k in steps[-1:]]
    most = frames.MAX_FRAME_BYTES // max(_picture_bytes(timeline), 1)
    return [(k, "noisy") for k in frames.evenly(steps, max(2, min(frames.MAX_FRAMES, most)))]


def _picture_bytes(timeline: Timeline) -> int:
    run = timeline.trajectory
    picture = run.final if run is not None and run.final is not None else timeline.thumbnail(0)
    return 0 if picture is None else picture.nbytes
