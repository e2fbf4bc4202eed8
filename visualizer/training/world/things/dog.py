"""A dog, from the side: standing or sitting, with a long snout, hanging ears and a collar."""

from __future__ import annotations

from visualizer.training.world.brush import Brush, Fill, down
from visualizer.training.world.color import RGB
from visualizer.training.world.things.kind import Kind, Look

_NOSE: RGB = (22, 20, 26)
_TONGUE: RGB = (236, 110, 124)
_TAG: RGB = (240, 196, 84)
_LEATHER: RGB = (58, 62, 78)
_LIGHT = ("white", "yellow", "pink", "orange")


def paint(brush: Brush, look: Look) -> None:
    """One of two poses."""
    look.rng.choice((_standing, _sitting))(brush, look)


def _standing(brush: Brush, look: Look) -> None:
    long, tall = look.u(-4, 4), look.u(30, 36)
    rump, chest, back = -49 - long, 12 + long, -tall - 31
    swing = look.u(-6, 6)
    tail = (rump - 16, back + 2, rump - 20 + swing, back - 20, rump - 12 + swing, back - 30)
    brush.stroke((rump + 10, back + 10), [tail], 9.5, look.body(0.9))
    for x, lean in ((rump + 19, 4), (chest - 15, -3)):
        _leg(brush, look, x, lean, -tall - 6, look.body(0.62))
    body = [
        (rump - 4, back - 1, rump + 8, back, rump + 22, back + 2),
        (chest - 26, back + 3, chest - 12, back - 4, chest - 2, back - 16),
        (chest + 20, back - 2),
        (chest + 14, -tall + 2, chest + 2, -tall + 5, chest - 6, -tall + 5),
        (chest - 28, -tall + 3, rump + 28, -tall - 6, rump + 20, -tall - 4),
        (rump + 6, -tall + 2, rump, -tall, rump - 2, -tall - 10),
    ]
    barrel = brush.path((rump - 2, back + 14), body)
    brush.fill(barrel, look.down(back - 10, -tall + 5, _bright(look), 0.74))
    if look.chance(0.35):
        with brush.within(barrel):
            brush.oval((rump + chest) / 2 + 3, back + 3, 19, 15, _ear(look, back - 8, back + 18))
    thigh = [
        (rump + 12, back + 4, rump + 26, back + 16, rump + 22, -tall + 2),
        (rump + 18, -tall + 12, rump + 14, -16, rump + 14, -6),
        (rump + 1, -6),
        (rump + 2, -18, rump - 4, -tall + 6, rump - 3, back + 18),
    ]
    brush.curve((rump - 3, back + 18), thigh, look.down(back, 0, 1.06, 0.86))
    brush.oval(rump + 9, -4.6, 9, 5, _soft(look))
    _leg(brush, look, chest, 0, -tall - 10, look.down(back, 0, 1.06, 0.9))
    _head(brush, look, chest + 15, back - 20, look.u(-8, 6))


def _sitting(brush: Brush, look: Look) -> None:
    long = look.u(-3, 4)
    rump = -36 - long
    wag = look.u(-8, 8)
    tail = (rump - 12, -2, rump - 24, -14, rump - 26 + wag * 0.4, -34 + wag)
    brush.stroke((rump + 12, -9), [tail], 10, look.body(0.84))
    brush.box(4, -46, 12, 45, look.body(0.62), 6)
    brush.oval(14, -4.6, 9, 5, look.body(0.7))
    body = [
        (rump - 5, -36, -20, -52, -8, -84),
        (22, -82),
        (28, -62, 27, -48, 24, -34),
        (24, -6),
        (24, 0, 19, 0),
        (rump + 8, 0),
        (rump - 2, 0, rump - 1, -13),
    ]
    brush.curve((rump - 1, -13), body, look.down(-80, 0, _bright(look), 0.78))
    chest = [(28, -60, 26.5, -50, 25, -38), (10, -46, 14, -66)]
    brush.curve((22, -74), chest, _soft(look))
    brush.box(10.5, -40, 13.5, 39, look.down(-40, 0, 1.0, 0.94), 6)
    brush.oval(21, -4.8, 10, 5.2, _soft(look))
    x = rump + 20
    brush.oval(x, -18, 20, 18, look.ball(x, -18, 22, 1.14, 0.72))
    brush.oval(x + 15, -4.8, 13, 5.2, _soft(look))
    _head(brush, look, 10, -87, look.u(-10, 5))


