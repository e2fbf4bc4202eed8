"""A desert of sand dunes, with cacti."""

from __future__ import annotations

from visualizer.training.world.brush import Brush, down
from visualizer.training.world.color import RGB, shaded, times
from visualizer.training.world.places.land import below, free, hills
from visualizer.training.world.places.view import Ground, View

_SAND: RGB = (238, 184, 104)


def paint(brush: Brush, view: View) -> Ground:
    """Far dunes or table mountains, nearer dunes, cacti at the sides."""
    h, light = view.horizon, view.light
    if view.chance(0.5):
        for _ in range(view.rng.randint(1, 2)):
            _table(brush, view, view.u(10, 246), h + 14, view.u(26, 46), view.u(26, 44))
    for y, rise, half, depth in (
        (h + 4, 26, 130, 0.75),
        (h + 22, 28, 150, 0.42),
        (h + 46, 30, 170, 0.16),
    ):
        for x in (view.u(-20, 110), view.u(146, 276)):
            _dune(
                brush, view, (x, y - rise * view.u(0.5, 1.0)), y + 9, half * view.u(0.8, 1.1), depth
            )
        top, low = light.far((250, 210, 138), depth * 0.8), light.far((230, 166, 84), depth * 0.3)
        below(brush, hills(view, y + 9, 9, 0.8), down(y, y + 40 + 130 * (0.75 - depth), top, low))
    for x, tall in ((view.u(12, 44), view.u(54, 96)), (view.u(212, 244), view.u(54, 96))):
        if free(view, x, 30) and view.chance(0.85):
            _cactus(brush, view, x, h + view.u(0.34, 0.7) * tall, tall)
    if view.chance(0.7):
        _cactus(brush, view, view.u(60, 200), h + view.u(12, 18), view.u(24, 34))
    return Ground(far=h + 20, near=246)


def _dune(
    brush: Brush, view: View, top: tuple[float, float], base: float, half: float, depth: float
) -> None:
    """A dune with a sharp crest that parts the sunny side from the shady one."""
    (x, y), light, side = top, view.light, view.light.side
    sunny, shady = x + side * half, x - side * half
    lit, dim = light.far(shaded(_SAND, 1.12), depth), light.far(times(_SAND, 0.78), depth)
    foot = x + side * half * view.u(-0.1, 0.35)
    brush.curve((sunny, base), [(x + side * half * 0.4, base, x, y), (shady, base)], lit)
    brush.curve(
        top,
        [
            (x + side * 12, y + 0.4 * (base - y), x - side * 14, y + 0.6 * (base - y), foot, base),
            (shady, base),
            (x - side * half * 0.4, base - 2, x, y),
        ],
        down(y, base, dim, light.far(times(_SAND, 0.9), depth)),
    )


def _table(brush: Brush, view: View, x: float, base: float, half: float, tall: float) -> None:
    """A table mountain far away."""
    rock, light = (196, 116, 84), view.light
    for shade, a, b in ((1.1, -1.0, 0.25), (0.8, 0.25, 1.0)):
        if light.side > 0:
            a, b = -b, -a
        out = [0.62 if abs(k) == 1.0 else 1.0 for k in (a, b)]
        brush.polygon(
            [
                (x + a * half * out[0], base - tall),
                (x + b * half * out[1], base - tall),
                (x + b * half * (1.0 if out[1] < 1 else 1.3), base),
                (x + a * half * (1.0 if out[0] < 1 else 1.3), base),
            ],
            light.far(shaded(rock, shade), 0.6),
        )


def _cactus(brush: Brush, view: View, x: float, foot: float, tall: float) -> None:
    """A saguaro with two arms, lit from one side."""
    light, side = view.light, view.light.side
    depth = max(0.0, 0.45 - tall / 160)
    wide = 0.2 * tall
    arms = ((-1, view.u(0.36, 0.46), view.u(0.3, 0.4)), (1, view.u(0.46, 0.6), view.u(0.22, 0.34)))
    for shade, shift, part in ((0.8, 0.0, 1.0), (1.12, side * 0.2 * wide, 0.45)):
        color = light.far(shaded((62, 136, 74), shade), depth)
        for way, up, rise in arms:
            out = x + way * 0.27 * tall + shift * 0.6
            points = [
                (x, foot - up * tall),
                (out, foot - up * tall),
                (out, foot - (up + rise) * tall),
            ]
            brush.line(points if part == 1 else points[1:], wide * 0.68 * part, color)
        top = foot - tall + wide / 2
        brush.line([(x + shift, foot - part), (x + shift, top)], wide * part, color)
