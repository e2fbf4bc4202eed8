"""Exports encode in a process of their own, so that neither window nor sampling slows down.

The run goes over piece by piece: pickling it in one go would hold the interpreter's lock for as
long as copying it takes. This module is imported by that process, so it knows no Qt.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from visualizer.diffusion.trajectory import Trajectory

POLL_SECONDS = 0.1


class ExportFailed(Exception):
    """An export that came to nothing; its text is a sentence for a person."""


def export(run: Trajectory, path: str, cancel: threading.Event) -> bool:
    """Write a picture or animation of a run. Blocks: call it on a thread of its own.

    Returns:
        True when it is written, False when it was cancelled.

    Raises:
        ExportFailed: with a sentence.
    """
    import multiprocessing  # 20 ms that the start of the program does not need

    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_encode, args=(theirs, path), name="export", daemon=True)
    process.start()
    theirs.close()
    try:
        for piece in _pieces(run):
            if cancel.is_set():
                return False
            ours.send(piece)
        while not ours.poll(POLL_SECONDS):
            if cancel.is_set():
                return False
        sentence = ours.recv()
    except (EOFError, OSError) as error:
        raise ExportFailed("The export stopped before it was finished. Try again.") from error
    finally:
        if cancel.is_set():
            process.terminate()
        ours.close()
        process.join(5)
        if process.is_alive():
            process.kill()
            process.join()
        process.close()
    if sentence:
        raise ExportFailed(sentence)
    return True


def _pieces(run: Trajectory) -> Iterator[Any]:
    yield replace(run, steps=(), pictures={}, decoder=None)
    yield from run.steps
    for key in run.pictures:
        picture = run.pictures.get(key)
        if picture is not None:  # else it is damaged: most exports do not need it
            yield key, picture
    yield None


def _encode(connection: Connection, path: str) -> None:
    """The other process: put the run together again, write it, answer with a sentence or ""."""
    answer = ""
    try:
        run: Trajectory = connection.recv()
        steps, pictures = [], {}
        while (piece := connection.recv()) is not None:
            if isinstance(piece, tuple):
                pictures[piece[0]] = piece[1]
            else:
                steps.append(piece)
        from visualizer import export as exporting

        exporting.write(replace(run, steps=tuple(steps), pictures=pictures), Path(path))
    except EOFError:
        return  # the window was closed
    except Exception as error:  # noqa: BLE001 - the one entry of this process
        from visualizer.session.failure import describe

        answer = describe(error, "The export failed.").detail
    connection.send(answer)
