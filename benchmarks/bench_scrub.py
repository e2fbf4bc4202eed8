"""How long after the playhead moved are canvas, filmstrip and noise plot repainted?

The window's own widgets in an 1280 × 800 window, 50 steps of 1024² pictures, software rendering
(Qt's offscreen platform). The playhead jumps to a random step; the clock stops when every widget
has painted. The first visit of a step, when its picture is scaled to the canvas, is counted too.
"""

from __future__ import annotations

import os
import random
import statistics
import time

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from visualizer.diffusion.arrays import Picture
from visualizer.diffusion.noise import NoiseLevel
from visualizer.diffusion.request import SamplingRequest
from visualizer.diffusion.step import Step
from visualizer.session.pictures import thumbnail_of
from visualizer.session.playhead import Playhead
from visualizer.session.timeline import Point, Timeline
from visualizer.ui import theme
from visualizer.ui.canvas import Canvas
from visualizer.ui.timeline_view import TimelineView
from visualizer.ui.transport import TransportBar
from visualizer.ui.view_switch import ViewSwitch

STEPS, SIDE, MOVES = 50, 1024, 1000


def pictures() -> list[Picture]:
    """Static that clears up into a gradient, 1024² each."""
    rng = np.random.default_rng(7)
    noise = rng.integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
    ramp = np.linspace(0, 255, SIDE)[:, None, None]
    made = []
    for k in range(STEPS + 1):
        share = 1 - k / STEPS
        made.append((share * noise + (1 - share) * ramp).astype(np.uint8))
    return made


def timeline() -> Timeline:
    """A finished run of 50 steps."""
    levels = [NoiseLevel.from_alpha_bar(k / STEPS) for k in range(STEPS + 1)]
    latents = np.zeros((4, 16, 16), dtype=np.float32)
    points = [
        Point(
            Step(k, 999 * (1 - k / STEPS), levels[k], latents, latents if k < STEPS else None),
            levels[k].noise_share,
            1.0,
            {"noisy": picture},
            thumbnail_of(picture),
        )
        for k, picture in enumerate(pictures())
    ]
    made = Timeline(SamplingRequest(prompt="", seed=7, steps=STEPS), levels=levels)
    made.can_preview = True
    made.append(points)
    return made


def main() -> None:
    """Print the distribution of the time from a move to its last repaint."""
    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    theme.apply(app, theme.DARK)
    window = QWidget()
    playhead = Playhead(window)
    view = TimelineView(playhead)
    parts: list[Canvas | ViewSwitch | TransportBar | TimelineView] = [
        Canvas(playhead),
        ViewSwitch(playhead),
        TransportBar(playhead),
        view,
    ]
    column = QVBoxLayout(window)
    for part in parts:
        column.addWidget(part)
    window.resize(1280, 800)
    window.show()
    run = timeline()
    playhead.set_bounds(len(run))
    for part in parts:
        part.set_timeline(run)
    view.add_plot()
    for _ in range(20):
        app.processEvents()

    draw = random.Random(7)
    times = []
    for _ in range(MOVES):
        target = draw.choice([k for k in range(STEPS + 1) if k != playhead.index])
        start = time.perf_counter()
        playhead.seek(target)
        app.processEvents()  # delivers the repaints that the move asked for
        times.append(1000 * (time.perf_counter() - start))
    p50, p99 = statistics.median(times), statistics.quantiles(times, n=100)[98]
    print(f"scrub repaint p50 ms: {p50:.2f}")
    print(f"scrub repaint p99 ms: {p99:.2f} (target p99 ≤ 5; worst {max(times):.2f})")
    window.close()


if __name__ == "__main__":
    main()
