"""Exports as the window sees them: from the wish to the file, one after another."""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot

from visualizer.diffusion.atomic import remove_parts
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
        export_id: what ``Exports.start`` gave.
        path: of the file that comes.
        done, total: frames, pictures, or rows; 0 of 0 while nothing is known.
        words: what is going on, in two or three words.
    """

    export_id: int
    path: str
    done: int
    total: int
    words: str


@dataclass(frozen=True)
class ExportEnd:
    """How an export ended.

    Attributes:
        export_id: what ``Exports.start`` gave.
        path: of the file: it is there where the result is "exported".
        result: "exported", "failed" or "cancelled".
        failure: what went wrong, where something did.
    """

    export_id: int
    path: str
    result: Literal["exported", "failed", "cancelled"]
    failure: Failure | None = None


@dataclass(eq=False)
class _Export:
    """One export: it has a process once its source is found."""

    export_id: int
    path: str
    options: ExportOptions
    process: ExportProcess | None = None
    called_off: bool = False
    done: int = 0
    total: int = 0


class Exports(QObject):
    """Writes runs and comparisons as files people share, in another process.

    Its methods are called on the GUI thread, where its signals are emitted.
    """

    progressed = Signal(object)
    """ExportProgress."""
    ended = Signal(object)
    """ExportEnd: one export is over, whatever came of it."""
    exported = Signal(str)
    """The path of a file, or folder, that is there now."""
    failed = Signal(object)
    """Failure."""
    changed = Signal(bool)
    """Something is being exported now, or nothing any more."""
    _heard = Signal(object, int, int)
    _finished = Signal(object, object)

    def __init__(
        self, sharpener: Sharpener, cache: PictureCache, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._sharpener = sharpener
        self._thread = JobThread("exports", self._job_failed)
        self.sources = ExportSources(sharpener, cache, self)
        self._open: list[_Export] = []
        self._at_work: _Export | None = None
        self._ids = itertools.count(1)
        queued = Qt.ConnectionType.QueuedConnection
        self._heard.connect(self._on_heard, queued)
        self._finished.connect(self._on_finished, queued)

    @property
    def running(self) -> bool:
        """Whether something is being exported."""
        return bool(self._open)

    def start(self, what: Exported, path: str, options: ExportOptions) -> int:
        """Export: ``ended`` follows, and what it tells. Exports wait for each other.

        Returns:
            The id of the export.
        """
        export = _Export(next(self._ids), path, options)
        self._open.append(export)
        if len(self._open) == 1:
            self.sources.hold(self, True)
            self.changed.emit(True)
        QTimer.singleShot(0, self, lambda: self._find(export, what))
        return export.export_id

    def cancel(self, export_id: int | None = None) -> None:
        """Call off an export, or all of them and those that wait."""
        for export in list(self._open):
            if export_id in (None, export.export_id):
                self._call_off(export, at_once=False)

    def close(self) -> None:
        """The window closes: nothing half-written stays behind."""
        for export in self._open:
            self._call_off(export, at_once=True)
        self._thread.close()
        self.sources.close()

    def join(self, seconds: float) -> bool:
        """Wait for the threads' end."""
        until = time.monotonic() + seconds
        return self._thread.join(seconds) & self.sources.join(until - time.monotonic())

    @Slot()
    def look_again(self) -> None:
        """A run has begun or ended: what exports wait for is another thing now."""
        for export in self._open:
            self._tell(export)

    def _call_off(self, export: _Export, *, at_once: bool) -> None:
        export.called_off = True
        if export.process is not None:
            export.process.call_off(at_once=at_once)
        else:  # it has not begun
            self._on_finished(export, None)

    def _find(self, export: _Export, what: Exported) -> None:
        if export in self._open:
            self._tell(export)
            begin, refuse = partial(self._begin, export), partial(self._on_finished, export)
            self.sources.find(what, export.options, begin, refuse)

    # --- on the GUI thread --------------------------------------------------------------------

    def _begin(self, export: _Export, source: ExportSource) -> None:
        if export not in self._open:
            return
        export.process = process = ExportProcess(
            source.what,
            source.keys,
            partial(self._ask, export, source),
            partial(self._hear, export),
            whole=needs_numbers(export.options),
        )
        process.post("write", export.path, export.options)
        self._thread.post(lambda: self._talk(export, process))

    def _tell(self, export: _Export) -> None:
        if export.called_off:
            return
        words = "Writing" if export.total else "Preparing"
        if self._sharpener.paused:
            words = "Waiting for the run"
        self.progressed.emit(
            ExportProgress(export.export_id, export.path, export.done, export.total, words)
        )

    @Slot(object, int, int)
    def _on_heard(self, export: _Export, done: int, total: int) -> None:
        if export in self._open:
            export.done, export.total = done, total
            self._tell(export)

    @Slot(object, object)
    def _on_finished(self, export: _Export, outcome: Failure | bool | None) -> None:
        """An export is over: True, what went wrong, or None when it was called off in time."""
        if export not in self._open:
            return
        self._open.remove(export)
        self.sources.forget(export)
        if isinstance(outcome, Failure) and not export.called_off:
            self.ended.emit(ExportEnd(export.export_id, export.path, "failed", outcome))
            self.failed.emit(outcome)
        elif outcome is True:
            self.ended.emit(ExportEnd(export.export_id, export.path, "exported"))
            self.exported.emit(export.path)
        else:
            self.ended.emit(ExportEnd(export.export_id, export.path, "cancelled"))
        if not self._open:
            self.sources.hold(self, False)
            self.changed.emit(False)

    # --- on the thread of exports -------------------------------------------------------------

    def _ask(
        self, export: _Export, source: ExportSource, keys: Sequence[PictureKey], answer: Any
    ) -> None:
        self.sources.ask(export, source, keys, answer, exactly=True)

    def _talk(self, export: _Export, process: ExportProcess) -> None:
        self._at_work = export
        try:
            if export.called_off or not process.talk():
                self._finished.emit(export, None)
        finally:
            if process.process_number:  # it may have been killed before it could clean up
                remove_parts(Path(export.path), process.process_number)
        self._at_work = None

    def _hear(self, export: _Export, message: tuple[Any, ...], _picture: Picture | None) -> None:
        match message:
            case ("progress", done, total):
                self._heard.emit(export, done, total)
            case ("ended", sentence):
                self._finished.emit(export, Failure(FAILED, sentence) if sentence else True)
                raise StopTalk

    def _job_failed(self, error: BaseException) -> None:
        failure = describe(error, FAILED)
        if isinstance(error, ExportFailed):
            failure = Failure(FAILED, str(error))
        if self._at_work is not None:
            self._finished.emit(self._at_work, failure)
            self._at_work = None


def needs_numbers(options: ExportOptions) -> bool:
    """Whether the encoding process needs the numbers of every step, not only its pictures."""
    if options.format in ("raw", "run"):
        return True
    views = options.views if options.format in ("page", "sheet") else (options.view,)
    return "channels" in views
