"""How long after the playhead moved are all 16 lanes of a comparison repainted?

The Compare page's own widgets at 1280 × 800 and 1920 × 1080, 16 lanes of 50 steps with pictures of
512², software rendering (Qt's offscreen platform). The playhead jumps to a random step; the clock
stops when every lane has painted its picture of that step, and the filmstrip and the noise plot
below have painted as well. The first visit of a step, when its 16 pictures are scaled to the lanes,
is counted too; every tenth move is made under an enlarged view, which paints from the pictures
themselves. Time of the processor alone is told beside it: other programs do not lengthen it.
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
from visualizer.diffusion.grid import Axis, Grid
from visualizer.diffusion.noise import NoiseLevel
from visualizer.diffusion.request import SamplingRequest
from visualizer.diffusion.step import Step
from visualizer.session.lanes import Lanes
from visualizer.session.pictures import thumbnail_of
from visualizer.session.timeline import Point, Timeline
from visualizer.ui import theme
from visualizer.ui.lane_grid import LaneGrid
from visualizer.ui.timeline_view import TimelineView
from visualizer.ui.transport import TransportBar
from visualizer.ui.view_switch import ViewSwitch

LANES, STEPS, SIDE, MOVES = 16, 50, 512, 600
SIZES = ((1280, 800), (1920, 1080))


def picture(noise: Picture, lane: int, k: int) -> Picture:
    """Static that clears up into a gradient, another one for every lane."""
    share = 1 - k / STEPS
    ramp = np.linspace(0, 255 - 10 * lane, SIDE, dtype=np.float32)[:, None, None]
    made: Picture = (share * noise + (1 - share) * ramp).astype(np.uint8)
    return made


def timeline(request: SamplingRequest, lane: int) -> Timeline:
    """A finished run of 50 steps, every picture an array of its own."""
    noise = np.random.default_rng(lane).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
    levels = [NoiseLevel.from_alpha_bar(k / STEPS) for k in range(STEPS + 1)]
    latents = np.zeros((4, 16, 16), dtype=np.float32)
    points = []
    for k in range(STEPS + 1):
        shown = picture(noise, lane, k)
        step = Step(k, 999 * (1 - k / STEPS), levels[k], latents, latents if k < STEPS else None)
        share = levels[k].noise_share
        points.append(Point(step, share, 1.0, {"noisy": shown}, thumbnail_of(shown)))
    made = Timeline(request, levels=levels)
    made.can_preview = True
    made.append(points)
    return made


def comparison() -> Lanes:
    """Four seeds under four values of guidance."""
    base = SamplingRequest(prompt="", steps=STEPS)
    guidance = Axis("guidance_scale", (1.0, 3.0, 5.0, 8.0))
    grid = Grid(base, Axis("seed", (1, 2, 3, 4)), guidance)
    lanes = Lanes()
    lanes.replace(grid.cells, column_labels=grid.column_labels, row_labels=grid.row_labels)
    for i, lane in enumerate(lanes.lanes):
        lanes.set_lane(lane, timeline=timeline(lane.request, i), state="done")
    return lanes


def measure(
    app: QApplication, lanes: Lanes, size: tuple[int, int]
) -> tuple[list[float], list[float]]:
    """Milliseconds of every move in a window of this size, and those of the processor alone."""
    window = QWidget()
    playhead = lanes.playhead
    grid, view = LaneGrid(lanes), TimelineView(playhead)
    switch, transport = ViewSwitch(playhead), TransportBar(playhead)
    column = QVBoxLayout(window)
    for part in (grid, switch, transport, view):
        column.addWidget(part, 1 if part is grid else 0)
    window.resize(*size)
    window.show()
    reference = lanes.reference
    assert reference is not None
    for part in (switch, transport, view):
        part.set_timeline(reference.timeline)
    view.set_low(size[1] < 1000)
    view.add_plot()
    for _ in range(20):
        app.processEvents()
    draw = random.Random(7)
    times, worked = [], []
    for move in range(MOVES):
        if move % 10 == 0:
            grid.zoom_by(3.0)
            app.processEvents()
        target = draw.choice([k for k in range(STEPS + 1) if k != playhead.index])
        start, busy = time.perf_counter(), time.process_time()
        playhead.seek(target)
        app.processEvents()  # delivers the repaints that the move asked for
        times.append(1000 * (time.perf_counter() - start))
        worked.append(1000 * (time.process_time() - busy))
        if move % 10 == 0:
            grid.fit()
            app.processEvents()
    window.close()
    window.deleteLater()
    app.processEvents()
    return times, worked


def main() -> None:
    """Print the distribution of the time from a move to its last repaint."""
    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    theme.apply(app, theme.DARK)
    lanes = comparison()
    for size in SIZES:
        times, worked = measure(app, lanes, size)
        name = f"{LANES} lanes of {SIDE}² repainted, {size[0]} × {size[1]}"
        print(f"{name}, p50 ms: {statistics.median(times):.2f}")
        print(f"{name}, p99 ms: {p99(times):.2f} (target p99 ≤ 16; worst {max(times):.2f})")
        print(f"{name}, p99 ms of the processor: {p99(worked):.2f}")


def p99(times: list[float]) -> float:
    """What one in a hundred takes longer than."""
    return statistics.quantiles(times, n=100)[98]


if __name__ == "__main__":
    main()
