"""A city: a skyline, and a street in front of it."""

from __future__ import annotations

from visualizer.training.world.brush import UNITS, Brush, Fill, Point, across, around, down
from visualizer.training.world.color import RGB, mixed, q, shaded, times
from visualizer.training.world.light import LAMP
from visualizer.training.world.places.land import Way, asphalt, free
from visualizer.training.world.places.view import Ground, View

_WALLS: tuple[RGB, ...] = (
    (122, 138, 166),
    (176, 160, 146),
    (150, 128, 122),
    (190, 188, 188),
    (100, 116, 142),
)


def paint(brush: Brush, view: View) -> Ground:
    """Far towers, nearer ones with windows, a street along or into the picture, lamps."""
    h, light = view.horizon, view.light
    base = h + 8
    _far_towers(brush, view, base)
    x = view.u(-16, 0)
    while x < UNITS:
        edge = abs(x + 16 - UNITS / 2) / (UNITS / 2)
        wide = view.rng.choice((30, 39, 48))
        _tower(brush, view, x, base, wide, (34 + 60 * edge) * view.u(0.75, 1.2), 0.3)
        x += wide + view.rng.choice((0, 0, 5, 10))
    brush.box(
        0,
        base - 1,
        UNITS,
        14,
        down(base, base + 13, light.far((188, 188, 194), 0.4), light.far((160, 160, 168), 0.2)),
    )
    if view.chance(0.5):
        _street_along(brush, view, base + 13)
    else:
        _avenue(brush, view, base)
    for x in (view.u(14, 34), view.u(222, 242)):
        if free(view, x, 36):
            _lamp(brush, view, x, h + view.u(36, 54), view.u(84, 104))
    return Ground(far=base + 16, near=246, wet=0.5 if light.time == "rain" else 0.0)


def _far_towers(brush: Brush, view: View, base: float) -> None:
    light = view.light
    x = view.u(-10, 0)
    while x < UNITS:
        wide, tall = view.u(18, 34), view.u(60, 122)
        color = mixed(view.rng.choice(_WALLS), light.sky(2), 0.2)
        brush.box(
            x,
            base - tall,
            wide,
            tall,
            down(base - tall, base, light.far(color, 0.75), light.far(color, 1.0)),
        )
        if view.chance(0.25):
            brush.polygon(
                [
                    (x + wide / 2 - 3, base - tall),
                    (x + wide / 2, base - tall - 22),
                    (x + wide / 2 + 3, base - tall),
                ],
                light.far(color, 0.75),
            )
        x += wide + view.u(-4, 6)


def _tower(
    brush: Brush, view: View, x: float, base: float, wide: float, tall: float, depth: float
) -> None:
    """A house front with two to four rows of windows across, lit at random in the dark."""
    light = view.light
    wall = times(view.rng.choice(_WALLS), view.u(0.9, 1.1))
    lit, dim = light.far(shaded(wall, 1.1), depth), light.far(times(wall, 0.78), depth)
    top = base - tall
    brush.box(
        x, top, wide, tall, across(x, x + wide, *((lit, dim) if light.side < 0 else (dim, lit)))
    )
    brush.box(x - 1, top, wide + 2, 4, light.far(times(wall, 0.66), depth))
    glass = light.far(mixed((70, 96, 138), light.sky(2), 0.22), depth)
    dark = light.far(times(wall, 0.55), depth)
    glow = q(mixed(LAMP, light.hour.air, 0.12))
    columns = round(wide / 10)
    pitch = wide / columns
    y = top + 9
    while y < base - 8:
        for k in range(columns):
            fill = (glow if view.chance(0.55) else dark) if light.lamps else glass
            brush.box(x + (k + 0.5) * pitch - 2.8, y, 5.6, 7, fill)
        y += 13


