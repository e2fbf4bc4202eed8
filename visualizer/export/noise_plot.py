"""The noise plot of a film: planned and measured noise over the steps, with a playhead that moves.

It looks like the window's. Everything but the playhead is drawn once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw

from visualizer.export.lettering import Line, line_of
from visualizer.export.noise_lines import lines_through
from visualizer.export.smooth_drawing import SmoothDrawing, disk

if TYPE_CHECKING:
    from visualizer.export.colors import Look
    from visualizer.export.reel import Reel
    from visualizer.export.smooth_drawing import Points

NARROW = 20
"""So many letters wide, a plot has no room for numbers beside it."""


@dataclass(frozen=True)
class PlotLayout:
    """Where the plot's parts stand, in pixels from its left upper corner.

    Attributes:
        width, height: of all of it.
        text: the size of its letters.
        margin: beside it.
        total: how many moments the axis has.
        left_room: what "100 %" needs left of moment 0.
        right_room: what the last number needs right of the last moment.
    """

    width: int
    height: int
    text: int
    margin: int
    total: int
    left_room: int
    right_room: int

    @property
    def numbered(self) -> bool:
        """Whether there is room for "100 %" beside it."""
        return self.width >= NARROW * self.text

    @property
    def titled(self) -> bool:
        """Whether there is room for a line of words above it."""
        return self.height >= 9 * self.text and self.width >= 1.4 * NARROW * self.text

    @property
    def left(self) -> float:
        """Where moment 0 stands."""
        return self.margin + (self.left_room + 0.8 * self.text if self.numbered else self.dot)

    @property
    def right(self) -> float:
        """Where the last moment stands."""
        return self.width - self.margin - max(self.dot, self.right_room)

    @property
    def top(self) -> int:
        """Where 100 % noise stands."""
        head = round(2.2 * self.text) if self.titled else 0
        return head + max(round(0.8 * self.text), math.ceil(self.dot))

    @property
    def bottom(self) -> int:
        """Where 0 % stands."""
        return self.height - round(2.7 * self.text)

    @property
    def thick(self) -> int:
        """The width of the playhead."""
        return max(2, round(self.text / 7))

    @property
    def dot(self) -> float:
        """The radius of its dot, with the ring around it."""
        return 0.62 * self.text

    def x(self, moment: float) -> float:
        """Where a moment stands."""
        return self.left + moment * (self.right - self.left) / max(self.total - 1, 1)

    def y(self, share: float) -> float:
        """Where a share of noise stands."""
        return self.bottom + (self.top - self.bottom) * min(max(share, 0.0), 1.0)

    def spread(self, room: float) -> list[int]:
        """The last moment, and every n-th before it, that are ``room`` pixels apart."""
        spacing = max((self.right - self.left) / max(self.total - 1, 1), 1e-9)
        stride = max(1, math.ceil(room / spacing))
        return list(range((self.total - 1) % stride, self.total, stride))

    def ticks(self) -> list[int]:
        """Round moments that have room for their number, and both ends."""
        last, room = self.total - 1, 4.5 * self.text
        spacing = (self.right - self.left) / max(last, 1)
        steps = (m * 10**e for e in range(7) for m in (1, 2, 5))
        step = next(s for s in steps if s * spacing >= room or s >= last)
        inner = [k for k in range(step, last, step) if (last - k) * spacing >= room * 0.7]
        return [0, *inner, last]


class NoisePlot:
    """The plot of one reel at one size."""

    def __init__(
        self, reel: Reel, size: tuple[int, int], look: Look, text: int, margin: int
    ) -> None:
        self._reel, self._look = reel, look
        self.size = size
        total = len(reel.shares)
        rooms = math.ceil(line_of("100 %", text).width), math.ceil(_last(total, text).width / 2)
        self.layout = PlotLayout(*size, text, margin, total, *rooms)

    def draw_ground(self, image: Image.Image, corner: tuple[int, int]) -> None:
        """Draw everything but the playhead."""
        image.paste(self._lines(), corner)
        draw = ImageDraw.Draw(image)
        self._draw_numbers(draw, corner)
        if self.layout.titled:
            self._draw_title(draw, corner)

    def put(self, image: Image.Image, corner: tuple[int, int], moment: int) -> None:
        """Put the playhead where a moment stands: a line, and a dot on the noise line."""
        layout, look = self.layout, self._look
        left = corner[0] + round(layout.x(moment) - layout.thick / 2)
        box = (left, corner[1] + layout.top, left + layout.thick, corner[1] + layout.bottom + 1)
        image.paste(look.accent, box)
        measured = self._measured[moment]
        share = self._reel.shares[moment] if measured is None else measured
        middle = left + layout.thick / 2, corner[1] + layout.y(share) + 0.5
        for radius, color in ((layout.dot, look.ground), (layout.dot * 0.72, look.accent)):
            mask, where = disk(middle, radius)
            image.paste(color, where, mask)

    @cached_property
    def _measured(self) -> list[float | None]:
        return [self._reel.measured(moment) for moment in range(self._reel.count)]

    def _lines(self) -> Image.Image:
        """Area, grid and curves."""
        layout, look = self.layout, self._look
        drawing = SmoothDrawing((layout.width, layout.height), look.ground)
        bottom = layout.bottom + 0.5
        measured = {k: share for k, share in enumerate(self._measured) if share is not None}
        planned = self._through(dict(enumerate(self._reel.shares)))
        for line in planned:
            drawing.area(line, bottom, look.surface)
        for level in (0.0, 0.5, 1.0):
            y = layout.y(level) + 0.5
            drawing.line([(layout.left, y), (layout.right, y)], look.line, layout.thick / 2)
        for k in self._reel.breaks:
            x = layout.x(k + 0.5)
            drawing.line([(x, layout.top), (x, bottom)], look.line, layout.thick / 2)
        for line in planned:
            drawing.line(line, look.quiet, 0.8 * layout.thick)
        for line in self._through(measured):
            drawing.line(line, look.second, layout.thick)
        marked = set(layout.spread(1.2 * layout.text))
        for k, share in measured.items():
            if k in marked:
                drawing.dot(self._point(k, share), 1.5 * layout.thick, look.second)
        return drawing.image()

    def _through(self, shares: dict[int, float]) -> list[Points]:
        """The points of the lines through these shares."""
        lines = lines_through(shares, self._reel.breaks)
        return [[self._point(k, share) for k, share in line] for line in lines]

    def _point(self, moment: int, share: float) -> tuple[float, float]:
        return self.layout.x(moment), self.layout.y(share) + 0.5

    def _draw_numbers(self, draw: ImageDraw.ImageDraw, corner: tuple[int, int]) -> None:
        layout, color = self.layout, self._look.quiet
        if layout.numbered:
            for share in (0.0, 0.5, 1.0):
                line = line_of(f"{round(100 * share)} %", layout.text)
                left = corner[0] + layout.left - 0.8 * layout.text - line.width
                line.draw(draw, left, corner[1] + layout.y(share) + 0.36 * layout.text, color)
        baseline = corner[1] + layout.bottom + round(1.7 * layout.text)
        for k in layout.ticks():
            line = line_of(f"step {k}" if k == 0 else str(k), layout.text)
            left = max(layout.x(k) - line.width / 2, layout.margin / 2)
            line.draw(draw, corner[0] + left, baseline, color)

    def _draw_title(self, draw: ImageDraw.ImageDraw, corner: tuple[int, int]) -> None:
        """What is counted, and which line is which."""
        layout, look = self.layout, self._look
        text, baseline = layout.text, corner[1] + round(1.7 * layout.text)
        title = line_of("Share of noise", text)
        title.draw(draw, corner[0] + layout.margin, baseline, look.text)
        right: float = corner[0] + layout.width - layout.margin
        names = [(self._reel.measured_name, look.second), ("planned", look.quiet)]
        for name, color in names:
            if not name or not any(share is not None for share in self._measured):
                continue
            line = line_of(name, text)
            stroke = right - line.width - 2.0 * text
            if stroke < corner[0] + layout.margin + title.width + text:
                return
            line.draw(draw, right - line.width, baseline, look.quiet)
            y, half = baseline - round(0.36 * text), max(1, layout.thick // 2)
            draw.rectangle((stroke, y - half, stroke + 1.4 * text, y - half + layout.thick), color)
            right = stroke - 1.2 * text


def _last(total: int, text: int) -> Line:
    """The last number below the axis."""
    return line_of(str(total - 1), text)