def _leg(brush: Brush, look: Look, x: float, lean: float, top: float, fill: Fill) -> None:
    curves = [
        (x - 5 + lean, top * 0.4, x - 5.5 + lean, -4),
        (x + 6 + lean, -4),
        (x + 6, top * 0.4, x + 9, top),
    ]
    brush.curve((x - 8, top), curves, fill)
    brush.oval(x + 2.5 + lean, -4.6, 9, 5, fill if lean else _soft(look))


def _head(brush: Brush, look: Look, x: float, y: float, tilt: float) -> None:
    """A head in profile, its skull about x, y."""
    smiling = look.chance(0.55)
    with brush.moved(x, y, 1, tilt):
        collar = look.of(_LEATHER) if look.color in _LIGHT else look.trim()
        brush.stroke((-15, 15), [(2, 24, 16, 17)], 7.5, collar)
        brush.oval(6, 24, 4.6, 4.6, look.of(_TAG))
        if smiling:
            brush.box(20, 8, 9, 15, look.of(_TONGUE), 4.5)
        jaw = [(30, 19, 38, 10), (36, 4), (4, 2)]
        brush.curve((4, 17), jaw, look.body(0.7))
        skull = [
            (-21, -14, -10, -20, 3, -20),
            (13, -20, 19, -15, 22, -9),
            (30, -8, 38, -8, 42, -6),
            (48, -3, 48, 10, 38, 11),
            (26, 12, 18, 19, 2, 19),
            (-12, 18, -20, 10, -20, -1),
        ]
        brush.curve((-20, -1), skull, look.ball(8, 0, 28, _bright(look), 0.76))
        muzzle = [(32, -5, 45, -6, 46, 2), (46, 9, 42, 11, 36, 11), (18, 13, 18, 2, 25, -1)]
        brush.curve((25, -1), muzzle, _soft(look))
        brush.oval(42.5, -4.5, 5.6, 4.8, look.of(_NOSE))
        _eye(brush, look, 14, -6)
        ear = [
            (-14, -18, -4, -17, 0, -10),
            (5, 2, 4, 18, -4, 21),
            (-14, 24, -22, 12, -17, -8),
        ]
        brush.curve((-17, -8), ear, _ear(look, -16, 20))


def _ear(look: Look, y0: float, y1: float) -> Fill:
    """The darker side of the fur, for ears and saddle."""
    if look.color == "yellow":
        return down(y0, y1, look.of((214, 150, 20)), look.of((186, 122, 14)))
    if look.color == "white":
        return down(y0, y1, look.of((186, 192, 204)), look.of((158, 164, 178)))
    return down(y0, y1, look.dark(), look.body(0.5))


def _bright(look: Look) -> float:
    return 1.3 if look.color == "black" else 1.14


def _eye(brush: Brush, look: Look, x: float, y: float) -> None:
    rim = look.of((226, 226, 230)) if look.color in ("black", "brown") else look.body(1.5)
    brush.oval(x, y, 5.6, 6, rim)
    brush.oval(x + 0.6, y, 4.2, 4.8, look.of((26, 20, 22)))
    brush.oval(x + 2, y - 1.8, 1.9, 1.9, look.of((255, 255, 255)))


def _soft(look: Look) -> Fill:
    """For paws, chest and muzzle: the lighter side of the fur."""
    return look.of((222, 226, 234)) if look.color == "white" else look.body(1.36)


KIND = Kind(paint, half_width=81, height=110, scale=0.9)
