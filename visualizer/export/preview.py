"""What a frame will look like in the file: with a GIF's few colors, with what WebP leaves out."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from PIL import Image

from visualizer.export.animation import webp_values
from visualizer.export.palette import in_palette, palette_of
from visualizer.export.picture import final_picture
from visualizer.export.progress import unwatched
from visualizer.export.sheet import draw_sheet

if TYPE_CHECKING:
    from visualizer.export.film import Film


def preview(film: Film, i: int) -> Image.Image:
    """What frame i of a film will look like in its file, RGB; the whole of a file without frames.

    APNG and pictures without loss are as they are, and good videos hardly differ from them.
    """
    options = film.options
    if options.format == "picture":
        return final_picture(film)
    if options.format == "sheet":
        return draw_sheet(film, unwatched)
    image = film.frame(i)
    if options.format == "gif":
        return in_palette(image, _palette(film, image), options.dither).convert("RGB")
    if options.format == "webp" and not options.lossless:
        file = io.BytesIO()
        image.save(file, "WEBP", **webp_values(options))
        with Image.open(file) as decoded:
            return decoded.convert("RGB")
    return image


def _palette(film: Film, image: Image.Image) -> Image.Image:
    if film.options.palette == "each":
        return palette_of([image], film.options.colors)
    return film.shared_palette
