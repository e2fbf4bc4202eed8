"""Where the lanes of a comparison lie: a table with headings, its rows wrapped where they are long,
or free rows as large as they can be."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPoint, QRect, QSize

from visualizer.ui.theme import SPACE

GAP = SPACE
SMALL_GAP = SPACE // 2
HEADING = 3 * SPACE
CAPTION = 3 * SPACE
"""Heights of a column's heading and of what stands under a picture."""
LEAST_WITH_CAPTION = 9 * SPACE
"""Pictures lower than this are worth more than words under them."""
LEAST_IN_TABLE = 7 * SPACE
"""In the rows of a table words are under smaller ones too: nothing else tells them apart."""
CLEARLY = 1.25
"""A table leaves its columns when wrapped rows make pictures so many times as wide."""


@dataclass(frozen=True)
class Place:
    """Where one lane lies, in pixels of the widget.

    Attributes:
        picture: the room of its picture.
        caption: below it; empty where pictures are too small for words.
    """

    picture: QRect
    caption: QRect

    @property
    def whole(self) -> QRect:
        """Both."""
        return self.picture.united(self.caption)


@dataclass(frozen=True)
class Layout:
    """Where everything lies.

    Attributes:
        places: in the order of the lanes.
        starts: the first lane of every line.
        columns: where the headings of a table's columns lie; empty where there is none.
        rows: where those of its rows lie; empty where the lines are free.
        over: whether they stand over their rows, or at their left.
        gap: between pictures.
    """

    places: tuple[Place, ...] = ()
    starts: tuple[int, ...] = (0,)
    columns: tuple[QRect, ...] = ()
    rows: tuple[QRect, ...] = ()
    over: bool = False
    gap: int = GAP

    @property
    def across(self) -> int:
        """How many stand in the first line."""
        return (*self.starts, len(self.places))[1]

    def at(self, point: QPoint) -> int | None:
        """The lane under a point."""
        return next((i for i, p in enumerate(self.places) if p.whole.contains(point)), None)

    def insertion(self, point: QPoint) -> int:
        """Between which lanes something dropped here would come: before this one, 0 … count."""
        if not self.places:
            return 0
        nearest = min(range(len(self.places)), key=lambda i: self._distance(i, point))
        return nearest + (point.x() > self.places[nearest].picture.center().x())

    def insertion_mark(self, index: int, width: int, near: QPoint | None = None) -> QRect:
        """A bar in the gap before lane ``index`` (behind the last one for ``count``).

        Args:
            near: between two lines the bar stands at the end of the one or at the start of the
                other, whichever is nearer to this point.
        """
        behind = index >= len(self.places)
        if 0 < index < len(self.places) and index in self.starts:
            behind = near is None or self._distance(index - 1, near) <= self._distance(index, near)
        picture = self.places[index - 1 if behind else index].picture
        middle = picture.right() + 1 + self.gap // 2 if behind else picture.left() - self.gap // 2
        return QRect(middle - width // 2, picture.top(), width, picture.height())

    def neighbor(self, index: int, right: int, down: int) -> int:
        """The lane beside another one; the same where there is none.

        In free and in wrapped lines, left and right go on at the end of the line before and the
        start of the next.
        """
        if right and not self.columns:
            return min(max(index + right, 0), len(self.places) - 1)
        ends = (*self.starts[1:], len(self.places))
        line = bisect_right(self.starts, index) - 1
        column = max(index - self.starts[line] + right, 0)
        wished = line + down
        if not 0 <= wished < len(self.starts):
            return index
        there = self.starts[wished] + column
        if there < ends[wished]:
            return there
        return ends[line] - 1 if not down else index

    def _distance(self, index: int, point: QPoint) -> int:
        away = self.places[index].picture.center() - point
        return away.x() ** 2 + away.y() ** 2


@dataclass(frozen=True)
class _Plan:
    """One way to lay lanes out, and how large their pictures are then."""

    per_line: int
    lines: tuple[tuple[int, ...], ...]  # lanes in every line, group by group
    size: QSize
    caption: int
    gap: int
    beside: int = 0  # what headings take at the left
    over: int = 0  # and over every group
    above: int = 0  # and over the whole

    @property
    def worth(self) -> tuple[int, int, int]:
        """Large pictures first, then few holes, then few lines."""
        holes = sum(self.per_line * len(group) - sum(group) for group in self.lines)
        bonus = SPACE if self.caption else 0
        return self.size.width() + bonus, -holes, self.per_line


def lay_out(
    count: int,
    room: QRect,
    aspect: float,
    groups: Sequence[int] = (),
    heading_width: int = 0,
    *,
    in_columns: bool = False,
) -> Layout:
    """As large as the room allows, undistorted, whole pixels, all pictures of one size.

    Args:
        count: of lanes.
        room: what there is, in pixels.
        aspect: width of a picture over its height.
        groups: how many lanes each row of a table has; empty leaves the lines free.
        heading_width: what the headings of a table's rows take at its left.
        in_columns: the rows are equally long and their columns have headings; they are given up
            where wrapped rows make clearly larger pictures.
    """
    if count == 0 or room.isEmpty():
        return Layout()
    if not groups:
        plans = [_plan((count,), n, room.size(), aspect) for n in range(1, count + 1)]
        return _placed(max(plans, key=lambda plan: plan.worth), room)
    longest = max(groups)
    wrapped = [
        _plan(groups, n, room.size(), aspect, beside=beside, over=over, least=LEAST_IN_TABLE)
        for n in range(1, longest + 1)
        for beside, over in ((heading_width + GAP, 0), (0, HEADING))
    ]
    best = max(wrapped, key=lambda plan: plan.worth)
    if in_columns:
        beside = heading_width + GAP
        plain = _plan(groups, longest, room.size(), aspect, beside=beside, above=HEADING)
        if best.per_line == longest or best.size.width() < CLEARLY * plain.size.width():
            return _placed(plain, room)
    return _placed(best, room)


def _plan(
    groups: Sequence[int],
    per_line: int,
    room: QSize,
    aspect: float,
    *,
    beside: int = 0,
    over: int = 0,
    above: int = 0,
    least: int = LEAST_WITH_CAPTION,
) -> _Plan:
    """So many pictures in a line; captions where the pictures stay large enough."""
    lines = tuple(
        tuple(min(per_line, group - first) for first in range(0, group, per_line))
        for group in groups
    )
    count = sum(map(len, lines))
    size, caption, gap = QSize(1, 1), 0, SMALL_GAP
    for caption, gap in ((CAPTION, GAP), (0, SMALL_GAP)):
        apart = 0 if above else gap * (len(groups) - 1)
        high = room.height() - above - over * len(groups) - apart
        width = max((room.width() - beside - gap * (per_line - 1)) // per_line, 1)
        height = max((high - gap * (count - 1)) // count - caption, 1)
        size = QSize(
            max(min(width, int(height * aspect)), 1), max(min(height, int(width / aspect)), 1)
        )
        if caption and min(size.width(), size.height()) >= least:
            break
    return _Plan(per_line, lines, size, caption, gap, beside, over, above)


def _placed(plan: _Plan, room: QRect) -> Layout:
    """Every picture where the plan has it, the whole in the middle of the room."""
    size, gap, groups = plan.size, plan.gap, len(plan.lines)
    across, down = size.width() + gap, size.height() + plan.caption + gap
    apart = 0 if plan.above else gap
    count = sum(map(len, plan.lines))
    wide = plan.beside + across * plan.per_line - gap
    high = plan.above + plan.over * groups + apart * (groups - 1) + down * count - gap
    left = room.left() + max(room.width() - wide, 0) // 2 + plan.beside
    top = room.top() + max(room.height() - high, 0) // 2
    y = top + plan.above
    places: list[Place] = []
    starts, rows = [], []
    for group in plan.lines:
        if plan.over:
            rows.append(QRect(left, y, wide - plan.beside, plan.over))
            y += plan.over
        elif plan.beside:
            height = down * (len(group) - 1) + size.height()
            rows.append(QRect(left - plan.beside, y, plan.beside - GAP, height))
        for lanes in group:
            starts.append(len(places))
            for column in range(lanes):
                picture = QRect(QPoint(left + column * across, y), size)
                under = QRect(picture.left(), picture.bottom() + 1, size.width(), plan.caption)
                places.append(Place(picture, under))
            y += down
        y += apart
    heads = tuple(
        QRect(left + c * across, top, size.width(), HEADING)
        for c in range(plan.per_line if plan.above else 0)
    )
    return Layout(tuple(places), tuple(starts), heads, tuple(rows), bool(plan.over), gap)
