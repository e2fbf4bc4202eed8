"""A field of ripe wheat in rows."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainterPath

from visualizer.training.world.brush import UNITS, Brush, down
from visualizer.training.world.color import RGB, shaded, times
from visualizer.training.world.places.land import Way, free, hill
from visualizer.training.world.places.view import Ground, View

_GOLD: RGB = (240, 192, 76)


def paint(brush: Brush, view: View) -> Ground:
    """Hills and a hedge far away, golden rows that run to a point, ears in front."""
    h, light = view.horizon, view.light
    hill(brush, view, h + 4, view.u(16, 34), 1.3, (126, 166, 116), 0.85)
    _hedge(brush, view, h + 4)
    top = h + 2
    brush.box(
        0, top, UNITS, UNITS, down(top, UNITS, light.far((250, 218, 120), 0.5), light.far(_GOLD, 0))
    )
    vanish = view.u(60, 196)
    pitch, shift = view.u(44, 60), view.u(0, 1)
    dark = down(top, UNITS, light.far((232, 186, 84), 0.5), light.far((206, 146, 46), 0.0))
    light_row = down(top, UNITS, light.far((252, 222, 130), 0.5), light.far((254, 218, 112), 0.0))
    for k in range(-9, 10):
        x = vanish + (k + shift) * pitch
        brush.polygon([(vanish, top), (x, UNITS), (x + 0.42 * pitch, UNITS)], dark)
        brush.polygon([(vanish, top), (x - 0.3 * pitch, UNITS), (x, UNITS)], light_row)
    if view.chance(0.4):
        way = Way(top, vanish, view.u(100, 156), view.u(44, 60))
        path = down(top, UNITS, light.far((214, 186, 130), 0.4), light.far((172, 134, 84), 0.0))
        way.strip(brush, path, -1, 1)
        way.strip(brush, light.far((132, 152, 70), 0.1), -0.28, 0.28, 0.06)
    ears = [
        (x, view.u(206, 226), view.u(-12, 12))
        for x in (view.u(0, UNITS) for _ in range(14))
        if free(view, x, 52)
    ]

    def front(near: Brush) -> None:
        for x, y, lean in ears:
            _ear(near, view, x, y, lean)

    return Ground(far=h + 16, near=244, front=front)


def _hedge(brush: Brush, view: View, base: float) -> None:
    """Round bushes along the far edge of the field."""
    path = QPainterPath()
    path.setFillRule(Qt.FillRule.WindingFill)
    x = view.u(-10, 10)
    while x < UNITS + 10:
        r = view.u(6, 13)
        path.addEllipse(QPointF(x, base - 0.3 * r), 1.25 * r, r)
        x += r * view.u(1.2, 2.4)
    fill = down(
        base - 14, base + 4, view.light.far((86, 142, 74), 0.5), view.light.far((52, 102, 58), 0.5)
    )
    brush.fill(path, fill)


def _ear(brush: Brush, view: View, x: float, y: float, lean: float) -> None:
    """One ear on its stalk: three pairs of grains and one on top."""
    light = view.light
    brush.line([(x - lean * 0.5, UNITS + 4), (x, y + 18)], 3.2, light.far((168, 118, 40), 0))
    with brush.moved(x, y + 20, angle=lean):
        for k in range(3):
            for way in (-1, 1):
                with brush.moved(way * 3.4, -7 - 8 * k, angle=way * 24):
                    shade = 1.3 if way == light.side else 0.8
                    brush.oval(0, 0, 3.4, 6.4, light.far(shaded(_GOLD, shade), 0))
        brush.oval(0, -32, 3.2, 6.8, light.far(times(_GOLD, 1.0), 0))
