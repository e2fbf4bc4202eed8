"""Files of single runs: opened, and saved where a person wants them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal, Slot

from visualizer.session import wanted_pictures
from visualizer.session.failure import STILL_RUNNING
from visualizer.session.run_tree import RunTree, find_parent
from visualizer.session.timeline import Timeline

if TYPE_CHECKING:
    from visualizer.session.current_run import CurrentRun
    from visualizer.session.desk import Desk, Opened
    from visualizer.session.failure import Failure
    from visualizer.session.keeping import Keeping
    from visualizer.session.pictures import PictureCache
    from visualizer.session.sharpening import Sharpener


class RunFiles(QObject):
    """Pictures that a file needs and that are not decoded yet are decoded before it is written."""

    opened = Signal(object)
    """Timeline of a file, or of the prepared run; it is looked at by then."""
    failed = Signal(object)

    def __init__(
        self,
        desk: Desk,
        sharpener: Sharpener,
        cache: PictureCache,
        keeping: Keeping,
        current: CurrentRun,
        tree: RunTree,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._desk, self._sharpener, self._cache = desk, sharpener, cache
        self._keeping, self._current, self._tree = keeping, current, tree
        self._prepared_path = ""
        queued = Qt.ConnectionType.QueuedConnection
        desk.opened.connect(self._on_opened, queued)
        desk.open_failed.connect(self._on_failed, queued)
        desk.save_failed.connect(self._on_failed, queued)

    def open_prepared(self) -> None:
        """The run that the program brings along, unless the person is quicker."""
        from visualizer.assets import asset_path

        try:
            self._prepared_path = str(asset_path("prepared", "ferrari.denoise"))
        except FileNotFoundError:
            return  # a checkout in which it has not been made yet
        self._desk.open(self._prepared_path)

    @Slot(object)
    def _on_opened(self, opened: Opened) -> None:
        prepared = opened.path == self._prepared_path
        if prepared and (self._current.run is not None or self._keeping.runs):
            return  # the person was quicker
        timeline = Timeline.of(opened.trajectory, opened.points, cache=self._cache)
        find_parent(timeline, self._tree.known())
        self._sharpener.add(timeline)
        self._keeping.add(timeline)
        self._current.look_at_the_end(timeline)
        self.opened.emit(timeline)

    @Slot(str, object)
    def _on_failed(self, path: str, failure: Failure) -> None:
        del path
        self.failed.emit(failure)

    def save(self, timeline: Timeline, path: str) -> None:
        """Write a run file."""
        if timeline.trajectory is None:
            self.failed.emit(STILL_RUNNING)
            return
        wanted = wanted_pictures.for_run_file(timeline)
        self._sharpener.complete(
            timeline,
            wanted,
            lambda found: self._desk.save(wanted_pictures.with_found(timeline, found), path),
        )
