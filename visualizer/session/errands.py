"""Errands: work for the thread that owns the weights, beside runs: measurements, labs, slices.

Lessons ask the worker for much that is no run: maps of attention, a training step, particles. An
errand is a function that gets the model and the errand itself; what it tells on the way and what
it returns is heard on the thread of the window.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QObject, Qt, Signal, Slot

from visualizer.session.failure import Failure

if TYPE_CHECKING:
    from visualizer.session.worker import Worker

AGAIN: Final = object()
"""An errand that returns this is called again, after whatever is more urgent by then. That is how
a lab goes on for minutes in slices of at most ``SLICE_S``."""
SLICE_S = 0.05

Work = Callable[[Any, "Errand"], Any]
"""(the Model, or None while there is none; the errand) → the outcome, or AGAIN."""


class Errand:
    """One wish on its way.

    Attributes:
        title: what a failure of it is called, a whole sentence ("The words cannot be read.").
        cancelled: nobody waits for it any more.
        stand_back: long work looks at it and returns early: it was cancelled, or a run of the
            person waits. What returns AGAIN then is called again after that run, with it cleared.
    """

    def __init__(self, title: str, work: Work, send: Callable[[Errand, object], None]) -> None:
        self.title, self.work = title, work
        self.cancelled, self.stand_back = threading.Event(), threading.Event()
        self._send = send

    def cancel(self) -> None:
        """Nothing is heard of it any more, and it is not begun, or not called again."""
        self.cancelled.set()
        self.stand_back.set()

    def do(self, model: Any) -> object:
        """On the worker's thread: what the work returns, or None where it was cancelled."""
        self.stand_back.clear()  # before the next look: what cancels it sets this one last
        return None if self.cancelled.is_set() else self.work(model, self)

    def tell(self, value: object) -> None:
        """From the worker's thread: say something on the way."""
        if not self.cancelled.is_set():
            self._send(self, value)


class Errands(QObject):
    """Sends errands to the worker and hands what comes back to whoever asked, in order.

    One for each part that asks; whatever it asked for is cancelled by ``cancel``.
    """

    _told = Signal(object, object)
    _ended = Signal(object, object)

    def __init__(self, worker: Worker, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._worker = worker
        self._open: dict[Errand, _Hearing] = {}
        queued = Qt.ConnectionType.QueuedConnection
        self._told.connect(self._on_told, queued)
        self._ended.connect(self._on_ended, queued)

    @property
    def busy(self) -> bool:
        """Whether an errand that was not cancelled is on its way."""
        return any(not errand.cancelled.is_set() for errand in self._open)

    def send(
        self,
        title: str,
        work: Work,
        done: Callable[[Any], None],
        failed: Callable[[Failure], None],
        *,
        told: Callable[[Any], None] | None = None,
        urgent: bool = False,
    ) -> Errand:
        """Ask for work; exactly one of ``done`` and ``failed`` is called, unless it is cancelled.

        Args:
            title: what a failure is called.
            work: runs on the worker's thread; only frozen values may cross.
            done: on this thread, with what ``work`` returned.
            failed: on this thread.
            told: on this thread, with what ``work`` tells on the way.
            urgent: in the order of runs, before decodes: a person waits for it.
        """
        errand = Errand(title, work, self._told.emit)
        self._open[errand] = _Hearing(done, failed, told)
        self._worker.send(errand, self._ended.emit, urgent=urgent)
        return errand

    def cancel(self) -> None:
        """Call off everything that is on its way."""
        for errand in self._open:
            errand.cancel()

    def set_busy(self, busy: bool) -> None:
        """Whether a normal run is asked for: long work stops at once, and goes on after it."""
        if busy:
            for errand in self._open:
                errand.stand_back.set()

    @Slot(object, object)
    def _on_told(self, errand: Errand, value: object) -> None:
        hearing = self._open.get(errand)
        if hearing is not None and hearing.told is not None and not errand.cancelled.is_set():
            hearing.told(value)

    @Slot(object, object)
    def _on_ended(self, errand: Errand, outcome: object) -> None:
        hearing = self._open.pop(errand, None)
        if hearing is None or errand.cancelled.is_set():
            return
        if isinstance(outcome, Failure):
            hearing.failed(outcome)
        else:
            hearing.done(outcome)


class _Hearing:
    """Who is told of an errand."""

    def __init__(
        self,
        done: Callable[[Any], None],
        failed: Callable[[Failure], None],
        told: Callable[[Any], None] | None,
    ) -> None:
        self.done, self.failed, self.told = done, failed, told
