"""A snowy land, with firs under snow and flakes in the air."""

from __future__ import annotations

from visualizer.training.world.brush import UNITS, Brush, down
from visualizer.training.world.color import RGB, q
from visualizer.training.world.places.land import SNOW, below, fir, free, hills, mountains
from visualizer.training.world.places.view import Ground, View

_SHADE: RGB = (176, 202, 236)


def paint(brush: Brush, view: View) -> Ground:
    """White mountains or hills, snowy firs, white ground with blue hollows; flakes in front."""
    h, light = view.horizon, view.light
    if view.chance(0.6):
        mountains(brush, view, h + 6, view.u(60, 92), (148, 172, 212), 0.6, snow=0.62)
    _drift(brush, view, h + 8, view.u(26, 42), 1.2, 0.6)
    for k in range(7):
        x = (k + view.u(0.1, 0.9)) * UNITS / 7
        if not 90 < x < 166 or view.chance(0.4):
            fir(brush, view, x, h + view.u(6, 10), view.u(34, 56), 0.5, snowy=True)
    _drift(brush, view, h + 20, 20, 1.1, 0.42)
    _drift(brush, view, h + 46, 26, 0.9, 0.22)
    for x in (view.u(-4, 34), view.u(222, 260)):
        if view.chance(0.8) and free(view, x, 34):
            fir(brush, view, x, h + view.u(34, 52), view.u(92, 132), 0.06, snowy=True)
    _drift(brush, view, h + 84, 28, 0.7, 0.0)
    flakes = [
        (view.u(0, UNITS), view.u(0, UNITS), view.u(1.7, 3.2), view.u(0.6, 0.95))
        for _ in range(view.rng.randint(24, 40))
    ]

    def fall(front: Brush) -> None:
        for x, y, r, alpha in flakes:
            front.oval(
                x,
                y,
                r,
                r,
                q(
                    light.far_rgb((255, 255, 255), 0) if light.time == "fog" else (250, 252, 255),
                    alpha,
                ),
            )

    return Ground(far=h + 18, near=246, front=fall)


def _drift(
    brush: Brush, view: View, base: float, height: float, waves: float, depth: float
) -> None:
    """Rolling snow, white along its crest, blue in its hollow."""
    light = view.light
    fill = down(base - height, base + 34, light.far(SNOW, depth), light.far(_SHADE, depth * 0.8))
    below(brush, hills(view, base, height, waves), fill)
