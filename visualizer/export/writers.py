"""Which ending of a file name is written by what."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from visualizer.diffusion import runfile
from visualizer.diffusion.atomic import WriteError, check_writable, display_name, replacing
from visualizer.diffusion.trajectory import Trajectory
from visualizer.export import animation, page, picture, sheet, video
from visualizer.export.errors import ExportError
from visualizer.export.reel import Reel, reel_of

if TYPE_CHECKING:
    from visualizer.diffusion.comparison import Comparison

Progress = Callable[[int, int], None]
Writer = Callable[[Reel, BinaryIO, Progress], None]

WRITERS: dict[str, Writer] = {
    ".png": picture.write_picture,
    ".webp": animation.write_webp,
    ".gif": animation.write_gif,
    ".apng": animation.write_apng,
    ".mp4": video.write_mp4,
    ".html": page.write_page,
}


def write_file(what: Trajectory | Comparison, path: Path, progress: Progress) -> None:
    """See ``visualizer.export.write``."""
    writer = writer_for(path)
    try:
        if writer is None:
            _save(what, path)
            return
        reel = reel_of(what)
        with replacing(path) as file:
            writer(reel, file, progress)
    except (WriteError, runfile.RunFileError) as error:
        raise ExportError(str(error)) from error


def _save(what: Trajectory | Comparison, path: Path) -> None:
    if isinstance(what, Trajectory):
        runfile.save(what, path)
    else:
        from visualizer.diffusion import comparison_file

        comparison_file.save(what, path, decode=True)


def writer_for(path: Path) -> Writer | None:
    """What writes a file of this name; None for run files.

    Raises:
        ExportError: naming the endings that work.
    """
    ending = path.suffix.lower()
    if ending == runfile.SUFFIX:
        return None
    if ending == ".png" and "sheet" in path.stem.lower():
        return sheet.write_sheet
    if ending not in WRITERS:
        known = [*WRITERS, runfile.SUFFIX]
        raise ExportError(
            f"'{display_name(path)}' has an ending that cannot be written. "
            f"Use {', '.join(known[:-1])} or {known[-1]}."
        )
    return WRITERS[ending]


def check_place(path: Path) -> None:
    """See ``visualizer.export.check``."""
    writer_for(path)
    try:
        check_writable(path)
    except WriteError as error:
        raise ExportError(str(error)) from error
