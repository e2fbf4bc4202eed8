"""Film: what a moving picture, or a single one, shows of a reel under options."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, cast

from visualizer.export.colors import look_of
from visualizer.export.errors import ExportError
from visualizer.export.reel import VIEW_NAMES, reel_of
from visualizer.export.shots import Shot as Shot
from visualizer.export.shots import shots_of

if TYPE_CHECKING:
    from PIL import Image

    from visualizer.diffusion.comparison import Comparison
    from visualizer.diffusion.trajectory import Trajectory
    from visualizer.diffusion.views import View
    from visualizer.export.mount import Mount
    from visualizer.export.options import ExportOptions
    from visualizer.export.reel import Reel

    Progress = Callable[[int, int], None]


class Film:
    """A reel under options: its shots, and the frame of each of them.

    Nothing is decoded before a size or a frame is asked for, and no frame is kept.

    Attributes:
        shots: in the order in which they are shown.

    Raises:
        ExportError: with a sentence, where there is nothing to show.
    """

    def __init__(self, reel: Reel, options: ExportOptions) -> None:
        self.reel = reel
        self.options = options
        self.view = cast("View", options.view)
        self.shots: tuple[Shot, ...] = shots_of(self._moments(), reel.shares, options)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of every frame, pixels."""
        return self._mount.size

    @property
    def seconds(self) -> float:
        """How long it takes."""
        return sum(shot.milliseconds for shot in self.shots) / 1000

    @property
    def needed(self) -> list[tuple[int, View]]:
        """The pictures it is made of: (moment, view), in the order in which they are used first."""
        if self.options.content == "plot":
            return []
        return [(moment, self.view) for moment in dict.fromkeys(shot.moment for shot in self.shots)]

    def frame(self, i: int) -> Image.Image:
        """The frame of ``shots[i]``, RGB."""
        return self._mount.image(self.shots[i].moment)

    def frames(self, progress: Progress) -> Iterator[Image.Image]:
        """All frames, one after the other; ``progress`` is told (done, total) after each."""
        for i in range(len(self.shots)):
            yield self.frame(i)
            progress(i + 1, len(self.shots))

    def _moments(self) -> list[int]:
        moments = self.reel.shown(self.view)
        if not moments:
            raise ExportError(f"There are no pictures of the view “{VIEW_NAMES[self.view]}” here.")
        return moments

    @cached_property
    def _mount(self) -> Mount:
        width, height = self.reel.tile(self.view)
        factor = int(self.options.size) if self.options.size in ("1", "2", "4") else 1
        if self.options.size == "auto":
            factor = max(1, -(-self.reel.watchable // min(width, height)))
        tile = width * factor, height * factor
        return self.reel.mount(
            self.view, tile, look_of(self.options.background), self.options.pixels
        )


def film_of(what: Trajectory | Comparison, options: ExportOptions) -> Film:
    """The film of a run, a grid, the difference of a pair, or a forward process.

    Raises:
        ExportError: with a sentence, where there is nothing to show.
    """
    return Film(reel_of(what, options), options)
