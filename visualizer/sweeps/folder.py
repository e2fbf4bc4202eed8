"""SweepFolder: the folder of a sweep, for one sitting: its lock, its manifest, its runs."""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from filelock import FileLock, Timeout

from visualizer.diffusion import mapped, runfile
from visualizer.diffusion.atomic import WriteError, check_writable, replacing
from visualizer.diffusion.trajectory import Trajectory
from visualizer.sweeps import stored
from visualizer.sweeps.errors import SweepError
from visualizer.sweeps.manifest import MAX_RUNS, NAME, Manifest, PlannedRun

FAILURES = "failures.jsonl"
LOCK = "sweep.lock"
MAX_MANIFEST = 64 * 2**20  # bytes
MAX_FAILURES = 64 * 2**20
"""Bytes of ``FAILURES`` that are read; what stands behind them is passed over."""
_HALF = re.compile(r"\.(\d+-)?[0-9a-f]{12}\.part")
"""Files that ``atomic.replacing`` had not moved into their place yet."""


class SweepFolder:
    """A folder that one sweep at a time writes into; enter it to hold its lock.

    The system gives the lock back when a process ends, also one that was killed.

    Raises:
        SweepError: on entering, when the folder cannot be used or another sweep is at work in it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = FileLock(path / LOCK)

    def __enter__(self) -> SweepFolder:
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            check_writable(self.path / NAME)
            self._lock.acquire(timeout=0)
        except Timeout as error:
            raise SweepError(
                f"Another sweep is at work in '{self.path}'. Wait for it, or choose another "
                "folder with --out."
            ) from error
        except (FileExistsError, NotADirectoryError) as error:
            raise SweepError(f"'{self.path}' is a file, not a folder.") from error
        except (OSError, ValueError, NotImplementedError, WriteError) as error:
            raise SweepError(
                f"'{self.path}' cannot hold a sweep: you may not write there, or the disk is "
                "full. Choose another folder with --out."
            ) from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._lock.release()

    def begin(self, wanted: Manifest) -> tuple[Manifest, list[PlannedRun]]:
        """Put what is wanted into the folder.

        Returns:
            (what the folder now holds, the wanted runs that are not done yet).

        Raises:
            SweepError: when the folder holds a sweep of another model or other settings.
        """
        former = read_manifest(self.path)
        manifest = wanted if former is None else former.extended(wanted)
        if manifest != former:
            self._write(NAME, manifest.to_text())
        there = set(_names(self.path))
        # what failed is tried again; and what a killed sweep was just writing
        for name in (FAILURES, *filter(_HALF.fullmatch, there)):
            with contextlib.suppress(OSError):
                (self.path / name).unlink(missing_ok=True)
        missing = [
            run
            for run in manifest.runs(wanted.prompts, wanted.seeds)
            if run.name not in there or not is_done(self.path / run.name, run)
        ]
        return manifest, missing

    def keep(self, run: PlannedRun, trajectory: Trajectory, pictures: str) -> None:
        """Write a finished run; it is whole in its place, or not there.

        Raises:
            SweepError: when it cannot be written.
        """
        try:
            stored.save(trajectory, self.path / run.name, pictures)
        except runfile.RunFileError as error:
            raise SweepError(str(error), began=True) from error

    def keep_bytes(self, run: PlannedRun, content: bytes) -> None:
        """The same for a run file made elsewhere."""
        self._write(run.name, content)

    def note_failure(self, run: PlannedRun, sentence: str) -> None:
        """Record a run that could not be made; the next sitting tries it again."""
        line = {
            "name": run.name,
            "prompt": run.request.prompt,
            "seed": run.request.seed,
            "failure": sentence,
        }
        try:
            with (self.path / FAILURES).open("a", encoding="utf-8") as file:
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
        except OSError as error:
            raise SweepError(
                f"'{FAILURES}' cannot be written: {error.strerror}.", began=True
            ) from error

    def _write(self, name: str, content: str | bytes) -> None:
        try:
            with replacing(self.path / name) as file:
                file.write(content.encode() if isinstance(content, str) else content)
        except WriteError as error:
            raise SweepError(str(error), began=True) from error


def read_manifest(folder: Path) -> Manifest | None:
    """What a folder holds; None where there is no sweep in it.

    Raises:
        SweepError: when it cannot be read, or what it says makes no sense.
    """
    path = folder / NAME
    try:
        if path.stat().st_size > MAX_MANIFEST:
            raise SweepError(f"'{NAME}' in '{folder}' is too large to be a sweep's.")
        return Manifest.from_text(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except UnicodeDecodeError as error:
        raise SweepError(f"'{NAME}' in '{folder}' is damaged.") from error
    except (OSError, ValueError) as error:
        raise SweepError(f"'{NAME}' in '{folder}' cannot be read.") from error


def read_failures(folder: Path) -> dict[str, str]:
    """Sentences by the names of the runs that failed in the last sitting."""
    found: dict[str, str] = {}
    with contextlib.suppress(OSError), (folder / FAILURES).open("rb") as file:
        for line in itertools.islice(io.BytesIO(file.read(MAX_FAILURES)), MAX_RUNS):
            with contextlib.suppress(ValueError, TypeError, LookupError, RecursionError):
                values: Any = json.loads(line)  # a killed process may have left half a line
                found[str(values["name"])] = str(values["failure"])
    return found


def done_runs(folder: Path, runs: Iterator[PlannedRun]) -> Iterator[PlannedRun]:
    """Those whose file is in the folder, by name."""
    there = set(_names(folder))
    return (run for run in runs if run.name in there)


def is_done(path: Path, run: PlannedRun) -> bool:
    """Whether a file is the whole file of that very run; only its beginning is read."""
    try:
        return mapped.request_in(path) == run.request
    except runfile.RunFileError:
        return False


def _names(folder: Path) -> Sequence[str]:
    try:
        return os.listdir(folder)
    except OSError as error:
        raise SweepError(f"'{folder}' cannot be read: {error.strerror}.") from error
