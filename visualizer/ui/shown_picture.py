"""ShownPicture: the picture that is looked at, as it can leave the window."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from visualizer.ui import files

if TYPE_CHECKING:
    from visualizer.diffusion.arrays import Picture
    from visualizer.diffusion.comparison import Comparison
    from visualizer.metadata.note import Note
    from visualizer.session.lanes import Lane, Lanes
    from visualizer.session.timeline import Timeline
    from visualizer.ui.canvas import Canvas
    from visualizer.ui.lane_grid import LaneGrid

SUFFIX = ".png"
_ENDINGS = {
    "noisy": "",
    "denoised": "-guess",
    "noise": "-predicted-noise",
    "change": "-change",
    "channels": "-channels",
    "unprompted": "-without-prompt",
    "guidance": "-prompt-pull",
}


@dataclass(frozen=True)
class ShownPicture:
    """A picture of a run, or of several side by side, at one moment in one view.

    Attributes:
        name: of a file with it, "a-red-car-seed-7-step-12.png".
        plain_name: one that tells nothing of how it was made, "picture-step-12.png".
        picture: gives (H, W, 3) uint8; may take a while, and may be called on any thread.
        note: gives what it remembers; likewise.
        sample: the picture, or one of its parts, for a small image of it.
        what: whose picture it is, and what an animation would show.
        view: the view it is in.
    """

    name: str
    plain_name: str
    picture: Callable[[], Picture]
    note: Callable[[], Note]
    sample: Picture
    what: Timeline | Lanes
    view: str


def enlarged_size(picture: Picture) -> tuple[int, int]:
    """Width and height that a picture has in an export whose size nobody chose, pixels."""
    from visualizer.export.mount import enlargement
    from visualizer.export.reel import WATCHABLE

    height, width, _ = picture.shape
    factor = enlargement(width, height, WATCHABLE)
    return factor * width, factor * height


def enlarged(picture: Picture, *, square: bool) -> Picture:
    """A picture in its ``enlarged_size``, smoothly or with square pixels."""
    import numpy as np
    from PIL import Image

    from visualizer.export.mount import scaled

    image = Image.fromarray(picture)
    return np.asarray(scaled(image, enlarged_size(picture), "square" if square else "smooth"))


def shown_on_canvas(canvas: Canvas, k: int, view: str) -> ShownPicture | None:
    """What the canvas shows of point k; None while it says something instead."""
    timeline, picture = canvas.timeline, canvas.picture
    if timeline is None or picture is None:
        return None
    return _of_run(timeline, k, "channels" if canvas.shows_numbers else view, picture)


def shown_in_lane(grid: LaneGrid, lanes: Lanes, lane: Lane) -> ShownPicture | None:
    """What one lane of the grid shows."""
    look, k = grid.look(lane), lanes.point(lane)
    if lane.timeline is None or look.picture is None or k is None:
        return None
    view = "channels" if look.numbers else lanes.playhead.view
    return _of_run(lane.timeline, k, view, look.picture)


def shown_grid(grid: LaneGrid, lanes: Lanes) -> ShownPicture | None:
    """All lanes side by side, with their names; None while there is no picture, or they run."""
    samples = [grid.look(lane).picture for lane in lanes.lanes]
    sample = next((picture for picture in samples if picture is not None), None)
    if sample is None or lanes.running:
        return None
    comparison = _comparison_with(grid, lanes)
    moment, view = lanes.playhead.index, lanes.playhead.view
    words = lanes.title or lanes.lanes[0].request.prompt
    last = moment == lanes.total - 1
    ending = _ENDINGS[view] + ("" if last else f"-step-{moment}")

    def picture() -> Picture:
        import numpy as np

        from visualizer.export.film import still_of
        from visualizer.export.options import ExportOptions
        from visualizer.export.reel import reel_of

        return np.asarray(still_of(reel_of(comparison), moment, view, ExportOptions()))

    def note() -> Note:
        from visualizer.metadata.note import note_of_comparison

        return note_of_comparison(comparison)

    return ShownPicture(
        files.comparison_name(words, ending, SUFFIX),
        files.comparison_name("", ending, SUFFIX),
        picture,
        note,
        sample,
        lanes,
        view,
    )


def _of_run(timeline: Timeline, k: int, view: str, picture: Picture) -> ShownPicture:
    run = timeline.trajectory
    last = run is not None and k == len(timeline) - 1
    ending = _ENDINGS[view] + ("" if last else f"-step-{k}")
    height, width, _ = picture.shape
    request, sampler, steps = timeline.request, timeline.sampler, timeline.step_count

    def note() -> Note:
        from visualizer.metadata.note import LaneNote, Note, note_of

        if run is not None:
            return note_of(run)
        # it still runs: by which model is told when it has ended
        lane = LaneNote(request, sampler=sampler, steps=steps or None, size=(width, height))
        return Note((lane,))

    return ShownPicture(
        files.file_name(timeline, ending, SUFFIX),
        f"{files.PLAIN_NAME}{ending}{SUFFIX}",
        lambda: picture,
        note,
        picture,
        timeline,
        view,
    )


def _comparison_with(grid: LaneGrid, lanes: Lanes) -> Comparison:
    """The lanes with the pictures that they show."""
    from dataclasses import replace

    from visualizer.session.comparison_files import comparison_of
    from visualizer.session.wanted_pictures import with_found

    comparison, view = comparison_of(lanes), lanes.playhead.view
    runs = []
    for lane, kept in zip(lanes.lanes, comparison.lanes, strict=True):
        look, k = grid.look(lane), lanes.point(lane)
        if kept.run is None or lane.timeline is None or look.picture is None or k is None:
            runs.append(kept)
        else:
            found = with_found(lane.timeline, {(k, view): look.picture})
            runs.append(replace(kept, run=found))
    return replace(comparison, lanes=tuple(runs))
