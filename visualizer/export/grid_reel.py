"""The reel of a grid of runs: at each moment all lanes on one picture, with their names."""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageDraw

from visualizer.diffusion.alignment import lane_points
from visualizer.diffusion.arrays import Picture, read_only
from visualizer.diffusion.comparison import Comparison
from visualizer.export.colors import GROUND, LINE, QUIET, SURFACE, TEXT
from visualizer.export.errors import ExportError
from visualizer.export.frames import enlargement
from visualizer.export.lettering import wrapped
from visualizer.export.reel import SHOWN_VIEWS, Lane, Row, facts_of, model_note

if TYPE_CHECKING:
    from visualizer.diffusion.trajectory import Trajectory
    from visualizer.diffusion.views import View

LEAST_TILE = 256
"""Pixels: smaller pictures are enlarged by a whole factor until their short side has as many."""
MAX_PICTURE_SIDE = 8192
"""Pixels: a grid that would be larger is scaled down."""
MAX_FRAME_SIDE = 1600
"""Pixels: as large as a grid gets in an animation, so that 16 lanes of 512 × 512 and 60 steps
stay within ``MAX_FRAME_BYTES``; of longer runs fewer steps are shown."""
CAPTION_LINES = 2
LEAST_SIDE = 32
ENOUGH = 8
"""Moments that make an animation or a sheet, where no more are complete."""
MAX_IN_A_ROW = 5


