"""Files by dialog or by drag and drop: the only modal windows there are."""

from __future__ import annotations

import itertools
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, QStandardPaths
from PySide6.QtWidgets import QFileDialog, QWidget

if TYPE_CHECKING:
    from collections.abc import Mapping

    from visualizer.export.options import ExportOptions
    from visualizer.session.timeline import Timeline

CHECKPOINT = ".safetensors"
PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff")
"""What the library that reads pictures is asked to read."""
REMEMBERING = (
    *PICTURES,
    ".apng",
    ".mp4",
    ".webm",
    ".html",
    ".htm",
    ".npz",
    ".pdf",
    ".txt",
    ".json",
)
"""Files that may remember how they were made, ours and other programs'."""
_KINDS: dict[str, tuple[str, ...]] = {
    "Runs (*.denoise)": (".denoise",),
    "PNG (*.png)": (".png",),
    "JPEG (*.jpg *.jpeg)": (".jpg", ".jpeg"),
    "WebP (*.webp)": (".webp",),
    "PDF (*.pdf)": (".pdf",),
    "NumPy (*.npz)": (".npz",),
    "Safetensors (*.safetensors)": (".safetensors",),
}
"""What dialogs call a kind of file, and its endings."""
_RUNS = next(iter(_KINDS))
PLAIN_NAME = "picture"
"""Of a file that is to tell nothing of how it was made."""


def ask_open(parent: QWidget) -> str:
    """The run file to open, or a file that may remember how it was made, or ""."""
    stars = " ".join(f"*{suffix}" for suffix in (*_KINDS[_RUNS], *REMEMBERING))
    kinds = (f"Runs, and files that remember ({stars})", _RUNS, "All files (*)")
    path, _kind = QFileDialog.getOpenFileName(
        parent, "Open a run or a picture", _documents(), ";;".join(kinds)
    )
    return path


def ask_save(parent: QWidget, timeline: Timeline, ending: str, suffix: str) -> str:
    """Where to write a run, with the right suffix, or ""."""
    proposed = file_name(timeline, ending, suffix)
    return ask_save_as(parent, proposed, suffix)


def ask_save_as(parent: QWidget, name: str, suffix: str) -> str:
    """Where to write something of this name, with the right suffix, or ""."""
    kinds = {kind: suffixes for kind, suffixes in _KINDS.items() if suffix in suffixes}
    return _ask_name(parent, "Save as", str(Path(_documents()) / name), kinds)


def ask_export(parent: QWidget, name: str, options: ExportOptions, folder: str = "") -> str:
    """Where to export to, with a suffix of this format, or "".

    Args:
        name: what is proposed, without a suffix.
        folder: where the last one went.
    """
    place = Path(folder if Path(folder).is_dir() and folder else _documents())
    kind = options.kind
    if not kind.suffixes:
        return _ask_new_folder(parent, name, place)
    proposed = str(place / f"{name}{options.ending}")
    if kind.moves or kind.key == "page":
        stars = " ".join(f"*{suffix}" for suffix in kind.suffixes)
        kinds = {f"{kind.label.split(' (')[0]} ({stars})": kind.suffixes}
    else:  # one kind of file or the other
        kinds = {each: known for each, known in _KINDS.items() if known[0] in kind.suffixes}
        chosen = next(each for each, known in kinds.items() if options.ending in known)
        kinds = {chosen: kinds[chosen], **kinds}  # the first one is what the dialog begins with
    return _ask_name(parent, "Export as", proposed, kinds)


def _ask_new_folder(parent: QWidget, name: str, place: Path) -> str:
    """A folder that is not there yet, or "": its name says what is in it.

    A dialog for names would go into a folder of the name instead of taking it.
    """
    title = "Where the new folder of pictures shall be"
    chosen = QFileDialog.getExistingDirectory(parent, title, str(place))
    if not chosen:
        return ""
    folder = Path(chosen)
    numbered = (f"{name}-{number}" for number in itertools.count(2))
    names = itertools.chain((name,), numbered)
    return str(next(folder / each for each in names if not os.path.lexists(folder / each)))


def _ask_name(
    parent: QWidget, title: str, proposed: str, kinds: Mapping[str, tuple[str, ...]]
) -> str:
    """A name with one of the suffixes of the kind that was chosen, or "".

    The dialog asks before a file is replaced. It knows nothing of a suffix that is added to the
    name afterwards: where that is the name of a file, the dialog is asked once more, with the
    whole name. Whoever chooses another kind means it, though the proposed name still has the
    ending of the first one.
    """
    allowed = {suffix for suffixes in kinds.values() for suffix in suffixes}
    while True:
        path, kind = QFileDialog.getSaveFileName(parent, title, proposed, ";;".join(kinds))
        suffix = Path(path).suffix.lower()
        suffixes = kinds.get(kind) or next(iter(kinds.values()))
        other_kind = path == proposed and suffix in allowed and suffix not in suffixes
        if not path or not allowed or (suffix in allowed and not other_kind):
            return path
        proposed = str(Path(path).with_suffix("")) if other_kind else path
        proposed += suffixes[0]
        if not Path(proposed).exists():
            return proposed


def ask_folder(parent: QWidget, title: str = "Open a model folder") -> str:
    """The folder that was chosen, or ""."""
    return QFileDialog.getExistingDirectory(parent, title, _documents())


def ask_checkpoint(parent: QWidget) -> str:
    """The checkpoint to open, or ""."""
    path, _kind = QFileDialog.getOpenFileName(
        parent, "Open a checkpoint", _documents(), f"Checkpoints (*{CHECKPOINT})"
    )
    return path


def ask_picture(parent: QWidget) -> str:
    """The picture to give to a model, or ""."""
    kinds = " ".join(f"*{suffix}" for suffix in PICTURES)
    path, _kind = QFileDialog.getOpenFileName(
        parent, "Open a picture", _documents(), f"Pictures ({kinds})"
    )
    return path


def is_picture(path: str) -> bool:
    """Whether a file is called like a picture."""
    return path.lower().endswith(PICTURES)


def may_remember(path: str) -> bool:
    """Whether a file is called like one that may remember how it was made."""
    return path.lower().endswith(REMEMBERING)


def is_model(path: str) -> bool:
    """Whether it is a folder, or called like a checkpoint."""
    return path.lower().endswith(CHECKPOINT) or Path(path).is_dir()


def is_sweep(path: str) -> bool:
    """Whether it is the folder of a sweep."""
    from visualizer.sweeps import results  # it loads numpy: not at the start

    return Path(path).is_dir() and results.is_sweep(Path(path))


def file_name(timeline: Timeline, ending: str, suffix: str) -> str:
    """A name that says what is in it: "a-red-ferrari-on-a-mountain-seed-7.denoise"."""
    name = _name_of(timeline.request.prompt) or PLAIN_NAME
    return f"{name}-seed-{timeline.request.seed}{ending}{suffix}"


def comparison_name(words: str, ending: str, suffix: str) -> str:
    """A name for a comparison: "a-red-ferrari-compared.denoise"."""
    return f"{_name_of(words) or 'pictures'}-compared{ending}{suffix}"


def _name_of(words: str) -> str:
    return "-".join(re.findall(r"\w+", words.lower()))[:48].strip("-")


def dropped(data: QMimeData) -> list[str]:
    """The paths of the files and folders that were dropped."""
    return [url.toLocalFile() for url in data.urls() if url.isLocalFile()]


def _documents() -> str:
    place = QStandardPaths.StandardLocation.DocumentsLocation
    folder = QStandardPaths.writableLocation(place)
    return folder if Path(folder).is_dir() else str(Path.home())
