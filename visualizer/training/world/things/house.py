"""A house: a gable to the front, a long front under a roof, seen from a corner, or two storeys."""

from __future__ import annotations

from visualizer.training.world.brush import Brush, Fill, Point, down
from visualizer.training.world.color import RGB
from visualizer.training.world.things.facade import chimney, door, pane, window
from visualizer.training.world.things.kind import Kind, Look

_ROOFS: tuple[RGB, ...] = ((82, 88, 104), (104, 98, 98), (66, 70, 82))
_ROOFS_ON_BLACK: tuple[RGB, ...] = ((128, 134, 148), (146, 140, 138))


def paint(brush: Brush, look: Look) -> None:
    """One of four builds."""
    look.rng.choice((_gable, _long, _corner, _storeys))(brush, look)


def _gable(brush: Brush, look: Look) -> None:
    half, wall, peak = look.u(41, 47), look.u(44, 50), look.u(86, 96)
    roof = _roof_color(look)
    chimney(brush, look, look.rng.choice((-1, 1)) * half * 0.52, -peak * 0.98, 26)
    front = [(-half, 0.0), (-half, -wall), (0.0, -peak), (half, -wall), (half, 0.0)]
    brush.polygon(front, look.across(-half, half, 1.14, 0.8))
    _foot(brush, look, -half, half)
    _eaves(brush, look, half, wall, peak, roof)
    x = half * 0.52
    if look.chance(0.6):
        door(brush, look, 0, 17, 31)
        for side in (-1, 1):
            window(brush, look, side * half * 0.62, -34, 14, 16)
    else:
        side = look.rng.choice((-1, 1))
        door(brush, look, side * x, 17, 31)
        window(brush, look, -side * x * 0.8, -34, 26, 19)
    _attic(brush, look, -peak * 0.66)


def _eaves(
    brush: Brush, look: Look, half: float, wall: float, peak: float, roof: RGB, x: float = 0
) -> None:
    """The two slopes of a roof over a gable, seen from the front, and their shadow on it."""
    slope, lit = (peak - wall) / half, look.light.side
    for grow, drop, shadow in ((0.0, 9.0, True), (7.0, 0.0, False)):
        out = half + grow
        y = -wall + grow * slope + drop
        for side in (-1, 1):
            shade = 0.72 if shadow else (1.22 if side == lit else 0.82)
            fill = look.body(shade) if shadow else look.of(roof, shade)
            points: list[Point] = [
                (x, -peak - 8.5 + drop),
                (x + side * out, y - 8.5),
                (x + side * out, y),
                (x, -peak + drop),
            ]
            brush.polygon(points, fill)


def _long(brush: Brush, look: Look) -> None:
    half, wall, peak = look.u(47, 53), look.u(52, 58), look.u(74, 81)
    roof = _roof_color(look)
    side = look.rng.choice((-1, 1))
    chimney(brush, look, side * half * look.u(0.35, 0.55), -peak, 16)
    brush.box(-half, -wall, 2 * half, wall, look.across(-half, half, 1.14, 0.8))
    _foot(brush, look, -half, half)
    brush.box(-half, -wall, 2 * half, 6, look.body(0.7))
    slope = look.u(8, 16)
    brush.polygon(
        [(-half - 8, -wall), (-half + slope, -peak), (half - slope, -peak), (half + 8, -wall)],
        _roof_fill(look, roof, -peak, -wall),
    )
    brush.box(-half - 8, -wall - 2, 2 * half + 16, 5, look.of(roof, 0.72), 2)
    door(brush, look, side * half * 0.1, 17, 31)
    for x in (-half * 0.58, half * 0.62):
        window(brush, look, x + side * 3, -37, 17, 18)
    if look.chance(0.6):
        x = -side * half * 0.38
        y = -wall - (peak - wall) * 0.16
        brush.polygon([(x - 12, y), (x - 12, y - 14), (x + 12, y - 14), (x + 12, y)], look.body())
        window(brush, look, x, y - 13, 12, 12)
        tip = [(x - 17, y - 12), (x, y - 29), (x + 17, y - 12)]
        brush.polygon(tip, look.of(roof, 0.66))


