"""Flows: particles on their way from noise to a shape, by chance (SDE) or on rails (ODE).

The stochastic way is the reverse-time SDE of Song et al. 2021 (eq. 6), taken in the steps of
ancestral sampling (Ho et al. 2020, eq. 7; Song et al. show in appendix E that these are one
discretization of it). The deterministic way is the probability flow ODE (Song et al. 2021,
eq. 13; Karras et al. 2022, eq. 3), taken in the steps of DDIM (Song, Meng & Ermon 2021, eq. 12 with
η = 0), which are Euler's in the scale of Karras.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from visualizer.diffusion.arrays import read_only
from visualizer.physics.levels import diffused
from visualizer.physics.shapes import Points

Way = Literal["forward", "sde", "ode"]
WAYS: tuple[Way, ...] = ("forward", "sde", "ode")
Denoise = Callable[[Points, float], Points]
"""(x_t, ᾱ) → x̂₀, the mean of the shapes that x_t may have come from."""


@dataclass(frozen=True, eq=False)
class Flow:
    """Where every particle is at every level.

    Attributes:
        frames: (levels, particles, 2) float32, read-only; level 0 is the shape, the last is noise.
        draft: of a network that still learns.
    """

    way: Way
    frames: NDArray[np.float32]
    draft: bool = False


def forward_flow(x0: Points, eps: Points, alphas: NDArray[np.float64]) -> Flow:
    """From the shape into noise, every level in closed form from the same ε.

    Each level has the very distribution that the chain of single steps gives it; the paths do not
    tremble as that chain's would.
    """
    frames = np.stack([diffused(x0, eps, float(a)) for a in alphas])
    return Flow("forward", read_only(frames))


def reverse_flow(
    way: Way,
    denoise: Denoise,
    start: Points,
    alphas: NDArray[np.float64],
    seed: int,
    *,
    ask_every: int = 1,
    draft: bool = False,
) -> Iterator[Flow | None]:
    """From noise to a shape. Yields None after every level, and the Flow at the end.

    Args:
        way: "sde" or "ode".
        start: particles at the last level.
        seed: of the noise that the SDE adds.
        ask_every: so many levels share one x̂₀; more than 1 is faster and coarser.
    """
    rng = np.random.default_rng(seed)
    frames = np.empty((len(alphas), *start.shape), dtype=np.float32)
    x = frames[-1] = start
    x0 = start
    for k in range(len(alphas) - 1, 0, -1):
        alpha, less = float(alphas[k]), float(alphas[k - 1])
        if (len(alphas) - 1 - k) % ask_every == 0:
            x0 = denoise(x, alpha)
        if way == "ode":
            x = ode_step(x, x0, alpha, less)
        else:
            z = rng.standard_normal(x.shape, dtype=np.float32)
            x = sde_step(x, x0, alpha, less, z)
        frames[k - 1] = x
        yield None
    yield Flow(way, read_only(frames), draft)


def noise_in(x: Points, x0: Points, alpha: float) -> Points:
    """ε̂ = (x − √ᾱ x̂₀) / √(1−ᾱ)."""
    return np.asarray((x - np.sqrt(alpha) * x0) / np.sqrt(1 - alpha), dtype=np.float32)


def score(x: Points, x0: Points, alpha: float) -> Points:
    """∇ log p_t(x) = −ε̂ / √(1−ᾱ) (Song et al. 2021; Vincent 2011)."""
    return np.asarray(-noise_in(x, x0, alpha) / np.sqrt(1 - alpha), dtype=np.float32)


def ode_step(x: Points, x0: Points, alpha: float, less: float) -> Points:
    """One step of the probability flow ODE, from ᾱ = ``alpha`` to the larger ``less``."""
    return diffused(x0, noise_in(x, x0, alpha), less)


def sde_step(x: Points, x0: Points, alpha: float, less: float, z: Points) -> Points:
    """One ancestral step from ᾱ = ``alpha`` to the larger ``less``; ``z`` is fresh noise."""
    kept = alpha / less  # α_t = 1 − β_t
    mean = (
        np.sqrt(less) * (1 - kept) / (1 - alpha) * x0 + np.sqrt(kept) * (1 - less) / (1 - alpha) * x
    )
    spread = np.sqrt((1 - less) / (1 - alpha) * (1 - kept))
    return np.asarray(mean + spread * z, dtype=np.float32)
