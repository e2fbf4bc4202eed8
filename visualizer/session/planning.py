"""Planning: what a request would do is asked while a person still types it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot

from visualizer.session.timeline import Timeline

if TYPE_CHECKING:
    from visualizer.diffusion.request import SamplingRequest
    from visualizer.session.answers import Planned
    from visualizer.session.pictures import PictureCache
    from visualizer.session.worker import Worker

PLAN_DELAY_MS = 120


class Planning(QObject):
    """Asks the model about the newest request only, once it rests."""

    planned = Signal(object)
    """Timeline with levels only."""
    refused = Signal(str)
    prompt_read = Signal(str, object)

    def __init__(
        self,
        worker: Worker,
        cache: PictureCache,
        may_ask: Callable[[], bool],
        branched_by: Callable[[SamplingRequest], Timeline | None],
        parent: QObject | None = None,
    ) -> None:
        """
        Args:
            may_ask: whether there is a model to ask.
            branched_by: the run of the sitting that a request goes on from, if any.
        """
        super().__init__(parent)
        self._worker, self._cache = worker, cache
        self._may_ask, self._branched_by = may_ask, branched_by
        self._request: SamplingRequest | None = None
        self._ids = 0
        self._closed = False
        self._delay = QTimer(self)
        self._delay.setSingleShot(True)
        self._delay.setInterval(PLAN_DELAY_MS)
        self._delay.timeout.connect(self._post)
        worker.planned.connect(self._on_planned, Qt.ConnectionType.QueuedConnection)

    def plan(self, request: SamplingRequest | None) -> None:
        """Another request, or None."""
        self._request = request
        self._ids += 1  # answers to former requests are dropped
        if request is None:
            self._delay.stop()
        elif not self._closed:
            self._delay.start()

    @Slot()
    def again(self) -> None:
        """The answer may be another one by now."""
        if self._request is not None and not self._closed:
            self._delay.start()

    def close(self) -> None:
        """Ask nothing more."""
        self._closed = True
        self._delay.stop()

    @Slot()
    def _post(self) -> None:
        request = self._request
        if request is not None and self._may_ask():
            self._ids += 1
            branched = self._branched_by(request)
            parent = None if branched is None else branched.trajectory
            self._worker.plan(self._ids, request, parent)

    @Slot(object)
    def _on_planned(self, planned: Planned) -> None:
        if planned.plan_id != self._ids or self._request is None:
            return
        if planned.reading is not None:
            self.prompt_read.emit(self._request.prompt, planned.reading)
        if planned.plan is None:
            self.refused.emit(planned.refusal)
        else:
            self.planned.emit(Timeline.planned(self._request, planned.plan, cache=self._cache))
