"""The three ways to count noise agree with each other and name their ends."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visualizer.diffusion.noise import NoiseLevel
from visualizer.ui.noise_scale import LOG_SNR, SCALES, SHARE, SIGMA, NoiseScale

EVERY = pytest.mark.parametrize("scale", SCALES.values(), ids=SCALES)


@EVERY
@given(share=st.floats(0.001, 0.999))
def test_a_level_and_its_share_are_the_same_value(scale: NoiseScale, share: float) -> None:
    level = NoiseLevel.from_alpha_bar(1 - share)
    assert scale.of_level(level) == pytest.approx(scale.of_share(share), rel=1e-6, abs=1e-9)


@EVERY
def test_the_ends_have_names(scale: NoiseScale) -> None:
    assert scale.words(scale.of_level(NoiseLevel.from_alpha_bar(0.0))) == "pure noise"
    assert scale.words(scale.of_level(NoiseLevel.from_alpha_bar(1.0))) == "clean"
    assert scale.words(scale.of_share(1.0)) == "pure noise"
    assert scale.words(scale.of_share(0.0)) == "clean"


def test_values_in_words() -> None:
    level = NoiseLevel.from_alpha_bar(0.38)
    assert SHARE.words(SHARE.of_level(level)) == "62 % noise"
    assert SIGMA.words(SIGMA.of_level(level)) == "σ = 1.28"
    assert LOG_SNR.words(LOG_SNR.of_level(level)) == "log-SNR −0.49"
    assert SHARE.words(0.9999) == "99.99 % noise"
    assert SHARE.words(0.0004) == "0.04 % noise"


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_bounds_hold_all_finite_values_and_ticks_are_few(shares: list[float]) -> None:
    for scale in SCALES.values():
        values = [scale.of_share(share) for share in shares]
        low, high = scale.bounds(values)
        assert math.isfinite(low)
        assert math.isfinite(high)
        assert low < high
        assert all(low <= v <= high for v in values if math.isfinite(v))
        ticks = scale.ticks(low, high)
        assert 1 <= len(ticks) <= 5
        span = high - low
        assert all(low - 1e-6 * span <= v <= high + 1e-6 * span for v, _ in ticks)
        assert len({words for _, words in ticks}) == len(ticks)
