"""How much of a noisy picture is noise at each time of the built-in model's training."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import accumulate
from typing import cast

from visualizer.training.architecture import SCHEDULE


@cache
def noise_shares() -> Sequence[float]:
    """1 − ᾱ_t for every t, 0…1 and rising: β runs evenly in its root (Rombach et al. 2022).

    In plain Python, so that the window can say it before a model is there.
    """
    count = cast("int", SCHEDULE["num_train_timesteps"])
    low, high = (cast("float", SCHEDULE[end]) ** 0.5 for end in ("beta_start", "beta_end"))
    betas = ((low + (high - low) * t / (count - 1)) ** 2 for t in range(count))
    kept = accumulate((1 - beta for beta in betas), lambda product, left: product * left)
    return tuple(1 - alpha_bar for alpha_bar in kept)


def timestep_of(noise_share: float) -> int:
    """The time whose share of noise is nearest to this one."""
    shares = noise_shares()
    return min(range(len(shares)), key=lambda t: abs(shares[t] - noise_share))