@dataclass(frozen=True)
class GridLayout:
    """Where the lanes of a grid stand on its picture; all in pixels.

    Attributes:
        tile: width and height of the place of one picture.
        places: (row, column) of each lane.
        gap: between two lanes, and around them.
        text: the size of the captions' letters.
    """

    tile: tuple[int, int]
    places: tuple[tuple[int, int], ...]

    @property
    def gap(self) -> int:
        return max(8, self.tile[0] // 24)

    @property
    def text(self) -> int:
        return min(26, max(13, self.tile[0] // 15))

    @property
    def caption(self) -> int:
        """The height of a caption below its picture."""
        return round(self.text * (1.35 * CAPTION_LINES + 0.5))

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


class GridReel:
    """The reel of a comparison. Its moments are those of the lane with the most steps.

    Raises:
        ExportError: when the comparison has no lanes.
    """

    def __init__(self, comparison: Comparison) -> None:
        if not comparison.lanes:
            raise ExportError("There are no runs side by side yet. Make some first.")
        self._comparison = comparison
        points = lane_points(comparison)
        self.count = max(len(p) for p in points)
        self._places = places = _places(comparison)
        self.lanes = tuple(
            Lane(lane.label or f"run {i + 1}", lane.request, lane.run, p, *place, lane.failure)
            for i, (lane, p, place) in enumerate(zip(comparison.lanes, points, places, strict=True))
        )
        self.columns = 1 + max(column for _, column in places)
        self.summary = comparison.summary
        self._bases: dict[GridLayout, Image.Image] = {}

    @property
    def title(self) -> str:
        if self._comparison.title:
            return self._comparison.title
        prompts = {lane.request.prompt for lane in self.lanes}
        seeds = {lane.request.seed for lane in self.lanes}
        if len(prompts) == 1:
            return prompts.pop() or "(no prompt)"
        return f"{len(prompts)} prompts" + (f" × {len(seeds)} seeds" if len(seeds) > 1 else "")

    @property
    def facts(self) -> list[str]:
        """What all lanes have in common, and how they stand beside each other."""
        runs = [lane.run for lane in self.lanes if lane.run is not None and lane.run.steps]
        count = len(self.lanes)
        facts = [f"{count} runs" if count > 1 else "1 run"]
        if runs:
            others = [set(facts_of(run)) for run in runs[1:]]
            facts += [f for f in facts_of(runs[0]) if all(f in other for other in others)]
        if not self._alike:
            clock = "noise level" if self._comparison.alignment == "noise" else "step"
            facts.append(f"side by side at the same {clock}")
        return facts

    def label(self, moment: int) -> str:
        by_step = self._comparison.alignment == "step"
        return f"step {moment}" if by_step or self._alike else ""

    def share(self, moment: int) -> float:
        """Of the lane that gives the moments, also where it was stopped before."""
        return self._clock.planned[moment].noise_share

    def shown(self, view: View = "noisy") -> list[int]:
        """The moments of which every lane has the picture of its own step.

        Where there are few of those, the moments of which some lane has it: the others then show
        the picture that is nearest.
        """
        lanes = [(lane.points, set(lane.shown(view))) for lane in self.lanes]
        lanes = [(points, have) for points, have in lanes if points and have]
        having = [
            sum(points[moment] in have for points, have in lanes) for moment in range(self.count)
        ]
        found = [moment for moment, count in enumerate(having) if count]
        complete = [moment for moment, count in enumerate(having) if count == len(lanes) > 0]
        if len(complete) >= min(ENOUGH, len(found)):
            found = complete
        if not found and view == "noisy":
            raise ExportError(
                "None of these runs has a picture. Open them together with their model, or make "
                "them again."
            )
        return found

    def rows(self) -> list[Row]:
        chosen = self._comparison.view
        view = chosen if chosen in [name for name, _, _ in SHOWN_VIEWS] else "noisy"
        return [
            Row(lane, view, lane.label, "" if lane.size is None else lane.failure)
            for lane in self.lanes
        ]

    def picture(self, moment: int, view: View = "noisy") -> Picture:
        return read_only(np.asarray(self._compose(self.layout, moment, view)))

    @property
    def frame_size(self) -> tuple[int, int]:
        return self.frame_layout.size

    def frame(self, moment: int, view: View = "noisy") -> Image.Image:
        return self._compose(self.frame_layout, moment, view)

    def note(self) -> dict[str, Any]:
        lanes = []
        for lane in self.lanes:
            values: dict[str, Any] = {"label": lane.label, "request": lane.request.to_json()}
            if lane.run is not None:
                values["model"] = model_note(lane.run)
            lanes.append(values)
        return {"comparison": {"title": self.title, "lanes": lanes}}

    @cached_property
    def layout(self) -> GridLayout:
        """Where the lanes stand on ``picture``: pixel for pixel, or enlarged by a whole factor."""
        sizes = [lane.size for lane in self.lanes if lane.size is not None]
        width, height = (max(side) for side in zip(*sizes, strict=True)) if sizes else (64, 64)
        factor = enlargement(width, height, LEAST_TILE)
        return _within(MAX_PICTURE_SIDE, (width * factor, height * factor), self._places)

    @cached_property
    def frame_layout(self) -> GridLayout:
        """Where the lanes stand on a ``frame``."""
        return _within(MAX_FRAME_SIDE, self.layout.tile, self.layout.places)

    @cached_property
    def _alike(self) -> bool:
        """Whether all lanes stand at the same step at each moment, as far as they came."""
        runs = [(lane.run, lane.points) for lane in self.lanes if lane.run and lane.points]
        return all(
            len(run.planned) == self.count
            and all(p == min(k, len(run.steps) - 1) for k, p in enumerate(points))
            for run, points in runs
        )

    @cached_property
    def _clock(self) -> Trajectory:
        runs = [lane.run for lane in self.lanes if lane.run is not None and lane.points]
        return max(runs, key=lambda run: len(run.planned))

    def _compose(self, layout: GridLayout, moment: int, view: View) -> Image.Image:
        if layout not in self._bases:
            self._bases[layout] = self._base(layout)
        image = self._bases[layout].copy()
        for i, lane in enumerate(self.lanes):
            picture = lane.picture(moment, view) if lane.points else None
            if picture is not None:
                tile = _fitted(picture, layout.tile)
                left, top = layout.corner(i)
                left += (layout.tile[0] - tile.width) // 2
                image.paste(tile, (left, top + (layout.tile[1] - tile.height) // 2))
        return image

    def _base(self, layout: GridLayout) -> Image.Image:
        """Everything that stays as it is from moment to moment."""
        image = Image.new("RGB", layout.size, GROUND)
        draw = ImageDraw.Draw(image)
        for i, lane in enumerate(self.lanes):
            left, top = layout.corner(i)
            width, height = layout.tile
            if lane.size is None:
                draw.rectangle((left, top, left + width - 1, top + height - 1), SURFACE, LINE)
                _centered(draw, lane.sentence, (left, top), layout)
            baseline = top + height + round(layout.text * 1.4)
            told = bool(lane.failure) and lane.size is not None
            lines = wrapped(lane.label, layout.text, width, CAPTION_LINES - told)
            colors = [TEXT] * len(lines) + [QUIET]
            if told:
                lines += wrapped(lane.failure, layout.text, width, 1)
            for line, color in zip(lines, colors, strict=False):
                line.draw(draw, left, baseline, color)
                baseline += round(layout.text * 1.35)
        return image


def _places(comparison: Comparison) -> tuple[tuple[int, int], ...]:
    """(row, column) of each lane: its own, or one after the other.

    Lanes that were put in another order, and those of a single long row or column, fill the rows
    of a grid that is about square.
    """
    own = [(lane.row, lane.column) for lane in comparison.lanes]
    rows = sorted({row for row, _ in own})
    columns = sorted({column for _, column in own})
    in_order = len(set(own)) == len(own) and own == sorted(own)
    if in_order and (min(len(rows), len(columns)) > 1 or len(own) <= MAX_IN_A_ROW):
        # rows and columns of which every lane was removed leave no hole
        return tuple((rows.index(row), columns.index(column)) for row, column in own)
    across = len(columns)
    if min(len(rows), across) == 1 or across * len(rows) < len(own):
        side = math.ceil(math.sqrt(len(own)))
        across = min(range(side, 2 * side), key=lambda n: (-len(own) % n, n))
    return tuple(divmod(i, across) for i in range(len(own)))


def _within(most: int, tile: tuple[int, int], places: tuple[tuple[int, int], ...]) -> GridLayout:
    """The layout with the largest tiles, up to the given ones, that is not larger than ``most``."""

    def scaled(side: int) -> GridLayout:
        width, height = (max(1, length * side // max(tile)) for length in tile)
        return GridLayout((width, height), places)

    sides = range(LEAST_SIDE, max(tile) + 1)
    fitting = bisect_left(sides, True, key=lambda side: max(scaled(side).size) > most)
    return scaled(sides[max(0, fitting - 1)])


def _fitted(picture: Picture, size: tuple[int, int]) -> Image.Image:
    """The picture as large as fits, in its own proportions."""
    image = Image.fromarray(picture)
    scale = min(size[0] / image.width, size[1] / image.height)
    fitted = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    return image if image.size == fitted else image.resize(fitted, Image.Resampling.LANCZOS)


def _centered(
    draw: ImageDraw.ImageDraw, text: str, corner: tuple[int, int], layout: GridLayout
) -> None:
    """A sentence in the middle of a tile."""
    size, line_height = layout.text, round(layout.text * 1.4)
    most = max(1, layout.tile[1] // line_height - 2)
    lines = wrapped(text, size, layout.tile[0] - 2 * layout.gap, most)
    baseline = corner[1] + (layout.tile[1] - line_height * len(lines)) // 2 + size
    for line in lines:
        line.draw(draw, corner[0] + (layout.tile[0] - line.width) / 2, baseline, QUIET)
        baseline += line_height
