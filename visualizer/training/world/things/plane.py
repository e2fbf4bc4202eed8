"""A plane: an airliner, a small one with a propeller, a biplane."""

from __future__ import annotations

from visualizer.training.world.brush import Brush, across, down
from visualizer.training.world.color import q
from visualizer.training.world.things.kind import Kind, Look


def _paint(brush: Brush, look: Look) -> None:
    build = look.rng.choice((_airliner, _airliner, _propeller, _biplane))
    with brush.moved(0, -50, look.u(0.92, 1.0), look.u(-14, 2)):
        build(brush, look)


def _airliner(brush: Brush, look: Look) -> None:
    """Its middle at (0, 0), as all planes here."""
    fat = look.u(12, 15)
    # What is behind the fuselage: the wing and the tail of the other side, the fin.
    brush.polygon(((20, -6), (-4, -6), (-26, -38), (-16, -39)), look.body(0.62))
    brush.polygon(((-40, -6), (-52, -6), (-63, -17), (-56, -18)), look.body(0.6))
    fin = brush.path((-34, -fat + 2), ((-46, -16, -54, -41), (-67, -42), (-61, -20, -58, -5)))
    with brush.within(fin):
        brush.cover(fin, down(-42, 0, look.body(1.12), look.body(0.8)))
        brush.polygon(((-70, -35), (-44, -35), (-42, -28), (-70, -28)), look.trim())
    body = brush.path(
        (-65, -8),
        (
            (-50, -fat, -40, -fat, -28, -fat),
            (34, -fat),
            (50, -fat, 63, -5, 64, 1),
            (63, 8, 50, fat * 0.86, 36, fat * 0.86),
            (-12, fat * 0.86),
            (-36, fat * 0.8, -58, 1, -65, -8),
        ),
    )
    with brush.within(body):
        brush.cover(body, down(4, fat, look.trim(), look.trim(0.74)))
        flank = ((68, -20), (68, 2), (56, 5, 38, 5), (-30, 5), (-68, -1))
        brush.curve((-68, -20), flank, look.down(-fat, fat, 1.4, 0.78))
        _cabin_windows(brush, look)
        brush.curve((47, -7.5), ((56, -7, 61, -1), (47, -1)), look.glass(-9, 2))
        brush.cover(body, look.shine(-66, 66, 0.6))
    # What is in front of it: the near tail, the engine, the wing.
    brush.polygon(((-40, -3), (-53, -4), (-69, 11), (-60, 12)), look.body(0.88))
    engine = brush.path(
        (8, 11), ((26, 10, 26, 18), (26, 26, 8, 25), (0, 24, -3, 19), (-2, 12, 8, 11))
    )
    brush.fill(engine, down(11, 25, look.body(1.2), look.body(0.6)))
    brush.oval(23.5, 18, 3.6, 6.6, look.of((54, 58, 70)))
    wing = brush.path((25, 5), ((-10, 4), (-43, 35), (-45, 40, -39, 40), (-34, 40, -29, 37)))
    brush.fill(wing, across(-43, 25, look.body(1.0), look.body(0.76)))
    edge = ((-29, 37), (-34, 40, -39, 40), (-35, 36), (14, 6))
    brush.curve((25, 5), edge, look.body(1.45))


def _cabin_windows(brush: Brush, look: Look) -> None:
    if look.light.lamps:
        brush.box(-41, -7, 82, 9, look.dark(), 4)
    dim = (150, 178, 214) if look.color == "black" else (44, 62, 96)
    pane = look.lamp(1.2) if look.light.lamps else look.of(dim)
    for k in range(8):
        brush.box(-38 + 9.8 * k, -5.2, 5.4, 5.4, pane, 2.2)


def _propeller(brush: Brush, look: Look) -> None:
    brush.polygon(((18, -2), (0, -2), (-4, -26), (5, -27)), look.body(0.6))
    fin = brush.path((-40, -4), ((-48, -22, -52, -29), (-56, -32, -61, -28), (-58, -14, -58, -2)))
    brush.fill(fin, look.body(0.84))
    _canopy(brush, look, -10, 20, -13, 15)
    body = brush.path(
        (-60, -5),
        (
            (-40, -10, -20, -14),
            (14, -15),
            (34, -14, 44, -9),
            (47, -6, 48, 0),
            (46, 9, 34, 12),
            (4, 15),
            (-30, 8, -60, -1),
        ),
    )
    brush.fill(body, look.down(-14, 14, 1.32, 0.64))
    with brush.within(body):
        brush.curve(
            (-64, -6),
            ((-20, -5), (20, -4), (52, -4), (52, 2), (20, 2), (-20, 1), (-64, 0)),
            look.trim(),
        )
        brush.cover(body, look.shine(-62, 50, 0.7))
    brush.polygon(((-44, -2), (-55, -2), (-66, 8), (-58, 9)), look.body(0.9))
    _gear(brush, look, 14, 16)
    wing = brush.path((28, 5), ((-4, 6), (-27, 30), (-29, 36, -22, 37), (-9, 38), (-5, 38, -2, 35)))
    brush.fill(wing, down(6, 36, look.body(0.78), look.body(1.12)))
    _airscrew(brush, look, 48, 0, 21)


