"""The history of a sitting on disk: every run is saved by itself, in a folder with a bound."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from visualizer.diffusion.comparison import Comparison
    from visualizer.diffusion.trajectory import Trajectory

MAX_RUNS = 50
MAX_BYTES = 2**30
"""The newest 50 runs are kept, and never more than 1 GiB; the newest one always."""


class HistoryFolder:
    """Where runs are saved by themselves. Its methods work with files: call them off the GUI."""

    def __init__(
        self, folder: Path, *, max_runs: int = MAX_RUNS, max_bytes: int = MAX_BYTES
    ) -> None:
        self.folder = folder
        self.max_runs = max_runs
        self.max_bytes = max_bytes

    def place_for(self, prompt: str, seed: int, kind: str = "") -> Path:
        """A new file name that a person recognizes, and that no other window uses.

        Args:
            kind: what it is, where it is no single run, e.g. "8 lanes".
        """
        when = time.strftime("%Y-%m-%d %H-%M-%S")
        words = "-".join(re.findall(r"[a-z0-9]+", prompt.lower())[:6]) or "run"
        about = kind or str(seed)
        return self.folder / f"{when} {words[:48]} {about} {secrets.token_hex(2)}.denoise"

    def save(self, run: Trajectory, path: Path) -> None:
        """Write a run, or write it again with more pictures; then drop what is too old.

        Raises:
            OSError, RunFileError: when it cannot be written.
        """
        from visualizer.diffusion import runfile

        self.folder.mkdir(parents=True, exist_ok=True)
        runfile.save(run, path, decode=False)
        self._prune()

    def save_comparison(self, comparison: Comparison, path: Path) -> None:
        """Write a comparison as ``save`` writes a run: one more file within the same bounds.

        Raises:
            OSError, RunFileError: when it cannot be written.
        """
        from visualizer.diffusion import comparison_file

        self.folder.mkdir(parents=True, exist_ok=True)
        comparison_file.save(comparison, path, decode=False)
        self._prune()

    def change_comparison(self, path: Path, change: Callable[[Comparison], Comparison]) -> None:
        """Write a comparison again as ``change`` makes it; one that was dropped stays away.

        Raises:
            OSError, RunFileError: when it cannot be read or written.
        """
        from visualizer.diffusion import comparison_file

        if path.exists():
            comparison_file.save(change(comparison_file.load(path)), path, decode=False)

    def _prune(self) -> None:
        found = []
        for path in self.folder.glob("*.denoise"):
            with suppress(OSError):  # another window was quicker
                status = path.stat()
                found.append((status.st_mtime_ns, status.st_size, path))
        total = 0
        for i, (_, size, path) in enumerate(sorted(found, reverse=True)):
            total += size
            if i and (i >= self.max_runs or total > self.max_bytes):
                with suppress(OSError):
                    path.unlink()
