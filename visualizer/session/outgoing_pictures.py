"""Pictures that leave the program: copied, dragged or saved, encoded beside the window."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from visualizer.folders import cache_folder
from visualizer.session.failure import describe
from visualizer.session.jobs import JobThread
from visualizer.session.temporary_files import TemporaryFiles

if TYPE_CHECKING:
    from visualizer.diffusion.arrays import Picture
    from visualizer.metadata.note import Note

FOLDER = "outgoing"
PATIENCE_S = 10.0
"""How long another program that asks for a picture waits for it; a large one takes 0.1 s."""
_QUICK = 1
"""zlib's level: a third larger than the best, and many times as quick."""


class OutgoingPicture:
    """A picture for other programs. Its PNG is made meanwhile: whoever asks too early waits."""

    def __init__(self, name: str) -> None:
        """``name`` is that of its file."""
        self.name = name
        self._made = threading.Event()
        self._picture: Picture | None = None
        self._png = b""
        self._path: Path | None = None

    @property
    def made(self) -> bool:
        """Whether nobody has to wait any more."""
        return self._made.is_set()

    def picture(self) -> Picture | None:
        """(H, W, 3) uint8; None where it could not be made."""
        self._made.wait(PATIENCE_S)
        return self._picture

    def png(self) -> bytes:
        """The content of the file; b"" where it could not be made."""
        self._made.wait(PATIENCE_S)
        return self._png

    def path(self) -> Path | None:
        """A file with it; None where none was wanted, or none could be written."""
        self._made.wait(PATIENCE_S)
        return self._path

    def make(self, picture: Callable[[], Picture], note: Note | None, place: Path | None) -> None:
        """Fill it, and let go who waits for it, also where that fails."""
        try:
            self._picture = picture()
            self._png = png_of(self._picture, note)
            if place is not None:
                place.write_bytes(self._png)
                self._path = place
        finally:
            self._made.set()

    def give_up(self) -> None:
        """Nothing will come."""
        self._made.set()


class OutgoingPictures(QObject):
    """Makes PNGs on a thread of its own. Its signals are emitted there: connect them queued.

    Signals:
        saved(path): a picture was written where the person wanted it.
        failed(Failure)
    """

    saved = Signal(str)
    failed = Signal(object)

    def __init__(self, files: TemporaryFiles | None = None, parent: QObject | None = None) -> None:
        """``files`` keeps what other programs are given; None: in the person's own cache."""
        super().__init__(parent)
        self.files = files or TemporaryFiles(cache_folder() / FOLDER)
        self._thread = JobThread("outgoing pictures", self._job_failed)
        self._title = ""
        self._closed = False
        self._unmade: set[OutgoingPicture] = set()

    def offer(
        self,
        picture: Callable[[], Picture],
        name: str,
        note: Callable[[], Note] | None,
        *,
        as_file: bool = False,
    ) -> OutgoingPicture:
        """Give other programs a picture, at once; its content follows.

        Args:
            picture: gives it; called on the thread.
            name: of its file, "….png".
            note: gives what the picture is to remember; called on the thread. None: nothing.
            as_file: whether it is wanted as a file as well.
        """
        outgoing = OutgoingPicture(name)
        if self._closed:
            outgoing.give_up()
        else:
            self._unmade.add(outgoing)
            self._thread.post(lambda: self._make(outgoing, picture, note, as_file))
        return outgoing

    def save(
        self, picture: Callable[[], Picture], note: Callable[[], Note] | None, path: str
    ) -> None:
        """Write a picture as a PNG where the person wants it; ``saved`` or ``failed`` follows."""
        self._thread.post(lambda: self._save(picture, note, Path(path)))

    def close(self) -> None:
        """Take nothing more. What was asked for before is still made: ``join`` waits for it."""
        self._closed = True
        self._thread.finish()

    def join(self, seconds: float) -> bool:
        """Wait for what is being made, give up the rest, take back what programs were given.

        Returns:
            Whether everything was made.
        """
        ended = self._thread.join(seconds)
        self._thread.close()
        for outgoing in list(self._unmade):
            outgoing.give_up()  # else whoever pastes it now would wait in vain
        self.files.close()
        return ended

    def _make(
        self,
        outgoing: OutgoingPicture,
        picture: Callable[[], Picture],
        note: Callable[[], Note] | None,
        as_file: bool,
    ) -> None:
        self._title = "The picture could not be copied."
        try:
            place = self.files.place_for(outgoing.name) if as_file else None
            outgoing.make(picture, note and note(), place)
        finally:
            outgoing.give_up()
            self._unmade.discard(outgoing)

    def _save(
        self, picture: Callable[[], Picture], note: Callable[[], Note] | None, path: Path
    ) -> None:
        self._title = "The picture could not be saved."
        from visualizer.diffusion.atomic import replacing

        content = png_of(picture(), note and note())
        with replacing(path) as file:
            file.write(content)
        self.saved.emit(str(path))

    def _job_failed(self, error: BaseException) -> None:
        self.failed.emit(describe(error, self._title))


def png_of(picture: Picture, note: Note | None) -> bytes:
    """A picture (H, W, 3) uint8 as a PNG, quickly, with what is to be remembered of it."""
    from PIL import Image

    info = None
    if note is not None:
        from visualizer.metadata.writing import png_info

        info = png_info(note)
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "PNG", pnginfo=info, compress_level=_QUICK)
    return buffer.getvalue()
