"""A cat, sitting: from the front, or from the side with its face to us."""

from __future__ import annotations

from collections.abc import Sequence

from visualizer.training.world.brush import Brush, Fill, Point
from visualizer.training.world.color import RGB, q
from visualizer.training.world.things.kind import Kind, Look

_NOSE: RGB = (226, 124, 134)
_PUPIL: RGB = (18, 18, 24)
_IRIS: tuple[RGB, ...] = ((168, 216, 78), (250, 200, 66), (116, 204, 230))


def paint(brush: Brush, look: Look) -> None:
    """One of two poses."""
    look.rng.choice((_front, _side))(brush, look)


def _front(brush: Brush, look: Look) -> None:
    w, way, marked = look.u(27, 31), look.rng.choice((-1, 1)), look.chance(0.4)
    with brush.moved(0, 0, mirror=way < 0):
        curves = [(56, 2, 60, -34, 46, -48), (38, -56, 30, -46, 37, -40)]
        _tail(brush, look, (16, -9), curves, look.body(0.84))
    body = [
        (-w - 1, -26, -16, -34, -16, -62),
        (16, -62),
        (16, -34, w + 1, -26, w, -7),
        (w, 0, w - 6, 0),
        (-w + 6, 0),
        (-w, 0, -w, -7),
    ]
    brush.curve((-w, -7), body, look.across(-w, w, _bright(look), 0.76))
    for side in (-1, 1):
        x = side * (w - 10)
        brush.oval(x, -13, 12, 13, look.ball(x, -13, 14, 1.12, 0.78))
    brush.oval(0, -45, 12, 17, _soft(look))
    brush.box(-1.7, -27, 3.4, 26, look.body(0.62), 1.7)
    for side in (-1, 1):
        brush.oval(side * 9.5, -5, 9.5, 5.6, _soft(look) if marked else look.body(1.12))
    _head(brush, look, 0, -75, look.u(-6, 6))


def _side(brush: Brush, look: Look) -> None:
    """Sitting, its back to the left."""
    long, marked = look.u(-3, 4), look.chance(0.4)
    back = -33 - long
    curves = [
        (back - 22, 2, back - 32, -26, back - 22, -46),
        (back - 12, -62, back, -58, back - 5, -49),
    ]
    if look.chance(0.5):
        curves = [
            (back - 26, 0, back - 16, -34, back - 24, -50),
            (back - 30, -66, back - 14, -70, back - 10, -60),
        ]
    _tail(brush, look, (back + 14, -9), curves, look.body(0.84))
    paw = _soft(look) if marked else look.body(1.12)
    brush.box(12, -44, 12, 43, look.body(0.7), 6)
    body = [
        (back - 5, -38, -10, -48, 0, -74),
        (28, -70),
        (33, -46, 29, -26, 29, -6),
        (29, 0, 24, 0),
        (back + 8, 0),
        (back - 2, 0, back - 1, -14),
    ]
    brush.curve((back - 1, -14), body, look.down(-70, 0, _bright(look), 0.8))
    brush.oval(20, -46, 9, 17, _soft(look))
    brush.box(16, -46, 13, 45, look.across(16, 29, 1.15, 0.86), 6)
    brush.oval(25, -5, 9.5, 5.6, paw)
    x = back + 21
    brush.oval(x, -19, 21, 19, look.ball(x, -19, 22, 1.14, 0.7))
    brush.oval(x + 16, -5, 13, 5.6, paw)
    _head(brush, look, 13, -78, look.u(-5, 7))


def _head(brush: Brush, look: Look, x: float, y: float, tilt: float) -> None:
    """A round face with pointed ears, from the front."""
    striped, dark = look.chance(0.45), look.light.time == "night"
    iris = look.rng.choice(_IRIS[1:] if look.color == "green" else _IRIS)
    if look.color in ("yellow", "orange"):
        iris = _IRIS[0]
    elif look.color == "blue":
        iris = _IRIS[1]
    with brush.moved(x, y, 1, tilt):
        brush.oval(0, 18, 14, 7, look.body(0.66))
        for side in (-1, 1):
            _ear(brush, look, side)
        face = [
            (-30, -16, -17, -23, 0, -23),
            (17, -23, 30, -16, 30, 1),
            (30, 15, 14, 22, 0, 22),
            (-14, 22, -30, 15, -30, 1),
        ]
        head = brush.path((-30, 1), face)
        brush.fill(head, look.ball(0, 0, 29, _bright(look) + 0.05, 0.78))
        if striped:
            with brush.within(head):
                for k in (-1, 0, 1):
                    brush.box(k * 8 - 2, -26, 4, 12 + 4 * (k == 0), look.body(0.66), 2)
        for side in (-1, 1):
            _eye(brush, look, side * 12, -3, q(iris) if dark else look.of(iris))
        for side in (-1, 1):
            brush.oval(side * 5.4, 11.5, 7, 6, _soft(look))
        nose = [(0, 4, 4.6, 5.5), (3, 10, 0, 10.5), (-3, 10, -4.6, 5.5)]
        brush.curve((-4.6, 5.5), nose, look.of((150, 70, 84) if look.color == "pink" else _NOSE))


def _ear(brush: Brush, look: Look, side: int) -> None:
    outer = [(side * 27, -28, side * 25, -39), (side * 10, -32, side * 4, -20), (side * 27, -8)]
    brush.curve((side * 28, -8), outer, look.body(0.92))
    inner = [(side * 23.5, -27, side * 22.5, -31), (side * 14, -26, side * 11, -20)]
    brush.curve((side * 24, -14), inner, look.of((232, 150, 156), 0.92))


def _eye(brush: Brush, look: Look, x: float, y: float, iris: Fill) -> None:
    brush.oval(x, y, 8.2, 8.4, look.body(0.45) if look.color != "black" else look.of((8, 8, 12)))
    brush.oval(x, y, 6.8, 7.2, iris)
    brush.oval(x, y, 3.4, 6.2, look.of(_PUPIL))
    brush.oval(x + 2.2, y - 2.6, 2.2, 2.2, look.of((255, 255, 255)))


def _tail(
    brush: Brush, look: Look, start: Point, curves: Sequence[tuple[float, ...]], fill: Fill
) -> None:
    """A long tail that curls at its end."""
    brush.stroke(start, curves, 12, fill)
    brush.stroke(start, curves, 5, look.body(1.0))


def _bright(look: Look) -> float:
    return 1.28 if look.color == "black" else 1.12


def _soft(look: Look) -> Fill:
    """For chest, muzzle and paws: the lighter side of the fur."""
    return look.of((222, 226, 234)) if look.color == "white" else look.body(1.4)


KIND = Kind(paint, half_width=70, height=122, scale=0.85)
