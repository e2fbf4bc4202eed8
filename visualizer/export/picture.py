"""The final picture, as it is or as a frame of a film, in a file that knows how it was made."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from PIL import Image

from visualizer.export import written_metadata
from visualizer.export.bounds import LARGEST_PICTURES
from visualizer.export.errors import ExportError
from visualizer.export.page_pictures import KEPT_COLOR, color_kept
from visualizer.export.plain_file import plain

if TYPE_CHECKING:
    from visualizer.export.film import Film
    from visualizer.export.progress import Progress

FULL_COLOR = 90
"""From this quality on a JPEG keeps its colors in full, and not one for four pixels; static does at
any quality, which would look gray otherwise."""
PNG_LEVEL = 4
"""Of frames, 0 … 9: static hardly gets smaller with more, and pictures take twice as long."""


def write_picture(film: Film, file: BinaryIO, progress: Progress, suffix: str) -> None:
    """The final picture, pixel for pixel; of a stopped run the noisy picture where it stopped.

    Of a grid it is the whole grid at its end, with the names of its lanes. With captions, the plot
    or another size it is the film's frame of that moment.
    """
    save(final_picture(film), film, file, suffix)
    progress(1, 1)


def final_picture(film: Film) -> Image.Image:
    """What is written: RGB."""
    options = film.options
    last = max(shot.moment for shot in film.shots)
    bare = options.content == "picture" and not options.captions
    if bare and options.size == "auto":
        return film.still(last)
    return film.frame(next(i for i, shot in enumerate(film.shots) if shot.moment == last))


def save(image: Image.Image, film: Film, file: BinaryIO, suffix: str) -> None:
    """Write one picture as PNG, JPEG or WebP, with what is to be remembered of it.

    Static, whose color is in single pixels, keeps it: a WebP that would lose much is without loss.

    Raises:
        ExportError: when it is larger than such a file can hold.
    """
    most = LARGEST_PICTURES.get(suffix)
    if most is not None and max(image.size) > most:
        width, height = image.size
        raise ExportError(
            f"A {suffix} has at most {most} pixels a side, and this is {width} × {height}. "
            "Use .png."
        )
    quality = film.options.quality
    if suffix in (".jpg", ".jpeg"):
        exif = written_metadata.jpeg_exif(film) or b""
        full = quality >= FULL_COLOR or color_kept(image) < KEPT_COLOR
        values = {"quality": quality, "subsampling": 0 if full else 2, "optimize": True}
        image.save(plain(file), "JPEG", exif=exif, **values)
    elif suffix == ".webp":
        exif = written_metadata.webp_exif(film) or b""
        lossless = film.options.lossless or color_kept(image) < KEPT_COLOR
        quality = 80 if lossless else quality  # of what is lossless: the effort
        image.save(plain(file), "WEBP", exif=exif, lossless=lossless, quality=quality, method=4)
    else:
        image.save(plain(file), "PNG", pnginfo=written_metadata.png_info(film))
