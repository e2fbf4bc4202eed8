"""What a frame will look like in the file: in a GIF's few colors, without what encoders drop."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from PIL import Image

from visualizer.export.palette import in_palette, palette_of
from visualizer.export.picture import final_picture
from visualizer.export.progress import unwatched
from visualizer.export.sheet import draw_sheet
from visualizer.export.video_frame import as_in_video
from visualizer.export.webp_frame import webp_frame

if TYPE_CHECKING:
    from visualizer.export.film import Film


def preview(film: Film, i: int) -> Image.Image:
    """What frame i of a film will look like in its file, RGB; the whole of a file without frames.

    APNG and folders of PNG are as they are. Of videos the frame is encoded alone.

    Raises:
        ExportError: with a sentence, where it takes a package that is not installed.
    """
    options = film.options
    if options.format == "picture":
        return final_picture(film)
    if options.format == "sheet":
        return draw_sheet(film, unwatched)
    image = film.frame(i)
    if options.format == "gif":
        return in_palette(image, _palette(film, image), options.dither).convert("RGB")
    if options.format == "webp":
        with Image.open(io.BytesIO(webp_frame(image, options))) as decoded:
            return decoded.convert("RGB")
    if options.format in ("mp4", "webm"):
        return as_in_video(film, image)
    return image


def _palette(film: Film, image: Image.Image) -> Image.Image:
    if film.options.palette == "each":
        return palette_of([image], film.options.colors)
    return film.shared_palette
