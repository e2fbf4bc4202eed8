"""What goes on in the encoding process: it composes, encodes and writes. No Qt.

It is told of a run or a comparison first (``export_crossing``). Then it either writes one file, or
shows frames of what would be written, until the window's process ends the talk. Pictures are asked
for on the way (``export_pictures``).
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from visualizer.session.export_crossing import received
from visualizer.session.export_pictures import PictureStore, RunPictures

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from visualizer.diffusion.arrays import Picture
    from visualizer.export.film import Film
    from visualizer.export.options import ExportOptions
    from visualizer.session.export_crossing import PictureKey, Source

TELL_SECONDS = 0.05
"""Progress is told this often at most."""
SHOWN_BYTES = 64 * 2**20
"""Frames of a preview that are kept for the next time round."""
NICENESS = 5
"""The window and the sampler come first."""


class Cancelled(BaseException):
    """The window's process wants no more of what is going on. No handler of errors takes it."""


class Superseded(BaseException):
    """The window's process wants something else now."""


GONE = (EOFError, BrokenPipeError, ConnectionResetError)
"""What it looks like here when the window's process has ended."""


def serve(connection: Connection) -> None:
    """The whole life of the process."""
    try:
        _be_endable()
        Service(connection).run()
    except (Cancelled, *GONE):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # it ends already: nothing is left to say


def _be_endable() -> None:
    """When this process is asked to end, half-written files are cleaned up on the way out."""

    def end(_signal: int, _frame: FrameType | None) -> None:
        raise Cancelled

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C in a terminal: the window's to answer
    with contextlib.suppress(AttributeError, OSError):
        os.nice(NICENESS)


