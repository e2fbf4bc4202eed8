"""Entropy: how spread out a cloud of particles is, estimated from the particles alone."""

from __future__ import annotations

from typing import Final

import numpy as np

from visualizer.physics.shapes import Points

GAUSSIAN: Final = float(np.log(2 * np.pi * np.e))
"""Of the standard Gaussian in the plane, in nats: no cloud of its variance has more."""
NEIGHBOR = 4
_ROWS = 500


def differential_entropy(x: Points, neighbor: int = NEIGHBOR) -> float:
    """In nats, after Kozachenko & Leonenko 1987: ψ(n) − ψ(k) + log π + 2/n Σ log r.

    Args:
        x: (particles, 2), at least ``neighbor`` + 1 of them.
        neighbor: k; r is the distance of a particle from its k-th nearest neighbor. A few rather
            than one: a little more bias, much less variance (Kraskov et al. 2004).
    """
    at = x.astype(np.float64)
    squares = (at**2).sum(axis=1)
    total = 0.0
    for first in range(0, len(at), _ROWS):
        rows = slice(first, first + _ROWS)
        away = squares[rows, None] + squares[None, :] - 2 * at[rows] @ at.T
        # the nearest of all is the particle itself
        r2 = np.partition(away, neighbor, axis=1)[:, neighbor]
        total += float(np.log(np.maximum(r2, 1e-18)).sum())
    harmonic = float((1 / np.arange(neighbor, len(at))).sum())  # ψ(n) − ψ(k)
    return harmonic + float(np.log(np.pi)) + total / len(at)