def _corner(brush: Brush, look: Look) -> None:
    """The gable and one long side, in perspective."""
    side = look.rng.choice((-1, 1))
    with brush.moved(0, 0, mirror=side < 0):
        look_ = look if side > 0 else _mirrored(look)
        wall, peak = look.u(48, 54), look.u(84, 92)
        left, edge, right = -54.0, look.u(4, 12), 54.0
        mid, roof = (left + edge) / 2, _roof_color(look)
        front, flank = (1.12, 0.72) if look_.light.side < 0 else (0.86, 1.08)
        chimney(brush, look_, edge + 14, -peak, 14)
        brush.polygon([(edge, 0), (edge, -wall), (right, -wall + 4), (right, -3)], look.body(flank))
        brush.polygon(
            [(left, -2), (left, -wall), (mid, -peak), (edge, -wall), (edge, 0)],
            look.down(-peak, 0, 1.06 * front, 0.9 * front),
        )
        slope: list[Point] = [
            (mid - 1, -peak - 10),
            (right - 20, -peak - 2),
            (right + 7, -wall + 8),
            (edge + 7, -wall + 7),
        ]
        shadow = [(edge, -wall), (right, -wall + 4), (right, -wall + 13), (edge, -wall + 12)]
        brush.polygon(shadow, look.body(flank * 0.72))
        brush.polygon(slope, _roof_fill(look_, roof, -peak, -wall + 8))
        edge_fill = look.of(roof, 1.3 if look_.light.side < 0 else 0.75)
        gable = [(left - 7, -wall + 6), (mid, -peak - 10), (mid + 4, -peak - 7), (mid, -peak + 3)]
        brush.polygon([*gable, (left - 5, -wall + 14)], edge_fill)
        rake = [(mid, -peak - 10), (edge + 9, -wall + 6), (edge + 5, -wall + 12), (mid, -peak + 3)]
        brush.polygon(rake, look.of(roof, 0.66))
        door(brush, look_, mid + look.u(-9, 9), 17, 31)
        _attic(brush, look_, -peak * 0.68, mid)
        gap = (right - edge) / 2
        for k in (0.5, 1.5):
            window(brush, look_, edge + gap * k, -35, 12, 17)


def _storeys(brush: Brush, look: Look) -> None:
    half, wall = look.u(39, 45), look.u(72, 80)
    roof, peak = _roof_color(look), wall + look.u(19, 25)
    chimney(brush, look, look.rng.choice((-1, 1)) * half * 0.5, -peak, 12)
    brush.box(-half, -wall, 2 * half, wall, look.across(-half, half, 1.14, 0.8))
    _foot(brush, look, -half, half)
    brush.box(-half, -wall, 2 * half, 7, look.body(0.7))
    if look.chance(0.5):
        tip = half * look.u(0.35, 0.6)
        points = [(-half - 8, -wall), (-tip, -peak), (tip, -peak), (half + 8, -wall)]
        brush.polygon(points, _roof_fill(look, roof, -peak, -wall))
        brush.box(-half - 8, -wall - 2, 2 * half + 16, 5, look.of(roof, 0.72), 2)
    else:
        front = [(-half, -wall + 1), (0.0, -peak - 6), (half, -wall + 1)]
        brush.polygon(front, look.body(0.95))
        _eaves(brush, look, half, wall, peak + 6, roof)
    for x in (-half * 0.6, half * 0.6):
        window(brush, look, x, -wall + 14, 14, 17)
        window(brush, look, x, -30, 13, 16)
    brush.box(-half, -wall / 2 - 2.5, 2 * half, 4.5, look.body(0.8))
    door(brush, look, 0, 14, 28)


def _attic(brush: Brush, look: Look, y: float, x: float = 0) -> None:
    brush.oval(x, y, 9.5, 9.5, look.trim())
    brush.oval(x, y, 6, 6, pane(look, y - 6, y + 6))


def _foot(brush: Brush, look: Look, left: float, right: float) -> None:
    brush.box(left, -5, right - left, 5, look.body(0.62))


def _roof_color(look: Look) -> RGB:
    return look.rng.choice(_ROOFS_ON_BLACK if look.color == "black" else _ROOFS)


def _roof_fill(look: Look, roof: RGB, y0: float, y1: float) -> Fill:
    return down(y0, y1, look.of(roof, 1.22), look.of(roof, 0.86))


def _mirrored(look: Look) -> Look:
    return Look(look.color, look.light.mirrored(), look.rng, look.place)


KIND = Kind(paint, half_width=63, height=125, scale=1.05)
