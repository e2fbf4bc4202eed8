"""The letters that lanes of a comparison are called by, the same wherever they are named."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from visualizer.diffusion.comparison import CompareLane


def letter_of(index: int) -> str:
    """A, B … Z, AA, AB …: the letter of the lane with this number, from 0."""
    letters = ""
    index += 1
    while index > 0:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def number_of(letter: str) -> int | None:
    """The number, from 0, of the lane with this letter; None for what is no letter of a lane."""
    if re.fullmatch(r"[A-Za-z]{1,2}", letter) is None:
        return None
    number = 0
    for each in letter.upper():
        number = 26 * number + ord(each) - ord("A") + 1
    return number - 1


def lane_numbers(lanes: Sequence[CompareLane]) -> list[int]:
    """The number of every lane's letter: what it was shown with, or else as it comes."""
    return [i if lane.number is None else lane.number for i, lane in enumerate(lanes)]
