"""The distance of two pictures, pixel by pixel, and its heat map."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from visualizer.diffusion.arrays import Picture
from visualizer.diffusion.picture_difference import (
    HEAT_TOP,
    brought_together,
    difference_map,
    enlarged,
    heat_colors,
    heat_picture,
    mean_distance,
)

SIDES = st.integers(1, 9)


@st.composite
def pictures(draw: st.DrawFn, shape: tuple[int, int] | None = None) -> Picture:
    height, width = shape or (draw(SIDES), draw(SIDES))
    return draw(arrays(np.uint8, (height, width, 3)))


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Picture, Picture]:
    a = draw(pictures())
    return a, draw(pictures((a.shape[0], a.shape[1])))


@given(pairs())
def test_a_pixel_s_distance_is_the_root_mean_square_of_its_colors(
    pair: tuple[Picture, Picture],
) -> None:
    a, b = pair
    exact = np.sqrt(np.mean((a / 255 - b / 255) ** 2, axis=2))
    np.testing.assert_allclose(difference_map(a, b), exact, atol=1e-6)
    assert mean_distance(a, b) == pytest.approx(
        float(np.sqrt(np.mean((a / 255 - b / 255) ** 2))), abs=1e-6
    )


@given(pairs(), st.integers(1, 9))
def test_a_smaller_map_has_the_root_mean_square_of_each_block(
    pair: tuple[Picture, Picture], most: int
) -> None:
    a, b = pair
    exact, small = difference_map(a, b), difference_map(a, b, most)
    factor = -(-max(a.shape[:2]) // most)
    assert max(small.shape) <= most
    for row, column in np.ndindex(small.shape):
        down, right = row * factor, column * factor
        block = exact[down : down + factor, right : right + factor]
        assert small[row, column] == pytest.approx(np.sqrt(np.mean(block**2)), abs=1e-5)


def test_large_pictures_are_compared_at_full_size() -> None:
    random = np.random.default_rng(0)
    a, b = (random.integers(0, 256, (300, 200, 3), dtype=np.uint8) for _ in range(2))
    exact = float(np.sqrt(np.mean((a / 255 - b / 255) ** 2)))
    assert mean_distance(a, b) == pytest.approx(exact, abs=1e-9)
    small = difference_map(a, b, 100)
    assert float(np.sqrt(np.mean(small**2))) == pytest.approx(
        float(np.sqrt(np.mean((a / 255 - b / 255)[:, :198] ** 2))), abs=1e-6
    )


@given(pictures(), pictures())
def test_a_distance_is_one_whichever_comes_first_and_zero_only_of_equals(
    a: Picture, b: Picture
) -> None:
    there, back = difference_map(a, b), difference_map(b, a)
    np.testing.assert_array_equal(there, back)
    assert there.min() >= 0
    assert there.max() <= 1 + 1e-6
    assert not difference_map(a, a).any()
    first, second = brought_together(a, b)
    np.testing.assert_array_equal(there == 0, (first == second).all(axis=2))


def test_black_against_white_is_one() -> None:
    black, white = np.zeros((2, 2, 3), np.uint8), np.full((2, 2, 3), 255, np.uint8)
    assert difference_map(black, white) == pytest.approx(1.0)


@given(pictures(), SIDES, SIDES)
def test_enlarging_keeps_to_the_colors_that_are_there(a: Picture, more: int, wider: int) -> None:
    height, width = a.shape[0] + more, a.shape[1] + wider
    large = enlarged(a, height, width)
    assert large.shape == (height, width, 3)
    assert (large.min(axis=(0, 1)) >= a.min(axis=(0, 1))).all()
    assert (large.max(axis=(0, 1)) <= a.max(axis=(0, 1))).all()
    assert (large[[0, 0, -1, -1], [0, -1, 0, -1]] == a[[0, 0, -1, -1], [0, -1, 0, -1]]).all()
    assert enlarged(a, *a.shape[:2]) is a


def test_twice_the_size_puts_pixels_where_pillow_puts_them() -> None:
    from PIL import Image

    a = np.random.default_rng(3).integers(0, 256, (6, 4, 3), dtype=np.uint8)
    known = np.asarray(Image.fromarray(a).resize((8, 12), Image.Resampling.BILINEAR))
    np.testing.assert_allclose(enlarged(a, 12, 8).astype(int), known.astype(int), atol=1)


def test_nothing_is_made_smaller() -> None:
    with pytest.raises(ValueError, match="only be enlarged"):
        enlarged(np.zeros((4, 4, 3), np.uint8), 3, 8)


def test_a_tall_and_a_wide_picture_meet_in_the_larger_of_both_sides() -> None:
    tall, wide = np.zeros((8, 4, 3), np.uint8), np.zeros((4, 8, 3), np.uint8)
    assert [p.shape for p in brought_together(tall, wide)] == [(8, 8, 3), (8, 8, 3)]


@given(arrays(np.float32, (3, 5), elements=st.floats(0, 1, width=32)))
def test_the_heat_map_runs_from_the_first_color_to_the_last(distances: NDArray[np.float32]) -> None:
    colors, picture = heat_colors(), heat_picture(distances)
    assert picture.shape == (3, 5, 3)
    assert (picture[distances == 0] == colors[0]).all()
    assert (picture[distances >= HEAT_TOP] == colors[-1]).all()
    order = np.argsort(distances, axis=None)  # what is farther apart is never darker
    light = luminance(picture.reshape(-1, 3)[order])
    assert (np.diff(light) >= 0).all()


def test_heat_colors_grow_lighter_by_even_steps() -> None:
    light = luminance(heat_colors()) ** (1 / 3)  # about as the eye sees it
    steps = np.diff(light)
    assert (steps > -1e-9).all()
    assert light[0] < 0.2
    assert light[-1] > 0.9
    eighths = np.diff(light[np.linspace(0, 255, 9).round().astype(int)])
    assert eighths.max() < 2.2 * eighths.min()


def luminance(colors: Picture) -> NDArray[np.float64]:
    """Relative luminance of sRGB colors (WCAG 2), 0 … 1."""
    c = colors / 255
    linear = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    return np.asarray(linear @ np.array([0.2126, 0.7152, 0.0722]))
