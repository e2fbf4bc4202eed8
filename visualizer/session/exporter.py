"""Exporter: runs exports one after another on a thread that waits for their process."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal, Slot

from visualizer.session.export_process import ExportFailed, export
from visualizer.session.failure import Failure, describe
from visualizer.session.jobs import JobThread

if TYPE_CHECKING:
    from visualizer.diffusion.comparison import Comparison
    from visualizer.diffusion.trajectory import Trajectory

TITLE = "The export failed."


class Exporter(QObject):
    """Writes pictures, animations and pages. Its signals are emitted on its thread."""

    exported = Signal(str)
    failed = Signal(str, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thread = JobThread("exports", self._job_failed)
        self._cancel = threading.Event()
        self._path = ""

    def export(self, what: Trajectory | Comparison, path: str) -> None:
        """``exported`` or ``failed`` follows."""
        self._thread.post(lambda: self._export(what, path))

    def close(self) -> None:
        """Cancel what is being written."""
        self._cancel.set()
        self._thread.close()

    def join(self, seconds: float) -> bool:
        """Wait for the thread's end."""
        return self._thread.join(seconds)

    def _export(self, what: Trajectory | Comparison, path: str) -> None:
        self._path = path
        if export(what, path, self._cancel):
            self.exported.emit(path)

    def _job_failed(self, error: BaseException) -> None:
        failure = describe(error, TITLE)
        if isinstance(error, ExportFailed):
            failure = Failure(TITLE, str(error))
        self.failed.emit(self._path, failure)


class Exports(QObject):
    """Exports as the window sees them: from the wish, through its decodes, to the file."""

    exported = Signal(str)
    failed = Signal(object)
    changed = Signal(bool)
    """Something is being exported now, or nothing any more."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._count = 0
        self._exporter = Exporter(self)
        queued = Qt.ConnectionType.QueuedConnection
        self._exporter.exported.connect(self._on_exported, queued)
        self._exporter.failed.connect(self._on_failed, queued)

    @property
    def running(self) -> bool:
        """Whether something is being exported."""
        return self._count > 0

    def begin(self) -> None:
        """Something is to be exported: ``write`` follows once its pictures are there."""
        self._add(+1)

    def write(self, what: Trajectory | Comparison, path: str) -> None:
        """Everything is there: ``exported`` or ``failed`` follows."""
        self._exporter.export(what, path)

    def close(self) -> None:
        """Cancel what is being written."""
        self._exporter.close()

    def join(self, seconds: float) -> bool:
        """Wait for the thread's end."""
        return self._exporter.join(seconds)

    @Slot(str)
    def _on_exported(self, path: str) -> None:
        self._add(-1)
        self.exported.emit(path)

    @Slot(str, object)
    def _on_failed(self, path: str, failure: Failure) -> None:
        del path
        self._add(-1)
        self.failed.emit(failure)

    def _add(self, change: int) -> None:
        before = self.running
        self._count += change
        if self.running != before:
            self.changed.emit(self.running)
