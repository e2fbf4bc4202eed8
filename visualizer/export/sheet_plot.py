"""The noise plot of a sheet: planned and measured noise, each step under its column."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from visualizer.export.noise_lines import lines_through
from visualizer.export.smooth_drawing import SmoothDrawing

if TYPE_CHECKING:
    from PIL import Image

    from visualizer.export.colors import Look
    from visualizer.export.reel import Reel

PLOT = 180
PLOT_TOP, PLOT_BOTTOM = 12, PLOT - 12
"""Where 100 % and 0 % stand, pixels."""


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
    shares = {moment: reel.share(moment) for moment in range(reel.count)}
    curve = [(x[moment], _y(share)) for moment, share in shares.items()]
    drawing = SmoothDrawing((width, PLOT), look.ground)
    drawing.area(curve, PLOT_BOTTOM, look.surface)
    for level in (PLOT_TOP, (PLOT_TOP + PLOT_BOTTOM) / 2, PLOT_BOTTOM):
        drawing.line([(left, level), (right, level)], look.line)
    drawing.line(curve, look.accent, 3)
    measured = {moment: reel.measured(moment) for moment in shares}
    known = {moment: share for moment, share in measured.items() if share is not None}
    for line in lines_through(known, reel.breaks):
        drawing.line([(x[moment], _y(share)) for moment, share in line], look.second, 2)
    for moment in moments:
        for radius, color in ((8, look.ground), (6, look.accent)):
            drawing.dot(curve[moment], radius, color)
    return drawing.image()


def _y(share: float) -> float:
    return PLOT_TOP + (PLOT_BOTTOM - PLOT_TOP) * (1 - min(max(share, 0.0), 1.0))
