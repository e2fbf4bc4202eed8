"""What is written at a lane: what tells it from the lanes beside it, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Sequence

_BETWEEN, _CUT = " · ", "…"
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
    """Texts without the words that all begin and end with; of each at least one word is left.

    Texts that were cut, "a castle in the snow…", may end with less of what they share.
    """
    words = [text.removesuffix(_CUT).split() for text in texts]
    if len(set(texts)) < 2 or any(not each or each[0] == "avoid" for each in words):
        return tuple(texts)
    cut = [text.endswith(_CUT) for text in texts]
    while min(map(len, words)) > 1 and len({each[0] for each in words}) == 1:
        words = [each[1:] for each in words]
    heads = _heads(words, cut)
    bare = tuple(
        " ".join(each[:head]) + (_CUT if was_cut and head == len(each) else "")
        for each, head, was_cut in zip(words, heads, cut, strict=True)
    )
    return bare if len(set(bare)) == len(set(texts)) else tuple(texts)


def _heads(words: list[list[str]], cut: list[bool]) -> list[int]:
    """How many words of each come before the end that all have in common."""
    longest = max(range(len(words)), key=lambda i: len(words[i]))
    for start in range(1, len(words[longest])):
        end = words[longest][start:]
        heads = [
            _head(each, end, was_cut, cut[longest])
            for each, was_cut in zip(words, cut, strict=True)
        ]
        if all(heads):
            return heads
    return [len(each) for each in words]


def _head(words: list[str], end: list[str], cut: bool, end_cut: bool) -> int:
    """How many words come before this end, of which a cut text may lack the rest; 0: none."""
    for head in range(1, len(words)):
        tail = words[head:]
        short = min(len(tail), len(end))
        whole = len(tail) == len(end) or (cut if len(tail) < len(end) else end_cut)
        if whole and tail[:short] == end[:short]:
            return head
    return 0


def shortest(caption: str) -> str:
    """A caption where there is little room: "3" for "seed 3", "20" for "20 steps"."""
    words = caption.split()
    numbers = [word for word in words if _NUMBER.fullmatch(word)]
    return numbers[0] if len(words) == 2 and len(numbers) == 1 else caption


def _are_numbers(texts: Sequence[str]) -> bool:
    return all(_NUMBER.fullmatch(text) for text in texts)
