"""Which moments of a reel an animation shows, and how long each of them stands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

    from visualizer.export.reel import Reel
    from visualizer.export.writers import Progress

WATCHABLE = 512
"""Pixels: smaller pictures are enlarged by a whole factor until their short side has as many."""
MAX_FRAMES = 240
MAX_FRAME_BYTES = 512 * 2**20
"""All frames of an animation together: Pillow's writers hold every one in memory."""


def evenly(moments: list[int], limit: int) -> list[int]:
    """At most ``limit`` of the moments, evenly chosen, the first and the last among them."""
    if len(moments) <= limit:
        return moments
    return [moments[round(i * (len(moments) - 1) / (limit - 1))] for i in range(limit)]


def enlargement(width: int, height: int, least: int = WATCHABLE) -> int:
    """The whole factor that makes a picture large enough to watch."""
    return max(1, -(-least // min(width, height)))


def moving_moments(reel: Reel) -> list[int]:
    """The moments an animation shows."""
    moments = reel.shown()
    width, height = reel.frame_size
    return evenly(moments, max(2, min(MAX_FRAMES, MAX_FRAME_BYTES // (width * height * 3))))


def frames(reel: Reel, moments: list[int], progress: Progress) -> Iterator[Image.Image]:
    """The noisy pictures of the given moments, in a size worth watching."""
    for done, moment in enumerate(moments):
        yield reel.frame(moment)
        progress(done + 1, len(moments))


def frame_milliseconds(count: int) -> int:
    """How long a frame stands: the whole takes about four seconds, and no frame flickers."""
    return min(125, max(40, round(4000 / max(1, count) / 10) * 10))


HOLD_MILLISECONDS = 1500
"""How long the final picture stands before it starts again."""
