"""A car: a low coupe, a wedge with the engine behind, an open roadster, a small city car."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from PySide6.QtGui import QColor, QLinearGradient, QPainterPath

from visualizer.training.world.brush import Brush, Point, across, around, down
from visualizer.training.world.color import q
from visualizer.training.world.things.kind import Kind, Look

Curves = Sequence[tuple[float, ...]]


@dataclass(frozen=True)
class _Build:
    """The shapes of one sort of car, its nose to the right, wheels on y = 0.

    Attributes:
        body: its outline, wheels left out.
        cabin: the outline of all glass.
        top: the hood, which looks up.
        crease: a line along its side below which it shines: back, middle, front.
        gleams: the round fenders: x, y of the brightest place of each.
        wheels: x of the two, and their radius.
        pillars: x at the foot and x at the head of each, between the windows.
        lamp: the headlight: x, y, half width, half height.
        tail: the rear light in the same way.
        mouth: the dark grille in its nose.
        intake: the air intake in its side.
        size: how long and how high it is: from … to, a factor each.
    """

    body: tuple[Point, Curves]
    cabin: tuple[Point, Curves]
    top: tuple[Point, Curves]
    crease: tuple[Point, Point, Point]
    gleams: tuple[Point, ...]
    wheels: tuple[float, float, float]
    pillars: tuple[Point, ...]
    lamp: tuple[float, float, float, float]
    tail: tuple[float, float, float, float]
    mouth: tuple[Point, Curves]
    intake: tuple[Point, Curves] | None = None
    size: tuple[float, float, float, float] = (0.95, 1.03, 0.96, 1.04)


_HOOD: Curves = (
    (30, -36.5, 42, -35, 50, -30),
    (58, -26, 63.5, -21, 63.5, -14),
    (63.5, -10, 61, -7, 56, -7),
)
_NOSE: tuple[Point, Curves] = (
    (20, -34),
    ((30, -36.5, 42, -35, 50, -30), (58, -26, 63.5, -21, 63.5, -16), (54, -26, 44, -30, 10, -31)),
)
_REAR: tuple[float, ...] = (-62, -10, -64, -24, -62, -31)
_COUPE = _Build(
    body=(
        (-57, -7),
        (
            _REAR,
            (-60, -35, -52, -37, -45, -37.5),
            (-34, -45, -24, -48.5, -13, -48.5),
            (1, -48.5, 12, -41, 21, -34),
            *_HOOD,
        ),
    ),
    cabin=(
        (-38, -37.5),
        ((-29, -43, -22, -45.2, -13, -45.2), (0, -45, 8, -39, 15, -33.5), (-6, -33, -38, -37.5)),
    ),
    top=_NOSE,
    crease=((-61, -28), (0, -27), (54, -22)),
    gleams=((-45, -33), (38, -32)),
    wheels=(-38, 37, 12),
    pillars=((-23, -20), (7, -3)),
    lamp=(52, -25, 7.2, 2.8),
    tail=(-61, -28, 3.4, 3.6),
    mouth=((52, -13), ((55, -17, 66, -16), (66, -10.5), (54, -8.5, 52, -13))),
    intake=((17, -25), ((24, -26, 23, -20), (22, -16, 17, -14), (20, -19, 17, -25))),
)
_ROADSTER = replace(
    _COUPE,
    body=(
        (-57, -7),
        (
            _REAR,
            (-60, -36, -52, -38.5, -42, -38.5),
            (-34, -38.5, -31, -36, -28, -34.5),
            (-10, -32, 21, -34),
            *_HOOD,
        ),
    ),
    cabin=((4, -31), ((-3, -44), (0, -45.5), (20, -33))),
    pillars=(),
    gleams=((-44, -34.5), (38, -32)),
)
_WEDGE = _Build(
    body=(
        (-56, -7),
        (
            (-61, -12, -63, -26, -61, -35),
            (-53, -38, -43, -39, -38, -39.5),
            (-27, -44, -15, -46, -4, -46),
            (9, -45.5, 18, -39, 27, -32.5),
            (38, -33, 56, -27, 64, -14),
            (65, -9, 63, -7, 57, -7),
        ),
    ),
    cabin=(
        (-27, -38),
        ((-17, -43, -9, -43, -4, -43), (8, -42, 15, -37, 22, -31.5), (2, -30, -27, -38)),
    ),
    top=(
        (22, -32.5),
        ((38, -33, 56, -27, 64, -14), (52, -23, 38, -27, 12, -28.5)),
    ),
    crease=((-61, -32), (-8, -27), (54, -18)),
    gleams=((-45, -35), (38, -29)),
    wheels=(-39, 37, 12.5),
    pillars=((-14, -9), (12, 2)),
    lamp=(51.5, -21.5, 7.2, 2.6),
    tail=(-60, -30, 3.4, 3.4),
    mouth=((52, -11), ((57, -13.5, 67, -12), (66, -8), (54, -7, 52, -11))),
    intake=((0, -23.5), ((-12, -27, -26, -28), (-23, -24, -23, -18.5), (-12, -18.5, 0, -23.5))),
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
        ((42, -37, 50, -31, 51, -22), (46, -30, 38, -33, 20, -33)),
    ),
    crease=((-49, -32), (0, -31), (44, -28)),
    gleams=((-36, -33), (30, -34)),
    wheels=(-29, 30, 11.5),
    pillars=((-11, -9), (15, 4)),
    lamp=(44.5, -26.5, 4.8, 4.8),
    tail=(-47.5, -30, 3.4, 5),
    mouth=((42, -14), ((45, -18, 54, -17), (54, -11), (43, -10, 42, -14))),
    size=(1.06, 1.14, 0.98, 1.08),
)


def _paint(brush: Brush, look: Look) -> None:
    build = look.rng.choice((_COUPE, _ROADSTER, _WEDGE, _WEDGE, _CITY))
    spokes, turn = look.rng.choice((5, 6)), look.u(0, 70)
    long, high = look.u(*build.size[:2]), look.u(*build.size[2:])
    spoiler = build is _WEDGE and look.chance(0.4)
    rear, front, radius = build.wheels
    brush.p.save()
    brush.p.scale(long, high)
    for x in (rear + 8, front + 7):  # the wheels of the other side
        brush.oval(x, -radius, radius * 0.8, radius * 0.94, look.of((14, 14, 18)))
    if spoiler:
        _spoiler(brush, look)
    if build is _ROADSTER:
        _seats(brush, look, build)
    body = brush.path(*build.body)
    with brush.within(body):
        _body(brush, look, build, body)
    if build is not _ROADSTER:
        _cabin(brush, look, build)
        foot = build.pillars[1][0]
        brush.oval(
            foot + 1, -33.5 if build is not _CITY else -37, 4.6, 3, look.body(0.72)
        )  # mirror
    _headlight(brush, look, build)
    brush.p.restore()
    for x in (rear * long, front * long):
        _wheel(brush, look, x, radius * high, spokes, turn)
    lx, ly, rx, _ = build.lamp
    look.glow(brush, (lx + rx * 0.5) * long, ly * high, 11)


def _body(brush: Brush, look: Look, build: _Build, body: QPainterPath) -> None:
    """The painted metal: bright above, a band of light along the side, dark sills."""
    box = body.boundingRect()
    left, right, up = box.left(), box.right(), box.top()
    shades = (1.3, 1.08, 0.98, 0.6) if look.color != "black" else (1.34, 1.14, 1.0, 0.7)
    brush.cover(body, down(up, -5, *(look.body(shade) for shade in shades)))
    brush.curve(*build.top, look.body(1.4 if look.color != "white" else 1.0))
    a, b, c = build.crease
    band = brush.path(a, ((*b, *c), (c[0], c[1] + 2), (b[0], b[1] + 7, a[0], a[1] + 5)))
    brush.fill(band, _gleam(left, right))
    for x, y in build.gleams:
        with brush.moved(x, y, 1):
            brush.p.scale(1, 0.36)
            brush.box(
                -17, -17, 34, 34, around(0, 0, 17, q((255, 255, 255), 0.6), q((255, 255, 255), 0))
            )
    if build.intake:
        brush.curve(*build.intake, across(-27, 24, look.of((16, 16, 22)), look.of((60, 60, 70))))
    brush.box(left, -10.5, right - left - 14, 8, look.of((20, 20, 26)))
    brush.cover(body, look.shine(left, right, 0.8))
    brush.curve(*build.mouth, look.of((16, 16, 20)))
    x, y, rx, ry = build.tail
    brush.oval(x, y, rx, ry, QColor(255, 60, 50) if look.light.lamps else look.of((190, 20, 30)))


def _gleam(x0: float, x1: float) -> QLinearGradient:
    clear, white = q((255, 255, 255), 0.0), q((255, 255, 255), 0.62)
    return across(x0, x1, clear, white, white, clear)


def _cabin(brush: Brush, look: Look, build: _Build) -> None:
    cabin = brush.path(*build.cabin)
    box = cabin.boundingRect()
    x, up, low = box.center().x(), box.top(), box.bottom()
    with brush.within(cabin):
        brush.cover(cabin, look.glass(up, low))
        pane = ((x + 2, up), (x + 11, up), (x + 1, low), (x - 8, low))
        brush.polygon(pane, q((255, 255, 255), 0.4))
        for foot, head in build.pillars:
            post = ((foot - 2, low), (head - 2, up), (head + 2, up), (foot + 2, low))
            brush.polygon(post, look.body(0.84))


def _seats(brush: Brush, look: Look, build: _Build) -> None:
    """What is seen above an open car: two head rests and the windshield."""
    leather = (92, 92, 104) if look.color == "black" else (52, 48, 52)
    for x, shade in ((-11, 0.75), (-21, 1.0)):
        brush.box(x, -43, 9, 16, look.of(leather, shade), 4.5)
    brush.curve(*build.cabin, look.glass(-49, -32))
    brush.line(((-1.5, -44), (8, -33)), 3.4, look.body(0.7))


def _spoiler(brush: Brush, look: Look) -> None:
    brush.polygon(((-53, -35), (-49, -45), (-44, -45), (-45, -36)), look.of((30, 30, 36)))
    brush.polygon(((-64, -50), (-39, -46), (-39, -42), (-64, -45)), look.body(0.85))


def _headlight(brush: Brush, look: Look, build: _Build) -> None:
    x, y, rx, ry = build.lamp
    with brush.moved(x, y, 1, 0 if rx == ry else 24):
        brush.oval(0, 0, rx + 1, ry + 1, look.of((30, 30, 36)))
        lit = look.lamp(1.6) if look.light.lamps else look.of((232, 240, 250))
        brush.oval(0, 0, rx, ry, lit)


def _wheel(brush: Brush, look: Look, x: float, r: float, spokes: int, turn: float) -> None:
    y = -r
    brush.oval(x, y - 0.6, r + 2.2, r + 1.6, look.of((12, 12, 16)))
    brush.oval(x, y, r, r, look.of((38, 38, 44)))
    brush.oval(x, y, r * 0.7, r * 0.7, look.of((84, 88, 98)))
    star = []
    for k in range(spokes * 3):  # each spoke ends in an edge, between two there is a notch
        angle = math.radians(turn + (360 / spokes) * (k // 3 + (-0.13, 0.13, 0.5)[k % 3]))
        reach = r * (0.66, 0.66, 0.17)[k % 3]
        star.append((x + reach * math.cos(angle), y + reach * math.sin(angle)))
    brush.polygon(star, look.of((228, 232, 240)))
    brush.oval(x, y, r * 0.2, r * 0.2, look.of((120, 124, 134)))


KIND = Kind(paint=_paint, half_width=68, height=66)
