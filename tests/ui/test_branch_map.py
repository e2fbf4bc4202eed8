"""The branch map: the tree of runs on the timeline's axis."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.ui.example_timelines import make_points, make_timeline, playhead_on
from visualizer.session.timeline import Timeline
from visualizer.ui import theme
from visualizer.ui.branch_map import MOST_ROWS, MOST_ROWS_LOW, BranchMap, courses_of, rows_of
from visualizer.ui.branch_words import changed_words, described
from visualizer.ui.step_axis import StepAxis
from visualizer.ui.timeline_view import TimelineView

STEPS = 10


def child(parent: Timeline, step: int, steps: int = STEPS, **changes: object) -> Timeline:
    """A branch of a run, as the session makes it."""
    run = make_timeline(steps)
    run.request = replace(parent.request, **changes)  # type: ignore[arg-type]
    run.parent_run, run.branched_at = parent, step
    return run


def names(runs: list[Timeline], given: dict[str, Timeline]) -> list[str]:
    return [next(name for name, run in given.items() if run is row.run) for row in rows_of(runs)]


def test_a_branch_says_what_it_changed() -> None:
    root = make_timeline(STEPS)
    assert changed_words(root) == "a red car"
    assert changed_words(child(root, 3, prompt="a blue boat")) == "a blue boat"
    assert changed_words(child(root, 3, guidance_scale=8.0)) == "guidance 8"
    assert changed_words(child(root, 3, seed=12)) == "fresh noise 12"
    assert changed_words(child(root, 3, negative_prompt="fog")) == "avoid fog"
    other = child(root, 3, sampler="euler")
    other.sampler = "Euler"
    assert changed_words(other) == "Euler"
    both = child(root, 3, prompt="a blue boat", seed=12)
    assert changed_words(both) == "a blue boat · fresh noise 12"
    assert changed_words(child(root, 3)) == "nothing changed"
    assert changed_words(child(root, 3, prompt="word " * 40)).endswith("…")
    assert described(both) == "a blue boat · fresh noise 12\nBranched from step 3 of 10"


def test_branches_stand_below_their_run_and_the_later_ones_first() -> None:
    root = make_timeline(STEPS)
    early, late = child(root, 2), child(root, 7)
    again, deeper = child(root, 7), child(late, 8)
    runs = {"root": root, "early": early, "late": late, "again": again, "deeper": deeper}
    assert names(list(runs.values()), runs) == ["root", "late", "deeper", "again", "early"]
    assert [row.parent for row in rows_of(list(runs.values()))] == [None, 0, 1, 0, 0]


def test_a_branch_from_before_its_run_began_leaves_the_line_that_is_shared_there() -> None:
    root = make_timeline(STEPS)
    late = child(root, 7)
    before = child(late, 4)
    rows = rows_of([root, late, before])
    assert [(row.start, row.parent) for row in rows] == [(0, None), (7, 0), (4, 0)]


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, STEPS - 1)), max_size=12))
def test_no_line_of_a_tree_crosses_another(made: list[tuple[int, int]]) -> None:
    runs = [make_timeline(1)]
    runs[0].request = replace(runs[0].request, steps=STEPS)
    for parent, step in made:
        run = make_timeline(1)
        run.parent_run, run.branched_at = runs[parent % len(runs)], step
        runs.append(run)
    rows = rows_of(runs)
    assert {id(row.run) for row in rows} == {id(run) for run in runs}
    for index, row in enumerate(rows):
        if row.parent is None:
            continue
        assert row.parent < index
        assert rows[row.parent].start <= row.start
        # going down at its step it passes no line that has begun before that step
        assert all(rows[between].start >= row.start for between in range(row.parent + 1, index))


def test_what_is_shared_stands_at_one_place_and_every_run_ends_at_the_right() -> None:
    root = make_timeline(10)
    long, short = child(root, 4, steps=16), child(root, 6, steps=8)
    rows = rows_of([root, long, short])
    assert [row.run for row in rows] == [root, short, long]
    for current in range(3):
        courses = courses_of(rows, current)
        last = rows[current].run.total - 1
        for row, course in zip(rows, courses, strict=True):
            assert course.position(row.run.total - 1) == pytest.approx(last)
            if row.parent is not None:
                on_parent = courses[row.parent].position(row.start)
                assert course.position(row.start) == pytest.approx(on_parent)
        mine = courses[current]
        assert [mine.position(k) for k in range(last + 1)] == list(range(last + 1))


def shown(qtbot: QtBot, runs: list[Timeline], current: Timeline, k: int = 0) -> TimelineView:
    playhead = playhead_on(current, k)
    view = TimelineView(playhead)
    playhead.setParent(view)
    qtbot.addWidget(view)
    view.set_timeline(current)
    view.set_family(runs)
    view.resize(900, view.sizeHint().height())
    view.run_chosen.connect(lambda run: choose(view, runs, run))
    view.show()
    qtbot.waitUntil(lambda: view.plot is not None)
    return view


def choose(view: TimelineView, runs: list[Timeline], run: Timeline) -> None:
    """What the window does."""
    view.set_timeline(run)
    view.set_family(runs)


def press(qtbot: QtBot, view: TimelineView, row: int, k: float) -> None:
    where = QPoint(round(view.axis.x(k)), round(view.branch_map.y_of(row)))
    qtbot.mouseClick(view.branch_map, Qt.MouseButton.LeftButton, pos=where)


def test_one_run_is_no_tree(qtbot: QtBot) -> None:
    root = make_timeline(STEPS)
    view = shown(qtbot, [root], root)
    assert view.branch_map.isHidden()
    without = view.sizeHint().height()
    view.set_family([root, child(root, 4)])
    assert view.branch_map.isVisible()
    assert view.sizeHint().height() == without + view.branch_map.height()
    view.set_family([root])
    assert view.branch_map.isHidden()
    assert view.sizeHint().height() == without


def test_a_click_on_a_line_looks_at_that_run_where_the_playhead_stands(qtbot: QtBot) -> None:
    root = make_timeline(STEPS)
    branch = child(root, 4, prompt="a blue boat")
    view = shown(qtbot, [root, branch], root, k=7)
    press(qtbot, view, 1, 8)
    assert view.branch_map.rows[1].run is branch
    assert view._timeline is branch
    assert view.mark.x_pixel == round(view.axis.x(7))
    press(qtbot, view, 0, 2)
    assert view._timeline is root


def test_beside_the_lines_the_timeline_is_scrubbed(qtbot: QtBot) -> None:
    root = make_timeline(STEPS)
    branch = child(root, 6, prompt="a blue boat")
    view = shown(qtbot, [root, branch], root, k=7)
    assert not view.branch_map.label_rect(1).contains(QPointF(view.axis.x(2), 20))
    press(qtbot, view, 1, 2)
    assert view._timeline is root
    assert view.mark.x_pixel == round(view.axis.x(2))


def test_the_keys_up_and_down_look_at_the_neighbors(qtbot: QtBot) -> None:
    root = make_timeline(STEPS)
    view = shown(qtbot, runs := [root, child(root, 4), child(root, 6)], root)
    seen = []
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Up):
        qtbot.keyClick(view, key)
        seen.append(runs.index(view._timeline))  # type: ignore[arg-type]
    assert seen == [2, 1, 1, 2]


def test_the_line_of_the_run_that_is_looked_at_is_the_strong_one(qtbot: QtBot) -> None:
    root = make_timeline(STEPS)
    branch = child(root, 4)
    view = shown(qtbot, [root, branch], root)
    strong = QColor(theme.DARK.text).lightness()

    def lightness(row: int) -> int:
        image = view.branch_map.grab().toImage()
        x, y = round(view.axis.x(9)), round(view.branch_map.y_of(row))
        return max(image.pixelColor(x, y + d).lightness() for d in (-1, 0, 1))

    assert lightness(0) > 0.9 * strong > lightness(1)
    choose(view, [root, branch], branch)
    assert lightness(1) > 0.9 * strong > lightness(0)


def test_the_line_grows_with_its_run(qtbot: QtBot) -> None:
    root = make_timeline(STEPS)
    growing = make_timeline(STEPS, there=5)
    growing.parent_run, growing.branched_at = root, 3
    view = shown(qtbot, [root, growing], growing)

    def drawn(k: float) -> bool:
        image = view.branch_map.grab().toImage()
        at = image.pixelColor(round(view.axis.x(k)), round(view.branch_map.y_of(1)))
        return at.lightness() > QColor(theme.DARK.ground).lightness() + 40

    assert not drawn(7.5)
    growing.append(make_points(STEPS)[5:])
    assert drawn(7.5)


def test_a_large_tree_is_clipped_and_the_current_run_is_always_seen(qtbot: QtBot) -> None:
    root = make_timeline(STEPS)
    runs = [root, *(child(root, 5, seed=n) for n in range(20))]
    view = shown(qtbot, runs, root)
    tree = view.branch_map
    assert tree.top == 0
    height = tree.height()
    choose(view, runs, runs[-1])
    assert tree.height() == height
    assert tree.top == 21 - MOST_ROWS
    assert tree.row_at(tree.y_of(20)) == 20
    wheel = QWheelEvent(
        QPointF(300, 20),
        QPointF(300, 20),
        QPoint(),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(tree, wheel)
    assert tree.top == 20 - MOST_ROWS
    view.set_low(True)
    assert tree.height() < height
    assert tree.top == 21 - MOST_ROWS_LOW


def test_words_stay_on_the_map(qtbot: QtBot) -> None:
    root = make_timeline(STEPS)
    long = "a very long and winding sentence about a castle by a lake"
    runs = [root, *(child(root, k, prompt=f"{long} {k}") for k in range(STEPS))]
    view = shown(qtbot, runs, root)
    for width in (320, 700, 1800):
        view.resize(width, view.height())
        view.branch_map.set_axis(StepAxis(width, STEPS + 1))
        for row in range(len(runs)):
            box = view.branch_map.label_rect(row)
            assert box.left() >= 0
            assert box.right() <= width


def test_it_stands_alone_without_runs(qtbot: QtBot) -> None:
    tree = BranchMap()
    qtbot.addWidget(tree)
    assert tree.needed_height == 0
    assert tree.neighbor(1) is None
    assert tree.isHidden()
