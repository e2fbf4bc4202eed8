"""How much of a picture is large shapes and how much fine detail: its power by spatial frequency.

Natural pictures, and drawings too, have most of their power at low frequencies (D. J. Field 1987),
noise has the same at all. So noise drowns detail first, and a sampler that takes noise away brings
large shapes out first.

A picture is mirrored at its edges before it is transformed: left and right, top and bottom hardly
ever fit together, and the jump between them would count as detail that nobody sees. That makes the
transform a cosine transform, as in JPEG. Frequencies are counted in cycles per picture (its shorter
side), and Parseval's theorem holds: the powers of all frequencies together are the mean square of
the numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from visualizer.diffusion.arrays import FloatArray, Picture, read_only

Band = Literal["low", "middle", "high"]
BANDS: tuple[Band, ...] = get_args(Band)
LOW, HIGH = 4.0, 16.0
"""Cycles per picture: below LOW are large shapes (wider than an eighth of the picture), above HIGH
is detail (narrower than a thirtieth), between them are the forms of things."""
MOST = 256
"""A larger picture is brought down to this side: what is finer than 128 cycles does not count."""
GAINS: dict[Band, float] = {"low": 1.0, "middle": 1.5, "high": 3.0}
"""How much a band is amplified where it is shown: there is little in the high one."""

_NOTHING = 1e-6  # of the mean square: what single precision leaves of a variance that is none
Values = FloatArray
"""(C, H, W): a picture in 0 … 1, or a latent."""


@dataclass(frozen=True, eq=False)
class Spectrum:
    """Power by frequency. Ring i holds all coefficients whose frequency rounds to i.

    Attributes:
        energy: (n,) the summed power of each ring; all together are the mean square of the numbers.
        counts: (n,) coefficients in each ring.
        nyquist: the highest frequency that both directions have, in cycles per picture.
    """

    energy: NDArray[np.float64]
    counts: NDArray[np.int64]
    nyquist: float

    @property
    def power(self) -> NDArray[np.float64]:
        """(n,) the mean power of one coefficient of each ring: the radially averaged spectrum."""
        return np.asarray(self.energy / np.maximum(self.counts, 1))

    def bands(self) -> dict[Band, float]:
        """The summed power of each band; the mean of the picture (ring 0) belongs to none."""
        ring = np.arange(len(self.energy))
        of: dict[Band, NDArray[np.bool_]] = {
            "low": (ring > 0) & (ring < LOW),
            "middle": (ring >= LOW) & (ring < HIGH),
            "high": ring >= HIGH,
        }
        return {band: float(self.energy[inside].sum()) for band, inside in of.items()}


def values_of(picture: Picture) -> Values:
    """A picture (H, W, 3) as numbers 0 … 1, (3, h, w), at most MOST a side: means over squares."""
    factor = -(-max(picture.shape[:2]) // MOST)
    height, width = (max(n // factor, 1) for n in picture.shape[:2])
    rows, columns = (min(factor, n) for n in picture.shape[:2])
    cut = picture[: height * rows, : width * columns]
    total = np.zeros((height, width, 3), np.float32)
    for row in range(rows):
        for column in range(columns):
            total += cut[row::rows, column::columns]
    return np.ascontiguousarray(np.moveaxis(total / np.float32(255 * rows * columns), 2, 0))


@dataclass(frozen=True, eq=False)
class Waves:
    """A picture or latent as the waves it is made of; everything here is asked of it.

    Attributes:
        coefficients: (C, 2H, W+1) of the mirrored numbers, such that powers sum to mean squares.
        shape: (H, W).
    """

    coefficients: NDArray[np.complex64]
    shape: tuple[int, int]

    def __sub__(self, other: Waves) -> Waves:
        return Waves(self.coefficients - other.coefficients, self.shape)

    def spectrum(self) -> Spectrum:
        """The power by frequency, summed over channels."""
        ring, counts = _rings(*self.shape)
        power = np.square(np.abs(self.coefficients)).sum(0) * _weights(self.shape[1])
        energy = np.asarray(np.bincount(ring, power.ravel()), np.float64)
        return Spectrum(energy, counts, min(self.shape) / 2)

    def likeness(self, other: Waves, mask: NDArray[np.float64] | float = 1.0) -> float:
        """Pearson's correlation of the two, −1 … 1, counted in waves (Parseval).

        Args:
            mask: how much of every wave counts.
        """
        a, b = self.coefficients, other.coefficients
        weight = _weights(self.shape[1]) * np.square(mask)
        both = np.real(a * np.conj(b)) * weight
        squares = [np.square(np.abs(each)) * weight for each in (a, b)]
        # the mean over all channels is taken off, as from any list of numbers
        means = [np.real(each[:, 0, 0]) * np.sqrt(weight[0, 0]) for each in (a, b)]
        count = len(a)
        covariance = both.sum() - means[0].sum() * means[1].sum() / count
        sums = [float(square.sum()) for square in squares]
        spreads = [
            total - float(mean.sum()) ** 2 / count for total, mean in zip(sums, means, strict=True)
        ]
        if any(spread <= _NOTHING * total for spread, total in zip(spreads, sums, strict=True)):
            return 1.0 if np.array_equal(a, b) else 0.0  # one value all over is like itself only
        size = (spreads[0] * spreads[1]) ** 0.5
        return min(1.0, max(-1.0, float(covariance / size)))


def waves(values: Values) -> Waves:
    """(C, H, W) as waves."""
    height, width = values.shape[-2:]
    size = 4.0 * height * width * np.sqrt(len(values))
    coefficients = np.fft.rfft2(_mirrored(values)) / np.float32(size)
    return Waves(coefficients.astype(np.complex64, copy=False), (height, width))


def change_by_band(before: Waves, after: Waves) -> dict[Band, float]:
    """How much changed from one to the other, in each band: root mean squares."""
    return {band: energy**0.5 for band, energy in (after - before).spectrum().bands().items()}


def mask_of(band: Band, shape: tuple[int, int]) -> NDArray[np.float64]:
    """How much of every wave belongs to a band, (2H, W+1), read-only; the three of them sum to 1.

    The borders are an octave wide: a sharp cut would ring around every edge. The mean belongs to
    the low one.
    """
    return _masks(*shape)[band]


def banded(values: Values, band: Band) -> Values:
    """Only one band of (C, H, W), of the same shape; the three together are the whole.

    What is below a border takes few cosines, so it is summed up directly: it is there before the
    next frame, which the transform of the whole is not.
    """
    low = _below_border(values, LOW if band == "low" else HIGH)
    if band == "low":
        return low
    return values - low if band == "high" else low - _below_border(values, LOW)


def _below_border(values: Values, border: float) -> Values:
    down, across, mask = _cosines(*values.shape[-2:], border)
    return np.asarray(down.T @ (down @ values @ across.T * mask) @ across)


def band_picture(picture: Picture, band: Band) -> Picture:
    """One band as a picture, (h, w, 3) uint8; all but the low one amplified, around mid-gray."""
    values = banded(values_of(picture), band) * GAINS[band] + (0.0 if band == "low" else 0.5)
    shown = np.clip(np.moveaxis(values, 0, 2) * 255, 0, 255).round().astype(np.uint8)
    return read_only(np.ascontiguousarray(shown))


def _mirrored(values: Values) -> Values:
    """Twice as high and wide, so that all edges meet."""
    height, width = values.shape[-2:]
    return np.pad(values, ((0, 0), (0, height), (0, width)), "symmetric")


@lru_cache(maxsize=16)
def _frequencies(height: int, width: int) -> NDArray[np.float64]:
    """(2H, W+1) of the coefficients of the mirrored picture, in cycles per shorter side."""
    side = min(height, width)
    down = np.fft.fftfreq(2 * height)[:, None] * side
    across = np.fft.rfftfreq(2 * width)[None] * side
    return read_only(np.hypot(down, across))


@lru_cache(maxsize=16)
def _rings(height: int, width: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The ring of every coefficient, flat, and how many each ring has."""
    ring = np.floor(_frequencies(height, width) + 0.5).astype(np.int64)
    weight = np.broadcast_to(_weights(width), ring.shape)
    counts = np.rint(np.bincount(ring.ravel(), weight.ravel())).astype(np.int64)
    return read_only(ring.ravel()), read_only(counts)


