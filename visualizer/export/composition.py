"""Composition: pictures, captions and noise plot put together on frames of one size."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from PIL import Image

from visualizer.export.captions import Captions
from visualizer.export.colors import look_of
from visualizer.export.noise_plot import NoisePlot

if TYPE_CHECKING:
    from visualizer.diffusion.views import View
    from visualizer.export.mount import Mount
    from visualizer.export.options import ExportOptions
    from visualizer.export.reel import Reel

LEAST_WIDTH = 128
"""Pixels: narrower frames have no room for words or for a plot."""
LEAST_PLOT = 84
MAX_OVER = 0.6
"""How much of the pictures' height captions on them may cover."""


class Composition:
    """Frames on which each picture has the room of a tile.

    From top to bottom: the captions if they stand above, the pictures, the captions, the plot.

    Attributes:
        size: width and height of every frame, pixels.

    Args:
        tile: width and height of one picture; of a plot alone those of the frame.
    """

    def __init__(
        self, reel: Reel, options: ExportOptions, view: View, tile: tuple[int, int]
    ) -> None:
        self._options, self._look = options, look_of(options.ground)
        self._mount: Mount | None = None
        if options.content != "plot":
            self._mount = reel.mount(view, tile, self._look, options.pixels)
        self._inner = tile if self._mount is None else self._mount.size
        bare = not options.captions and options.content == "picture"
        self._width = self._inner[0] if bare else max(self._inner[0], LEAST_WIDTH)
        self._text = text_size(self._width, self._inner[1])
        beside = round(0.9 * self._text)
        self._margin = (self._mount.margin if self._mount else 0) or beside
        self._over = options.caption_place == "over" and self._mount is not None
        self._captions = self._write(reel, beside)
        self._plot: NoisePlot | None = None
        if options.content != "picture":
            self._plot = self._draw_plot(reel)
        self._stack()

    def _write(self, reel: Reel, beside: int) -> Captions:
        wanted, look, text = self._options.captions, self._look, self._text
        if not self._over or self._mount is None:
            return Captions(reel, wanted, self._width, look, text, self._margin)
        left, top, right, bottom = self._mount.pictures
        most = round(MAX_OVER * (bottom - top))
        return Captions(reel, wanted, right - left, look, text, beside, over=True, most=most)

    def _draw_plot(self, reel: Reel) -> NoisePlot:
        """Of a plot alone what the captions leave; below pictures as wide as they are."""
        height = self._inner[1] - self._captions.height if self._mount is None else 0
        if self._mount is not None:
            height = round(0.3 * min(self._inner[0], 1.3 * self._inner[1]))
        size = self._width, max(height, LEAST_PLOT)
        return NoisePlot(reel, size, self._look, max(10, round(0.8 * self._text)), self._margin)

    def _stack(self) -> None:
        """Say where each of them stands."""
        strip = 0 if self._over else self._captions.height
        above = self._options.caption_place == "above"
        left, top = (self._width - self._inner[0]) // 2, strip if above else 0
        shown = self._inner[1] if self._mount else 0
        plot = self._plot.size[1] if self._plot else 0
        self.size = self._width, shown + plot + strip
        self._mount_corner = left, top
        self._plot_corner = 0, top + shown
        self._captions_corner = 0, 0 if above else self.size[1] - strip
        if self._over and self._mount is not None:
            box = self._mount.pictures
            self._captions_corner = left + box[0], top + box[3] - self._captions.height

    def frame(self, moment: int) -> Image.Image:
        """The frame of a moment, RGB."""
        if self._mount is not None and self._bare:
            return self._mount.image(moment)
        image = self._ground.copy()
        if self._mount is not None:
            self._mount.put(image, self._mount_corner, moment)
        self._captions.put(image, self._captions_corner, moment)
        if self._plot is not None:
            self._plot.put(image, self._plot_corner, moment)
        return image

    @property
    def _bare(self) -> bool:
        return self._plot is None and self._captions.height == 0 and self._mount_corner == (0, 0)

    @cached_property
    def _ground(self) -> Image.Image:
        """What is the same on every frame."""
        image = Image.new("RGB", self.size, self._look.ground)
        if self._mount is not None:
            self._mount.draw_ground(image, self._mount_corner)
        self._captions.draw_ground(image, self._captions_corner)
        if self._plot is not None:
            self._plot.draw_ground(image, self._plot_corner)
        return image


def text_size(width: int, height: int) -> int:
    """How large letters are beside pictures of this size, pixels."""
    return min(40, max(10, round(6 + min(width, 1.6 * height) / 56)))
