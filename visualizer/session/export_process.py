"""Exports encode in a process of their own, so that neither window nor sampling slows down.

What is exported goes over piece by piece: pickling it in one go would hold the interpreter's lock
for as long as copying it takes. Steps that several runs share, as branches do, go over once, and so
do their pictures. This module is imported by that process, so it knows no Qt.
"""

from __future__ import annotations

import threading
from collections.abc import Container, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from visualizer.diffusion.arrays import Picture
    from visualizer.diffusion.comparison import Comparison
    from visualizer.diffusion.step import Step
    from visualizer.diffusion.trajectory import Trajectory
    from visualizer.diffusion.views import View

    Key = tuple[int, View]

POLL_SECONDS = 0.1


class ExportFailed(Exception):
    """An export that came to nothing; its text is a sentence for a person."""


def export(what: Trajectory | Comparison, path: str, cancel: threading.Event) -> bool:
    """Write a run or a comparison as a file. Blocks: call it on a thread of its own.

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
        for piece in _pieces(what, _needed(what, path)):
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


def _needed(what: Trajectory | Comparison, path: str) -> list[set[Key]]:
    """Which pictures are to be sent, run by run: of a comparison those that such a file shows."""
    from visualizer.diffusion.comparison import Comparison
    from visualizer.session.wanted_pictures import for_comparison_export

    runs = _runs(what)
    if path.lower().endswith(".denoise") or not isinstance(what, Comparison):
        return [set(run.pictures) for run in runs]
    wanted = for_comparison_export(what, path)
    lanes = [set(keys) for lane, keys in zip(what.lanes, wanted, strict=True) if lane.run]
    return [_or_nearest(run, keys) for run, keys in zip(runs, lanes, strict=True)]


def _or_nearest(run: Trajectory, wanted: set[Key]) -> set[Key]:
    """The wanted pictures; where some are missing all of their kind, for the nearest are shown."""
    has = set(run.pictures)
    final = len(run.steps) - 1 if run.final is not None else None
    if all(key in has or key[0] == final for key in wanted):
        return wanted & has
    views = {view for _, view in wanted}
    return {key for key in has if key[1] in views}


def _pieces(what: Trajectory | Comparison, needed: Sequence[Container[Key]]) -> Iterator[Any]:
    """What is to be sent, in the order in which ``_received`` takes it.

    Args:
        needed: the pictures that are wanted of each run.
    """
    yield _bare(what)
    sent: dict[int, int] = {}  # the id of a step: which of the steps sent it was
    pictures_sent: set[tuple[int, str]] = set()
    for run, wanted in zip(_runs(what), needed, strict=True):
        numbers = []
        for step in run.steps:
            if id(step) not in sent:
                sent[id(step)] = len(sent)
                yield step
            numbers.append(sent[id(step)])
        yield numbers
        for key in run.pictures:
            k, view = key
            if key not in wanted or k >= len(numbers):
                continue
            if (place := (numbers[k], view)) in pictures_sent:
                continue
            picture = run.pictures.get(key)
            if picture is not None:  # else it is damaged: most exports do not need it
                pictures_sent.add(place)
                yield place, picture
        yield None


def _bare(what: Trajectory | Comparison) -> Trajectory | Comparison:
    """The same without what takes room."""
    return _with_runs(what, [replace(r, steps=(), pictures={}, decoder=None) for r in _runs(what)])


def _with_runs(
    what: Trajectory | Comparison, runs: Sequence[Trajectory]
) -> Trajectory | Comparison:
    """The same with these runs in the place of those it has."""
    from visualizer.diffusion.trajectory import Trajectory

    if isinstance(what, Trajectory):
        return runs[0]
    left = iter(runs)
    lanes = [lane if lane.run is None else replace(lane, run=next(left)) for lane in what.lanes]
    return replace(what, lanes=tuple(lanes))


def _runs(what: Trajectory | Comparison) -> list[Trajectory]:
    from visualizer.diffusion.trajectory import Trajectory

    if isinstance(what, Trajectory):
        return [what]
    return [lane.run for lane in what.lanes if lane.run is not None]


def _received(connection: Connection) -> Trajectory | Comparison:
    """What ``_pieces`` sent, put together again: steps that were shared are shared again."""
    what: Trajectory | Comparison = connection.recv()
    steps: list[Step] = []
    pictures: dict[tuple[int, View], Picture] = {}  # by the number of a step
    runs = []
    for run in _runs(what):
        numbers: list[int] = []
        while (piece := connection.recv()) is not None:
            if isinstance(piece, tuple):
                pictures[piece[0]] = piece[1]
            elif isinstance(piece, list):
                numbers = piece
            else:
                steps.append(piece)
        runs.append(_whole(run, numbers, steps, pictures))
    return _with_runs(what, runs)


def _whole(
    run: Trajectory,
    numbers: list[int],
    steps: list[Step],
    pictures: dict[tuple[int, View], Picture],
) -> Trajectory:
    """A run of the steps with these numbers, with their pictures."""
    place = {number: k for k, number in enumerate(numbers)}
    own = {
        (place[number], view): picture
        for (number, view), picture in pictures.items()
        if number in place
    }
    return replace(run, steps=tuple(steps[n] for n in numbers), pictures=own)


def _encode(connection: Connection, path: str) -> None:
    """The other process: put everything together again, write it, answer with a sentence or ""."""
    answer = ""
    try:
        what = _received(connection)
        from visualizer import export as exporting

        exporting.write(what, Path(path))
    except EOFError:
        return  # the window was closed
    except Exception as error:  # noqa: BLE001 - the one entry of this process
        from visualizer.session.failure import describe

        answer = describe(error, "The export failed.").detail
    connection.send(answer)
