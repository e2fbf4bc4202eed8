"""ModelFinder: lists the models on this computer, on a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from visualizer.session.failure import describe as describe_failure
from visualizer.session.jobs import JobThread

if TYPE_CHECKING:
    from visualizer.diffusion.found_models import FoundModel

TITLE = "The models on this computer could not be listed."


class ModelFinder(QObject):
    """Looks for models. Its signals are emitted on its thread: connect them queued.

    Signals:
        found(scan_id, FoundModel): one more model of a scan.
        scanned(scan_id): it has ended, unless a newer one took its place.
        described(FoundModel | None): the answer to ``describe``.
        failed(Failure)
    """

    found = Signal(int, object)
    scanned = Signal(int)
    described = Signal(object)
    failed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thread = JobThread("model finder", self._job_failed)
        self._cancel = threading.Event()
        self._scan_id = 0

    def scan(self, folders: Sequence[str], *, half_precision: bool = False) -> int:
        """Look everywhere again; a scan that still runs is given up.

        Args:
            folders: those that the person added.
            half_precision: whether the device computes in 16 bits.

        Returns:
            the scan's number, which comes with its signals.
        """
        self._cancel.set()
        self._cancel = cancel = threading.Event()
        self._scan_id += 1
        scan_id = self._scan_id
        places = [Path(folder) for folder in folders]
        self._thread.post(lambda: self._scan(scan_id, places, cancel, half_precision))
        return scan_id

    def describe(self, path: str, *, half_precision: bool = False) -> None:
        """Tell of one folder or checkpoint; ``described`` follows."""
        self._thread.post(lambda: self._describe(Path(path), half_precision))

    def close(self) -> None:
        """Give up what is being done."""
        self._cancel.set()
        self._thread.close()

    def join(self, seconds: float) -> bool:
        """Wait for the thread's end."""
        return self._thread.join(seconds)

    def _scan(self, scan_id: int, folders: list[Path], cancel: threading.Event, half: bool) -> None:
        from visualizer.diffusion.found_models import find_models

        for model in find_models(folders, cancelled=cancel.is_set, half_precision=half):
            if cancel.is_set():
                return
            self.found.emit(scan_id, model)
        if not cancel.is_set():
            self.scanned.emit(scan_id)

    def _describe(self, path: Path, half: bool) -> None:
        from visualizer.diffusion.found_models import describe

        model: FoundModel | None = describe(path, number_bytes=2 if half else 4)
        self.described.emit(model)

    def _job_failed(self, error: BaseException) -> None:
        self.failed.emit(describe_failure(error, TITLE))
