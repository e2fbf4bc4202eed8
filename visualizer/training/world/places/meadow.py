"""A meadow with flowers on rolling green hills."""

from __future__ import annotations

import math

from visualizer.training.world.brush import UNITS, Brush, Fill, around
from visualizer.training.world.color import RGB
from visualizer.training.world.places.land import bushes, free, hill
from visualizer.training.world.places.view import Ground, View

_FLOWERS: tuple[tuple[RGB, RGB], ...] = (  # petals, heart
    ((255, 255, 255), (250, 206, 60)),
    ((255, 226, 96), (214, 138, 30)),
    ((248, 170, 206), (255, 236, 150)),
    ((196, 164, 240), (255, 240, 170)),
)


def paint(brush: Brush, view: View) -> Ground:
    """Hill behind hill, patches of flowers, and some flowers large in front."""
    h, light = view.horizon, view.light
    hill(brush, view, h + 2, view.u(34, 52), 1.1, (120, 178, 136), 0.95)
    hill(brush, view, h + 12, view.u(28, 40), 1.3, (136, 196, 96), 0.65)
    for _ in range(view.rng.randint(1, 3)):
        bushes(brush, view, view.u(0, UNITS), h + view.u(4, 12), view.u(9, 15), 0.5)
    hill(brush, view, h + 30, view.u(22, 32), 1.0, (108, 182, 78), 0.38, fall=60)
    hill(brush, view, h + 58, view.u(18, 28), 0.8, (130, 196, 76), 0.16, fall=80)
    hill(brush, view, h + 92, view.u(14, 24), 0.7, (96, 172, 62), 0.0, fall=60)
    petals, heart = view.rng.choice(_FLOWERS)
    for k in range(7):
        share = (k + view.u(0, 1)) / 7
        x, y = view.u(0, UNITS), h + 20 + share * (UNITS - h - 34)
        _patch(brush, view, x, y, (16 + 26 * share) * view.u(0.8, 1.3), petals, 0.3 * (1 - share))
    spots = [
        (x, view.u(226, 246), view.u(6.5, 9))
        for x in (view.u(2, 254) for _ in range(9))
        if free(view, x, 36)
    ]

    def bloom(front: Brush) -> None:
        for x, y, r in sorted(spots, key=lambda s: s[1]):
            _flower(
                front,
                x,
                y,
                r,
                light.far(petals, 0),
                light.far(heart, 0),
                light.far((52, 120, 44), 0),
            )

    return Ground(far=h + 18, near=246, front=bloom)


def _patch(
    brush: Brush, view: View, x: float, y: float, half: float, petals: RGB, depth: float
) -> None:
    """Flowers seen from afar: a soft flat cloud of their color with a few blossoms in it."""
    light = view.light
    with brush.moved(x, y):
        brush.p.scale(1, 0.22)
        soft = [light.far(petals, depth, a) for a in (0.7, 0.45, 0.0)]
        brush.oval(0, 0, half, half, around(0, 0, half, *soft))
    r = half / 14
    for k in range(5):
        dot = x + half * 0.7 * (k / 2 - 1) + view.u(-3, 3)
        brush.oval(
            dot,
            y + half * view.u(-0.09, 0.09),
            max(r, 1.8),
            max(0.7 * r, 1.6),
            light.far(petals, depth),
        )


def _flower(
    brush: Brush, x: float, y: float, r: float, petals: Fill, heart: Fill, stalk: Fill
) -> None:
    brush.polygon([(x - 1.8, y), (x + 1.8, y), (x + 2, UNITS + 4), (x - 2, UNITS + 4)], stalk)
    for k in range(5):
        a = 0.3 + k * math.tau / 5
        brush.oval(x + 0.62 * r * math.sin(a), y - 0.62 * r * math.cos(a), 0.5 * r, 0.5 * r, petals)
    brush.oval(x, y, 0.36 * r, 0.36 * r, heart)
