"""The desk: a second thread for what needs no model: files, previews, differences of pictures.

It is quick when the worker is not: a run file opens while torch is still being imported.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from visualizer.session.answers import Decoded
from visualizer.session.failure import Failure, describe
from visualizer.session.jobs import JobThread
from visualizer.session.timeline import Point, points_of

if TYPE_CHECKING:
    from visualizer.diffusion.arrays import Picture
    from visualizer.diffusion.comparison import Comparison
    from visualizer.diffusion.fast_decoder import FastDecoder
    from visualizer.diffusion.step import Step
    from visualizer.diffusion.trajectory import Trajectory
    from visualizer.diffusion.views import View

# The newest picture wish is the most urgent one: the playhead has moved on from the others.
LOOK, FILE, AUTOSAVE = -1, 10**9, 2 * 10**9

Key = tuple[int, int, "View"]
"""(serial of the timeline, k, view)."""


@dataclass(frozen=True)
class Opened:
    """A run that was read, with everything a Timeline needs."""

    path: str
    trajectory: Trajectory
    points: tuple[Point, ...]


@dataclass(frozen=True)
class OpenedComparison:
    """A comparison that was read; ``points`` of each lane that has a run, None of the others."""

    path: str
    comparison: Comparison
    points: tuple[tuple[Point, ...] | None, ...]


class Desk(QObject):
    """Posts jobs to the second thread; answers arrive as signals, emitted on that thread."""

    opened = Signal(object)
    comparison_opened = Signal(object)
    open_failed = Signal(str, object)
    saved = Signal(str)
    save_failed = Signal(str, object)
    autosave_failed = Signal(object)
    decoded = Signal(object)
    picture_read = Signal(str, object)
    inspected = Signal(str, object)
    """(a model folder, the Failure that keeps it from being opened, or None)"""
    failed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thread = JobThread("files", self._job_failed)
        self._doing = ""
        self._answer: Callable[[Failure], None] = self.failed.emit
        self._wishes = itertools.count(1)

    # --- called on the GUI thread -------------------------------------------------------------

    def open(self, path: str) -> None:
        """``opened``, ``comparison_opened`` or ``open_failed`` follows.

        Args:
            path: of a run or a comparison, or the folder of a sweep.
        """
        self._thread.post(lambda: self._open(path), LOOK)

    def inspect_model(self, folder: str) -> None:
        """``inspected`` follows, soon also while the thread that opens models is at work."""
        self._thread.post(lambda: self._inspect_model(folder), LOOK)

    def save(self, run: Trajectory, path: str) -> None:
        """``saved`` or ``save_failed`` follows."""
        self._thread.post(lambda: self._save(run, path), FILE)

    def save_comparison(self, comparison: Comparison, path: str) -> None:
        """``saved`` or ``save_failed`` follows."""
        self._thread.post(lambda: self._save_comparison(comparison, path), FILE)

    def measure(self, measure: Callable[[], None], failed: Callable[[], None]) -> None:
        """Run a job that answers by itself; ``failed`` is called where it does not."""
        self._thread.post(lambda: self._measure(measure, failed), FILE)

    def do(self, doing: str, job: Callable[[], None], failed: Callable[[Failure], None]) -> None:
        """Run a job that somebody waits for and that answers by itself; or ``failed`` is called.

        Args:
            doing: what a failure is called.
        """
        self._thread.post(lambda: self._do(doing, job, failed), LOOK)

    def autosave(self, save: Callable[[], None]) -> None:
        """Run a job of the history; ``autosave_failed`` may follow."""
        self._thread.post(lambda: self._autosave(save), AUTOSAVE)

    def read_picture(self, source: Path | bytes, wanted_for: str) -> None:
        """``picture_read`` follows: the picture, or None after ``failed``."""
        self._thread.post(lambda: self._read_picture(source, wanted_for), LOOK)

    def preview(self, fast: FastDecoder, serial: int, k: int, view: View, step: Step) -> None:
        """``decoded`` follows, with a picture that is not exact."""
        self._look(lambda: self._preview(fast, serial, k, view, step))

    def unpack(self, run: Trajectory, serial: int, k: int, view: View) -> None:
        """``decoded`` follows: a large picture stored in the run."""
        self._look(lambda: self._unpack(run, serial, k, view))

    def difference(self, key: Key, before: Picture, after: Picture, exact: bool) -> None:
        """``decoded`` follows: the difference of two large pictures."""
        self._look(lambda: self._difference(key, before, after, exact))

    def finish(self) -> None:
        """Take no more jobs; those that wait are done."""
        self._thread.finish()

    def join(self, seconds: float) -> bool:
        """Wait for the thread's end."""
        return self._thread.join(seconds)

    def _look(self, job: Callable[[], None]) -> None:
        self._thread.post(job, LOOK - next(self._wishes))

    # --- on the desk's thread -----------------------------------------------------------------

    def _job_failed(self, error: BaseException) -> None:
        self._answer(describe(error, self._doing))

    def _begin(self, doing: str, answer: Callable[[Failure], None]) -> None:
        self._doing, self._answer = doing, answer

    def _open(self, path: str) -> None:
        self._begin("The run could not be opened.", lambda f: self.open_failed.emit(path, f))
        from visualizer.diffusion import container
        from visualizer.diffusion.trajectory import Trajectory

        if Path(path).is_dir():
            from visualizer.sweeps.results import open_results

            self._tell_comparison(path, open_results(Path(path)))
            return
        if container.kind_of(Path(path)) == "comparison":
            from visualizer.diffusion import comparison_file

            self._tell_comparison(path, comparison_file.load(Path(path)))
            return
        run = Trajectory.open(path)
        self.opened.emit(Opened(path, run, tuple(points_of(run))))

    def _tell_comparison(self, path: str, comparison: Comparison) -> None:
        points = [
            None if lane.run is None else tuple(points_of(lane.run, thumbnails=False))
            for lane in comparison.lanes
        ]
        self.comparison_opened.emit(OpenedComparison(path, comparison, tuple(points)))

    def _inspect_model(self, folder: str) -> None:
        self._begin(
            "The model could not be opened.", lambda failure: self.inspected.emit(folder, failure)
        )
        from visualizer.diffusion.model_folder import check_family, inspect_folder, name_of

        path = Path(folder)
        if not path.is_file():  # a checkpoint is told only by what opens it
            check_family(inspect_folder(path), name_of(path))
        self.inspected.emit(folder, None)

    def _measure(self, measure: Callable[[], None], failed: Callable[[], None]) -> None:
        def fail(failure: Failure) -> None:
            failed()
            self.failed.emit(failure)

        self._begin("The lanes could not be measured.", fail)
        measure()

    def _do(self, doing: str, job: Callable[[], None], failed: Callable[[Failure], None]) -> None:
        self._begin(doing, failed)
        job()

    def _save(self, run: Trajectory, path: str) -> None:
        self._begin("The run could not be saved.", lambda f: self.save_failed.emit(path, f))
        from visualizer.diffusion import runfile

        runfile.save(run, Path(path), decode=False)
        self.saved.emit(path)

    def _save_comparison(self, comparison: Comparison, path: str) -> None:
        self._begin("The comparison could not be saved.", lambda f: self.save_failed.emit(path, f))
        from visualizer.diffusion import comparison_file

        comparison_file.save(comparison, Path(path), decode=False)
        self.saved.emit(path)

    def _autosave(self, save: Callable[[], None]) -> None:
        self._begin("The history is not being saved.", self.autosave_failed.emit)
        save()

    def _read_picture(self, source: Path | bytes, wanted_for: str) -> None:
        def fail(failure: Failure) -> None:
            self.picture_read.emit(wanted_for, None)
            self.failed.emit(failure)

        self._begin("The picture could not be opened.", fail)
        from visualizer.diffusion.given_pictures import read_picture

        self.picture_read.emit(wanted_for, read_picture(source))

    def _preview(self, fast: FastDecoder, serial: int, k: int, view: View, step: Step) -> None:
        self._pictured("A preview could not be made.", serial, k, view)
        picture = fast.show(step, view)
        self.decoded.emit(Decoded(serial, k, view, picture, exact=False))

    def _unpack(self, run: Trajectory, serial: int, k: int, view: View) -> None:
        self._pictured("A picture of this file is damaged.", serial, k, view)
        self.decoded.emit(Decoded(serial, k, view, run.pictures[k, view]))

    def _difference(self, key: Key, before: Picture, after: Picture, exact: bool) -> None:
        serial, k, view = key
        self._pictured("The difference could not be computed.", serial, k, view)
        from visualizer.diffusion.views import GAINS, difference

        self.decoded.emit(Decoded(serial, k, view, difference(before, after, GAINS[view]), exact))

    def _pictured(self, doing: str, serial: int, k: int, view: View) -> None:
        def fail(failure: Failure) -> None:
            self.decoded.emit(Decoded(serial, k, view, None, exact=False))
            self.failed.emit(failure)

        self._begin(doing, fail)
