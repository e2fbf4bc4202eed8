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
        self._options = options
        self._look = look_of(options.background)
        self._mount: Mount | None = None
        if options.content != "plot":
            self._mount = reel.mount(view, tile, self._look, options.pixels)
        inner = tile if self._mount is None else self._mount.size
        bare = not options.captions and options.content == "picture"
        width = inner[0] if bare else max(inner[0], LEAST_WIDTH)
        text = text_size(width, inner[1])
        margin = (self._mount.margin if self._mount else 0) or round(0.9 * text)
        over = options.caption_place == "over" and self._mount is not None
        box = self._mount.pictures if over and self._mount else (0, 0, width, 0)
        self._captions = Captions(
            reel,
            options.captions,
            min(box[2] - box[0], width),
            self._look,
            text,
            round(0.9 * text) if over else margin,
            over=over,
            most=round(MAX_OVER * (box[3] - box[1])) if over else None,
        )
        strip = 0 if over else self._captions.height
        above = options.caption_place == "above"
        top = strip if above else 0
        left = (width - inner[0]) // 2
        self._mount_corner = left, top
        self._plot: NoisePlot | None = None
        plot_height = 0
        if options.content != "picture":
            plot_height = inner[1] - strip if self._mount is None else _plot_height(inner)
            small = max(10, round(0.8 * text))
            plot_size = width, max(plot_height, LEAST_PLOT)
            self._plot = NoisePlot(reel, plot_size, self._look, small, margin)
            plot_height = plot_size[1]
        shown = inner[1] if self._mount else 0
        self.size = width, shown + plot_height + strip
        if over:
            self._captions_corner = left + box[0], top + box[3] - self._captions.height
        else:
            self._captions_corner = 0, 0 if above else self.size[1] - strip
        self._plot_corner = 0, top + shown

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


def _plot_height(pictures: tuple[int, int]) -> int:
    """How high a plot below pictures is."""
    return max(LEAST_PLOT, round(0.3 * min(pictures[0], 1.3 * pictures[1])))
