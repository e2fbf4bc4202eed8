"""Comparison ◄─► one ``.denoise`` file.

The container of a run file (see ``container``) with another format text, so that programs that
know single runs only refuse it with a sentence. ``latents/S`` … and ``picture/S/VIEW`` belong to
the S-th stored step, and a run is a list of stored steps: what a branch shares with its parent is
there once, and is one object again when opened. ``final/F`` is the F-th final picture. See
docs/comparisons.md.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from visualizer.diffusion import container, stored_pictures
from visualizer.diffusion.arrays import Picture
from visualizer.diffusion.comparison import CompareLane, Comparison
from visualizer.diffusion.container import SUFFIX as SUFFIX
from visualizer.diffusion.container import RunFileError as RunFileError
from visualizer.diffusion.container import Tensors
from visualizer.diffusion.grid import MAX_LANES
from visualizer.diffusion.runfile import describe, rebuild
from visualizer.diffusion.step import Step
from visualizer.diffusion.stored_pictures import STORED_VIEWS, Png, StoredPictures, gather
from visualizer.diffusion.stored_steps import (
    rebuild_request,
    rebuild_step,
    request_tensors,
    step_tensors,
    step_to_json,
)
from visualizer.diffusion.trajectory import Trajectory

WHOLE_RUNS = 4
"""Runs' worth of pictures that a comparison keeps at most, uncompressed; see
``stored_pictures.MAX_STORED_BYTES``. 16 lanes of 30 steps of the built-in model fit whole."""


# --- Saving ---------------------------------------------------------------------------------------


def save(comparison: Comparison, path: Path, decode: bool = False) -> None:
    """Write a comparison, atomically: a former file stays as it was until the new one is whole.

    Steps that several lanes share, as the same objects or by equal content, are kept once.

    Args:
        path: where; the folder must exist.
        decode: decode the pictures that are not stored yet through each run's decoder.

    Raises:
        RunFileError: with a sentence, when it cannot be written.
    """
    shelf = _Shelf(_room_for(comparison), decode)
    lanes = [
        {
            "label": lane.label,
            "row": lane.row,
            "column": lane.column,
            "failure": lane.failure,
            "number": lane.number,
            "request": lane.request.to_json(),
            "run": None if lane.run is None else shelf.keep(lane.run),
        }
        for lane in comparison.lanes
    ]
    asked = [lane.request for lane in comparison.lanes]
    extra, byte_orders = request_tensors(*asked, *(run.request for run in shelf.kept))
    values = {
        "title": comparison.title,
        "summary": comparison.summary,
        "columns": list(comparison.column_labels),
        "rows": list(comparison.row_labels),
        "alignment": comparison.alignment,
        "focus": comparison.focus,
        "pair": comparison.pair,
        "position": comparison.position,
        "view": comparison.view,
        "lanes": lanes,
        "runs": shelf.runs,
        "steps": shelf.steps,
        "byte_orders": byte_orders,
    }
    container.write(container.COMPARISON, values, {**shelf.tensors, **extra}, path)


def _room_for(comparison: Comparison) -> int:
    """Bytes of pictures for each run."""
    runs = len({id(lane.run) for lane in comparison.lanes if lane.run is not None})
    most = stored_pictures.MAX_STORED_BYTES
    return min(most, WHOLE_RUNS * most // max(1, runs))


class _Shelf:
    """Runs taken apart, everything in them kept once."""

    def __init__(self, room: int, decode: bool) -> None:
        self._room, self._decode = room, decode
        self.runs: list[dict[str, Any]] = []
        self.steps: list[dict[str, Any]] = []
        self.tensors: Tensors = {}
        self.kept: list[Trajectory] = []
        self._run_numbers: dict[int, int] = {}
        self._step_numbers: dict[tuple[int, int], int] = {}  # by identity and place
        self._known: dict[str, int] = {}  # by content
        self._finals: dict[str, int] = {}

    def keep(self, run: Trajectory) -> int:
        """The number of a run in the file."""
        if id(run) in self._run_numbers:
            return self._run_numbers[id(run)]
        numbers = [self._keep_step(k, step) for k, step in enumerate(run.steps)]
        for (k, view), png in gather(run, decode=self._decode, most_bytes=self._room).items():
            name = f"picture/{numbers[k]}/{view}"
            self.tensors.setdefault(name, np.frombuffer(png, dtype=np.uint8))
        final = None if run.final is None else self._keep_final(run.final)
        self.runs.append({**describe(run), "steps": numbers, "final": final})
        self.kept.append(run)
        self._run_numbers[id(run)] = len(self.runs) - 1
        return len(self.runs) - 1

    def _keep_step(self, k: int, step: Step) -> int:
        number = self._step_numbers.get((id(step), k))
        if number is None:
            values = {"index": k, **step_to_json(step)}
            content = hashlib.sha256(json.dumps(values, sort_keys=True).encode())
            for name, array in step_tensors(0, step):
                content.update(f"{name} {array.dtype} {array.shape}".encode())
                content.update(array.tobytes())
            number = self._known.setdefault(content.hexdigest(), len(self.steps))
            if number == len(self.steps):
                self.steps.append(values)
                self.tensors.update(step_tensors(number, step))
            self._step_numbers[id(step), k] = number
        return number

    def _keep_final(self, final: Picture) -> int:
        final = np.ascontiguousarray(final)
        content = f"{final.shape} {hashlib.sha256(final.tobytes()).hexdigest()}"
        number = self._finals.setdefault(content, len(self._finals))
        self.tensors[f"final/{number}"] = final
        return number


# --- Opening --------------------------------------------------------------------------------------


def load(path: Path) -> Comparison:
    """Read a comparison: bit for bit what was saved, without its runs' decoders.

    Raises:
        RunFileError: with a sentence, for whatever is not a whole and unchanged comparison.
    """
    return container.read(container.COMPARISON, path, _rebuild)


def _rebuild(values: Mapping[str, Any], tensors: Tensors) -> Comparison:
    if len(values["lanes"]) > MAX_LANES or len(values["runs"]) > MAX_LANES:
        raise ValueError("too many lanes")
    steps = [
        rebuild_step(number, step, tensors, _whole(step["index"]))
        for number, step in enumerate(values["steps"])
    ]
    pngs = {
        (number, view): tensors[f"picture/{number}/{view}"]
        for number in range(len(steps))
        for view in STORED_VIEWS
        if f"picture/{number}/{view}" in tensors
    }
    byte_orders = values.get("byte_orders", {})
    runs = [_rebuild_run(run, steps, pngs, tensors, byte_orders) for run in values["runs"]]
    focus, pair = values["focus"], values["pair"]
    return Comparison(
        lanes=tuple(_rebuild_lane(lane, runs, tensors, byte_orders) for lane in values["lanes"]),
        column_labels=_texts(values["columns"]),
        row_labels=_texts(values["rows"]),
        title=_text(values["title"]),
        alignment=values["alignment"],
        focus=None if focus is None else _whole(focus),
        pair=None if pair is None else _pair(pair),
        position=float(values["position"]),
        view=values["view"],
        summary=_text(values["summary"]),
    )


def _rebuild_run(
    run: Mapping[str, Any],
    stored: list[Step],
    pngs: Mapping[tuple[int, Any], Png],
    tensors: Tensors,
    byte_orders: Mapping[str, str],
) -> Trajectory:
    numbers = [_whole(number) for number in run["steps"]]
    if len(numbers) > len(stored):
        raise ValueError("more steps than there are")
    steps = tuple(stored[number] for number in numbers)
    if any(step.index != k for k, step in enumerate(steps)):
        raise ValueError("a step in the wrong place")
    pictures = {
        (k, view): pngs[number, view]
        for k, number in enumerate(numbers)
        for view in STORED_VIEWS
        if (number, view) in pngs
    }
    final = None if run["final"] is None else tensors[f"final/{_whole(run['final'])}"]
    request = rebuild_request(run["request"], tensors, byte_orders)
    return rebuild(run, request, steps, StoredPictures(pictures), final)


def _rebuild_lane(
    lane: Mapping[str, Any],
    runs: list[Trajectory],
    tensors: Tensors,
    byte_orders: Mapping[str, str],
) -> CompareLane:
    return CompareLane(
        run=None if lane["run"] is None else runs[_whole(lane["run"])],
        request=rebuild_request(lane["request"], tensors, byte_orders),
        label=_text(lane["label"]),
        row=_whole(lane["row"]),
        column=_whole(lane["column"]),
        failure=_text(lane["failure"]),
        number=None if lane.get("number") is None else _whole(lane["number"]),
    )


def _whole(value: Any) -> int:
    """A whole number that counts something; −1 would find the last of a list."""
    if type(value) is not int or not 0 <= value <= 1_000_000:
        raise ValueError(f"no number of anything: {value!r}")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    return value


def _texts(values: Any) -> tuple[str, ...]:
    if not isinstance(values, list):
        raise ValueError("no labels")
    return tuple(_text(value) for value in values)


def _pair(values: Any) -> tuple[int, int]:
    a, b = values
    return _whole(a), _whole(b)
