"""The lanes' paths through latent space, drawn and clicked."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.ui.example_lanes import make_lanes
from visualizer.diffusion import latent_paths
from visualizer.session.lanes import Lane, Lanes
from visualizer.ui import theme
from visualizer.ui.paths_plot import EVERY, PathsPlot


def measure(lanes: Lanes) -> None:
    """What the session measures of all lanes."""
    steps = {}
    for lane in lanes.lanes:
        timeline = lane.timeline
        if timeline is not None:
            steps[lane.id] = [timeline.step(k) for k in range(len(timeline))]
    axes = latent_paths.fit(*steps.values())
    assert axes is not None
    lanes.set_paths({lane: axes.path(taken) for lane, taken in steps.items()}, axes.explained)


def show_plot(qtbot: QtBot, lanes: Lanes, width: int = 380, height: int = 320) -> PathsPlot:
    plot = PathsPlot(lanes)
    lanes.setParent(plot)
    qtbot.addWidget(plot)
    plot.resize(width, height)
    plot.show()
    qtbot.waitExposed(plot)
    return plot


def place(plot: PathsPlot, path: NDArray[np.float64], k: int) -> QPointF:
    return plot.place(float(path[k, 0]), float(path[k, 1]))


def pixels_of(plot: PathsPlot, color: str) -> int:
    image, wanted = plot.grab().toImage(), QColor(color)
    width, height = range(image.width()), range(image.height())
    return sum(image.pixelColor(x, y) == wanted for x in width for y in height)


@pytest.mark.parametrize(("width", "height"), [(360, 240), (300, 500), (900, 300)])
def test_all_points_lie_inside_and_both_axes_have_one_scale(
    qtbot: QtBot, width: int, height: int
) -> None:
    lanes = make_lanes(4)
    measure(lanes)
    plot = show_plot(qtbot, lanes, width, height)
    area = plot.area().adjusted(-1, -1, 1, 1)
    assert area.right() < width
    for path in lanes.paths.values():
        assert all(area.contains(place(plot, np.asarray(path), k)) for k in range(len(path)))
    right, up = plot.place(1.0, 0.0) - plot.place(0.0, 0.0), plot.place(0.0, 1.0)
    up -= plot.place(0.0, 0.0)
    assert right.x() == pytest.approx(-up.y())  # up is up
    assert right.y() == up.x() == 0


def test_every_lane_stands_where_its_path_is_now(qtbot: QtBot) -> None:
    lanes = make_lanes(3)
    measure(lanes)
    plot = show_plot(qtbot, lanes)
    for k in (0, 5, 10):
        lanes.playhead.seek(k)
        image = plot.grab().toImage()
        for lane in lanes.lanes:
            standing = plot.standing(lane)
            wanted = place(plot, np.asarray(lanes.paths[lane.id]), k)
            assert standing is not None
            assert (standing - wanted).manhattanLength() < 0.01
            color = image.pixelColor(round(standing.x()), round(standing.y()))
            assert color in [QColor(theme.lane_color(each.color)) for each in lanes.lanes]


def test_a_path_grows_strong_as_time_goes_on(qtbot: QtBot) -> None:
    lanes = make_lanes(2)
    measure(lanes)
    plot = show_plot(qtbot, lanes)
    counts = []
    for k in (0, 5, 10):
        lanes.playhead.seek(k)
        counts.append(pixels_of(plot, theme.lane_color(1)))
    assert counts[0] < counts[1] < counts[2]


def test_a_click_goes_to_the_point_and_takes_its_lane_into_focus(qtbot: QtBot) -> None:
    lanes = make_lanes(3, (10, 10, 20))
    measure(lanes)
    plot = show_plot(qtbot, lanes, 600, 500)
    lane = lanes.lanes[1]
    at = place(plot, np.asarray(lanes.paths[lane.id]), 6).toPoint()
    lanes.playhead.play()
    QTest.mouseClick(plot, Qt.MouseButton.LeftButton, pos=at)
    assert lanes.focus == lane.id
    assert (lanes.reference, lanes.playhead.index) == (lane, 6)
    assert lanes.point(lane) == 6
    assert not lanes.playhead.playing


def test_far_from_every_path_a_click_does_nothing(qtbot: QtBot) -> None:
    lanes = make_lanes(2)
    measure(lanes)
    plot = show_plot(qtbot, lanes, 900, 300)
    assert plot.at(QPointF(40, 8)) is None
    QTest.mouseClick(plot, Qt.MouseButton.LeftButton, pos=QPoint(40, 8))
    assert lanes.focus is None
    assert lanes.playhead.index == 0


def test_the_mouse_names_lane_step_and_noise(qtbot: QtBot) -> None:
    lanes = make_lanes(2)
    measure(lanes)
    plot = show_plot(qtbot, lanes, 500, 400)
    lane = lanes.lanes[1]
    before = plot.grab().toImage()
    at = place(plot, np.asarray(lanes.paths[lane.id]), 8)
    QTest.mouseMove(plot, at.toPoint())
    assert plot.at(at) == (lane.id, 8)
    assert plot.readout(lane.id, 8) == "B, seed 2 · Step 8 of 10 · 36\u00a0% noise"
    assert plot.grab().toImage() != before
    assert plot.cursor().shape() == Qt.CursorShape.PointingHandCursor
    plot.leave()
    assert plot.grab().toImage() == before


def test_the_keyboard_goes_from_lane_to_lane(qtbot: QtBot) -> None:
    lanes = make_lanes(3)
    measure(lanes)
    plot = show_plot(qtbot, lanes)
    plot.setFocus(Qt.FocusReason.TabFocusReason)
    ids = [lane.id for lane in lanes.lanes]
    seen = []
    for key in (*[Qt.Key.Key_Down] * 4, Qt.Key.Key_Up):
        QTest.keyClick(plot, key)
        seen.append(lanes.focus)
    assert seen == [*ids, ids[0], ids[2]]
    assert plot.accessibleDescription() == "C, seed 3"


def test_every_lane_has_its_letter_above_all_lines(qtbot: QtBot) -> None:
    lanes = make_lanes(12)
    turns = np.linspace(0, 2 * math.pi, len(lanes), endpoint=False)
    far = np.linspace(1.0, -1.0, 11)[:, None]  # all lines cross, and end near each other's start
    paths = {
        lane.id: far * (math.cos(turn), math.sin(turn)) * (1 if i else 0.02)
        for i, (lane, turn) in enumerate(zip(lanes.lanes, turns, strict=True))
    }
    lanes.set_paths(paths, (0.5, 0.5))
    plot = show_plot(qtbot, lanes)
    lanes.playhead.seek(10)
    image = plot.grab().toImage()
    assert set(plot.marks) == {lane.id for lane in lanes.lanes}
    rooms = list(plot.marks.values())
    assert not any(a.intersects(b) for i, a in enumerate(rooms) for b in rooms[:i])
    for lane in lanes.lanes:
        room = plot.marks[lane.id].toRect().adjusted(3, 1, -3, -1)
        top = {image.pixelColor(x, room.top()).name() for x in range(room.left(), room.right())}
        assert top == {theme.lane_color(lane.color)}


def test_a_sentence_says_what_is_seen(qtbot: QtBot) -> None:
    lanes = make_lanes(2)
    measure(lanes)
    plot = show_plot(qtbot, lanes)
    low = show_plot(qtbot, make_lanes(2), height=150)
    measure(low._lanes)
    assert plot.area().top() > low.area().top(), "where there is room for it"


def test_what_is_removed_is_not_drawn(qtbot: QtBot) -> None:
    lanes = make_lanes(3)
    measure(lanes)
    plot = show_plot(qtbot, lanes)
    color = theme.lane_color(lanes.lanes[2].color)
    assert pixels_of(plot, color) > 50
    lanes.remove(lanes.lanes[2].id)
    assert pixels_of(plot, color) == 0


def test_points_without_numbers_break_a_path(qtbot: QtBot) -> None:
    lanes = make_lanes(2)
    measure(lanes)
    paths = {key: np.array(path) for key, path in lanes.paths.items()}
    first = lanes.lanes[0]
    paths[first.id][3:5] = math.nan
    lanes.set_paths(paths, lanes.explained)
    plot = show_plot(qtbot, lanes)
    lanes.playhead.seek(4)
    assert plot.standing(first) is None
    lanes.playhead.seek(6)
    assert plot.standing(first) is not None
    plot.grab()


def test_one_place_is_a_path_too(qtbot: QtBot) -> None:
    lanes = make_lanes(2)
    lanes.set_paths({lane.id: np.ones((11, 2)) for lane in lanes.lanes}, (0.0, 0.0))
    plot = show_plot(qtbot, lanes)
    standing = plot.standing(lanes.lanes[0])
    assert standing is not None
    assert plot.area().contains(standing)
    plot.grab()


def test_an_empty_plot_says_what_will_be_there(qtbot: QtBot) -> None:
    lanes = Lanes()
    plot = show_plot(qtbot, lanes)
    assert plot.message == "The lanes’ ways from static to picture are drawn here."
    assert plot.accessibleDescription() == plot.message
    full = make_lanes(2)
    other = show_plot(qtbot, full)
    assert other.message.endswith("as soon as lanes have steps.")
    measure(full)
    assert other.message == ""
    full.set_paths({}, None)
    assert other.message != ""


def test_the_axes_say_how_much_of_the_movement_they_show(qtbot: QtBot, qapp: QApplication) -> None:
    lanes = make_lanes(3)
    measure(lanes)
    plot = show_plot(qtbot, lanes)
    assert lanes.explained is not None
    share = round(100 * sum(lanes.explained))
    assert f"{share}\u00a0% of the movement" in plot.accessibleDescription()
    theme.apply(qapp, theme.LIGHT)
    assert plot.grab().toImage().pixelColor(1, 1) == QColor(theme.LIGHT.ground)


class CountedPlot(PathsPlot):
    """Counts what it paints."""

    grounds = pieces = 0

    def paint_ground(self, painter: QPainter) -> None:
        self.grounds += 1
        super().paint_ground(painter)

    def _paint_way(
        self,
        painter: QPainter,
        lanes: Sequence[Lane],
        begin: int | None,
        end: int,
        width: float = 2.0,
    ) -> None:
        self.pieces += len(lanes) * (end - (begin or 0))
        super()._paint_way(painter, lanes, begin, end, width)


def test_sixty_four_paths_follow_the_playhead(qtbot: QtBot) -> None:
    lanes = make_lanes(64, 40)
    rng = np.random.default_rng(0)
    paths = {lane.id: rng.normal(size=(41, 2)).cumsum(axis=0) for lane in lanes.lanes}
    lanes.set_paths(paths, (0.4, 0.2))
    plot = CountedPlot(lanes)
    lanes.setParent(plot)
    qtbot.addWidget(plot)
    plot.resize(380, 320)
    lanes.playhead.seek(20)
    plot.show()
    qtbot.waitExposed(plot)
    plot.grab()
    assert plot.grounds == 1
    pieces = []
    for position in range(20, 37):
        plot.pieces = 0
        lanes.playhead.seek(position)
        plot.grab()
        pieces.append(plot.pieces // 64)
    assert plot.grounds == 1, "what does not move is not painted again"
    # from the kept picture of every eighth position on; each of these is made once, from the last
    made = [EVERY if position in (24, 32) else 0 for position in range(20, 37)]
    assert pieces == [
        position % EVERY + new for position, new in zip(range(20, 37), made, strict=True)
    ]
    assert plot.at(place(plot, paths[lanes.lanes[40].id], 30)) is not None
