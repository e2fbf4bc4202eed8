"""Where the lanes of a comparison lie: a table with headings, or rows as large as they can be."""

from __future__ import annotations

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
        across: how many stand in a row.
        columns, rows: where the headings of a table lie; empty where there is none.
        gap: between pictures.
    """

    places: tuple[Place, ...] = ()
    across: int = 1
    columns: tuple[QRect, ...] = ()
    rows: tuple[QRect, ...] = ()
    gap: int = GAP

    def at(self, point: QPoint) -> int | None:
        """The lane under a point."""
        return next((i for i, p in enumerate(self.places) if p.whole.contains(point)), None)

    def insertion(self, point: QPoint) -> int:
        """Between which lanes something dropped here would come: before this one, 0 … count."""
        if not self.places:
            return 0
        nearest = min(range(len(self.places)), key=lambda i: self._distance(i, point))
        return nearest + (point.x() > self.places[nearest].picture.center().x())

    def insertion_mark(self, index: int, width: int) -> QRect:
        """A bar in the gap before lane ``index`` (behind the last one for ``count``)."""
        behind = index >= len(self.places) or (index > 0 and index % self.across == 0)
        picture = self.places[index - 1 if behind else index].picture
        middle = picture.right() + 1 + self.gap // 2 if behind else picture.left() - self.gap // 2
        return QRect(middle - width // 2, picture.top(), width, picture.height())

    def neighbor(self, index: int, right: int, down: int) -> int:
        """The lane beside another one; the same where there is none.

        In free rows, left and right go on at the end of the row before and the start of the next.
        """
        if right and not self.columns:
            return min(max(index + right, 0), len(self.places) - 1)
        row, column = divmod(index, self.across)
        column = min(max(column + right, 0), self.across - 1)
        wished = (row + down) * self.across + column
        return wished if 0 <= wished < len(self.places) else index

    def _distance(self, index: int, point: QPoint) -> int:
        away = self.places[index].picture.center() - point
        return away.x() ** 2 + away.y() ** 2


def lay_out(
    count: int,
    room: QRect,
    aspect: float,
    table: tuple[int, int] | None = None,
    heading_width: int = 0,
) -> Layout:
    """As large as the room allows, undistorted, whole pixels, all pictures of one size.

    Args:
        count: of lanes.
        room: what there is, in pixels.
        aspect: width of a picture over its height.
        table: (rows, columns) where every lane stands in its cell; None leaves the rows free.
        heading_width: what the headings of a table's rows take.
    """
    if count == 0 or room.isEmpty():
        return Layout()
    if table is not None:
        rows, columns = table
        inner = room.adjusted(heading_width + GAP, HEADING, 0, 0)
        size, caption, gap = _fit(inner.size(), rows, columns, aspect)
        return _placed(count, inner, columns, rows, size, caption, gap, heading_width, True)
    best = max(range(1, count + 1), key=lambda n: _worth(count, room.size(), n, aspect))
    rows = -(-count // best)
    size, caption, gap = _fit(room.size(), rows, best, aspect)
    return _placed(count, room, best, rows, size, caption, gap, 0, False)


def _worth(count: int, room: QSize, columns: int, aspect: float) -> tuple[int, int, int]:
    """Large pictures first, then few holes, then few rows."""
    rows = -(-count // columns)
    size, caption, _ = _fit(room, rows, columns, aspect)
    return size.width() + (SPACE if caption else 0), -(rows * columns - count), columns


def _fit(room: QSize, rows: int, columns: int, aspect: float) -> tuple[QSize, int, int]:
    """The size of a picture, the height of its caption, and the gap."""
    size, caption, gap = QSize(1, 1), 0, SMALL_GAP
    for caption, gap in ((CAPTION, GAP), (0, SMALL_GAP)):
        width = max((room.width() - gap * (columns - 1)) // columns, 1)
        height = max((room.height() - gap * (rows - 1)) // rows - caption, 1)
        size = QSize(
            max(min(width, int(height * aspect)), 1), max(min(height, int(width / aspect)), 1)
        )
        if caption and min(size.width(), size.height()) >= LEAST_WITH_CAPTION:
            break
    return size, caption, gap


def _placed(
    count: int,
    room: QRect,
    columns: int,
    rows: int,
    size: QSize,
    caption: int,
    gap: int,
    heading_width: int,
    headed: bool,
) -> Layout:
    across, down = size.width() + gap, size.height() + caption + gap
    beside = heading_width + GAP if headed else 0
    spare_x = max(room.width() - across * columns + gap, 0)
    spare_y = max(room.height() - down * rows + gap, 0)
    # what is beside a table counts as part of it: the whole stands in the middle
    left = room.left() + (max(spare_x - beside, 0) // 2 if headed else spare_x // 2)
    top = room.top() + spare_y // 2
    places = []
    for i in range(count):
        row, column = divmod(i, columns)
        picture = QRect(QPoint(left + column * across, top + row * down), size)
        under = QRect(picture.left(), picture.bottom() + 1, size.width(), caption)
        places.append(Place(picture, under))
    if not headed:
        return Layout(tuple(places), columns, gap=gap)
    heads = tuple(
        QRect(left + c * across, top - HEADING, size.width(), HEADING) for c in range(columns)
    )
    sides = tuple(
        QRect(left - beside, top + r * down, heading_width, size.height()) for r in range(rows)
    )
    return Layout(tuple(places), columns, heads, sides, gap)
