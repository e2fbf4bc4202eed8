"""Levels: how much noise there is at every moment, and the way into noise in closed form."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from visualizer.physics.shapes import Points

COUNT = 241
"""Moments on the way, both ends included."""
LEAST_SIGNAL: Final = 1e-3
"""ᾱ of the noisiest level: of the shape's variance a thousandth is left."""


def alphas_cumprod(count: int = COUNT) -> NDArray[np.float64]:
    """ᾱ of every level, from 1 (the shape) to LEAST_SIGNAL (noise), falling.

    A cosine schedule (Nichol & Dhariwal 2021, eq. 17, without its offset): ᾱ = cos²θ, with θ in
    equal steps, so that the cloud changes evenly all the way.
    """
    noisiest = np.arccos(np.sqrt(LEAST_SIGNAL))
    return np.asarray(np.cos(np.linspace(0.0, noisiest, count)) ** 2)


def diffused(x0: Points, eps: Points, alpha_bar: float) -> Points:
    """x_t = √ᾱ x₀ + √(1−ᾱ) ε (Ho et al. 2020, eq. 4): variance preserving."""
    return np.asarray(np.sqrt(alpha_bar) * x0 + np.sqrt(1 - alpha_bar) * eps, dtype=np.float32)
