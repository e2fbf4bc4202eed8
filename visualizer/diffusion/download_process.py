"""Downloads as seen from the program: a child process, its progress, and its end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from visualizer.diffusion.download_plan import DownloadPlan

ENVIRONMENT = {
    "HF_HUB_OFFLINE": "0",
    "TRANSFORMERS_OFFLINE": "0",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_SYMLINKS_WARNING": "1",
    "PYTHONIOENCODING": "utf-8",
}
"""Of the child alone: this program stays offline."""


class DownloadError(RuntimeError):
    """A download that came to nothing; its text is a sentence with what to do."""


class Download:
    """One request to the hub at a time. Blocks: call it on a thread of its own.

    ``cancel`` may be called from any other thread; what has arrived is kept, and the same download
    goes on from there when it is begun again.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._cancelled = False

    def describe(self, repository: str, without: Sequence[str] = ()) -> DownloadPlan | None:
        """Size, license and files of a model; None when it was cancelled.

        Raises:
            DownloadError: with a sentence.
        """
        for message in self._messages(["describe", repository, *without], ""):
            if "plan" in message:
                return DownloadPlan.from_json(message["plan"])
        return None

    def fetch(self, plan: DownloadPlan, progress: Callable[[int, int], None]) -> Path | None:
        """Download what a plan names.

        Args:
            progress: told how many bytes are here, and how many there are in all.

        Returns:
            the model's folder; None when it was cancelled.

        Raises:
            DownloadError: with a sentence.
        """
        first = json.dumps(plan.as_json())
        for message in self._messages(["fetch", plan.repository], first):
            if "finished" in message:
                return Path(message["finished"])
            progress(int(message["done"]), int(message["total"]))
        return None

    def cancel(self) -> None:
        """End it now."""
        with self._lock:
            self._cancelled = True
            if self._process is not None:
                self._process.terminate()

    def _messages(self, arguments: list[str], first: str) -> Iterator[dict[str, Any]]:
        process = self._start(arguments)
        if process is None:
            return
        assert process.stdin is not None
        assert process.stdout is not None
        finished = False
        try:
            with suppress(BrokenPipeError):  # it ended at once: what it said comes below
                process.stdin.write(f"{first}\n")
                process.stdin.flush()
            for line in process.stdout:
                message = _read(line)
                if "failed" in message:
                    finished = True
                    raise DownloadError(message["failed"])
                if message:
                    finished = "plan" in message or "finished" in message
                    yield message
        finally:
            process.terminate()
            for pipe in (process.stdin, process.stdout):
                with suppress(BrokenPipeError):
                    pipe.close()
            process.wait()
            with self._lock:
                self._process = None
        if not finished and not self._cancelled:
            raise DownloadError("The download stopped before it was finished. Start it again.")

    def _start(self, arguments: list[str]) -> subprocess.Popen[str] | None:
        package = str(Path(__file__).resolve().parents[2])
        paths = [package, *filter(None, [os.environ.get("PYTHONPATH")])]
        with self._lock:
            if self._cancelled:
                return None
            self._process = subprocess.Popen(
                [sys.executable, "-m", "visualizer.diffusion.download", *arguments],
                env={**os.environ, **ENVIRONMENT, "PYTHONPATH": os.pathsep.join(paths)},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                encoding="utf-8",
                # Ctrl+C at a terminal reaches the program alone, which then ends this process
                start_new_session=os.name == "posix",
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
            return self._process


def _read(line: str) -> dict[str, Any]:
    """A message of the child; nothing for whatever a library may print."""
    try:
        message = json.loads(line)
    except ValueError:
        return {}
    return message if isinstance(message, dict) else {}
