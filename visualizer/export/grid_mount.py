"""Where the lanes of a grid stand on its picture, with their names below them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw

from visualizer.export.lettering import wrapped
from visualizer.export.mount import Box, GroundMount, fitted

if TYPE_CHECKING:
    from visualizer.diffusion.views import View
    from visualizer.export.colors import Look
    from visualizer.export.lane import Lane
    from visualizer.export.options import Pixels

CAPTION_LINES = 2
LEAST_SIDE = 32


@dataclass(frozen=True)
class GridLayout:
    """Where the lanes of a grid stand on its picture; all in pixels.

    Attributes:
        tile: width and height of the place of one picture.
        places: (row, column) of each lane.
        lines: of a caption.
        gap: between two lanes, and around them.
        text: the size of the captions' letters.
    """

    tile: tuple[int, int]
    places: tuple[tuple[int, int], ...]
    lines: int = CAPTION_LINES

    @property
    def gap(self) -> int:
        return max(8, self.tile[0] // 24)

    @property
    def text(self) -> int:
        return min(26, max(13, self.tile[0] // 15))

    @property
    def caption(self) -> int:
        """The height of a caption below its picture."""
        return round(self.text * (1.35 * self.lines + 0.5))

    @property
    def size(self) -> tuple[int, int]:
        rows = 1 + max(row for row, _ in self.places)
        columns = 1 + max(column for _, column in self.places)
        width, height = self.tile
        return (
            self.gap + columns * (width + self.gap),
            self.gap + rows * (height + self.caption + self.gap),
        )

    def corner(self, lane: int) -> tuple[int, int]:
        """The left and top edge of a lane's picture."""
        row, column = self.places[lane]
        return (
            self.gap + column * (self.tile[0] + self.gap),
            self.gap + row * (self.tile[1] + self.caption + self.gap),
        )

    @property
    def pictures(self) -> Box:
        """The box that all pictures lie in."""
        width, height = self.size
        return (self.gap, self.gap, width - self.gap, height - self.gap - self.caption)


class GridMount(GroundMount):
    """All lanes at one size; the ground with their names is drawn once."""

    def __init__(
        self,
        lanes: tuple[Lane, ...],
        layout: GridLayout,
        view: View,
        look: Look,
        pixels: Pixels,
    ) -> None:
        self._lanes, self._layout, self._view = lanes, layout, view
        self._look = look
        # a latent's numbers are never mixed with each other, as on the canvas
        self._pixels: Pixels = "square" if view == "channels" else pixels
        self.size = layout.size
        self.margin = layout.gap
        self.pictures = layout.pictures

    def put(self, image: Image.Image, corner: tuple[int, int], moment: int) -> None:
        width, height = self._layout.tile
        for i, lane in enumerate(self._lanes):
            picture = lane.picture(moment, self._view) if lane.points else None
            if picture is not None:
                tile = fitted(picture, (width, height), self._pixels)
                left, top = self._layout.corner(i)
                left += corner[0] + (width - tile.width) // 2
                image.paste(tile, (left, corner[1] + top + (height - tile.height) // 2))

    def _drawn_ground(self) -> Image.Image:
        look, layout = self._look, self._layout
        image = Image.new("RGB", layout.size, look.ground)
        draw = ImageDraw.Draw(image)
        for i, lane in enumerate(self._lanes):
            left, top = layout.corner(i)
            width, height = layout.tile
            seen = lane.size_in(self._view) is not None
            if not seen:
                box = (left, top, left + width - 1, top + height - 1)
                draw.rectangle(box, look.surface, look.line)
                sentence = lane.sentence_in(self._view)
                _centered(draw, sentence, (left, top), layout, look.quiet)
            baseline = top + height + round(layout.text * 1.4)
            told = bool(lane.failure) and seen
            lines = wrapped(lane.label, layout.text, width, layout.lines - told)
            colors = [look.text] * len(lines) + [look.quiet]
            if told:
                lines += wrapped(lane.failure, layout.text, width, 1)
            for line, color in zip(lines, colors, strict=False):
                line.draw(draw, left, baseline, color)
                baseline += round(layout.text * 1.35)
        return image


def layout_for(
    lanes: tuple[Lane, ...], tile: tuple[int, int], places: tuple[tuple[int, int], ...]
) -> GridLayout:
    """The layout of these lanes: names that all fit on one line have the room of one line."""
    layout = GridLayout(tile, places)
    for lane in lanes:
        # what failed before its first step says so in the place of its picture
        if (lane.failure and lane.points) or len(wrapped(lane.label, layout.text, tile[0], 2)) > 1:
            return layout
    return GridLayout(tile, places, 1)


def within(most: int, tile: tuple[int, int], layout_of: Callable[..., GridLayout]) -> GridLayout:
    """The layout with the largest tiles, up to the given ones, that is not larger than ``most``.

    Args:
        layout_of: the layout for tiles of a size.
    """

    def scaled_to(side: int) -> GridLayout:
        width, height = (max(1, length * side // max(tile)) for length in tile)
        return layout_of((width, height))

    sides = range(LEAST_SIDE, max(tile) + 1)
    fitting = bisect_left(sides, True, key=lambda side: max(scaled_to(side).size) > most)
    return scaled_to(sides[max(0, fitting - 1)] if sides else max(tile))


def _centered(
    draw: ImageDraw.ImageDraw, text: str, corner: tuple[int, int], layout: GridLayout, color: str
) -> None:
    """A sentence in the middle of a tile."""
    size, line_height = layout.text, round(layout.text * 1.4)
    most = max(1, layout.tile[1] // line_height - 2)
    lines = wrapped(text, size, layout.tile[0] - 2 * layout.gap, most)
    baseline = corner[1] + (layout.tile[1] - line_height * len(lines)) // 2 + size
    for line in lines:
        line.draw(draw, corner[0] + (layout.tile[0] - line.width) / 2, baseline, color)
        baseline += line_height
