"""A hot air balloon: round, tall or plump; with gores, with a belt, with a zigzag."""

from __future__ import annotations

import math

from PySide6.QtGui import QPainterPath

from visualizer.training.world.brush import Brush, around, down
from visualizer.training.world.color import q
from visualizer.training.world.things.kind import Kind, Look

_TOP = -116.0


def _paint(brush: Brush, look: Look) -> None:
    half = look.u(35, 44)
    middle = look.u(-80, -75)  # y of the widest place
    mouth = look.u(-27, -24)
    pattern = look.rng.choice((_gores, _belt, _zigzag, _gores))
    neck = 8.5
    sway = look.u(-3, 3)
    with brush.moved(0, -50, 1, sway), brush.moved(0, 50):
        _basket(brush, look, mouth, neck)
        hull = brush.path(
            (0, _TOP),
            (
                (half * 0.62, _TOP, half, middle - 20, half, middle),
                (half, middle + 24, neck + 8, mouth - 14, neck, mouth),
                (0, mouth + 4, -neck, mouth),
                (-neck - 8, mouth - 14, -half, middle + 24, -half, middle),
                (-half, middle - 20, -half * 0.62, _TOP, 0, _TOP),
            ),
        )
        brush.fill(hull, look.body())
        with brush.within(hull):
            pattern(brush, look, half, middle, mouth)
            _round_light(brush, look, hull, half, middle, mouth)


def _gores(brush: Brush, look: Look, half: float, middle: float, mouth: float) -> None:
    """Vertical stripes, light and dark shades of the color in turn, perhaps a few of the trim."""
    count = 7
    for k in range(count):
        shade = (1.0, 0.74)[k % 2]
        if k % 2 == 0:
            continue
        a, b = (math.sin((2 * j / count - 1) * math.pi / 2) * half for j in (k, k + 1))
        brush.fill(_gore(brush, a, b, middle, mouth), look.body(shade))
    a = math.sin(math.pi / 2 / count) * half
    brush.fill(_gore(brush, -a, a, middle, mouth), look.trim())


def _gore(brush: Brush, a: float, b: float, middle: float, mouth: float) -> QPainterPath:
    """One stripe from the top to the mouth between two places at the widest height."""
    return brush.path(
        (0, _TOP - 1),
        (
            (b * 0.62, _TOP, b, middle - 20, b, middle),
            (b, middle + 24, b * 0.42, mouth - 14, b * 0.22, mouth + 5),
            (a * 0.22, mouth + 5),
            (a * 0.42, mouth - 14, a, middle + 24, a, middle),
            (a, middle - 20, a * 0.62, _TOP, 0, _TOP - 1),
        ),
    )


def _belt(brush: Brush, look: Look, half: float, middle: float, _mouth: float) -> None:
    """Two belts of the trim about the middle and a dark cap."""
    for y, high in ((middle - 10, 7), (middle + 6, 7)):
        brush.curve(
            (-half - 1, y),
            (
                (0, y + 13, half + 1, y),
                (half + 1, y + high),
                (0, y + high + 13, -half - 1, y + high),
            ),
            look.trim(),
        )
    brush.curve((-half, -104), ((0, -96, half, -104), (half, -120), (-half, -120)), look.dark())


def _zigzag(brush: Brush, look: Look, half: float, middle: float, mouth: float) -> None:
    """A zigzag of the trim below the middle, the foot darker."""
    points, count = [], 8
    for k in range(count + 1):
        x = math.sin((2 * k / count - 1) * math.pi / 2) * (half + 4)
        bow = 7 * (1 - (x / half) ** 2)
        points.append((x, middle - 2 + bow + (9 if k % 2 else -3)))
    low = [(x, y + 9) for x, y in reversed(points)]
    brush.polygon(points + low, look.trim())
    brush.curve(
        (-half, -46), ((0, -38, half, -46), (half, mouth + 6), (-half, mouth + 6)), look.dark()
    )


def _round_light(
    brush: Brush, look: Look, hull: QPainterPath, half: float, middle: float, mouth: float
) -> None:
    side, white, clear = look.light.side, q((255, 252, 244), 0.42), q((255, 252, 244), 0)
    brush.cover(hull, around(side * half * 0.45, middle - 16, half * 1.1, white, clear))
    brush.cover(hull, look.shine(-half, half, 0.85))
    shade = down(middle, mouth, q((10, 12, 40), 0.0), q((10, 12, 40), 0.3))
    brush.box(-half, middle, 2 * half, mouth - middle + 4, shade)
    if look.light.lamps:
        fire = q((255, 216, 124), 0.66), q((255, 190, 96), 0.22), q((255, 190, 96), 0)
        brush.box(-half, mouth - 50, 2 * half, 56, around(0, mouth - 6, 44, *fire))


def _basket(brush: Brush, look: Look, mouth: float, neck: float) -> None:
    wicker = (176, 116, 62)
    for x in (-1, 1):
        brush.line(((x * neck * 0.9, mouth), (x * 8.5, -12)), 3.0, look.of((88, 66, 48)))
    if look.light.lamps:
        brush.oval(0, mouth + 5, 3.6, 5.5, q((255, 236, 150)))
    brush.box(-10, -14, 20, 14, look.of(wicker), 3.5)
    brush.box(-10, -14, 20, 14, look.shine(-10, 10, 1.2), 3.5)
    brush.box(-11.5, -15.5, 23, 5, look.of((112, 70, 38)), 2.4)


KIND = Kind(paint=_paint, half_width=50, height=118, scale=1.15, flies=True)
