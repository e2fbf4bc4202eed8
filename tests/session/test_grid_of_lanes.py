"""Whether lanes stand in the grid they were asked for, whatever a file says of its labels."""

from __future__ import annotations

import tracemalloc

from pytestqt.qtbot import QtBot

from visualizer.diffusion.grid import Axis, Grid
from visualizer.diffusion.request import SamplingRequest
from visualizer.session.lanes import Lanes


def test_labels_without_end_are_never_multiplied(qtbot: QtBot) -> None:
    lanes = Lanes()
    cells = Grid(SamplingRequest("a red car"), Axis("seed", (1, 2))).cells
    many = ("",) * 500
    lanes.replace(cells, column_labels=many, row_labels=many)
    tracemalloc.start()
    try:
        assert not lanes.in_grid
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 100_000  # the product of both would be millions of bytes
    assert lanes.columns == 2
    assert not lanes.row_labels


def test_two_axes_make_a_grid_until_a_lane_is_missing(qtbot: QtBot) -> None:
    lanes = Lanes()
    grid = Grid(SamplingRequest("a red car"), Axis("seed", (1, 2)), Axis("steps", (3, 4)))
    made = lanes.replace(grid.cells, column_labels=grid.column_labels, row_labels=grid.row_labels)
    assert lanes.in_grid
    lanes.remove(made[1].id)
    assert not lanes.in_grid
