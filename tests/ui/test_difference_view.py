"""The difference of two lanes: wipe, blink and heat map over each other."""

from __future__ import annotations

import subprocess
import sys
import weakref
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QKeySequence, QShortcut
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMainWindow
from pytestqt.qtbot import QtBot

from tests.ui.example_lanes import PLAIN_COLORS, make_lanes, make_run_of, plain_picture
from tests.ui.example_timelines import plain
from visualizer.diffusion.arrays import Picture
from visualizer.diffusion.distances import picture_distance
from visualizer.diffusion.grid import Cell
from visualizer.diffusion.picture_difference import heat_colors
from visualizer.diffusion.request import SamplingRequest
from visualizer.session.failure import Failure
from visualizer.session.lanes import Lanes
from visualizer.ui import theme
from visualizer.ui.difference_stage import FASTEST
from visualizer.ui.difference_view import DifferenceView
from visualizer.ui.heat_map import SIDE, HeatMaps
from visualizer.ui.lane_captions import without_shared

A, B, C = (QColor(*color) for color in PLAIN_COLORS[:3])
ARROW_LEFT, ARROW_RIGHT = Qt.Key.Key_Left, Qt.Key.Key_Right


def show_view(
    qtbot: QtBot, lanes: Lanes, mode: str = "wipe", width: int = 360, height: int = 420
) -> DifferenceView:
    view = DifferenceView(lanes)
    lanes.setParent(view)
    qtbot.addWidget(view)
    view.resize(width, height)
    view.set_mode(mode)
    view.show()
    qtbot.waitExposed(view)
    return view


def color_at(view: DifferenceView, across: float, down: float = 0.8) -> QColor:
    """The color in the picture, at shares of its width and height."""
    target = view.stage.target_rect()
    image = view.stage.grab().toImage()
    x, y = target.x() + across * target.width(), target.y() + down * target.height()
    return image.pixelColor(round(min(x, target.right() - 1)), round(min(y, target.bottom() - 1)))


def at(view: DifferenceView, across: float, down: float = 0.8) -> QPoint:
    target = view.stage.target_rect()
    return QPoint(
        round(target.x() + across * target.width()), round(target.y() + down * target.height())
    )


# --- wipe -------------------------------------------------------------------------------------


@pytest.mark.parametrize("divider", [0.2, 0.5, 0.83])
def test_the_first_lane_is_left_of_the_divider_and_the_second_right_of_it(
    qtbot: QtBot, divider: float
) -> None:
    view = show_view(qtbot, make_lanes())
    view.stage.set_divider(divider)
    for across in (0.01, divider - 0.03):
        assert color_at(view, across) == A
    for across in (divider + 0.03, 0.99):
        assert color_at(view, across) == B
    assert color_at(view, divider) == QColor("white")


def test_the_divider_is_dragged(qtbot: QtBot) -> None:
    view = show_view(qtbot, make_lanes())
    stage = view.stage
    QTest.mousePress(stage, Qt.MouseButton.LeftButton, pos=at(view, 0.3))
    assert stage.divider == pytest.approx(0.3, abs=0.01)
    QTest.mouseMove(stage, at(view, 0.7))
    assert stage.divider == pytest.approx(0.7, abs=0.01)
    QTest.mouseMove(stage, QPoint(stage.width() + 500, 10))
    assert stage.divider == 1.0
    QTest.mouseRelease(stage, Qt.MouseButton.LeftButton, pos=at(view, 0.9))
    QTest.mouseMove(stage, at(view, 0.2))
    assert stage.divider == 1.0


