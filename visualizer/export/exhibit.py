"""Exhibit: what a page shows that is no run (particles, a loss curve, maps), as plain frames."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from visualizer.diffusion.arrays import Picture

MOST = 2048
"""Pixels that a side of a frame may have."""


@dataclass(frozen=True, eq=False)
class Exhibit:
    """Frames that are exported as they are.

    Attributes:
        title: of the file, and what a caption says first.
        frames: at least one; (H, W, 3) uint8, all of one size, at most MOST a side.
        captions: one a frame, e.g. "step 12 of 30 · 38 % picture"; may be "".
        milliseconds: how long a frame stands in an animation.

    Raises:
        ValueError: where the frames are not so.
    """

    title: str
    frames: tuple[Picture, ...]
    captions: tuple[str, ...]
    milliseconds: int = 100

    def __post_init__(self) -> None:
        if not self.frames or len(self.frames) != len(self.captions):
            count = f"{len(self.frames)} frames and {len(self.captions)} captions"
            raise ValueError(f"An exhibit has frames, and a caption for each, not {count}.")
        shape = self.frames[0].shape
        if len(shape) != 3 or shape[2] != 3 or not 0 < max(shape[:2]) <= MOST:
            raise ValueError(f"Frames are (H, W, 3) with at most {MOST} a side, not {shape}.")
        for frame in self.frames:
            if frame.shape != shape or frame.dtype.name != "uint8":
                found = f"{frame.dtype.name} {frame.shape} beside {shape}"
                raise ValueError(f"All frames are uint8 and of one size, not {found}.")
        if self.milliseconds <= 0:
            raise ValueError(f"A frame stands for a while, not for {self.milliseconds} ms.")


@dataclass(frozen=True, eq=False)
class ExhibitPlan:
    """An exhibit that is still to be painted: a page has it at once, and painting takes its time.

    Attributes:
        size: width and height of every frame, pixels.
        paint: gives the frame with a number. It may be called on any thread, and while the page
            already shows something else, so it knows all that it needs.

    The others are those of the Exhibit.
    """

    title: str
    size: tuple[int, int]
    captions: tuple[str, ...]
    paint: Callable[[int], Picture]
    milliseconds: int = 100

    def painted(self, wanted: Callable[[], bool] = lambda: True) -> Exhibit | None:
        """The exhibit; None where it was not ``wanted`` any more before its last frame.

        Raises:
            ValueError: where the frames are not as was said.
        """
        frames: list[Picture] = []
        for k in range(len(self.captions)):
            if not wanted():
                return None
            frame = self.paint(k)
            if (frame.shape[1], frame.shape[0]) != self.size:
                raise ValueError(f"Frame {k} is {frame.shape}, not {self.size} pixels large.")
            frames.append(frame)
        return Exhibit(self.title, tuple(frames), self.captions, self.milliseconds)
