"""The final picture as a PNG that knows how it was made."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, BinaryIO

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from visualizer import __version__

if TYPE_CHECKING:
    from visualizer.export.reel import Reel
    from visualizer.export.writers import Progress

MAX_NOTE = 200_000  # characters; other programs refuse text of more than a megabyte


def write_picture(reel: Reel, file: BinaryIO, progress: Progress) -> None:
    """The final picture, pixel for pixel; of a stopped run the noisy picture where it stopped.

    Of a grid it is the whole grid at its end, with the names of its lanes.
    """
    last = reel.shown()[-1]
    Image.fromarray(reel.picture(last)).save(file, "PNG", pnginfo=note(reel))
    progress(1, 1)


def note(reel: Reel) -> PngInfo:
    """What made the picture, in the PNG's text fields: "Software", and of a run "request" and
    "model", of a grid "comparison"."""
    info = PngInfo()
    info.add_text("Software", f"Denoising Visualizer {__version__}")
    for key, values in reel.note().items():
        # ASCII with escapes: PNG text is Latin-1, and prompts are not
        text = json.dumps(values)
        if len(text) <= MAX_NOTE:
            info.add_text(key, text)
    return info
