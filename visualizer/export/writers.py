"""Which format is written by what."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from visualizer.diffusion import runfile
from visualizer.diffusion.atomic import WriteError, check_folder, check_writable, replacing
from visualizer.diffusion.trajectory import Trajectory
from visualizer.export import animation, page, picture, raw, sequence, sheet, video
from visualizer.export.errors import ExportError
from visualizer.export.exhibit import Exhibit
from visualizer.export.film import Film, film_of
from visualizer.export.options import ExportOptions, FormatKey, for_path
from visualizer.export.progress import Progress, Watched
from visualizer.export.reel import reel_of

if TYPE_CHECKING:
    from visualizer.diffusion.comparison import Comparison

Writer = Callable[[Film, BinaryIO, Progress], None]
PictureWriter = Callable[[Film, BinaryIO, Progress, str], None]

WRITERS: dict[FormatKey, Writer] = {
    "webp": animation.write_webp,
    "gif": animation.write_gif,
    "apng": animation.write_apng,
    "mp4": video.write_mp4,
    "webm": video.write_webm,
    "page": page.write_page,
}
PICTURE_WRITERS: dict[FormatKey, PictureWriter] = {
    "picture": picture.write_picture,
    "sheet": sheet.write_sheet,
}
"""They are told the ending, which says what kind of picture it is."""


def write_file(
    what: Trajectory | Comparison | Exhibit, path: Path, options: ExportOptions, progress: Progress
) -> None:
    """See ``visualizer.export.write``."""
    options = for_path(path, options)
    watched = Watched(progress)
    try:
        if options.format == "run" and not isinstance(what, Exhibit):
            _save(what, path)
        elif options.format == "raw":
            reel = reel_of(what, options)
            with replacing(path, watched.again) as file:
                raw.write_raw(reel, options, file, watched, path.suffix.lower())
        elif options.format == "frames":
            sequence.write_frames(film_of(what, options), path, progress)
        else:
            film = film_of(what, options)
            with replacing(path, watched.again) as file:
                write_film(film, file, watched, path.suffix.lower())
    except (WriteError, runfile.RunFileError) as error:
        raise ExportError(str(error)) from error


def write_film(film: Film, file: BinaryIO, progress: Progress, suffix: str) -> None:
    """Write a film in its format, for a file with this ending.

    Raises:
        ExportError: with a sentence.
    """
    if film.options.format in PICTURE_WRITERS:
        PICTURE_WRITERS[film.options.format](film, file, progress, suffix)
    else:
        WRITERS[film.options.format](film, file, progress)


def _save(what: Trajectory | Comparison, path: Path) -> None:
    if isinstance(what, Trajectory):
        runfile.save(what, path)
    else:
        from visualizer.diffusion import comparison_file

        comparison_file.save(what, path, decode=True)


def check_place(path: Path, options: ExportOptions) -> None:
    """See ``visualizer.export.check``."""
    options = for_path(path, options)
    if options.format in ("mp4", "webm"):
        video.require_av()
    try:
        if options.format == "frames":
            check_folder(path, sequence.INDEX, sequence.names_of_ours)
        else:
            check_writable(path)
    except WriteError as error:
        raise ExportError(str(error)) from error
