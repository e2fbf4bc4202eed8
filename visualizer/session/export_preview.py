"""What would be exported, frame by frame, made by the very process that would write it."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot

from visualizer.session.export_process import ExportFailed, ExportProcess, StopTalk
from visualizer.session.export_source import FAILED
from visualizer.session.exports import needs_numbers
from visualizer.session.failure import Failure, describe

if TYPE_CHECKING:
    from visualizer.diffusion.arrays import Picture
    from visualizer.export.options import ExportOptions
    from visualizer.session.export_crossing import PictureKey
    from visualizer.session.export_source import Exported, ExportSource, ExportSources

AGAIN_MS = 300
"""A frame that is looked at is asked for again after so long, until its pictures are exact."""

STOPPED = "The preview stopped twice: there may be too little memory. Close other programs."


class ExportPreview(QObject):
    """Shows what an export would be like. Called, and heard, on the GUI thread.

    The run goes over once; then options change as often as one likes. Where a picture is not
    exact yet its preview is shown for now, and the exact one when the frame is wanted again.
    """

    film_changed = Signal(object, object)
    """The milliseconds of every frame, and (width, height) in pixels: ``set`` has taken effect."""
    shown = Signal(int, object)
    """A frame, and its picture (H, W, 3) uint8, no larger than the room there is for it."""
    estimated = Signal(object)
    """Estimate: what the file will be like."""
    refused = Signal(str)
    """A sentence: with these options nothing can be exported, or this frame not shown."""
    _heard = Signal(object, object, object)
    _lost = Signal(object, str)

    def __init__(self, sources: ExportSources, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._sources = sources
        self._source: ExportSource | None = None
        self._exported: Exported | None = None
        self._options: ExportOptions | None = None
        self._lost_before = False
        self._room = (1, 1)
        self._talk: _Talk | None = None
        self._ending: list[_Talk] = []
        self._awaited = 0  # wishes for a source: only the last counts
        self._wanted = 0
        self._closed = False
        self._again = QTimer(self)
        self._again.setSingleShot(True)
        self._again.setInterval(AGAIN_MS)
        self._again.timeout.connect(lambda: self.want(self._wanted))
        queued = Qt.ConnectionType.QueuedConnection
        self._heard.connect(self._on_heard, queued)
        self._lost.connect(self._on_lost, queued)

    def set(self, what: Exported | None, options: ExportOptions, room: tuple[int, int]) -> None:
        """Show this from now on; ``film_changed`` or ``refused`` follows.

        Args:
            what: None when nothing is to be shown any more.
            room: width and height that a shown frame need not exceed, pixels.
        """
        if self._closed:
            return
        self._exported, self._options, self._room = what, options, room
        self._awaited += 1
        self._sources.hold(self, what is not None)
        if what is None:
            self._source = None
            self._end_talk()
            return
        awaited = self._awaited

        def found(source: ExportSource) -> None:
            if awaited == self._awaited:
                self._take(source)

        def refused(failure: Failure) -> None:
            if awaited == self._awaited:
                self.refused.emit(f"{failure.title} {failure.detail}".strip())

        self._sources.find(what, options, found, refused)

    def want(self, i: int) -> None:
        """``shown`` follows, unless another frame is wanted before it is there.

        It comes again, sharper, when pictures of it were not exact yet.
        """
        self._wanted = i
        self._again.stop()
        if self._talk is not None:
            self._talk.process.post("frame", i)

    def close(self) -> None:
        """Show nothing any more, whoever still asks: the panel may, once, when the window goes."""
        self._closed = True
        self._awaited += 1
        self._again.stop()
        self._end_talk()

    def join(self, seconds: float) -> bool:
        """Wait for the threads' end."""
        until = time.monotonic() + seconds
        for talk in self._ending:
            talk.thread.join(max(0.0, until - time.monotonic()))
        return not any(talk.thread.is_alive() for talk in self._ending)

    # --- the process --------------------------------------------------------------------------

    def _take(self, source: ExportSource) -> None:
        options = self._options
        assert options is not None
        whole = needs_numbers(options)
        same = self._source is source
        if self._talk is None or not same or (whole and not self._talk.whole):
            self._end_talk()
            self._source = source
            self._talk = self._begin(source, whole=whole)
        self._talk.process.post("film", options, self._room)

    def _begin(self, source: ExportSource, *, whole: bool) -> _Talk:
        talk = _Talk(whole)
        talk.process = ExportProcess(
            source.what,
            source.keys,
            partial(self._ask, talk, source),
            partial(self._hear, talk),
            whole=whole,
        )
        talk.thread = threading.Thread(
            target=self._run, args=(talk,), name="export preview", daemon=True
        )
        talk.thread.start()
        return talk

    def _end_talk(self) -> None:
        self._ending = [talk for talk in self._ending if talk.thread.is_alive()]
        if self._talk is not None:
            self._ending.append(self._talk)
            self._talk.process.call_off(at_once=True)
            self._sources.forget(self._talk)
            self._talk = None

    def _run(self, talk: _Talk) -> None:
        try:
            talk.process.talk()
        except ExportFailed:
            self._tell(self._lost, talk, STOPPED)
        except Exception as error:  # noqa: BLE001 - the one entry of this thread
            self._tell(self._lost, talk, describe(error, FAILED).detail)

    def _ask(
        self, talk: _Talk, source: ExportSource, keys: Sequence[PictureKey], answer: Any
    ) -> None:
        try:
            self._sources.ask(talk, source, keys, answer, exactly=False)
        except RuntimeError as error:
            raise StopTalk from error  # the window is gone, and Qt has deleted who would answer

    def _hear(self, talk: _Talk, message: tuple[Any, ...], picture: Picture | None) -> None:
        if talk is not self._talk:
            raise StopTalk
        self._tell(self._heard, talk, message, picture)

    @staticmethod
    def _tell(signal: Any, *values: object) -> None:
        try:
            signal.emit(*values)
        except RuntimeError:
            return  # the window is gone, and Qt has deleted whoever would hear it

    @Slot(object, object, object)
    def _on_heard(self, talk: _Talk, message: tuple[Any, ...], picture: Picture | None) -> None:
        if talk is not self._talk:
            return
        match message:
            case ("film", milliseconds, size):
                self._lost_before = False
                self.film_changed.emit(milliseconds, size)
            case ("shown", i, exact):
                if not exact and i == self._wanted:
                    self._again.start()
                self.shown.emit(i, picture)
            case ("estimate", estimate):
                self.estimated.emit(estimate)
            case ("refused", sentence):
                self.refused.emit(sentence)

    @Slot(object, str)
    def _on_lost(self, talk: _Talk, sentence: str) -> None:
        """The process is gone; the first time it is tried again."""
        if talk is not self._talk:
            return
        self._talk = self._source = None
        self._sources.forget(talk)
        if self._lost_before or self._exported is None or self._options is None:
            self.refused.emit(sentence)
            return
        self._lost_before = True
        self.set(self._exported, self._options, self._room)


class _Talk:
    """One process and the thread that talks to it."""

    process: ExportProcess
    thread: threading.Thread

    def __init__(self, whole: bool) -> None:
        self.whole = whole
