"""The crash log: where errors nobody expected are written down, with the place to find them."""

from __future__ import annotations

import platform
import time
import traceback
from pathlib import Path

import visualizer
from visualizer.folders import log_folder

MAX_BYTES = 1_000_000
"""A log that has grown past this is kept once as "crash.old.log" and begun anew."""


def crash_log_path() -> Path:
    """The file."""
    return log_folder() / "crash.log"


def record(error: BaseException, where: str) -> Path | None:
    """Append an error with its traceback. Returns the file, or None when it cannot be written."""
    return write("".join(traceback.format_exception(error)), where)


def write(text: str, where: str) -> Path | None:
    """Append a text under a heading that says when, where and which version."""
    path = crash_log_path()
    when = time.strftime("%Y-%m-%d %H:%M:%S")
    python = platform.python_version()
    heading = f"--- {when} · {visualizer.__version__} · Python {python} · {where}\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and path.stat().st_size > MAX_BYTES:
            path.replace(path.with_name("crash.old.log"))
        with path.open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(heading + text.rstrip("\n") + "\n\n")
    except OSError:
        return None  # the last net has no net of its own
    return path
