"""How far apart two runs are at each noise level, and when their choice was made.

Two runs that share their noise begin at the same point and are led apart by their prompts; two
that share their prompt begin as strangers and are told the same. Where the distance of the model's
two guesses opens up is where the choice is made: by the prompt early, by the seed later.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from visualizer.diffusion.alignment import matching_points
from visualizer.diffusion.arrays import FloatArray, Picture, read_only
from visualizer.diffusion.noise import NoiseLevel
from visualizer.diffusion.picture_difference import mean_distance
from visualizer.diffusion.step import Step

UNRELATED = math.sqrt(2)
"""The latent distance of two latents that know nothing of each other: the difference of two
independent numbers of variance 1 has variance 2."""
Measure = Literal["latent", "guess", "guess_share", "picture"]
PictureOf = Callable[[int], Picture | None]


class NotComparableError(ValueError):
    """Two runs that cannot be measured against each other; its text is a sentence."""


@dataclass(frozen=True, eq=False)
class Distances:
    """Two runs measured against each other, at the moments that both have.

    Attributes:
        points: (step of the first run, step of the second) of each moment, n of them.
        levels: the noise level of each moment, that of the run with more steps.
        latent: (n,) float64, the distance of the noisy latents at unit scale (VP): 0 equal,
            ``UNRELATED`` = √2 two independent noises.
        guess: (n,) float64, the distance of the two guesses x̂₀ in the latents' own unit; at the
            end that of the final latents. Strong guidance makes early guesses larger than any
            picture's latent, and this with them.
        guess_share: (n,) float64, the same whatever the size of the guesses, ‖a − b‖ ÷ √(‖a‖² +
            ‖b‖²): 0 equal, 1 nothing in common (orthogonal, as strangers are in so many
            dimensions), √2 opposite.
        picture: (n,) float64, the distance of the two pictures, 0 equal … 1 black against white;
            NaN where one of them is not there.
        whole: whether both runs are at their end, so that the last moment is the final one.
    """

    points: tuple[tuple[int, int], ...]
    levels: tuple[NoiseLevel, ...]
    latent: FloatArray
    guess: FloatArray
    guess_share: FloatArray
    picture: FloatArray
    whole: bool

    @property
    def noise_shares(self) -> FloatArray:
        """(n,) the variance share of noise at each moment, 1 … 0."""
        return np.array([level.noise_share for level in self.levels], dtype=np.float64)

    @property
    def latent_share(self) -> FloatArray:
        """The latent distance in shares of ``UNRELATED``: 1 is as different as two strangers."""
        return self.latent / UNRELATED


def vp_latents(step: Step) -> FloatArray:
    """x / √(signal² + noise²), the variance-preserving scale: comparable between samplers."""
    return step.unit_latents


def latent_distance(a: Step, b: Step) -> float:
    """√mean (x_a − x_b)² at unit scale: 0 the same, √2 two independent noises.

    Raises:
        NotComparableError: when the latents have different shapes.
    """
    return _rms(vp_latents(a), vp_latents(b))


def guess_distance(a: Step, b: Step) -> float:
    """√mean (x̂₀_a − x̂₀_b)², the distance of what the model thinks it will be.

    Raises:
        NotComparableError: when the latents have different shapes.
    """
    return _rms(a.denoised, b.denoised)


def guess_share(a: Step, b: Step) -> float:
    """‖x̂₀_a − x̂₀_b‖ ÷ √(‖x̂₀_a‖² + ‖x̂₀_b‖²): 0 the same, 1 as different as two strangers.

    Raises:
        NotComparableError: when the latents have different shapes.
    """
    whole = math.hypot(_size(a.denoised), _size(b.denoised))
    return guess_distance(a, b) / whole if whole else 0.0


def picture_distance(a: Picture, b: Picture) -> float:
    """√mean of the squared differences of red, green and blue: 0 equal … 1 black against white.

    The smaller picture is enlarged to the larger one's size first.
    """
    return mean_distance(a, b)


def common_points(
    a: Sequence[NoiseLevel], b: Sequence[NoiseLevel], there: tuple[int, int] | None = None
) -> tuple[tuple[int, int], ...]:
    """The moments that two runs have in common: for each step of the longer run that of the other.

    Args:
        a, b: their planned noise levels.
        there: how many steps of each were taken; all of them when left out. A moment that one of
            them has not reached is left out.

    Returns:
        Pairs of step indices, in the order of time; the other run's step is the one whose log-SNR
        is nearest.
    """
    if not a or not b:
        return ()
    if len(a) >= len(b):
        pairs = list(enumerate(matching_points(a, b, "noise")))
    else:
        pairs = [(i, j) for j, i in enumerate(matching_points(b, a, "noise"))]
    if there is not None:
        pairs = [(i, j) for i, j in pairs if i < there[0] and j < there[1]]
    return tuple(pairs)


def distances(
    a: Sequence[Step],
    b: Sequence[Step],
    pairs: Sequence[tuple[int, int]] | None = None,
    *,
    pictures_a: PictureOf | None = None,
    pictures_b: PictureOf | None = None,
) -> Distances:
    """Measure two runs against each other.

    Stages that no decoder shows (a prior's vectors) are left out, and so are moments where one run
    is in another stage than the other.

    Args:
        a, b: their steps; runs that were stopped, or still go on, have fewer.
        pairs: which steps belong together, as of ``common_points``; by the steps' own noise
            levels when left out.
        pictures_a, pictures_b: the picture of a step, or None where there is none (yet).

    Raises:
        NotComparableError: with a sentence, when they have no moment in common.
    """
    if pairs is None:
        pairs = common_points([s.noise_level for s in a], [s.noise_level for s in b])
    pairs = [(i, j) for i, j in pairs if i < len(a) and j < len(b)]
    shown = [(i, j) for i, j in pairs if a[i].layout.shown and b[j].layout.shown]
    fitting = tuple((i, j) for i, j in shown if a[i].latents.shape == b[j].latents.shape)
    if shown and not fitting:
        i, j = shown[-1]
        _refuse(a[i].latents, b[j].latents)
    # moments are told by the run with more steps, as the pairs are
    longer_a = len({i for i, _ in fitting}) >= len({j for _, j in fitting})
    return Distances(
        points=fitting,
        levels=tuple(a[i].noise_level if longer_a else b[j].noise_level for i, j in fitting),
        latent=_column(latent_distance(a[i], b[j]) for i, j in fitting),
        guess=_column(guess_distance(a[i], b[j]) for i, j in fitting),
        guess_share=_column(guess_share(a[i], b[j]) for i, j in fitting),
        picture=_column(_picture(pictures_a, i, pictures_b, j) for i, j in fitting),
        whole=bool(fitting) and _is_last(a, fitting[-1][0]) and _is_last(b, fitting[-1][1]),
    )


def decided_at(
    measured: Distances, share: float = 0.5, of: Measure = "guess_share"
) -> float | None:
    """The share of noise at which two runs have parted by ``share`` of their final distance.

    From there on their distance never falls below it again. High (near 1): what makes them
    different was settled while there was hardly a picture; low: late, in the details. Between two
    moments the place is found on a straight line.

    Args:
        share: of the final distance, 0 … 1.
        of: which distance; "latent" and "picture" begin apart where the noises differ.

    Returns:
        The variance share of noise, 0 … 1; None while a run is not at its end, where they end
        the same, or where a measure is missing.
    """
    values: FloatArray = getattr(measured, of)
    if not measured.whole or not np.all(np.isfinite(values)) or values[-1] <= 0:
        return None
    goal = share * float(values[-1])
    noise = measured.noise_shares
    below = np.flatnonzero(values < goal)
    if not len(below):
        return float(noise[0])
    k = min(int(below[-1]), len(values) - 2)  # the last moment is the whole final distance
    along = (goal - values[k]) / (values[k + 1] - values[k])
    return float(noise[k] + along * (noise[k + 1] - noise[k]))


def _size(a: NDArray[Any]) -> float:
    return float(np.sqrt(np.mean(np.square(a, dtype=np.float64)))) if a.size else 0.0


def _rms(a: NDArray[Any], b: NDArray[Any]) -> float:
    if a.shape != b.shape:
        _refuse(a, b)
    return _size(np.subtract(a, b, dtype=np.float64))


def _refuse(a: NDArray[Any], b: NDArray[Any]) -> None:
    sizes = " and ".join(" × ".join(str(side) for side in x.shape) for x in (a, b))
    raise NotComparableError(
        f"These two runs cannot be measured against each other: their latents are of different "
        f"sizes, {sizes}. Pick two of one size."
    )


def _column(values: Any) -> FloatArray:
    return read_only(np.fromiter(values, dtype=np.float64))


def _picture(of_a: PictureOf | None, i: int, of_b: PictureOf | None, j: int) -> float:
    if of_a is None or of_b is None:
        return math.nan
    a, b = of_a(i), of_b(j)
    return math.nan if a is None or b is None else picture_distance(a, b)


def _is_last(steps: Sequence[Step], k: int) -> bool:
    return k == len(steps) - 1 and steps[k].prediction is None
