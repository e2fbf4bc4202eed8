"""The plot of how far two lanes are apart, and what it says in words."""

from __future__ import annotations

import math
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.ui.example_lanes import make_lanes
from visualizer.diffusion.distances import UNRELATED, Distances, decided_at, distances
from visualizer.diffusion.noise import NoiseLevel
from visualizer.diffusion.request import SamplingRequest
from visualizer.diffusion.step import Step
from visualizer.session.lanes import Lanes
from visualizer.session.timeline import Timeline
from visualizer.ui import theme
from visualizer.ui.distance_plot import DistancePlot
from visualizer.ui.distance_words import moment_of, verdict

FERRARI, BOAT = (
    SamplingRequest(prompt="a Ferrari", seed=7),
    SamplingRequest(prompt="a boat", seed=7),
)
OTHER_SEED = replace(FERRARI, seed=8)


def measure(lanes: Lanes) -> Distances:
    """What the session measures of the pair."""
    assert lanes.pair is not None
    a, b = (lanes.lane(key).timeline for key in lanes.pair)
    assert a is not None
    assert b is not None

    def steps(timeline: Timeline) -> list[Step]:
        return [timeline.step(k) for k in range(len(timeline))]

    measured = distances(
        steps(a),
        steps(b),
        pictures_a=lambda k: a.picture(k, "noisy"),
        pictures_b=lambda k: b.picture(k, "noisy"),
    )
    lanes.set_distances(measured)
    return measured


def show_plot(qtbot: QtBot, lanes: Lanes, width: int = 360, height: int = 320) -> DistancePlot:
    plot = DistancePlot(lanes)
    lanes.setParent(plot)
    qtbot.addWidget(plot)
    plot.resize(width, height)
    plot.show()
    qtbot.waitExposed(plot)
    return plot


def made(latent: list[float], guess: list[float], *, whole: bool = True) -> Distances:
    """Measured values, of levels from pure noise to clean; pictures are as far apart as guesses."""
    n = len(latent)
    levels = tuple(NoiseLevel.from_alpha_bar(k / (n - 1)) for k in range(n))
    points = tuple((k, k) for k in range(n))
    known: dict[str, Any] = {"points": points, "levels": levels, "whole": whole}
    known["latent"] = np.array(latent, dtype=float)
    others = {f.name for f in fields(Distances)} - set(known)
    known |= dict.fromkeys(others, np.array(guess, dtype=float))
    return Distances(**known)


# --- words ------------------------------------------------------------------------------------


def test_one_noise_and_two_prompts() -> None:
    measured = made([0, 0.2, 0.6, 1.0, 1.2], [0.2, 0.4, 0.8, 1.0, 1.2])
    said = verdict(measured, FERRARI, BOAT)
    share = decided_at(measured)
    assert share == pytest.approx(0.625)
    assert said == (
        "They begin with the same noise. The prompt’s choice is half made at 62\u00a0% noise, "
        "in step 2 of 4."
    )


def test_one_prompt_and_two_noises() -> None:
    said = verdict(made([UNRELATED, 1.3, 1.1, 0.9, 0.8], [0.1] * 4 + [0.8]), FERRARI, OTHER_SEED)
    assert said.startswith("They begin with different noise. The seed’s choice is half made at")
    assert said.endswith("in step 4 of 4.")


def test_other_pairs() -> None:
    end = [0.0, 0.1, 0.4, 0.7, 0.9]
    both = replace(BOAT, seed=9)
    assert "What sets them apart is half there at" in verdict(made(end, end), FERRARI, both)
    partly = verdict(made([0.5, 0.5, 0.5, 0.5, 0.5], end), FERRARI, OTHER_SEED)
    assert partly.startswith("They begin with noise that is partly the same. ")
    same = verdict(made([0.0] * 5, [0.0] * 5), FERRARI, FERRARI)
    assert same == "They begin with the same noise and stay the same."
    met = verdict(
        made([UNRELATED, 1, 0.5, 0.2, 0.0], [0.4, 0.3, 0.2, 0.1, 0.0]), FERRARI, OTHER_SEED
    )
    assert met == "They begin with different noise and end the same."
    going_on = verdict(made(end, end, whole=False), FERRARI, BOAT)
    assert going_on.endswith("known once both are finished.")
    nan = verdict(made([math.nan] * 5, [math.nan] * 5), FERRARI, BOAT)
    assert nan == "Their numbers are no numbers: there is nothing to measure."


