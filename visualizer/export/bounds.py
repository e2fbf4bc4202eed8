"""What an export may hold in memory, and how large pictures may be, said before it begins.

WebP, MP4, WebM, folders of pictures and pages go into their file frame by frame. Pillow's writers
of GIF and APNG hold every frame until the last one is there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from visualizer.byte_words import in_words
from visualizer.export.errors import ExportError
from visualizer.export.options import FORMATS, FormatKey

if TYPE_CHECKING:
    from visualizer.export.film import Film

MAX_HELD_BYTES = 512 * 2**20
"""The most that the frames of one animation may take in memory."""
_WEBP_SIDE = 16_383
LARGEST_SIDES: dict[FormatKey, int] = {
    "webp": _WEBP_SIDE,
    "gif": 65_535,
    "mp4": 8_192,
    "webm": 8_192,
}
"""Pixels: what the format can hold, and of videos what players can show."""
LARGEST_PICTURES = {".jpg": 65_500, ".jpeg": 65_500, ".webp": _WEBP_SIDE}
"""Pixels: the same for files of a single picture, by their ending."""
_HELD_PER_PIXEL: dict[FormatKey, float] = {"gif": 1.25, "apng": 4.25}
"""Bytes a pixel and frame, measured on films that begin with static: of GIF an index, of APNG red,
green, blue and an empty byte."""


def held_bytes(film: Film) -> int:
    """What its frames take in memory at most, all together; 0 where one at a time is held."""
    options = film.options
    if options.kind.streams:
        return 0
    width, height = film.size
    return round(len(film.shots) * width * height * _HELD_PER_PIXEL[options.format])


def check_bound(film: Film) -> None:
    """See whether a film can be written in its format.

    Raises:
        ExportError: with numbers and what to do instead, when it takes more memory than
            ``MAX_HELD_BYTES`` or is larger than the format can hold.
    """
    width, height = film.size
    options = film.options
    side = LARGEST_SIDES.get(options.format)
    if side is not None and max(width, height) > side:
        raise ExportError(
            f"{FORMATS[options.format].label} has at most {side} pixels a side, and this is "
            f"{width} × {height}. Choose a smaller size, or a folder of pictures."
        )
    held = held_bytes(film)
    if held <= MAX_HELD_BYTES:
        return
    count = len(film.shots)
    raise ExportError(
        f"{count} frames of {width} × {height} pixels would take {in_words(held)} of memory, and "
        f"{FORMATS[options.format].label} may take {in_words(MAX_HELD_BYTES)}. "
        f"Choose {_fewer(film, held)}a smaller size, or WebP, MP4, WebM or a folder of pictures, "
        "which hold one frame at a time."
    )


def _fewer(film: Film, held: int) -> str:
    """ "every 4th step, ", or "" where that would leave hardly any."""
    step = film.options.every if film.options.steps == "every" else 1
    step *= -(-held // MAX_HELD_BYTES)
    if len(film.shots) // step < 2:
        return ""
    return f"every {_ordinal(step)} step, "


def _ordinal(number: int) -> str:
    teens = 10 <= number % 100 <= 20
    return f"{number}{'th' if teens else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"
