"""A scene as a picture: drawn with QPainter, 128 × 128, from nothing but numbers.

Scene i of a seed depends on the two numbers alone, so any training picture can be drawn again.
Nothing is thinner than about three pixels: what an 8-fold reduction loses cannot be learned.
"""

from __future__ import annotations

import math
import random

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
    QGradient,
    QImage,
    QLinearGradient,
    QPainter,
    QPainterPath,
    QPen,
    QPolygonF,
    QRadialGradient,
)

from visualizer.training.subjects import Subject, scene_subject

SIZE = 128

RGB = tuple[float, float, float]
Point = tuple[float, float]

BODY: dict[str, RGB] = {
    "red": (214, 22, 30),
    "orange": (246, 128, 16),
    "yellow": (252, 214, 28),
    "green": (34, 150, 60),
    "blue": (36, 86, 216),
    "purple": (128, 44, 180),
    "pink": (250, 126, 186),
    "white": (246, 246, 248),
    "black": (32, 32, 38),
}
SKY: dict[str, tuple[RGB, RGB, RGB]] = {  # top, middle, horizon
    "day": ((38, 118, 226), (98, 172, 246), (198, 228, 250)),
    "sunset": ((74, 40, 112), (226, 84, 92), (255, 190, 88)),
    "night": ((6, 8, 34), (14, 20, 66), (34, 46, 110)),
    "fog": ((176, 184, 198), (202, 208, 216), (222, 226, 230)),
}
TINT: dict[str, RGB] = {
    "day": (1.0, 1.0, 1.0),
    "sunset": (0.92, 0.68, 0.64),
    "night": (0.26, 0.29, 0.46),
    "fog": (0.92, 0.94, 0.96),
}
OBJECT_TINT: dict[str, RGB] = {
    "day": (1.0, 1.0, 1.0),
    "sunset": (1.0, 0.86, 0.8),
    "night": (0.7, 0.7, 0.84),
    "fog": (0.97, 0.98, 1.0),
}
FOG: RGB = (212, 217, 223)
LAMP: RGB = (255, 226, 130)


def draw_scene(seed: int, index: int) -> tuple[NDArray[np.uint8], Subject]:
    """Scene `index` of `seed`: the picture (128, 128, 3) and what it shows."""
    subject, rng = scene_subject(seed, index)
    return draw_subject(subject, rng), subject


def draw_subject(subject: Subject, rng: random.Random) -> NDArray[np.uint8]:
    """One picture (128, 128, 3) of a subject; everything else about it is left to `rng`."""
    return _drawn(_Scene, subject, rng)


def draw_without_object(subject: Subject, rng: random.Random) -> NDArray[np.uint8]:
    """What ``draw_subject`` draws with the same `rng`, but for the object, its shadow and lamps."""
    return _drawn(_EmptyScene, subject, rng)


def _drawn(scene: type[_Scene], subject: Subject, rng: random.Random) -> NDArray[np.uint8]:
    image = QImage(SIZE, SIZE, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    scene(painter, subject, rng).draw()
    painter.end()
    return picture_of(image)


def picture_of(image: QImage) -> NDArray[np.uint8]:
    """A 32-bit QImage as an array (height, width, 3)."""
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1, 4)
    return rows[:, : image.width(), 2::-1].copy()


def _mix(a: RGB, b: RGB, share: float) -> RGB:
    return (
        a[0] + (b[0] - a[0]) * share,
        a[1] + (b[1] - a[1]) * share,
        a[2] + (b[2] - a[2]) * share,
    )


def _times(color: RGB, by: RGB | float) -> RGB:
    factor = (by, by, by) if isinstance(by, float) else by
    return (color[0] * factor[0], color[1] * factor[1], color[2] * factor[2])


def _q(color: RGB, alpha: float = 1.0) -> QColor:
    r, g, b = (max(0, min(255, round(c))) for c in color)
    return QColor(r, g, b, round(255 * alpha))


