"""The grid: the right pictures, in step, under one camera, and under the hands of a person."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPaintEvent, QRegion, QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.ui.example_lanes import PLAIN_COLORS, make_lanes, make_run_of, plain_picture
from tests.ui.sitting import pixels
from visualizer.diffusion.grid import Axis, Grid
from visualizer.diffusion.request import SamplingRequest
from visualizer.session.failure import Failure
from visualizer.session.lanes import Lane, Lanes
from visualizer.session.pictures import thumbnail_of
from visualizer.session.timeline import Point, Timeline
from visualizer.ui import lane_painting
from visualizer.ui import theme as themes
from visualizer.ui.lane_grid import LaneGrid

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
LEFT = Qt.MouseButton.LeftButton


class Watched(LaneGrid):
    """A grid that remembers what it was asked to paint."""

    def __init__(self, lanes: Lanes) -> None:
        self.painted = QRegion()
        super().__init__(lanes)

    def paintEvent(self, event: QPaintEvent) -> None:
        self.painted = self.painted.united(event.region())
        super().paintEvent(event)


def show(qtbot: QtBot, lanes: Lanes, width: int = 640, height: int = 360) -> Watched:
    grid = Watched(lanes)
    lanes.setParent(grid)
    qtbot.addWidget(grid)
    grid.resize(width, height)
    grid.show()
    qtbot.waitExposed(grid)
    return grid


@pytest.fixture
def four(qtbot: QtBot) -> tuple[Watched, Lanes]:
    lanes = make_lanes(4, pair=False)
    return show(qtbot, lanes), lanes


def table(steps: int = 3) -> Lanes:
    """Two prompts under three seeds."""
    base = SamplingRequest("a red car", steps=steps)
    grid = Grid(base, Axis("seed", (1, 2, 3)), Axis("prompt", ("a red car", "a green boat")))
    lanes = Lanes()
    lanes.replace(grid.cells, column_labels=grid.column_labels, row_labels=grid.row_labels)
    for i, lane in enumerate(lanes.lanes):
        lanes.set_lane(lane, timeline=make_run_of(i, steps, plain_picture), state="done")
    return lanes


def center(grid: LaneGrid, lane: Lane) -> QPoint:
    return grid.place(lane).center()


def seen(grid: LaneGrid, lane: Lane) -> tuple[int, ...]:
    at = center(grid, lane)
    return tuple(int(v) for v in pixels(grid)[at.y(), at.x()])


def press(grid: LaneGrid, start: QPoint, *way: QPoint) -> None:
    """Press, move along, and let go, as a mouse does it."""
    for kind, at in (
        (QEvent.Type.MouseButtonPress, start),
        *((QEvent.Type.MouseMove, point) for point in way),
        (QEvent.Type.MouseButtonRelease, way[-1] if way else start),
    ):
        held = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseButtonRelease else LEFT
        button = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseMove else LEFT
        spot = QPointF(at)
        event = QMouseEvent(
            kind, spot, grid.mapToGlobal(spot), button, held, Qt.KeyboardModifier.NoModifier
        )
        QApplication.sendEvent(grid, event)


def wheel(grid: LaneGrid, where: QPoint, delta: int) -> None:
    event = QWheelEvent(
        QPointF(where),
        grid.mapToGlobal(QPointF(where)),
        QPoint(),
        QPoint(0, delta),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(grid, event)


def names(lanes: Lanes) -> list[str]:
    return [lane.label for lane in lanes.lanes]


# --- what is seen ---------------------------------------------------------------------------------


def test_every_lane_shows_its_picture_at_the_playhead(four: tuple[Watched, Lanes]) -> None:
    grid, lanes = four
    for position in (0, 5, 10):
        lanes.playhead.seek(position)
        for i, lane in enumerate(lanes.lanes):
            red, green, blue = PLAIN_COLORS[i]
            assert seen(grid, lane) == (red - position, green, blue)


def test_only_lanes_with_another_picture_are_painted(
    qtbot: QtBot, four: tuple[Watched, Lanes]
) -> None:
    grid, lanes = four
    QApplication.processEvents()
    grid.painted = QRegion()
    last = lanes.lanes[3]
    assert last.timeline is not None
    lanes.playhead.seek(1)
    qtbot.waitUntil(lambda: not grid.painted.isEmpty())
    for lane in lanes.lanes:
        assert grid.painted.contains(center(grid, lane))
    grid.painted = QRegion()
    last.timeline.picture_changed.emit(1, "noisy")  # the same picture: nothing to paint
    last.timeline.picture_changed.emit(7, "noisy")
    QApplication.processEvents()
    assert grid.painted.isEmpty()


def test_a_lane_grows_live(qtbot: QtBot) -> None:
    lanes = make_lanes(2, 6, there=2, pair=False)
    grid = show(qtbot, lanes)
    lanes.playhead.seek(1)
    run, whole = lanes.lanes[0].timeline, make_run_of(0, 6, plain_picture)
    assert run is not None
    before = seen(grid, lanes.lanes[0])
    points = [whole_point(whole, k) for k in range(2, 7)]
    run.append(points)
    lanes.playhead.seek(6)
    assert seen(grid, lanes.lanes[0]) != before
    assert seen(grid, lanes.lanes[1])[0] == PLAIN_COLORS[1][0] - 1  # it has not got there


def whole_point(timeline: Timeline, k: int) -> Point:
    step = timeline.step(k)
    picture = plain_picture(0, k, 6)
    views = {"noisy": picture, "denoised": picture}
    return Point(step, step.noise_level.noise_share, 1.0, views, thumbnail_of(picture))  # type: ignore[arg-type]


def test_a_table_has_headings_and_says_them_on_hover(qtbot: QtBot) -> None:
    lanes = table()
    grid = show(qtbot, lanes)
    assert len(grid.layout_now.columns) == 3
    assert len(grid.layout_now.rows) == 2
    assert grid.explain(grid.layout_now.columns[1].center()) == "seed 2"
    assert grid.explain(grid.layout_now.rows[1].center()) == "a green boat"
    assert grid.explain(center(grid, lanes.lanes[5])).startswith("F: seed 3 · a green boat")
    assert grid.explain(center(grid, lanes.lanes[5])).count("a green boat") == 1
    lanes.reorder(lanes.lanes[0].id, 5)
    assert len(grid.layout_now.columns) == 0  # now only the lanes' own labels tell


def test_lanes_that_have_not_begun_are_empty_and_a_failed_one_says_why(qtbot: QtBot) -> None:
    lanes = make_lanes(3, pair=False)
    waiting = lanes.lanes
    lanes.replace(Grid(SamplingRequest("a car", steps=3), Axis("seed", (1, 2))).cells)
    grid = show(qtbot, lanes)
    assert waiting != lanes.lanes
    first, second = lanes.lanes
    assert grid.look(first) == lane_painting.Look()
    empty = pixels(grid)
    trouble = Failure("The numbers of this lane overflowed.", "Take less guidance.")
    lanes.set_lane(second, state="failed", failure=trouble)
    assert grid.look(second).message == f"{trouble.title} {trouble.detail}"
    assert grid.look(second).failed
    assert not np.array_equal(empty, pixels(grid))
    assert trouble.title in grid.explain(center(grid, second))


def test_sixty_four_lanes_are_all_there(qtbot: QtBot) -> None:
    lanes = make_lanes(64, 2, pair=False)
    grid = show(qtbot, lanes, 520, 300)
    lanes.playhead.seek(2)
    for i, lane in enumerate(lanes.lanes):
        assert grid.rect().contains(grid.place(lane))
        assert seen(grid, lane)[1:] == PLAIN_COLORS[i % 4][1:]


def test_lanes_of_other_step_counts_say_their_own_step(qtbot: QtBot) -> None:
    lanes = make_lanes(2, (4, 8), pair=False)
    grid = show(qtbot, lanes)
    lanes.set_alignment("step")
    lanes.playhead.seek(6)
    assert [grid.look(lane).beside for lane in lanes.lanes] == ["step 4 of 4", "step 6 of 8"]
    same = make_lanes(2, 4, pair=False)
    other = show(qtbot, same)
    assert other.look(same.lanes[0]).beside == ""


def test_what_a_batch_was_is_told_on_hover(qtbot: QtBot, four: tuple[Watched, Lanes]) -> None:
    grid, lanes = four
    for size, words in ((4, "Sampled together with 3 others, as one batch"), (1, "on its own")):
        lanes.set_lane(lanes.lanes[0], batch_size=size)
        assert words in grid.explain(center(grid, lanes.lanes[0]))


# --- one camera -----------------------------------------------------------------------------------


def test_the_wheel_zooms_all_lanes_about_the_cursor(four: tuple[Watched, Lanes]) -> None:
    grid, lanes = four
    first, last = lanes.lanes[0], lanes.lanes[3]
    place, at = grid.place(first), grid.place(first).topLeft() + QPoint(30, 40)
    before = grid.target(first)
    u, v = at.x() - before.x(), at.y() - before.y()
    wheel(grid, at, 400)
    after = grid.target(first)
    assert grid.zoom > 1
    assert after.width() > before.width()
    assert (at.x() - after.x()) / after.width() == pytest.approx(u / before.width(), abs=0.01)
    assert (at.y() - after.y()) / after.height() == pytest.approx(v / before.height(), abs=0.01)
    shift = grid.place(last).topLeft() - place.topLeft()
    other = grid.target(last)
    assert (other.x() - after.x(), other.y() - after.y()) == pytest.approx((shift.x(), shift.y()))
    grid.fit()
    assert grid.target(first) == before


def test_dragging_moves_all_enlarged_pictures_alike_and_no_further_than_their_edges(
    four: tuple[Watched, Lanes],
) -> None:
    grid, lanes = four
    start = center(grid, lanes.lanes[1])
    wheel(grid, start, 500)
    before = [grid.target(lane) for lane in lanes.lanes]
    press(grid, start, start + QPoint(15, 0), start + QPoint(20, -10))
    moved = [
        grid.target(lane).topLeft() - old.topLeft()
        for lane, old in zip(lanes.lanes, before, strict=True)
    ]
    for shift in moved:
        assert (shift.x(), shift.y()) == pytest.approx((20, -10), abs=0.5)
    assert names(lanes) == ["seed 1", "seed 2", "seed 3", "seed 4"]  # nothing was reordered
    press(grid, start, start + QPoint(5000, 0))
    for lane in lanes.lanes:
        assert grid.target(lane).left() == pytest.approx(grid.place(lane).left())


def test_one_lane_is_enlarged_and_all_are_back(qtbot: QtBot, four: tuple[Watched, Lanes]) -> None:
    grid, lanes = four
    second = lanes.lanes[1]
    small = grid.place(second).width()
    qtbot.mouseDClick(grid, LEFT, pos=center(grid, second))
    assert grid.enlarged == second.id == lanes.focus
    assert grid.shown == (second,)
    assert grid.place(second).width() > 1.3 * small
    grid.move_focus(1, 0)  # the next one takes its place
    assert grid.shown == (lanes.lanes[2],)
    qtbot.mouseDClick(grid, LEFT, pos=center(grid, lanes.lanes[2]))
    assert grid.enlarged is None
    assert len(grid.shown) == 4


# --- hands ----------------------------------------------------------------------------------------


def test_a_click_takes_focus_and_another_with_ctrl_makes_a_pair(
    qtbot: QtBot, four: tuple[Watched, Lanes]
) -> None:
    grid, lanes = four
    a, b, c = lanes.lanes[:3]
    qtbot.mouseClick(grid, LEFT, pos=center(grid, b))
    assert lanes.focus == b.id
    qtbot.mouseClick(grid, LEFT, CTRL, center(grid, c))
    assert lanes.pair == (b.id, c.id)
    qtbot.mouseClick(grid, LEFT, SHIFT, center(grid, a))
    assert lanes.pair == (b.id, a.id)
    qtbot.mouseClick(grid, LEFT, CTRL, center(grid, b))  # not with itself
    assert lanes.pair == (b.id, a.id)
    assert lanes.focus == b.id


def test_a_dragged_lane_takes_another_place(four: tuple[Watched, Lanes]) -> None:
    grid, lanes = four
    first, last = center(grid, lanes.lanes[0]), center(grid, lanes.lanes[3])
    press(grid, first, first + QPoint(30, 5), last + QPoint(20, 0))
    assert names(lanes) == ["seed 2", "seed 3", "seed 4", "seed 1"]
    last = center(grid, lanes.lanes[3])
    first = center(grid, lanes.lanes[0])
    press(grid, last, last - QPoint(30, 5), first - QPoint(20, 0))
    assert names(lanes) == ["seed 1", "seed 2", "seed 3", "seed 4"]
    press(grid, first, first + QPoint(2, 1))  # a hand that trembles drags nothing
    assert names(lanes) == ["seed 1", "seed 2", "seed 3", "seed 4"]


def test_the_small_button_removes_a_lane(qtbot: QtBot, four: tuple[Watched, Lanes]) -> None:
    grid, lanes = four
    second = lanes.lanes[1]
    button = lane_painting.close_rect(grid.place(second)).center()
    qtbot.mouseMove(grid, button)
    qtbot.waitUntil(lambda: "Remove" in grid.explain(button))
    qtbot.mouseClick(grid, LEFT, pos=button)
    assert names(lanes) == ["seed 1", "seed 3", "seed 4"]
    assert lanes.focus is None  # it is no click on the lane


def test_keys_move_the_focus_and_remove(four: tuple[Watched, Lanes]) -> None:
    grid, lanes = four
    across = grid.layout_now.across
    grid.move_focus(1, 0)
    assert lanes.focus == lanes.lanes[0].id
    grid.move_focus(1, 0)
    assert lanes.focus == lanes.lanes[1].id
    grid.move_focus(0, 1)
    expected = 1 + across if 1 + across < 4 else 1
    assert lanes.focus == lanes.lanes[expected].id
    gone = lanes.focus
    grid.remove_focused()
    assert gone not in [lane.id for lane in lanes.lanes]
    assert lanes.focus is not None
    for _ in range(3):
        grid.remove_focused()
    assert lanes.lanes == ()
    grid.remove_focused()  # nothing is left, and nothing happens
    grid.move_focus(1, 0)


def test_whoever_comes_by_tab_sees_where_the_keys_act(four: tuple[Watched, Lanes]) -> None:
    grid, lanes = four
    grid.setFocus(Qt.FocusReason.OtherFocusReason)
    assert lanes.focus is None
    grid.clearFocus()
    grid.setFocus(Qt.FocusReason.TabFocusReason)
    assert lanes.focus == lanes.lanes[0].id
    grid.toggle_enlarged()
    assert grid.enlarged == lanes.lanes[0].id


def test_the_menu_of_a_lane(qtbot: QtBot, four: tuple[Watched, Lanes]) -> None:
    grid, lanes = four
    a, b = lanes.lanes[:2]
    lanes.set_focus(a.id)
    menu = grid.menu_of(b)
    actions = {action.text(): action for action in menu.actions() if action.text()}
    names_of_ways = list(actions)
    assert names_of_ways[:3] == ["Open alone", "Enlarge", "Compare with A"]
    assert names_of_ways[-1] == "Remove"
    with qtbot.waitSignal(grid.open_asked) as asked:
        actions["Open alone"].trigger()
    assert asked.args == [b.timeline]
    actions["Compare with A"].trigger()
    assert lanes.pair == (a.id, b.id)
    actions["Enlarge"].trigger()
    assert grid.enlarged == b.id
    actions["Remove"].trigger()
    assert names(lanes) == ["seed 1", "seed 3", "seed 4"]
    assert grid.enlarged is None
    menu.deleteLater()


def test_every_view_and_hard_pixels_are_for_all_lanes(qtbot: QtBot) -> None:
    lanes = make_lanes(2, pair=False)
    grid = show(qtbot, lanes)
    lanes.playhead.seek(3)
    smooth = pixels(grid)
    lanes.playhead.set_view("channels")
    assert all(grid.look(lane).numbers for lane in lanes.lanes)
    assert not np.array_equal(smooth, pixels(grid))
    lanes.playhead.set_view("unprompted")
    assert all("prompt" in grid.look(lane).message for lane in lanes.lanes)
    with qtbot.waitSignal(grid.hard_pixels_changed) as changed:
        grid.set_hard_pixels(True)
    assert changed.args == [True]


def test_a_picture_that_is_shown_alone_has_a_way_back(
    qtbot: QtBot, four: tuple[Watched, Lanes]
) -> None:
    grid, lanes = four
    assert not grid.back_button.isVisible()
    grid.enlarge(lanes.lanes[2].id)
    assert grid.back_button.isVisible()
    assert grid.place(lanes.lanes[2]).contains(grid.back_button.geometry())
    qtbot.mouseClick(grid.back_button, LEFT)
    assert grid.enlarged is None
    assert not grid.back_button.isVisible()


def test_letters_stay_with_their_lanes(four: tuple[Watched, Lanes]) -> None:
    grid, lanes = four
    last = lanes.lanes[3]
    assert grid.explain(center(grid, last)).startswith("D: ")
    lanes.reorder(last.id, 0)
    lanes.remove(lanes.lanes[1].id)
    assert grid.explain(center(grid, last)).startswith("D: ")


def test_a_row_that_lost_a_lane_keeps_its_heading(qtbot: QtBot) -> None:
    lanes = table()
    grid = show(qtbot, lanes)
    lanes.remove(lanes.lanes[1].id)
    layout = grid.layout_now
    assert not layout.columns
    assert grid.explain(layout.rows[1].center()) == "a green boat"
    lanes.remove(lanes.lanes[3].id)  # now the same column is missing in both rows
    assert [grid.explain(room.center()) for room in grid.layout_now.columns] == ["seed 1", "seed 3"]


def test_small_pictures_of_wrapped_rows_have_their_seeds_in_a_corner(qtbot: QtBot) -> None:
    base = SamplingRequest("a red car", steps=2)
    asked = Grid(base, Axis("seed", tuple(range(1, 31))), Axis("prompt", ("a car", "a boat")))
    lanes = Lanes()
    lanes.replace(asked.cells, column_labels=asked.column_labels, row_labels=asked.row_labels)
    for i, lane in enumerate(lanes.lanes):
        lanes.set_lane(lane, timeline=make_run_of(i, 2, plain_picture), state="done")
    grid = show(qtbot, lanes, 900, 480)
    place = grid.place(lanes.lanes[20])
    assert place.width() >= 56
    assert len(grid.layout_now.rows) == 2
    surface = QColor(themes.current().surface)
    corner = pixels(grid)[place.bottom(), place.left()]
    assert tuple(corner) == (surface.red(), surface.green(), surface.blue())
