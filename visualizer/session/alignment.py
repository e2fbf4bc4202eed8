"""Alignment: which point of one run belongs to which point of another. By noise, or by step."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from visualizer.session.timeline import Timeline

Alignment = Literal["noise", "step"]
ALIGNMENTS: tuple[Alignment, ...] = ("noise", "step")
EDGE = 1e3
"""Pure noise and clean pictures have an infinite log-SNR: here they stand this far out."""


def partners(of: Timeline, on: Timeline, alignment: Alignment) -> tuple[int, ...]:
    """For every point of ``on``, planned ones too, the point of ``of`` that belongs to it.

    By step it is the point with the same number; where ``of`` is shorter it rests at its last.
    By noise it is the point whose log-SNR is nearest (the earlier one of two that are as near);
    the two ends belong together whatever their levels are, since samplers begin at slightly
    different noise. Where both runs have several stages each stage is aligned with its like.
    """
    if not of.total:
        return ()
    if alignment == "step" or len(of.stages) != len(on.stages):
        return tuple(min(k, of.total - 1) for k in range(on.total))
    found: list[int] = []
    for mine, theirs in zip(of.stages, on.stages, strict=True):
        levels = [_log_snr(of, k) for k in range(mine.first, mine.last + 1)]
        goals = [_log_snr(on, k) for k in range(theirs.first, theirs.last + 1)]
        found += [mine.first + i for i in nearest(levels, goals)]
    return tuple(found)


def nearest(levels: Sequence[float], goals: Sequence[float]) -> list[int]:
    """For every goal the index of the nearest level; the first and last are pinned together."""
    rising = all(a <= b for a, b in pairwise(levels))
    found = [_nearest(levels, goal, rising) for goal in goals]
    if found:
        found[0] = 0
        found[-1] = len(levels) - 1
    return found


def _nearest(levels: Sequence[float], goal: float, rising: bool) -> int:
    if not rising:  # a sampler that goes back to more noise
        return min(range(len(levels)), key=lambda i: abs(levels[i] - goal))
    after = min(bisect_left(levels, goal), len(levels) - 1)
    before = max(after - 1, 0)
    return before if goal - levels[before] <= levels[after] - goal else after


def _log_snr(timeline: Timeline, k: int) -> float:
    return min(max(timeline.level(k).log_snr, -EDGE), EDGE)
