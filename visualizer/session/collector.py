"""Garbage is collected on the GUI thread, between events, and never in the middle of a load.

Python collects cycles on whatever thread happens to allocate. On the worker that would destroy Qt
objects on the wrong thread, and a full collection over everything torch imports holds the
interpreter's lock for a tenth of a second.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer, Slot

EVERY_MS = 1000


class Collector(QObject):
    """Takes the collector over from Python until ``close``."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thresholds = gc.get_threshold()
        gc.disable()
        self._timer = QTimer(self)
        self._timer.setInterval(EVERY_MS)
        self._timer.timeout.connect(self._collect)
        self._timer.start()

    def settle(self) -> None:
        """What is there now stays (imported modules, weights): it is never looked through again."""
        gc.freeze()

    def close(self) -> None:
        """Give it back to Python."""
        self._timer.stop()
        gc.unfreeze()
        gc.enable()

    @Slot()
    def _collect(self) -> None:
        # Python's own rule: an older generation when the younger was collected often enough
        counts = gc.get_count()
        for generation in (2, 1, 0):
            if counts[generation] > self._thresholds[generation]:
                gc.collect(generation)
                return
