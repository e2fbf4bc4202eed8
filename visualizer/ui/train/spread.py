"""Which of many are shown where there is room for few."""

from __future__ import annotations


def spread(count: int, room: int) -> list[int]:
    """Indices of at most `room` of `count` things, in order, evenly, first and last among them."""
    if count <= room:
        return list(range(count))
    if room == 1:
        return [count - 1]
    return [round(k * (count - 1) / (room - 1)) for k in range(room)]
