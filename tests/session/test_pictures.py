"""The picture cache and thumbnails."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.builtin_sizes import HEIGHT, WIDTH
from visualizer.session.pictures import FULL_PICTURES_BYTES, PictureCache, thumbnail_of


def picture(value: int = 0, side: int = 10) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.full((side, side, 3), value, dtype=np.uint8)


def test_what_was_looked_at_longest_ago_goes_first() -> None:
    cache = PictureCache(limit=900)
    for k in range(3):
        cache.put((1, k, "noisy"), picture(k), exact=False)
    assert cache.get((1, 0, "noisy")) is not None
    cache.put((1, 3, "noisy"), picture(3), exact=False)
    assert cache.get((1, 1, "noisy")) is None
    assert cache.get((1, 0, "noisy")) is not None
    assert cache.size == 900


def test_an_exact_picture_is_never_replaced_by_a_preview() -> None:
    cache = PictureCache()
    cache.put((1, 0, "noisy"), picture(1), exact=True)
    cache.put((1, 0, "noisy"), picture(2), exact=False)
    kept = cache.get((1, 0, "noisy"))
    assert kept is not None
    assert kept.exact
    assert kept.picture[0, 0, 0] == 1


def test_one_picture_larger_than_the_bound_is_still_shown() -> None:
    cache = PictureCache(limit=10)
    cache.put((1, 0, "noisy"), picture(), exact=True)
    assert cache.get((1, 0, "noisy")) is not None


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(1, 12), st.booleans()), max_size=60),
    st.integers(1, 2000),
)
@settings(deadline=None, max_examples=60)
def test_the_size_is_what_is_kept_and_within_the_bound(
    puts: list[tuple[int, int, bool]], limit: int
) -> None:
    cache = PictureCache(limit)
    for k, side, exact in puts:
        cache.put((1, k, "noisy"), picture(0, side), exact=exact)
    kept = [entry.picture.nbytes for k in range(6) if (entry := cache.peek((1, k, "noisy")))]
    assert cache.size == sum(kept)
    assert cache.size <= limit or len(kept) == 1


def test_a_long_run_of_the_builtin_model_fits_in_three_views() -> None:
    assert FULL_PICTURES_BYTES > 901 * 3 * HEIGHT * WIDTH * 3


@pytest.mark.parametrize("shape", [(128, 128), (161, 40), (1024, 768), (5000, 3), (160, 160)])
def test_a_thumbnail_is_small_and_keeps_the_colors(shape: tuple[int, int]) -> None:
    whole = np.zeros((*shape, 3), dtype=np.uint8)
    whole[..., 0], whole[..., 1] = 200, 50
    small = thumbnail_of(whole)
    assert max(small.shape[:2]) <= 160
    assert small.dtype == np.uint8
    assert np.array_equal(np.unique(small.reshape(-1, 3), axis=0), [[200, 50, 0]])


def test_a_small_picture_is_its_own_thumbnail() -> None:
    small = picture(side=128)
    assert thumbnail_of(small) is small


def test_a_smaller_bound_holds_at_once_but_what_is_on_the_screen_stays() -> None:
    cache = PictureCache()
    picture = np.zeros((8, 8, 3), dtype=np.uint8)
    for k in range(6):
        cache.put((1, k, "noisy"), picture, exact=True)
    cache.set_limit(3 * picture.nbytes)
    assert cache.size == 3 * picture.nbytes
    assert cache.peek((1, 2, "noisy")) is None
    cache.least = 5
    for k in range(10, 16):
        cache.put((2, k, "noisy"), picture, exact=True)
    assert cache.size == 5 * picture.nbytes
    cache.forget(2)
    assert cache.size == 0


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 12), st.integers(0, 2**32 - 1))
def test_a_thumbnail_is_the_mean_of_square_blocks(
    height: int, width: int, side: int, seed: int
) -> None:
    whole = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    small, factor = thumbnail_of(whole, side), -(-max(height, width) // side)
    assert max(small.shape[:2]) <= max(side, 1)
    for row, column in np.ndindex(small.shape[:2]):
        down, right = row * factor, column * factor
        block = whole[down : down + factor, right : right + factor].reshape(-1, 3)
        np.testing.assert_array_equal(
            small[row, column], block.mean(axis=0, dtype=np.float64).round()
        )
