"""The light of a time of day or a weather, and what it does to colors."""

from __future__ import annotations

from dataclasses import dataclass, replace

from PySide6.QtGui import QColor

from visualizer.training.world.color import RGB, mixed, q, shaded, times


@dataclass(frozen=True)
class Hour:
    """What a time of day or a weather is like.

    Attributes:
        sky: the sky's color above, in the middle, and at the horizon.
        land: what the light does to the landscape, a factor a channel.
        thing: what it does to things, less: their color must be told at night.
        haze: how far land at the horizon fades into ``air``, 0…1; half of it is added to things
            by ``thing_haze``.
        air: what distance fades into.
        lamps: whether windows and headlights are lit.
        sunshine: how hard shadows are, 0 (none) … 1.
    """

    sky: tuple[RGB, RGB, RGB]
    land: RGB
    thing: RGB
    haze: float
    thing_haze: float
    air: RGB
    lamps: bool
    sunshine: float


HOURS: dict[str, Hour] = {
    "day": Hour(
        sky=((36, 112, 222), (96, 170, 246), (202, 230, 250)),
        land=(1.0, 1.0, 1.0),
        thing=(1.0, 1.0, 1.0),
        haze=0.4,
        thing_haze=0.0,
        air=(196, 222, 246),
        lamps=False,
        sunshine=1.0,
    ),
    "sunset": Hour(
        sky=((70, 42, 116), (226, 88, 96), (255, 194, 92)),
        land=(0.95, 0.74, 0.66),
        thing=(1.0, 0.87, 0.8),
        haze=0.42,
        thing_haze=0.0,
        air=(255, 176, 110),
        lamps=True,
        sunshine=0.9,
    ),
    "night": Hour(
        sky=((6, 8, 34), (14, 22, 70), (38, 52, 118)),
        land=(0.35, 0.38, 0.58),
        thing=(0.72, 0.72, 0.86),
        haze=0.35,
        thing_haze=0.0,
        air=(34, 46, 108),
        lamps=True,
        sunshine=0.4,
    ),
    "fog": Hour(
        sky=((176, 184, 198), (202, 208, 216), (222, 226, 230)),
        land=(0.94, 0.95, 0.97),
        thing=(0.97, 0.98, 1.0),
        haze=0.86,
        thing_haze=0.16,
        air=(212, 217, 223),
        lamps=False,
        sunshine=0.15,
    ),
    "rain": Hour(
        sky=((58, 66, 82), (88, 98, 114), (132, 142, 154)),
        land=(0.6, 0.64, 0.68),
        thing=(0.86, 0.88, 0.92),
        haze=0.5,
        thing_haze=0.05,
        air=(126, 136, 148),
        lamps=True,
        sunshine=0.1,
    ),
}
LAMP: RGB = (255, 226, 130)


@dataclass(frozen=True)
class Light:
    """The light of one picture.

    Attributes:
        time: a key of HOURS.
        side: where the sun or moon stands, -1 left, 1 right.
        height: how high it stands, 0 (at the horizon) … 1.
        warmth: a factor a channel near 1, another in every picture.
    """

    time: str
    side: int
    height: float
    warmth: RGB = (1.0, 1.0, 1.0)

    @property
    def hour(self) -> Hour:
        """What the time is like."""
        return HOURS[self.time]

    @property
    def lamps(self) -> bool:
        """Whether windows and headlights are lit."""
        return self.hour.lamps

    def mirrored(self) -> Light:
        """For who paints in a mirrored frame, in which the light has to stay where it is."""
        return replace(self, side=-self.side)

    def sky(self, k: int) -> RGB:
        """The sky's color above (0), in the middle (1), at the horizon (2)."""
        return times(self.hour.sky[k], self.warmth)

    def far_rgb(self, color: RGB, depth: float = 0.5) -> RGB:
        """A color of the landscape; depth 0 is near, 1 at the horizon."""
        lit = times(times(color, self.hour.land), self.warmth)
        return mixed(lit, times(self.hour.air, self.warmth), self.hour.haze * depth)

    def far(self, color: RGB, depth: float = 0.5, alpha: float = 1.0) -> QColor:
        """``far_rgb`` for the painter."""
        return q(self.far_rgb(color, depth), alpha)

    def near(self, color: RGB, shade: float = 1.0, alpha: float = 1.0) -> QColor:
        """A color of a thing; its shade is 1 where the light falls on it evenly, 0.6 in shadow."""
        hour = self.hour
        lit = shaded(times(color, hour.thing), shade)
        return q(mixed(lit, hour.air, hour.thing_haze), alpha)
