"""Closing: the first wish to close the window is not granted while a file is being written."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QGuiApplication

if TYPE_CHECKING:
    from visualizer.session.exports import ExportProgress, Exports

REMEMBERED_S = 10.0
"""For so long a warning counts; after that the person may have forgotten it."""


class Closing(QObject):
    """Warns once of what closing would stop. The end of the whole sitting is never held up."""

    def __init__(
        self, exports: Exports, parent: QObject, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """``clock`` tells the time, in seconds since any moment."""
        super().__init__(parent)
        self._exports, self._clock = exports, clock
        self._progress: ExportProgress | None = None
        self._warned_at: float | None = None
        self._sitting_ends = False
        exports.progressed.connect(self._progressed)
        exports.changed.connect(lambda _running: self._forget())
        application = QGuiApplication.instance()
        if isinstance(application, QGuiApplication):
            direct = Qt.ConnectionType.DirectConnection  # it does not come back to the loop
            application.commitDataRequest.connect(self.end_sitting, direct)

    def warning(self) -> str:
        """What to say instead of closing; "" where the window may close.

        Whoever asks again soon is not warned again.
        """
        if not self._exports.running or self._sitting_ends:
            return ""
        now = self._clock()
        if self._warned_at is not None and now - self._warned_at <= REMEMBERED_S:
            return ""
        self._warned_at = now
        return f"{self._written()}. Close again to stop it."

    def _written(self) -> str:
        progress = self._progress
        if progress is None:
            return "A file is being written"
        count = f" ({progress.done} of {progress.total})" if progress.total else ""
        return f"{Path(progress.path).name} is being written{count}"

    def _progressed(self, progress: ExportProgress) -> None:
        self._progress = progress

    def _forget(self) -> None:
        self._progress = self._warned_at = None

    def end_sitting(self, _manager: object = None) -> None:
        """The person logs out, or the computer shuts down: nobody is there to be asked."""
        self._sitting_ends = True
