"""Steps, noise levels and the arrays of a request ◄─► tensors and JSON values of a file."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visualizer.diffusion.arrays import read_only
from visualizer.diffusion.clipping import Clip
from visualizer.diffusion.container import RunFileError, Tensors
from visualizer.diffusion.layout import GRID, LatentLayout
from visualizer.diffusion.noise import NoiseLevel
from visualizer.diffusion.parameterization import PREDICTION_TYPES
from visualizer.diffusion.request import SamplingRequest
from visualizer.diffusion.starts import MAX_DEPTH, FromPicture, FromStep
from visualizer.diffusion.step import Guidance, Step, Trial

_ANSWERS = ("unconditional", "conditional")
_KEPT_KINDS = frozenset({"float64", "float32", "float16"})


# --- Steps ----------------------------------------------------------------------------------------


def step_to_json(step: Step) -> dict[str, Any]:
    """Everything of a step but its arrays, as JSON values."""
    return {
        "timestep": step.timestep,
        "level": level_to_json(step.noise_level),
        "prediction_type": step.prediction_type,
        "stage": step.stage,
        "trials": [trial.timestep for trial in step.trials],
        "layout": step.layout.to_json(),
        "clip": None if step.clip is None else [step.clip.limit, step.clip.quantile],
        "weight": None if step.guidance is None else step.guidance.weight,
    }


def step_tensors(k: int, step: Step) -> Iterator[tuple[str, NDArray[Any]]]:
    """The arrays of a step by name; ``k`` is its number in the file.

    Raises:
        RunFileError: for kinds of numbers that a file cannot keep.
    """
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


def rebuild_step(k: int, step: Mapping[str, Any], tensors: Tensors, index: int) -> Step:
    """The inverse of ``step_to_json`` and ``step_tensors``.

    Args:
        k: its number in the file.
        index: its number in its run.

    Raises:
        ArithmeticError, LookupError, TypeError, ValueError: for what does not fit together.
    """
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
        index=index,
        timestep=_finite(step["timestep"]),
        noise_level=level_from_json(step["level"]),
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


def _kept(array: NDArray[Any]) -> NDArray[Any]:
    if array.dtype.name not in _KEPT_KINDS:
        raise RunFileError(f"A run file cannot keep numbers of the kind '{array.dtype.name}'.")
    return np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("="))


def _finite(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError("no finite number")
    return number


def level_to_json(level: NoiseLevel) -> list[Any]:
    """JSON values only."""
    return [level.space, level.signal, level.noise]


def level_from_json(values: Any) -> NoiseLevel:
    """The inverse of ``level_to_json``.

    Raises:
        TypeError, ValueError: for what is no noise level.
    """
    space, signal, noise = values
    signal, noise = _finite(signal), _finite(noise)
    if space not in ("vp", "ve", "flow") or signal == noise == 0:
        raise ValueError("no noise level")
    return NoiseLevel(space, signal, noise)


# --- Requests -------------------------------------------------------------------------------------


def request_tensors(*requests: SamplingRequest) -> tuple[Tensors, dict[str, str]]:
    """The arrays in ``extra`` of requests, the pictures they start from, and their parents' too.

    Returns:
        The bytes of each array by name, and the byte orders by the hash of the content.
    """
    tensors: Tensors = {}
    byte_orders: dict[str, str] = {}
    for request in requests:
        for array in _arrays_of(request):
            content = np.ascontiguousarray(array).tobytes()
            name = hashlib.sha256(content).hexdigest()
            tensors[f"extra/{name}"] = np.frombuffer(content, dtype=np.uint8)
            byte_orders[name] = array.dtype.str
    return tensors, byte_orders


def rebuild_request(
    values: Mapping[str, Any], tensors: Tensors, byte_orders: Mapping[str, str]
) -> SamplingRequest:
    """A request as it was, with the arrays of its ``extra`` and the picture it starts from.

    Raises:
        RequestError: with a sentence, for what this version does not know.
        LookupError, TypeError, ValueError: for what is no request.
    """
    return SamplingRequest.from_json(_with_arrays(values, tensors, byte_orders))


def _with_arrays(
    values: Mapping[str, Any], tensors: Tensors, byte_orders: Mapping[str, str], depth: int = 0
) -> dict[str, Any]:
    request = dict(values)
    request["extra"] = _attach(request.get("extra", {}), tensors, byte_orders)
    start = request.get("start")
    if isinstance(start, dict) and isinstance(start.get("parent"), dict) and depth <= MAX_DEPTH:
        parent = _with_arrays(start["parent"], tensors, byte_orders, depth + 1)
        request["start"] = {**start, "parent": parent}
    elif isinstance(start, dict) and start.get("kind") == FromPicture.kind:
        request["start"] = _attach(start, tensors, byte_orders)
    return request


def _arrays_of(request: SamplingRequest) -> Iterator[NDArray[Any]]:
    yield from _arrays_in(request.extra)
    if isinstance(request.start, FromStep):
        yield from _arrays_of(request.start.parent)
    elif isinstance(request.start, FromPicture):
        yield request.start.picture


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
