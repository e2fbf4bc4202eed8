"""A lighthouse: a slender tower with bands, a gallery, a lantern that shines in the dark."""

from __future__ import annotations

from visualizer.training.world.brush import Brush, Fill, across, down
from visualizer.training.world.color import RGB, q
from visualizer.training.world.light import LAMP
from visualizer.training.world.things.facade import pane
from visualizer.training.world.things.kind import Kind, Look

_IRON: RGB = (62, 66, 78)
_IRON_ON_BLACK: RGB = (112, 118, 132)
_STONE: RGB = (140, 138, 136)
_BEAMS = {"night": 0.3, "rain": 0.24, "fog": 0.34}
"""How bright the beam is; at sunset the lantern only glows."""


def paint(brush: Brush, look: Look) -> None:
    """A tower with rings, a winding band, or one broad ring; with or without a hut at its foot."""
    height, foot, top = look.u(98, 110), look.u(19, 23), look.u(12, 14)
    y = -height
    lantern = y - 11
    if look.light.time in _BEAMS:
        _beam(brush, look, lantern, _BEAMS[look.light.time])
    if look.chance(0.35):
        _hut(brush, look, look.rng.choice((-1, 1)))
    _tower(brush, look, foot, top, height)
    _lantern(brush, look, top, y)
    brush.box(-foot - 4, -5, 2 * foot + 8, 5.5, _sided(look, _STONE, foot + 4), 2)


def _tower(brush: Brush, look: Look, foot: float, top: float, height: float) -> None:
    y = -height
    curves = [
        (-foot * 0.72, y * 0.45, -top, y),
        (top, y),
        (foot * 0.72, y * 0.45, foot, 0.0),
    ]
    tower = brush.path((-foot, 0), curves)
    brush.fill(tower, look.body())
    style = look.rng.choice(("rings", "rings", "broad", "winding"))
    with brush.within(tower):
        if style == "rings":
            n = look.rng.choice((2, 3))
            step = (height - 34) / (2 * n)
            for k in range(n):
                _ring(brush, look, foot, y + step * (2 * k + 1.15), step * 0.58)
        elif style == "broad":
            _ring(brush, look, foot, y * look.u(0.55, 0.68), look.u(17, 22))
        else:
            lean = look.rng.choice((-1, 1)) * look.u(16, 22)
            for k in range(3):
                _ring(brush, look, foot, y * (0.9 - 0.32 * k), 10, lean)
        brush.box(-foot, y, 2 * foot, height, look.shine(-foot * 0.85, foot * 0.85, 1.25))
        shadow = down(y, y + 12, q((10, 12, 40), 0.45), q((10, 12, 40), 0))
        brush.box(-foot, y, 2 * foot, 12, shadow)
    _door(brush, look)
    _window(brush, look, y * look.u(0.68, 0.74))


def _ring(brush: Brush, look: Look, half: float, y: float, h: float, lean: float = 0) -> None:
    """A band of the trim around the tower, its middle a little lower, or leaning."""
    bend = 0 if lean else 4
    brush.curve(
        (-half, y - lean),
        [
            (0, y + 2 * bend, half, y + lean),
            (half, y + h + lean),
            (0, y + h + 2 * bend, -half, y + h - lean),
        ],
        look.trim(),
    )


def _lantern(brush: Brush, look: Look, top: float, y: float) -> None:
    """The gallery, the glass, the roof."""
    iron = _IRON_ON_BLACK if look.color == "black" else _IRON
    half = top + 7
    brush.polygon([(-top, y + 9), (-half, y), (half, y), (top, y + 9)], look.body(0.62))
    w = top - 1.5
    look.glow(brush, 0, y - 11, 46, 0.75)
    glass: Fill = look.glass(y - 19, y)
    if look.light.lamps or look.light.time in _BEAMS:
        glass = down(y - 19, y, q(LAMP), q((255, 248, 214)), q(LAMP))
    brush.box(-w, y - 20, 2 * w, 20, glass)
    for x in (-w, w):
        brush.box(x - 2, y - 20, 4, 20, look.of(iron))
    brush.box(-half, y - 9, 2 * half, 3.5, look.of(iron, 1.15), 1.5)
    for x in (-half + 2, half - 2):
        brush.box(x - 1.8, y - 9, 3.6, 10, look.of(iron, 1.15))
    brush.box(-half - 1, y - 1, 2 * half + 2, 5, _sided(look, iron, half), 2)
    cap = y - 19
    brush.line([(0, cap - 14), (0, cap - 23)], 3.4, look.of(iron))
    brush.curve(
        (-w - 5, cap),
        [(-w, cap - 15, 0, cap - 18), (w, cap - 15, w + 5, cap)],
        look.across(-w - 4, w + 4, 1.1, 0.55),
    )
    brush.oval(0, cap - 18, 3.6, 3.6, look.dark())
    brush.box(-w - 5.5, cap - 1.5, 2 * w + 11, 4, look.of(iron), 2)


def _beam(brush: Brush, look: Look, y: float, strength: float) -> None:
    """Two soft cones of light, one longer."""
    tilt = look.u(-6, 6)
    lamp = (255, 250, 226) if look.light.time == "fog" else LAMP
    first = look.rng.choice((0, 180))
    for angle, length, share in ((first, 150.0, 1.0), (first + 180, 110.0, 0.75)):
        alphas = (strength * share * k for k in (1.0, 0.45, 0.0))
        fade = across(0, length, *(q(lamp, alpha) for alpha in alphas))
        with brush.moved(0, y, 1, angle + tilt):
            for spread in (0.22, 0.16, 0.1, 0.05):
                end = length * spread
                brush.polygon([(0, -3), (length, -end), (length, end), (0, 3)], fade)


def _door(brush: Brush, look: Look) -> None:
    brush.arch(0, -5, 18, 26, look.trim())
    brush.arch(0, -5, 12, 22, down(-27, -5, look.of((52, 46, 50)), look.of((84, 72, 70))))


def _window(brush: Brush, look: Look, y: float) -> None:
    brush.arch(0, y + 2, 12, 16, look.of((70, 72, 82)))
    brush.arch(0, y, 7, 12, pane(look, y - 12, y))


def _hut(brush: Brush, look: Look, side: int) -> None:
    """A small building that leans on the tower."""
    x0, x1 = sorted((side * 8.0, side * 46.0))
    roof = (128, 134, 148) if look.color == "black" else (84, 88, 100)
    brush.box(x0, -26, x1 - x0, 26, look.across(x0, x1, 1.1, 0.78))
    brush.polygon(
        [(x0 - 4, -25), (x0 + 7, -42), (x1 - 7, -42), (x1 + 4, -25)],
        down(-42, -25, look.of(roof, 1.2), look.of(roof, 0.8)),
    )
    x = side * 34
    look.glow(brush, x, -14, 14, 0.4)
    brush.box(x - 7, -20, 14, 13, look.trim(), 1)
    brush.box(x - 4, -17, 8, 8, pane(look, -17, -9))


def _sided(look: Look, color: RGB, half: float) -> Fill:
    lit, dim = look.of(color, 1.15), look.of(color, 0.65)
    colors = (lit, dim) if look.light.side < 0 else (dim, lit)
    return across(-half, half, *colors)


KIND = Kind(paint, half_width=51, height=155, scale=1.0)