class Service:
    """The talk with the window's process."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._store = PictureStore(connection, self._interrupt)
        self._commands: deque[tuple[Any, ...]] = deque()
        self._showing = False
        self._told = 0.0

    def run(self) -> None:
        """Take what is exported, then do what is asked for."""
        take = self._connection.recv
        what = received(take, lambda number, keys: RunPictures(self._store, number, keys))
        preview = Preview(what, self._store, self._connection.send)
        while True:
            idle = not self._commands and not self._connection.poll()
            if idle and preview.has_to_estimate:
                self._guarded(preview.estimate)
            match self._command():
                case ("write", path, options):
                    self._connection.send(("ended", self._written(what, path, options)))
                case ("film", options, room):
                    self._guarded(partial(preview.set, options, room))
                case ("frame", i):
                    self._guarded(partial(self._show, preview, i))

    # --- commands -----------------------------------------------------------------------------

    def _command(self) -> tuple[Any, ...]:
        while not self._commands:
            self._store.receive()
        return self._commands.popleft()

    def _interrupt(self, message: tuple[Any, ...]) -> None:
        """A message that is no picture came, perhaps in the middle of something.

        Another film makes what was wished for before it pointless, another frame only the frame.
        """
        if message[0] == "cancel":
            raise Cancelled
        if message[0] == "film":
            self._commands.clear()
        elif self._commands and self._commands[-1][0] == message[0]:
            self._commands.pop()
        self._commands.append(message)
        if message[0] == "film" and self._showing:
            raise Superseded

    def _guarded(self, work: Callable[[], None]) -> None:
        """Part of a preview: what is wrong with it is said, and the talk goes on."""
        self._showing = True
        try:
            work()
        except Superseded:
            return
        except GONE:
            raise
        except Exception as error:  # noqa: BLE001 - an entry of this process
            self._connection.send(("refused", sentence_of(error)))
        finally:
            self._showing = False

    # --- writing ------------------------------------------------------------------------------

    def _written(self, what: Source, path: str, options: ExportOptions) -> str:
        """Write the file; a sentence on what went wrong, or ""."""
        from visualizer import export
        from visualizer.export.film import film_of

        def progress(done: int, total: int) -> None:
            while self._connection.poll():
                self._store.receive()
            now = time.monotonic()
            if done >= total or now - self._told > TELL_SECONDS:
                self._told = now
                self._connection.send(("progress", done, total))

        try:
            if options.kind.moves:
                self._store.expect(keys_of(film_of(what, options)))
            export.write(what, Path(path), options=options, progress=progress)
        except GONE:
            raise
        except Exception as error:  # noqa: BLE001 - an entry of this process
            return sentence_of(error)
        return ""

    # --- showing ------------------------------------------------------------------------------

    def _show(self, preview: Preview, i: int) -> None:
        picture, exact = preview.frame(i)
        self._connection.send(("shown", i, exact, picture.shape))
        self._connection.send_bytes(picture.data.cast("B"))


class Preview:
    """Frames as they will be in the file, and what the file will be like."""

    def __init__(
        self, what: Source, store: PictureStore, send: Callable[[tuple[Any, ...]], None]
    ) -> None:
        self._what, self._store, self._send = what, store, send
        self._film: Film | None = None
        self._room = (1, 1)
        self._frames: OrderedDict[int, Picture] = OrderedDict()
        self._bytes = 0
        self.has_to_estimate = False

    def set(self, options: ExportOptions, room: tuple[int, int]) -> None:
        """Show this from now on.

        Raises:
            ExportError: where nothing can be shown, or too much would be held.
        """
        from visualizer.export.bounds import check_bound
        from visualizer.export.film import film_of

        self._film, self._room = None, room
        self._frames.clear()
        self._bytes = 0
        self._store.forget_missing()
        self.has_to_estimate = False
        film = film_of(self._what, options)
        check_bound(film)
        self._film = film
        self._send(("film", tuple(shot.milliseconds for shot in film.shots), film.size))
        self.has_to_estimate = True

    def frame(self, i: int) -> tuple[Picture, bool]:
        """A frame, not larger than there is room for, and whether all its pictures are exact.

        Raises:
            Superseded: when there is no such frame any more.
        """
        import numpy as np
        from PIL import Image

        from visualizer.export.preview import preview

        if self._film is None or not 0 <= i < len(self._film.shots):
            raise Superseded
        if i in self._frames:
            self._frames.move_to_end(i)
            return self._frames[i], True
        self._store.gave_preview()
        image = preview(self._film, i)
        width, height = self._room
        scale = min(1.0, width / image.width, height / image.height)
        if scale < 1:
            size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
            image = image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
        picture = np.asarray(image)
        exact = not self._store.gave_preview()
        if exact:
            self._keep(i, picture)
        return picture, exact

    def estimate(self) -> None:
        """Say how large the file will be, and how long it will take."""
        from visualizer.export.estimate import estimate

        self.has_to_estimate = False
        if self._film is not None:
            self._send(("estimate", estimate(self._film)))

    def _keep(self, i: int, picture: Picture) -> None:
        self._frames[i] = picture
        self._bytes += picture.nbytes
        while self._bytes > SHOWN_BYTES and len(self._frames) > 1:
            self._bytes -= self._frames.popitem(last=False)[1].nbytes


def keys_of(film: Film) -> list[PictureKey]:
    """The pictures that a film is made of, in the order in which it comes to them."""
    from visualizer.export.needed import pictures_needed

    stores = [lane.run.pictures if lane.run is not None else None for lane in film.reel.lanes]
    return [
        (store.number, k, view)
        for lane, k, view in pictures_needed(film)
        if isinstance(store := stores[lane], RunPictures)
    ]


def sentence_of(error: BaseException) -> str:
    """What a person is told of an error."""
    from visualizer.session.failure import describe

    if type(error) is LookupError:  # of Trajectory.picture; KeyError and the like are our own
        return (
            "One of its pictures cannot be shown: it is damaged, or the model that made it is not "
            "open. Open the model, or choose other steps."
        )
    return describe(error, "The export failed.").detail