@given(
    st.lists(st.floats(0, 1), min_size=2, max_size=30, unique=True),
    st.floats(0, 1),
)
def test_a_moment_stands_between_the_levels_around_it(levels: list[float], along: float) -> None:
    shares = sorted(levels, reverse=True)
    goal = shares[-1] + along * (shares[0] - shares[-1])
    moment = moment_of(shares, goal)
    k = min(int(moment), len(shares) - 2)
    found = shares[k] + (moment - k) * (shares[k + 1] - shares[k])
    assert found == pytest.approx(goal, abs=1e-9)


# --- lines ------------------------------------------------------------------------------------


def test_the_lines_are_what_was_measured(qtbot: QtBot) -> None:
    lanes = make_lanes(2)
    measured = measure(lanes)
    plot = show_plot(qtbot, lanes)
    values = {line.key: line.values for line in plot.chart.lines}
    np.testing.assert_allclose(values["latent"], measured.latent / UNRELATED)
    np.testing.assert_allclose(values["guess"], measured.guess_share)
    np.testing.assert_allclose(values["picture"], measured.picture)
    assert values["latent"][0] == pytest.approx(1, abs=0.1)  # two independent noises
    assert plot.sentence.text().startswith("They begin with different noise. The seed’s choice")
    assert plot.chart.decided == decided_at(measured)


def test_the_line_is_drawn_where_its_values_stand(qtbot: QtBot) -> None:
    lanes = make_lanes(2)
    measure(lanes)
    plot = show_plot(qtbot, lanes, 420, 320)
    chart = plot.chart
    image = chart.grab().toImage()
    color = QColor(theme.DARK.second)
    for k in (3, 5, 8):  # the playhead and its dots stand at 0
        x, y = chart.x_of(k), chart.y_of(chart.lines[0].values[k])
        near = [image.pixelColor(round(x), round(y) + d) for d in (-1, 0, 1)]
        assert color in near, k
    assert chart.x_of(0) < chart.x_of(5) < chart.x_of(10)
    assert chart.y_of(0.0) == chart.area().bottom()
    assert chart.y_of(1.0) < chart.y_of(0.5) < chart.y_of(0.0)


def test_the_playhead_is_one_line_in_the_accent_color(qtbot: QtBot) -> None:
    lanes = make_lanes(2)
    measure(lanes)
    plot = show_plot(qtbot, lanes)
    chart, accent = plot.chart, QColor(theme.DARK.accent)
    for k in (0, 4, 10):
        lanes.playhead.seek(k)
        assert chart.moment() == k
        image, top = chart.grab().toImage(), round(chart.area().top())
        rows, columns = range(top + 8, top + 28), range(image.width())
        found = sorted({x for x in columns for y in rows if image.pixelColor(x, y) == accent})
        assert found == [round(chart.x_of(k)) - 1, round(chart.x_of(k))]
        assert chart.accessibleDescription() == chart.readout(k)
        assert "latent" in chart.readout(k)


def test_pressing_and_dragging_move_time(qtbot: QtBot) -> None:
    lanes = make_lanes(2, (10, 20))
    measure(lanes)
    plot = show_plot(qtbot, lanes)
    chart = plot.chart
    lanes.playhead.play()
    middle = int(chart.area().center().y())
    QTest.mousePress(chart, Qt.MouseButton.LeftButton, pos=QPoint(round(chart.x_of(6)), middle))
    assert lanes.playhead.index == 6  # of the longer lane, which is the axis
    assert not lanes.playhead.playing
    QTest.mouseMove(chart, QPoint(round(chart.x_of(15)) + 1, middle))
    assert lanes.playhead.index == 15
    QTest.mouseMove(chart, QPoint(5000, middle))
    assert lanes.playhead.index == 20
    QTest.mouseRelease(chart, Qt.MouseButton.LeftButton, pos=QPoint(0, middle))