def test_arrows_move_the_divider_and_not_time(qtbot: QtBot) -> None:
    window = QMainWindow()
    qtbot.addWidget(window)
    lanes = make_lanes()
    view = DifferenceView(lanes)
    lanes.setParent(view)
    window.setCentralWidget(view)
    moves: list[int] = []
    QShortcut(QKeySequence("Right"), window).activated.connect(lambda: moves.append(1))
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    view.stage.setFocus()
    QTest.keyClick(view.stage, ARROW_RIGHT)
    assert view.stage.divider == pytest.approx(0.52)
    QTest.keyClick(view.stage, ARROW_LEFT, Qt.KeyboardModifier.ShiftModifier)
    assert view.stage.divider == pytest.approx(0.42)
    assert moves == []
    view.set_mode("heat")  # there is no divider: the key is time's
    QTest.keyClick(view.stage, ARROW_RIGHT)
    assert moves == [1]


def test_labels_stand_in_the_corners_in_the_lanes_colors(qtbot: QtBot) -> None:
    view = show_view(qtbot, make_lanes())
    image, target = view.stage.grab().toImage(), view.stage.target_rect()
    top = range(round(target.top()), round(target.top()) + 30)
    for color, xs in (
        (theme.lane_color(0), range(round(target.left()), round(target.center().x()))),
        (theme.lane_color(1), range(round(target.center().x()), round(target.right()))),
    ):
        assert sum(image.pixelColor(x, y) == QColor(color) for x in xs for y in top) > 60
    assert "Left A, seed 1; right B, seed 2" in view.stage.accessibleDescription()


def test_time_and_view_are_the_shared_playhead_s(qtbot: QtBot) -> None:
    lanes = make_lanes()
    view = show_view(qtbot, lanes)
    for k in (0, 4, 10):
        lanes.playhead.seek(k)
        assert color_at(view, 0.1) == QColor(*plain_picture(0, k, 10)[0, 0].tolist())
        assert color_at(view, 0.9) == QColor(*plain_picture(1, k, 10)[0, 0].tolist())
    lanes.playhead.seek(0)
    lanes.playhead.set_view("change")
    assert "Nothing has changed yet" in view.stage.message


def test_pictures_are_wanted_only_while_somebody_looks(qtbot: QtBot) -> None:
    lanes = make_lanes()
    view = show_view(qtbot, lanes)
    wanted: list[int] = []
    for lane in lanes.lanes:
        assert lane.timeline is not None
        lane.timeline.picture_wanted.connect(lambda k, _view: wanted.append(k))
    view.hide()
    lanes.playhead.seek(5)
    assert wanted == []
    view.show()
    assert set(wanted) == {5}
    assert color_at(view, 0.1) == QColor(*plain_picture(0, 5, 10)[0, 0].tolist())


def test_a_sharper_picture_is_shown_at_once(qtbot: QtBot) -> None:
    lanes = make_lanes()
    view = show_view(qtbot, lanes)
    timeline = lanes.lanes[1].timeline
    assert timeline is not None
    timeline.put_picture(0, "noisy", plain((1, 2, 3)), exact=True)
    assert color_at(view, 0.9) == QColor(1, 2, 3)


def test_lanes_of_other_lengths_meet_at_one_moment(qtbot: QtBot) -> None:
    lanes = make_lanes(2, (10, 20))
    view = show_view(qtbot, lanes)
    lanes.playhead.seek(20)  # the longer one is the axis
    assert color_at(view, 0.1) == QColor(*plain_picture(0, 10, 10)[0, 0].tolist())
    assert color_at(view, 0.9) == QColor(*plain_picture(1, 20, 20)[0, 0].tolist())


