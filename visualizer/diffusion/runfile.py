"""Trajectory ◄─► one ``.denoise`` file.

The file is a safetensors container, which any safetensors library opens: ``latents/K`` and
``prediction/K`` for Step K, ``unconditional/K`` and ``conditional/K`` for what the model said
without and with the prompt, ``trial/K/J/…`` for what a solver tried after it, ``picture/K/VIEW``
(PNG bytes), ``final`` and ``extra/SHA256``. Its metadata has four texts: ``format``, ``version``,
``run`` (everything else, as JSON) and ``sha256``, taken over the whole file with 64 zeros in its
own place. Nothing in a run file is ever executed. See docs/run-files.md.
"""

from __future__ import annotations

import hashlib
import json
import math
import stat
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy
from numpy.typing import NDArray

from visualizer.diffusion.arrays import read_only
from visualizer.diffusion.atomic import WriteError, display_name, replacing
from visualizer.diffusion.clipping import Clip
from visualizer.diffusion.layout import GRID, LatentLayout
from visualizer.diffusion.noise import NoiseLevel
from visualizer.diffusion.parameterization import PREDICTION_TYPES
from visualizer.diffusion.request import RequestError, SamplingRequest
from visualizer.diffusion.step import Guidance, Step, Trial
from visualizer.diffusion.stored_pictures import STORED_VIEWS, StoredPictures, gather
from visualizer.diffusion.trajectory import ModelIdentity, Trajectory

FORMAT = "denoising-visualizer run"
VERSION = 2
SUFFIX = ".denoise"
MAX_HEADER = 64 * 2**20  # bytes; a run of 10 000 steps needs about 5 MiB
MAX_FILE = 8 * 2**30

_UNSIGNED = "0" * 64
_ANSWERS = ("unconditional", "conditional")
_KEPT_KINDS = frozenset({"float64", "float32", "float16"})
Tensors = dict[str, NDArray[Any]]


class RunFileError(Exception):
    """A run that cannot be saved or opened; its text is a sentence for a person."""


# --- Saving ---------------------------------------------------------------------------------------


def save(trajectory: Trajectory, path: Path, *, decode: bool = True) -> None:
    """Write a run, atomically: a former file stays as it was until the new one is whole.

    Args:
        trajectory: any run, also one that was stopped half-way.
        path: where; the folder must exist.
        decode: decode the pictures that are not stored yet through ``trajectory.decoder``, so that
            the file can be looked at without the model. False saves at once.

    Raises:
        RunFileError: with a sentence, when it cannot be written.
    """
    tensors: Tensors = {}
    for k, step in enumerate(trajectory.steps):
        tensors.update(_step_tensors(k, step))
    for (k, view), png in gather(trajectory, decode=decode).items():
        tensors[f"picture/{k}/{view}"] = np.frombuffer(png, dtype=np.uint8)
    if trajectory.final is not None:
        tensors["final"] = np.ascontiguousarray(trajectory.final)
    byte_orders = {}
    for array in _arrays_in(trajectory.request.extra):
        content = np.ascontiguousarray(array).tobytes()
        name = hashlib.sha256(content).hexdigest()
        tensors[f"extra/{name}"] = np.frombuffer(content, dtype=np.uint8)
        byte_orders[name] = array.dtype.str

    run = {**_describe(trajectory), "byte_orders": byte_orders}
    metadata = {
        "format": FORMAT,
        "version": str(VERSION),
        "run": json.dumps(run),
        "sha256": _UNSIGNED,
    }
    content = safetensors.numpy.save(tensors, metadata)
    try:
        with replacing(path) as file:
            for piece in _signed(content):
                file.write(piece)
    except WriteError as error:
        raise RunFileError(str(error)) from error


def _describe(trajectory: Trajectory) -> dict[str, Any]:
    """Everything but the arrays, as JSON values."""
    return {
        "request": trajectory.request.to_json(),
        "model": asdict(trajectory.model),
        "sampler": trajectory.sampler,
        "seconds": trajectory.seconds,
        "notice": trajectory.notice,
        "cancelled": trajectory.cancelled,
        "planned": [_level_to_json(level) for level in trajectory.planned],
        "timesteps": list(trajectory.timesteps),
        "steps": [
            {
                "timestep": step.timestep,
                "level": _level_to_json(step.noise_level),
                "prediction_type": step.prediction_type,
                "stage": step.stage,
                "trials": [trial.timestep for trial in step.trials],
                "layout": step.layout.to_json(),
                "clip": None if step.clip is None else [step.clip.limit, step.clip.quantile],
                "weight": None if step.guidance is None else step.guidance.weight,
            }
            for step in trajectory.steps
        ],
    }


def _step_tensors(k: int, step: Step) -> Iterator[tuple[str, NDArray[Any]]]:
    yield f"latents/{k}", _kept(step.latents)
    if step.prediction is not None:
        yield f"prediction/{k}", _kept(step.prediction)
    if step.guidance is not None:
        yield f"unconditional/{k}", _kept(step.guidance.unconditional)
        if step.guidance.conditional is not None:
            yield f"conditional/{k}", _kept(step.guidance.conditional)
    for j, trial in enumerate(step.trials):
        yield f"trial/{k}/{j}/latents", _kept(trial.latents)
        yield f"trial/{k}/{j}/prediction", _kept(trial.prediction)