@lru_cache(maxsize=16)
def _weights(width: int) -> NDArray[np.float32]:
    """(1, W+1): rfft2 leaves out one of each conjugate pair."""
    weight = np.full((1, width + 1), 2.0, np.float32)
    weight[0, 0] = weight[0, -1] = 1.0
    return read_only(weight)


@lru_cache(maxsize=16)
def _masks(height: int, width: int) -> dict[Band, NDArray[np.float64]]:
    """What of every coefficient belongs to each band: at every frequency they sum to 1."""
    frequency = np.maximum(_frequencies(height, width), 1e-9)
    below_low, below_high = (_below(frequency, border) for border in (LOW, HIGH))
    masks: dict[Band, NDArray[np.float64]] = {
        "low": below_low,
        "middle": below_high - below_low,
        "high": 1 - below_high,
    }
    return {band: read_only(mask) for band, mask in masks.items()}


@lru_cache(maxsize=16)
def _cosines(
    height: int, width: int, border: float
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """The cosines of the mirrored picture that count below a border, and how much each pair does.

    Returns:
        down (n, H) and across (m, W), rows of unit length; (n, m).
    """
    side = min(height, width)
    down, across = (
        np.arange(min(length, int(border * 2**0.5 * 2 * length / side) + 1))
        for length in (height, width)
    )  # half turns along each way; the border ends half an octave above
    frequency = side * np.hypot(down[:, None] / (2 * height), across[None] / (2 * width))
    mask = _below(np.maximum(frequency, 1e-9), border)
    return (
        _cosines_along(height, down),
        _cosines_along(width, across),
        read_only(mask.astype(np.float32)),
    )


def _cosines_along(length: int, half_turns: NDArray[np.int64]) -> NDArray[np.float32]:
    cosines = np.cos(np.pi * half_turns[:, None] * (np.arange(length) + 0.5) / length)
    cosines *= np.where(half_turns[:, None] == 0, 1.0, 2**0.5) / length**0.5
    return read_only(cosines.astype(np.float32))


def _below(frequency: NDArray[np.float64], border: float) -> NDArray[np.float64]:
    """1 half an octave below a border, 0 half an octave above it, a cosine between."""
    along = np.clip(np.log2(frequency / border) + 0.5, 0.0, 1.0)
    return np.asarray(0.5 + 0.5 * np.cos(np.pi * along))
