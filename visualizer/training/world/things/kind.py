"""What a thing is to the one who puts it into a picture, and what it is told when it is painted."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtGui import QColor, QLinearGradient, QRadialGradient

from visualizer.training.world.brush import Brush, across, around, down
from visualizer.training.world.color import BODY, RGB, mixed, q, shaded
from visualizer.training.world.light import LAMP, Light


@dataclass(frozen=True)
class Look:
    """How one thing of one picture looks.

    Attributes:
        color: its color, a key of ``BODY``.
        light: the light that falls on it, its side already mirrored where the thing is.
        rng: for everything else about it: build, proportions, details.
        place: where it stands, a name of ``subjects.PLACES``.
    """

    color: str
    light: Light
    rng: random.Random
    place: str

    def u(self, low: float, high: float) -> float:
        """A random number between two."""
        return self.rng.uniform(low, high)

    def chance(self, share: float) -> bool:
        """True in this share of all pictures."""
        return self.rng.random() < share

    def body(self, shade: float = 1.0) -> QColor:
        """The thing's own color: 1 plain, below it darker, above it lighter."""
        color = BODY[self.color]
        if self.color == "yellow" and shade < 1:  # golden, not olive, in the shade
            color = (color[0] * shade**-0.25, color[1], color[2])
        return self.light.near(color, shade)

    def of(self, color: RGB, shade: float = 1.0) -> QColor:
        """Another material under the same light: glass, rubber, wood."""
        return self.light.near(color, shade)

    def trim(self, shade: float = 1.0) -> QColor:
        """For stripes, frames, sails: white, or a blue grey on a white thing."""
        return self.of((150, 166, 190) if self.color == "white" else (248, 246, 240), shade)

    def dark(self) -> QColor:
        """Roofs and shaded parts: the color, darker, that can be told from it when it is black."""
        return self.of((84, 84, 96)) if self.color == "black" else self.body(0.6)

    def window(self) -> QColor:
        """Glass: lit from inside where lamps are, the sky's color by day."""
        return self.of(LAMP, 1.1) if self.light.lamps else self.of((150, 200, 236))

    def glass(self, y0: float, y1: float) -> QLinearGradient:
        """Dark glass that mirrors the sky, from its upper to its lower edge."""
        hour = self.light.hour
        base = (62, 78, 120) if self.light.time == "night" else (26, 36, 58)
        colors = (mixed(self.light.sky(k), base, s) for k, s in ((1, 0.72), (2, 0.3)))
        return down(y0, y1, *(q(mixed(c, hour.air, hour.thing_haze)) for c in colors))

    def shine(self, x0: float, x1: float, strength: float = 1.0) -> QLinearGradient:
        """To lay over what is painted: brighter towards the light, darker away from it."""
        bright, even = q((255, 250, 240), 0.26 * strength), q((255, 250, 240), 0.0)
        dim = q((10, 12, 40), 0.3 * strength)
        colors = bright, even, q((10, 12, 40), 0.0), dim
        return across(x0, x1, *(colors if self.light.side < 0 else colors[::-1]))

    def lamp(self, shade: float = 1.0) -> QColor:
        """What is lit from inside, as bright at night as by day."""
        hour = self.light.hour
        return q(mixed(shaded(LAMP, shade), hour.air, hour.thing_haze))

    def glow(self, brush: Brush, x: float, y: float, r: float, strength: float = 0.8) -> None:
        """The soft light about a lamp, where lamps are lit."""
        if self.light.lamps:
            fade = around(x, y, r, q(LAMP, strength), q(LAMP, strength * 0.3), q(LAMP, 0))
            brush.box(x - r, y - r, 2 * r, 2 * r, fade)  # quicker than an ellipse

    def across(
        self, x0: float, x1: float, bright: float = 1.22, dim: float = 0.66
    ) -> QLinearGradient:
        """The thing's color over a round body, lit from the side of the light."""
        colors = self.body(bright), self.body(1.0), self.body(dim)
        return across(x0, x1, *(colors if self.light.side < 0 else colors[::-1]))

    def down(self, y0: float, y1: float, bright: float = 1.25, dim: float = 0.7) -> QLinearGradient:
        """The thing's color, lit from above."""
        return down(y0, y1, self.body(bright), self.body(1.0), self.body(dim))

    def ball(
        self, x: float, y: float, r: float, bright: float = 1.18, dim: float = 0.68
    ) -> QRadialGradient:
        """The thing's color over a ball about x, y, lit from above and the side of the light."""
        colors = self.body(bright), self.body(1.0), self.body(dim)
        return around(x + 0.35 * r * self.light.side, y - 0.45 * r, 1.5 * r, *colors)


@dataclass(frozen=True)
class Kind:
    """A sort of thing.

    It is painted in a frame of its own: the middle of its foot at (0, 0), up is negative y, 100
    units are about as wide or high as a thing of middle size is. What flies has its middle at
    (0, -50). It looks to the right; pictures mirror it as they like. It paints no shadow and no
    reflection: those are made of its outline.

    Attributes:
        paint: paints one.
        half_width: it stays within plus and minus this.
        height: it stays below this.
        scale: how large it is beside other things, about 1.
        flies: it hangs in the air.
        swims: on water it floats; it needs no ground there.
    """

    paint: Callable[[Brush, Look], None]
    half_width: float
    height: float
    scale: float = 1.0
    flies: bool = False
    swims: bool = False
