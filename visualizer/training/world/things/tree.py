"""A tree: a round one, a broad oak, a slender poplar, or an umbrella of flat clouds of leaves."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainterPath

from visualizer.training.world.brush import Brush, Fill, across, around, down
from visualizer.training.world.color import BODY, RGB
from visualizer.training.world.things.kind import Kind, Look

_WOOD: RGB = (108, 72, 46)
_WOOD_UNDER_BROWN: RGB = (74, 56, 48)

Ball = tuple[float, float, float, float]
"""x, y, and the two radii of a tuft of leaves."""


def paint(brush: Brush, look: Look) -> None:
    """One of four builds."""
    look.rng.choice((_round, _oak, _poplar, _umbrella))(brush, look)


def _round(brush: Brush, look: Look) -> None:
    r, y = look.u(30, 35), -look.u(70, 78)
    _trunk(brush, look, look.u(5.5, 7), y + 6, look.u(-4, 4))
    balls: list[Ball] = []
    for n, out, large in ((7, 0.8, 0.54), (3, 0.4, 0.6)):
        turn = look.u(0, math.tau)
        for k in range(n):
            a = turn + k * math.tau / n
            size = large * look.u(0.94, 1.14) * r
            balls.append((math.cos(a) * r * out, y + math.sin(a) * r * out, size, size * 0.94))
    _leaves(brush, look, [(0.0, y, r, r), *sorted(balls, key=lambda ball: ball[1])])


def _oak(brush: Brush, look: Look) -> None:
    w, y = look.u(38, 45), -look.u(60, 66)
    _trunk(brush, look, look.u(8, 10), y + 8, look.u(-3, 3), branches=w * 0.62)
    balls: list[Ball] = [
        (look.u(-6, 6), y - w * 0.78, w * 0.5, w * 0.44),
        (-w * 0.5, y - w * look.u(0.38, 0.48), w * 0.5, w * 0.46),
        (w * 0.52, y - w * look.u(0.38, 0.48), w * 0.5, w * 0.46),
        (look.u(-5, 5), y - w * 0.32, w * 0.46, w * 0.42),
        (-w * 0.86, y + look.u(-4, 5), w * 0.46, w * 0.38),
        (w * 0.86, y + look.u(-4, 5), w * 0.46, w * 0.38),
        (-w * 0.34, y + 4, w * 0.46, w * 0.36),
        (w * 0.36, y + 4, w * 0.46, w * 0.36),
    ]
    _leaves(brush, look, balls)


def _poplar(brush: Brush, look: Look) -> None:
    w, h = look.u(21, 26), look.u(108, 122)
    _trunk(brush, look, look.u(5, 6), -50, 0)
    low = -22.0
    balls: list[Ball] = []
    for share, wide in ((0.16, 0.8), (0.36, 1.0), (0.58, 0.88), (0.78, 0.62), (0.92, 0.34)):
        x = look.u(-3.5, 3.5) * wide
        balls.append((x, low - (h + low) * share, w * wide, (h + low) * 0.18))
    for side in (-1, 1):
        for share, wide in ((0.26, 0.66), (0.48, 0.66), (0.68, 0.5)):
            y = low - (h + low) * share + side * 4
            balls.append((side * w * wide * 0.75, y, w * 0.46, w * 0.6))
    _leaves(brush, look, sorted(balls, key=lambda ball: ball[1]))


def _umbrella(brush: Brush, look: Look) -> None:
    side = look.rng.choice((-1, 1))
    lean = side * look.u(6, 11)
    _trunk(brush, look, look.u(6, 7.5), -84, lean, branches=30)
    w = look.u(42, 48)
    middle = (lean * 0.6, -88, 0.98, 16)
    tiers = ((-side * 22, -58, 0.6, 12.5), (side * 26, -70, 0.62, 12.5), middle)
    for x, y, share, high in tiers:
        half = w * share
        balls: list[Ball] = [
            (x + look.u(-3, 3), y - high * 0.8, half * 0.46, high * 0.85),
            (x - half * 0.5, y - high * 0.4, half * 0.42, high * 0.85),
            (x + half * 0.48, y - high * 0.35, half * 0.45, high * 0.8),
            (x, y, half, high * 0.9),
        ]
        _leaves(brush, look, balls)


def _leaves(brush: Brush, look: Look, balls: list[Ball]) -> None:
    """Tufts of leaves, from back to front: their upper edges are bright, below they melt away."""
    top = min(y - ry for _, y, _, ry in balls)
    low = max(y + ry for _, y, _, ry in balls)
    shadow = down(top, low, look.body(0.88), look.body(0.6))
    crown = QPainterPath()
    crown.setFillRule(Qt.FillRule.WindingFill)
    for x, y, rx, ry in balls:
        crown.addEllipse(QPointF(x, y), rx, ry)
    brush.fill(crown, shadow)
    fades = [_fade(look, even) for even in (1.06, 1.0, 0.94)]
    for x, y, rx, ry in balls:
        fade = fades[min(int(3 * (y - top) / (low - top)), 2)]
        with brush.moved(x + look.light.side * rx * 0.05, y - ry * 0.06):
            brush.p.scale(rx * 0.94, ry * 0.94)
            brush.oval(0, 0, 1, 1, fade)


def _fade(look: Look, even: float) -> Fill:
    """The light on a tuft of radius 1."""
    lit, rgb = even + (0.2 if look.color == "black" else 0.15), BODY[look.color]
    clear = (look.light.near(rgb, even * 0.92, alpha) for alpha in (0.6, 0.0))
    return around(look.light.side * 0.35, -0.6, 1.45, look.body(lit), look.body(even), *clear)


def _trunk(
    brush: Brush, look: Look, half: float, top: float, lean: float, branches: float = 0
) -> None:
    """A trunk that widens at its foot and leans at the top, perhaps with two branches."""
    wood = _WOOD_UNDER_BROWN if look.color == "brown" else _WOOD
    lit, even, dim = look.of(wood, 1.2), look.of(wood), look.of(wood, 0.6)
    fill = across(-half, half, *((lit, even, dim) if look.light.side < 0 else (dim, even, lit)))
    if branches:
        for side in (-1, 1):
            curve = (side * branches * 0.6, top * 0.5, side * branches, top)
            brush.stroke((lean * 0.4, top * 0.35), [curve], half * 0.8, look.of(wood, 0.85))
    foot = half * 2.1
    brush.curve(
        (-foot, 0),
        [
            (-half * 1.05, -4, -half * 0.8, top * 0.35),
            (lean - half * 0.6, top),
            (lean + half * 0.6, top),
            (half * 0.8, top * 0.35),
            (half * 1.05, -4, foot, 0),
            (0, 2.5, -foot, 0),
        ],
        fill,
    )


KIND = Kind(paint, half_width=62, height=134, scale=1.1)
