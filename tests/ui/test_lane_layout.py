"""Where lanes lie: all of them inside the room, apart, undistorted, and as large as they can be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QRect

from visualizer.ui.lane_layout import Layout, lay_out

ROOM = QRect(4, 4, 800, 400)


def lay(count: int, width: int, height: int, aspect: float) -> Layout:
    return lay_out(count, QRect(3, 5, width, height), aspect)


@given(
    count=st.integers(1, 64),
    width=st.integers(200, 2000),
    height=st.integers(120, 1200),
    aspect=st.sampled_from([1.0, 1.5, 0.5, 16 / 9]),
)
def test_every_lane_has_room_of_its_own(count: int, width: int, height: int, aspect: float) -> None:
    layout = lay(count, width, height, aspect)
    room = QRect(3, 5, width, height)
    assert len(layout.places) == count
    for place in layout.places:
        assert room.contains(place.whole)
        wide, high = place.picture.width(), place.picture.height()
        assert abs(wide - high * aspect) <= max(aspect, 1.0) + 1  # whole pixels
    wholes = [place.whole for place in layout.places]
    for i, one in enumerate(wholes):
        assert not any(one.intersects(other) for other in wholes[i + 1 :])


@given(count=st.integers(1, 64), width=st.integers(300, 2000), height=st.integers(200, 1200))
def test_no_other_number_of_columns_makes_larger_pictures(
    count: int, width: int, height: int
) -> None:
    side = lay(count, width, height, 1.0).places[0].picture.width()
    for columns in range(1, count + 1):
        rows = -(-count // columns)
        bare = min((width - 8 * (columns - 1)) // columns, (height - 8 * (rows - 1)) // rows - 24)
        assert side >= bare - 24  # words under the pictures may cost that much


def test_a_table_keeps_its_rows_and_columns_and_has_headings() -> None:
    layout = lay_out(6, ROOM, 1.0, (3, 3), 100, in_columns=True)
    assert layout.across == 3
    assert (len(layout.columns), len(layout.rows)) == (3, 2)
    for i, place in enumerate(layout.places):
        head, side = layout.columns[i % 3], layout.rows[i // 3]
        assert head.center().x() == place.picture.center().x()
        assert side.center().y() == place.picture.center().y()
        assert head.bottom() < layout.places[0].picture.top()
        assert side.right() < layout.places[0].picture.left()
    everything = [*layout.columns, *layout.rows, *(place.whole for place in layout.places)]
    assert all(ROOM.contains(rect) for rect in everything)


def test_small_pictures_have_no_words_under_them() -> None:
    assert all(place.caption.isEmpty() for place in lay_out(64, ROOM, 1.0).places)
    assert not any(place.caption.isEmpty() for place in lay_out(4, ROOM, 1.0).places)


def test_nothing_is_laid_out_where_there_is_nothing() -> None:
    assert lay_out(0, ROOM, 1.0).places == ()
    assert lay_out(4, QRect(), 1.0).places == ()
    assert Layout().insertion(QPoint(3, 3)) == 0


def test_a_lane_dropped_at_a_side_comes_before_or_behind() -> None:
    layout = lay_out(4, ROOM, 1.0)
    for i, place in enumerate(layout.places):
        middle = place.picture.center()
        assert layout.at(middle) == i
        assert layout.insertion(middle - QPoint(10, 0)) == i
        assert layout.insertion(middle + QPoint(10, 0)) == i + 1
    pictures = [place.picture for place in layout.places]
    for i in range(5):
        mark = layout.insertion_mark(i, 4)
        assert not any(mark.intersects(picture) for picture in pictures)
    assert layout.at(QPoint(-1, -1)) is None


def test_the_lane_beside_another_one() -> None:
    layout = lay_out(6, ROOM, 1.0, (3, 3), 100, in_columns=True)
    assert [layout.neighbor(0, *way) for way in ((1, 0), (0, 1), (-1, 0), (0, -1))] == [1, 3, 0, 0]
    assert [layout.neighbor(5, *way) for way in ((1, 0), (0, 1), (-1, 0), (0, -1))] == [5, 5, 4, 2]


@pytest.mark.parametrize(
    ("groups", "in_columns"), [((32, 32), True), ((8, 8), True), ((3, 4), False)]
)
def test_rows_that_would_be_tiny_are_wrapped(groups: tuple[int, ...], in_columns: bool) -> None:
    room = QRect(4, 4, 800, 560)
    layout = lay_out(sum(groups), room, 1.0, groups, 100, in_columns=in_columns)
    assert not layout.columns
    assert len(layout.rows) == 2
    assert layout.places[0].picture.width() >= 50
    everything = [place.whole for place in layout.places]
    assert all(room.contains(rect) for rect in (*everything, *layout.rows))
    second = everything[groups[0] :]
    assert max(rect.bottom() for rect in everything[: groups[0]]) < min(r.top() for r in second)
    for row, lanes in zip(layout.rows, (everything[: groups[0]], second), strict=True):
        assert not any(row.intersects(rect) for rect in lanes)
    assert groups[0] in layout.starts


def test_a_row_of_a_table_that_fits_is_not_wrapped() -> None:
    layout = lay_out(12, QRect(0, 0, 900, 600), 1.0, (4, 4, 4), 100, in_columns=True)
    assert layout.starts == (0, 4, 8)
    assert len(layout.columns) == 4


def test_the_keys_walk_through_lines_of_different_length() -> None:
    layout = lay_out(7, ROOM, 1.0, (3, 4), 100)
    assert layout.neighbor(2, 1, 0) == 3
    assert layout.neighbor(3, -1, 0) == 2
    assert layout.neighbor(0, 0, 1) in layout.starts
    assert layout.neighbor(6, 0, 1) == 6


def test_between_two_lines_the_bar_stands_where_the_mouse_is() -> None:
    layout = lay_out(4, ROOM, 1.0, (2, 2), 50)
    first, second = layout.places[1].picture, layout.places[2].picture
    assert layout.insertion_mark(2, 4, first.center()).left() > first.right()
    assert layout.insertion_mark(2, 4, second.center()).right() < second.left()
