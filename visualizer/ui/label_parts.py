"""What two labels do not have in common: the part to show where room is scarce."""

from __future__ import annotations


def apart(first: str, second: str) -> tuple[str, str]:
    """Both labels without the words that they begin and end with alike.

    "seed 7" and "seed 81" become "7" and "81". Labels that are the same, or of which one would have
    nothing left, stay as they are.
    """
    ours, theirs = first.split(), second.split()
    shorter = min(len(ours), len(theirs))
    head = 0
    while head < shorter and ours[head] == theirs[head]:
        head += 1
    tail = 0
    while tail < shorter - head and ours[-1 - tail] == theirs[-1 - tail]:
        tail += 1
    if head + tail >= shorter:
        return first, second
    return (
        " ".join(ours[head : len(ours) - tail]),
        " ".join(theirs[head : len(theirs) - tail]),
    )
