"""Shapes that several places share: hills, mountains, firs, water, ways into the depth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainterPath

from visualizer.training.world.brush import UNITS, Brush, Fill, Point, around, down
from visualizer.training.world.color import RGB, mixed, q, shaded, times
from visualizer.training.world.places.view import View
from visualizer.training.world.sky import sun_at

FIR: RGB = (38, 104, 62)
SNOW: RGB = (244, 248, 255)


def free(view: View, x: float, gap: float = 48) -> bool:
    """Whether nothing will stand nearer to x than the gap."""
    return all(abs(x - c) > gap for c in view.clear)


def ground(brush: Brush, view: View, top: float, far: RGB, near: RGB) -> None:
    """Even ground from top to the lower edge."""
    fading = down(top, UNITS, view.light.far(far, 0.6), view.light.far(near, 0.0))
    brush.box(0, top, UNITS, UNITS - top, fading)


def hills(view: View, base: float, height: float, waves: float) -> list[Point]:
    """The outline of soft hills across the picture, about so many of them."""
    a, b, c = view.u(0, 6.3), view.u(0, 6.3), 2 * math.pi * waves / UNITS * view.u(0.8, 1.2)
    return [
        (
            x,
            base - height * (0.5 + 0.34 * math.sin(a + c * x) + 0.16 * math.sin(b + 2.3 * c * x)),
        )
        for x in (UNITS * k / 20 for k in range(21))
    ]


def below(brush: Brush, outline: Sequence[Point], fill: Fill, y: float = UNITS) -> None:
    """Everything from an outline, from the left edge to the right, down to y."""
    brush.polygon([*outline, (UNITS, y), (0, y)], fill)


def hill(
    brush: Brush,
    view: View,
    base: float,
    height: float,
    waves: float,
    color: RGB,
    depth: float,
    fall: float = 26,
) -> None:
    """Soft hills, lighter along their crest; they darken down to so far below their base."""
    light = view.light
    crest, foot = light.far(shaded(color, 1.14), depth), light.far(times(color, 0.84), depth * 0.8)
    top = base - height
    fading = down(top, base + fall, crest, foot)
    below(brush, hills(view, base, height, waves), fading, min(base + fall + 30, UNITS))


def bushes(brush: Brush, view: View, x: float, foot: float, size: float, depth: float) -> None:
    """A clump of round bushes, lit from above."""
    path = QPainterPath()
    path.setFillRule(Qt.FillRule.WindingFill)
    for k in (-1, 0, 1):
        r = size * view.u(0.5, 0.8) * (1.25 if k == 0 else 1.0)
        path.addEllipse(QPointF(x + 0.8 * k * size, foot - 0.6 * r), 1.15 * r, r)
    path.addRect(QRectF(x - 1.2 * size, foot - 0.4 * size, 2.4 * size, 0.4 * size))
    light = view.light
    fill = down(
        foot - 1.6 * size, foot, light.far((110, 172, 84), depth), light.far((44, 104, 54), depth)
    )
    brush.fill(path, fill)


def mountains(
    brush: Brush, view: View, base: float, height: float, rock: RGB, depth: float, snow: float = 0.4
) -> None:
    """A range of summits, each lit on one side; snow covers this share of the higher ones."""
    x = view.u(-14, 20)
    summits: list[tuple[float, float]] = []
    while x < UNITS + 16:
        summits.append((x, height * view.u(0.5, 1.0)))
        x += view.u(42, 66)
    for x, tall in sorted(summits, key=lambda s: -s[1]):
        _summit(brush, view, (x, base - tall), tall, rock, depth, snow if tall > 26 else 0.0)


def _summit(
    brush: Brush, view: View, top: Point, tall: float, rock: RGB, depth: float, snow: float
) -> None:
    light, (x, y) = view.light, top
    base = y + tall
    left, right = x - tall * view.u(0.75, 1.0), x + tall * view.u(0.75, 1.0)
    edge = [top, (x + view.u(-5, 7), y + 0.4 * tall), (x + view.u(-12, 12), base)]  # lit | shaded
    shades = (1.14, 0.74) if light.side < 0 else (0.74, 1.14)
    for foot, shade in ((left, shades[0]), (right, shades[1])):
        fill = down(
            y,
            base,
            light.far(shaded(rock, shade), depth),
            light.far(shaded(rock, shade), depth + 0.3),
        )
        brush.polygon([*edge, (foot, base)], fill)
        if snow:
            cut = snow * tall
            out = (foot - x) / tall
            brush.polygon(
                [
                    top,
                    (edge[1][0], y + 0.8 * cut),
                    (x + 0.3 * out * cut, y + 0.62 * cut),
                    (x + 0.62 * out * cut, y + 1.0 * cut),
                    (x + 0.8 * out * cut, y + 0.8 * cut),
                ],
                light.far(shaded(SNOW, 1.0 if shade > 1 else 0.84), depth * 0.8),
            )


def fir_outline(x: float, foot: float, tall: float) -> list[Point]:
    """A fir's outline from its lower left round to its lower right."""
    right = [(0.0, 1.0), (0.13, 0.68), (0.07, 0.7), (0.2, 0.4), (0.11, 0.42), (0.27, 0.08)]
    side = [(x + a * tall, foot - b * tall) for a, b in right]
    return [(2 * x - a, b) for a, b in reversed(side)] + side[1:]


