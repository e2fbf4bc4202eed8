"""The numbers of a run, or of several, for numpy and for whatever reads safetensors.

Both kinds of files hold the same arrays; see ``arrays_of`` for their names. Nothing in them is
executed when they are read: ``numpy.load`` needs no ``allow_pickle``. They are written array by
array and step by step, so that nothing is copied whole.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from visualizer.export import written_metadata
from visualizer.export.errors import ExportError
from visualizer.metadata.note import PROGRAM

if TYPE_CHECKING:
    from visualizer.diffusion.step import Step
    from visualizer.diffusion.trajectory import Trajectory
    from visualizer.diffusion.views import View
    from visualizer.export.lane import Lane
    from visualizer.export.options import ExportOptions
    from visualizer.export.progress import Progress
    from visualizer.export.reel import Reel

KINDS = {
    "float64": "F64",
    "float32": "F32",
    "float16": "F16",
    "int64": "I64",
    "uint8": "U8",
}
"""What safetensors calls the kinds of numbers that are written."""


@dataclass(frozen=True)
class Array:
    """An array that is made piece by piece.

    Attributes:
        dtype: a key of ``KINDS``.
        shape: of the whole.
        pieces: gives the entries along the first axis, one after the other.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    pieces: Callable[[], Iterator[NDArray[Any]]]

    @property
    def nbytes(self) -> int:
        return int(np.prod(self.shape)) * np.dtype(self.dtype).itemsize


def write_raw(
    reel: Reel, options: ExportOptions, file: BinaryIO, progress: Progress, suffix: str
) -> None:
    """Write the numbers as ``.safetensors`` or ``.npz``.

    Raises:
        ExportError: when there are none.
    """
    arrays = arrays_of(reel, cast("View", options.view))
    if not arrays:
        raise ExportError("There are no numbers: nothing has been sampled yet.")
    texts = texts_of(reel, options)
    write = _write_safetensors if suffix == ".safetensors" else _write_npz
    write(arrays, texts, file, progress)


def arrays_of(reel: Reel, view: View) -> list[Array]:
    """The arrays; those of the lanes of a grid have "lane0/", "lane1/", … before their names.

    latents (N+1, …): x_t as the sampler held it; predictions (N, …): what the model said.
    timesteps (N+1): float64. signal, noise (N+1): the factors in x_t = signal·x₀ + noise·ε.
    stages (N+1): of each step the number of its stage, whose names are in the text "stage_names".
    pictures (M, H, W, 3) uint8 of one view, and the steps they belong to, picture_steps (M).

    Runs of several stages, whose latents differ in shape, have "latents/prior", "latents/decoder"
    …: each with the steps of its stage in their order.
    """
    found: list[Array] = []
    for number, lane in enumerate(reel.lanes):
        if lane.run is not None and lane.run.steps:
            before = f"lane{number}/" if len(reel.lanes) > 1 else ""
            found += _arrays(lane, lane.run, view, before)
    return found


def texts_of(reel: Reel, options: ExportOptions) -> dict[str, str]:
    """Texts beside the arrays: "software", "stage_names" (JSON), and what is to be remembered.

    The last are "parameters" and "denoising-visualizer", as in pictures, and "runs": of each run
    its label, request and model, and what its numbers mean (JSON).
    """
    stages = [_stages(lane.run.steps) if lane.run else [] for lane in reel.lanes]
    runs = [
        {
            "label": lane.label,
            "request": lane.request.to_json(),
            "model": model_note(lane.run) if lane.run is not None else None,
            "prediction_type": _prediction_types(lane.run.steps) if lane.run else [],
            "space": lane.run.steps[0].noise_level.space if lane.run and lane.run.steps else "",
        }
        for lane in reel.lanes
    ]
    texts = {
        "software": PROGRAM,
        "stage_names": json.dumps(stages if len(stages) > 1 else stages[0]),
    }
    if options.remember:
        texts["runs"] = json.dumps(runs)
    return texts | written_metadata.raw_texts(reel, options)


def _arrays(lane: Lane, run: Trajectory, view: View, before: str) -> Iterator[Array]:
    steps, names = run.steps, _stages(run.steps)
    for stage, group in _grouped(steps):
        ending = f"/{stage}" if stage else ""
        yield _stack(f"{before}latents{ending}", [step.latents for step in group])
        said = [step.prediction for step in group if step.prediction is not None]
        if said:
            yield _stack(f"{before}predictions{ending}", said)
    levels = [step.noise_level for step in steps]
    yield _numbers(f"{before}timesteps", [step.timestep for step in steps])
    yield _numbers(f"{before}signal", [level.signal for level in levels])
    yield _numbers(f"{before}noise", [level.noise for level in levels])
    places = [names.index(step.stage) for step in steps]
    yield _whole(f"{before}stages", np.asarray(places, dtype=np.int64))
    yield from _pictures(lane, run, view, before)


