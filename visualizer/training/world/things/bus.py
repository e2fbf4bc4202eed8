"""A bus: a city bus, a double-decker, a school bus with a hood."""

from __future__ import annotations

from PySide6.QtGui import QColor, QLinearGradient, QPainterPath

from visualizer.training.world.brush import Brush, around, down
from visualizer.training.world.things.kind import Kind, Look


def _paint(brush: Brush, look: Look) -> None:
    build = look.rng.choice((_city, _double, _hooded))
    build(brush, look)


def _city(brush: Brush, look: Look) -> None:
    half, top = look.u(62, 66), look.u(-62, -57)
    rear, front = -half * 0.52, half * 0.6
    body = _box_body(brush, half, top)
    _far_wheels(brush, look, rear, front)
    _coat(brush, look, body, half, top)
    with brush.within(body):
        _windows(brush, look, -half + 5, half - 24, top + 9, top * 0.5 + 1, 5)
        _door(brush, look, half - 20.5, top + 9)
        _windshield(brush, look, half, top + 7, top * 0.5 + 4)
        brush.box(-half, top * 0.5 + 5, half * 2 - 22, 5, look.trim())
        brush.cover(body, look.shine(-half, half, 0.8))
    for x in (rear, front - 12):
        _wheel(brush, look, x, 10.5)
    _lamps(brush, look, half - 6, -17, -half + 1.5)


def _double(brush: Brush, look: Look) -> None:
    half, top = look.u(50, 55), look.u(-88, -82)
    rear, front = -half * 0.52, half * 0.5
    body = _box_body(brush, half, top)
    _far_wheels(brush, look, rear, front)
    _coat(brush, look, body, half, top)
    with brush.within(body):
        _windows(brush, look, -half + 5, half - 10, top + 9, top + 28, 4)
        _windows(brush, look, -half + 5, half - 23, top + 41, top + 58, 3)
        _door(brush, look, half - 20.5, top + 41)
        _windshield(brush, look, half, top + 40, top + 61)
        _windshield(brush, look, half, top + 8, top + 29)
        brush.box(-half, top + 32, half * 2, 5, look.trim())
        brush.cover(body, look.shine(-half, half, 0.8))
    for x in (rear, front - 9):
        _wheel(brush, look, x, 10.5)
    _lamps(brush, look, half - 6, -17, -half + 1.5)


def _hooded(brush: Brush, look: Look) -> None:
    half, top = look.u(62, 66), look.u(-70, -65)
    wall = half - 20  # where the hood begins
    rear, front = -half * 0.5, half * 0.66
    body = brush.path(
        (-half, -8),
        (
            (-half, top + 8),
            (-half, top, -half + 9, top),
            (wall - 8, top),
            (wall, top, wall + 3, top + 12),
            (wall + 6, -36),
            (half - 4, -35),
            (half + 1, -34, half + 1, -26),
            (half + 1, -8),
        ),
    )
    _far_wheels(brush, look, rear, front - 2)
    _coat(brush, look, body, half, top)
    with brush.within(body):
        brush.box(wall + 5, -37, 40, 5, look.body(1.4))
        _windows(brush, look, -half + 6, wall - 13, top + 9, top + 29, 5)
        pane = (
            (wall - 9, top + 8),
            (wall - 2, top + 8),
            (wall + 3, top + 30),
            (wall - 9, top + 30),
        )
        brush.polygon(pane, _pane(look, top + 8, top + 30))
        for y in (-32, -22):
            brush.box(-half, y, wall + half - 2, 4, look.dark())
        brush.box(half - 5, -26, 6, 12, look.of((40, 42, 50)))
        brush.cover(body, look.shine(-half, half, 0.8))
    for x in (rear, front - 8):
        _wheel(brush, look, x, 10.5)
    _lamps(brush, look, half - 7, -26, -half + 1.5)


