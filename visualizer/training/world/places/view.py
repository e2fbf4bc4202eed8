"""What a place is told when it is painted, and what it says of itself afterwards."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from visualizer.training.world.brush import Brush
from visualizer.training.world.light import Light


@dataclass(frozen=True)
class View:
    """How one picture looks at a place.

    Attributes:
        light: of the picture.
        horizon: the y of the horizon, about 110…165 of 256. Land begins there, sky is painted.
        rng: for everything else about it.
        clear: x of the places where things will stand: keep what is high in front away from them.
    """

    light: Light
    horizon: float
    rng: random.Random
    clear: tuple[float, ...] = ()

    def u(self, low: float, high: float) -> float:
        """A random number between two."""
        return self.rng.uniform(low, high)

    def chance(self, share: float) -> bool:
        """True in this share of all pictures."""
        return self.rng.random() < share


@dataclass(frozen=True)
class Ground:
    """Where things can stand in a place that was painted.

    Attributes:
        far: y of the feet of a thing in the back.
        near: y of the feet of a thing in front, at most 250.
        water: y from … to of open water on which boats float, or None.
        wet: how much the ground mirrors things, 0…1.
        front: paints what is in front of all things: grass, flakes; or None.
    """

    far: float
    near: float
    water: tuple[float, float] | None = None
    wet: float = 0.0
    front: Callable[[Brush], None] | None = None


Place = Callable[[Brush, View], Ground]
