"""Where lanes lie: all of them inside the room, apart, undistorted, and as large as they can be."""

from __future__ import annotations

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
    layout = lay_out(6, ROOM, 1.0, (2, 3), 100)
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
    layout = lay_out(6, ROOM, 1.0, (2, 3), 100)
    assert [layout.neighbor(0, *way) for way in ((1, 0), (0, 1), (-1, 0), (0, -1))] == [1, 3, 0, 0]
    assert [layout.neighbor(5, *way) for way in ((1, 0), (0, 1), (-1, 0), (0, -1))] == [5, 5, 4, 2]
