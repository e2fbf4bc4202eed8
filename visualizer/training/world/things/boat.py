"""A boat: a sailing boat with two sails, a fishing boat, a motor yacht."""

from __future__ import annotations

from PySide6.QtGui import QPainterPath

from visualizer.training.world.brush import Brush, across, down
from visualizer.training.world.color import q
from visualizer.training.world.things.kind import Kind, Look

_WOOD = (150, 104, 62)


def _paint(brush: Brush, look: Look) -> None:
    build = look.rng.choice((_sailing, _sailing, _fishing, _yacht))
    with brush.moved(0, 0, 1, look.u(-2.5, 2.5) if build is _sailing else look.u(-1.5, 1)):
        build(brush, look)


def _hull(brush: Brush, look: Look, path: QPainterPath, top: float) -> None:
    """A hull in the color: a trim below the rail, a shine along it, dark at the water."""
    box = path.boundingRect()
    brush.fill(path, look.down(top, 2, 1.2, 0.66))
    with brush.within(path):
        brush.cover(path, look.shine(box.left(), box.right(), 0.9))
        brush.box(
            box.left(),
            -5,
            box.width(),
            8,
            look.body(0.45) if look.color != "black" else look.of((74, 74, 84)),
        )


def _sailing(brush: Brush, look: Look) -> None:
    long, high = look.u(44, 50), look.u(94, 106)
    mast, belly = look.u(-6, 4), look.u(4, 10)
    brush.line(((mast, -18), (mast, -high - 4)), 3.6, look.of((124, 92, 62)))
    foot = -30
    main = brush.path(
        (mast - 3, -high),
        (
            (mast - 3 - belly * 0.2, -62, mast - 3, foot),
            (mast - 22, foot + 4, -long + 2, foot - 1),
            (-long * 0.62 - belly, -62, mast - 3, -high),
        ),
    )
    jib = brush.path(
        (mast + 4, -high + 8),
        (
            (mast + 20 + belly, -62, long - 2, foot + 3),
            (mast + 22, foot + 6, mast + 5, foot + 1),
            (mast + 9, -60, mast + 4, -high + 8),
        ),
    )
    colored = look.chance(0.6)
    for sail, own in ((main, True), (jib, colored)):
        box = sail.boundingRect()
        brush.fill(sail, look.body(1.05) if own else look.trim())
        with brush.within(sail):
            if sail is main and colored:
                brush.polygon(
                    (
                        (-60, foot - 22),
                        (mast + 10, foot - 30),
                        (mast + 10, foot - 20),
                        (-60, foot - 12),
                    ),
                    look.trim(),
                )
            brush.fill(sail, look.shine(box.left(), box.right(), 1.0))
            brush.fill(
                sail,
                down(
                    -high,
                    foot,
                    q((255, 255, 255), 0.16),
                    q((255, 255, 255), 0),
                    q((10, 12, 40), 0.16),
                ),
            )
    hull = brush.path(
        (-long, -21),
        (
            (-10, -17, long + 8, -25),
            (long + 2, -8, long * 0.62, 0),
            (-long * 0.7, 0),
            (-long + 2, -4, -long, -21),
        ),
    )
    _hull(brush, look, hull, -22)
    with brush.within(hull):
        brush.curve(
            (-long, -22),
            ((-10, -18, long + 9, -26), (long + 9, -20), (-10, -12, -long, -16)),
            look.trim(),
        )
    if look.light.lamps:
        brush.oval(mast, -high - 5, 3, 3, look.lamp(1.4))
        look.glow(brush, mast, -high - 5, 9)


def _fishing(brush: Brush, look: Look) -> None:
    long = look.u(48, 54)
    deck = look.u(-30, -26)
    mast = look.u(-24, -18)
    brush.line(((mast, deck), (mast, deck - 52)), 4, look.of(_WOOD))
    brush.line(((mast, deck - 48), (-long - 1, deck - 22)), 3.2, look.of(_WOOD, 0.9))
    left, right, up = -10.0, 20.0, deck - 30
    wall = across(left, right, look.trim(0.86), look.trim(), look.trim(0.94))
    brush.polygon(((left, deck + 4), (left + 2, up), (right - 3, up), (right + 2, deck + 2)), wall)
    brush.box(left - 3, up - 5, right - left + 6, 7, look.body(0.9), 3)
    brush.box(left + 3, up - 19, 9, 15, look.body(), 2)  # the funnel
    brush.box(left + 3, up - 14, 9, 4.5, look.trim())
    for x in (left + 5, left + 16):
        pane = look.lamp(1.1) if look.light.lamps else look.glass(up + 6, up + 17)
        brush.box(x, up + 6, 8.5, 10, pane, 2)
    hull = brush.path(
        (-long, deck + 3),
        (
            (-long * 0.3, deck + 7, long * 0.3, deck + 3),
            (long * 0.8, deck - 3, long + 6, deck - 13),
            (long + 3, -12, long * 0.74, 0),
            (-long * 0.84, 0),
            (-long - 2, -8, -long, deck + 3),
        ),
    )
    _hull(brush, look, hull, deck - 10)
    rail = (
        (-long * 0.3, deck + 7, long * 0.3, deck + 3),
        (long * 0.8, deck - 3, long + 6, deck - 13),
        (long + 5.5, deck - 7),
        (long * 0.8, deck + 3, long * 0.3, deck + 8.5),
        (-long * 0.3, deck + 12.5, -long, deck + 8.5),
    )
    with brush.within(hull):
        brush.curve((-long, deck + 3), rail, look.trim())
    look.glow(brush, left + 16, up + 11, 16, 0.5)
    if look.light.lamps:
        brush.oval(mast, deck - 53, 3, 3, look.lamp(1.4))


def _yacht(brush: Brush, look: Look) -> None:
    long = look.u(54, 60)
    deck = -26.0
    up = look.u(-56, -50)
    cabin = brush.path(
        (-34, deck + 4),
        ((-32, up + 4), (-31, up, -26, up), (-2, up), (6, up, 12, up + 7), (28, deck + 2)),
    )
    brush.fill(cabin, down(up, deck, look.trim(), look.trim(0.86)))
    with brush.within(cabin):
        pane = look.lamp(1.1) if look.light.lamps else look.glass(up + 5, deck - 5)
        brush.polygon(((-28, up + 7), (-3, up + 7), (4, deck - 6), (-28, deck - 6)), pane)
        brush.polygon(((2, up + 7), (9, up + 7), (20, deck - 6), (9, deck - 6)), pane)
    brush.polygon(
        ((-38, up - 1), (-34, up - 6), (-4, up - 6), (2, up - 1), (2, up + 2), (-36, up + 2)),
        look.body(0.92),
    )
    brush.line(((-20, up - 4), (-25, up - 17)), 3.4, look.trim(0.8))
    hull = brush.path(
        (-long + 2, deck),
        (
            (0, deck + 2, long + 6, deck - 7),
            (long - 6, -8, long * 0.55, 0),
            (-long * 0.9, 0),
            (-long - 1, -6, -long + 2, deck),
        ),
    )
    _hull(brush, look, hull, deck - 4)
    with brush.within(hull):
        brush.curve(
            (-long, deck + 6),
            (
                (0, deck + 8, long + 8, deck - 2),
                (long + 4, deck + 3),
                (0, deck + 13, -long, deck + 11),
            ),
            look.trim(),
        )
    look.glow(brush, -6, (up + deck) / 2, 20, 0.45)


KIND = Kind(paint=_paint, half_width=68, height=112, swims=True)
