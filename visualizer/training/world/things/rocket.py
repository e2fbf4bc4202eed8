"""A rocket: a round one as in a picture book, a slender one, one with two boosters."""

from __future__ import annotations

from visualizer.training.world.brush import Brush, around, down
from visualizer.training.world.color import q
from visualizer.training.world.things.kind import Kind, Look


def _paint(brush: Brush, look: Look) -> None:
    build = look.rng.choice((_round, _slender, _boosted))
    tilt = look.u(-6, 6) if look.chance(0.4) else look.u(10, 32)
    with brush.moved(0, -50, look.u(0.8, 0.86), tilt), brush.moved(0, 41):
        build(brush, look)


def _round(brush: Brush, look: Look) -> None:
    w = look.u(18, 22)
    _flame(brush, 0, -20, w * 0.55, look.u(24, 32))
    for side in (-1, 1):
        brush.curve(
            (side * w * 0.75, -48),
            (
                (side * (w + 16), -40, side * (w + 15), -14),
                (side * (w + 4), -24, side * w * 0.5, -20),
            ),
            look.body(0.62 if side != look.light.side else 0.8),
        )
    _nozzle(brush, look, 0, -18, w * 0.55)
    body = brush.path(
        (0, -108),
        (
            (w * 0.7, -98, w * 1.25, -66, w * 0.72, -22),
            (0, -17, -w * 0.72, -22),
            (-w * 1.25, -66, -w * 0.7, -98, 0, -108),
        ),
    )
    brush.fill(body, look.across(-w, w, 1.3, 0.62))
    with brush.within(body):
        _nose(brush, look, -84, w)
        brush.curve((-w, -34), ((0, -29, w, -34), (w, -28), (0, -23, -w, -28)), look.trim())
        brush.cover(body, look.shine(-w, w, 0.7))
    _porthole(brush, look, -62, w * 0.48)
    brush.curve(
        (0, -46), ((4.5, -42, 3.5, -14), (0, -10, -3.5, -14), (-4.5, -42, 0, -46)), look.body(0.72)
    )


def _slender(brush: Brush, look: Look) -> None:
    w = look.u(12, 14.5)
    _flame(brush, 0, -18, w * 0.7, look.u(26, 34))
    for side in (-1, 1):
        brush.polygon(
            (
                (side * w * 0.9, -46),
                (side * (w + 13), -26),
                (side * (w + 13), -12),
                (side * w * 0.9, -20),
            ),
            look.body(0.62 if side != look.light.side else 0.82),
        )
    _nozzle(brush, look, 0, -17, w * 0.7)
    body = brush.path(
        (0, -112),
        (
            (w * 0.8, -104, w, -92, w, -80),
            (w, -20),
            (-w, -20),
            (-w, -80),
            (-w, -92, -w * 0.8, -104, 0, -112),
        ),
    )
    brush.fill(body, look.across(-w, w, 1.3, 0.62))
    with brush.within(body):
        _nose(brush, look, -86, w)
        brush.box(-w, -40, 2 * w, 5, look.trim())
        brush.box(-w, -31, 2 * w, 5, look.trim())
        brush.cover(body, look.shine(-w, w, 0.7))
    _porthole(brush, look, -60, w * 0.56)


def _boosted(brush: Brush, look: Look) -> None:
    w, b = look.u(14, 16.5), look.u(7.5, 9)
    at = w + b - 2
    for x in (-at, at):
        _flame(brush, x, -14, b * 0.7, look.u(18, 24))
    _flame(brush, 0, -22, w * 0.6, 32)
    for x in (-at, at):
        _nozzle(brush, look, x, -14, b * 0.7)
        tank = brush.path(
            (x, -76),
            (
                (x + b, -70, x + b, -60),
                (x + b, -16),
                (x - b, -16),
                (x - b, -60),
                (x - b, -70, x, -76),
            ),
        )
        brush.fill(tank, look.across(x - b, x + b, 1.15, 0.55))
        with brush.within(tank):
            brush.box(x - b, -34, 2 * b, 6, look.trim(0.95))
    _nozzle(brush, look, 0, -20, w * 0.6)
    body = brush.path(
        (0, -110),
        (
            (w * 0.9, -100, w, -88, w, -76),
            (w, -22),
            (-w, -22),
            (-w, -76),
            (-w, -88, -w * 0.9, -100, 0, -110),
        ),
    )
    brush.fill(body, look.across(-w, w, 1.3, 0.66))
    with brush.within(body):
        _nose(brush, look, -86, w)
        brush.cover(body, look.shine(-w, w, 0.7))
    _porthole(brush, look, -68, w * 0.55)
    brush.box(-w, -46, 2 * w, 6, look.trim())


def _nose(brush: Brush, look: Look, y: float, w: float) -> None:
    """The tip, of a darker shade, and a ring below it."""
    tip = look.of((224, 226, 234)) if look.color == "black" else look.dark()
    brush.curve((-w, y), ((0, y + 7, w, y), (w, -115), (-w, -115)), tip)
    brush.curve((-w, y), ((0, y + 7, w, y), (w, y + 5), (0, y + 12, -w, y + 5)), look.trim())


def _porthole(brush: Brush, look: Look, y: float, r: float) -> None:
    brush.oval(
        0,
        y,
        r + 3.4,
        r + 3.4,
        look.of((226, 230, 238) if look.color != "white" else (120, 134, 158)),
    )
    pane = around(-r * 0.3, y - r * 0.4, r * 1.6, look.of((190, 226, 250)), look.of((52, 104, 170)))
    if look.light.lamps:
        pane = around(0, y, r * 1.4, look.lamp(1.5), look.lamp(0.95))
    brush.oval(0, y, r, r, pane)


def _nozzle(brush: Brush, look: Look, x: float, y: float, w: float) -> None:
    brush.polygon(
        ((x - w * 0.75, y - 6), (x + w * 0.75, y - 6), (x + w, y + 3), (x - w, y + 3)),
        look.of((70, 74, 84)),
    )


def _flame(brush: Brush, x: float, y: float, w: float, long: float) -> None:
    middle, r = y + long * 0.4, long * 0.9
    glow = around(x, middle, r, q((255, 170, 60), 0.55), q((255, 140, 40), 0.0))
    brush.box(x - r, middle - r, 2 * r, 2 * r, glow)
    flames = (
        (1.25, 1.0, (255, 120, 24)),
        (0.85, 0.74, (255, 196, 48)),
        (0.45, 0.46, (255, 250, 214)),
    )
    for wide, far, color in flames:
        brush.curve(
            (x - w * wide * 0.75, y),
            (
                (
                    x - w * wide * 1.5,
                    y + long * far * 0.45,
                    x - w * 0.2,
                    y + long * far * 0.8,
                    x,
                    y + long * far,
                ),
                (
                    x + w * 0.2,
                    y + long * far * 0.8,
                    x + w * wide * 1.5,
                    y + long * far * 0.45,
                    x + w * wide * 0.75,
                    y,
                ),
            ),
            down(y, y + long * far, q(color), q(color, 0.85)),
        )


KIND = Kind(paint=_paint, half_width=52, height=110, flies=True)
