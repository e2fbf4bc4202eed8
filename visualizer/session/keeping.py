"""Keeping: the runs of a sitting, and their files in the history, written by themselves."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal, Slot

from visualizer.session import wanted_pictures
from visualizer.session.history import HistoryFolder

if TYPE_CHECKING:
    from visualizer.diffusion.arrays import Picture
    from visualizer.diffusion.views import View
    from visualizer.session.current_run import CurrentRun
    from visualizer.session.desk import Desk
    from visualizer.session.failure import Failure
    from visualizer.session.sharpening import Sharpener
    from visualizer.session.timeline import Timeline


class Keeping(QObject):
    """What was made here is saved at once, and again with its exact pictures."""

    changed = Signal()
    """There is another run in ``runs``."""
    failed = Signal(object)
    """The history cannot be written; said once."""

    def __init__(
        self,
        desk: Desk,
        sharpener: Sharpener,
        current: CurrentRun,
        data_folder: Path | None,
        parent: QObject | None = None,
    ) -> None:
        """
        Args:
            data_folder: None is the person's own one, looked for when it is needed.
        """
        super().__init__(parent)
        self.runs: list[Timeline] = []
        """Of this sitting, the oldest first: made here, opened, and the prepared one."""
        self._desk, self._sharpener, self._current = desk, sharpener, current
        self._data_folder = data_folder
        self._folder: HistoryFolder | None = None
        self._places: dict[int, Path] = {}
        self._complained = False
        self._closed = False
        desk.autosave_failed.connect(self._on_autosave_failed, Qt.ConnectionType.QueuedConnection)

    def folder(self) -> HistoryFolder:
        """Where runs and comparisons are saved by themselves."""
        if self._folder is None:
            if self._data_folder is None:
                from visualizer.folders import data_folder

                self._data_folder = data_folder()
            self._folder = HistoryFolder(self._data_folder / "history")
        return self._folder

    def add(self, timeline: Timeline) -> None:
        """A run that has a file already."""
        timeline.setParent(self)
        self.runs.append(timeline)
        self.changed.emit()

    @Slot(object)
    def remember(self, timeline: Timeline) -> None:
        """A run that was made here: it gets a file."""
        self.add(timeline)
        self._places[timeline.serial] = self.folder().place_for(
            timeline.request.prompt, timeline.request.seed
        )
        self._save(timeline)  # at once, whatever happens next; then with all its pictures
        if not self._closed:
            if timeline is self._current.run:
                self._sharpener.show(timeline)
            wanted = wanted_pictures.for_run_file(timeline)
            save = partial(self._save, timeline)
            self._sharpener.complete(timeline, wanted, save, urgent=False)

    def close(self) -> None:
        """The window closes: what is remembered now is saved with the pictures that are there."""
        self._closed = True

    def _save(
        self, timeline: Timeline, found: Mapping[tuple[int, View], Picture] | None = None
    ) -> None:
        """Write a run to the history, with the exact pictures found of it."""
        place = self._places.get(timeline.serial)
        if place is None or timeline.trajectory is None:
            return
        run = wanted_pictures.with_found(timeline, found or {})
        self._desk.autosave(partial(self.folder().save, run, place))

    @Slot(object)
    def _on_autosave_failed(self, failure: Failure) -> None:
        if not self._complained:  # once is enough: nothing is lost while the window is open
            self._complained = True
            self.failed.emit(failure)