def _pictures(lane: Lane, run: Trajectory, view: View, before: str) -> Iterator[Array]:
    shown = lane.shown(view)
    size = lane.size_in(view)
    if not shown or size is None:
        return
    shape = (len(shown), size[1], size[0], 3)
    pictures = Array(
        f"{before}pictures", "uint8", shape, lambda: (run.picture(k, view) for k in shown)
    )
    yield pictures
    yield _whole(f"{before}picture_steps", np.asarray(shown, dtype=np.int64))


def _stages(steps: Sequence[Step]) -> list[str]:
    """The names of the stages, in the order in which they come."""
    return list(dict.fromkeys(step.stage for step in steps))


def _prediction_types(steps: Sequence[Step]) -> list[str]:
    return list(dict.fromkeys(step.prediction_type for step in steps))


def _grouped(steps: Sequence[Step]) -> Iterator[tuple[str, list[Step]]]:
    """Steps one after the other whose latents fit into one array, and what tells them apart."""
    groups = [
        list(group)
        for _, group in groupby(steps, key=lambda s: (s.stage, s.latents.shape, s.latents.dtype))
    ]
    names = [group[0].stage for group in groups]
    for number, (name, group) in enumerate(zip(names, groups, strict=True)):
        if len(groups) > 1 and (not name or names.count(name) > 1):
            name = f"{name or 'part'}{number}"
        yield name, group


def _stack(name: str, entries: list[NDArray[Any]]) -> Array:
    dtype = np.result_type(*entries) if len({e.dtype for e in entries}) > 1 else entries[0].dtype
    kind = dtype.name if dtype.name in KINDS else "float32"
    return Array(name, kind, (len(entries), *entries[0].shape), lambda: iter(entries))


def _numbers(name: str, values: list[float]) -> Array:
    return _whole(name, np.asarray(values, dtype=np.float64))


def _whole(name: str, values: NDArray[Any]) -> Array:
    return Array(name, values.dtype.name, values.shape, lambda: iter((values,)))


def _bytes(piece: NDArray[Any], array: Array) -> bytes:
    """In little-endian order, as both kinds of files have it."""
    return np.ascontiguousarray(piece, dtype=np.dtype(array.dtype).newbyteorder("<")).tobytes()


def _write_npz(
    arrays: list[Array], texts: dict[str, str], file: BinaryIO, progress: Progress
) -> None:
    """Texts are arrays of no dimension: ``str(numbers["runs"])``."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for name, text in texts.items():
            with archive.open(f"{name}.npy", "w") as entry:
                np.lib.format.write_array(entry, np.asarray(text), allow_pickle=False)
        for done, array in enumerate(arrays):
            with archive.open(f"{array.name}.npy", "w", force_zip64=True) as entry:
                entry.write(_npy_header(array))
                for piece in array.pieces():
                    entry.write(_bytes(piece, array))
            progress(done + 1, len(arrays))


def _npy_header(array: Array) -> bytes:
    header = io.BytesIO()
    values = {
        "descr": np.dtype(array.dtype).newbyteorder("<").str,
        "fortran_order": False,
        "shape": array.shape,
    }
    np.lib.format.write_array_header_1_0(header, values)
    return header.getvalue()


def _write_safetensors(
    arrays: list[Array], texts: dict[str, str], file: BinaryIO, progress: Progress
) -> None:
    """Its length, a header in JSON, and the bytes of all arrays (huggingface.co/docs/safetensors).

    The library's own writer takes all arrays whole, and a copy of them.
    """
    arrays = sorted(arrays, key=lambda a: (-np.dtype(a.dtype).itemsize, a.name))
    header: dict[str, Any] = {"__metadata__": texts}
    end = 0
    for array in arrays:
        start, end = end, end + array.nbytes
        header[array.name] = {
            "dtype": KINDS[array.dtype],
            "shape": list(array.shape),
            "data_offsets": [start, end],
        }
    content = json.dumps(header, separators=(",", ":")).encode()
    content += b" " * (-len(content) % 8)
    file.write(len(content).to_bytes(8, "little") + content)
    for done, array in enumerate(arrays):
        for piece in array.pieces():
            file.write(_bytes(piece, array))
        progress(done + 1, len(arrays))


def model_note(run: Trajectory) -> dict[str, str]:
    """Which model made a run: its name, and the hash of its weights."""
    return {"name": run.model.name, "weights": run.model.weights_hash}
