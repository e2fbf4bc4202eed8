"""A beach: the sea, its waves, sand, a palm."""

from __future__ import annotations

import math

from visualizer.training.world.brush import UNITS, Brush, Fill, across, down
from visualizer.training.world.color import times
from visualizer.training.world.places.land import water
from visualizer.training.world.places.view import Ground, View


def paint(brush: Brush, view: View) -> Ground:
    """The open sea to the horizon, perhaps an island; surf; sand; a palm at one side."""
    h, light = view.horizon, view.light
    if view.chance(0.5):
        _island(brush, view, view.rng.choice((view.u(20, 80), view.u(176, 236))), h + 2)
    shore = h + (UNITS - h) * view.u(0.46, 0.54)
    water(brush, view, h, shore, (20, 150, 178))
    tilt, phase = view.u(-9, 9), view.u(0, 6.3)
    shallow, foam = light.far((116, 214, 206), 0.2), light.far((250, 252, 252), 0.05)
    wet, dry = light.far((206, 170, 116), 0.1), (250, 222, 164)

    def strip(lower: float, fill: Fill) -> None:
        points = [
            (x, shore + lower + tilt * (x / UNITS - 0.5) * 2 + 4 * math.sin(phase + x / 34))
            for x in (UNITS * k / 20 for k in range(21))
        ]
        brush.polygon([*points, (UNITS, UNITS), (0, UNITS)], fill)

    strip(-16, shallow)
    strip(-11, foam)
    strip(-7, shallow)
    strip(-2, foam)
    strip(4, wet)
    strip(13, down(shore, UNITS, light.far(dry, 0.2), light.far((232, 190, 122), 0.0)))
    strip(
        46,
        down(shore + 40, UNITS, light.far((254, 228, 174), 0.1), light.far((224, 180, 112), 0.0)),
    )
    sides = [s for s in (-1, 1) if all(abs(UNITS / 2 + s * 104 - c) > 34 for c in view.clear)]
    if view.chance(0.85):
        side = view.rng.choice(sides or (-1, 1))
        _palm(brush, view, UNITS / 2 + side * view.u(98, 122), shore + view.u(20, 36), -side)
    return Ground(
        far=shore + abs(tilt) / 2 + 16,
        near=246,
        water=(h + 8, shore - abs(tilt) / 2 - 18),
        wet=0.15,
    )


def _island(brush: Brush, view: View, x: float, base: float) -> None:
    light, half, tall = view.light, view.u(30, 56), view.u(12, 26)
    fill = down(base - tall, base, light.far((110, 160, 120), 0.7), light.far((74, 124, 110), 0.7))
    brush.curve(
        (x - half, base),
        [
            (x - 0.5 * half, base - tall * 1.1, x - 0.1 * half, base - tall),
            (x + 0.5 * half, base - 0.9 * tall, x + half, base),
        ],
        fill,
    )


def _palm(brush: Brush, view: View, x: float, foot: float, lean: int) -> None:
    """A palm that leans over the sand, its leaves hanging in bows."""
    light = view.light
    tall = view.u(104, 132)
    tx, ty = x + lean * view.u(8, 26), foot - tall
    trunk = (lit := light.far((182, 136, 88), 0.05)), (dim := light.far((120, 84, 54), 0.05))
    fill = across(min(x, tx) - 5, max(x, tx) + 5, *(trunk if light.side < 0 else (dim, lit)))
    bow = x - lean * 6, foot - 0.5 * tall
    brush.curve(
        (x - 7, foot),
        [(bow[0] - 4, bow[1], tx - 3, ty), (tx + 3, ty), (bow[0] + 5, bow[1], x + 7, foot)],
        fill,
    )
    size = tall / 100
    for dx, dy in (
        (30, 34),
        (-30, 34),
        (50, 22),
        (-50, 22),
        (14, -30),
        (-14, -30),
        (46, -8),
        (-46, -8),
    ):
        ex, ey = tx + size * dx * view.u(0.9, 1.1), ty + size * dy * view.u(0.9, 1.1)
        cx, cy = tx + 0.5 * size * dx, ty + size * (min(dy, 10) - 24)
        sunny = dx * light.side > 0
        green = (84, 168, 82) if sunny else (40, 112, 66)
        brush.curve(
            (tx, ty - 4),
            [(cx, cy, ex, ey), (cx - 0.06 * size * dx, cy + 24 * size, tx, ty + 5)],
            light.far(green if dy < 30 else times(green, 0.8), 0.05),
        )
    brush.oval(tx, ty + 2, 5, 5, light.far((110, 76, 46), 0.05))
