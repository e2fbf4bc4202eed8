"""When it was decided: on made pictures of which the answer is known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from visualizer.diffusion.decided import decided_from, likeness_to_end
from visualizer.diffusion.experiment import likeness
from visualizer.diffusion.spectrum import Values, values_of, waves

SIDE = 64


def drawing(large: float, fine: float) -> Values:
    """A large shape and a fine pattern, each as strong as is asked for."""
    along = (np.arange(SIDE) + 0.5) / SIDE
    shape = np.cos(2 * np.pi * 2 * along)[:, None] * np.ones(SIDE)
    pattern = np.cos(2 * np.pi * 24 * along)[None] * np.ones((SIDE, 1))
    one = 0.5 + large * 0.3 * shape + fine * 0.05 * pattern
    return np.repeat(one[None], 3, 0).astype(np.float32)


def test_layout_is_decided_before_details() -> None:
    end = waves(drawing(1, 1))
    # the large shape is there from step 2 on, the pattern from step 5 on
    guesses = [drawing(1 if k >= 2 else -1, 1 if k >= 5 else -1) for k in range(8)]
    like = [likeness_to_end(waves(guess), end) for guess in guesses]
    assert decided_from([each.layout for each in like]) == 2
    assert decided_from([each.details for each in like]) == 5
    assert decided_from([each.whole for each in like]) == 2  # details hardly count in the whole


def test_what_comes_and_goes_is_not_decided() -> None:
    assert decided_from([0.95, 0.8, 0.92, 1.0]) == 2
    assert decided_from([0.95, 0.9, 0.92, 1.0]) == 0
    assert decided_from([0.1, 0.2]) is None
    assert decided_from([]) is None


def test_what_is_not_known_yet_is_not_alike() -> None:
    assert decided_from([0.95, math.nan, 0.95, 1.0]) == 2
    assert decided_from([0.95, 0.95, math.nan]) is None


def test_the_whole_is_the_likeness_of_the_experiment() -> None:
    chance = np.random.default_rng(0)
    a, b = (chance.integers(0, 256, (24, 36, 3), dtype=np.uint8) for _ in range(2))
    b = (a // 2 + b // 2).astype(np.uint8)
    found = likeness_to_end(waves(values_of(a)), waves(values_of(b)))
    assert found.whole == pytest.approx(likeness(a, b), abs=1e-4)


def test_a_picture_is_like_itself_and_one_of_one_color_like_nothing() -> None:
    some, plain = waves(drawing(1, 1)), waves(np.full((3, SIDE, SIDE), 0.3, np.float32))
    same = likeness_to_end(some, some)
    assert (same.whole, same.layout, same.details) == pytest.approx((1, 1, 1), abs=1e-5)
    assert likeness_to_end(plain, some).whole == 0
    assert likeness_to_end(plain, plain).details == 1