def fir(
    brush: Brush, view: View, x: float, foot: float, tall: float, depth: float, snowy: bool = False
) -> None:
    """A fir, lit from one side; its width is about half its height."""
    light = view.light
    color = times(FIR, view.u(0.88, 1.12))
    brush.box(
        x - 0.035 * tall, foot - 0.1 * tall, 0.07 * tall, 0.1 * tall, light.far((88, 60, 42), depth)
    )
    outline = fir_outline(x, foot, tall)
    half = outline[:6] if light.side < 0 else outline[5:]
    brush.polygon(outline, light.far(times(color, 0.74), depth))
    brush.polygon([*half, (x, foot - 0.08 * tall)], light.far(shaded(color, 1.08), depth))
    if snowy:
        for y0, y1, wide in ((1.0, 0.8, 0.085), (0.7, 0.53, 0.13), (0.42, 0.24, 0.18)):
            top, low = foot - y0 * tall, foot - y1 * tall
            brush.polygon(
                [
                    (x, top),
                    (x + wide * tall, low),
                    (x + 0.4 * wide * tall, low - 0.035 * tall),
                    (x, low + 0.03 * tall),
                    (x - 0.4 * wide * tall, low - 0.035 * tall),
                    (x - wide * tall, low),
                ],
                light.far(SNOW, depth * 0.7),
            )


def treeline(view: View, base: float, tall: float) -> list[Point]:
    """A wood seen from afar: the outline of many firs, from left to right and back below."""
    points: list[Point] = []
    x = view.u(-12, 0)
    while x < UNITS + 12:
        high = tall * view.u(0.5, 1.0)
        wide = 0.27 * tall * view.u(0.7, 1.2)
        for out, up in ((-1.0, 0.26), (-0.42, 0.62), (-0.55, 0.6), (0.0, 1.0)):
            points.append((x + out * wide, base - up * high))
        points += [(x + 0.55 * wide, base - 0.6 * high), (x + 0.42 * wide, base - 0.62 * high)]
        x += 2 * wide
    return [*points, (UNITS + 20, base + 3), (-20, base + 3)]


def water(brush: Brush, view: View, top: float, bottom: float, deep: RGB) -> None:
    """Open water that mirrors the sky, and the sun or moon as glitter below it."""
    light = view.light
    own = 0.45 if light.time == "sunset" else 1.0
    far = mixed(light.sky(2), light.far_rgb(deep, 0.5), 0.42 * own)
    middle = mixed(light.sky(1), light.far_rgb(deep, 0.2), 0.62 * own)
    near = mixed(light.sky(0), light.far_rgb(times(deep, 0.8), 0.0), 0.7 * own)
    brush.box(0, top, UNITS, bottom - top, down(top, bottom, q(far), q(middle), q(near)))
    tall = bottom - top
    for k in range(6):
        share = (k + view.u(0.3, 0.9)) / 6.5
        x, y, half = view.u(0, UNITS), top + 4 + share * (tall - 6), view.u(14, 26) * (0.5 + share)
        brush.oval(x, y, half, 1.5 + 1.3 * share, q(far, 0.5))
    if light.time != "rain":
        _glitter(brush, view, top, tall)


