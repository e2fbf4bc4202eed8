"""A canyon: walls of red rock in layers, left and right."""

from __future__ import annotations

from visualizer.training.world.brush import UNITS, Brush, down
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
    shade = 0.72 if side == light.side else 1.06
    y, k, reach = h - rise, view.rng.randrange(5), view.u(0.4, 0.55)
    while y < h + foot:
        tall = min((rise + foot) * view.u(0.09, 0.14), h + foot + 1 - y)
        if y + tall > h - 0.1 * rise:
            reach = 1.0
        elif k % 2:  # two layers to a cliff, then a step
            reach = min(0.92, reach + view.u(0.08, 0.26))
        end = edge + (inner - edge) * reach
        part = (end - edge) / (vanish - edge)
        low = y + tall + 1
        color = light.far(shaded(_LAYERS[k % 5], shade), depth)
        brush.polygon(
            [(edge, y), (end, y + part * (h - y)), (end, low + part * (h - low)), (edge, low)],
            color,
        )
        y, k = y + tall, k + 1
    dark = light.far((120, 58, 44), depth, 0.0), light.far((120, 58, 44), depth, 0.45)
    part = (inner - edge) / (vanish - edge)
    shadow = [(edge, h), (inner, h), (inner, h + foot * (1 - part)), (edge, h + foot)]
    brush.polygon(shadow, down(h, h + foot, *dark))


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
