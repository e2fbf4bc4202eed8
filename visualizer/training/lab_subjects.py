"""What the live lab's denoiser is shown: four subjects, by day and at sunset."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class LabSubject:
    """One of the subjects.

    Attributes:
        title: what it is called in the window.
        parts: object, color and place, as in ``subjects.Subject``.
    """

    title: str
    parts: tuple[str, str, str]


SUBJECTS: Final = (
    LabSubject("car", ("car", "red", "desert")),
    LabSubject("balloon", ("balloon", "orange", "lake")),
    LabSubject("house", ("house", "yellow", "forest")),
    LabSubject("boat", ("boat", "blue", "beach")),
)
BATCH: Final = 16
"""How many drawings a step is shown."""
TIMES: Final = ("day", "sunset")