def _biplane(brush: Brush, look: Look) -> None:
    fin = brush.path((-38, -4), ((-46, -20, -52, -26), (-60, -28, -61, -18), (-60, -8, -56, 0)))
    brush.fill(fin, look.body(0.84))
    body = brush.path(
        (-58, -4),
        (
            (-30, -10, -6, -11),
            (34, -12),
            (46, -10, 46, 0),
            (46, 11, 34, 11),
            (2, 13),
            (-30, 9, -58, 1),
        ),
    )
    brush.oval(-8, -13, 6, 6.5, look.of((94, 62, 40)))  # the pilot's cap
    brush.polygon(((0, -10), (3, -20), (8, -10)), look.of((206, 228, 244)))
    brush.fill(body, look.down(-12, 12, 1.32, 0.64))
    with brush.within(body):
        brush.box(34, -14, 14, 30, look.of((84, 88, 100)))
        brush.box(28, -14, 6, 30, look.trim())
        brush.cover(body, look.shine(-60, 48, 0.7))
    brush.polygon(((-40, 0), (-54, -1), (-62, 7), (-48, 8)), look.body(0.95))
    for x in (6, 24):
        brush.line(((x + 2, -32), (x - 6, 14)), 3.4, look.of((120, 90, 60)))
    _gear(brush, look, 20, 14)
    for x, y, shade in ((14, -34, 1.2), (6, 12, 1.0)):
        wing = brush.path(
            (x + 20, y - 5),
            (
                (x + 25, y - 4, x + 23, y),
                (x + 17, y + 6, x + 6, y + 7),
                (x - 24, y + 7),
                (x - 32, y + 6, x - 27, y),
                (x - 22, y - 5, x - 14, y - 5),
            ),
        )
        brush.fill(wing, down(y - 5, y + 7, look.body(shade * 1.15), look.body(shade * 0.72)))
    _airscrew(brush, look, 47, 0, 20)


def _canopy(brush: Brush, look: Look, x0: float, x1: float, y: float, high: float) -> None:
    canopy = brush.path(
        (x0 - 8, y + 2),
        (
            (x0, y - high, x0 + 12, y - high),
            (x1 - 4, y - high, x1 + 4, y + 2),
        ),
    )
    brush.fill(canopy, look.glass(y - high, y + 2))
    with brush.within(canopy):
        brush.polygon(
            ((x0 + 12, y - 20), (x0 + 20, y - 20), (x0 + 12, y + 4), (x0 + 4, y + 4)),
            look.light.near((255, 255, 255), 1.0, 0.45),
        )


def _gear(brush: Brush, look: Look, x: float, y: float) -> None:
    brush.line(((x, y - 8), (x + 2, y + 6)), 3.6, look.of((84, 88, 100)))
    brush.oval(x + 2, y + 7, 6, 6, look.of((30, 30, 36)))
    brush.oval(x + 2, y + 7, 2.6, 2.6, look.of((190, 194, 204)))


def _airscrew(brush: Brush, look: Look, x: float, y: float, r: float) -> None:
    """A turning propeller: a pale disc, two blades in it, a cone in front."""
    brush.oval(x + 2, y, 5, r, q((236, 240, 248), 0.34))
    brush.oval(x + 2, y - r * 0.5, 2.4, r * 0.5, look.of((66, 60, 60), 1.0))
    brush.oval(x + 2, y + r * 0.5, 2.4, r * 0.5, look.of((66, 60, 60), 1.0))
    brush.curve(
        (x - 2, y - 5.5),
        ((x + 10, y - 4, x + 10, y), (x + 10, y + 4, x - 2, y + 5.5)),
        look.trim(0.94),
    )


KIND = Kind(paint=_paint, half_width=74, height=98, scale=1.1, flies=True)
