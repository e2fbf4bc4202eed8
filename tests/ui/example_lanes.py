"""Lanes with pictures that a test, or an eye, can tell apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from tests.example_runs import make_picture
from tests.ui.example_timelines import levels_of, plain
from visualizer.diffusion.arrays import Picture
from visualizer.diffusion.grid import Cell
from visualizer.diffusion.request import SamplingRequest
from visualizer.diffusion.step import Step
from visualizer.session.lanes import Lanes
from visualizer.session.pictures import PictureCache, thumbnail_of
from visualizer.session.timeline import Point, Timeline

PLAIN_COLORS = ((200, 40, 40), (40, 60, 200), (40, 180, 70), (220, 200, 60))
PictureOf = Callable[[int, int, int], Picture]
"""(lane, point, steps) ► the picture of all its views."""


def plain_picture(lane: int, k: int, steps: int) -> Picture:
    """One color a lane, a little darker with time."""
    red, green, blue = PLAIN_COLORS[lane % len(PLAIN_COLORS)]
    return plain((max(red - k, 0), green, blue))


def painted_picture(lane: int, k: int, steps: int) -> Picture:
    """Static that turns into something like a landscape, another one for every lane."""
    level = levels_of(steps)[k]
    picture = np.array(make_picture(level.noise_share, seed=lane + 1, size=128))
    y, x = np.mgrid[0:128, 0:128]
    sun = (x - 30 - 23 * lane % 80) ** 2 + (y - 40 - 9 * lane % 30) ** 2 < (14 + lane) ** 2
    picture[sun] = picture[sun] * (level.noise_share) + np.array(PLAIN_COLORS[lane % 4]) * (
        1 - level.noise_share
    )
    picture.flags.writeable = False
    return picture


def make_run_of(lane: int, steps: int, picture_of: PictureOf, there: int | None = None) -> Timeline:
    """A timeline of one lane; its latents begin at the lane's own noise."""
    noise = np.random.default_rng(100 + lane).standard_normal((4, 8, 8)).astype(np.float32)
    aim = np.random.default_rng(7).standard_normal((4, 8, 8)).astype(np.float32) + lane / 2
    timeline = Timeline(
        SamplingRequest(prompt="a red car", seed=lane + 1, steps=steps),
        levels=levels_of(steps),
        timesteps=[999 * (1 - k / steps) for k in range(steps)],
        cache=PictureCache(),
    )
    timeline.can_preview = True
    points = []
    for k, level in enumerate(levels_of(steps)):
        latents = level.signal * aim + level.noise * noise
        step = Step(k, 999 * (1 - k / steps), level, latents, noise if k < steps else None)
        picture = picture_of(lane, k, steps)
        views: dict[str, Picture] = {"noisy": picture, "denoised": picture}
        points.append(Point(step, level.noise_share, 1.0, views, thumbnail_of(picture)))  # type: ignore[arg-type]
    timeline.append(points[:there])
    return timeline


def make_lanes(
    count: int = 2,
    steps: int | Sequence[int] = 10,
    *,
    picture_of: PictureOf = plain_picture,
    there: int | None = None,
    pair: bool = True,
) -> Lanes:
    """Lanes of seeds 1 … count, of which ``there`` points are there; the playhead at the start.

    Args:
        pair: whether the first two are the pair.
    """
    many = [steps] * count if isinstance(steps, int) else list(steps)
    requests = [
        SamplingRequest(prompt="a red car", seed=i + 1, steps=n) for i, n in enumerate(many)
    ]
    lanes = Lanes()
    lanes.replace([Cell(r, 0, i, f"seed {r.seed}") for i, r in enumerate(requests)])
    for i, lane in enumerate(lanes.lanes):
        lanes.set_lane(lane, timeline=make_run_of(i, many[i], picture_of, there), state="done")
    if pair:
        first, second = lanes.lanes[:2]
        lanes.set_pair((first.id, second.id))
    return lanes
