"""A forest of tall firs with a clearing."""

from __future__ import annotations

from visualizer.training.world.brush import UNITS, Brush, down
from visualizer.training.world.color import q, times
from visualizer.training.world.places.land import FIR, Way, fir, free, ground, hill, treeline
from visualizer.training.world.places.view import Ground, View


def paint(brush: Brush, view: View) -> Ground:
    """Three rows of firs that get nearer; a path; the tallest at the sides."""
    h, light = view.horizon, view.light
    for tall, shade, depth in ((view.u(84, 104), 1.3, 0.95), (view.u(58, 76), 1.12, 0.66)):
        base = h + 8
        top, low = light.far(times(FIR, shade), depth), light.far(times(FIR, shade), depth + 0.2)
        brush.polygon(treeline(view, base, tall), down(base - tall, base, top, low))
    ground(brush, view, h + 6, (112, 158, 84), (46, 104, 44))
    hill(brush, view, h + 40, view.u(12, 22), 0.9, (84, 142, 66), 0.15, fall=50)
    hill(brush, view, h + 76, view.u(12, 22), 0.8, (68, 128, 54), 0.0, fall=60)
    if view.chance(0.6):
        way = Way(h + 7, view.u(90, 166), view.u(90, 166), view.u(50, 74), view.u(-40, 40), 2)
        path = down(h, UNITS, light.far((190, 174, 130), 0.5), light.far((150, 126, 90), 0.0))
        way.strip(brush, path, -1, 1)
    for k in range(9):
        x = (k + view.u(0.1, 0.9)) * UNITS / 9
        if 60 < x < 196 and view.chance(0.45):
            continue
        fir(brush, view, x, h + view.u(9, 15), view.u(62, 92), 0.42)
    if light.time in ("day", "sunset"):
        _rays(brush, view)
    for left, right, side in ((-8, 40, -1), (216, 264, 1)):
        x = view.u(left, right)
        fir(brush, view, x - side * 18, h + view.u(18, 26), view.u(104, 140), 0.2)
        if free(view, x, 40) or abs(x - UNITS / 2) > 116:
            fir(brush, view, x + side * 8, h + view.u(38, 62), view.u(156, 200), 0.04)
    return Ground(far=h + 18, near=246)


def _rays(brush: Brush, view: View) -> None:
    """Sunbeams that fall through the trees."""
    side = view.light.side
    warm = (255, 214, 150) if view.light.time == "sunset" else (255, 252, 206)
    fading = down(0, view.horizon + 60, q(warm, 0.08), q(warm, 0.3), q(warm, 0.0))
    x = UNITS / 2 + side * view.u(50, 90)
    for _ in range(3):
        wide, lean = view.u(10, 18), -side * view.u(60, 90)
        low = view.horizon + 60
        brush.polygon(
            [(x, 0), (x + wide, 0), (x + 2.4 * wide + lean, low), (x + lean, low)], fading
        )
        x -= side * view.u(30, 44)
