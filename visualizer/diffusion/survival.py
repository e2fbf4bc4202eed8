"""Survival: how much of a picture comes back after noise has destroyed so much of it.

A picture is noised to a level and denoised from there (Meng et al. 2022): from little noise it
comes back, from much the model makes another one. Where the two meet depends on the level alone.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from visualizer.diffusion.experiment import likeness
from visualizer.diffusion.starts import FROM_SEED, FromPicture, RequestError

if TYPE_CHECKING:
    from visualizer.diffusion.arrays import Picture
    from visualizer.diffusion.noise import NoiseLevel
    from visualizer.diffusion.request import SamplingRequest
    from visualizer.diffusion.trajectory import Trajectory

Sample = Callable[..., "Trajectory"]


@dataclass(frozen=True, eq=False)
class SurvivalPoint:
    """What came back from one share of noise.

    Attributes:
        step: the step of the request from which it was denoised.
        share_of_noise: of the variance of what was denoised, 0 … 1.
        likeness: to the picture after its round trip (Pearson), −1 … 1; 1 is the same picture.
        chance: the likeness of a picture made of pure noise with the same words and seed.
        picture: what came back, (H, W, 3) uint8.
    """

    step: int
    share_of_noise: float
    likeness: float
    chance: float
    picture: Picture

    @property
    def survived(self) -> float:
        """How much of the way from chance (0) to the same picture (1), never below 0."""
        return max(0.0, (self.likeness - self.chance) / (1 - self.chance)) if self.chance < 1 else 0


def steps_at(levels: Sequence[NoiseLevel], shares: Sequence[float]) -> list[int]:
    """The steps whose noise comes nearest to some shares of it, each once, little noise first.

    Args:
        levels: N+1 of a plan, from much noise to none.
    """
    own = [level.noise_share for level in levels[:-1]]
    nearest = {min(range(len(own)), key=lambda k: abs(own[k] - share)) for share in shares}
    return sorted(nearest, reverse=True)


class Survival:
    """Measures it run by run, so that whoever waits for something else need not wait for all.

    Args:
        picture: (H, W, 3), as it is given to the model.
        decoded: the same after its round trip: what can come back at best.
        request: the words, seed, steps and sampler; how it starts does not matter.
        shares: of noise, 0 … 1.
    """

    def __init__(
        self,
        picture: Picture,
        decoded: Picture,
        request: SamplingRequest,
        shares: Sequence[float],
    ) -> None:
        self._picture, self._decoded = picture, decoded
        self._request, self._shares = replace(request, start=FROM_SEED), shares
        self._chance: float | None = None
        self._steps: list[int] | None = None
        self._levels: Sequence[NoiseLevel] = ()

    @property
    def finished(self) -> bool:
        """Whether every share has been measured."""
        return self._steps is not None and not self._steps

    def advance(
        self, model: Any, sample: Sample, cancelled: threading.Event
    ) -> SurvivalPoint | None:
        """One run: of pure noise first, then from more and more noise on the picture.

        Returns:
            What it showed; None after the first run, and where it was stopped: it is made again.

        Raises:
            RequestError: when the request cannot be sampled so with this model.
        """
        if self._steps is None:
            self._levels = model.plan(self._request).levels
            self._steps = steps_at(self._levels, self._shares)
        if self._chance is None:
            final = _final(sample(model, self._request, cancelled=cancelled), cancelled)
            self._chance = None if final is None else likeness(self._decoded, final)
            return None
        step = self._steps[0]
        start = FromPicture(self._picture, step)
        run = sample(model, replace(self._request, start=start), cancelled=cancelled)
        final = _final(run, cancelled)
        if final is None:
            return None
        del self._steps[0]
        share = self._levels[step].noise_share
        return SurvivalPoint(step, share, likeness(self._decoded, final), self._chance, final)


def _final(run: Trajectory, cancelled: threading.Event) -> Picture | None:
    if run.final is None and not cancelled.is_set():
        raise RequestError(run.notice or "A run ended before its picture was there.")
    return run.final
