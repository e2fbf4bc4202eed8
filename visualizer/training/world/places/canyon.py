"""A canyon: walls of red rock in layers, left and right."""

from __future__ import annotations

from visualizer.training.world.brush import UNITS, Brush, Point, down
from visualizer.training.world.color import RGB, shaded
from visualizer.training.world.places.land import ground, hill
from visualizer.training.world.places.view import Ground, View

_LAYERS: tuple[RGB, ...] = (
    (196, 98, 66),
    (222, 132, 88),
    (168, 76, 56),
    (210, 112, 72),
    (232, 152, 106),
)


def paint(brush: Brush, view: View) -> Ground:
    """Rock needles far away, then pairs of walls that get nearer; a sandy floor."""
    h, light = view.horizon, view.light
    vanish = view.u(96, 160)
    for _ in range(3):
        _butte(brush, view, vanish + view.u(-50, 50), h + 6, view.u(9, 18), view.u(26, 56))
    ground(brush, view, h + 3, (232, 172, 124), (196, 116, 76))
    hill(brush, view, h + 34, view.u(6, 12), 0.9, (216, 148, 102), 0.2, fall=60)
    hill(brush, view, h + 66, view.u(8, 16), 0.8, (206, 128, 84), 0.0, fall=60)
    for depth, gap, rim, foot in ((0.55, 26, 0.5, 24), (0.14, 62, 0.96, 62)):
        for side in (-1, 1):
            _wall(
                brush,
                view,
                side,
                vanish,
                gap + view.u(-8, 8),
                h * rim * view.u(0.85, 1.0),
                foot * view.u(0.9, 1.2),
                depth,
            )
    shade = light.far((150, 84, 60), 0.0, 0.0), light.far((150, 84, 60), 0.0, 0.5)
    brush.box(0, UNITS - 40, UNITS, 40, down(UNITS - 40, UNITS, *shade))
    return Ground(far=h + 18, near=246)


def _wall(
    brush: Brush,
    view: View,
    side: int,
    vanish: float,
    gap: float,
    rise: float,
    foot: float,
    depth: float,
) -> None:
    """One wall from the picture's edge to the gap beside the vanishing point, in steps.

    Its layers run to the vanishing point. The wall across from the sun is lit.
    """
    h, light = view.horizon, view.light
    edge = UNITS / 2 + side * (UNITS / 2 + 6)
    inner = vanish + side * gap
    outline: list[Point] = [(edge, h + foot), (edge, h - rise)]
    count = 4
    for k in range(count):
        x = edge + (inner - edge) * (k + view.u(0.6, 0.9)) / count
        y = h - rise * (1 - 0.16 * k) * view.u(0.93, 1.0)
        outline += [(x, y), (x - side * 3, y + rise * 0.13)]
    outline += [
        (inner, h - rise * 0.3),
        (inner - side * 2, h + foot * 0.12),
        (inner - side * 8, h + foot * 0.2),
    ]
    shade = 0.72 if side == light.side else 1.06
    path = brush.path(outline[0], outline[1:])
    with brush.within(path):
        y, k = h - rise - 8, view.rng.randrange(5)
        while y < h + foot:
            tall = (rise + foot) * view.u(0.09, 0.15)
            color = light.far(shaded(_LAYERS[k % 5], shade), depth)
            brush.polygon([(edge, y), (vanish, h), (edge, y + tall + 1)], color)
            y, k = y + tall, k + 1
    # the foot of the wall lies in its own shadow
    dark = light.far((120, 58, 44), depth, 0.0), light.far((120, 58, 44), depth, 0.45)
    with brush.within(path):
        brush.polygon(
            [(edge, h - rise * 0.3), (vanish, h - 4), (edge, h + foot + 2)],
            down(h - rise * 0.3, h + foot, *dark),
        )


def _butte(brush: Brush, view: View, x: float, base: float, half: float, tall: float) -> None:
    """A rock tower far away, lit on one side."""
    light, side = view.light, view.light.side
    brush.polygon(
        [
            (x - half, base - tall),
            (x + half, base - tall),
            (x + 1.4 * half, base),
            (x - 1.4 * half, base),
        ],
        light.far((200, 108, 78), 0.85),
    )
    brush.polygon(
        [
            (x - side * half, base - tall),
            (x, base - tall),
            (x - side * 0.2 * half, base),
            (x - side * 1.4 * half, base),
        ],
        light.far((160, 80, 62), 0.8),
    )
