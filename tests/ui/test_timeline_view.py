"""Filmstrip and noise plot: one axis, one playhead, scrubbed on either."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.example_runs import make_run
from tests.ui.example_timelines import (
    color_of,
    levels_of,
    make_points,
    make_timeline,
    plain,
    playhead_on,
)
from visualizer.diffusion.noise import NoiseLevel
from visualizer.diffusion.request import SamplingRequest
from visualizer.diffusion.starts import FromStep
from visualizer.session.playhead import Playhead
from visualizer.session.timeline import Timeline
from visualizer.ui import theme
from visualizer.ui.noise_plot import NoisePlot
from visualizer.ui.side_panel import SidePanel
from visualizer.ui.timeline_view import TimelineView

ACCENT = QColor(theme.DARK.accent)


def show_view(
    qtbot: QtBot, timeline: Timeline | None, k: int = 0, *, width: int = 900, running: bool = False
) -> tuple[TimelineView, Playhead, NoisePlot]:
    playhead = playhead_on(timeline, k, running)
    view = TimelineView(playhead)
    playhead.setParent(view)
    qtbot.addWidget(view)
    view.resize(width, 220)
    view.set_timeline(timeline)
    view.show()
    qtbot.waitUntil(lambda: view.plot is not None)
    assert view.plot is not None
    return view, playhead, view.plot


def columns_of(image: QImage, color: QColor, y: int) -> list[int]:
    """Where this color stands in one row of pixels."""
    return [x for x in range(image.width()) if image.pixelColor(x, y) == color]


def hover(view: TimelineView, x: float, y: float) -> None:
    event = QMouseEvent(
        QEvent.Type.MouseMove,
        QPointF(x, y),
        view.mapToGlobal(QPointF(x, y)),
        Qt.MouseButton.NoButton,
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(view, event)


def test_the_window_s_widgets_start_without_heavy_libraries() -> None:
    code = (
        "import sys\n"
        "from visualizer.ui import canvas, filmstrip, icons, theme, timeline_view, transport\n"
        "from visualizer.ui import view_switch\n"
        "heavy = {'torch', 'diffusers', 'transformers', 'pyqtgraph', 'numpy'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_plot_comes_after_the_first_frame(qtbot: QtBot) -> None:
    view = TimelineView(playhead_on(None))
    qtbot.addWidget(view)
    view.resize(600, 220)
    view.set_timeline(make_timeline(10))
    assert view.plot is None
    with qtbot.waitSignal(view.plot_ready):
        view.show()
    assert view.plot is not None
    assert view.plot.isVisible()


@pytest.mark.parametrize(("width", "steps"), [(700, 10), (961, 30), (1273, 50), (1900, 900)])
def test_strip_and_plot_share_every_x(qtbot: QtBot, width: int, steps: int) -> None:
    view, playhead, plot = show_view(qtbot, make_timeline(steps), width=width)
    for k in {0, 1, steps // 3, steps // 2, steps - 1, steps}:
        x = view.axis.x(k)
        in_plot = plot.mapTo(view, QPoint(0, 0)).x() + plot.x_pixel(k)
        assert in_plot == pytest.approx(x, abs=0.02)
        cell = view.filmstrip.cell(k)
        middle = view.filmstrip.x() + cell.x() + cell.width() / 2
        assert middle == pytest.approx(x, abs=0.51)
        playhead.seek(k)
        assert view.mark.x_pixel == pytest.approx(x, abs=0.51)
    view.resize(width - 133, 220)
    assert plot.x_pixel(steps) == pytest.approx(view.axis.x(steps), abs=0.02)


SCALED_SCREEN = """
from PySide6.QtWidgets import QApplication
from tests.ui.example_timelines import make_timeline, playhead_on
from visualizer.ui import theme
from visualizer.ui.side_panel import SidePanel
from visualizer.ui.timeline_view import TimelineView