def _kept(array: NDArray[Any]) -> NDArray[Any]:
    if array.dtype.name not in _KEPT_KINDS:
        raise RunFileError(f"A run file cannot keep numbers of the kind '{array.dtype.name}'.")
    return np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("="))


def _arrays_in(value: Any) -> Iterator[NDArray[Any]]:
    """Every array within the ``extra`` of a request."""
    if isinstance(value, Mapping):
        for item in value.values():
            yield from _arrays_in(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _arrays_in(item)
    elif value is not None and not isinstance(value, (str, bool, int, float)):
        array = np.asarray(value)
        if array.dtype.kind not in "biufc":
            raise RunFileError(f"A run file cannot keep values of the kind '{array.dtype.name}'.")
        yield array


def _signed(content: bytes) -> Iterator[bytes | memoryview]:
    """The pieces of the file, with the digest in its place."""
    end = 8 + int.from_bytes(content[:8], "little")
    digest = hashlib.sha256(content).hexdigest()
    # quotes inside the metadata's texts are escaped, so this is found only where it belongs
    yield content[:end].replace(f'"sha256":"{_UNSIGNED}"'.encode(), f'"sha256":"{digest}"'.encode())
    yield memoryview(content)[end:]


# --- Opening --------------------------------------------------------------------------------------


def load(path: Path) -> Trajectory:
    """Read a run: bit for bit what was saved, without its decoder.

    Raises:
        RunFileError: with a sentence, for whatever is not a whole and unchanged run file.
    """
    name = display_name(path)
    content = _read(path, name)
    metadata = _check_container(content, name)
    try:
        tensors = safetensors.numpy.load(content)
        run = json.loads(metadata["run"])
        return _rebuild(run, {key: read_only(array) for key, array in tensors.items()})
    except RequestError as error:
        raise RunFileError(f"'{name}' cannot be opened. {error}") from error
    except (
        safetensors.SafetensorError,
        ArithmeticError,
        AttributeError,
        LookupError,
        RecursionError,
        TypeError,
        ValueError,
    ) as error:
        raise RunFileError(f"'{name}' is a run file whose parts do not fit together.") from error


def _read(path: Path, name: str) -> bytes:
    try:
        found = path.stat()
        if stat.S_ISDIR(found.st_mode):
            raise RunFileError(f"'{name}' is a folder, not a run file.")
        if not stat.S_ISREG(found.st_mode):  # a pipe would be waited for without end
            raise RunFileError(f"'{name}' is not a run file.")
        if found.st_size > MAX_FILE:
            raise RunFileError(f"'{name}' is too large to be a run file.")
        return path.read_bytes()
    except FileNotFoundError as error:
        raise RunFileError(f"There is no file '{name}'.") from error
    except PermissionError as error:
        raise RunFileError(f"You may not read '{name}'.") from error
    except MemoryError as error:
        raise RunFileError(f"'{name}' does not fit into memory.") from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = error.strerror if isinstance(error, OSError) else None
        raise RunFileError(f"'{name}' cannot be read: {reason or error}.") from error


def _check_container(content: bytes, name: str) -> Mapping[str, str]:
    """The metadata of a run file that is whole, unchanged and of a version known here."""
    if not content:
        raise RunFileError(f"'{name}' is empty.")
    no_run = RunFileError(f"'{name}' is not a run file.")
    length = int.from_bytes(content[:8], "little")
    if length > MAX_HEADER or content[8:9] != b"{":
        raise no_run
    if len(content) < 8 + length:
        raise RunFileError(f"'{name}' is incomplete: its end is missing.")
    try:
        header = json.loads(content[8 : 8 + length])
        metadata = header.pop("__metadata__", None)
        size = max((int(tensor["data_offsets"][1]) for tensor in header.values()), default=0)
    except (AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise no_run from error
    if not isinstance(metadata, dict) or metadata.get("format") != FORMAT:
        raise no_run
    try:
        newer = int(metadata["version"]) > VERSION
        digest = str(metadata["sha256"])
    except (LookupError, TypeError, ValueError) as error:
        raise no_run from error
    if newer:
        raise RunFileError(
            f"'{name}' was saved by a newer version of this program. Update it to open the run."
        )
    if len(content) < 8 + length + size:
        raise RunFileError(f"'{name}' is incomplete: its end is missing.")
    if _digest_of(content, 8 + length, digest) != digest:
        raise RunFileError(f"'{name}' is damaged: something in it changed after it was saved.")
    return metadata


def _digest_of(content: bytes, end: int, digest: str) -> str:
    """The digest of a whole file, with zeros where it keeps its own."""
    place = f'"sha256":"{digest}"'.encode("utf-8", "replace")
    unsigned = f'"sha256":"{_UNSIGNED}"'.encode()
    found = hashlib.sha256(content[:end].replace(place, unsigned))
    found.update(memoryview(content)[end:])
    return found.hexdigest()


def _rebuild(run: Mapping[str, Any], tensors: Tensors) -> Trajectory:
    request = dict(run["request"])
    request["extra"] = _attach(request.get("extra", {}), tensors, run.get("byte_orders", {}))
    steps = tuple(_rebuild_step(k, step, tensors) for k, step in enumerate(run["steps"]))
    final = tensors.get("final")
    if final is not None and (final.dtype != np.uint8 or final.shape[2:] != (3,) or not final.size):
        raise ValueError("the final picture is no picture")
    pngs = {
        (k, view): tensors[f"picture/{k}/{view}"].tobytes()
        for k in range(len(steps))
        for view in STORED_VIEWS
        if f"picture/{k}/{view}" in tensors
    }
    known = {name: run["model"][name] for name in ModelIdentity.__dataclass_fields__}
    return Trajectory(
        request=SamplingRequest.from_json(request),
        model=ModelIdentity(**known),
        steps=steps,
        planned=tuple(_level_from_json(level) for level in run["planned"]),
        timesteps=tuple(float(t) for t in run["timesteps"]),
        cancelled=bool(run["cancelled"]),
        final=final,
        pictures=StoredPictures(pngs),
        sampler=str(run["sampler"]),
        seconds=float(run["seconds"]),
        notice=str(run["notice"]),
    )


def _rebuild_step(k: int, step: Mapping[str, Any], tensors: Tensors) -> Step:
    if step["prediction_type"] not in PREDICTION_TYPES:
        raise ValueError(f"unknown prediction type {step['prediction_type']!r}")
    latents, prediction = tensors[f"latents/{k}"], tensors.get(f"prediction/{k}")
    layout = LatentLayout.from_json(step["layout"]) if "layout" in step else GRID
    least = 1 if layout.arrangement == "embedding" else 2
    if latents.ndim < least or latents.dtype.kind != "f":
        raise ValueError("latents of a wrong shape")
    if prediction is not None and prediction[: len(latents)].shape != latents.shape:
        raise ValueError("a prediction of another shape than its latent")
    layout.spatial(latents)  # raises where the numbers cannot lie so
    trials = tuple(
        Trial(float(t), tensors[f"trial/{k}/{j}/latents"], tensors[f"trial/{k}/{j}/prediction"])
        for j, t in enumerate(step["trials"])
    )
    return Step(
        index=k,
        timestep=_finite(step["timestep"]),
        noise_level=_level_from_json(step["level"]),
        latents=latents,
        prediction=prediction,
        prediction_type=step["prediction_type"],
        stage=str(step["stage"]),
        trials=trials,
        layout=layout,
        clip=_clip_from_json(step.get("clip")),
        guidance=_rebuild_guidance(k, step, tensors),
    )


def _rebuild_guidance(k: int, step: Mapping[str, Any], tensors: Tensors) -> Guidance | None:
    unconditional, conditional = (tensors.get(f"{name}/{k}") for name in _ANSWERS)
    if unconditional is None:
        return None
    weight = step.get("weight")
    for answer in (unconditional, conditional):
        if answer is not None and answer.shape != tensors[f"latents/{k}"].shape:
            raise ValueError("an answer of another shape than its latent")
    if conditional is None and not weight:
        raise ValueError("guidance without a weight")
    return Guidance(unconditional, conditional, None if weight is None else _finite(weight))


def _clip_from_json(values: Any) -> Clip | None:
    if values is None:
        return None
    limit, quantile = values
    quantile = None if quantile is None else _finite(quantile)
    if quantile is not None and not 0 <= quantile <= 1:
        raise ValueError("no quantile")
    return Clip(_finite(limit), quantile)


def _attach(value: Any, tensors: Tensors, byte_orders: Mapping[str, str]) -> Any:
    """``extra`` as it was: descriptions of arrays replaced by the arrays."""
    if isinstance(value, list):
        return [_attach(item, tensors, byte_orders) for item in value]
    if not isinstance(value, dict):
        return value
    content = tensors.get(f"extra/{value.get('array')}")
    if content is None or set(value) != {"array", "shape", "dtype"}:
        return {key: _attach(item, tensors, byte_orders) for key, item in value.items()}
    dtype = np.dtype(str(byte_orders.get(str(value["array"]), value["dtype"])))
    if dtype.kind not in "biufc" or dtype.name != value["dtype"]:
        dtype = np.dtype(str(value["dtype"]))  # the same bytes, stored as two kinds of numbers
    return read_only(np.frombuffer(content.tobytes(), dtype).reshape(value["shape"]))


def _finite(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError("no finite number")
    return number


def _level_to_json(level: NoiseLevel) -> list[Any]:
    return [level.space, level.signal, level.noise]


def _level_from_json(values: Any) -> NoiseLevel:
    space, signal, noise = values
    signal, noise = _finite(signal), _finite(noise)
    if space not in ("vp", "ve", "flow") or signal == noise == 0:
        raise ValueError("no noise level")
    return NoiseLevel(space, signal, noise)
