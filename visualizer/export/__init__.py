"""A run, or a grid of runs, turned into a file that people share: picture, sheet, film, page.

``write`` picks the kind by the options and the file's name. No Qt, no torch: a run opened from a
file is enough.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from visualizer.export.errors import ExportError as ExportError

if TYPE_CHECKING:
    from visualizer.diffusion.comparison import Comparison
    from visualizer.diffusion.trajectory import Trajectory
    from visualizer.export.exhibit import Exhibit
    from visualizer.export.options import ExportOptions
    from visualizer.export.progress import Progress


def write(
    what: Trajectory | Comparison | Exhibit,
    path: str | Path,
    options: ExportOptions | None = None,
    progress: Progress | None = None,
) -> None:
    """Write a run, a comparison or an exhibit to ``path``, whole or not at all.

    Where the name's ending cannot be of the options' format it says what is written: ``.png`` is
    the final picture, or a sheet of steps when the name contains "sheet"; ``.webp``, ``.gif``,
    ``.apng``, ``.mp4`` and ``.webm`` are animations; ``.html`` is a page to look at in a browser;
    ``.npz`` and ``.safetensors`` are the numbers; ``.denoise`` is the run itself. Of a comparison
    each of them shows the whole grid.

    Args:
        what: any run, also one that was stopped or opened without its model, or several.
        path: where; the folder it is in must exist.
        options: how; ``ExportOptions()`` when left out.
        progress: called with (done, total) as pictures are made. What it raises ends the export,
            and nothing is left of it.

    Raises:
        ExportError: with a sentence, when it cannot be written there.
    """
    from visualizer.export.options import ExportOptions
    from visualizer.export.progress import unwatched
    from visualizer.export.writers import write_file

    write_file(what, Path(path), options or ExportOptions(), progress or unwatched)


def check(path: str | Path, options: ExportOptions | None = None) -> None:
    """Say before a long run whether ``write`` could write to ``path``.

    Raises:
        ExportError: for an ending nobody can write, for places where nothing can be written, and
            for videos where what encodes them is not installed.
    """
    from visualizer.export.options import ExportOptions
    from visualizer.export.writers import check_place

    check_place(Path(path), options or ExportOptions())
