"""A castle: round towers with pointed or crenellated tops, walls and a gate."""

from __future__ import annotations

from visualizer.training.world.brush import Brush, Fill, across, down
from visualizer.training.world.color import BODY, RGB, shaded
from visualizer.training.world.things.facade import pane
from visualizer.training.world.things.kind import Kind, Look

_SLATE: RGB = (78, 86, 108)
_LIGHT_SLATE: RGB = (120, 128, 146)
_OPENING: RGB = (40, 34, 48)
_OWN_ROOFS = ("red", "green", "blue", "purple", "brown")


def paint(brush: Brush, look: Look) -> None:
    """A gatehouse between two towers, one around a keep, or four towers of different heights."""
    look.rng.choice((_gatehouse, _keep, _four_towers))(brush, look)


def _gatehouse(brush: Brush, look: Look) -> None:
    w, out, wall = look.u(27, 33), look.u(36, 42), look.u(46, 54)
    pointed, roof = look.chance(0.6), _roof_color(look)
    top = wall + look.u(14, 24)
    if not pointed or look.chance(0.6):
        keep = top + (18 if pointed else 16)
        _tower(brush, look, roof, look.u(-7, 7), 34, keep, not pointed)
    _wall(brush, look, -out, out, wall)
    _gate(brush, look, 0, look.u(24, 30), look.u(33, 38))
    for side in (-1, 1):
        _tower(brush, look, roof, side * out, w, top, pointed, windows=2)


def _keep(brush: Brush, look: Look) -> None:
    wall, out, top = look.u(36, 42), look.u(45, 50), look.u(82, 92)
    pointed, roof = look.chance(0.75), _roof_color(look)
    _tower(brush, look, roof, 0, look.u(36, 42), top, pointed)
    _wall(brush, look, -out, out, wall)
    _gate(brush, look, 0, look.u(24, 28), look.u(29, 33))
    side_top = wall + look.u(14, 24)
    for side in (-1, 1):
        _tower(brush, look, roof, side * out, look.u(25, 28), side_top, pointed)


def _four_towers(brush: Brush, look: Look) -> None:
    wall, out = look.u(34, 40), look.u(47, 52)
    flip = look.rng.choice((-1, 1))
    pointed, roof = look.chance(0.8), _roof_color(look)
    _tower(brush, look, roof, 15 * flip, look.u(24, 27), look.u(88, 95), True)
    _tower(brush, look, roof, -17 * flip, look.u(26, 30), look.u(71, 77), pointed)
    _wall(brush, look, -out, out, wall)
    _gate(brush, look, 0, look.u(24, 28), look.u(27, 31))
    _tower(brush, look, roof, -out * flip, look.u(23, 26), wall + look.u(16, 24), pointed)
    _tower(brush, look, roof, out * flip, look.u(23, 26), wall + look.u(6, 12), pointed)


def _tower(
    brush: Brush,
    look: Look,
    roof: RGB,
    x: float,
    w: float,
    top: float,
    pointed: bool,
    windows: int = 1,
) -> None:
    """A round tower of width w whose head ends at the height top, its roof or merlons above."""
    left, right = x - w / 2, x + w / 2
    if pointed:
        _roof(brush, look, roof, x, w, top)
    brush.box(left, -top, w, top, look.across(left, right, _bright(look), 0.6))
    brush.box(left, -top + 10, w, 7, _shadow(look, -top + 10, 7))
    over = 3.5
    head = look.across(left - over, right + over, _bright(look) + 0.08, 0.7)
    brush.box(left - over, -top, w + 2 * over, 11, head, 2)
    if not pointed:
        _merlons(brush, left - over, right + over, -top, 3, head)
    for k in range(windows):
        _window(brush, look, x, -top + 31 + 27 * k)


def _roof(brush: Brush, look: Look, roof: RGB, x: float, w: float, top: float) -> None:
    """A pointed roof that flares at its foot, now and then with a flag."""
    half, tip = w / 2 + 6.5, -top - min(w * look.u(1.0, 1.2) + 4, 42)
    if w > 29 or look.chance(0.3):
        flag = look.trim() if look.color != "white" else look.of(_SLATE)
        brush.line([(x, tip + 4), (x, tip - 15)], 3, look.of((96, 90, 96)))
        brush.polygon([(x + 1, tip - 16), (x + 18, tip - 10.5), (x + 1, tip - 4)], flag)
    lit, even, dim = look.of(roof, 1.18), look.of(roof), look.of(roof, 0.66)
    colors = (lit, even, dim) if look.light.side < 0 else (dim, even, lit)
    brush.curve(
        (x - half, -top + 1),
        [
            (x - w * 0.3, -top - 10, x, tip),
            (x + w * 0.3, -top - 10, x + half, -top + 1),
            (x, -top + 6, x - half, -top + 1),
        ],
        across(x - half, x + half, *colors),
    )


def _wall(brush: Brush, look: Look, left: float, right: float, top: float) -> None:
    brush.box(left, -top, right - left, top, look.down(-top, 0, 1.12, 0.78))
    _merlons(brush, left, right, -top, 7, look.body(1.12))
    brush.box(left, -top + 8, right - left, 5, look.body(0.74))
    x = (right - left) * look.u(0.26, 0.3)
    for stone, y in ((-x, -top * 0.36), (x, -top * 0.5)):
        brush.box(stone - 6, y, 12, 5.5, look.body(0.82), 2)


def _merlons(brush: Brush, left: float, right: float, y: float, n: int, fill: Fill) -> None:
    """n teeth on a top edge, the first and the last at its ends."""
    step = (right - left) / (2 * n - 1)
    for k in range(n):
        brush.box(left + 2 * k * step, y - 7, step, 8, fill)


def _window(brush: Brush, look: Look, x: float, y: float) -> None:
    """A tall window with a round top: dark by day, warm where lamps are lit."""
    look.glow(brush, x, y - 7, 15, 0.45)
    brush.arch(x, y + 1.5, 11, 18, look.dark())
    brush.arch(x, y, 7, 15, pane(look, y - 15, y) if look.light.lamps else look.of(_OPENING))


def _gate(brush: Brush, look: Look, x: float, w: float, h: float) -> None:
    """A wooden gate under a round arch."""
    brush.arch(x, 0, w + 9, h + 5, look.dark())
    wood = (78, 54, 40) if look.color != "brown" else (58, 44, 40)
    brush.arch(x, 0, w, h, down(-h, 0, look.of(wood, 0.5), look.of(wood, 1.05)))
    brush.box(x - 1.75, -h + 3, 3.5, h - 3, look.of(wood, 0.45))
    for side in (-1, 1):
        brush.oval(x + side * w * 0.17, -h * 0.36, 2.2, 2.2, look.of((226, 190, 108)))


def _roof_color(look: Look) -> RGB:
    """Slate, or the castle's own color, much darker."""
    if look.color == "black":
        return _LIGHT_SLATE
    own = look.chance(0.4) and look.color in _OWN_ROOFS
    return shaded(BODY[look.color], 0.48) if own else _SLATE


def _bright(look: Look) -> float:
    return 1.34 if look.color == "black" else 1.2


def _shadow(look: Look, y: float, h: float) -> Fill:
    rgb = shaded(BODY[look.color], 0.3)
    return down(y, y + h, look.light.near(rgb, alpha=0.5), look.light.near(rgb, alpha=0))


KIND = Kind(paint, half_width=73, height=154, scale=1.05)
