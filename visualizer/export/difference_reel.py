"""The reel of the difference of two runs: one, the other, and where they differ."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from visualizer.diffusion.lane_letters import letter_of
from visualizer.diffusion.picture_difference import HEAT_TOP
from visualizer.export.colors import lane_color
from visualizer.export.difference_mount import DifferenceMount, layout_of
from visualizer.export.errors import ExportError
from visualizer.export.grid_reel import GridReel
from visualizer.export.reel import Row

if TYPE_CHECKING:
    from visualizer.diffusion.comparison import Comparison
    from visualizer.diffusion.views import View
    from visualizer.export.colors import Look
    from visualizer.export.grid_mount import GridLayout
    from visualizer.export.mount import Mount
    from visualizer.export.options import Pixels


class DifferenceReel(GridReel):
    """Two lanes of a comparison on one clock, and the heat map of their difference.

    Args:
        pair: the indices of the lanes; None for the comparison's own pair, or its only two lanes.

    Raises:
        ExportError: where there are no two runs that could differ.
    """

    columns = 3

    def __init__(self, comparison: Comparison, pair: tuple[int, int] | None = None) -> None:
        pair = pair or comparison.pair or ((0, 1) if len(comparison.lanes) == 2 else None)
        if len(comparison.lanes) < 2:
            raise ExportError("A difference needs two runs side by side.")
        if pair is None:
            raise ExportError("Choose the two runs whose difference is to be shown.")
        count = len(comparison.lanes)
        if pair[0] == pair[1] or not all(0 <= each < count for each in pair):
            a, b = (each + 1 for each in pair)
            raise ExportError(f"There are no two runs {a} and {b} here, but {count} runs.")
        lanes = tuple(
            replace(comparison.lanes[i], number=i if number is None else number, row=0, column=k)
            for k, i in enumerate(pair)
            for number in [comparison.lanes[i].number]
        )
        for lane in lanes:
            if lane.run is None or not lane.run.steps:
                why = lane.failure or "It was not made."
                raise ExportError(f"There is no picture of “{lane.label}” to compare. {why}")
        super().__init__(
            replace(comparison, lanes=lanes, column_labels=(), row_labels=(), focus=None, pair=None)
        )
        self._numbers = tuple(lane.number or 0 for lane in lanes)

    def shown(self, view: View = "noisy") -> list[int]:
        """The moments of which both lanes have the picture of their own step.

        Raises:
            ExportError: when there is none of the noisy latent.
        """
        lanes = [(lane.points, set(lane.shown(view))) for lane in self.lanes]
        found = [k for k in range(self.count) if all(points[k] in have for points, have in lanes)]
        if not found and view == "noisy":
            raise ExportError(
                "There is no moment of which both runs have a picture. Open them with their model."
            )
        return found

    def rows(self) -> list[Row]:
        rows = super().rows()
        a, b = self.lanes
        colors = f"from equal to {round(100 * HEAT_TOP)} % of black to white"
        return [*rows, Row(a, rows[0].view, "Difference", colors, other=b)]

    def layout(self, tile: tuple[int, int]) -> GridLayout:
        return layout_of(tile)

    def mount(self, view: View, tile: tuple[int, int], look: Look, pixels: Pixels, /) -> Mount:
        a, b = ((letter_of(number), lane_color(number, look)) for number in self._numbers)
        lanes = self.lanes[0], self.lanes[1]
        return DifferenceMount(lanes, (a, b), view, tile, look, pixels)
