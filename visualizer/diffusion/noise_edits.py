"""Editing the noise that a run starts with: mixed, pasted into, mirrored, moved.

The pipeline draws its noise itself, in its own shape and scale; what it drew is edited before its
loop begins. Other seeds' noise comes from the same function with their generator, so that it is the
very noise with which their own runs start.
"""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from visualizer.diffusion import families
from visualizer.diffusion.families import Family
from visualizer.diffusion.layout import LatentLayout
from visualizer.diffusion.request import RequestError
from visualizer.diffusion.starts import EditedNoise, Flip, Mix, NoiseEdit, Paste, Shift

_METHODS = ("prepare_latents", "prepare_intermediate_images")
CANNOT_EDIT = "The starting noise of this model cannot be edited: it draws it in its own way."
LayoutOf = Callable[[tuple[int, ...]], LatentLayout]
Noise = NDArray[Any]


def edited(
    noise: Noise, edits: Sequence[NoiseEdit], other: Callable[[int], Noise], layout: LatentLayout
) -> Noise:
    """The noise after some edits, in their order.

    Args:
        noise: one latent in its layout, at any scale.
        other: the noise of another seed, at the same scale.
    """
    for edit in edits:
        if isinstance(edit, Mix):
            noise = slerp(noise, other(edit.seed), edit.amount)
            continue
        x = layout.spatial(noise)
        if isinstance(edit, Paste):
            x = _pasted(x, layout.spatial(other(edit.seed)), edit)
        elif isinstance(edit, Flip):
            x = np.flip(x, axis=-1 if edit.axis == "horizontal" else -2)
        elif isinstance(edit, Shift):
            height, width = x.shape[-2:]
            moved = round(edit.down * height), round(edit.right * width)
            x = np.roll(x, moved, axis=(-2, -1))
        noise = layout.packed(np.ascontiguousarray(x), noise)
    return noise


def slerp(a: Noise, b: Noise, amount: float) -> Noise:
    """Spherical interpolation (Shoemake 1985): sin((1−t)ω)/sin ω · a + sin(tω)/sin ω · b.

    ω is the angle between the two, about 90° for independent noise; 0 gives a and 1 gives b, bit
    for bit.
    """
    if amount in (0.0, 1.0):
        return a if amount == 0.0 else b
    flat_a, flat_b = (x.astype(np.float64).ravel() for x in (a, b))
    lengths = float(np.linalg.norm(flat_a) * np.linalg.norm(flat_b))
    cosine = float(flat_a @ flat_b) / lengths if lengths else 1.0
    omega = math.acos(min(max(cosine, -1.0), 1.0))
    if math.sin(omega) < 1e-6:  # the same noise, or its opposite: no arc leads there
        mixed = (1 - amount) * flat_a + amount * flat_b
    else:
        towards_a = math.sin((1 - amount) * omega) / math.sin(omega)
        mixed = towards_a * flat_a + math.sin(amount * omega) / math.sin(omega) * flat_b
    return mixed.reshape(a.shape).astype(a.dtype)


def _pasted(x: Noise, other: Noise, edit: Paste) -> Noise:
    height, width = x.shape[-2:]
    left, top = math.floor(edit.left * width), math.floor(edit.top * height)
    right, bottom = math.ceil(edit.right * width), math.ceil(edit.bottom * height)
    result = x.copy()
    result[..., top:bottom, left:right] = other[..., top:bottom, left:right]
    return result


def drawing_of(pipeline: Any) -> tuple[Any, str] | None:
    """(owner, method) of what draws the noise of the picture's loop; None where none is known."""
    for owner in reversed([*families.pipelines_in(pipeline)]):
        if getattr(owner, "scheduler", None) is not pipeline.scheduler and owner is not pipeline:
            continue
        for method in _METHODS:
            function = getattr(owner, method, None)
            if function is not None and "generator" in inspect.signature(function).parameters:
                return owner, method
    return None


def check_can_edit(pipeline: Any, family: Family, edits: Sequence[NoiseEdit]) -> None:
    """Refuse pipelines whose noise is drawn in a way that is not known here.

    Raises:
        RequestError: with a sentence.
    """
    if drawing_of(pipeline) is None:
        raise RequestError(CANNOT_EDIT)
    if family.draws_first and any(isinstance(edit, (Mix, Paste)) for edit in edits):
        raise RequestError(
            "This model draws other random numbers before its noise, so that the noise of another "
            "seed is not known. It can be flipped and shifted."
        )


@contextmanager
def changed_noise(
    pipeline: Any,
    change: Callable[[torch.Tensor, Callable[[int], torch.Tensor]], torch.Tensor],
) -> Iterator[None]:
    """In this context, what the pipeline starts its loop with goes through ``change``.

    Args:
        change: (what was drawn, with which a seed's batch is drawn) ► what to start with.
    """
    found = drawing_of(pipeline)
    if found is None:
        raise RequestError(CANNOT_EDIT)
    owner, method = found
    real = getattr(owner, method)
    signature = inspect.signature(real)

    @functools.wraps(real)
    def drawn(*args: Any, **kwargs: Any) -> Any:
        result = real(*args, **kwargs)

        def of_seed(seed: int) -> torch.Tensor:
            bound = signature.bind(*args, **kwargs)
            given = bound.arguments.get("generator")
            count = len(given) if isinstance(given, list) else 0
            bound.arguments["generator"] = (
                [torch.Generator("cpu").manual_seed(seed) for _ in range(count)]
                if count
                else torch.Generator("cpu").manual_seed(seed)
            )
            return _tensor_in(real(*bound.args, **bound.kwargs))

        tensor = change(_tensor_in(result), of_seed)
        return (tensor, *result[1:]) if isinstance(result, tuple) else tensor

    setattr(owner, method, drawn)
    try:
        yield
    finally:
        delattr(owner, method)


def edit_batch(
    x: torch.Tensor,
    starts: Sequence[Any],
    of_seed: Callable[[int], torch.Tensor],
    layout_of: LayoutOf,
) -> torch.Tensor:
    """A batch of starting noise, each picture's after its own edits.

    Args:
        starts: one a picture; what is no ``EditedNoise`` leaves its noise as it is.
        of_seed: the batch that a seed would draw.
        layout_of: the layout of a latent of some shape.
    """
    layout = layout_of(tuple(x.shape[1:]))
    drawn: dict[int, torch.Tensor] = {}
    result = x.clone()
    for lane, start in enumerate(starts):
        if not isinstance(start, EditedNoise):
            continue

        def other(seed: int, lane: int = lane) -> Noise:
            if seed not in drawn:
                drawn[seed] = of_seed(seed)
            return _array(drawn[seed][lane])

        made = edited(_array(x[lane]), start.edits, other, layout)
        result[lane] = torch.tensor(np.ascontiguousarray(made)).to(x.device, x.dtype)
    return result


def initial_scale(pipeline: Any) -> np.float32:
    """What a pipeline multiplies its noise by before the loop: the scale of its sampler."""
    return np.float32(getattr(pipeline.scheduler, "init_noise_sigma", 1.0))


def _array(tensor: torch.Tensor) -> Noise:
    tensor = tensor.detach()
    array: Noise = (tensor.float() if tensor.dtype == torch.bfloat16 else tensor).cpu().numpy()
    return array


def _tensor_in(result: Any) -> torch.Tensor:
    tensor = result[0] if isinstance(result, tuple) else result
    if not isinstance(tensor, torch.Tensor):
        raise RequestError(CANNOT_EDIT)
    return tensor
