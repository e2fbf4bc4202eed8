"""What the live lab's denoiser is shown: four subjects, by day and at sunset."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class LabSubject:
    """One of the subjects, large and in the middle of its picture.

    Attributes:
        title: what it is called in the window.
        object, color, place: names of ``world.subjects``.
    """

    title: str
    object: str
    color: str
    place: str


SUBJECTS: Final = (
    LabSubject("car", "car", "red", "desert"),
    LabSubject("balloon", "balloon", "orange", "lake"),
    LabSubject("house", "house", "yellow", "snow"),
    LabSubject("tree", "tree", "pink", "meadow"),
)
BATCH: Final = 16
"""How many drawings a step is shown."""
TIMES: Final = ("day", "sunset")
