"""The steps of a run that there are pictures of, and pictures in a size worth watching."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from PIL import Image

from visualizer.export.errors import ExportError

if TYPE_CHECKING:
    from visualizer.diffusion.trajectory import Trajectory
    from visualizer.diffusion.views import View
    from visualizer.export.writers import Progress

WATCHABLE = 512
"""Pixels: smaller pictures are enlarged by a whole factor until their short side has as many."""
MAX_FRAMES = 240
MAX_FRAME_BYTES = 512 * 2**20
"""All frames of an animation together: Pillow's writers hold every one in memory."""


def steps_with_pictures(trajectory: Trajectory, view: View = "noisy") -> list[int]:
    """The steps whose picture in a view is stored or can be decoded.

    Raises:
        ExportError: when there is none at all.
    """
    count = len(trajectory.steps)
    if not count:
        raise ExportError("This run was stopped before its first step: there is no picture of it.")
    if trajectory.decoder is not None:
        return [k for k in range(count) if trajectory.has_view(k, view)]
    last = count - 1 if trajectory.final is not None else None
    found = [k for k in range(count) if k == last or (k, view) in trajectory.pictures]
    if not found and view == "noisy":
        raise ExportError("This run holds no pictures. Open it together with its model.")
    return found


def evenly(steps: list[int], limit: int) -> list[int]:
    """At most ``limit`` of the steps, evenly chosen, the first and the last among them."""
    if len(steps) <= limit:
        return steps
    return [steps[round(i * (len(steps) - 1) / (limit - 1))] for i in range(limit)]


def enlargement(width: int, height: int) -> int:
    """The whole factor that makes a picture large enough to watch."""
    return max(1, -(-WATCHABLE // min(width, height)))


def moving_steps(trajectory: Trajectory) -> list[int]:
    """The steps an animation shows."""
    steps = steps_with_pictures(trajectory)
    height, width = trajectory.picture(steps[-1]).shape[:2]
    frame = width * height * 3 * enlargement(width, height) ** 2
    return evenly(steps, max(2, min(MAX_FRAMES, MAX_FRAME_BYTES // frame)))


def frames(trajectory: Trajectory, steps: list[int], progress: Progress) -> Iterator[Image.Image]:
    """The noisy pictures of the given steps, all as large as the last one, enlarged smoothly."""
    height, width = trajectory.picture(steps[-1]).shape[:2]
    factor = enlargement(width, height)
    size = (width * factor, height * factor)
    for done, k in enumerate(steps):
        image = Image.fromarray(trajectory.picture(k, "noisy"))
        yield image if image.size == size else image.resize(size, Image.Resampling.LANCZOS)
        progress(done + 1, len(steps))


def frame_milliseconds(count: int) -> int:
    """How long a frame stands: the whole takes about four seconds, and no frame flickers."""
    return min(125, max(40, round(4000 / max(1, count) / 10) * 10))


HOLD_MILLISECONDS = 1500
"""How long the final picture stands before it starts again."""
