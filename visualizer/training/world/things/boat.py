"""A boat: a sailing boat with two sails, a fishing boat, a motor yacht."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtGui import QPainterPath

from visualizer.training.world.brush import Brush, across, down
from visualizer.training.world.color import q
from visualizer.training.world.things.kind import Kind, Look

Curves = Sequence[tuple[float, ...]]

_WOOD = (150, 104, 62)


def _paint(brush: Brush, look: Look) -> None:
    build = look.rng.choice((_sailing, _sailing, _fishing, _yacht))
    with brush.moved(0, 0, 1, look.u(-2.5, 2.5) if build is _sailing else look.u(-1.5, 1)):
        build(brush, look)


def _hull(brush: Brush, look: Look, hull: QPainterPath, rail: Curves | None = None) -> None:
    """A hull in the color, perhaps with a rail of the trim above it, dark at the water.

    Args:
        rail: its lower edge from left to right.
    """
    box = hull.boundingRect()
    left, right, top = box.left() - 2, box.right() + 2, box.top()
    coat = look.down(top, 2, 1.2, 0.66)
    with brush.within(hull):
        if rail is None:
            brush.cover(hull, coat)
        else:
            brush.cover(hull, look.trim())
            brush.curve((left, rail[0][-1]), (*rail[1:], (right, 4), (left, 4)), coat)
        brush.cover(hull, look.shine(left, right, 0.9))
        water = look.of((74, 74, 84)) if look.color == "black" else look.body(0.45)
        brush.box(left, -5, right - left, 8, water)


def _sailing(brush: Brush, look: Look) -> None:
    long, high = look.u(44, 50), look.u(92, 103)
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
    colored = look.color == "white" or look.chance(0.6)
    for sail, own in ((main, True), (jib, colored)):
        box = sail.boundingRect()
        with brush.within(sail):
            brush.cover(sail, look.body(1.05) if own else look.trim())
            if sail is main and colored:
                brush.polygon(
                    ((-60, foot - 22), (9, foot - 30), (9, foot - 20), (-60, foot - 12)),
                    look.trim(),
                )
            brush.cover(sail, look.shine(box.left(), box.right(), 1.0))
            brush.cover(sail, down(-high, foot, q((255, 255, 255), 0.1), q((10, 12, 40), 0.14)))
    hull = brush.path(
        (-long, -21),
        (
            (-10, -17, long + 8, -25),
            (long + 2, -8, long * 0.62, 0),
            (-long * 0.7, 0),
            (-long + 2, -4, -long, -21),
        ),
    )
    _hull(brush, look, hull, ((-long, -16), (-10, -12, long + 9, -20)))
    if look.light.lamps:
        brush.oval(mast, -high - 5, 3, 3, look.lamp(1.4))
        look.glow(brush, mast, -high - 5, 9)


def _fishing(brush: Brush, look: Look) -> None:
    long = look.u(48, 54)
    deck = look.u(-30, -26)
    mast = look.u(-24, -18)
    brush.line(((mast, deck + 8), (mast, deck - 52)), 4, look.of(_WOOD))
    brush.line(((mast, deck - 48), (-long - 1, deck - 22)), 3.2, look.of(_WOOD, 0.9))
    left, right, up = -10.0, 20.0, deck - 30
    wall = across(left, right, look.trim(0.86), look.trim(), look.trim(0.94))
    brush.polygon(((left, deck + 9), (left + 2, up), (right - 3, up), (right + 2, deck + 9)), wall)
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
    rail = (
        (-long, deck + 8.5),
        (-long * 0.3, deck + 12.5, long * 0.3, deck + 8.5),
        (long * 0.8, deck + 3, long + 6, deck - 7),
    )
    _hull(brush, look, hull, rail)
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
    _hull(brush, look, hull)
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


KIND = Kind(paint=_paint, half_width=68, height=116, swims=True)
