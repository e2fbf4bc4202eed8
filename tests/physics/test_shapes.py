"""The shapes: of one size, the same for one seed, and refused where there is nothing."""

from __future__ import annotations

import numpy as np
import pytest

from visualizer.physics.shapes import HALF, WIDTH, NoPointsError, Shape, draw_points

DRAWN = Shape("by hand", strokes=(((-1.0, 0.0), (1.0, 0.0)), ((2.0, 2.0),)))
ALL = (Shape("swiss roll"), Shape("rings"), Shape("letters", "DIFFUSION"), DRAWN)


@pytest.mark.parametrize("shape", ALL, ids=lambda shape: shape.name)
def test_a_seed_means_the_same_points_and_another_one_others(shape: Shape) -> None:
    points = draw_points(shape, 500, 7)
    assert points.shape == (500, 2)
    assert points.dtype == np.float32
    np.testing.assert_array_equal(points, draw_points(shape, 500, 7))
    assert not np.array_equal(points, draw_points(shape, 500, 8))
    assert np.abs(points).max() < HALF


@pytest.mark.parametrize("shape", ALL[:3], ids=lambda shape: shape.name)
def test_a_shape_is_as_large_as_the_gaussian_that_it_becomes(shape: Shape) -> None:
    points = draw_points(shape, 4000, 7).astype(np.float64)
    np.testing.assert_allclose(points.mean(axis=0), 0, atol=0.01)
    assert (points**2).mean() == pytest.approx(1 + WIDTH**2, abs=0.01)


def test_rings_are_rings_and_a_spiral_is_a_spiral() -> None:
    radii = np.linalg.norm(draw_points(Shape("rings"), 3000, 7), axis=1)
    rings = np.array([1.0, 2.0, 3.0])
    middles = rings / np.sqrt(((rings**3) / rings.sum()).sum() / 2)  # of the mean square 2
    away = np.abs(radii[:, None] - middles).min(axis=1)
    assert np.quantile(away, 0.99) < 4 * WIDTH
    spiral = Shape("swiss roll")
    assert np.linalg.norm(draw_points(spiral, 3000, 7), axis=1).std() > 5 * WIDTH


def test_letters_can_be_told_apart() -> None:
    middle = np.abs(draw_points(Shape("letters", "O"), 2000, 7)).max(axis=1)
    assert middle.min() > 0.3  # nothing is inside of an O
    assert np.abs(draw_points(Shape("letters", "I"), 2000, 7)).max(axis=1).min() < 0.1


def test_what_a_hand_drew_stays_where_it_was_drawn() -> None:
    points = draw_points(DRAWN, 2000, 7)
    on_line = points[points[:, 1] < 1]
    assert np.abs(on_line[:, 1]).max() < 5 * WIDTH
    assert on_line[:, 0].min() == pytest.approx(-1, abs=0.1)
    dot = points[points[:, 1] >= 1]
    assert len(dot)
    assert np.abs(dot - 2).max() < 5 * WIDTH


@pytest.mark.parametrize("shape", [Shape("letters", ""), Shape("letters", " "), Shape("by hand")])
def test_nothing_to_draw_from_is_refused_with_a_sentence(shape: Shape) -> None:
    with pytest.raises(NoPointsError, match=r"Type one|Draw something"):
        draw_points(shape, 10, 7)
