"""TemporaryFiles: given to other programs, in a bounded folder that goes with the program.

What is dragged or copied out of the window is often asked for as a file, and only for a moment.
"""

from __future__ import annotations

import contextlib
import secrets
import shutil
import threading
from collections import deque
from pathlib import Path

from PySide6.QtCore import QLockFile

MAX_FILES = 24
MAX_BYTES = 512 * 2**20
"""What is older goes when there is more than this; the newest file always stays."""
_LOCK = ".lock"


class TemporaryFiles:
    """A folder for this run of the program, beside those of others that run at the same time.

    May be used from any thread. What a program that crashed left behind is removed with the first
    file.
    """

    def __init__(
        self, root: Path, *, max_files: int = MAX_FILES, max_bytes: int = MAX_BYTES
    ) -> None:
        """``root`` holds one folder for every program that runs; nothing else belongs there."""
        self._root = root
        self._max_files, self._max_bytes = max_files, max_bytes
        self._guard = threading.Lock()
        self._lock: QLockFile | None = None
        self._folder: Path | None = None
        self._places: deque[Path] = deque()

    def place_for(self, name: str) -> Path:
        """Where a file of this name may be written; nothing is there yet.

        Raises:
            OSError: when there can be no such folder.
        """
        with self._guard:
            folder = self._own_folder()
            place = folder / secrets.token_hex(4)
            place.mkdir()
            self._places.append(place)
            self._forget_oldest()
            return place / name

    def close(self) -> None:
        """Remove everything."""
        with self._guard:
            if self._folder is not None:
                shutil.rmtree(self._folder, ignore_errors=True)
            if self._lock is not None:
                self._lock.unlock()
            self._folder = self._lock = None
            self._places.clear()
            with contextlib.suppress(OSError):
                self._root.rmdir()  # unless others are there

    def _own_folder(self) -> Path:
        if self._folder is None:
            self._root.mkdir(parents=True, exist_ok=True)
            self._remove_left_behind()
            name = secrets.token_hex(8)
            lock = _lock_of(self._root / f"{name}{_LOCK}")
            if not lock.tryLock(0):
                raise PermissionError(13, "cannot be written to", str(self._root))
            self._lock, self._folder = lock, self._root / name
            self._folder.mkdir()
        return self._folder

    def _remove_left_behind(self) -> None:
        for path in self._root.iterdir():
            lock = _lock_of(self._root / f"{path.stem}{_LOCK}")
            if lock.tryLock(0):  # nobody lives there any more
                shutil.rmtree(self._root / path.stem, ignore_errors=True)
                lock.unlock()

    def _forget_oldest(self) -> None:
        sizes = {place: _bytes(place) for place in self._places}
        while len(self._places) > 1 and (
            len(self._places) > self._max_files
            or sum(sizes[place] for place in self._places) > self._max_bytes
        ):
            shutil.rmtree(self._places.popleft(), ignore_errors=True)


def _lock_of(path: Path) -> QLockFile:
    lock = QLockFile(str(path))
    lock.setStaleLockTime(0)  # however old, as long as its program lives
    return lock


def _bytes(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.iterdir() if file.is_file())
