"""Timelines with pictures that a test can tell apart."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from visualizer.diffusion.arrays import Picture, read_only
from visualizer.diffusion.noise import NoiseLevel
from visualizer.diffusion.request import SamplingRequest
from visualizer.diffusion.step import Guidance, Step
from visualizer.session.pictures import PictureCache, thumbnail_of
from visualizer.session.playhead import Playhead
from visualizer.session.timeline import Point, Timeline


def color_of(k: int) -> tuple[int, int, int]:
    """The color all over the noisy picture of point k."""
    return (40 + 7 * k % 200, 200 - 5 * k % 190, 90)


def plain(color: tuple[int, int, int], width: int = 16, height: int = 16) -> Picture:
    """A picture of one color."""
    picture = np.empty((height, width, 3), dtype=np.uint8)
    picture[:] = color
    return read_only(picture)


def levels_of(steps: int) -> list[NoiseLevel]:
    """From pure noise to clean."""
    return [NoiseLevel.from_alpha_bar((k / steps) ** 2) for k in range(steps + 1)]


def latents_of(k: int) -> NDArray[np.float32]:
    """Four channels that grow with k."""
    return np.full((4, 4, 4), k + 1, dtype=np.float32)


def make_points(
    steps: int = 10, width: int = 16, height: int = 16, *, guided: bool = False
) -> list[Point]:
    """All points of a run; the noisy and denoised views are there, the predicted noise is not."""
    points = []
    for k, level in enumerate(levels_of(steps)):
        picture = plain(color_of(k), width, height)
        prediction = latents_of(k) if k < steps else None
        guidance = Guidance(latents_of(k) / 2, None, 2.0) if guided and k < steps else None
        step = Step(k, 999 * (1 - k / steps), level, latents_of(k), prediction, guidance=guidance)
        share = min(level.noise_share + 0.05, 0.9) if 0 < k < steps else level.noise_share
        views: dict[str, Picture] = {"noisy": picture, "denoised": picture}
        strength = step.guidance_strength
        points.append(Point(step, share, float(k + 1), views, thumbnail_of(picture), strength))  # type: ignore[arg-type]
    return points


def make_timeline(
    steps: int = 10,
    *,
    there: int | None = None,
    width: int = 16,
    height: int = 16,
    guided: bool = False,
) -> Timeline:
    """A timeline of which ``there`` points (all by default) are there."""
    timeline = Timeline(
        SamplingRequest(prompt="a red car", seed=7, steps=steps),
        levels=levels_of(steps),
        timesteps=[999 * (1 - k / steps) for k in range(steps)],
        cache=PictureCache(),
    )
    timeline.can_preview = True
    points = make_points(steps, width, height, guided=guided)
    timeline.append(points if there is None else points[:there])
    return timeline


def playhead_on(timeline: Timeline | None, k: int = 0, running: bool = False) -> Playhead:
    """A playhead that stands on point k."""
    playhead = Playhead()
    if timeline is not None:
        playhead.set_bounds(len(timeline), running)
        playhead.seek(k, by_person=False)
    return playhead
