"""What is said of a file that would be written: in the window and at the command line alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from visualizer.byte_words import in_words
from visualizer.time_words import about, duration

if TYPE_CHECKING:
    from visualizer.export.estimate import Estimate

BETWEEN = "  ·  "


def estimate_words(estimate: Estimate) -> str:
    """ "About 2.1 MB  ·  512 × 512  ·  31 frames, 5.4 s  ·  ready in about 2 s"."""
    size = estimate.width, estimate.height
    parts = [f"About {_rounded(estimate.bytes)}"]
    parts += _size_and_frames(size, estimate.frames, estimate.film_seconds)
    parts.append(f"ready in {about(estimate.seconds)}")
    return BETWEEN.join(parts)


def film_words(milliseconds: Sequence[int], size: tuple[int, int]) -> str:
    """ "512 × 512  ·  31 frames, 5.4 s"; what is known at once."""
    return BETWEEN.join(_size_and_frames(size, len(milliseconds), sum(milliseconds) / 1000))


def _size_and_frames(size: tuple[int, int], frames: int, seconds: float) -> list[str]:
    parts = [f"{size[0]} × {size[1]}"] if all(size) else []
    if frames > 1:
        parts.append(f"{frames} frames" + (f", {duration(seconds)}" if seconds > 0 else ""))
    return parts


def _rounded(size: int) -> str:
    """Two digits: it is an estimate."""
    digits = max(len(str(max(size, 1))) - 2, 0)
    return in_words(round(size, -digits))
