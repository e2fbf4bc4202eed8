"""What the network said with and without the prompt, found in the outputs of its calls of a step.

Pipelines ask for both in one batch, in either order, or in two calls, the prompted one first; some
turn the sign round or bend the result afterwards. Nothing of that is written again here: the two
answers are taken as they came, and what the pipeline made of them is measured against the
prediction that it handed on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from visualizer.diffusion.arrays import FloatArray, read_only
from visualizer.diffusion.families import Family
from visualizer.diffusion.step import Guidance

_TOLERANCE = {"float16": 2e-2, "float32": 2e-3, "float64": 2e-3}


def answers(
    outputs: Sequence[Any],
    sample: torch.Tensor,
    lanes: int,
    family: Family,
    *,
    perturbed: bool = False,
) -> tuple[torch.Tensor, torch.Tensor] | None:
    """(u, c): the outputs without and with the prompt, in the prediction's sign and shape.

    Args:
        outputs: what the denoisers returned since the last step, in order.
        perturbed: the batch ends with an answer with perturbed attention (Ahn et al. 2024).
        sample: (lanes, …) as handed to ``scheduler.step``.

    None where the network was not asked for both.
    """
    tensors = [t for t in map(_tensor_of, outputs) if t is not None]
    together = bool(tensors) and len(tensors[0]) >= 2 * lanes
    parts: list[torch.Tensor] = []
    for tensor in tensors:
        if len(tensor) % lanes:
            return None
        parts += tensor.chunk(len(tensor) // lanes)
    if len(parts) < 2 + perturbed:
        return None
    first_is_conditional = not together or family.conditional_first
    c, u = parts[:2] if first_is_conditional else (parts[1], parts[0])
    u_like, c_like = _like(u, sample, family), _like(c, sample, family)
    if u_like is None or c_like is None:
        return None
    return (-u_like, -c_like) if family.turned else (u_like, c_like)


def guidance(
    u: NDArray[Any], c: NDArray[Any], prediction: NDArray[Any], dtype: str = "float32"
) -> Guidance | None:
    """How one lane's prediction was made of u and c.

    Args:
        dtype: what the network computes with; its rounding bounds how well u + w (c − u) fits.

    None where u and c are the same: there was nothing to guide by.
    """
    p = np.asarray(prediction[: len(u)], dtype=np.float32).ravel()
    flat_u, flat_c = (np.asarray(a, dtype=np.float32).ravel() for a in (u, c))
    if not np.any(flat_c - flat_u):
        return None
    weight, rest = _mixture(flat_u, flat_c, p)
    if weight and rest <= _TOLERANCE.get(dtype, 2e-2):
        return Guidance(read_only(u), None, weight)
    return Guidance(read_only(u), read_only(c), None)


def _mixture(u: FloatArray, c: FloatArray, p: FloatArray) -> tuple[float, float]:
    """(w, what is left over): the w for which u + w (c − u) comes nearest to p."""
    towards = c - u
    square = float(towards @ towards)
    weight = float((p - u) @ towards) / square
    size = abs(weight) * float(np.sqrt(square)) + float(np.linalg.norm(p))
    return weight, float(np.linalg.norm(p - u - weight * towards)) / size


def _tensor_of(output: Any) -> torch.Tensor | None:
    """The one tensor in what a denoiser returns: a tuple, an output object, or a list a picture."""
    if isinstance(output, torch.Tensor):
        return output
    if isinstance(output, tuple):
        return _tensor_of(output[0]) if output else None
    if isinstance(output, list):
        same = {o.shape for o in output if isinstance(o, torch.Tensor)}
        return torch.stack(output) if len(same) == 1 else None
    for name in ("sample", "predicted_image_embedding"):
        if hasattr(output, name):
            return _tensor_of(getattr(output, name))
    return None


def _like(part: torch.Tensor, sample: torch.Tensor, family: Family) -> torch.Tensor | None:
    """The part of an output that stands for the sample: no learned variance, no other tokens."""
    if part.ndim == sample.ndim + 1 and part.shape[2] == 1:  # one frame
        part = part[:, :, 0]
    if part.ndim != sample.ndim:
        return None
    wanted = sample.shape[1]
    if part.shape[1] > wanted:
        tokens = sample.ndim == 3 and family.last_tokens
        part = part[:, -wanted:] if tokens else part[:, :wanted]
    return part if part.shape == sample.shape else None