def _street_along(brush: Brush, view: View, top: float) -> None:
    """A street across the picture."""
    light = view.light
    far, near = light.far((112, 114, 124), 0.2), light.far((78, 80, 90), 0.0)
    if light.time == "rain":
        far = q(mixed(light.far_rgb((112, 114, 124), 0.2), light.sky(2), 0.4))
    brush.box(0, top, UNITS, UNITS - top, down(top, UNITS, far, near))
    brush.box(0, top - 1, UNITS, 4, light.far((214, 214, 218), 0.2))
    y = (top + UNITS) / 2 + view.u(6, 20)
    shift = view.u(0, 64)
    for k in range(6):
        x = 64 * k - shift
        brush.polygon(
            [(x + 4, y), (x + 38, y), (x + 35, y + 6), (x, y + 6)], light.far((248, 240, 206), 0)
        )


def _avenue(brush: Brush, view: View, base: float) -> None:
    """A street into the picture, house walls along it on both sides."""
    light = view.light
    pavement = down(base, UNITS, light.far((178, 178, 184), 0.3), light.far((150, 150, 160), 0))
    brush.box(0, base + 4, UNITS, UNITS, pavement)
    vanish = view.u(108, 148)
    for side in (-1, 1):
        for near, far in ((0.66, 0.4), (1.2, 0.7)):
            _wall(brush, view, (vanish, base), side, near, far, view.u(96, 136))
    way = Way(base + 2, vanish, view.u(112, 144), view.u(96, 116))
    asphalt(brush, view, way, (204, 204, 208))


def _wall(
    brush: Brush, view: View, vanish: Point, side: int, near: float, far: float, tall: float
) -> None:
    """A house wall that runs to the vanishing point; near and far are 1 at the picture's edge."""
    light, (vx, vy) = view.light, vanish
    wall = times(view.rng.choice(_WALLS), 0.8 if side == light.side else 1.05)

    def at(depth: float, up: float) -> Point:
        return vx + side * 132 * depth, vy + (34 - up * (tall + 34)) * depth

    def quad(a: float, b: float, low: float, high: float, fill: Fill) -> None:
        brush.polygon([at(a, low), at(a, high), at(b, high), at(b, low)], fill)

    haze = 0.45 * (1.2 - near)
    quad(near, far, 0, 1, light.far(wall, haze))
    quad(near, far, 0.94, 1, light.far(times(wall, 0.68), haze))
    glow, dark = q(mixed(LAMP, light.hour.air, 0.12)), light.far(times(wall, 0.55), haze)
    glass = light.far(mixed((70, 96, 138), light.sky(2), 0.22), haze)
    for row in range(4):
        for column in range(3):
            a = near + (far - near) * (column + 0.22) / 3
            b = near + (far - near) * (column + 0.72) / 3
            fill = (glow if view.chance(0.55) else dark) if light.lamps else glass
            quad(a, b, 0.16 + 0.2 * row, 0.28 + 0.2 * row, fill)


def _lamp(brush: Brush, view: View, x: float, foot: float, tall: float) -> None:
    """A street lamp; on a wet street its light lies below it."""
    light = view.light
    pole = light.far((64, 68, 80), 0.1)
    inward = 1 if x < UNITS / 2 else -1
    head = x + inward * 18, foot - tall + 1
    if light.time == "rain":
        shine = [q(LAMP, 0.42), q(LAMP, 0.16), q(LAMP, 0.0)]
        with brush.moved(head[0], foot + 36):
            brush.p.scale(0.3, 1)
            brush.oval(0, 0, 44, 44, around(0, 0, 44, *shine))
    brush.box(x - 4, foot - 6, 8, 6, pole)
    brush.line([(x, foot), (x, foot - tall), (x + inward * 14, foot - tall - 3)], 4, pole)
    if light.lamps:
        brush.oval(*head, 30, 30, around(*head, 30, q(LAMP, 0.75), q(LAMP, 0.2), q(LAMP, 0)))
    brush.oval(*head, 8, 4.5, q(LAMP) if light.lamps else light.far((236, 238, 240), 0.1))
