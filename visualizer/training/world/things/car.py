"""A car: a low coupe, a wedge with the engine behind, an open roadster, a small city car."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtGui import QColor, QPainterPath

from visualizer.training.world.brush import Brush, Point, across, around, down
from visualizer.training.world.light import LAMP
from visualizer.training.world.things.kind import Kind, Look

Curves = Sequence[tuple[float, ...]]


@dataclass(frozen=True)
class _Build:
    """The shapes of one sort of car, its nose to the right, wheels on y = 0.

    Attributes:
        body: its outline, wheels left out.
        cabin: the outline of all glass.
        top: the part of the body that looks up: hood and roof.
        crease: two lines along its side between which it shines: back, middle, front.
        wheels: x of the two, and their radius.
        pillar: x at its foot and at its head, between door and rear window.
        lamp: the headlight: x, y, half width, half height.
        tail: the rear light in the same way.
        intake: the air intake in its side, or nothing.
        mouth: the dark grille in its nose.
    """

    body: tuple[Point, Curves]
    cabin: tuple[Point, Curves]
    top: tuple[Point, Curves]
    crease: tuple[Point, Point, Point]
    wheels: tuple[float, float, float]
    pillar: tuple[float, float]
    lamp: tuple[float, float, float, float]
    tail: tuple[float, float, float, float]
    intake: tuple[Point, ...]
    mouth: tuple[Point, ...]


_COUPE = _Build(
    body=(
        (-56, -7),
        (
            (-61, -9, -63, -24, -61, -31),
            (-58, -34, -51, -34, -45, -35),
            (-34, -45, -22, -49, -9, -49),
            (6, -49, 17, -41, 25, -34),
            (42, -33, 55, -29, 61, -21),
            (64, -15, 62, -9, 56, -7),
        ),
    ),
    cabin=(
        (-38, -35),
        ((-28, -43, -20, -45.5, -9, -45.5), (4, -45.5, 12, -39, 18, -33.5), (0, -32, -38, -35)),
    ),
    top=(
        (20, -34),
        ((42, -33, 55, -29, 61, -21), (52, -26, 36, -29.5, 14, -30)),
    ),
    crease=((-60, -29), (0, -27), (52, -23)),
    wheels=(-37, 36, 12),
    pillar=(-21, -16),
    lamp=(53, -22.5, 6.5, 3.2),
    tail=(-60, -28, 3.4, 3.6),
    intake=(),
    mouth=((51, -14), (64, -15), (61, -8), (50, -8)),
)
_WEDGE = _Build(
    body=(
        (-55, -7),
        (
            (-60, -12, -62, -26, -60, -35),
            (-52, -37, -42, -38, -37, -39),
            (-26, -44, -14, -46, -3, -46),
            (10, -45, 18, -39, 28, -32),
            (44, -30, 58, -24, 63, -14),
            (64, -9, 62, -7, 57, -7),
        ),
    ),
    cabin=(
        (-26, -38),
        ((-16, -43, -8, -43, -3, -43), (8, -42, 15, -37, 22, -31), (4, -30, -26, -38)),
    ),
    top=(
        (22, -32),
        ((44, -30, 58, -24, 63, -14), (50, -21, 36, -26, 12, -28)),
    ),
    crease=((-60, -32), (-8, -27), (52, -18)),
    wheels=(-38, 36, 12.5),
    pillar=(-12, -8),
    lamp=(51, -20, 6.5, 3),
    tail=(-59, -30, 3.4, 3.4),
    intake=((-25, -29), (-6, -22), (-21, -14), (-26, -20)),
    mouth=((51, -12), (64, -12), (62, -7), (50, -7)),
)
_CITY = _Build(
    body=(
        (-44, -7),
        (
            (-49, -12, -50, -28, -48, -37),
            (-45, -50, -39, -58, -28, -59),
            (-14, -61, 4, -60, 12, -57),
            (20, -52, 26, -43, 30, -38),
            (42, -37, 50, -31, 51, -22),
            (52, -14, 51, -9, 46, -7),
        ),
    ),
    cabin=(
        (-41, -37),
        ((-40, -47, -35, -53, -26, -53.5), (-12, -55, 2, -54, 9, -52), (15, -48, 20, -43, 24, -37)),
    ),
    top=(
        (28, -38),
        ((42, -37, 50, -31, 51, -22), (46, -30, 38, -33, 24, -33)),
    ),
    crease=((-49, -32), (0, -31), (44, -28)),
    wheels=(-29, 30, 12),
    pillar=(-11, -9),
    lamp=(44, -26.5, 4.8, 4.8),
    tail=(-47, -30, 3.4, 5),
    intake=(),
    mouth=((41, -16), (52, -17), (50, -9), (41, -9)),
)


def _paint(brush: Brush, look: Look) -> None:
    build = look.rng.choice((_COUPE, _COUPE, _WEDGE, _WEDGE, _CITY))
    spokes, turn = look.rng.choice((5, 6)), look.u(0, 70)
    long, high = look.u(0.94, 1.04), look.u(0.95, 1.08)
    spoiler = build is _WEDGE and look.chance(0.5)
    rear, front, radius = build.wheels
    brush.p.save()
    brush.p.scale(long, high)
    for x in (rear + 8, front + 7):  # the wheels of the other side
        brush.oval(x, -radius, radius * 0.8, radius * 0.94, look.of((14, 14, 18)))
    if spoiler:
        _spoiler(brush, look)
    body = brush.path(*build.body)
    _body(brush, look, build, body)
    _cabin(brush, look, build)
    _lights(brush, look, build, body)
    brush.p.restore()
    for x in (rear * long, front * long):
        _wheel(brush, look, x, radius * high, spokes, turn)
    lx, ly, rx, _ = build.lamp
    look.glow(brush, (lx + rx * 0.5) * long, ly * high, 13)


def _body(brush: Brush, look: Look, build: _Build, body: QPainterPath) -> None:
    box = body.boundingRect()
    left, right, up = box.left(), box.right(), box.top()
    brush.fill(body, look.down(up, -6, 1.2, 0.62))
    white = look.light.near((255, 255, 255), 1.0, 0.0)
    with brush.within(body):
        brush.curve(*build.top, look.body(1.42))
        a, b, c = build.crease
        band = brush.path(a, ((*b, *c), (c[0], c[1] + 2), (b[0], b[1] + 7, a[0], a[1] + 5)))
        gleam = look.light.near((255, 255, 255), 1.0, 0.62)
        brush.fill(band, across(left, right, white, gleam, gleam, white))
        brush.box(
            left,
            -12,
            right - left,
            8,
            down(-12, -7, look.of((24, 24, 30), 1.0), look.of((12, 12, 16))),
        )
        brush.fill(body, look.shine(left, right, 0.8))
        if build.intake:
            brush.polygon(build.intake, look.of((22, 22, 28)))
        brush.polygon(build.mouth, look.of((16, 16, 20)))


def _cabin(brush: Brush, look: Look, build: _Build) -> None:
    cabin = brush.path(*build.cabin)
    box = cabin.boundingRect()
    brush.fill(cabin, look.glass(box.top(), box.bottom()))
    with brush.within(cabin):
        x, up, low = box.center().x(), box.top(), box.bottom()
        brush.polygon(
            ((x + 6, up), (x + 15, up), (x + 5, low), (x - 4, low)),
            look.light.near((255, 255, 255), 1.0, 0.42),
        )
        foot, head = build.pillar
        brush.polygon(
            ((foot - 2.4, low), (head - 2, up), (head + 2, up), (foot + 2.4, low)), look.body(0.8)
        )


def _spoiler(brush: Brush, look: Look) -> None:
    brush.polygon(((-53, -35), (-49, -45), (-44, -45), (-45, -36)), look.of((30, 30, 36)))
    brush.polygon(((-63, -50), (-38, -46), (-38, -42), (-63, -45)), look.body(0.85))


def _lights(brush: Brush, look: Look, build: _Build, body: QPainterPath) -> None:
    lit = look.light.lamps
    with brush.within(body):
        x, y, rx, ry = build.tail
        brush.oval(x, y, rx, ry, QColor(255, 60, 50) if lit else look.of((190, 20, 30)))
    x, y, rx, ry = build.lamp
    with brush.moved(x, y, 1, 0 if rx == ry else 22):
        brush.oval(0, 0, rx + 1, ry + 1, look.of((30, 30, 36)))
        glass = look.of(LAMP, 1.6) if lit else look.of((232, 240, 250))
        brush.oval(0, 0, rx, ry, glass)


def _wheel(brush: Brush, look: Look, x: float, r: float, spokes: int, turn: float) -> None:
    y = -r
    brush.oval(x, y - 0.6, r + 2.2, r + 1.6, look.of((12, 12, 16)))
    brush.oval(
        x,
        y,
        r,
        r,
        around(x, y, r, look.of((40, 40, 46)), look.of((40, 40, 46)), look.of((26, 26, 30))),
    )
    brush.oval(x, y, r * 0.68, r * 0.68, look.of((92, 96, 106)))
    silver = look.of((226, 230, 238))
    for k in range(spokes):
        angle = math.radians(turn + 360 * k / spokes)
        tip = (x + r * 0.6 * math.cos(angle), y + r * 0.6 * math.sin(angle))
        brush.line(((x, y), tip), r * 0.22, silver)
    brush.oval(x, y, r * 0.2, r * 0.2, look.of((120, 124, 134)))


KIND = Kind(paint=_paint, half_width=67, height=62)
