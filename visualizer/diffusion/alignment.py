"""Which step of each lane belongs to one moment, when lanes took different steps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from visualizer.diffusion.comparison import Alignment, Comparison
from visualizer.diffusion.noise import NoiseLevel

# Pure noise and a clean picture lie at infinity: they stand beyond every other level instead.
_FAR = 1e3


def matching_points(
    reference: Sequence[NoiseLevel], levels: Sequence[NoiseLevel], alignment: Alignment
) -> tuple[int, ...]:
    """For each moment of a reference the point of a lane that belongs beside it.

    By "step" that is the point of the same number, or the last one of a lane that is shorter. By
    "noise" it is the point whose log-SNR (Kingma et al. 2021) is nearest, the earlier of two that
    are as near; the ends belong together whatever their levels, since samplers begin at slightly
    different noise. A model of several stages begins each with more noise: stages are matched one
    by one, and where one lane has more of them than the other, steps are counted.

    Args:
        reference: the planned noise levels of the lane that gives the axis.
        levels: those of the other lane, at least one.
    """
    here, there = _stages(reference), _stages(levels)
    if alignment == "step" or len(here) != len(there):
        return tuple(min(k, len(levels) - 1) for k in range(len(reference)))
    points: list[int] = []
    first = 0
    for goals, stage in zip(here, there, strict=True):
        points += [first + i for i in _nearest(stage, goals)]
        first += len(stage)
    return tuple(points)


def lane_points(comparison: Comparison) -> tuple[tuple[int, ...], ...]:
    """The points of every lane at each moment of a comparison; empty for lanes without a step.

    The lane with the most planned steps gives the moments; of several the first. A lane that was
    stopped rests at its last step.
    """
    planned = [lane.run.planned if lane.run and lane.run.steps else () for lane in comparison.lanes]
    reference = max(planned, key=len, default=())
    points: list[tuple[int, ...]] = []
    for lane, levels in zip(comparison.lanes, planned, strict=True):
        if not levels or lane.run is None:
            points.append(())
            continue
        last = len(lane.run.steps) - 1
        found = matching_points(reference, levels, comparison.alignment)
        points.append(tuple(min(k, last) for k in found))
    return tuple(points)


def _stages(levels: Sequence[NoiseLevel]) -> list[NDArray[np.float64]]:
    """The log-SNR of each level, cut where the noise comes back."""
    clock = np.clip([level.log_snr for level in levels], -_FAR, _FAR)
    return np.split(clock, np.flatnonzero(np.diff(clock) < 0) + 1)


def _nearest(levels: NDArray[np.float64], goals: NDArray[np.float64]) -> list[int]:
    last = len(levels) - 1
    after = np.clip(np.searchsorted(levels, goals), min(1, last), last)
    before = np.maximum(after - 1, 0)
    found = np.where(goals - levels[before] <= levels[after] - goals, before, after)
    found[:1], found[-1:] = 0, last
    return [int(k) for k in found]
