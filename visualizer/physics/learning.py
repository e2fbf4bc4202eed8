"""A lesson: a network learns a shape, and shows on the way what it can do already."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from visualizer.diffusion.arrays import read_only
from visualizer.physics import network
from visualizer.physics.field import Field
from visualizer.physics.flow import Denoise, Flow, Way, reverse_flow, score
from visualizer.physics.progress import STEPS, Progress
from visualizer.physics.shapes import HALF, Points, Shape, draw_points

LEARNED_FROM = 20_000
"""Points of the shape that the network sees; none of them is among the particles."""
_DRAFT_EVERY, _FIRST_DRAFTS = 125, (20, 60)
_DRAFT_ASKS = 12
_FIELD_EVERY = 6
_SPACING = HALF / 7


News = Progress | Flow | Field


def lesson(
    shape: Shape,
    start: Points,
    alphas: NDArray[np.float64],
    seed: int,
    *,
    watched: Callable[[], Way],
    enough: Callable[[], bool],
    steps: int = STEPS,
) -> Iterator[News | None]:
    """Learn, with drafts of a flow on the way; then both flows in full, and the field.

    Yields after every bit of work, at most a few milliseconds of it; None where it brought no
    news.

    Args:
        start: the noise that the flows begin with.
        watched: which flow is looked at; the drafts are of it.
        enough: whether learning should end before its last step.

    Raises:
        NoPointsError: of a shape without points.
    """
    points = draw_points(shape, LEARNED_FROM, seed + 1)
    drawn: Way = "forward"
    denoise: Denoise | None = None
    for net, progress in network.train(points, seed, steps):
        denoise = net.denoise
        yield progress
        if enough():
            break
        way = watched()
        due = progress.steps in _FIRST_DRAFTS or progress.steps % _DRAFT_EVERY == 0
        if way != "forward" and (due or way != drawn):
            yield from reverse_flow(
                way, denoise, start, alphas, seed, ask_every=_DRAFT_ASKS, draft=True
            )
            drawn = way
    assert denoise is not None
    first: Way = "sde" if watched() == "sde" else "ode"
    yield from reverse_flow(first, denoise, start, alphas, seed)
    yield from _field(denoise, alphas)
    yield from reverse_flow("ode" if first == "sde" else "sde", denoise, start, alphas, seed)


def _field(denoise: Denoise, alphas: NDArray[np.float64]) -> Iterator[Field | None]:
    rows, columns = (np.arange(-n, n + 1) * _SPACING for n in (7, 14))
    across, up = np.meshgrid(columns, rows)
    places = np.stack([across.ravel(), up.ravel()], axis=1).astype(np.float32)
    levels = np.unique(np.append(np.arange(2, len(alphas), _FIELD_EVERY), len(alphas) - 1))
    arrows = np.empty((len(levels), *places.shape), dtype=np.float32)
    for each, k in enumerate(levels):
        alpha = float(alphas[k])
        arrows[each] = score(places, denoise(places, alpha), alpha)
        yield None
    yield Field(read_only(places), levels, read_only(arrows))
