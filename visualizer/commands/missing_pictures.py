"""Pictures that are not in a file: how many an export lacks, and the model that makes them."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from visualizer.commands import headless

if TYPE_CHECKING:
    from visualizer.commands.outputs import Output
    from visualizer.diffusion import Model, Trajectory
    from visualizer.diffusion.arrays import FloatArray, Picture
    from visualizer.diffusion.comparison import Comparison
    from visualizer.diffusion.layout import LatentLayout
    from visualizer.diffusion.trajectory import Decoder
    from visualizer.diffusion.views import View
    from visualizer.export.options import ExportOptions
    from visualizer.progress_line import ProgressLine

BUILTIN = "Built-in"
"""What the built-in model calls itself in the runs that it makes."""
ROOM = 256 * 2**20
"""Bytes of decoded pictures that are kept for the next file."""


def with_model(
    what: Trajectory | Comparison,
    outputs: Sequence[Output],
    folder: Path | None,
    device: str | None,
    line: ProgressLine,
) -> Trajectory | Comparison:
    """The same, able to show what is not stored in it, where its model is at hand.

    A model that was named is opened; without one the built-in is, where it made the run and
    pictures are missing. What cannot be shown is told.

    Raises:
        Refused: when the model that was named cannot be opened, or made none of the runs.
    """
    model = None
    if folder is not None:
        line.say("Loading the model …")
        model = headless.open_model(folder, device)
        if not any(_made_by(model, run) for run in runs_of(what)):
            raise headless.Refused(f"'{model.name}' is not the model that made this.")
    elif lacking(what, outputs) and any(run.model.name == BUILTIN for run in runs_of(what)):
        line.say("Loading the model …")
        model = headless.open_model(None, device)
    if model is not None:
        decoder = Keeping(model)
        what = with_runs(
            what,
            (run.with_decoder(decoder) if _made_by(model, run) else run for run in runs_of(what)),
        )
    if missing := lacking(what, outputs):
        line.say(f"Note: {_left_out(missing)}")
    return what


def _left_out(missing: int) -> str:
    pictures = "One picture is" if missing == 1 else f"{missing} pictures are"
    return (
        f"{pictures} not in the file; the nearest are shown, or none. "
        "Name the model that made it with --model, and all are shown."
    )


def _made_by(model: Model, run: Trajectory) -> bool:
    return run.model.weights_hash == model.identity.weights_hash


# --- What is missing ------------------------------------------------------------------------------


def check_shown(what: Trajectory | Comparison, outputs: Sequence[Output]) -> None:
    """See before anything is written whether the files can show what they are to show.

    Raises:
        ExportError: with a sentence, where they could not even with the model at hand.
    """
    from visualizer.export.film import film_of
    from visualizer.export.needed import pictures_needed
    from visualizer.export.reel import reel_of

    promised = _promised(what)
    for output in outputs:
        if output.options.format == "raw":  # numbers need no pictures
            reel_of(promised, output.options)
        elif not output.is_run:
            pictures_needed(film_of(promised, output.options))


def lacking(what: Trajectory | Comparison, outputs: Sequence[Output]) -> int:
    """How many pictures that the files show are neither stored nor can be decoded."""
    promised = _promised(what)
    missing: set[tuple[bool, int, int, View]] = set()
    for output in outputs:
        if not output.is_run:
            forward = output.options.subject == "forward"
            missing |= {(forward, *key) for key in _lacking(promised, output.options)}
    return len(missing)


def _lacking(what: Trajectory | Comparison, options: ExportOptions) -> set[tuple[int, int, View]]:
    """(lane, step, view) of each."""
    from visualizer.export.errors import ExportError
    from visualizer.export.film import film_of
    from visualizer.export.needed import pictures_needed

    try:
        film = film_of(what, options)
        needed = pictures_needed(film)
    except ExportError:
        return set()  # it cannot be shown at all: who writes it says why
    runs = [lane.run for lane in film.reel.lanes]
    return {
        (number, k, view)
        for number, k, view in needed
        if (run := runs[number]) is not None
        and isinstance(run.decoder, _Promised)
        and not _is_stored(run, (k, view))
    }


def _is_stored(run: Trajectory, key: tuple[int, View]) -> bool:
    last = run.final is not None and key[0] == len(run.steps) - 1
    return last or key in run.pictures


def _promised(what: Trajectory | Comparison) -> Trajectory | Comparison:
    """The same as if the model were at hand."""
    return with_runs(
        what, (run if run.decoder else run.with_decoder(_Promised()) for run in runs_of(what))
    )


class _Promised:
    """A decoder of pictures that nobody looks at: with it a run says what it would show."""

    def decode(self, latents: FloatArray, layout: LatentLayout) -> Picture:
        """Black."""
        del latents, layout
        return np.zeros((64, 64, 3), dtype=np.uint8)


class Keeping:
    """A decoder that keeps what it decoded last: several files show the same pictures."""

    def __init__(self, decoder: Decoder, room: int = ROOM) -> None:
        self._decoder, self._room = decoder, room
        self._kept: OrderedDict[bytes, Picture] = OrderedDict()
        self._bytes = 0

    def decode(self, latents: FloatArray, layout: LatentLayout) -> Picture:
        """The exact picture: (H, W, 3) uint8."""
        key = hashlib.blake2b(np.ascontiguousarray(latents).data, digest_size=16).digest()
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        picture = self._decoder.decode(latents, layout)
        self._kept[key] = picture
        self._bytes += picture.nbytes
        while self._bytes > self._room and len(self._kept) > 1:
            self._bytes -= self._kept.popitem(last=False)[1].nbytes
        return picture


# --- Runs of what is exported ---------------------------------------------------------------------


def runs_of(what: Trajectory | Comparison) -> list[Trajectory]:
    """Its runs, in order; lanes without one are left output."""
    from visualizer.diffusion import Trajectory

    if isinstance(what, Trajectory):
        return [what]
    return [lane.run for lane in what.lanes if lane.run is not None]


def with_runs(what: Trajectory | Comparison, runs: Iterable[Trajectory]) -> Trajectory | Comparison:
    """The same with these runs in the place of those it has."""
    from visualizer.diffusion import Trajectory

    left = iter(runs)
    if isinstance(what, Trajectory):
        return next(left)
    lanes = [lane if lane.run is None else replace(lane, run=next(left)) for lane in what.lanes]
    return replace(what, lanes=tuple(lanes))
