"""Shots: which moments a film shows, in which order, and how long each of them stands."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from visualizer.export.options import ExportOptions

Value = TypeVar("Value")
SECONDS = 4.0
"""How long a film takes where nobody says how fast it is …"""
SHORTEST, LONGEST = 40, 125
"""… as long as no frame flickers, and none seems to stand still: milliseconds."""


@dataclass(frozen=True)
class Shot:
    """One moment, and how many milliseconds it stands."""

    moment: int
    milliseconds: int


def shots_of(
    moments: Sequence[int], shares: Sequence[float], options: ExportOptions
) -> tuple[Shot, ...]:
    """The film that shows these moments under options.

    Args:
        moments: those with pictures, ascending, at least one.
        shares: the share of noise at every moment of the reel, 0 … 1; () where there is none:
            frames are then spaced evenly.
    """
    chosen = list(moments)
    if options.steps == "every":
        chosen = every(chosen, options.every)
    elif options.steps == "noise":
        own = [shares[moment] for moment in chosen] if shares else list(map(float, chosen))
        chosen = evenly_by_noise(chosen, own, options.count)
    turn = len(chosen) - 1
    if options.direction == "back":
        chosen = chosen[::-1]
    elif options.direction == "boomerang":
        chosen += chosen[-2:0:-1]  # repeated, it goes on with the first: neither end stands twice
    times = _durations(len(chosen), options.fps)
    held = turn if options.direction == "boomerang" else len(chosen) - 1
    times[held] = max(times[held], round(1000 * options.hold))
    return tuple(Shot(moment, time) for moment, time in zip(chosen, times, strict=True))


def every(moments: list[int], k: int) -> list[int]:
    """Every k-th moment from the first one on, and the last one."""
    chosen = moments[::k]
    return chosen if chosen[-1] == moments[-1] else [*chosen, moments[-1]]


def evenly(values: Sequence[Value], most: int) -> list[Value]:
    """At most so many of the values, two or more, evenly chosen, with the first and the last."""
    if len(values) <= most:
        return list(values)
    return [values[round(i * (len(values) - 1) / (most - 1))] for i in range(most)]


def evenly_by_noise(moments: list[int], shares: list[float], count: int) -> list[int]:
    """``count`` of the moments, or all where there are no more, evenly spaced by noise level.

    Even is meant in the share of the noise: that is what the film's words and its plot count, so
    every frame brings as much picture as the one before it, and both ends are finite, which they
    are not in log-SNR. Where a second stage brings the noise back, that way counts as well.

    Args:
        shares: of the noise at each of the moments.
    """
    last = len(moments) - 1
    if count > last:
        return moments
    way = list(accumulate((abs(b - a) for a, b in pairwise(shares)), initial=0.0))
    chosen = [0]
    for i in range(1, count - 1):
        goal = way[-1] * i / (count - 1)
        after = min(bisect_left(way, goal), last)
        near = after - 1 if after and goal - way[after - 1] <= way[after] - goal else after
        # each is taken once, and enough are left for those that follow
        chosen.append(min(max(near, chosen[-1] + 1), last - (count - 1 - i)))
    return [moments[k] for k in (*chosen, last)]


def _durations(count: int, fps: float | None) -> list[int]:
    """Milliseconds of each frame; rounded so that together they take as long as they should."""
    if fps is None:
        each = round(1000 * SECONDS / count / 10) * 10
        return [min(LONGEST, max(SHORTEST, each))] * count
    ends = [round(1000 * i / fps) for i in range(count + 1)]
    return [b - a for a, b in pairwise(ends)]