def _box_body(brush: Brush, half: float, top: float) -> QPainterPath:
    """A long box, its corners round, its front a little raked."""
    return brush.path(
        (-half, -8),
        (
            (-half, top + 9),
            (-half, top, -half + 9, top),
            (half - 12, top),
            (half - 4, top, half - 2, top + 9),
            (half, -14),
            (half, -8, half - 5, -7),
            (-half + 4, -7),
            (-half, -7, -half, -8),
        ),
    )


def _coat(brush: Brush, look: Look, body: QPainterPath, half: float, top: float) -> None:
    """The painted metal: a light edge of the roof, a dark sill."""
    brush.fill(body, look.down(top, -6, 1.18, 0.7))
    with brush.within(body):
        brush.box(-half, top, 2 * half + 2, 4.5, look.body(1.45))
        brush.box(-half, -11.5, 2 * half + 2, 6, look.of((28, 28, 34)))


def _pane(look: Look, y0: float, y1: float) -> QLinearGradient:
    if look.light.lamps:
        return down(y0, y1, look.lamp(1.35), look.lamp(0.96))
    return look.glass(y0, y1)


def _windows(
    brush: Brush, look: Look, x0: float, x1: float, y0: float, y1: float, count: int
) -> None:
    """A row of windows; by day a streak of the sky runs over all of them."""
    gap = 4.0
    wide = (x1 - x0 - gap * (count - 1)) / count
    fill = _pane(look, y0, y1)
    if look.light.lamps:
        brush.box(x0 - 2.5, y0 - 2.5, x1 - x0 + 5, y1 - y0 + 5, look.dark(), 4)
    for k in range(count):
        x = x0 + k * (wide + gap)
        brush.box(x, y0, wide, y1 - y0, fill, 3)
        if not look.light.lamps and k % 2 == 0:
            streak = look.light.near((255, 255, 255), 1.0, 0.4)
            brush.polygon(
                (
                    (x + wide * 0.5, y0),
                    (x + wide * 0.9, y0),
                    (x + wide * 0.5, y1),
                    (x + wide * 0.1, y1),
                ),
                streak,
            )


def _door(brush: Brush, look: Look, x: float, y: float) -> None:
    brush.box(x, y, 12, -12 - y, look.dark(), 2.5)
    brush.box(x + 2, y + 2, 8, -16 - y, _pane(look, y, -12), 2)


def _windshield(brush: Brush, look: Look, half: float, y0: float, y1: float) -> None:
    brush.curve(
        (half - 6, y0),
        (
            (half + 2, y0),
            (half + 2, y1),
            (half - 6, y1),
            (half - 8, y1, half - 8, y1 - 3),
            (half - 8, y0 + 3),
            (half - 8, y0, half - 6, y0),
        ),
        _pane(look, y0, y1),
    )


def _far_wheels(brush: Brush, look: Look, rear: float, front: float) -> None:
    for x in (rear + 6, front - 5):
        brush.oval(x, -9.5, 8, 9, look.of((14, 14, 18)))


def _wheel(brush: Brush, look: Look, x: float, r: float) -> None:
    brush.oval(x, -r - 0.8, r + 2.4, r + 1.6, look.of((14, 14, 18)))
    brush.oval(x, -r, r, r, look.of((36, 36, 42)))
    brush.oval(x, -r, r * 0.58, r * 0.58, look.of((206, 210, 220)))
    brush.oval(x, -r, r * 0.26, r * 0.26, look.of((104, 108, 120)))


def _lamps(brush: Brush, look: Look, x: float, y: float, back: float) -> None:
    lit = look.light.lamps
    brush.box(back - 1, y - 5, 4, 9, QColor(255, 60, 50) if lit else look.of((190, 20, 30)), 2)
    brush.oval(x, y, 4.4, 4.4, look.of((40, 40, 48)))
    glass = around(x, y, 4, look.lamp(1.8), look.lamp(1.3))
    brush.oval(x, y, 3.6, 3.6, glass if lit else look.of((232, 240, 250)))
    look.glow(brush, x + 1, y, 9)


KIND = Kind(paint=_paint, half_width=70, height=90, scale=1.1)