app = QApplication([])
theme.apply(app, theme.DARK)
timeline = make_timeline(10)
view = TimelineView(playhead_on(timeline, 2))
view.resize(800, 220)
view.set_timeline(timeline)
view.show()
view.add_plot()
app.processEvents()
image, ratio = view.grab().toImage(), view.devicePixelRatioF()
x, y = view.plot.x_pixel(6), view.plot.y() + view.plot.y_pixel(6)
print(ratio, image.pixelColor(round(x * ratio), round(y * ratio)).name())
x, y = view.mark.x_pixel, view.filmstrip.height() + 12
print(image.pixelColor(round(x * ratio), round(y * ratio)).name())
"""


@pytest.mark.parametrize("factor", ["1.5", "2"])
def test_a_finer_screen_shows_the_same_at_the_same_place(factor: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCALED_SCREEN],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "QT_SCALE_FACTOR": factor},
    )
    ratio, marker, line = done.stdout.split()
    assert float(ratio) == float(factor)
    assert marker == theme.DARK.second
    assert line == theme.DARK.accent


def test_one_line_runs_through_both(qtbot: QtBot) -> None:
    view, playhead, plot = show_view(qtbot, make_timeline(30), 17)
    for k in (17, 4, 30):
        playhead.seek(k)
        image = view.grab().toImage()
        x = view.mark.x_pixel
        strip = view.filmstrip.height() // 2
        below = view.filmstrip.height() + 12
        bottom = plot.y() + plot.plot_bottom() - 1
        for y in (strip, below, bottom):
            assert {x - 1, x} <= set(columns_of(image, ACCENT, y))
        assert columns_of(image, ACCENT, below) == [x - 1, x]


def test_a_move_repaints_what_it_leaves_and_where_it_goes(qtbot: QtBot, qapp: QApplication) -> None:
    """What is on the screen, not what a fresh painting would show."""
    view, playhead, _ = show_view(qtbot, make_timeline(30), 4)

    def on_screen() -> QImage:
        qapp.processEvents()
        return view.screen().grabWindow(view.winId()).toImage()

    left, came = view.filmstrip.cell(4, 4), view.filmstrip.cell(20, 4)
    above = view.filmstrip.height() + 12
    qtbot.waitUntil(lambda: on_screen().pixelColor(left.x() + 20, left.y()) == ACCENT)
    playhead.seek(20)
    image = on_screen()
    assert image.pixelColor(left.x() + 20, left.y()) != ACCENT
    assert image.pixelColor(came.x() + 20, came.y()) == ACCENT
    assert columns_of(image, ACCENT, above) == [view.mark.x_pixel - 1, view.mark.x_pixel]


def test_the_dot_stands_on_the_line(qtbot: QtBot) -> None:
    view, playhead, plot = show_view(qtbot, make_timeline(30))
    dots = []
    for k in range(0, 31, 5):
        playhead.seek(k)
        height = plot.y_pixel(k)
        assert height is not None
        dots.append(plot.y() + height)
        assert view.grab().toImage().pixelColor(view.mark.x_pixel + 3, round(dots[-1])) == ACCENT
    assert dots == sorted(dots), "the less noise, the lower"
    assert dots[-1] - dots[0] == pytest.approx(plot.getPlotItem().getViewBox().height() - 16, abs=1)


def test_pressing_jumps_and_dragging_scrubs_on_both(qtbot: QtBot) -> None:
    view, playhead, plot = show_view(qtbot, make_timeline(30))
    left = Qt.MouseButton.LeftButton
    for y in (view.filmstrip.height() // 2, plot.y() + plot.height() // 2):
        target = view.childAt(200, y)
        assert target in (None, view.mark) or target is view, "the mouse belongs to the timeline"
        seen: list[int] = []
        playhead.seek(0)
        playhead.moved.connect(seen.append)
        QTest.mousePress(view, left, pos=QPoint(round(view.axis.x(10)) + 3, y))
        assert playhead.index == 10
        for k in (12, 20, 25):
            QTest.mouseMove(view, QPoint(round(view.axis.x(k)), y))
        assert seen == [10, 12, 20, 25]
        QTest.mouseMove(view, QPoint(5000, y))
        assert playhead.index == 30
        QTest.mouseRelease(view, left, pos=QPoint(5000, y))
        QTest.mouseMove(view, QPoint(300, y))
        assert playhead.index == 30, "a free mouse does not scrub"
        playhead.moved.disconnect(seen.append)


def test_taking_hold_stops_playing(qtbot: QtBot) -> None:
    view, playhead, _ = show_view(qtbot, make_timeline(30))
    playhead.play()
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=QPoint(400, 40))
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=QPoint(400, 40))
    assert not playhead.playing
    assert playhead.index == view.axis.nearest(400)


def test_dragging_back_during_a_run_takes_the_playhead_over(qtbot: QtBot) -> None:
    timeline = make_timeline(30, there=12)
    view, playhead, _ = show_view(qtbot, timeline, running=True)
    playhead.go_live()
    assert playhead.index == 11
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=QPoint(round(view.axis.x(4)), 40))
    assert playhead.index == 4
    assert not playhead.live
    timeline.append(make_points(30)[12:14])
    playhead.set_bounds(14, running=True)
    assert playhead.index == 4
    QTest.mouseMove(view, QPoint(round(view.axis.x(25)), 40))
    assert playhead.index == 13, "no further than the run has come"


def test_hovering_reads_out_step_timestep_and_value(qtbot: QtBot) -> None:
    view, _, _ = show_view(qtbot, make_timeline(10), 3)
    hover(view, view.axis.x(5), 150)
    assert view.readout.isVisible()
    assert view.readout.text() == "Step 5 of 10 · timestep 500 · 75 % noise · measured 80 % noise"
    assert view.hover_mark.isVisible()
    assert view.hover_mark.x() == round(view.axis.x(5))
    for x in (0, view.width()):
        hover(view, x, 20)
        assert view.rect().contains(view.readout.geometry())
    QApplication.sendEvent(view, QEvent(QEvent.Type.Leave))
    assert not view.readout.isVisible()
    assert view.describe(0).endswith("pure noise · measured pure noise")
    assert view.describe(10).endswith("clean · measured clean")


def test_the_scale_can_be_chosen(qtbot: QtBot) -> None:
    view, _, plot = show_view(qtbot, make_timeline(10), 3)
    chosen: list[str] = []
    view.scale_changed.connect(chosen.append)
    assert view.describe(5).endswith("75 % noise · measured 80 % noise")
    share = [plot.y_pixel(k) for k in range(11)]
    for action in view.scale_button.menu().actions():
        if action.data() == "log_snr":
            action.trigger()
    assert chosen == ["log_snr"]
    assert view.describe(5).endswith("log-SNR −1.10 · measured log-SNR −1.39")
    rising = [y for k in range(11) if (y := plot.y_pixel(k)) is not None]
    assert rising == sorted(rising, reverse=True), "infinite ends lie on the edge, in order"
    assert rising != share
    view.set_scale("sigma")
    assert view.scale_button.text() == "σ"
    with pytest.raises(KeyError):
        view.set_scale("decibel")


def test_planned_levels_are_drawn_before_anything_runs(qtbot: QtBot) -> None:
    view, _, plot = show_view(qtbot, make_timeline(10, there=0))
    assert len(plot._planned) == 11
    assert len(plot._measured) == 0
    assert not view.mark.isVisible()
    image = view.grab().toImage()
    line = QColor(theme.DARK.quiet)
    x, y = round(plot.x_pixel(5)), round(plot.y_pixel(5) or 0) + plot.y()
    near = [image.pixelColor(x, y + dy) for dy in (-1, 0, 1)]
    assert any(abs(color.red() - line.red()) < 60 for color in near)
    outline = view.filmstrip.cell(5)
    assert image.pixelColor(outline.center()) == QColor(theme.DARK.ground)
    assert image.pixelColor(outline.center().x(), outline.top()) == QColor(theme.DARK.edge)


def test_the_strip_grows_with_the_run(qtbot: QtBot) -> None:
    timeline = make_timeline(10, there=4)
    view, _, plot = show_view(qtbot, timeline, running=True)
    cell = view.filmstrip.cell(5).center()
    ground = QColor(theme.DARK.ground)
    assert view.grab().toImage().pixelColor(cell) == ground
    timeline.append(make_points(10)[4:8])
    assert view.grab().toImage().pixelColor(cell) == QColor(*color_of(5))
    qtbot.waitUntil(lambda: len(plot._measured) == 8)
    marker = QPoint(round(plot.x_pixel(7)), plot.y() + round(plot.y_pixel(7) or 0))
    measured = QColor(theme.DARK.second)
    qtbot.waitUntil(lambda: view.grab().toImage().pixelColor(marker) == measured)


def test_a_sharper_picture_reaches_its_frame(qtbot: QtBot) -> None:
    timeline = make_timeline(10)
    view, _, _ = show_view(qtbot, timeline)
    center = view.filmstrip.cell(5).center()
    assert view.grab().toImage().pixelColor(center) == QColor(*color_of(5))
    timeline.put_picture(5, "noisy", plain((9, 200, 255)), exact=True)
    assert view.grab().toImage().pixelColor(center) == QColor(9, 200, 255)


def test_the_current_frame_is_marked_even_without_a_place_of_its_own(qtbot: QtBot) -> None:
    view, playhead, _ = show_view(qtbot, make_timeline(900))
    shown = view.filmstrip.frames()
    assert 5 < len(shown) < 20
    k = shown[3] + (shown[4] - shown[3]) // 2
    playhead.seek(k)
    cell = view.filmstrip.cell(k, 4)
    image = view.grab().toImage()
    assert image.pixelColor(cell.center().x() + 20, cell.center().y()) == QColor(*color_of(k))
    assert image.pixelColor(cell.center().x() + 20, cell.top()) == ACCENT
    playhead.seek(0)
    image = view.grab().toImage()
    assert image.pixelColor(cell.center().x() + 20, cell.top()) != ACCENT


@pytest.mark.parametrize(("width", "height"), [(64, 32), (32, 64), (24, 24)])
def test_frames_have_the_shape_of_the_pictures(qtbot: QtBot, width: int, height: int) -> None:
    view, _, _ = show_view(qtbot, make_timeline(5, width=width, height=height))
    cell = view.filmstrip.cell(3)
    assert cell.width() / cell.height() == pytest.approx(width / height, rel=0.05)
    assert view.rect().contains(view.filmstrip.cell(5, 4))
    assert view.rect().contains(view.filmstrip.cell(0, 4))


class CountingTimeline(Timeline):
    """Counts how often a level is asked for."""

    def __init__(self, steps: int) -> None:
        self.asked = 0
        super().__init__(
            SamplingRequest(prompt="", seed=1, steps=steps), levels=levels_of(steps), timesteps=[]
        )

    def level(self, k: int) -> NoiseLevel:
        self.asked += 1
        return super().level(k)


def test_a_long_run_costs_the_same_at_every_step(qtbot: QtBot) -> None:
    timeline = CountingTimeline(900)
    timeline.begin()
    _view, _, plot = show_view(qtbot, timeline, running=True)
    points = make_points(900)
    timeline.append(points[:100])
    qtbot.waitUntil(lambda: len(plot._measured) == 100)
    timeline.asked = 0
    for there in (101, 102, 110):
        timeline.append(points[len(timeline) : there])
        qtbot.waitUntil(lambda: len(plot._measured) == len(timeline))
    assert timeline.asked == 10, "only what is new is read"


def test_at_the_end_the_measured_line_is_read_anew(qtbot: QtBot) -> None:
    timeline = make_timeline(10)
    timeline.begin()
    _view, _, plot = show_view(qtbot, timeline)
    before = plot.y_pixel(5)
    timeline._measured[5] = 0.2
    timeline._running = False
    timeline.grown.emit()
    qtbot.waitUntil(lambda: plot.y_pixel(5) != before)


def test_nothing_zooms_or_opens_a_menu(qtbot: QtBot) -> None:
    _, _, plot = show_view(qtbot, make_timeline(10))
    box = plot.getPlotItem().getViewBox()
    assert not any(box.mouseEnabled())
    assert not box.menuEnabled()
    assert plot.testAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)


def test_another_timeline_replaces_all(qtbot: QtBot) -> None:
    view, playhead, plot = show_view(qtbot, make_timeline(10), 3)
    other = make_timeline(20)
    playhead.set_bounds(len(other))
    view.set_timeline(other)
    assert view.axis.total == 21
    assert plot.x_pixel(20) == pytest.approx(view.axis.x(20), abs=0.02)
    view.set_timeline(None)
    assert not view.mark.isVisible()
    assert view.describe(0) == ""


def test_keyboard_focus_is_shown_to_who_came_by_keyboard(qtbot: QtBot) -> None:
    view, _, _ = show_view(qtbot, make_timeline(10))
    view.activateWindow()
    view.setFocus(Qt.FocusReason.OtherFocusReason)
    qtbot.waitUntil(view.hasFocus)
    ring = QColor(theme.DARK.second)
    assert view.grab().toImage().pixelColor(300, 0) != ring
    view.clearFocus()
    view.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.waitUntil(view.hasFocus)
    assert view.grab().toImage().pixelColor(300, 0) == ring


def test_a_new_theme_repaints_strip_and_plot(qtbot: QtBot, qapp: QApplication) -> None:
    view, _, plot = show_view(qtbot, make_timeline(10))
    theme.apply(qapp, theme.LIGHT)
    qapp.processEvents()
    image = view.grab().toImage()
    ground = QColor(theme.LIGHT.ground)
    assert image.pixelColor(2, 40) == ground
    assert image.pixelColor(2, plot.y() + plot.height() - 3) == ground
    x = view.mark.x_pixel
    assert image.pixelColor(x, 90) == QColor(theme.LIGHT.accent)


def test_the_legend_says_what_the_noise_is_measured_against(qtbot: QtBot) -> None:
    guess, final = "planned noise, measured against the guess", "planned noise, measured"
    timeline = make_timeline(3, there=2)
    timeline.begin()
    view, _, _ = show_view(qtbot, timeline)
    panel = SidePanel(view._playhead)
    qtbot.addWidget(panel)

    def read(shown: Timeline) -> tuple[str, str]:
        view.set_timeline(shown)
        panel.set_timeline(shown)
        return view._legend.accessibleName(), panel.measured.text().split(":")[0]

    assert read(timeline) == (guess, "Measured against the guess")
    timeline.append(make_points(3)[2:])  # all there, but not yet measured against the last
    assert read(timeline) == (guess, "Measured against the guess")
    assert read(Timeline.of(make_run(4, stop_after=3))) == (
        guess,
        "Measured against the guess",
    )
    assert read(Timeline.of(make_run(4))) == (final, "Measured")


def test_another_run_of_the_same_length_leaves_no_old_frame(qtbot: QtBot) -> None:
    view, _, _ = show_view(qtbot, make_timeline(10))
    cell = view.filmstrip.cell(8).center()

    def on_screen() -> QColor:
        return view.screen().grabWindow(view.winId()).toImage().pixelColor(cell)

    qtbot.waitUntil(lambda: on_screen() == QColor(*color_of(8)))
    view.set_timeline(make_timeline(10, there=2))
    qtbot.waitUntil(lambda: on_screen() == QColor(theme.DARK.ground))


def test_the_plan_of_a_branch_leaves_the_run_where_it_branches(qtbot: QtBot) -> None:
    shown = make_timeline(10)
    request = replace(shown.request, start=FromStep(shown.request, 4))
    coming = Timeline(request, levels=levels_of(16))
    view, _playhead, plot = show_view(qtbot, shown)
    view.set_coming(coming)
    xs = [x for x, _level in view._coming_levels()]
    assert xs[:5] == [0, 1, 2, 3, 4]
    assert xs[5:] == pytest.approx([4 + k * 6 / 12 for k in range(1, 13)])
    drawn, _ = plot._coming_curve.getData()
    assert list(drawn) == pytest.approx(xs)
    view.set_coming(Timeline(shown.request, levels=levels_of(20)))
    assert [x for x, _level in view._coming_levels()] == pytest.approx([k / 2 for k in range(21)])
