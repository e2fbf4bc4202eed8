"""Parents: the runs that branches go on from, made anew where they are not there."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from visualizer.diffusion.request import SamplingRequest
from visualizer.diffusion.starts import FromStep

if TYPE_CHECKING:
    from visualizer.diffusion.step import Step
    from visualizer.diffusion.trajectory import Trajectory

Sample = Callable[..., "Trajectory"]


class Parents:
    """Makes the parents of branches, each of them once and up to the last step that is needed.

    Branches of the same run share it, and so do branches of branches.
    """

    def __init__(
        self,
        sample: Sample,
        model: Any,
        requests: Iterable[SamplingRequest],
        cancelled: threading.Event | None = None,
    ) -> None:
        """
        Args:
            sample: as ``visualizer.diffusion.sample``.
            model: that samples them.
            requests: all that parents will be asked of; those that are no branches need none.
            cancelled: setting it stops a parent within one step.
        """
        self._sample, self._model, self._cancelled = sample, model, cancelled
        self._until: dict[SamplingRequest, int] = {}
        self._made: dict[SamplingRequest, Trajectory] = {}
        self._failed: dict[SamplingRequest, Exception] = {}
        for request in requests:
            start = request.start
            while isinstance(start, FromStep):
                last = self._until.get(start.parent, 0)
                self._until[start.parent] = max(start.step, last)
                start = start.parent.start

    def of(self, request: SamplingRequest) -> Trajectory | None:
        """The run that a request goes on from, at least up to there; None for what is no branch.

        It is shorter when it was stopped, or its numbers overflowed.

        Raises:
            RequestError: when the request cannot be sampled with this model.
            ModelError: when the model ran out of memory. What failed once is not tried again.
        """
        start = request.start
        if not isinstance(start, FromStep):
            return None
        self._model.plan(request)  # refuses what cannot be done before anything is
        if start.parent in self._failed:
            raise self._failed[start.parent]
        if start.parent not in self._made:
            try:
                self._made[start.parent] = self._make(start.parent)
            except Exception as error:
                self._failed[start.parent] = error
                raise
        return self._made[start.parent]

    def _make(self, request: SamplingRequest) -> Trajectory:
        before = self.of(request)
        branched = {} if before is None else {"parent": before}
        last, stopped, enough = self._until[request], self._cancelled, threading.Event()

        def look(step: Step) -> None:
            if step.index >= last or (stopped is not None and stopped.is_set()):
                enough.set()

        if stopped is not None and stopped.is_set():
            enough.set()
        return self._sample(self._model, request, on_step=look, cancelled=enough, **branched)
