"""The sky of a picture, painted first, and the weather, painted over everything."""

from __future__ import annotations

import math
from collections.abc import Callable

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QLinearGradient, QPainterPath, QPen

from visualizer.training.world.brush import UNITS, Brush, around, down
from visualizer.training.world.color import RGB, mixed, q, times
from visualizer.training.world.places.view import View

_DISC: dict[str, tuple[RGB, RGB, float]] = {  # the disc, its glow, how strong that is
    "day": ((255, 246, 176), (255, 250, 220), 0.85),
    "sunset": ((255, 236, 150), (255, 190, 96), 0.9),
    "night": ((255, 250, 226), (170, 190, 255), 0.5),
    "fog": ((250, 249, 242), (246, 244, 236), 0.8),
}


def sun_at(view: View) -> tuple[float, float, float]:
    """The middle (x, y) and the radius of the sun or moon, the same for all who ask."""
    light = view.light
    wander = (light.height * 61.7) % 1.0
    x = UNITS / 2 + light.side * (36 + 74 * wander)
    if light.time == "sunset":
        return x, view.horizon * (0.9 - 0.3 * light.height), 15 + 4 * wander
    return x, 26 + (1 - light.height) * (0.45 * view.horizon - 24), 12 + 3 * wander


def paint_sky(brush: Brush, view: View) -> None:
    """Fill the whole picture: the sky down to the horizon, and its lowest color below."""
    light = view.light
    gradient = QLinearGradient(0, 0, 0, view.horizon)
    for k, at in enumerate((0.0, view.u(0.45, 0.65), 1.0)):
        gradient.setColorAt(at, q(light.sky(k)))
    brush.box(0, 0, UNITS, UNITS, gradient)
    _PAINTERS[light.time](brush, view)


def _day(brush: Brush, view: View) -> None:
    _disc(brush, view)
    white, shade = q((255, 255, 255), 0.96), q(mixed((206, 224, 246), view.light.sky(2), 0.4), 0.92)
    for k in range(view.rng.randint(1, 4)):
        size = view.u(0.75, 1.5) * (1 - 0.12 * k)
        _heap(brush, view, view.u(0, UNITS), view.horizon * view.u(0.2, 0.66), size, white, shade)


def _sunset(brush: Brush, view: View) -> None:
    _disc(brush, view)
    for _ in range(view.rng.randint(2, 4)):
        warm = mixed((255, 150, 116), (206, 86, 128), view.u(0, 1))
        _streak(
            brush, view, view.horizon * view.u(0.15, 0.75), q(warm, 0.8), q((255, 206, 140), 0.75)
        )


def _night(brush: Brush, view: View) -> None:
    x, y, r = sun_at(view)
    for _ in range(view.rng.randint(16, 26)):
        at = view.u(0, UNITS), view.horizon * 0.85 * view.rng.random()
        size, star = view.u(1.6, 2.4), q((255, 255, view.u(210, 255)), view.u(0.6, 1.0))
        if math.dist(at, (x, y)) > 1.5 * r:
            brush.oval(*at, size, size, star)
    if view.chance(0.5):
        _disc(brush, view)
    else:
        _halo(brush, view)
        disc, bite = QPainterPath(), QPainterPath()
        disc.addEllipse(QPointF(x, y), r, r)
        bite.addEllipse(QPointF(x - view.light.side * r * 0.62, y - 0.25 * r), 0.9 * r, 0.9 * r)
        brush.fill(disc.subtracted(bite), q(_DISC["night"][0]))
    for _ in range(view.rng.randint(0, 2)):
        color = mixed(view.light.sky(1), view.light.sky(2), 0.8)
        _streak(brush, view, view.horizon * view.u(0.3, 0.8), q(color, 0.6), q(color, 0.9))


def _fog(brush: Brush, view: View) -> None:
    _disc(brush, view)