def four_quarters(lane: int, k: int, steps: int) -> Picture:
    """Red, green, blue and white quarters; a lane's are dimmed by its number."""
    picture = np.zeros((16, 16, 3), dtype=np.uint8)
    quarters = ((255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255))
    for i, color in enumerate(quarters):
        picture[8 * (i // 2) :, 8 * (i % 2) :] = np.array(color) // (lane + 1)
    return picture


def test_both_pictures_are_seen_through_one_zoom(qtbot: QtBot) -> None:
    view = show_view(qtbot, make_lanes(2, picture_of=four_quarters))
    stage = view.stage
    with qtbot.waitSignal(stage.zoom_changed):
        stage.look_through(2.0, QPointF(0.0, 1.0), hard=True)  # the lower left quarter: blue
    target = stage.target_rect()  # no farther than its edges
    assert target.left() == 0
    assert target.bottom() == pytest.approx(stage.height())
    assert stage.center.x() == pytest.approx(stage.width() / 2 / target.width())
    image, shown = stage.grab().toImage(), stage.shown_rect()
    y = round(shown.bottom()) - 20
    assert image.pixelColor(round(shown.left()) + 4, y) == QColor(0, 0, 255)
    assert image.pixelColor(round(shown.right()) - 30, y) == QColor(0, 0, 127)
    # the divider stays in reach, and beside it the pictures are moved
    QTest.mousePress(stage, Qt.MouseButton.LeftButton, pos=QPoint(40, y))
    QTest.mouseMove(stage, QPoint(40 - stage.width(), y))
    QTest.mouseRelease(stage, Qt.MouseButton.LeftButton, pos=QPoint(40 - stage.width(), y))
    assert stage.divider == 0.5
    image = stage.grab().toImage()
    assert image.pixelColor(round(shown.left()) + 30, y) == QColor(255, 255, 255)
    assert stage.target_rect().right() == pytest.approx(stage.width())
    QTest.mouseDClick(stage, Qt.MouseButton.LeftButton, pos=QPoint(30, 40))
    assert stage.zoom == 1.0


def test_the_wheel_zooms_about_the_cursor(qtbot: QtBot) -> None:
    view = show_view(qtbot, make_lanes(2, picture_of=four_quarters))
    stage = view.stage
    about = QPointF(at(view, 0.25, 0.25))
    stage.zoom_by(3.0, about)
    target = stage.target_rect()
    assert (about.x() - target.x()) / target.width() == pytest.approx(0.25, abs=0.01)
    assert (about.y() - target.y()) / target.height() == pytest.approx(0.25, abs=0.01)
    stage.zoom_by(1e9, about)
    assert stage.target_rect().width() / 16 == pytest.approx(64, rel=0.02)
    stage.zoom_by(1e-9, about)
    assert stage.zoom == 1.0


def test_where_labels_have_no_room_what_they_do_not_share_is_shown(qtbot: QtBot) -> None:
    same = "a very long prompt about a mountain road at sunset in winter"
    labels = (f"{same} seed 71", f"{same} seed 8")
    lanes = make_lanes()
    lanes.replace([Cell(SamplingRequest("a"), 0, i, label) for i, label in enumerate(labels)])
    view = show_view(qtbot, lanes, width=280)
    row = view.pair_row
    assert [row.first.text(), row.second.text()] == ["71", "8"]
    assert row.first.toolTip().endswith(labels[0])


@given(st.lists(st.sampled_from("abc")), st.lists(st.sampled_from("abc")))
def test_what_is_shown_of_two_labels_tells_them_apart(one: list[str], two: list[str]) -> None:
    first, second = " ".join(one), " ".join(two)
    ours, theirs = without_shared((first, second))
    assert (ours == theirs) == (first == second)
    assert ours in first
    assert theirs in second
    assert bool(ours) == bool(first)


# --- blink ------------------------------------------------------------------------------------


def test_the_two_take_turns_and_rest_when_nobody_looks(qtbot: QtBot) -> None:
    view = show_view(qtbot, make_lanes(), "blink")
    stage = view.stage
    view.set_rate(3.0)
    assert stage.blinking
    assert color_at(view, 0.5) == A
    qtbot.waitUntil(lambda: stage.shows_second)
    assert color_at(view, 0.1) == B
    assert color_at(view, 0.9) == B
    qtbot.waitUntil(lambda: not stage.shows_second)
    view.hide()
    assert not stage.blinking
    view.show()
    assert stage.blinking
    view.set_mode("wipe")
    assert not stage.blinking


def test_the_ways_to_look_are_never_cut(qtbot: QtBot) -> None:
    view = show_view(qtbot, make_lanes(), width=280)
    for mode in ("wipe", "blink", "heat"):
        view.set_mode(mode)
        QApplication.processEvents()
        for button in view.modes.buttons.values():
            assert button.width() >= button.sizeHint().width()
    view.set_mode("blink")
    assert view.blinking.y() > view.modes.geometry().bottom()


@pytest.mark.parametrize("asked", [0.0, 0.5, 2.0, 3.0, 7.0, 1e9])
def test_it_never_blinks_fast_enough_to_harm(qtbot: QtBot, asked: float) -> None:
    view = show_view(qtbot, make_lanes(), "blink")
    view.set_rate(asked)
    assert 0 < view.stage.rate <= FASTEST <= 3.0


def test_a_click_holds_and_arrows_choose(qtbot: QtBot) -> None:
    view = show_view(qtbot, make_lanes(), "blink")
    stage = view.stage
    QTest.mouseClick(stage, Qt.MouseButton.LeftButton, pos=at(view, 0.5))
    assert stage.held
    assert not stage.blinking
    QTest.keyClick(stage, ARROW_RIGHT)
    assert color_at(view, 0.5) == B
    QTest.keyClick(stage, ARROW_LEFT)
    assert color_at(view, 0.5) == A
    assert view.hold_button.accessibleName() == "Let them take turns"
    view.hold_button.click()
    assert stage.blinking


# --- heat map ---------------------------------------------------------------------------------


def half_and_half(lane: int, k: int, steps: int) -> Picture:
    """The upper half is equal in all lanes; the lower is 20 % of the way lighter in each."""
    picture = np.full((16, 16, 3), 20, dtype=np.uint8)
    picture[8:] += np.uint8(51 * lane)
    return picture


def test_the_heat_map_is_zero_where_pictures_are_equal(qtbot: QtBot) -> None:
    view = show_view(qtbot, make_lanes(2, picture_of=half_and_half), "heat")
    colors = heat_colors()
    assert color_at(view, 0.5, 0.4) == QColor(*colors[0].tolist())
    assert color_at(view, 0.5, 0.9) == QColor(*colors[round(0.2 / 0.5 * 255)].tolist())
    assert view.stage.mean_distance == pytest.approx(0.2 / np.sqrt(2), abs=1e-6)


def test_a_color_means_the_same_at_every_step(qtbot: QtBot) -> None:
    def picture_of(lane: int, k: int, steps: int) -> Picture:
        picture = np.full((16, 16, 3), 20 + 30 * lane, dtype=np.uint8)
        picture[:8] += np.uint8(k * 20 * lane)
        return picture

    lanes = make_lanes(2, picture_of=picture_of)
    view = show_view(qtbot, lanes, "heat")
    lanes.playhead.seek(1)
    lower = color_at(view, 0.5, 0.9)
    upper = color_at(view, 0.5, 0.4)
    lanes.playhead.seek(9)
    assert color_at(view, 0.5, 0.9) == lower
    assert color_at(view, 0.5, 0.4) != upper


def test_the_mouse_reads_out_a_pixel(qtbot: QtBot) -> None:
    view = show_view(qtbot, make_lanes(2, picture_of=half_and_half), "heat")
    bar = view.stage.scale_rect()
    assert not view.stage.scale_stands
    words = bar.adjusted(bar.width() // 2, -24, 0, -10)
    before = view.stage.grab(words).toImage()
    QTest.mouseMove(view.stage, at(view, 0.5, 0.9))
    assert view.stage.grab(words).toImage() != before
    QApplication.processEvents()


@pytest.mark.parametrize(("width", "height"), [(288, 220), (360, 260), (420, 420), (900, 260)])
def test_the_scale_has_its_own_place(qtbot: QtBot, width: int, height: int) -> None:
    view = show_view(qtbot, make_lanes(2, picture_of=half_and_half), "heat", width, height)
    bar, shown = view.stage.scale_rect(), view.stage.shown_rect()
    assert view.stage.rect().contains(bar)
    assert not QRectF(bar).intersects(shown)
    image = view.stage.grab().toImage()
    places = (0.1, 0.5, 0.9)
    for share, color in zip(places, heat_colors()[[25, 128, 230]].astype(int), strict=True):
        along = QPoint(round(bar.left() + share * bar.width()), bar.center().y())
        if view.stage.scale_stands:
            along = QPoint(bar.center().x(), round(bar.bottom() - share * bar.height()))
        found = image.pixelColor(along)
        seen = np.array([found.red(), found.green(), found.blue()])
        assert np.abs(seen - color).max() < 16


def noise_of(side: int) -> Callable[[int, int, int], Picture]:
    """Random pictures of a side, the same for a lane and a step."""

    def picture_of(lane: int, k: int, steps: int) -> Picture:
        random = np.random.default_rng((lane, k))
        return random.integers(0, 256, (side, side, 3), dtype=np.uint8)

    return picture_of


def test_the_words_of_the_heat_map_say_what_the_plot_says(qtbot: QtBot) -> None:
    lanes = make_lanes(2, 2, picture_of=noise_of(2 * SIDE))
    view = show_view(qtbot, lanes, "heat")
    a, b = (lane.timeline.picture(0, "noisy") for lane in lanes.lanes)  # type: ignore[union-attr]
    lanes.playhead.seek(0)
    assert a is not None
    assert b is not None
    assert view.stage.mean_distance == picture_distance(a, b)
    assert picture_distance(a, b) == pytest.approx(0.41, abs=0.01)
    heat = HeatMaps().get(a, b)
    assert heat.distances.shape == (SIDE, SIDE)
    assert float(np.sqrt(np.mean(heat.distances**2))) == pytest.approx(heat.mean, abs=1e-5)


def test_maps_take_a_bounded_memory_and_hold_no_pictures() -> None:
    pictures = [noise_of(64)(lane, 0, 1) for lane in range(6)]
    one = HeatMaps().get(pictures[0], pictures[1]).nbytes
    maps = HeatMaps(limit=3 * one)
    kept = [maps.get(pictures[0], other) for other in pictures[1:]]
    assert maps.nbytes == 3 * one
    assert maps.get(pictures[0], pictures[-1]) is kept[-1]
    gone = weakref.ref(pictures.pop())
    assert gone() is None
    assert maps.get(pictures[0], pictures[1]) is not kept[0], "the one looked at longest ago"
    maps.clear()
    assert maps.nbytes == 0


def test_nothing_is_remembered_of_lanes_that_were_replaced_or_are_not_seen(qtbot: QtBot) -> None:
    lanes = make_lanes(2, picture_of=half_and_half)
    view = show_view(qtbot, lanes, "heat")
    view.stage.grab()
    assert view.stage.bytes_kept > 0
    lanes.replace([Cell(SamplingRequest(prompt="x", seed=s), 0, s, "x") for s in (0, 1)])
    assert view.stage.bytes_kept == 0
    other = show_view(qtbot, make_lanes(2, picture_of=half_and_half), "heat")
    other.stage.grab()
    assert other.stage.bytes_kept > 0
    other.hide()
    assert other.stage.bytes_kept == 0


def test_a_smaller_picture_is_compared_at_the_size_of_the_larger(qtbot: QtBot) -> None:
    def picture_of(lane: int, k: int, steps: int) -> Picture:
        return plain((90, 90, 90), *(48, 48) if lane else (16, 16))

    lanes = make_lanes(2, picture_of=picture_of)
    view = show_view(qtbot, lanes, "heat")
    assert view.stage.mean_distance == 0
    view.set_mode("wipe")
    assert color_at(view, 0.02) == color_at(view, 0.98) == QColor(90, 90, 90)


# --- which two --------------------------------------------------------------------------------


def test_pickers_choose_the_pair_and_never_the_same_lane_twice(qtbot: QtBot) -> None:
    lanes = make_lanes(4)
    view = show_view(qtbot, lanes)
    ids = [lane.id for lane in lanes.lanes]
    view.pair_row.second.fill()
    actions = view.pair_row.second.menu().actions()
    assert [action.text() for action in actions] == ["seed 1", "seed 2", "seed 3", "seed 4"]
    assert [action.isChecked() for action in actions] == [False, True, False, False]
    actions[2].trigger()
    assert lanes.pair == (ids[0], ids[2])
    assert color_at(view, 0.9) == C
    view.pair_row.second.fill()
    view.pair_row.second.menu().actions()[0].trigger()  # the first lane's: they change places
    assert lanes.pair == (ids[2], ids[0])
    view.pair_row.swap_button.click()
    assert lanes.pair == (ids[0], ids[2])
    assert view.pair_row.first.accessibleName() == "First lane: A, seed 1"
    assert view.pair_row.second.accessibleName() == "Second lane: C, seed 3"


def test_the_first_two_are_looked_at_when_nothing_was_chosen(qtbot: QtBot) -> None:
    lanes = make_lanes(3, pair=False)
    view = show_view(qtbot, lanes)
    ids = [lane.id for lane in lanes.lanes]
    assert lanes.pair == (ids[0], ids[1])
    lanes.set_focus(ids[0])  # a lane in focus that goes moves the axis, and then the pair
    lanes.remove(ids[0])
    qtbot.waitUntil(lambda: lanes.pair == (ids[1], ids[2]))
    assert color_at(view, 0.1) == B
    lanes.remove(ids[1])
    assert lanes.pair is None
    assert view.stage.message == "It takes two lanes to see a difference."
    assert not view.pair_row.first.isEnabled()
    assert not view.pair_row.swap_button.isEnabled()


def test_another_comparison_brings_another_pair(qtbot: QtBot) -> None:
    lanes = make_lanes(2)
    view = show_view(qtbot, lanes)
    requests = [SamplingRequest(prompt="a boat", seed=seed) for seed in (5, 6)]
    lanes.replace([Cell(r, 0, i, f"seed {r.seed}") for i, r in enumerate(requests)])
    ids = tuple(lane.id for lane in lanes.lanes)
    qtbot.waitUntil(lambda: lanes.pair == ids)
    assert view.stage.message == "Lane A has not begun yet."


def test_what_is_not_there_is_said(qtbot: QtBot) -> None:
    lanes = make_lanes(2)
    view = show_view(qtbot, lanes)
    waiting = lanes.replace([Cell(SamplingRequest(prompt="x", seed=s), 0, s, "x") for s in (0, 1)])
    lanes.set_lane(waiting[0], timeline=make_run_of(0, 5, plain_picture), state="done")
    qtbot.waitUntil(lambda: lanes.pair is not None)
    assert view.stage.message == "Lane B has not begun yet."
    lanes.set_lane(waiting[1], state="failed", failure=Failure("Its numbers are no numbers."))
    assert view.stage.message.startswith("Lane B failed before its first step. Its numbers")
    assert view.stage.mean_distance is None
    QTest.mouseClick(view.stage, Qt.MouseButton.LeftButton, pos=QPoint(10, 10))
    assert view.stage.divider == 0.5


def test_both_themes_and_a_gone_view_leave_nothing_behind(qtbot: QtBot, qapp: QApplication) -> None:
    lanes = make_lanes(2)
    view = show_view(qtbot, lanes)
    dark = view.pair_row.first.icon().pixmap(18, 18).toImage()
    theme.apply(qapp, theme.LIGHT)
    assert view.pair_row.first.icon().pixmap(18, 18).toImage() != dark
    assert view.stage.grab().toImage().pixelColor(1, view.stage.height() - 2) == QColor(
        theme.LIGHT.ground
    )


def test_it_starts_without_heavy_libraries() -> None:
    code = (
        "import sys\n"
        "from visualizer.ui import difference_view, distance_plot, paths_plot\n"
        "heavy = {'torch', 'diffusers', 'transformers', 'pyqtgraph', 'numpy'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
