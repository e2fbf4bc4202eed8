"""The score as arrows: where the network would push a particle, at places all over the square."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from visualizer.physics.shapes import Points


@dataclass(frozen=True, eq=False)
class Field:
    """The score as arrows on a grid, twice as wide as the square, at some of the levels.

    Attributes:
        places: (arrows, 2).
        levels: which, rising; the first is not 0: a shape without noise has no smooth score.
        arrows: (levels, arrows, 2) ∇ log p as the network knows it.
    """

    places: Points
    levels: NDArray[np.int64]
    arrows: NDArray[np.float32]

    def at(self, level: int) -> NDArray[np.float32]:
        """(arrows, 2) at any level, between the known ones in proportion."""
        k = float(np.clip(level, self.levels[0], self.levels[-1]))
        above = int(np.clip(np.searchsorted(self.levels, k), 1, len(self.levels) - 1))
        below = above - 1
        share = (k - self.levels[below]) / (self.levels[above] - self.levels[below])
        return np.asarray((1 - share) * self.arrows[below] + share * self.arrows[above])