def test_the_mouse_reads_out_another_moment_than_the_playhead_s(qtbot: QtBot) -> None:
    lanes = make_lanes(2)
    measure(lanes)
    plot = show_plot(qtbot, lanes)
    chart = plot.chart
    legend = chart.rect().adjusted(0, 0, 0, 20 - chart.height())
    before = chart.grab(legend).toImage()
    QTest.mouseMove(chart, QPoint(round(chart.x_of(9)), 60))
    assert chart.grab(legend).toImage() != before
    assert lanes.playhead.index == 0
    lanes.playhead.seek(9)
    there = chart.grab(legend).toImage()
    lanes.playhead.seek(0)
    assert chart.grab(legend).toImage() == there


@pytest.mark.parametrize("width", [260, 300, 360, 900])
def test_a_narrow_plot_keeps_all_of_its_legend(qtbot: QtBot, width: int) -> None:
    lanes = make_lanes(2)
    measured = measure(lanes)
    lanes.set_distances(replace(measured, picture=measured.picture * 0 + 1))
    plot = show_plot(qtbot, lanes, width, 360)
    chart = plot.chart
    image = chart.grab().toImage()
    ground = QColor(theme.DARK.ground)
    legend = range(round(chart.area().top()) - 26)
    assert all(image.pixelColor(width - 1, y) == ground for y in legend)


def test_pictures_that_are_not_there_leave_a_gap(qtbot: QtBot) -> None:
    lanes = make_lanes(2)
    measured = measure(lanes)
    picture = measured.picture.copy()
    picture[2:5] = math.nan
    lanes.set_distances(replace(measured, picture=picture))
    plot = show_plot(qtbot, lanes)
    lanes.playhead.seek(3)
    assert "picture" not in plot.chart.readout(3)
    assert "picture" in plot.chart.readout(1)
    plot.grab()


def test_while_lanes_grow_the_axis_does_not_move(qtbot: QtBot) -> None:
    lanes = make_lanes(2, there=4)
    measure(lanes)
    plot = show_plot(qtbot, lanes)
    assert plot.chart.decided is None
    assert plot.sentence.text().endswith("known once both are finished.")
    x = plot.chart.x_of(3)
    whole = make_lanes(2)
    measure(whole)
    other = show_plot(qtbot, whole)
    assert other.chart.x_of(3) == x


def test_what_is_missing_is_said(qtbot: QtBot) -> None:
    lanes = make_lanes(2)
    plot = show_plot(qtbot, lanes)
    assert plot.chart.message.startswith("Their distance is drawn as soon as")
    measure(lanes)
    assert plot.chart.message == ""
    assert plot.sentence.isVisible()
    lanes.set_pair(None)
    assert plot.chart.message == "Pick two lanes to see when they part."
    assert plot.sentence.isHidden()
    QTest.mouseClick(plot.chart, Qt.MouseButton.LeftButton, pos=QPoint(100, 60))
    assert lanes.playhead.index == 0


def test_why_two_lanes_cannot_be_measured_is_said(qtbot: QtBot) -> None:
    lanes = make_lanes(2)
    plot = show_plot(qtbot, lanes)
    lanes.set_distances(None, "Pick two of one size.")
    assert plot.chart.message == "Pick two of one size."


def test_a_pair_whose_lane_goes_leaves_no_plot(qtbot: QtBot) -> None:
    lanes = make_lanes(2)
    measure(lanes)
    plot = show_plot(qtbot, lanes)
    lanes.set_focus(lanes.lanes[0].id)
    lanes.remove(lanes.lanes[0].id)
    assert plot.chart.message == "It takes two lanes to see when they part."


def test_a_new_theme_is_worn_at_once(qtbot: QtBot, qapp: QApplication) -> None:
    lanes = make_lanes(2)
    measure(lanes)
    plot = show_plot(qtbot, lanes)
    plot.grab()
    theme.apply(qapp, theme.LIGHT)
    assert plot.chart.grab().toImage().pixelColor(2, 40) == QColor(theme.LIGHT.ground)
