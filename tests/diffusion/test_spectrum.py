"""Power by spatial frequency, against sums written out, and bands that make up the whole."""

from __future__ import annotations

import numpy as np
import pytest

from visualizer.diffusion.spectrum import (
    BANDS,
    MOST,
    Values,
    band_picture,
    banded,
    change_by_band,
    mask_of,
    values_of,
    waves,
)


def some_values(shape: tuple[int, int, int], seed: int = 0) -> Values:
    return np.random.default_rng(seed).random(shape, dtype=np.float32)


def wave(cycles: float, side: int = 64) -> Values:
    """A cosine from left to right, as many cycles as are asked for, in 0 … 1."""
    along = np.cos(2 * np.pi * cycles * (np.arange(side) + 0.5) / side)
    return np.broadcast_to(0.5 + 0.4 * along, (3, side, side)).astype(np.float32)


@pytest.mark.parametrize("shape", [(3, 8, 8), (3, 6, 10), (4, 9, 5), (1, 7, 7)])
def test_all_powers_together_are_the_mean_square(shape: tuple[int, int, int]) -> None:
    values = some_values(shape)
    measured = waves(values).spectrum()
    assert measured.energy.sum() == pytest.approx(float(np.square(values).mean()), rel=1e-5)
    assert measured.counts.sum() == 4 * shape[1] * shape[2]  # of the mirrored picture


def test_the_spectrum_is_the_sum_written_out() -> None:
    values = some_values((2, 4, 6), 1)
    mirrored = np.pad(values, ((0, 0), (0, 4), (0, 6)), "symmetric").astype(np.float64)
    height, width = mirrored.shape[-2:]
    y, x = np.arange(height), np.arange(width)
    energy: dict[int, float] = {}
    for u in range(height):
        for v in range(width):
            turn = np.exp(-2j * np.pi * (u * y[:, None] / height + v * x[None] / width))
            power = np.square(np.abs((mirrored * turn).sum((1, 2)))).sum()
            power /= (height * width) ** 2 * len(values)
            down, across = min(u, height - u) / height, min(v, width - v) / width
            ring = int(np.hypot(down, across) * 4 + 0.5)  # the shorter side has 4
            energy[ring] = energy.get(ring, 0.0) + power
    measured = waves(values).spectrum()
    assert [energy.get(ring, 0.0) for ring in range(len(measured.energy))] == pytest.approx(
        measured.energy.tolist(), rel=1e-4, abs=1e-9
    )


@pytest.mark.parametrize(("cycles", "band"), [(2, "low"), (8, "middle"), (25, "high")])
def test_a_wave_stands_at_its_frequency_and_in_its_band(cycles: int, band: str) -> None:
    measured = waves(wave(cycles)).spectrum()
    assert int(measured.power[1:].argmax()) + 1 == cycles
    shares = measured.bands()
    assert max(shares, key=lambda each: shares[each]) == band
    assert sum(shares.values()) == pytest.approx(0.4**2 / 2, rel=1e-3)


def test_noise_has_the_same_power_everywhere_and_a_mirrored_edge_is_no_detail() -> None:
    noise = np.random.default_rng(0).standard_normal((3, 64, 64)).astype(np.float32)
    power = waves(noise).spectrum().power[4:32]
    assert power.max() < 2 * power.min()
    ramp = np.broadcast_to(np.linspace(0, 1, 64, dtype=np.float32), (3, 64, 64))
    bands = waves(ramp).spectrum().bands()
    assert bands["high"] < 1e-4 * bands["low"]


def test_the_bands_make_up_the_whole_and_keep_what_is_theirs() -> None:
    values = some_values((3, 32, 48), 2)
    together = sum(banded(values, band) for band in BANDS)
    assert np.allclose(together, values, atol=1e-5)
    slow, fast = wave(2), wave(25)
    assert np.allclose(banded(slow, "low"), slow, atol=1e-3)
    assert np.abs(banded(slow, "high")).max() < 1e-3
    assert np.allclose(banded(fast, "high") + 0.5, fast, atol=1e-3)


@pytest.mark.parametrize("shape", [(3, 32, 48), (3, 31, 17), (4, 8, 8), (1, 7, 7)])
def test_a_band_is_what_its_mask_leaves_of_the_mirrored_picture(
    shape: tuple[int, int, int],
) -> None:
    values = some_values(shape, 5)
    height, width = shape[1:]
    mirrored = np.pad(values, ((0, 0), (0, height), (0, width)), "symmetric")
    for band in BANDS:
        mask = mask_of(band, (height, width))
        assert not mask.flags.writeable  # it is remembered
        whole = np.fft.irfft2(np.fft.rfft2(mirrored) * mask, s=mirrored.shape[-2:])
        assert np.allclose(banded(values, band), whole[:, :height, :width], atol=1e-5)


def test_a_change_is_told_by_band() -> None:
    still, changed = wave(2), wave(2) + 0.25 * (wave(25) - 0.5)
    found = change_by_band(waves(still), waves(changed))
    assert found["high"] == pytest.approx(0.1 / np.sqrt(2), rel=1e-3)
    assert found["low"] + found["middle"] < 1e-3


def test_pictures_become_numbers_and_large_ones_smaller() -> None:
    picture = np.random.default_rng(3).integers(0, 256, (40, 30, 3), dtype=np.uint8)
    values = values_of(picture)
    assert values.shape == (3, 40, 30)
    assert values[1, 7, 5] == pytest.approx(picture[7, 5, 1] / 255)
    large = np.full((2 * MOST + 3, MOST, 3), 51, np.uint8)
    assert values_of(large).shape == (3, (2 * MOST + 3) // 3, MOST // 3)
    assert np.allclose(values_of(large), 0.2)


def test_a_band_is_shown_as_a_picture() -> None:
    flat = np.full((32, 32, 3), 90, np.uint8)
    assert np.abs(band_picture(flat, "low").astype(int) - 90).max() <= 1
    assert np.abs(band_picture(flat, "high").astype(int) - 127).max() <= 1
