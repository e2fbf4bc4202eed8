"""Distances against other ways to compute them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from visualizer.training.evaluation.distances import frechet, mean_distance, variety


def test_the_frechet_distance_of_one_number_is_what_the_formula_says() -> None:
    chance = np.random.default_rng(0)
    a, b = chance.normal(0, 1, (4000, 1)), chance.normal(3, 2, (4000, 1))
    expected = (a.mean() - b.mean()) ** 2 + (a.std(ddof=1) - b.std(ddof=1)) ** 2
    assert frechet(a, b) == pytest.approx(expected, rel=1e-6)


@settings(deadline=None)  # the first one imports scipy
@given(st.integers(0, 2**32), st.integers(1, 6), st.integers(3, 40))
def test_the_frechet_distance_agrees_with_scipys_matrix_root(seed: int, size: int, n: int) -> None:
    linalg = pytest.importorskip("scipy.linalg")
    chance = np.random.default_rng(seed)
    mixing = chance.normal(size=(size, size))
    a = chance.normal(size=(size + n, size)) @ mixing
    b = 1.5 * chance.normal(size=(size + 2 * n, size)) + chance.normal(size=size)
    ca, cb = np.atleast_2d(np.cov(a.T)), np.atleast_2d(np.cov(b.T))
    root = np.real(linalg.sqrtm(ca @ cb))
    expected = np.square(a.mean(0) - b.mean(0)).sum() + np.trace(ca + cb - 2 * root)
    assert frechet(a, b) == pytest.approx(expected, rel=1e-5, abs=1e-6)
    assert frechet(b, a) == pytest.approx(frechet(a, b), rel=1e-7, abs=1e-8)
    assert frechet(a, a) == pytest.approx(0, abs=1e-6)
    assert frechet(a + 2, b + 2) == pytest.approx(frechet(a, b), rel=1e-6, abs=1e-6)


def test_distances_need_two_pictures() -> None:
    with pytest.raises(ValueError, match="two pictures"):
        frechet(np.zeros((1, 3)), np.zeros((5, 3)))
    with pytest.raises(ValueError, match="two pictures"):
        mean_distance(np.zeros((1, 3)))


def test_variety_is_measured_in_units_of_the_drawn_ones() -> None:
    pictures = np.zeros((4, 2, 2, 3), np.uint8)
    pictures[1] = 10  # of the first prompt's pair one is 10 lighter everywhere
    pictures[3] = 30
    assert mean_distance(pictures[:2]) == pytest.approx(10)
    drawn = np.zeros_like(pictures)
    drawn[1::2] = 40
    assert variety(pictures, drawn, 2) == pytest.approx((10 + 30) / 2 / 40)
    three = np.array([[0.0, 0.0], [3.0, 3.0], [6.0, 6.0]])
    assert mean_distance(three) == pytest.approx((3 + 3 + 6) / 3)
