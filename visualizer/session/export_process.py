"""The encoding process as the window's side sees it.

A thread talks to it: it hands over the run, passes commands on, and answers the wishes for
pictures. What the run stores is read on that thread; other pictures are had through a callback,
which answers whenever they are there. A second thread does all the sending: whoever reads never
waits for the other side to read, or both would wait for ever. numpy is loaded when the first
process is made, not with the window.
"""

from __future__ import annotations

import contextlib
import queue
import threading
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
LOOK_SECONDS = 0.25
"""How often a silent process is looked at, whether it was called off and does not listen."""


class ExportFailed(Exception):
    """An export that came to nothing; its text is a sentence for a person."""


class StopTalk(Exception):
    """Raised by who hears the process, when nothing more is wanted of it."""


class ExportProcess:
    """A process that has taken over a run or a comparison. ``talk`` blocks; the rest does not.

    Args:
        what: the run or comparison.
        keys: of each of its runs the pictures, by step and view, that can be had.
        ask: gets pictures from elsewhere: it is called on ``talk``'s thread and may answer on any
            thread, now or later.
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
        from visualizer.session.export_crossing import runs_of

        self._what, self._keys, self._ask, self._heard = what, keys, ask, heard
        self._whole = whole
        self._runs = runs_of(what)
        self._outbox: queue.SimpleQueue[tuple[Any, ...] | None] = queue.SimpleQueue()
        self._until: float | None = None  # when a process that was called off is ended
        self._process: Any = None
        self.process_number = 0
        """Of the process in the system, once ``talk`` has begun."""

    # --- from any thread ----------------------------------------------------------------------

    def post(self, *command: Any) -> None:
        """Send a command as soon as the process listens."""
        self._outbox.put(command)

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

    def _answer(self, answers: Sequence[Answer]) -> None:
        for answer in answers:
            self.post("picture", *answer)

    # --- the talk -----------------------------------------------------------------------------

    def talk(self) -> bool:
        """Start the process and talk to it until ``heard`` raises StopTalk, or it is called off.

        Returns:
            True when it ended by itself, False when it was called off.

        Raises:
            ExportFailed: when the process is suddenly gone, or cannot be started.
        """
        import multiprocessing  # 20 ms that the start of the program does not need

        from visualizer.session.export_child import serve

        context = multiprocessing.get_context("spawn")
        try:
            ours, theirs = context.Pipe()
        except OSError as error:
            raise ExportFailed("The system has no room for another process just now.") from error
        sender = threading.Thread(target=self._send_all, args=(ours,), name="export sender")
        sender.daemon = True
        try:
            process = context.Process(target=serve, args=(theirs,), name="export", daemon=True)
            process.start()
            self._process = process
            self.process_number = process.pid or 0
            theirs.close()
            sender.start()
            return self._listen(ours)
        except StopTalk:
            return True
        except (EOFError, OSError) as error:
            if self._until is not None:
                return False
            raise ExportFailed("The export stopped before it was finished. Try again.") from error
        finally:
            self.post("cancel")  # it ends by itself, if it listens
            self._end()
            self._outbox.put(None)
            if sender.is_alive():
                sender.join()  # the process is gone: what is being sent fails at once
            theirs.close()
            ours.close()

    def _listen(self, ours: Any) -> bool:
        while True:
            while not ours.poll(LOOK_SECONDS):
                if self._until is not None and time.monotonic() > self._until:
                    return False
            message = ours.recv()
            if message[0] == "want":
                self._serve(message[1])
            elif message[0] == "shown":
                import numpy as np

                *told, shape = message
                picture = np.frombuffer(ours.recv_bytes(), dtype=np.uint8).reshape(shape)
                self._heard(tuple(told), picture)
            else:
                self._heard(message, None)

    def _serve(self, keys: Sequence[PictureKey]) -> None:
        """Send what the runs store; ask for the rest."""
        elsewhere = []
        for key in keys:
            number, k, view = key
            picture = self._runs[number].pictures.get((k, view))
            if picture is None:
                elsewhere.append(key)
            else:
                self._answer([(key, picture, True)])
        if elsewhere:
            self._ask(elsewhere, self._answer)

    def _send_all(self, ours: Any) -> None:
        """On the thread that sends: first what is exported, then what was posted."""
        from visualizer.session.export_crossing import pieces_of

        with contextlib.suppress(OSError):  # the process has ended: who reads notices it too
            for piece in pieces_of(self._what, self._keys, whole=self._whole):
                ours.send(piece)
            while (command := self._outbox.get()) is not None:
                if command[0] == "picture":
                    _send_picture(ours, *command[1:])
                else:
                    ours.send(command)

    def _end(self) -> None:
        process = self._process
        if process is None:
            return
        process.join(1.0 if self._until is None else GRACE_SECONDS)
        if process.is_alive():
            process.terminate()  # it cleans up on the way out
            process.join(2)
        if process.is_alive():
            process.kill()
            process.join()
        process.close()


def _send_picture(ours: Any, key: PictureKey, picture: Picture | None, exact: bool) -> None:
    if picture is None:
        ours.send(("missing", key))
        return
    import numpy as np

    packed = np.ascontiguousarray(picture)
    ours.send(("picture", key, packed.shape, exact))
    ours.send_bytes(packed.data.cast("B"))
