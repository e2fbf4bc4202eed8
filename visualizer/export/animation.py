"""The film as a moving picture that browsers and chats show: WebP, GIF, APNG.

Pillow's writers hold what they have encoded (WebP) or all frames (GIF, APNG) until the end; see
``visualizer.export.bounds``.
"""

from __future__ import annotations

from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any, BinaryIO

from visualizer.export import remembering
from visualizer.export.bounds import check_bound
from visualizer.export.frame_sequence import FrameSequence
from visualizer.export.palette import Dyer

if TYPE_CHECKING:
    from visualizer.export.film import Film
    from visualizer.export.options import ExportOptions
    from visualizer.export.writers import Progress

LOSSLESS_EFFORT = 30
"""0 … 100: more makes a WebP without loss a few percent smaller, and takes many times as long."""
PNG_LEVEL = 4
"""0 … 9: static hardly gets smaller with more, and pictures take twice as long."""


def write_webp(film: Film, file: BinaryIO, progress: Progress) -> None:
    """An animated WebP: the smallest, and written fastest."""
    frames, exif = FrameSequence(film, progress), remembering.webp_exif(film)
    if exif is not None:  # of single pictures Pillow takes the head itself that only JPEGs have
        exif = exif.removeprefix(b"Exif\0\0")
    _write(film, frames, file, "WEBP", exif=exif, **webp_values(film.options))


def write_apng(film: Film, file: BinaryIO, progress: Progress) -> None:
    """An animated PNG: without loss, and large."""
    note = remembering.png_info(film)
    frames = FrameSequence(film, progress)
    _write(film, frames, file, "PNG", pnginfo=note, compress_level=PNG_LEVEL, default_image=False)


def write_gif(film: Film, file: BinaryIO, progress: Progress) -> None:
    """An animated GIF: up to 256 colors a frame, shown everywhere.

    With one palette for all frames, pixels that stay as they are become transparent in the next
    frame: they cost hardly anything.
    """
    frames = FrameSequence(film, progress, Dyer(film).dyed)
    shared = film.options.palette == "shared"
    comment = remembering.gif_comment(film)
    _write(film, frames, file, "GIF", optimize=shared, comment=comment)


def webp_values(options: ExportOptions) -> dict[str, Any]:
    """How Pillow is asked for a WebP of these options."""
    if options.lossless:
        return {"lossless": True, "quality": LOSSLESS_EFFORT, "method": 2}
    return {"quality": options.quality, "method": 2}


def _write(film: Film, frames: FrameSequence, file: BinaryIO, kind: str, **values: Any) -> None:
    check_bound(film)
    durations = [shot.milliseconds for shot in film.shots]
    if kind == "GIF":
        durations = in_hundredths(durations)
    values = {key: value for key, value in values.items() if value is not None}
    moving: dict[str, Any] = {}
    if len(durations) > 1:
        moving = {"save_all": True, "duration": durations, "loop": 0}
    frames.save(file, kind, **moving, **values)


def in_hundredths(milliseconds: list[int]) -> list[int]:
    """Durations as a GIF can hold them, in whole hundredths of a second.

    What rounding takes from one frame the next one gets, so that the whole lasts as long as before.
    """
    ends = [0, *(round(end / 10) * 10 for end in accumulate(milliseconds))]
    return [end - start for start, end in pairwise(ends)]
