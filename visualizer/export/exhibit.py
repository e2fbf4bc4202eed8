"""Exhibit: what a page shows that is no run (particles, a loss curve, maps), as plain frames."""

from __future__ import annotations

from dataclasses import dataclass

from visualizer.diffusion.arrays import Picture


@dataclass(frozen=True)
class Exhibit:
    """Frames that are exported as they are.

    Attributes:
        title: of the file, and what a caption says first.
        frames: at least one; (H, W, 3) uint8, all of one size, at most 2048 a side.
        captions: one a frame, e.g. "step 12 of 30 · 38 % picture"; may be "".
        milliseconds: how long a frame stands in an animation.
    """

    title: str
    frames: tuple[Picture, ...]
    captions: tuple[str, ...]
    milliseconds: int = 100
