"""A lake among wooded hills, seen from its shore."""

from __future__ import annotations

from visualizer.training.world.brush import UNITS, Brush, Fill, down
from visualizer.training.world.places.land import FIR, fir, free, hill, mountains, treeline, water
from visualizer.training.world.places.view import Ground, View


def paint(brush: Brush, view: View) -> Ground:
    """Hills or mountains, the far shore with its reflection, water, grass in front."""
    h, light = view.horizon, view.light
    if view.chance(0.6):
        mountains(brush, view, h + 2, view.u(56, 84), (112, 130, 168), 0.75)
    else:
        hill(brush, view, h, view.u(40, 60), 1.3, (104, 142, 132), 0.85)
    hill(brush, view, h, view.u(18, 30), 1.6, (86, 142, 92), 0.6)
    shore = UNITS - view.u(44, 58)
    wood = treeline(view, h + 1, view.u(22, 32))
    water(brush, view, h, shore + 12, (30, 104, 168))
    with brush.moved(0, 2 * h + 2):
        brush.p.scale(1, -1)
        fading = down(h - 30, h + 1, light.far(FIR, 0.6, 0.0), light.far(FIR, 0.5, 0.7))
        brush.polygon(wood, fading)
    brush.polygon(wood, light.far(FIR, 0.5))
    _shore(brush, view, shore)
    return Ground(far=shore + 14, near=246, water=(h + 14, shore - 6))


def _shore(brush: Brush, view: View, y: float) -> None:
    """The near shore: a strip of sand, then grass."""
    light, side = view.light, view.rng.choice((-1, 1))
    left, right = (-14.0, 8.0) if side < 0 else (8.0, -14.0)

    def strip(lower: float, fill: Fill) -> None:
        brush.curve(
            (0, y + left + lower),
            [
                (70, y + left + lower - 4, 150, y + 10 + lower, UNITS, y + right + lower),
                (UNITS, UNITS),
                (0, UNITS),
            ],
            fill,
        )

    strip(0, light.far((214, 192, 140), 0.15))
    strip(7, down(y, UNITS, light.far((116, 170, 78), 0.15), light.far((58, 124, 50), 0.0)))
    outer = (view.u(200, 246) if side < 0 else view.u(10, 56)), y + 14
    if free(view, outer[0], 40):
        _cattails(brush, view, *outer)
    if view.chance(0.7):
        x = view.u(2, 22) if side < 0 else view.u(234, 254)
        fir(brush, view, x, y + view.u(12, 24), view.u(84, 120), 0.05)


def _cattails(brush: Brush, view: View, x: float, foot: float) -> None:
    """A few reeds with brown heads at the water's edge."""
    light = view.light
    for k in range(5):
        lean, tall = (k - 2) * view.u(2.5, 4.5), view.u(30, 48)
        root, tip = x + 5 * (k - 2), foot - tall
        blade = light.far((70, 134, 62) if k % 2 else (98, 160, 76), 0.05)
        brush.curve(
            (root - 2.5, foot),
            [(root, tip + 16, root + lean, tip), (root + 3, tip + 18, root + 2.5, foot)],
            blade,
        )
        if k % 2:
            brush.line(
                [(root + 0.5 * lean, tip + 3), (root + 0.4 * lean, tip + 12)],
                5,
                light.far((126, 80, 46), 0.05),
            )
