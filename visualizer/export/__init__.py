"""A run, or a grid of runs, turned into a file that people share: picture, sheet, animation, page.

``write`` picks the kind by the file's name. No Qt, no torch: a run opened from a file is enough.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from visualizer.export.errors import ExportError as ExportError

if TYPE_CHECKING:
    from visualizer.diffusion.comparison import Comparison
    from visualizer.diffusion.trajectory import Trajectory
    from visualizer.export.writers import Progress


def write(
    what: Trajectory | Comparison, path: str | Path, progress: Progress | None = None
) -> None:
    """Write a run or a comparison to ``path``, atomically, as what the name's ending says.

    ``.png`` is the final picture as it is, or a sheet of steps when the name contains "sheet";
    ``.webp``, ``.gif``, ``.apng`` and ``.mp4`` are animations; ``.html`` is a page to look at in a
    browser; ``.denoise`` is the run itself. Of a comparison each of them shows the whole grid.

    Args:
        what: any run, also one that was stopped or opened without its model, or several.
        path: where; the folder must exist.
        progress: called with (done, total) as pictures are made.

    Raises:
        ExportError: with a sentence, when it cannot be written there.
    """
    from visualizer.export.writers import write_file

    write_file(what, Path(path), progress or _silent)


def check(path: str | Path) -> None:
    """Say before a long run whether ``write`` could write to ``path``.

    Raises:
        ExportError: for an ending nobody can write, and for places where nothing can be written.
    """
    from visualizer.export.writers import check_place

    check_place(Path(path))


def _silent(done: int, total: int) -> None:
    """Progress that nobody watches."""
