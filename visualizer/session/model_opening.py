"""Opening models: the one that generates now, and the one that is to take its place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, Signal, SignalInstance, Slot

if TYPE_CHECKING:
    from visualizer.diffusion.facts import ModelFacts
    from visualizer.session.answers import Loaded
    from visualizer.session.desk import Desk
    from visualizer.session.failure import Failure
    from visualizer.session.worker import Worker

LATEST_LOAD_MS = 3000


class ModelOpening(QObject):
    """The model there is stays until another one is ready."""

    ready = Signal(object)
    """Loaded."""
    failed = Signal(object)

    def __init__(
        self,
        worker: Worker,
        desk: Desk,
        sampling: Callable[[], bool],
        parent: QObject | None = None,
    ) -> None:
        """
        Args:
            sampling: whether the worker is busy with a run just now.
        """
        super().__init__(parent)
        self.facts: ModelFacts | None = None
        self.folder: str | None = None
        """Of the model that is there; None is the built-in one."""
        self.loading = False
        self._worker, self._desk, self._sampling = worker, desk, sampling
        self._asked: str | None = None
        self._posted = False
        self._closed = False
        queued = Qt.ConnectionType.QueuedConnection
        worker.loaded.connect(self._on_loaded, queued)
        worker.load_failed.connect(self._on_load_failed, queued)
        desk.inspected.connect(self._on_inspected, queued)

    def begin(self, folder: str | None, after: SignalInstance | None) -> None:
        """Load the first model: at once, or after this signal, or ``LATEST_LOAD_MS`` later."""
        if after is None:
            self.load(folder)
            return
        self.loading = True
        self._asked = folder
        after.connect(self._load_first)
        QTimer.singleShot(LATEST_LOAD_MS, self, self._load_first)

    @Slot()
    def _load_first(self) -> None:
        if not self._posted:
            self.load(self._asked)

    def load(self, folder: str | None) -> None:
        """Load another model (None: the built-in one)."""
        if self._closed:
            return
        self.loading = self._posted = True
        self._asked = folder
        if self._sampling() and folder is not None and Path(folder).is_dir():
            # the worker is busy, perhaps for minutes: what is wrong with a folder is told before
            self._desk.inspect_model(folder)
        else:
            self._worker.load(folder)

    def close(self) -> None:
        """Load nothing more."""
        self._closed = True

    @Slot(str, object)
    def _on_inspected(self, folder: str, failure: Failure | None) -> None:
        if self._closed or folder != self._asked:
            return  # another one has been asked for since
        if failure is None:
            self._worker.load(folder)
        else:
            self._on_load_failed(folder, failure)

    @Slot(object)
    def _on_loaded(self, loaded: Loaded) -> None:
        # what the worker says is heard a moment later: another one may have been asked for since
        self.loading = loaded.folder != self._asked
        self.facts, self.folder = loaded.facts, loaded.folder
        self.ready.emit(loaded)

    @Slot(object, object)
    def _on_load_failed(self, folder: str | None, failure: Failure) -> None:
        if folder != self._asked:
            return  # nobody waits for it any more
        self.loading = False
        if self.facts is None and self._asked is not None:
            # a model that was moved away must not leave a window that cannot do anything: the
            # worker opens the built-in one at once
            failure = replace(
                failure, detail=f"{failure.detail} The built-in model is used instead.".strip()
            )
            self.loading, self._asked = True, None
        self.failed.emit(failure)
