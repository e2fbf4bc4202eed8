"""Film: what a moving picture, or a single one, shows of a reel under options."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, cast

from visualizer.export.colors import look_of
from visualizer.export.composition import Composition
from visualizer.export.errors import ExportError
from visualizer.export.mount import enlargement
from visualizer.export.reel import reel_of
from visualizer.export.shots import Shot as Shot
from visualizer.export.shots import shots_of
from visualizer.export.view_words import VIEW_NAMES

if TYPE_CHECKING:
    from PIL import Image

    from visualizer.diffusion.comparison import Comparison
    from visualizer.diffusion.trajectory import Trajectory
    from visualizer.diffusion.views import View
    from visualizer.export.exhibit import Exhibit
    from visualizer.export.options import ExportOptions
    from visualizer.export.progress import Progress
    from visualizer.export.reel import Reel

FULL_HD = (1920, 1080)
LEAST_SIDE = 16
PLOT_SIZE = (640, 360)
PLOT_SIZES = {"1": 1.0, "auto": 1.5, "2": 2.0, "4": 4.0, "1080p": 3.0}
"""A plot alone has a size of its own, and is so many times as large."""


class Film:
    """A reel under options: its shots, and the frame of each of them.

    Nothing is decoded before a size or a frame is asked for, and no frame is kept.

    Attributes:
        view: what is shown of each step; of a page the first view.
        shots: in the order in which they are shown.

    Raises:
        ExportError: with a sentence, where there is nothing to show.
    """

    def __init__(self, reel: Reel, options: ExportOptions) -> None:
        self.reel = reel
        self.options = options
        self.view = next(iter(self.on_page), cast("View", options.view))
        self.shots: tuple[Shot, ...] = shots_of(self._moments(), reel.shares, options)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of every frame, pixels."""
        return self._composition.size

    @property
    def seconds(self) -> float:
        """How long it takes."""
        return sum(shot.milliseconds for shot in self.shots) / 1000

    def frame(self, i: int) -> Image.Image:
        """The frame of ``shots[i]``, RGB."""
        return self._composition.frame(self.shots[i].moment)

    def frames(self, progress: Progress) -> Iterator[Image.Image]:
        """All frames, one after the other; ``progress`` is told (made, total) before each."""
        for i in range(len(self.shots)):
            image = self.frame(i)
            progress(i + 1, len(self.shots))
            yield image
            del image  # no earlier frame is held while the next one is made

    def still(self, moment: int) -> Image.Image:
        """A moment without captions and plot, RGB: the picture as it is, of a grid all of them."""
        return still_of(self.reel, moment, self.view, self.options)

    def _moments(self) -> list[int]:
        """Those there is something to show of."""
        reel = self.reel
        if not reel.count:
            reel.shown()  # says so
        if self.on_page:
            moments = sorted(set().union(*self.on_page.values()))
        elif self.options.content != "picture" and len(reel.shares) < 2:
            raise ExportError("It takes two noise levels to draw a plot, and here is only one.")
        elif self.options.content == "plot":
            return list(range(reel.count))
        else:
            moments = reel.shown(self.view)
        if not moments:
            raise ExportError(f"There are no pictures of the view “{VIEW_NAMES[self.view]}” here.")
        if reel.forward and len(moments) < 2 <= reel.count:
            raise ExportError(
                "A forward process is made by the model: open the run together with it."
            )
        return moments

    @cached_property
    def on_page(self) -> dict[View, set[int]]:
        """The moments of each view that a page offers; of other files nothing."""
        if self.options.format != "page":
            return {}
        from visualizer.export.page_contents import shown_in

        return shown_in(self.reel, self.options.views)

    @cached_property
    def shared_palette(self) -> Image.Image:
        """Of a GIF: the colors that all frames share, chosen by some of them."""
        from visualizer.export.palette import shared_palette

        return shared_palette(self)

    @cached_property
    def _composition(self) -> Composition:
        size, square = self.options.size, self.options.pixels == "square"
        if self.options.content == "plot":
            return self._compose(_scaled(PLOT_SIZE, PLOT_SIZES[size]))
        own = self.reel.tile(self.view)
        if size in ("1", "2", "4"):
            return self._compose(_scaled(own, int(size)))
        if size == "1080p":
            return self._largest(own, FULL_HD, max(FULL_HD), square)
        tile = _scaled(own, enlargement(*own, self.reel.watchable))
        widest = self.reel.widest
        return self._largest(own, (widest, widest), max(tile), square)

    def _largest(
        self, own: tuple[int, int], room: tuple[int, int], most: int, square: bool
    ) -> Composition:
        """The largest that fits, of tiles whose longer side is up to ``most``."""

        def fits(tile: tuple[int, int]) -> bool:
            found = self._compose(tile).size
            return found[0] <= room[0] and found[1] <= room[1]

        if fits(tile := _to_side(own, most)):
            return self._compose(tile)
        if square and fits(own):
            factors = range(1, most // max(own) + 2)
            found = bisect_left(factors, True, key=lambda n: not fits(_scaled(own, n)))
            return self._compose(_scaled(own, factors[max(found - 1, 0)]))
        sides = range(LEAST_SIDE, most)
        found = bisect_left(sides, True, key=lambda side: not fits(_to_side(own, side)))
        return self._compose(_to_side(own, sides[max(found - 1, 0)]))

    def _compose(self, tile: tuple[int, int]) -> Composition:
        return Composition(self.reel, self.options, self.view, tile)


def _scaled(size: tuple[int, int], factor: float) -> tuple[int, int]:
    return round(size[0] * factor), round(size[1] * factor)


def _to_side(size: tuple[int, int], side: int) -> tuple[int, int]:
    """The size in its own proportions with a longer side of so many pixels."""
    width, height = (max(1, round(length * side / max(size))) for length in size)
    return width, height


def still_of(reel: Reel, moment: int, view: View, options: ExportOptions) -> Image.Image:
    """See ``Film.still``; it shows any moment that there is a picture of."""
    tile, look = reel.still_tile(view), look_of(options.ground)
    return reel.mount(view, tile, look, options.pixels).image(moment)


def film_of(what: Trajectory | Comparison | Exhibit, options: ExportOptions) -> Film:
    """The film of a run, a grid, the difference of a pair, a forward process, or an exhibit.

    Raises:
        ExportError: with a sentence, where there is nothing to show.
    """
    return Film(reel_of(what, options), options)
