"""The encoding process as the window's side sees it.

A thread talks to it: it hands over the run, passes commands on, and answers the wishes for
pictures. What the run stores is read on that thread; other pictures are had through a callback,
which answers whenever they are there. numpy is loaded when the first process is made, not with the
window.
"""

from __future__ import annotations

import contextlib
import queue
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from visualizer.diffusion.arrays import Picture
    from visualizer.diffusion.views import View
    from visualizer.session.export_crossing import PictureKey, Source

    Answer = tuple[PictureKey, Picture | None, bool]
    """A picture or None where there is none, and whether it is the model's own decode."""
    Ask = Callable[[Sequence[PictureKey], Callable[[Sequence[Answer]], None]], None]

GRACE_SECONDS = 3.0
"""So long an export may take to clean up before its process is ended from outside."""


class ExportFailed(Exception):
    """An export that came to nothing; its text is a sentence for a person."""


class ExportProcess:
    """A process that has taken over a run or a comparison. ``talk`` blocks; the rest does not.

    Args:
        what: the run or comparison.
        keys: of each of its runs the pictures, by step and view, that can be had.
        ask: gets pictures from elsewhere: it may be called from ``talk``'s thread and may answer
            on any thread, now or later.
        heard: told, on ``talk``'s thread, of every message that is no wish for pictures; with the
            picture for ("shown", i, exact).
        whole: hand over the numbers of every step too.
    """

    def __init__(
        self,
        what: Source,
        keys: Sequence[Sequence[tuple[int, View]]],
        ask: Ask,
        heard: Callable[[tuple[Any, ...], Picture | None], None],
        *,
        whole: bool,
    ) -> None:
        self._what, self._keys, self._ask, self._heard = what, keys, ask, heard
        self._whole = whole
        from visualizer.session.export_crossing import runs_of

        self._runs = runs_of(what)
        self._inbox: queue.SimpleQueue[tuple[Any, ...]] = queue.SimpleQueue()
        self._until: float | None = None  # when a process that was called off is ended
        self._process: Any = None
        import multiprocessing  # 20 ms that the start of the program does not need

        self._context = multiprocessing.get_context("spawn")
        self._woken, self._wake = self._context.Pipe(duplex=False)

    # --- from any thread ----------------------------------------------------------------------

    def post(self, *command: Any) -> None:
        """Send a command as soon as the process listens."""
        self._inbox.put(command)
        self._nudge()

    def call_off(self, *, at_once: bool = False) -> None:
        """End whatever is going on. What was half written is cleaned up.

        Args:
            at_once: do not wait until the process listens.
        """
        self._until = time.monotonic() + GRACE_SECONDS
        self.post("cancel")
        if at_once and self._process is not None:
            with contextlib.suppress(ValueError, OSError):  # it has ended just now
                self._process.terminate()

    def _nudge(self) -> None:
        try:
            self._wake.send_bytes(b"!")
        except OSError:
            return  # the talk is over

    def _answer(self, answers: Sequence[Answer]) -> None:
        self._inbox.put(("pictures", answers))
        self._nudge()

    # --- the talk -----------------------------------------------------------------------------

    def talk(self) -> bool:
        """Start the process and talk to it until ``heard`` raises StopTalk, or it is called off.

        Returns:
            True when it ended by itself, False when it was called off.

        Raises:
            ExportFailed: when the process is suddenly gone.
        """
        from multiprocessing.connection import wait

        from visualizer.session.export_child import serve
        from visualizer.session.export_crossing import pieces_of

        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=serve, args=(theirs,), name="export", daemon=True)
        process.start()
        self._process = process
        theirs.close()
        try:
            for piece in pieces_of(self._what, self._keys, whole=self._whole):
                ours.send(piece)
            while True:
                left = None if self._until is None else self._until - time.monotonic()
                if left is not None and left <= 0:
                    return False
                for ready in wait([ours, self._woken], left):
                    if ready is ours:
                        self._take(ours, ours.recv())
                    else:
                        self._woken.recv_bytes()
                        self._deliver(ours)
        except StopTalk:
            return True
        except (EOFError, OSError) as error:
            if self._until is not None:
                return False
            raise ExportFailed("The export stopped before it was finished. Try again.") from error
        finally:
            ours.close()
            self._end(process)
            self._wake.close()
            self._woken.close()

    def _take(self, ours: Any, message: tuple[Any, ...]) -> None:
        if message[0] == "want":
            self._serve(ours, message[1])
        elif message[0] == "shown":
            import numpy as np

            picture = np.frombuffer(ours.recv_bytes(), dtype=np.uint8).reshape(message[3])
            self._heard(message[:3], picture)
        else:
            self._heard(message, None)

    def _serve(self, ours: Any, keys: Sequence[PictureKey]) -> None:
        """Send what the runs store; ask for the rest."""
        elsewhere = []
        for key in keys:
            number, k, view = key
            picture = self._runs[number].pictures.get((k, view))
            if picture is None:
                elsewhere.append(key)
            else:
                _send(ours, key, picture, exact=True)
        if elsewhere:
            self._ask(elsewhere, self._answer)

    def _deliver(self, ours: Any) -> None:
        """Pass on what was posted."""
        while True:
            try:
                command = self._inbox.get_nowait()
            except queue.Empty:
                return
            if command[0] == "pictures":
                for key, picture, exact in command[1]:
                    _send(ours, key, picture, exact=exact)
                continue
            ours.send(command)

    def _end(self, process: Any) -> None:
        process.join(0.2 if self._until is None else GRACE_SECONDS)
        if process.is_alive():
            process.terminate()  # it cleans up on the way out
            process.join(2)
        if process.is_alive():
            process.kill()
            process.join()
        process.close()


class StopTalk(Exception):
    """Raised by who hears the process, when nothing more is wanted of it."""


def _send(ours: Any, key: PictureKey, picture: Picture | None, *, exact: bool) -> None:
    if picture is None:
        ours.send(("missing", key))
        return
    import numpy as np

    packed = np.ascontiguousarray(picture)
    ours.send(("picture", key, packed.shape, exact))
    ours.send_bytes(packed.data.cast("B"))
