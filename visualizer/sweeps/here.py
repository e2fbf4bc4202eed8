"""A sweep on this machine."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from visualizer.diffusion.device_errors import DEVICE_LOST
from visualizer.diffusion.facts import Plan
from visualizer.diffusion.lanes import Listener, batches_of, sample_lanes
from visualizer.diffusion.model import Model
from visualizer.diffusion.step import Step
from visualizer.diffusion.trajectory import Trajectory
from visualizer.sweeps.errors import SweepError
from visualizer.sweeps.folder import SweepFolder
from visualizer.sweeps.manifest import PlannedRun
from visualizer.sweeps.progress import SweepProgress


def make_here(
    model: Model,
    folder: SweepFolder,
    runs: Sequence[PlannedRun],
    *,
    pictures: str,
    at_once: int,
    progress: SweepProgress,
    cancelled: threading.Event,
    unexpected: Callable[[Exception], None] = lambda _error: None,
) -> None:
    """Sample runs batch by batch, and write each batch before the next begins.

    Args:
        runs: what is missing in the folder.
        pictures: what a file shows without its model.
        at_once: pictures of one batch, memory permitting.
        cancelled: setting it stops within one step; the batch at work is lost.
        unexpected: hears of errors that are the program's own; their runs are noted as failed.

    Raises:
        SweepError: when files cannot be written, or the device is lost.
    """
    for batch in batches_of([run.request for run in runs], at_once):
        if cancelled.is_set():
            return
        listener = _Batch([runs[i] for i in batch], folder, pictures, progress)
        sample_lanes(
            model,
            [run.request for run in listener.runs],
            listener=Listener(
                step=listener.step,
                done=listener.done,
                failed=listener.failed,
                begun=listener.begun,
                unexpected=unexpected,
            ),
            cancelled=cancelled,
            most_at_once=at_once,
        )


class _Batch:
    """Hears of one batch, and puts it into the folder."""

    def __init__(
        self,
        runs: Sequence[PlannedRun],
        folder: SweepFolder,
        pictures: str,
        progress: SweepProgress,
    ) -> None:
        self.runs = runs
        self._folder, self._pictures, self._progress = folder, pictures, progress
        self._share: dict[int, float] = {}
        self._steps = 1

    def begun(self, _lanes: tuple[int, ...], plans: tuple[Plan, ...]) -> None:
        self._steps = max(1, len(plans[0].timesteps))
        self._share.clear()

    def step(self, lane: int, step: Step) -> None:
        self._share[lane] = step.index / self._steps
        self._progress.at_work(sum(self._share.values()))

    def done(self, lane: int, run: Trajectory) -> None:
        if run.cancelled:  # by the person: it is made anew next time
            return
        self._share.pop(lane, None)
        self._folder.keep(self.runs[lane], run, self._pictures)
        self._progress.finished()

    def failed(self, lane: int, sentence: str, _run: Trajectory | None) -> None:
        if sentence == DEVICE_LOST:
            raise SweepError(sentence, began=True)
        self._share.pop(lane, None)
        self._folder.note_failure(self.runs[lane], sentence)
        self._progress.went_wrong(self.runs[lane].name, sentence)
