"""MetadataReader: what a picture tells of how it was made, read on a thread of its own."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from visualizer.session.failure import Failure, describe
from visualizer.session.jobs import JobThread

if TYPE_CHECKING:
    from visualizer.metadata.remembered import Remembered

TITLE = "The picture could not be read."


@dataclass(frozen=True)
class ReadResult:
    """What came of reading a picture.

    Attributes:
        source: a file, or the content of one.
        remembered: None where the picture remembers nothing, or is none.
        failure: why nothing could be read.
    """

    source: Path | bytes
    remembered: Remembered | None = None
    failure: Failure | None = None


class MetadataReader(QObject):
    """Reads pictures one after the other; of several that wait only the last is worth reading.

    Signals:
        finished(ReadResult): emitted on the thread: connect it queued.
    """

    finished = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thread = JobThread("remembered pictures", self._job_failed)
        self._wanted: Path | bytes | None = None
        self._at_hand: Path | bytes = b""

    def read(self, source: Path | bytes) -> None:
        """``finished`` follows, unless another picture is asked for before."""
        self._wanted = source
        self._thread.post(lambda: self._read(source))

    def close(self) -> None:
        """Read nothing more."""
        self._thread.close()

    def join(self, seconds: float) -> bool:
        """Wait for the thread's end."""
        return self._thread.join(seconds)

    def _read(self, source: Path | bytes) -> None:
        if source is not self._wanted:
            return
        self._at_hand = source
        from visualizer.metadata.reading import read

        remembered = read(source if isinstance(source, Path) else io.BytesIO(source))
        self.finished.emit(ReadResult(source, remembered))

    def _job_failed(self, error: BaseException) -> None:
        self.finished.emit(ReadResult(self._at_hand, failure=describe(error, TITLE)))
