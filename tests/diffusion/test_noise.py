"""Noise levels mean the same in every scale."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visualizer.diffusion import NoiseLevel

SHARES = st.floats(1e-6, 1 - 1e-6)


def in_every_scale(share: float) -> list[NoiseLevel]:
    sigma = math.sqrt(share / (1 - share))
    return [
        NoiseLevel.from_alpha_bar(1 - share),
        NoiseLevel.from_sigma(sigma, "vp"),
        NoiseLevel.from_sigma(sigma, "ve"),
        NoiseLevel.from_sigma(sigma / (1 + sigma), "flow"),
    ]


@given(SHARES)
def test_all_scales_agree(share: float) -> None:
    for level in in_every_scale(share):
        assert level.noise_share == pytest.approx(share, rel=1e-6)
        assert level.alpha_bar + level.noise_share == pytest.approx(1)
        assert level.sigma == pytest.approx(math.sqrt(share / (1 - share)), rel=1e-6)
        assert level.log_snr == pytest.approx(math.log((1 - share) / share), abs=1e-5)


@given(SHARES)
def test_scale_brings_to_unit_variance(share: float) -> None:
    for level in in_every_scale(share):
        assert (level.signal / level.scale) ** 2 + (level.noise / level.scale) ** 2 == (
            pytest.approx(1)
        )


def test_the_ends() -> None:
    noise, clean = NoiseLevel.from_sigma(1.0, "flow"), NoiseLevel.from_sigma(0.0, "ve")
    assert (noise.noise_share, noise.sigma, noise.log_snr) == (1.0, math.inf, -math.inf)
    assert (clean.noise_share, clean.sigma, clean.log_snr) == (0.0, 0.0, math.inf)


def test_measured_noise_replaces_the_planned_one() -> None:
    level = NoiseLevel.from_alpha_bar(0.75)
    assert level.with_noise(level.noise).noise_share == pytest.approx(0.25)
    assert level.with_noise(0.0).noise_share == 0
