"""Files by dialog or by drag and drop: the only modal windows there are."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, QStandardPaths
from PySide6.QtWidgets import QFileDialog, QWidget

if TYPE_CHECKING:
    from visualizer.session.timeline import Timeline

CHECKPOINT = ".safetensors"
PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff")
"""What the library that reads pictures is asked to read."""
_KINDS = {
    ".denoise": "Runs (*.denoise)",
    ".png": "Pictures (*.png)",
    ".webp": "Animations (*.webp)",
    ".gif": "Animations (*.gif)",
    ".mp4": "Videos (*.mp4)",
    ".html": "Pages (*.html)",
}


def ask_open(parent: QWidget) -> str:
    """The run file to open, or ""."""
    path, _kind = QFileDialog.getOpenFileName(
        parent, "Open a run", _documents(), f"{_KINDS['.denoise']};;All files (*)"
    )
    return path


def ask_save(parent: QWidget, timeline: Timeline, ending: str, suffix: str) -> str:
    """Where to write a run, with the right suffix, or ""."""
    proposed = file_name(timeline, ending, suffix)
    return ask_save_as(parent, proposed, suffix)


def ask_save_as(parent: QWidget, name: str, suffix: str) -> str:
    """Where to write something of this name, with the right suffix, or ""."""
    proposed = Path(_documents()) / name
    path, _kind = QFileDialog.getSaveFileName(parent, "Save as", str(proposed), _KINDS[suffix])
    if path and Path(path).suffix.lower() != suffix:
        path += suffix
    return path


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


def is_model(path: str) -> bool:
    """Whether it is a folder, or called like a checkpoint."""
    return path.lower().endswith(CHECKPOINT) or Path(path).is_dir()


def is_sweep(path: str) -> bool:
    """Whether it is the folder of a sweep."""
    from visualizer.sweeps import results  # it loads numpy: not at the start

    return Path(path).is_dir() and results.is_sweep(Path(path))


def file_name(timeline: Timeline, ending: str, suffix: str) -> str:
    """A name that says what is in it: "a-red-ferrari-on-a-mountain-seed-7.denoise"."""
    name = _name_of(timeline.request.prompt) or "picture"
    return f"{name}-seed-{timeline.request.seed}{ending}{suffix}"


def comparison_name(words: str, ending: str, suffix: str) -> str:
    """A name for a comparison: "a-red-ferrari-compared.denoise"."""
    return f"{_name_of(words) or 'pictures'}-compared{ending}{suffix}"


def _name_of(words: str) -> str:
    return "-".join(re.findall(r"\w+", words.lower()))[:48].strip("-")


def dropped(data: QMimeData) -> str:
    """The path of the file or folder that was dropped, or ""."""
    paths = [url.toLocalFile() for url in data.urls() if url.isLocalFile()]
    return paths[0] if paths else ""


def _documents() -> str:
    place = QStandardPaths.StandardLocation.DocumentsLocation
    folder = QStandardPaths.writableLocation(place)
    return folder if Path(folder).is_dir() else str(Path.home())
