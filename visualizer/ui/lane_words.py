"""The words at the lanes of a grid: what stands over columns, beside rows and under pictures."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint

from visualizer.ui.lane_captions import captions
from visualizer.ui.lane_layout import Layout

if TYPE_CHECKING:
    from collections.abc import Sequence

    from visualizer.session.lanes import Lane, Lanes


@dataclass(frozen=True)
class Words:
    """What is written in a grid.

    Attributes:
        captions: of every lane that is seen: nothing that a heading or the lanes beside it say.
        columns, rows: the whole headings.
        titles: the rows' headings, as short as they are written.
    """

    captions: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()

    def heading_at(self, layout: Layout, position: QPoint) -> str:
        """The whole heading that lies there; "" where none does."""
        headings = (
            *zip(layout.columns, self.columns, strict=False),
            *zip(layout.rows, self.rows, strict=False),
        )
        return next((label for room, label in headings if room.contains(position)), "")


def words_for(lanes: Lanes, shown: Sequence[Lane], layout: Layout) -> Words:
    """What to write at the lanes that are seen, laid out like this."""
    labels = [lane.label for lane in shown]
    if layout.columns:
        written = ("",) * len(labels)
    elif layout.rows:
        rest = iter(labels)
        rows = [captions(list(itertools.islice(rest, count))) for _, count in lanes.groups]
        written = tuple(itertools.chain.from_iterable(rows))
    else:
        written = captions(labels)
    if not layout.rows:
        return Words(written)
    whole = tuple(label for label, _ in lanes.groups)
    return Words(written, lanes.column_labels, whole, row_titles(lanes))


def row_titles(lanes: Lanes) -> tuple[str, ...]:
    """The headings of the rows; what lanes are called after is as short as it is there."""
    rest = iter(lanes.lanes)
    names = tuple(label for label, _ in lanes.groups)
    rows = [(label, list(itertools.islice(rest, count))) for label, count in lanes.groups]
    if all(label in lane.label for label, row in rows for lane in row):
        return captions(names)
    return names


def columns_say_all(lanes: Lanes) -> bool:
    """Whether headings over the columns tell what the lanes' own labels do."""
    labels = lanes.column_labels
    return bool(labels) and all(
        label in lane.label
        for label, lane in zip(itertools.cycle(labels), lanes.lanes, strict=False)
    )