def _rain(brush: Brush, view: View) -> None:
    """Banks of cloud across the whole sky, the upper ones darker and nearer."""
    y = view.horizon * view.u(0.52, 0.66)
    for k in range(3):
        upper, lower = view.light.sky(0), mixed(view.light.sky(1), view.light.sky(2), 0.35)
        color = mixed(lower, times(upper, 0.84), k / 2)
        path = QPainterPath()
        path.setFillRule(Qt.FillRule.WindingFill)
        path.addRect(QRectF(-10, -10, UNITS + 20, y + 8))
        x = view.u(-30, 0)
        while x < UNITS + 20:
            rx = view.u(24, 46)
            path.addEllipse(QPointF(x, y - 4), rx, view.u(12, 22))
            x += rx * 1.45
        brush.fill(path, down(y - 50, y + 14, q(times(color, 0.9)), q(times(color, 1.12))))
        y -= view.u(20, 32)


_PAINTERS: dict[str, Callable[[Brush, View], None]] = {
    "day": _day,
    "sunset": _sunset,
    "night": _night,
    "fog": _fog,
    "rain": _rain,
}


def _halo(brush: Brush, view: View) -> None:
    x, y, r = sun_at(view)
    glow, strength = _DISC[view.light.time][1:]
    wide = r * (7 if view.light.time == "sunset" else 4.2)
    fading = [q(glow, strength * share) for share in (1.0, 0.5, 0.2, 0.06, 0.0)]
    brush.oval(x, y, wide, wide, around(x, y, wide, *fading))


def _disc(brush: Brush, view: View) -> None:
    _halo(brush, view)
    x, y, r = sun_at(view)
    brush.oval(x, y, r, r, q(_DISC[view.light.time][0]))


def _heap(
    brush: Brush, view: View, x: float, y: float, size: float, top: QColor, low: QColor
) -> None:
    """A fair-weather cloud: round above, flat below."""
    path = QPainterPath()
    path.setFillRule(Qt.FillRule.WindingFill)
    count = view.rng.randint(3, 5)
    for k in range(count):
        r = size * (7 + 8 * math.sin(math.pi * (k + 0.6) / (count + 0.2)) + view.u(-1.5, 1.5))
        path.addEllipse(QPointF(x + size * 13 * (k - (count - 1) / 2), y - 0.4 * r), 1.1 * r, r)
    half = size * (7.5 * count + 3)
    path.addRoundedRect(QRectF(x - half, y - 5 * size, 2 * half, 11 * size), 5.5 * size, 5.5 * size)
    brush.fill(path, down(y - 16 * size, y + 6 * size, top, low))


def _streak(brush: Brush, view: View, y: float, top: QColor, low: QColor) -> None:
    """A flat evening cloud: two or three long bars upon each other, lit from below."""
    x, long = view.u(-20, UNITS), view.u(50, 90)
    path = QPainterPath()
    path.setFillRule(Qt.FillRule.WindingFill)
    count = view.rng.randint(2, 3)
    for k in range(count):
        half = long * (0.55, 1.0, 0.6)[k] / 1.4
        path.addRoundedRect(
            QRectF(x - half + view.u(-0.4, 0.4) * long, y + 7 * k, 2 * half, 8.5), 4.2, 4.2
        )
    brush.fill(path, down(y, y + 7 * count, top, low))


def paint_weather(brush: Brush, view: View) -> None:
    """What hangs in the air before everything else: bands of fog, or rain."""
    if view.light.time == "fog":
        air = view.light.hour.air
        for k, strength in enumerate((0.42, 0.26, 0.26)):
            y = view.horizon - 50 + 44 * k + view.u(-8, 8)
            tall = view.u(64, 92)
            clear, thick = q(air, 0), q(air, strength)
            brush.box(0, y, UNITS, tall, down(y, y + tall, clear, thick, clear))
    elif view.light.time == "rain":
        lean = -view.light.side * view.u(0.16, 0.4)
        for strength, width in ((0.22, 2.5), (0.34, 3.0)):
            pen = QPen(q((214, 224, 236), strength), width)
            pen.setCapStyle(Qt.PenCapStyle.RoundCap)
            brush.p.setPen(pen)
            drops = []
            for _ in range(16):
                x, y, long = view.u(-10, UNITS + 10), view.u(-10, UNITS - 10), view.u(13, 24)
                drops.append(QLineF(x, y, x + lean * long, y + long))
            brush.p.drawLines(drops)
        brush.p.setPen(Qt.PenStyle.NoPen)
