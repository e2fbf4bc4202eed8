"""Exports as the window sees them: from the wish to the file, one after another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt, Signal, Slot

from visualizer.session.export_process import ExportFailed, ExportProcess, StopTalk
from visualizer.session.export_source import FAILED, ExportSources
from visualizer.session.failure import Failure, describe
from visualizer.session.jobs import JobThread

if TYPE_CHECKING:
    from visualizer.diffusion.arrays import Picture
    from visualizer.export.options import ExportOptions
    from visualizer.session.export_crossing import PictureKey
    from visualizer.session.export_source import Exported, ExportSource
    from visualizer.session.pictures import PictureCache
    from visualizer.session.sharpening import Sharpener


@dataclass(frozen=True)
class ExportProgress:
    """How far an export is.

    Attributes:
        done, total: frames, pictures, or rows; 0 of 0 while nothing is known.
        words: what is going on, in two or three words.
    """

    path: str
    done: int
    total: int
    words: str


@dataclass(eq=False)
class _Export:
    """One export: its source is found by the time it runs."""

    path: str
    options: ExportOptions
    process: ExportProcess | None = None
    called_off: bool = False


class Exports(QObject):
    """Writes runs and comparisons as files people share, in another process.

    Its methods are called on the GUI thread, where its signals are emitted.
    """

    progressed = Signal(object)
    """ExportProgress."""
    exported = Signal(str)
    """The path of a file, or folder, that is there now."""
    failed = Signal(object)
    """Failure."""
    cancelled = Signal()
    changed = Signal(bool)
    """Something is being exported now, or nothing any more."""
    _heard = Signal(object, object)
    _ended = Signal(object, object)

    def __init__(
        self, sharpener: Sharpener, cache: PictureCache, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._sharpener = sharpener
        self._thread = JobThread("exports", self._job_failed)
        self._preparing = JobThread("forward", self._job_failed)
        self.sources = ExportSources(sharpener, cache, self._preparing, self)
        self._open: list[_Export] = []
        self._at_work: _Export | None = None
        queued = Qt.ConnectionType.QueuedConnection
        self._heard.connect(self._on_heard, queued)
        self._ended.connect(self._on_ended, queued)

    @property
    def running(self) -> bool:
        """Whether something is being exported."""
        return bool(self._open)

    def start(self, what: Exported, path: str, options: ExportOptions) -> None:
        """Export: ``exported``, ``failed`` or ``cancelled`` follows. One waits for the other."""
        export = _Export(path, options)
        self._open.append(export)
        if len(self._open) == 1:
            self.sources.hold(self, True)
            self.changed.emit(True)
        self.progressed.emit(ExportProgress(path, 0, 0, "Preparing"))
        self.sources.find(
            what, options, partial(self._begin, export), partial(self._refuse, export)
        )

    def cancel(self) -> None:
        """Call off everything that is being exported or waits for it."""
        for export in self._open:
            self._call_off(export, at_once=False)

    def close(self) -> None:
        """The window closes: nothing half-written stays behind."""
        for export in self._open:
            self._call_off(export, at_once=True)
        self._thread.close()
        self._preparing.close()

    def join(self, seconds: float) -> bool:
        """Wait for the threads' end."""
        return self._thread.join(seconds) and self._preparing.join(seconds)

    def _call_off(self, export: _Export, *, at_once: bool) -> None:
        export.called_off = True
        if export.process is not None:
            export.process.call_off(at_once=at_once)

    # --- on the GUI thread --------------------------------------------------------------------

    def _begin(self, export: _Export, source: ExportSource) -> None:
        options = export.options
        ask = partial(self._ask, source)
        heard = partial(self._hear, export)
        whole = needs_numbers(options)
        process = ExportProcess(source.what, source.keys, ask, heard, whole=whole)
        export.process = process
        process.post("write", export.path, options)
        self._thread.post(lambda: self._talk(export, process))

    def _refuse(self, export: _Export, failure: Failure) -> None:
        self._on_ended(export, failure)

    @Slot(object, object)
    def _on_heard(self, export: _Export, message: tuple[Any, ...]) -> None:
        if export in self._open and not export.called_off:
            _, done, total = message
            words = "Waiting for the run" if self._sharpener.paused else "Writing"
            self.progressed.emit(ExportProgress(export.path, done, total, words))

    @Slot(object, object)
    def _on_ended(self, export: _Export, failure: Failure | None) -> None:
        if export not in self._open:
            return
        self._open.remove(export)
        if export.called_off:
            self.cancelled.emit()
        elif failure is not None:
            self.failed.emit(failure)
        else:
            self.exported.emit(export.path)
        if not self._open:
            self.sources.hold(self, False)
            self.changed.emit(False)

    # --- on the thread of exports -------------------------------------------------------------

    def _ask(self, source: ExportSource, keys: Sequence[PictureKey], answer: Any) -> None:
        self.sources.ask(source, keys, answer, exactly=True)

    def _talk(self, export: _Export, process: ExportProcess) -> None:
        self._at_work = export
        if not export.called_off and not process.talk():
            export.called_off = True
        self._at_work = None
        if export.called_off:
            self._ended.emit(export, None)

    def _hear(self, export: _Export, message: tuple[Any, ...], _picture: Picture | None) -> None:
        if message[0] == "progress":
            self._heard.emit(export, message)
        elif message[0] == "ended":
            failure = Failure(FAILED, message[1]) if message[1] else None
            self._ended.emit(export, failure)
            raise StopTalk

    def _job_failed(self, error: BaseException) -> None:
        failure = describe(error, FAILED)
        if isinstance(error, ExportFailed):
            failure = Failure(FAILED, str(error))
        if self._at_work is not None:
            self._ended.emit(self._at_work, failure)
            self._at_work = None


def needs_numbers(options: ExportOptions) -> bool:
    """Whether the encoding process needs the numbers of every step, not only its pictures."""
    if options.format in ("raw", "run"):
        return True
    views = options.views if options.format in ("page", "sheet") else (options.view,)
    return "channels" in views
