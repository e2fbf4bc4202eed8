"""The entropy of a cloud, against clouds whose entropy is known."""

from __future__ import annotations

import numpy as np
import pytest

from visualizer.physics.entropy import GAUSSIAN, differential_entropy


def test_the_gaussian_s_line_is_its_entropy() -> None:
    """½ log det(2πe·I) in the plane."""
    covariance = 2 * np.pi * np.e * np.eye(2)
    assert pytest.approx(0.5 * np.log(np.linalg.det(covariance))) == GAUSSIAN


@pytest.mark.parametrize("spread", [np.eye(2), np.diag([2.0, 0.1]), np.array([[1, 0.9], [0.9, 1]])])
def test_of_gaussian_clouds(spread: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> None:
    random = np.random.default_rng(7)
    cloud = random.multivariate_normal([3, -1], spread, 2000).astype(np.float32)
    exact = 0.5 * np.log(np.linalg.det(2 * np.pi * np.e * spread))
    assert differential_entropy(cloud) == pytest.approx(exact, abs=0.08)


def test_of_a_square_and_of_a_larger_one() -> None:
    square = np.random.default_rng(7).uniform(0, 1, (2000, 2)).astype(np.float32)
    assert differential_entropy(square) == pytest.approx(0, abs=0.08)
    larger = differential_entropy(4 * square) - differential_entropy(square)
    assert larger == pytest.approx(2 * np.log(4), abs=1e-3)


def test_dots_on_one_another_have_a_finite_one() -> None:
    assert np.isfinite(differential_entropy(np.zeros((50, 2), dtype=np.float32)))
