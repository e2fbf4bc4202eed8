"""The reel of a grid of runs: at each moment all lanes on one picture, with their names."""

from __future__ import annotations

import math
from functools import cached_property
from typing import TYPE_CHECKING

from visualizer.diffusion.alignment import lane_points
from visualizer.diffusion.comparison import Comparison
from visualizer.diffusion.lane_letters import lane_numbers, letter_of
from visualizer.export.colors import Look
from visualizer.export.errors import ExportError
from visualizer.export.grid_mount import GridLayout, GridMount, layout_for, within
from visualizer.export.lane import Lane
from visualizer.export.mount import enlargement
from visualizer.export.reel import SHOWN_VIEWS, Row, facts_of

if TYPE_CHECKING:
    from visualizer.diffusion.views import View
    from visualizer.export.mount import Mount
    from visualizer.export.options import Pixels

LEAST_TILE = 256
"""Pixels: smaller pictures are enlarged by a whole factor until their short side has as many."""
MAX_PICTURE_SIDE = 8192
"""Pixels: a grid that would be larger is scaled down."""
MAX_FRAME_SIDE = 1600
"""Pixels: as large as a grid gets in a film in a size of our choice."""
ENOUGH = 8
"""Moments that make an animation or a sheet, where no more are complete."""
MAX_IN_A_ROW = 5
FLAT = 6
"""A grid that has so many times more columns than rows, or rows than columns, is folded."""


class GridReel:
    """The reel of a comparison. Its moments are those of the lane with the most steps.

    Raises:
        ExportError: when the comparison has no lanes.
    """

    forward = False
    measured_name = ""
    watchable = LEAST_TILE
    widest = MAX_FRAME_SIDE

    def __init__(self, comparison: Comparison) -> None:
        if not comparison.lanes:
            raise ExportError("There are no runs side by side yet. Make some first.")
        self._comparison = comparison
        points = lane_points(comparison)
        self.count = max(len(p) for p in points)
        self._places = places = _places(comparison)
        letters = map(letter_of, lane_numbers(comparison.lanes))
        self.lanes = tuple(
            Lane(
                lane.label or f"run {i + 1}",
                lane.request,
                lane.run,
                p,
                *place,
                failure=lane.failure,
                letter=letter,
            )
            for i, (lane, p, place, letter) in enumerate(
                zip(comparison.lanes, points, places, letters, strict=True)
            )
        )
        self.columns = 1 + max(column for _, column in places)
        self.summary = comparison.summary

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

    def step_words(self, moment: int) -> str:
        label = self.label(moment)
        return label and f"{label} of {self.count - 1}"

    def share(self, moment: int) -> float:
        """Of the lane that gives the moments, also where it was stopped before."""
        return self.shares[moment]

    @cached_property
    def shares(self) -> tuple[float, ...]:
        runs = [lane.run for lane in self.lanes if lane.run is not None and lane.points]
        clock = max(runs, key=lambda run: len(run.planned), default=None)
        return () if clock is None else tuple(level.noise_share for level in clock.planned)

    @property
    def breaks(self) -> frozenset[int]:
        shares = self.shares
        return frozenset(k for k in range(len(shares) - 1) if shares[k + 1] > shares[k])

    def measured(self, _moment: int, /) -> float | None:
        """Of several runs there is no single one."""
        return None

    def tile(self, view: View) -> tuple[int, int]:
        sizes = [size for lane in self.lanes if (size := lane.size_in(view)) is not None]
        width, height = (max(side) for side in zip(*sizes, strict=True)) if sizes else (64, 64)
        return width, height

    def still_tile(self, view: View) -> tuple[int, int]:
        width, height = self.tile(view)
        factor = enlargement(width, height, LEAST_TILE)
        tile = width * factor, height * factor
        return within(MAX_PICTURE_SIDE, tile, self.layout).tile

    def mount(self, view: View, tile: tuple[int, int], look: Look, pixels: Pixels, /) -> Mount:
        return GridMount(self.lanes, self.layout(tile), view, look, pixels)

    def layout(self, tile: tuple[int, int]) -> GridLayout:
        """Where the lanes stand when each has the room of a tile."""
        return layout_for(self.lanes, tile, self._places)

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
        view = chosen if chosen in SHOWN_VIEWS else "noisy"
        return [
            Row(lane, view, lane.label, "" if lane.size is None else lane.failure)
            for lane in self.lanes
        ]

    @cached_property
    def _alike(self) -> bool:
        """Whether all lanes stand at the same step at each moment, as far as they came."""
        runs = [(lane.run, lane.points) for lane in self.lanes if lane.run and lane.points]
        return all(
            len(run.planned) == self.count
            and all(p == min(k, len(run.steps) - 1) for k, p in enumerate(points))
            for run, points in runs
        )


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
        return _folded([(rows.index(row), columns.index(column)) for row, column in own])
    across = len(columns)
    if min(len(rows), across) == 1 or across * len(rows) < len(own):
        side = math.ceil(math.sqrt(len(own)))
        across = min(range(side, 2 * side), key=lambda n: (-len(own) % n, n))
    return tuple(divmod(i, across) for i in range(len(own)))


def _folded(places: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """The places of a grid; of a very flat one each row takes several rows, so that lanes are seen.

    Those of a very tall one take several columns.
    """
    rows, columns = (1 + max(numbers) for numbers in zip(*places, strict=True))
    if columns >= FLAT * rows and len(places) > MAX_IN_A_ROW:
        pieces = round(math.sqrt(columns / rows))
        across = math.ceil(columns / pieces)
        return tuple((row * pieces + column // across, column % across) for row, column in places)
    if rows >= FLAT * columns and len(places) > MAX_IN_A_ROW:
        turned = _folded([(column, row) for row, column in places])
        return tuple((row, column) for column, row in turned)
    return tuple(places)
