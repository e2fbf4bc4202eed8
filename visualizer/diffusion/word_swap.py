"""What another word changes, and from which step on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from visualizer.diffusion.arrays import FloatArray, Picture
from visualizer.diffusion.picture_difference import mean_distance

if TYPE_CHECKING:
    from visualizer.diffusion.model import Model
    from visualizer.diffusion.step import Step
    from visualizer.diffusion.trajectory import Trajectory

VISIBLE = 0.05
"""Two guesses this far apart differ visibly: 5 % of the way from black to white, root mean square
over the picture. Pictures that share nothing but their kind are 20 to 40 % apart."""


def guesses_apart(model: Model, a: Trajectory, b: Trajectory) -> Iterator[float]:
    """How far the guesses x̂₀ of two runs are apart as pictures, step after step.

    The distance is that of ``mean_distance``, 0 equal … 1 black against white, of what the fast
    decoder shows of both; the last one is that of the finished pictures. Each is counted when it
    is asked for: whoever waits for something else need not wait for all.
    """
    show = _shown_by(model)
    pairs = list(zip(a.steps[:-1], b.steps[:-1], strict=False))
    for k, (one, other) in enumerate(pairs):
        if k == len(pairs) - 1 and a.final is not None and b.final is not None:
            yield mean_distance(a.final, b.final)
        else:
            yield mean_distance(show(one), show(other))


def first_visible(apart: Sequence[float] | FloatArray) -> int | None:
    """The first step from which on two runs differ visibly, to their end; None where they do not.

    A difference that goes again, as many do in the first coarse guesses, is not meant:
    ``visible_before`` tells of it.
    """
    apart = np.asarray(apart)
    alike = np.flatnonzero(apart < VISIBLE)
    first = int(alike[-1]) + 1 if alike.size else 0
    return first if first < len(apart) else None


def visible_before(apart: Sequence[float] | FloatArray) -> float:
    """How far two runs were apart before a difference went again; 0 where none did so visibly."""
    first = first_visible(apart)
    most = float(np.max(np.asarray(apart)[:first], initial=0.0))
    return most if most >= VISIBLE else 0.0


def _shown_by(model: Model) -> Callable[[Step], Picture]:
    try:
        fast = model.fast_decoder
    except LookupError:  # nothing leads from pictures to latents of this model
        return lambda step: model.decode(step.denoised, step.layout)
    return lambda step: fast.show(step, "denoised")
