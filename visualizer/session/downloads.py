"""Downloads: what the window asks of the hub, one thing at a time, in a process of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from visualizer.session.failure import describe as describe_failure
from visualizer.session.jobs import JobThread

if TYPE_CHECKING:
    from visualizer.diffusion.download_plan import DownloadPlan
    from visualizer.diffusion.download_process import Download

TITLE = "The model could not be downloaded."


class Downloads(QObject):
    """Asks what a model is, then downloads it. Nothing happens that was not asked for.

    Its signals are emitted on its thread: connect them queued. After each ``describe`` comes one of
    ``described``, ``cancelled`` and ``failed``; after each ``start`` any number of ``progressed``,
    then one of ``downloaded``, ``cancelled`` and ``failed``.

    Signals:
        described(DownloadPlan): size and license, to be shown before ``start``.
        progressed(done, total): bytes; as objects, since they do not fit into Qt's int.
        downloaded(folder): the path of a model that can be opened.
        cancelled(): as it was wished; what has arrived is kept for the next time.
        failed(Failure)
    """

    described = Signal(object)
    progressed = Signal(object, object)
    downloaded = Signal(str)
    cancelled = Signal()
    failed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thread = JobThread("downloads", self._job_failed)
        self._current: Download | None = None

    def describe(self, repository: str, without: Sequence[str] = ()) -> None:
        """Ask for size and license of a model ("owner/name").

        Args:
            without: parts that are not needed, because a checkpoint has them.
        """
        download = self._begin()
        wanted = tuple(without)
        self._thread.post(lambda: self._describe(download, repository.strip(), wanted))

    def start(self, plan: DownloadPlan) -> None:
        """Download what was described; it goes on where an earlier one stopped."""
        download = self._begin()
        self._thread.post(lambda: self._fetch(download, plan))

    def cancel(self) -> None:
        """Stop at once."""
        if self._current is not None:
            self._current.cancel()

    def close(self) -> None:
        """Stop, and end the thread."""
        self.cancel()
        self._thread.close()

    def join(self, seconds: float) -> bool:
        """Wait for the thread's end."""
        return self._thread.join(seconds)

    def _begin(self) -> Download:
        from visualizer.diffusion.download_process import Download

        self.cancel()  # one thing at a time: the newest wish counts
        self._current = Download()
        return self._current

    def _describe(self, download: Download, repository: str, without: tuple[str, ...]) -> None:
        plan = download.describe(repository, without)
        if plan is None:
            self.cancelled.emit()
        else:
            self.described.emit(plan)

    def _fetch(self, download: Download, plan: DownloadPlan) -> None:
        folder = download.fetch(plan, self.progressed.emit)
        if folder is None:
            self.cancelled.emit()
        else:
            self.downloaded.emit(str(folder))

    def _job_failed(self, error: BaseException) -> None:
        self.failed.emit(describe_failure(error, TITLE))
