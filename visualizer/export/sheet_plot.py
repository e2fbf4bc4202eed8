"""The noise plot of a sheet: planned and measured noise, each step under its column."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

if TYPE_CHECKING:
    from visualizer.export.colors import Look
    from visualizer.export.reel import Reel

PLOT = 180
PLOT_TOP, PLOT_BOTTOM = 12, PLOT - 12
"""Where 100 % and 0 % stand, pixels."""
SMOOTH = 4  # it is drawn so many times larger and reduced
Points = list[tuple[float, float]]


def draw_plot(
    reel: Reel,
    moments: list[int],
    centers: list[float],
    ends: tuple[int, int, int],
    look: Look,
) -> Image.Image:
    """The share of noise over all steps, under the columns it belongs to.

    Args:
        moments, centers: those that have a column, and where its middle stands.
        ends: where the plot begins and ends, and how wide the picture is; pixels.
    """
    left, right, width = ends
    x = np.interp(np.arange(reel.count), moments, centers).tolist()
    planned = [_y(reel.share(moment)) for moment in range(reel.count)]
    curve = list(zip(x, planned, strict=True))
    big = Image.new("RGB", (width * SMOOTH, PLOT * SMOOTH), look.ground)
    draw = ImageDraw.Draw(big)
    below = [(curve[0][0], PLOT_BOTTOM), *curve, (curve[-1][0], PLOT_BOTTOM)]
    draw.polygon(_enlarged(below), fill=look.surface)
    for level in (PLOT_TOP, (PLOT_TOP + PLOT_BOTTOM) / 2, PLOT_BOTTOM):
        draw.line(_enlarged([(left, level), (right, level)]), fill=look.line, width=SMOOTH)
    draw.line(_enlarged(curve), fill=look.accent, width=3 * SMOOTH, joint="curve")
    for piece in _measured(reel, x):
        draw.line(_enlarged(piece), fill=look.second, width=2 * SMOOTH, joint="curve")
    for center, moment in zip(centers, moments, strict=True):
        where = (center * SMOOTH, planned[moment] * SMOOTH)
        draw.circle(where, 8 * SMOOTH, fill=look.ground)
        draw.circle(where, 6 * SMOOTH, fill=look.accent)
    return big.resize((width, PLOT), Image.Resampling.LANCZOS)


def _measured(reel: Reel, x: list[float]) -> list[Points]:
    """The lines through what was measured, broken where nothing was and between stages."""
    pieces: list[Points] = [[]]
    for moment in range(reel.count):
        share = reel.measured(moment)
        if share is not None:
            pieces[-1].append((x[moment], _y(share)))
        if share is None or moment in reel.breaks:
            pieces.append([])
    return [piece for piece in pieces if len(piece) > 1]


def _y(share: float) -> float:
    return PLOT_TOP + (PLOT_BOTTOM - PLOT_TOP) * (1 - min(max(share, 0.0), 1.0))


def _enlarged(points: Points) -> Points:
    return [(x * SMOOTH, y * SMOOTH) for x, y in points]
