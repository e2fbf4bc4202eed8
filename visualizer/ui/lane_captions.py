"""What is written at a lane: what tells it from the lanes beside it, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Sequence

_BETWEEN = " · "
_NUMBER = re.compile(r"[-+]?[\d.,]+")


def captions(labels: Sequence[str]) -> tuple[str, ...]:
    """Labels without what all of them say, the words before the numbers.

    ("seed 1 · a red car", "seed 2 · a red boat") become ("car · 1", "boat · 2"). A number alone
    keeps its name: "seed 3". Labels that say the same, or are made of different parts, stay.
    """
    rows = [label.split(_BETWEEN) for label in labels]
    if len(set(labels)) < 2 or len({len(row) for row in rows}) != 1:
        return tuple(labels)
    differing = [part for part in zip(*rows, strict=True) if len(set(part)) > 1]
    if len(differing) == 1:
        bare = without_shared(differing[0])
        return tuple(differing[0]) if _are_numbers(bare) else bare
    parts = sorted(map(without_shared, differing), key=_are_numbers)
    return tuple(_BETWEEN.join(each) for each in zip(*parts, strict=True))


def without_shared(texts: Sequence[str]) -> tuple[str, ...]:
    """Texts without the words that all begin and end with; of each at least one word is left."""
    words = [text.split() for text in texts]
    if len(set(texts)) < 2 or any(not each or each[0] == "avoid" for each in words):
        return tuple(texts)
    while min(map(len, words)) > 1 and len({each[0] for each in words}) == 1:
        words = [each[1:] for each in words]
    while min(map(len, words)) > 1 and len({each[-1] for each in words}) == 1:
        words = [each[:-1] for each in words]
    return tuple(" ".join(each) for each in words)


def _are_numbers(texts: Sequence[str]) -> bool:
    return all(_NUMBER.fullmatch(text) for text in texts)
