"""What the distances of two lanes say, in plain sentences."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from visualizer.ui.explanation import percent

if TYPE_CHECKING:
    from visualizer.diffusion.distances import Distances
    from visualizer.diffusion.request import SamplingRequest

SAME, STRANGERS = 0.02, 0.9
"""Latents less than SAME apart count as one noise, more than STRANGERS as two that know nothing of
each other; shares of the distance of two independent noises."""


def verdict(measured: Distances, first: SamplingRequest, second: SamplingRequest) -> str:
    """Whether two lanes begin with one noise, and when what sets them apart is decided."""
    begin, end = (float(measured.latent_share[i]) for i in (0, -1))
    if not math.isfinite(begin):
        return "Their numbers are no numbers: there is nothing to measure."
    if begin < SAME:
        start = "They begin with the same noise"
    elif begin > STRANGERS:
        start = "They begin with different noise"
    else:
        start = "They begin with noise that is partly the same"
    if not measured.whole:
        return f"{start}. When they part is known once both are finished."
    if end < SAME:
        return f"{start} and {'stay' if begin < SAME else 'end'} the same."
    from visualizer.diffusion.distances import decided_at

    decided = decided_at(measured)
    if decided is None:
        return f"{start}."
    # the step that is under way when it happens
    step = max(math.ceil(moment_of(measured.noise_shares.tolist(), decided)), 1)
    last = len(measured.levels) - 1
    choice = _choice(first, second)
    return f"{start}. {choice} at {percent(decided)} noise, in step {step} of {last}."


def moment_of(shares: Sequence[float], share: float) -> float:
    """Where along the moments the noise passes a share for the last time, on a straight line."""
    for m in range(len(shares) - 2, -1, -1):
        high, low = shares[m], shares[m + 1]
        if high > low and low <= share <= high:
            return m + (high - share) / (high - low)
    return 0.0


def _choice(first: SamplingRequest, second: SamplingRequest) -> str:
    """Whose choice it is, where only one thing is different."""
    words = first.prompt != second.prompt
    seeds = first.seed != second.seed
    if words and not seeds:
        return "The prompt’s choice is half made"
    if seeds and not words:
        return "The seed’s choice is half made"
    return "What sets them apart is half there"
