"""Where two pictures and the heat map of their difference stand, with the scale of its colors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from visualizer.diffusion.picture_difference import (
    HEAT_TOP,
    difference_picture,
    heat_colors,
    mean_distance,
)
from visualizer.export.colors import contrast
from visualizer.export.grid_mount import GridLayout
from visualizer.export.lettering import line_of, wrapped
from visualizer.export.mount import GroundMount, fitted
from visualizer.export.share_words import percent
from visualizer.export.smooth_drawing import arrow, rounded

if TYPE_CHECKING:
    from visualizer.diffusion.arrays import Picture
    from visualizer.diffusion.views import View
    from visualizer.export.colors import Look
    from visualizer.export.lane import Lane
    from visualizer.export.options import Pixels

LINES = 3


def layout_of(tile: tuple[int, int]) -> GridLayout:
    """Where the three stand when each has the room of a tile."""
    return GridLayout(tile, ((0, 0), (0, 1), (0, 2)), LINES)


class DifferenceMount(GroundMount):
    """One picture, the other, and how far apart they are.

    Args:
        marks: of both lanes the letter and the color that the window shows them with.
    """

    def __init__(
        self,
        lanes: tuple[Lane, Lane],
        marks: tuple[tuple[str, str], tuple[str, str]],
        view: View,
        tile: tuple[int, int],
        look: Look,
        pixels: Pixels,
    ) -> None:
        self._lanes, self._marks, self._view, self._look = lanes, marks, view, look
        self._pixels: Pixels = "square" if view == "channels" else pixels
        self._layout = layout_of(tile)
        self.size = self._layout.size
        self.margin = self._layout.gap
        self.pictures = self._layout.pictures

    def put(self, image: Image.Image, corner: tuple[int, int], moment: int) -> None:
        a, b = (lane.picture(moment, self._view) for lane in self._lanes)
        assert a is not None, "a difference is shown where both have pictures"
        assert b is not None, "a difference is shown where both have pictures"
        heat = difference_picture(a, b, max(self._layout.tile))
        for i, picture in enumerate((a, b, heat)):
            self._put_picture(image, corner, i, picture)
        self._put_distance(image, corner, mean_distance(a, b))

    def _put_picture(
        self, image: Image.Image, corner: tuple[int, int], place: int, picture: Picture
    ) -> None:
        width, height = self._layout.tile
        tile = fitted(picture, (width, height), self._pixels)
        left, top = self._layout.corner(place)
        left += corner[0] + (width - tile.width) // 2
        image.paste(tile, (left, corner[1] + top + (height - tile.height) // 2))

    def _put_distance(self, image: Image.Image, corner: tuple[int, int], mean: float) -> None:
        """In words, and as an arrow on the scale."""
        left, top, right, _bottom = self._bar
        text = self._layout.text
        draw = ImageDraw.Draw(image)
        words = line_of(f"{percent(mean)} apart", text)
        words.draw(draw, corner[0] + left, corner[1] + self._baseline, self._look.text)
        place = min(mean / HEAT_TOP, 1.0)
        x = corner[0] + left + place * (right - left - 1)
        half = max(3, round(text / 3.2))
        box = round(x) - half, corner[1] + top - half - 1
        image.paste(self._look.text, box, arrow(half))

    @property
    def _baseline(self) -> int:
        """Of the first line below the pictures."""
        return self._layout.corner(0)[1] + self._layout.tile[1] + round(self._layout.text * 1.4)

    @property
    def _bar(self) -> tuple[int, int, int, int]:
        """Where the scale's colors lie."""
        left = self._layout.corner(2)[0]
        text = self._layout.text
        top = self._baseline + round(0.8 * text)
        return left, top, left + self._layout.tile[0], top + max(4, round(0.5 * text))

    def _drawn_ground(self) -> Image.Image:
        """Names below the pictures, and the scale of colors below the map."""
        image = Image.new("RGB", self._layout.size, self._look.ground)
        for place, (lane, mark) in enumerate(zip(self._lanes, self._marks, strict=True)):
            self._draw_name(image, place, lane, mark)
        self._draw_scale(image)
        return image

    def _draw_name(self, image: Image.Image, place: int, lane: Lane, mark: tuple[str, str]) -> None:
        text, look = self._layout.text, self._look
        left, baseline = self._layout.corner(place)[0], self._baseline
        letter, color = mark
        side = round(1.3 * text)
        letters = line_of(letter, round(0.86 * text))
        width = max(side, round(letters.width + 0.7 * text))
        plate = rounded((width, side), side // 5)
        top = baseline - round(0.36 * text) - side // 2
        image.paste(color, (left, top), plate)
        ink = max("#000000", "#ffffff", key=lambda each: contrast(color, each))
        draw = ImageDraw.Draw(image)
        middle = left + (width - letters.width) / 2
        letters.draw(draw, middle, baseline - round(0.05 * text), ink)
        indent = width + round(0.5 * text)
        room = self._layout.tile[0] - indent
        for line in wrapped(lane.label, text, room, LINES - bool(lane.failure)):
            line.draw(draw, left + indent, baseline, look.text)
            baseline += round(text * 1.35)
        for line in wrapped(lane.failure, text, room, 1):
            line.draw(draw, left + indent, baseline, look.quiet)

    def _draw_scale(self, image: Image.Image) -> None:
        left, top, right, bottom = self._bar
        text, look = self._layout.text, self._look
        places = np.linspace(0, 255, right - left).round().astype(int)
        colors = np.repeat(heat_colors()[places][None], bottom - top, axis=0)
        image.paste(Image.fromarray(colors), (left, top), rounded((right - left, bottom - top), 2))
        draw = ImageDraw.Draw(image)
        size = max(11, round(0.86 * text))
        baseline = bottom + round(1.25 * size)
        for share, place in ((0.0, 0.0), (HEAT_TOP / 2, 0.5), (HEAT_TOP, 1.0)):
            words = line_of(f"{round(100 * share)} %" + (" +" if place == 1 else ""), size)
            begin = left + place * (right - left - words.width)
            words.draw(draw, begin, baseline, look.quiet)
