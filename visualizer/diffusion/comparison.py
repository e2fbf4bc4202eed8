"""Comparison: several runs side by side, as plain values, with how they were looked at."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from visualizer.diffusion.grid import MAX_LANES
from visualizer.diffusion.request import SamplingRequest
from visualizer.diffusion.trajectory import Trajectory
from visualizer.diffusion.views import VIEWS, View

Alignment = Literal["noise", "step"]


@dataclass(frozen=True, eq=False)
class CompareLane:
    """One run of a comparison.

    Attributes:
        run: what there is of it; None where it never took a step.
        request: what was asked for, also where there is no run.
        label: its short name.
        row, column: where it stands in the grid.
        failure: a sentence on why it is not whole, or "".
        number: which letter and color it was shown with, from 0; None: as it comes.
    """

    run: Trajectory | None
    request: SamplingRequest
    label: str
    row: int = 0
    column: int = 0
    failure: str = ""
    number: int | None = None


@dataclass(frozen=True, eq=False)
class Comparison:
    """Lanes in the order shown, and how a person looked at them.

    Attributes:
        lanes: at most ``MAX_LANES``.
        column_labels, row_labels: a short name each, at most ``MAX_LANES``; rows have none where
            there is a single one.
        title: a line on what is compared, or "".
        alignment: lanes stand at the same noise level ("noise") or the same step ("step").
        focus: the index of the lane shown large, or None.
        pair: the indices of two lanes whose difference is shown, or None.
        position: where the playhead stands, as a share of the axis, 0 … 1.
        view: what is shown of each step.
        summary: sentences on what was measured, or "".

    Raises:
        ValueError: for too many lanes or labels, or a focus, pair or position that is none.
    """

    lanes: tuple[CompareLane, ...]
    column_labels: tuple[str, ...] = ()
    row_labels: tuple[str, ...] = ()
    title: str = ""
    alignment: Alignment = "noise"
    focus: int | None = None
    pair: tuple[int, int] | None = None
    position: float = 1.0
    view: View = "noisy"
    summary: str = ""

    def __post_init__(self) -> None:
        count = len(self.lanes)
        if count > MAX_LANES:
            raise ValueError(f"A comparison holds up to {MAX_LANES} lanes, not {count}.")
        labels = max(len(self.column_labels), len(self.row_labels))
        if labels > MAX_LANES:
            raise ValueError(f"An axis of a comparison has up to {MAX_LANES} labels, not {labels}.")
        if self.alignment not in ("noise", "step"):
            raise ValueError(f"Lanes are aligned by 'noise' or 'step', not {self.alignment!r}.")
        if self.focus is not None and not 0 <= self.focus < count:
            raise ValueError(f"There is no lane {self.focus} to look at.")
        if self.pair is not None:
            a, b = self.pair
            if a == b or not (0 <= a < count and 0 <= b < count):
                raise ValueError(f"There are no two lanes {a} and {b} to compare.")
        if not math.isfinite(self.position) or not 0 <= self.position <= 1:
            raise ValueError(f"The playhead stands between 0 and 1, not at {self.position}.")
        if self.view not in VIEWS:
            raise ValueError(f"There is no view {self.view!r}.")
