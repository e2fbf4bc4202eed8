"""What buildings are made of: windows, doors, chimneys."""

from __future__ import annotations

from visualizer.training.world.brush import Brush, Fill, across, down
from visualizer.training.world.color import RGB, q
from visualizer.training.world.things.kind import Look

_BRICK: RGB = (138, 122, 118)


def window(brush: Brush, look: Look, x: float, y: float, w: float, h: float) -> None:
    """A window in a light frame with a cross, its upper edge at y."""
    look.glow(brush, x, y + h / 2, w * 1.1, 0.4)
    brush.box(x - w / 2 - 2.6, y - 2.6, w + 5.2, h + 5.2, look.trim(), 1.5)
    brush.box(x - w / 2, y, w, h, pane(look, y, y + h))
    brush.box(x - 1.6, y, 3.2, h, look.trim())
    brush.box(x - w / 2 - 4, y + h + 2, w + 8, 4, look.trim(0.82), 1)


def pane(look: Look, y0: float, y1: float) -> Fill:
    """Glass from its upper to its lower edge: lit from inside, or the sky in it."""
    if look.light.lamps:
        return down(y0, y1, q((255, 236, 160)), q((255, 200, 92)))
    return look.glass(y0, y1)


def door(brush: Brush, look: Look, x: float, w: float, h: float) -> None:
    """A door in a light frame, with a step."""
    brush.box(x - w / 2 - 3.5, -h - 3.5, w + 7, h + 3.5, look.trim(), 1.5)
    brush.box(x - w / 2, -h, w, h, look.dark())
    brush.box(x - w / 2 + 4, -h + 4, w - 8, 8, pane(look, -h + 4, -h + 12))
    brush.oval(x + w / 2 - 4.5, -h * 0.42, 2, 2, look.of((236, 200, 120)))
    brush.box(x - w / 2 - 7, -4, w + 14, 4.5, look.of((168, 166, 166)), 1)


def chimney(brush: Brush, look: Look, x: float, y: float, low: float) -> None:
    """From above y down to where the roof hides it."""
    lit, dim = look.of(_BRICK, 1.1), look.of(_BRICK, 0.74)
    colors = (lit, dim) if look.light.side < 0 else (dim, lit)
    brush.box(x - 6.5, y - 9, 13, low + 20, across(x - 6.5, x + 6.5, *colors))
    brush.box(x - 8.5, y - 12, 17, 6, look.of(_BRICK, 0.6), 1)
