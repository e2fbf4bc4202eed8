"""What the files of a film are told of how they were made; nothing when they are to forget it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from visualizer.diffusion.comparison import CompareLane, Comparison
from visualizer.metadata import writing
from visualizer.metadata.note import PROGRAM, Note, note_of, note_of_comparison

if TYPE_CHECKING:
    from PIL.PngImagePlugin import PngInfo

    from visualizer.export.film import Film
    from visualizer.export.options import ExportOptions
    from visualizer.export.reel import Reel

MAX_WEBP_EXIF = 2**20
"""Bytes; a WebP could hold more, and readers that go through many files would not like it."""


def _note(film: Film) -> Note | None:
    """What the file of a film remembers; None where there is no run, or it is to forget it."""
    return note_of_reel(film.reel) if film.options.remember and film.reel.lanes else None


def note_of_reel(reel: Reel) -> Note:
    """What is remembered of the runs of a reel that has some."""
    lanes = reel.lanes
    if len(lanes) == 1 and lanes[0].run is not None and not lanes[0].label:
        return note_of(lanes[0].run)
    compared = (
        CompareLane(lane.run, lane.request, lane.label, lane.row, lane.column, lane.failure)
        for lane in lanes
    )
    return note_of_comparison(Comparison(tuple(compared), title=reel.title))


def png_info(film: Film) -> PngInfo | None:
    """Text fields of a PNG or an APNG."""
    note = _note(film)
    return None if note is None else writing.png_info(note)


def jpeg_exif(film: Film) -> bytes | None:
    """EXIF of a JPEG."""
    note = _note(film)
    return None if note is None else writing.exif(note)


def webp_exif(film: Film) -> bytes | None:
    """EXIF of a WebP."""
    note = _note(film)
    # the head that only JPEGs have: Pillow takes it away of single pictures, not of moving ones
    return None if note is None else writing.exif(note, MAX_WEBP_EXIF).removeprefix(b"Exif\0\0")


def gif_comment(film: Film) -> bytes | None:
    """The comment of a GIF."""
    note = _note(film)
    return None if note is None else writing.gif_comment(note)


def video_tags(film: Film) -> dict[str, str]:
    """Tags of a video."""
    note = _note(film)
    return {} if note is None else writing.video_tags(note)


def pdf_info(film: Film) -> dict[str, str]:
    """Title, author and subject of a PDF."""
    if not film.options.remember:
        return {"title": ""}  # else Pillow takes the name of the file, which is not its last one
    return {"author": PROGRAM, **writing.pdf_info(note_of_reel(film.reel))}


def raw_texts(reel: Reel, options: ExportOptions) -> dict[str, str]:
    """Texts beside numbers."""
    return writing.raw_texts(note_of_reel(reel)) if options.remember else {}
