"""Words: what a prompt does, word by word: read, compared, left out, and pressed harder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from visualizer.diffusion.arrays import FloatArray, Picture
    from visualizer.diffusion.trajectory import Trajectory


@dataclass(frozen=True, eq=False)
class SwapResult:
    """Two runs that differ in their words only, made with the same noise.

    Attributes:
        runs: both, without a decoder; ``Timeline.of`` shows them.
        differences: (steps,) rms difference of the two guesses, in latents, ÷ the spread of the
            guesses of the first run at the end: 0 is the same picture.
        first_visible: the first step whose guesses differ visibly as pictures; None where none do.
        pictures: both at the end.
    """

    runs: tuple[Trajectory, Trajectory]
    differences: FloatArray
    first_visible: int | None
    pictures: tuple[Picture, Picture]
