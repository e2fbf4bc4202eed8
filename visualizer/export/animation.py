"""The film as a moving picture that browsers and chats show: WebP, GIF, APNG.

A WebP is written frame by frame. Pillow's writers of GIF and APNG hold all frames until the end;
see ``visualizer.export.bounds``.
"""

from __future__ import annotations

from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any, BinaryIO

from visualizer.export import written_metadata
from visualizer.export.bounds import check_bound
from visualizer.export.frame_sequence import FrameSequence
from visualizer.export.palette import Quantizer
from visualizer.export.picture import PNG_LEVEL
from visualizer.export.plain_file import plain
from visualizer.export.webp_container import WebpContainer
from visualizer.export.webp_frame import webp_frame

if TYPE_CHECKING:
    from visualizer.export.film import Film
    from visualizer.export.progress import Progress


def write_webp(film: Film, file: BinaryIO, progress: Progress) -> None:
    """An animated WebP: the smallest, and written fastest.

    Raises:
        ExportError: with a sentence, when it would be larger than a WebP can be.
    """
    check_bound(film)
    container = WebpContainer(file, film.size, written_metadata.webp_exif(film) or b"")
    shown, coded = b"", b""
    for image, shot in zip(film.frames(progress), film.shots, strict=True):
        if (pixels := image.tobytes()) != shown:
            shown, coded = pixels, webp_frame(image, film.options)
        container.add(coded, shot.milliseconds)
    container.close()


def write_apng(film: Film, file: BinaryIO, progress: Progress) -> None:
    """An animated PNG: without loss, and large."""
    check_bound(film)
    frames, note = FrameSequence(film, progress), written_metadata.png_info(film)
    # Pillow makes one frame of equal ones only if they are blended alike, and of these it is no
    # matter how: nothing is transparent
    blend = [k % 2 for k in range(len(film.shots))]
    values = {"compress_level": PNG_LEVEL, "default_image": False, "blend": blend}
    _save(frames, _times(film), file, "PNG", pnginfo=note, **values)


def write_gif(film: Film, file: BinaryIO, progress: Progress) -> None:
    """An animated GIF: up to 256 colors a frame, shown everywhere.

    With one palette for all frames, pixels that stay as they are become transparent in the next
    frame: they cost hardly anything. Frames that are exactly equal become one that stands longer:
    Pillow makes no others.
    """
    check_bound(film)
    frames = FrameSequence(film, progress, Quantizer(film).quantized)
    shared = film.options.palette == "shared"
    comment = written_metadata.gif_comment(film)
    times = in_hundredths(_times(film))
    _save(frames, times, file, "GIF", optimize=shared, comment=comment)


def _times(film: Film) -> list[int]:
    return [shot.milliseconds for shot in film.shots]


def _save(
    frames: FrameSequence, times: list[int], file: BinaryIO, kind: str, **values: Any
) -> None:
    values = {key: value for key, value in values.items() if value is not None}
    if len(times) > 1:
        values |= {"save_all": True, "duration": times, "loop": 0}
    frames.save(plain(file, frames.tell_again), kind, **values)


def in_hundredths(milliseconds: list[int]) -> list[int]:
    """Durations as a GIF can hold them, in whole hundredths of a second.

    What rounding takes from one frame the next one gets, so that the whole lasts as long as before.
    """
    ends = [0, *(round(end / 10) * 10 for end in accumulate(milliseconds))]
    return [end - start for start, end in pairwise(ends)]
