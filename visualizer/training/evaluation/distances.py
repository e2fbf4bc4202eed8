"""How varied pictures are, and how far they are from drawn ones, all at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def frechet(a: NDArray[np.floating], b: NDArray[np.floating]) -> float:
    """The Fréchet distance of the normal distributions fitted to features (N, D) and (M, D).

    |μ_a − μ_b|² + tr(C_a + C_b − 2 (C_a C_b)^½), as in Heusel et al. 2017, eq. 6. It counts the
    fewness of the pictures too: compare it with that of as many others.

    Raises:
        ValueError: when there are fewer than two of either.
    """
    if min(len(a), len(b)) < 2:
        raise ValueError("A Fréchet distance needs two pictures or more of either kind.")
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    apart = np.square(a.mean(0) - b.mean(0)).sum()
    cov_a, cov_b = np.atleast_2d(np.cov(a.T)), np.atleast_2d(np.cov(b.T))
    root_a = _square_root(cov_a)
    # C_a C_b has the eigenvalues of C_a^½ C_b C_a^½, which is symmetric
    mixed = np.linalg.eigvalsh(root_a @ cov_b @ root_a)
    cross = np.sqrt(np.maximum(mixed, 0)).sum()
    return float(max(apart + np.trace(cov_a) + np.trace(cov_b) - 2 * cross, 0.0))


def _square_root(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    values, vectors = np.linalg.eigh(matrix)
    root: NDArray[np.float64] = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    return root


def mean_distance(values: NDArray[np.generic]) -> float:
    """The mean distance of two of the rows (N, …): the root mean square of their difference.

    Raises:
        ValueError: when there are fewer than two.
    """
    if len(values) < 2:
        raise ValueError("Only two pictures or more can differ.")
    flat = values.reshape(len(values), -1).astype(np.float64)
    apart = [
        np.sqrt(np.square(flat[i] - flat[k]).mean()) for i in range(len(flat)) for k in range(i)
    ]
    return float(np.mean(apart))


def variety(values: NDArray[np.generic], drawn: NDArray[np.generic], each: int) -> float:
    """How far pictures of the same prompt differ, divided by how far drawn ones do.

    Args:
        values: (P · each, …), the `each` pictures of every prompt one after the other.
        drawn: the same of drawings.
    """
    starts = range(0, len(values), each)
    made = np.mean([mean_distance(values[k : k + each]) for k in starts])
    real = np.mean([mean_distance(drawn[k : k + each]) for k in starts])
    return float(made / real)
