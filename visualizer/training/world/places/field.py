"""A field of ripe wheat in rows."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainterPath

from visualizer.training.world.brush import UNITS, Brush, Point, down
from visualizer.training.world.color import RGB
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
    rows = [vanish + (k + shift) * pitch for k in range(-8, 9)]
    dark = down(top, UNITS, light.far((232, 186, 84), 0.5), light.far((206, 146, 46), 0.0))
    pale = down(top, UNITS, light.far((252, 222, 130), 0.5), light.far((254, 218, 112), 0.0))
    for x in rows:
        brush.polygon(_row((vanish, top), x, x + 0.42 * pitch), dark)
        brush.polygon(_row((vanish, top), x - 0.3 * pitch, x), pale)
    if view.chance(0.4):
        way = Way(top, vanish, view.u(100, 156), view.u(44, 60))
        path = down(top, UNITS, light.far((214, 186, 130), 0.4), light.far((172, 134, 84), 0.0))
        way.strip(brush, path, -1, 1)
        way.strip(brush, light.far((132, 152, 70), 0.1), -0.28, 0.28, 0.06)
    ears = [
        (x, view.u(204, 226), view.u(-12, 12))
        for x in (view.u(0, UNITS) for _ in range(10))
        if free(view, x, 52)
    ]

    def front(near: Brush) -> None:
        for x, y, lean in ears:
            _ear(near, view, x, y, lean)

    return Ground(far=h + 16, near=244, front=front)


def _row(vanish: Point, left: float, right: float) -> list[Point]:
    """From the vanishing point to left … right on the lower edge, cut at the picture's sides."""
    (vx, vy), points = vanish, [vanish]
    for x in (left, right):
        side = min(max(x, 0.0), UNITS)
        points.append((side, vy + (UNITS - vy) * (side - vx) / (x - vx) if x != side else UNITS))
    for corner in (0.0, UNITS):
        if left < corner < right:
            points.insert(2, (corner, UNITS))
    return points


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
    """One ear on its stalk: grains on both sides, the sunny ones brighter."""
    light = view.light
    brush.line([(x - lean * 0.5, UNITS + 4), (x, y + 20)], 4, light.far((150, 104, 36), 0))
    grains = [
        (0, -40),
        (4, -34),
        (4, -28),
        (8, -27),
        (7, -19),
        (5, -18),
        (9, -16),
        (7, -8),
        (5, -7),
    ]
    grains += [(8, -5), (5, 2), (0, 4)]
    with brush.moved(x, y + 20, scale=1.15, angle=lean):
        for side in (-1, 1):
            sunny = side == light.side
            fill = light.far((236, 174, 60) if sunny else (172, 112, 36), 0)
            brush.polygon([(side * a, b) for a, b in grains], fill)