def _glitter(brush: Brush, view: View, top: float, tall: float) -> None:
    """The sun's or the moon's way over the water: bars that widen towards the eye."""
    x, _, r = sun_at(view)
    colors: dict[str, RGB] = {"sunset": (255, 232, 150), "night": (214, 224, 255)}
    bright = colors.get(view.light.time, (255, 255, 246))
    strength = 0.4 if view.light.time == "fog" else 0.85
    wide = 1.5 * r
    glow = [q(bright, strength * a) for a in (0.5, 0.2, 0.0)]
    with brush.moved(x, top + 2):
        brush.p.scale(1, tall / wide)
        with brush.within(brush.path((-wide, 0), [(wide, 0), (wide, wide), (-wide, wide)])):
            brush.oval(0, 0, wide, wide, around(0, 0, wide, *glow))
    count = max(4, round(tall / 11))
    for k in range(count):
        share = k / (count - 1)
        half = r * view.u(0.55, 0.85) * (1.3 - 0.4 * share)
        shift = view.u(-5, 5) * (0.3 + share)
        color = q(bright, strength * (1 - 0.55 * share))
        brush.oval(x + shift, top + 3 + share * 0.84 * tall, half, 1.7 + 1.3 * share, color)


@dataclass(frozen=True)
class Way:
    """A road or a path that comes towards the eye.

    Attributes:
        top: y where it begins; it ends at the lower edge.
        start, end: x of its middle there.
        half: half its width at the lower edge.
        bend: how far it swings aside between.
        turns: 1 for one bend, 2 for an S.
    """

    top: float
    start: float
    end: float
    half: float
    bend: float = 0.0
    turns: int = 1

    def at(self, t: float) -> tuple[float, float, float]:
        """The middle x, half the width, and y; t is 0 where it begins, 1 at the lower edge."""
        swing = self.bend * math.sin(math.pi * self.turns * t**0.6) * (1 - t)
        x = self.start + (self.end - self.start) * t + swing
        return x, self.half * (0.035 + 0.965 * t), self.top + (UNITS + 2 - self.top) * t

    def strip(
        self, brush: Brush, fill: Fill, left: float, right: float, t0: float = 0.0, t1: float = 1.0
    ) -> None:
        """A strip along it; left and right are shares of half its width, -1…1."""
        steps = max(2, round(14 * (t1 - t0)))
        rows = [self.at(t0 + (t1 - t0) * k / steps) for k in range(steps + 1)]
        brush.polygon(
            [(x + left * half, y) for x, half, y in rows]
            + [(x + right * half, y) for x, half, y in reversed(rows)],
            fill,
        )

    def dashes(self, brush: Brush, fill: Fill, half: float, offset: float = 0.0) -> None:
        """A broken line in perspective along the middle."""
        for k in range(5):
            near = 1 / (0.96 + 0.62 * k + offset)
            far = 1 / (0.96 + 0.62 * k + offset + 0.34)
            self.strip(brush, fill, -half, half, far, min(near, 1.0))


def asphalt(brush: Brush, view: View, way: Way, edge: RGB) -> None:
    """A tarred road with its lines along a way; wet when it rains."""
    light = view.light
    far, near = light.far((128, 130, 140), 0.5), light.far((82, 84, 94), 0.0)
    if light.time == "rain":
        far = q(mixed(light.sky(2), light.far_rgb((128, 130, 140), 0.5), 0.4))
        near = q(mixed(light.sky(2), light.far_rgb((82, 84, 94), 0.0), 0.8))
    shoulder = light.far(edge, 0.1)
    way.strip(brush, shoulder, -1.12, -0.99)
    way.strip(brush, shoulder, 0.99, 1.12)
    way.strip(brush, down(way.top, UNITS, far, near), -1, 1)
    line = light.far((246, 244, 236), 0.1)
    for left, right in ((-0.93, -0.86), (0.86, 0.93)):
        way.strip(brush, line, left, right, 0.08)
    way.dashes(brush, light.far((252, 226, 140), 0.05), 0.045, view.u(0, 0.3))
