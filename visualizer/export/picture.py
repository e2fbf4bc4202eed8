"""The final picture as a PNG that knows how it was made."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, BinaryIO

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from visualizer import __version__
from visualizer.export.frames import steps_with_pictures

if TYPE_CHECKING:
    from visualizer.diffusion.trajectory import Trajectory
    from visualizer.export.writers import Progress

MAX_NOTE = 200_000  # characters; other programs refuse text of more than a megabyte


def write_picture(trajectory: Trajectory, file: BinaryIO, progress: Progress) -> None:
    """The final picture, pixel for pixel; of a stopped run the noisy picture where it stopped."""
    last = steps_with_pictures(trajectory)[-1]
    Image.fromarray(trajectory.picture(last)).save(file, "PNG", pnginfo=note(trajectory))
    progress(1, 1)


def note(trajectory: Trajectory) -> PngInfo:
    """What made the picture, in the PNG's text fields: "Software", "request" and "model"."""
    info = PngInfo()
    info.add_text("Software", f"Denoising Visualizer {__version__}")
    model = {"name": trajectory.model.name, "weights": trajectory.model.weights_hash}
    for key, values in (("request", trajectory.request.to_json()), ("model", model)):
        # ASCII with escapes: PNG text is Latin-1, and prompts are not
        text = json.dumps(values)
        if len(text) <= MAX_NOTE:
            info.add_text(key, text)
    return info
