"""A road that winds through the mountains."""

from __future__ import annotations

from visualizer.training.world.brush import UNITS, Brush
from visualizer.training.world.places.land import (
    Way,
    asphalt,
    fir,
    ground,
    hill,
    mountains,
)
from visualizer.training.world.places.view import Ground, View


def paint(brush: Brush, view: View) -> Ground:
    """Two ranges, green slopes, the road; firs beside it."""
    h = view.horizon
    mountains(brush, view, h + 6, view.u(70, 96), (120, 134, 172), 0.7)
    mountains(brush, view, h + 8, view.u(34, 48), (92, 112, 122), 0.45, snow=0.0)
    hill(brush, view, h + 12, view.u(12, 20), 1.6, (94, 148, 88), 0.4)
    ground(brush, view, h + 6, (138, 184, 98), (66, 138, 58))
    hill(brush, view, h + 40, view.u(10, 18), 0.9, (112, 172, 82), 0.2, fall=60)
    hill(brush, view, h + 76, view.u(10, 18), 0.8, (84, 154, 66), 0.0, fall=50)
    way = Way(
        top=h + 6,
        start=view.u(70, 186),
        end=view.u(104, 152),
        half=view.u(88, 118),
        bend=view.rng.choice((-1, 1)) * view.u(12, 46),
        turns=view.rng.choice((1, 2)),
    )
    asphalt(brush, view, way, (206, 200, 178))
    _firs(brush, view, way)
    return Ground(far=h + 18, near=246, wet=0.5 if view.light.time == "rain" else 0.0)


def _firs(brush: Brush, view: View, way: Way) -> None:
    """Some on each side of the road, the nearer the taller."""
    for t in sorted(view.u(0.06, 0.42) for _ in range(view.rng.randint(5, 8))):
        x, half, y = way.at(t)
        tall = 22 + 190 * t
        beside = x + view.rng.choice((-1, 1)) * (1.2 * half + tall * view.u(0.3, 0.8))
        if -tall / 4 < beside < UNITS + tall / 4:
            fir(brush, view, beside, y + 2, tall, 0.5 - t)