class _Scene:
    """One picture being painted. The methods are the things that can be in it."""

    def __init__(self, painter: QPainter, subject: Subject, rng: random.Random) -> None:
        self.p = painter
        self.subject = subject
        self.rng = rng
        self.time = subject.time
        self.u = rng.uniform
        self.light = rng.choice((-1, 1))  # the side that the sun or moon stands on
        self.horizon = self.u(0.46, 0.64) * SIZE
        self.warmth = (self.u(0.93, 1.05), self.u(0.94, 1.03), self.u(0.93, 1.05))

    def draw(self) -> None:
        self.sky()
        getattr(self, f"place_{self.subject.place}")()
        if self.subject.object is not None:
            self.put_object(self.subject.object)
        if self.subject.place == "snow":
            self.snowflakes()
        if self.time == "fog":
            self.mist()

    # Color -------------------------------------------------------------------------------

    def far(self, color: RGB, depth: float = 0.5) -> QColor:
        """A color of the landscape; depth 0 is near, 1 at the horizon."""
        lit = _times(_times(color, TINT[self.time]), self.warmth)
        if self.time == "fog":
            return _q(_mix(lit, FOG, 0.28 + 0.5 * depth))
        return _q(_mix(lit, SKY[self.time][2], 0.3 * depth))

    def near(self, color: RGB, shade: float = 1.0) -> QColor:
        """A color of the object."""
        lit = _times(_times(color, OBJECT_TINT[self.time]), shade)
        return _q(_mix(lit, FOG, 0.16) if self.time == "fog" else lit)

    def body(self, shade: float = 1.0) -> QColor:
        color = BODY[self.subject.color or "white"]
        if shade > 1:
            return self.near(_mix(color, (255, 255, 255), shade - 1))
        return self.near(color, shade)

    # Shapes ------------------------------------------------------------------------------

    def polygon(self, points: list[Point], color: QColor | QBrush | QLinearGradient) -> None:
        self.p.setBrush(color)
        self.p.drawPolygon(QPolygonF([QPointF(x, y) for x, y in points]))

    def box(self, x: float, y: float, w: float, h: float, color: QColor | QLinearGradient) -> None:
        self.p.setBrush(color)
        self.p.drawRect(QRectF(x, y, w, h))

    def oval(self, x: float, y: float, rx: float, ry: float, color: QColor | QGradient) -> None:
        self.p.setBrush(color)
        self.p.drawEllipse(QPointF(x, y), rx, ry)

    def curve(self, start: Point, curves: list[tuple[float, ...]], color: QColor | QBrush) -> None:
        """A closed path: each entry is a line (2 numbers), a quadratic (4) or a cubic (6)."""
        path = QPainterPath(QPointF(*start))
        for c in curves:
            if len(c) == 2:
                path.lineTo(c[0], c[1])
            elif len(c) == 4:
                path.quadTo(c[0], c[1], c[2], c[3])
            else:
                path.cubicTo(c[0], c[1], c[2], c[3], c[4], c[5])
        path.closeSubpath()
        self.p.setBrush(color)
        self.p.drawPath(path)

    def line(self, points: list[Point], width: float, color: QColor) -> None:
        pen = QPen(color, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        self.p.setPen(pen)
        self.p.setBrush(Qt.BrushStyle.NoBrush)
        self.p.drawPolyline(QPolygonF([QPointF(x, y) for x, y in points]))
        self.p.setPen(Qt.PenStyle.NoPen)

    def fade(self, y0: float, y1: float, a: QColor, b: QColor) -> QLinearGradient:
        gradient = QLinearGradient(0, y0, 0, y1)
        gradient.setColorAt(0, a)
        gradient.setColorAt(1, b)
        return gradient

    def across(self, x0: float, x1: float) -> QLinearGradient:
        """The object's color, lit from the side that the light comes from."""
        gradient = QLinearGradient(x0, 0, x1, 0)
        bright, dark = (0, 1) if self.light < 0 else (1, 0)
        gradient.setColorAt(bright, self.body(1.22))
        gradient.setColorAt(0.5, self.body(1.0))
        gradient.setColorAt(dark, self.body(0.66))
        return gradient

    def shadow(self, x: float, y: float, rx: float, ry: float) -> None:
        self.oval(x, y, rx, ry, QColor(0, 0, 0, 60 if self.time == "fog" else 105))

    # Sky ---------------------------------------------------------------------------------

    def sky(self) -> None:
        top, middle, low = (_times(c, self.warmth) for c in SKY[self.time])
        gradient = QLinearGradient(0, 0, 0, self.horizon)
        gradient.setColorAt(0, _q(top))
        gradient.setColorAt(self.u(0.45, 0.7), _q(middle))
        gradient.setColorAt(1, _q(low))
        self.box(0, 0, SIZE, SIZE, gradient)
        x = SIZE * (0.5 + self.light * self.u(0.16, 0.42))
        if self.time == "day":
            self.sun(x, self.u(10, 26), self.u(7, 10), (255, 244, 150), (255, 250, 210))
            self.clouds(self.rng.randint(1, 4), (255, 255, 255), 0.92)
        elif self.time == "sunset":
            y = self.horizon - self.u(4, 22)
            self.sun(x, y, self.u(9, 14), (255, 224, 120), (255, 196, 110))
            self.clouds(self.rng.randint(0, 3), (255, 138, 120), 0.75)
        elif self.time == "fog":
            self.sun(x, self.u(12, 30), self.u(8, 11), (246, 246, 240), (240, 240, 236))
        else:
            for _ in range(self.rng.randint(14, 26)):
                r = self.u(0.9, 1.7)
                star = QColor(255, 255, self.rng.randint(200, 255), self.rng.randint(170, 255))
                self.oval(self.u(0, SIZE), self.u(0, self.horizon * 0.85), r, r, star)
            self.moon(x, self.u(13, 28), self.u(7, 10))

    def sun(self, x: float, y: float, r: float, disc: RGB, glow: RGB) -> None:
        halo = QRadialGradient(x, y, 3.4 * r)
        halo.setColorAt(0.25, _q(glow, 0.75))
        halo.setColorAt(1, _q(glow, 0))
        self.oval(x, y, 3.4 * r, 3.4 * r, halo)
        self.oval(x, y, r, r, _q(disc))

    def moon(self, x: float, y: float, r: float) -> None:
        halo = QRadialGradient(x, y, 2.6 * r)
        halo.setColorAt(0.3, _q((200, 210, 255), 0.4))
        halo.setColorAt(1, _q((200, 210, 255), 0))
        self.oval(x, y, 2.6 * r, 2.6 * r, halo)
        disc = QPainterPath()
        disc.addEllipse(QPointF(x, y), r, r)
        if self.rng.random() < 0.5:
            bite = QPainterPath()
            bite.addEllipse(QPointF(x - self.light * r * 0.65, y - 0.25 * r), 0.9 * r, 0.9 * r)
            disc = disc.subtracted(bite)
        self.p.setBrush(QColor(255, 248, 214))
        self.p.drawPath(disc)

    def clouds(self, count: int, color: RGB, alpha: float) -> None:
        for _ in range(count):
            x, y, s = self.u(0, SIZE), self.u(8, self.horizon * 0.55), self.u(0.7, 1.4)
            path = QPainterPath()
            path.setFillRule(Qt.FillRule.WindingFill)
            for dx, dy, rx, ry in ((-12, 1, 9, 5), (0, -2, 11, 7), (12, 1, 10, 5)):
                path.addEllipse(QPointF(x + s * dx, y + s * dy), s * rx, s * ry)
            self.p.setBrush(_q(color, alpha))
            self.p.drawPath(path)

    # Places ------------------------------------------------------------------------------

    def ridge(
        self, base: float, height: float, color: QColor, waves: float, peaks: bool = False
    ) -> list[Point]:
        """A range of hills or mountains across the picture; returns its outline."""
        if peaks:
            x, points = -20.0, []
            up = self.rng.random() < 0.5
            while x < SIZE + 30:
                top = base - height * (self.u(0.65, 1.0) if up else self.u(0.05, 0.4))
                points.append((x, top))
                x += self.u(11, 22)
                up = not up
        else:
            a, b, c = self.u(0, 6.3), self.u(0, 6.3), self.u(0.7, 1.3)
            points = [
                (
                    float(x),
                    base
                    - height
                    * (
                        0.5
                        + 0.3 * math.sin(a + waves * c * x)
                        + 0.2 * math.sin(b + 2.3 * waves * x)
                    ),
                )
                for x in range(-4, SIZE + 8, 4)
            ]
        self.polygon([*points, (SIZE + 30, SIZE), (-30, SIZE)], color)
        return points

    def ground(self, near: RGB, far: RGB, top: float | None = None) -> None:
        y = self.horizon if top is None else top
        self.box(0, y, SIZE, SIZE - y, self.fade(y, SIZE, self.far(far, 0.5), self.far(near, 0)))

    def mountains(self, base: float) -> None:
        back = self.ridge(base + 3, self.u(30, 44), self.far((118, 130, 166), 0.7), 0, peaks=True)
        snow = self.far((246, 248, 252), 0.3)
        for (x0, y0), (x, y), (x1, y1) in zip(back, back[1:], back[2:], strict=False):
            if y < y0 and y < y1:  # a summit gets its cap
                cap = 0.42
                foot = (x0 + x1) / 2, y + 7
                self.polygon(
                    [
                        (x, y),
                        (x + cap * (x1 - x), y + cap * (y1 - y)),
                        foot,
                        (x + cap * (x0 - x), y + cap * (y0 - y)),
                    ],
                    snow,
                )
        self.ridge(base + 3, self.u(12, 22), self.far((84, 100, 118), 0.4), 0, peaks=True)

    def place_road(self) -> None:
        self.mountains(self.horizon)
        self.ground((74, 142, 62), (128, 176, 96))
        middle, vanish = self.u(0.36, 0.64) * SIZE, self.u(0.3, 0.7) * SIZE
        w, bend = self.u(46, 70), self.u(-22, 22)
        y = self.horizon
        road = self.fade(y, SIZE, self.far((120, 120, 128), 0.4), self.far((78, 78, 86), 0))

        def lane(half: float, color: QColor | QLinearGradient) -> None:
            self.curve(
                (vanish - 0.08 * half, y),
                [
                    (vanish + bend, y + 26, middle - half, SIZE),
                    (middle + half, SIZE),
                    (vanish + bend + 0.45 * half, y + 26, vanish + 0.08 * half, y),
                ],
                QBrush(color),
            )

        lane(w * 1.1, self.far((232, 232, 226), 0.1))
        lane(w, road)
        for k in range(3):
            a = 0.3 + 0.25 * k
            b = a + 0.13
            xa, xb = (vanish + (middle - vanish) * t + bend * 0.8 * t * (1 - t) for t in (a, b))
            ya, yb = (y + (SIZE - y) * t**1.5 for t in (a, b))
            self.polygon(
                [(xa - 1.6, ya), (xa + 1.6, ya), (xb + 2.6, yb), (xb - 2.6, yb)],
                self.far((250, 232, 150), 0),
            )

    def place_desert(self) -> None:
        self.ridge(self.horizon + 2, self.u(10, 26), self.far((222, 164, 96), 0.6), 0.05)
        if self.rng.random() < 0.5:
            x, w, h = self.u(0, 100), self.u(24, 44), self.u(12, 22)
            y = self.horizon + 2
            self.polygon(
                [(x, y), (x + 5, y - h), (x + w - 5, y - h), (x + w, y)],
                self.far((176, 92, 58), 0.4),
            )
        self.ground((226, 168, 82), (240, 200, 126))
        self.ridge(self.horizon + 22, 12, self.far((216, 156, 76), 0.1), 0.04)
        for side in (self.u(4, 24), self.u(104, 124)):
            if self.rng.random() < 0.75:
                self.cactus(side, self.horizon + self.u(8, 26), self.u(0.8, 1.3))

    def cactus(self, x: float, y: float, s: float) -> None:
        green = self.far((58, 128, 62), 0.05)
        self.line([(x, y), (x, y - 24 * s)], 6 * s, green)
        self.line([(x, y - 9 * s), (x - 8 * s, y - 9 * s), (x - 8 * s, y - 17 * s)], 4 * s, green)
        self.line([(x, y - 12 * s), (x + 8 * s, y - 12 * s), (x + 8 * s, y - 20 * s)], 4 * s, green)

    def place_forest(self) -> None:
        self.ground((58, 124, 50), (92, 150, 74))
        for depth, count, scale in ((0.65, 12, 1.0), (0.25, 9, 1.35)):
            for k in range(count):
                x = (k + self.u(0.1, 0.9)) * SIZE / count
                if depth < 0.5 and abs(x - SIZE / 2) < 24 and self.rng.random() < 0.7:
                    continue
                shade = self.u(0.85, 1.15)
                color = self.far(_times((40, 108, 56), shade), depth)
                self.fir(x, self.horizon + 7 * scale, scale * self.u(0.85, 1.25), color)

    def fir(self, x: float, y: float, s: float, color: QColor, snowy: bool = False) -> None:
        self.box(x - 2 * s, y - 6 * s, 4 * s, 7 * s, self.far((96, 66, 44), 0.3))
        for k in range(3):
            top, half = y - (34 - 9 * k) * s, (7 + 3 * k) * s
            foot = y - (20 - 8 * k) * s
            self.polygon([(x, top), (x + half, foot), (x - half, foot)], color)
            if snowy:
                self.polygon(
                    [(x, top), (x + 0.5 * half, top + 7 * s), (x - 0.5 * half, top + 7 * s)],
                    self.far((246, 249, 255), 0.1),
                )

    def place_city(self) -> None:
        y = self.horizon + 4
        for depth, tall in ((0.7, 46), (0.25, 34)):
            x = self.u(-10, 0)
            while x < SIZE:
                w, h = self.u(13, 24), self.u(0.45, 1.0) * tall
                grey = self.u(0.8, 1.15)
                base: RGB = (132, 136, 150) if depth > 0.5 else (104, 108, 124)
                self.box(x, y - h, w, h, self.far(_times(base, grey), depth))
                if depth < 0.5:
                    self.windows(x, y - h, w, h)
                x += w + self.u(0, 5)
        self.box(0, y, SIZE, 6, self.far((176, 176, 180), 0.2))
        self.box(0, y + 6, SIZE, SIZE, self.far((84, 84, 92), 0))
        shift = self.u(0, 24)
        line = self.u(110, 122)
        for k in range(7):
            self.box(k * 24 - shift, line, 13, 3, self.far((244, 240, 214), 0))

    def windows(self, x: float, y: float, w: float, h: float) -> None:
        for row in range(int((h - 4) // 8)):
            for column in range(int((w - 3) // 6)):
                lit = self.rng.random() < (0.6 if self.time == "night" else 0.35)
                dark = self.far((66, 72, 92), 0.2)
                glow = _q(LAMP) if self.time in ("night", "sunset") else self.far((206, 222, 238))
                color = glow if lit else dark
                self.box(x + 3 + 6 * column, y + 4 + 8 * row, 3.4, 4.4, color)

    def water(self, top: float, bottom: float) -> None:
        low = SKY[self.time][1]
        gradient = QLinearGradient(0, top, 0, bottom)
        gradient.setColorAt(0, self.far((120, 178, 224), 0.6))
        gradient.setColorAt(1, _q(_mix(_times((28, 92, 170), TINT[self.time]), low, 0.25)))
        self.box(0, top, SIZE, bottom - top, gradient)
        for _ in range(6):
            x, y = self.u(0, SIZE), self.u(top + 5, bottom)
            self.box(x, y, self.u(10, 24), 2.2, self.far((214, 232, 246), 0.3))

    def place_lake(self) -> None:
        self.ridge(self.horizon + 2, self.u(14, 24), self.far((86, 140, 98), 0.65), 0.05)
        self.ridge(self.horizon + 2, self.u(8, 12), self.far((64, 120, 70), 0.4), 0.09)
        shore = self.u(104, 118)
        self.water(self.horizon, SIZE)
        if self.subject.object not in ("boat", None) or self.rng.random() < 0.6:
            edge = self.far((76, 142, 64), 0)
            self.curve(
                (0, shore), [(64, shore - self.u(-3, 9), SIZE, shore), (128, 130), (0, 130)], edge
            )

    def place_beach(self) -> None:
        shore = self.horizon + self.u(13, 24)
        self.water(self.horizon, shore + 4)
        sand = self.fade(shore, SIZE, self.far((250, 226, 168), 0.1), self.far((232, 194, 124), 0))
        lift = self.u(-5, 5)
        shape = [(40.0, shore - lift, 84.0, shore + lift, 128.0, shore), (128, 130), (0, 130)]
        foam = [
            (40.0, shore - lift - 3, 84.0, shore + lift - 3, 128.0, shore - 3),
            (128, 130),
            (0, 130),
        ]
        self.curve((0, shore - 3), foam, self.far((244, 250, 252), 0.1))
        self.curve((0, shore), shape, QBrush(sand))
        if self.rng.random() < 0.8:
            side = self.rng.choice((-1, 1))
            self.palm(64 + side * self.u(46, 56), shore + self.u(10, 24), -side, self.u(0.9, 1.25))

    def palm(self, x: float, y: float, lean: int, s: float) -> None:
        tx, ty = x + lean * 7 * s, y - 46 * s
        trunk = self.far((136, 98, 60), 0.05)
        self.line([(x, y), (x + lean * 2 * s, y - 24 * s), (tx, ty)], 4.5 * s, trunk)
        leaf = self.far((44, 132, 62), 0.05)
        for angle in (-160, -125, -60, -20, 15, 165):
            a = math.radians(angle + self.u(-10, 10))
            ex, ey = tx + 20 * s * math.cos(a), ty + 15 * s * math.sin(a) + 5 * s
            mx, my = tx + 11 * s * math.cos(a), ty + 12 * s * math.sin(a) - 5 * s
            self.curve((tx, ty), [(mx, my - 2 * s, ex, ey), (mx, my + 5 * s, tx, ty)], leaf)

    def place_snow(self) -> None:
        self.ridge(self.horizon + 2, self.u(14, 26), self.far((206, 218, 238), 0.6), 0.05)
        self.ground((240, 245, 254), (218, 230, 246))
        for k in range(7):
            x = (k + self.u(0.1, 0.9)) * SIZE / 7
            if abs(x - SIZE / 2) < 22 and self.rng.random() < 0.8:
                continue
            color = self.far((66, 116, 98), 0.3)
            self.fir(x, self.horizon + self.u(4, 11), self.u(0.8, 1.2), color, snowy=True)
        self.ridge(self.horizon + 22, 8, self.far((248, 251, 255), 0), 0.04)

    def snowflakes(self) -> None:
        for _ in range(self.rng.randint(8, 18)):
            r = self.u(1.2, 2.0)
            self.oval(self.u(0, SIZE), self.u(0, SIZE), r, r, QColor(255, 255, 255, 215))

    def mist(self) -> None:
        for _ in range(2):
            y, h = self.horizon + self.u(-12, 10), self.u(12, 20)
            band = self.fade(y - h, y + h, _q(FOG, 0), _q(FOG, 0))
            band.setColorAt(0.5, _q(FOG, self.u(0.2, 0.42)))
            self.box(0, y - h, SIZE, 2 * h, band)

    # Objects: each is drawn in a frame of about ±50, feet at y = 0 ------------------------

    def put_object(self, name: str) -> None:
        flying = name in ("balloon", "rocket")
        low, high = {"car": (0.98, 1.3), "boat": (0.88, 1.18)}.get(name, (0.86, 1.14))
        scale = self.u(low, high)
        x = SIZE * self.u(0.4, 0.6)
        feet = self.u(96, 108) if flying else max(self.horizon + 26, self.u(98, 116))
        self.p.save()
        self.p.translate(x, min(feet, 117))
        self.p.scale(scale * (-1 if self.rng.random() < 0.5 else 1), scale * self.u(0.93, 1.07))
        if self.p.transform().m11() < 0:
            self.light = -self.light  # the object is mirrored, its light is not
        getattr(self, f"object_{name}")()
        self.p.restore()

    def object_car(self) -> None:
        half, low, h = self.u(42, 49), self.u(-7, -5), self.u(17, 20)
        roof, wheel = self.u(25.5, 33), self.u(8.6, 10.4)
        top, nose = -h, self.u(8.5, 12)
        front, back = half * self.u(0.6, 0.68), -half * self.u(0.58, 0.66)
        a, b = self.u(-20, -14), self.u(4, 10)  # where the roof begins and ends
        self.p.rotate(self.u(-4, 4))
        self.shadow(0, 0.5, half + 3, 5)
        if self.time == "night":
            beam = QLinearGradient(half, 0, half + 34, 0)
            beam.setColorAt(0, _q(LAMP, 0.75))
            beam.setColorAt(1, _q(LAMP, 0))
            self.polygon(
                [
                    (half - 2, low - 7),
                    (half + 36, low - 13),
                    (half + 36, low + 7),
                    (half - 2, low - 3),
                ],
                beam,
            )
        paint = self.fade(-roof, low, self.body(1.3), self.body(0.72))
        paint.setColorAt(0.45, self.body(1.0))
        self.curve(
            (-half, low - 1),
            [
                (-half - 1.5, top + 1, -half + 5, top - 1.5),
                (a - 12, top - 2),
                (a - 4, -roof, a + 5, -roof),
                (b - 2, -roof, b, -roof),
                (b + 9, -roof + 1, b + 19, top - 0.5),
                (half - 3, top + 1, half + 1, -nose),
                (half + 2, low + 1, half - 4, low + 1.5),
                (-half + 3, low + 1.5),
            ],
            QBrush(paint),
        )
        glass = self.near((150, 196, 226) if self.time != "night" else (96, 118, 160))
        y0, y1 = -roof + 3.2, top - 0.8
        middle = (a + b) / 2 + 2
        self.polygon([(a - 7, y1), (a + 2, y0), (middle - 1.6, y0), (middle - 1.6, y1)], glass)
        self.polygon([(middle + 1.6, y1), (middle + 1.6, y0), (b + 1, y0), (b + 13, y1)], glass)
        if self.rng.random() < 0.4:  # a spoiler
            self.line(
                [(-half + 6, top), (-half + 2, top - 5), (-half + 9, top - 6)], 3.2, self.body(0.8)
            )
        self.line(
            [(back + wheel + 3, low - 3.2), (front - wheel - 3, low - 3.2)], 2.6, self.body(0.58)
        )
        self.oval(half - 3.5, -nose + 0.6, 3.6, 2.4, _q((255, 246, 200)))
        self.box(
            -half - 0.6,
            top + 3,
            3.6,
            4,
            self.near((255, 70, 50) if self.subject.color != "red" else (255, 190, 60)),
        )
        for x in (front, back):
            self.oval(x, -wheel + 0.6, wheel + 1.6, wheel + 1.6, self.body(0.4))
            self.oval(x, -wheel + 1.4, wheel, wheel, self.near((26, 26, 30)))
            self.oval(x, -wheel + 1.4, wheel * 0.56, wheel * 0.56, self.near((216, 220, 226)))
            self.oval(x, -wheel + 1.4, wheel * 0.2, wheel * 0.2, self.near((90, 92, 98)))

    def lamp(self) -> QColor:
        """A window: lit at night and at sunset."""
        return _q(LAMP) if self.time in ("night", "sunset") else self.near((164, 206, 236))

    def object_castle(self) -> None:
        w, h = self.u(19, 23), self.u(34, 40)
        self.shadow(0, 0, 46, 5)
        self.box(-30, -h, 60, h, self.fade(-h, 0, self.body(1.08), self.body(0.74)))
        for k in range(5):
            self.box(-27 + 12 * k, -h - 5, 7, 6, self.body(0.95))
        roof = self.body(0.62) if self.subject.color != "black" else self.near((74, 74, 86))
        for x, tall, wide in ((-33, h + 11, 0.9), (33, h + 11, 0.9), (0, h + 22, 1.0)):
            half = w * wide / 2
            self.box(x - half, -tall, 2 * half, tall, self.across(x - half, x + half))
            peak = self.u(17, 23)
            self.polygon([(x - half - 3, -tall), (x, -tall - peak), (x + half + 3, -tall)], roof)
            dark = self.near((44, 36, 44)) if self.time in ("day", "fog") else _q(LAMP)
            self.box(x - 2.6, -tall + 8, 5.2, 9, dark)
        gate = self.near((74, 46, 28))
        self.oval(0, -13, 8.5, 8.5, gate)
        self.box(-8.5, -13, 17, 13, gate)

    def object_house(self) -> None:
        half, wall, roof = self.u(30, 36), self.u(28, 33), self.u(22, 28)
        self.shadow(0, 0, half + 8, 5)
        chimney = self.u(-20, -14) if self.rng.random() < 0.5 else self.u(10, 16)
        self.box(chimney, -wall - roof - 1, 8, roof, self.near((142, 74, 58)))
        self.box(-half, -wall, 2 * half, wall, self.across(-half, half))
        tiles = (
            self.near((120, 58, 44))
            if self.subject.color not in ("red", "orange")
            else self.near((92, 92, 104))
        )
        self.polygon([(-half - 7, -wall), (0, -wall - roof), (half + 7, -wall)], tiles)
        door = self.near((92, 56, 32))
        self.box(-6.5, -19, 13, 19, door)
        for x in (-half + 6, half - 18):
            self.box(x - 1.8, -wall + 6.2, 15.6, 14.6, self.near((250, 250, 250)))
            self.box(x, -wall + 8, 12, 11, self.lamp())

    def object_boat(self) -> None:
        half, mast = self.u(36, 42), self.u(60, 72)
        if self.subject.place in ("lake", "beach"):
            self.oval(0, 1, half + 4, 4, _q((20, 50, 90), 0.5))
        else:
            self.shadow(0, 1, half + 2, 4.5)
        self.box(-2, -mast, 4, mast - 12, self.near((112, 76, 46)))
        sail = (
            self.near((250, 248, 240))
            if self.subject.color != "white"
            else self.near((196, 206, 222))
        )
        bulge = self.u(2, 9)
        foot = -20.0
        self.curve(
            (4, -mast + 3), [(20 + bulge, -mast * 0.55, half - 6, foot), (4, foot)], self.body(1.06)
        )
        self.curve((-4, -mast + 9), [(-16, -mast * 0.5, -half + 9, foot), (-4, foot)], sail)
        hull = self.fade(-15, 2, self.body(1.12), self.body(0.66))
        self.curve(
            (-half, -15),
            [
                (half + 2, -15),
                (half - 4, 1, half - 14, 2),
                (-half + 12, 2),
                (-half + 4, 0, -half, -15),
            ],
            QBrush(hull),
        )
        self.box(
            -half,
            -16.5,
            2 * half + 1,
            3.6,
            self.near((250, 250, 250) if self.subject.color != "white" else (70, 90, 140)),
        )

    def object_tree(self) -> None:
        self.shadow(0, 0, 26, 5)
        trunk, lean = self.u(5, 7), self.u(-5, 5)
        bark = self.near((112, 74, 44))
        self.polygon(
            [
                (-trunk - 3, 1),
                (-trunk * 0.6 + lean, -40),
                (trunk * 0.6 + lean, -40),
                (trunk + 3, 1),
            ],
            bark,
        )
        crown = [
            (-19, -44, 15),
            (19, -44, 15),
            (-11, -62, 16),
            (12, -62, 16),
            (0, -50, 18),
            (0, -74, 13),
        ]
        for shade, grow, dx, dy in ((0.68, 1.0, 0, 2), (1.0, 0.86, 3, -1), (1.22, 0.4, 6, -6)):
            for x, y, r in crown:
                jitter = self.u(0.92, 1.08)
                self.oval(
                    x + lean + self.light * dx,
                    y + dy,
                    r * grow * jitter,
                    r * grow * jitter,
                    self.body(shade),
                )

    def object_cat(self) -> None:
        self.shadow(0, 0, 26, 5)
        curl = self.u(0, 8)
        self.line([(18, -7), (34, -8), (37, -22 - curl), (31, -32 - curl)], 7, self.body(0.8))
        self.curve((-22, 0), [(-24, -34, 0, -44), (24, -34, 22, 0)], QBrush(self.across(-22, 22)))
        self.oval(
            0, -13, 10, 13, self.body(1.3) if self.subject.color != "white" else self.body(0.88)
        )
        for x in (-10, 10):
            self.oval(x, -3, 7.5, 5, self.body(0.86))
        y, r = -52 + self.u(-2, 2), self.u(19, 21)
        for s in (-1, 1):
            self.polygon([(s * 19, y - 5), (s * 17, y - 27), (s * 3, y - 15)], self.body(0.86))
            self.polygon(
                [(s * 15.5, y - 9), (s * 14.5, y - 20), (s * 7, y - 14)], self.near((240, 150, 160))
            )
        self.oval(0, y, r, r * 0.86, self.across(-r, r))
        eye = (
            self.near((120, 220, 90))
            if self.subject.color != "green"
            else self.near((250, 220, 80))
        )
        for s in (-1, 1):
            self.oval(s * 8.5, y - 2, 5, 5.4, eye)
            self.oval(s * 8.5, y - 2, 2.2, 4.4, _q((12, 12, 16)))
        self.oval(0, y + 8, 7, 4.6, self.near((250, 246, 244)))
        self.polygon([(-3.4, y + 4.4), (3.4, y + 4.4), (0, y + 8.4)], self.near((220, 96, 110)))

    def object_balloon(self) -> None:
        y, r = -58.0, self.u(30, 34)
        for x in (-8, 8):
            self.line([(x * 1.7, y + r * 0.86), (x * 0.8, -14)], 2.4, self.near((96, 72, 50)))
        self.box(-8.5, -15, 17, 13, self.near((150, 98, 52)))
        self.box(-8.5, -15, 17, 4, self.near((112, 70, 38)))
        bag = QPainterPath(QPointF(-r, y))
        bag.arcTo(QRectF(-r, y - r, 2 * r, 2 * r), 180, -180)
        bag.cubicTo(r, y + 18, 14, y + 30, 9, y + 37)
        bag.lineTo(-9, y + 37)
        bag.cubicTo(-14, y + 30, -r, y + 18, -r, y)
        self.p.save()
        self.p.setClipPath(bag, Qt.ClipOperation.IntersectClip)
        self.box(-r, y - r, 2 * r, 80, self.across(-r, r))
        stripe = self.body(0.7) if self.subject.color != "black" else self.near((92, 92, 104))
        for half, ring in ((r * 0.78, 5.0), (r * 0.3, 5.4)):
            pen = QPen(stripe, ring)
            self.p.setPen(pen)
            self.p.setBrush(Qt.BrushStyle.NoBrush)
            self.p.drawEllipse(QPointF(0, y + 2), half, r + 4)
            self.p.setPen(Qt.PenStyle.NoPen)
        self.p.restore()

    def object_rocket(self) -> None:
        self.p.rotate(self.u(-6, 26))
        h = self.u(72, 82)
        flame = self.u(14, 22)
        self.curve((-9, -8), [(-8, 4, 0, flame), (8, 4, 9, -8)], _q((255, 150, 30)))
        self.curve((-5, -8), [(-4, 2, 0, flame * 0.55), (4, 2, 5, -8)], _q((255, 236, 130)))
        fin = self.body(0.62) if self.subject.color != "black" else self.near((110, 30, 36))
        for s in (-1, 1):
            self.polygon([(s * 11, -34), (s * 27, -10), (s * 26, 1), (s * 9, -9)], fin)
        self.curve(
            (0, -h),
            [(18, -h * 0.72, 15, -30), (11, -8), (-11, -8), (-15, -30), (-18, -h * 0.72, 0, -h)],
            QBrush(self.across(-16, 16)),
        )
        cone = (
            self.body(0.62)
            if self.subject.color not in ("white", "black")
            else self.near((200, 40, 44))
        )
        self.curve(
            (0, -h),
            [(9, -h * 0.9, 12.2, -h * 0.735), (-12.2, -h * 0.735), (-9, -h * 0.9, 0, -h)],
            cone,
        )
        self.oval(0, -h * 0.53, 8.2, 8.2, self.near((236, 240, 246)))
        self.oval(
            0,
            -h * 0.53,
            5.4,
            5.4,
            self.lamp() if self.time == "night" else self.near((70, 150, 220)),
        )
        self.box(
            -11.5,
            -14,
            23,
            5,
            self.body(0.5) if self.subject.color != "black" else self.near((120, 120, 130)),
        )


class _EmptyScene(_Scene):
    """The scene without its object, which still takes its turn with the random numbers."""

    def put_object(self, name: str) -> None:
        self.p.save()
        self.p.setOpacity(0)
        super().put_object(name)
        self.p.restore()
