"""Paths of runs through latent space, drawn in the plane in which they spread most.

Principal components (Pearson 1901) of the latents at unit scale. A latent has thousands of numbers
and a comparison some hundreds of points, so the components come from the small matrix of inner
products, the Gram matrix: with X the centered points (n × D) and X Xᵀ u = λ u, the axis is
Xᵀ u / √λ. That is exact, and unlike the randomized ``pca_lowrank`` it draws no random numbers and
never turns from one call to the next.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visualizer.diffusion.arrays import FloatArray, read_only
from visualizer.diffusion.distances import vp_latents
from visualizer.diffusion.step import Step

MAX_POINTS = 1024
"""Points that the axes are fitted to; of more, evenly chosen steps of each lane. The time grows
with their cube: 1024 take about half a second."""
MAX_BYTES = 256 * 2**20
"""What the points may take while the axes are fitted."""
_COLUMNS = 4096
_NOTHING = 1e-12  # of the whole variance: what rounding leaves in the Gram matrix
_TIE = 1e-6


@dataclass(frozen=True, eq=False)
class Axes2D:
    """A plane in latent space.

    Attributes:
        center: (D,) float64, the mean of the points it was fitted to.
        axes: (2, D) float64, orthonormal; the largest |number| of each is positive.
        explained: the shares of the variance along the two, 0 … 1.
        shape: of the latents it is for.
    """

    center: FloatArray
    axes: FloatArray
    explained: tuple[float, float]
    shape: tuple[int, ...]

    def project(self, latents: NDArray[Any]) -> tuple[float, float]:
        """Where a latent at unit scale lies: (x, y), NaN for one that holds NaN or infinity.

        Raises:
            ValueError: for a latent of another shape.
        """
        if latents.shape != self.shape:
            raise ValueError(f"This plane is for latents {self.shape}, not {latents.shape}.")
        flat = latents.ravel().astype(np.float64)
        if not np.all(np.isfinite(flat)):
            return float("nan"), float("nan")
        x, y = self.axes @ (flat - self.center)
        return float(x), float(y)

    def path(self, steps: Iterable[Step]) -> FloatArray:
        """(n, 2) float64, a row a step; NaN for steps that are not shown or of another shape."""
        rows = [
            self.project(vp_latents(step)) if self._fits(step) else (np.nan, np.nan)
            for step in steps
        ]
        return read_only(np.array(rows, dtype=np.float64).reshape(-1, 2))

    def _fits(self, step: Step) -> bool:
        return step.layout.shown and step.latents.shape == self.shape


def is_whole(steps: Sequence[Step]) -> bool:
    """Whether a run is at its end: then the axes can be fitted, and stay."""
    return bool(steps) and steps[-1].prediction is None and steps[-1].layout.shown


def fit(*lanes: Sequence[Step]) -> Axes2D | None:
    """The plane in which the points of all these lanes spread most.

    Meant to be called once, with the steps of every lane there are when the first lane is whole:
    axes of one lane alone would show that lane well and the others badly, axes that follow every
    new step would turn the plot under the person's eyes.

    Steps that are not shown (a prior's), of another shape than the first whole lane's, or that hold
    NaN do not count. Points that lie on a line, or all in one place, have a plane too: its free
    directions are coordinate axes, along which nothing is explained.

    Returns:
        The plane; None where there is no point.
    """
    ends = [steps for steps in lanes if is_whole(steps)] or [steps for steps in lanes if steps]
    shown = [step for steps in ends for step in steps if step.layout.shown]
    if not shown:
        return None
    shape = next((s[-1].latents.shape for s in ends if is_whole(s)), shown[-1].latents.shape)
    size = max(1, int(np.prod(shape)))
    most = max(2, min(MAX_POINTS, MAX_BYTES // (4 * size)))
    rows: list[NDArray[np.float32]] = []
    for steps in lanes:
        fitting = [s for s in steps if s.layout.shown and s.latents.shape == shape]
        for step in _evenly(fitting, max(1, most // len(lanes))):
            latents = vp_latents(step).astype(np.float32, copy=False).ravel()
            if np.all(np.isfinite(latents)):
                rows.append(latents)
    return _principal_axes(rows, shape) if rows else None


def _evenly(steps: Sequence[Step], most: int) -> Sequence[Step]:
    """At most ``most`` of the steps, the last among them, and the first where there is room."""
    if len(steps) <= most:
        return steps
    if most == 1:
        return steps[-1:]
    return [steps[round(i * (len(steps) - 1) / (most - 1))] for i in range(most)]


def _principal_axes(rows: Sequence[NDArray[np.float32]], shape: tuple[int, ...]) -> Axes2D:
    count, size = len(rows), rows[0].size
    center = np.empty(size)
    gram = np.zeros((count, count))
    spans = [slice(start, start + _COLUMNS) for start in range(0, size, _COLUMNS)]
    for span in spans:  # a few columns at a time: all of them as float64 would fill the memory
        block = np.array([row[span] for row in rows], dtype=np.float64)
        center[span] = block.mean(axis=0)
        block -= center[span]
        gram += block @ block.T
    values, vectors = np.linalg.eigh(gram)  # ascending
    total = float(np.trace(gram))
    axes = np.zeros((2, size))
    explained = [0.0, 0.0]
    # identical points differ by what rounding left in their mean
    scale = float(np.abs(center).max(initial=0)) ** 2 * size * count
    for i in range(min(2, count)):
        value, u = float(values[-1 - i]), vectors[:, -1 - i]
        if value <= max(_NOTHING * total, 1e-28 * scale) or value <= 0:
            break
        for span in spans:
            block = np.array([row[span] for row in rows], dtype=np.float64) - center[span]
            axes[i, span] = block.T @ u
        explained[i] = value / total
    return Axes2D(
        read_only(center), read_only(_orthonormal(axes)), (explained[0], explained[1]), shape
    )


def _orthonormal(axes: FloatArray) -> FloatArray:
    """Two orthogonal directions of length 1 with fixed signs; what is 0 becomes a free direction.

    A space of one dimension has no second direction: that stays 0.
    """
    for i in range(min(2, axes.shape[1])):
        if not axes[i].any():
            # the coordinate axis that the other direction leaves most room for
            other = axes[1 - i] if i else np.zeros(axes.shape[1])
            axes[i, int(np.argmin(np.abs(other)))] = 1.0
        axes[i] /= np.linalg.norm(axes[i])
        if i:
            axes[1] -= (axes[1] @ axes[0]) * axes[0]
            axes[1] /= np.linalg.norm(axes[1])
        size = np.abs(axes[i])
        # of several that are as large but for rounding the first, so that the sign never flips
        largest = int(np.argmax(size >= (1 - _TIE) * size.max()))
        if axes[i, largest] < 0:
            axes[i] *= -1
    return axes
