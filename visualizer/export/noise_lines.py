"""The lines of a noise plot: where they run, and where nothing joins them."""

from __future__ import annotations

from collections.abc import Collection, Mapping

Line = list[tuple[int, float]]
"""(moment, share of noise) from left to right."""


def lines_through(shares: Mapping[int, float], breaks: Collection[int]) -> list[Line]:
    """The lines through shares of noise, each of two points at least.

    A line ends where the next moment has no share, and after the moments of ``breaks``: another
    stage begins there.

    Args:
        shares: by moment, ascending.
    """
    lines: list[Line] = [[]]
    for moment, share in shares.items():
        line = lines[-1]
        if line and (line[-1][0] != moment - 1 or line[-1][0] in breaks):
            line = []
            lines.append(line)
        line.append((moment, share))
    return [line for line in lines if len(line) > 1]
