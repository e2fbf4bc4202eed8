"""The canvas: the right picture, undistorted, and under the mouse."""

from __future__ import annotations

import weakref

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QPointF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.ui.example_timelines import color_of, make_points, make_timeline, plain, playhead_on
from visualizer.session.timeline import Timeline
from visualizer.ui.canvas import Canvas, ScaledPictures, image_of


def show_canvas(qtbot: QtBot, timeline: Timeline | None, k: int = 0) -> Canvas:
    playhead = playhead_on(timeline, k)
    canvas = Canvas(playhead)
    playhead.setParent(canvas)
    qtbot.addWidget(canvas)
    canvas.resize(400, 300)
    canvas.set_timeline(timeline)
    canvas.show()
    qtbot.waitExposed(canvas)
    return canvas


def pixels(canvas: Canvas) -> QImage:
    return canvas.grab().toImage()


def at(image: QImage, x: int, y: int) -> tuple[int, int, int]:
    color = image.pixelColor(x, y)
    return color.red(), color.green(), color.blue()


def wheel(canvas: Canvas, where: QPointF, delta: int) -> None:
    event = QWheelEvent(
        where,
        canvas.mapToGlobal(where),
        QPoint(),
        QPoint(0, delta),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(canvas, event)


def quadrants(size: int = 16) -> NDArray[np.uint8]:
    picture = np.zeros((size, size, 3), dtype=np.uint8)
    half = size // 2
    picture[:half, :half] = (250, 10, 10)
    picture[:half, half:] = (10, 250, 10)
    picture[half:, :half] = (10, 10, 250)
    picture[half:, half:] = (250, 250, 10)
    return picture


def test_the_image_is_the_array_itself() -> None:
    picture = quadrants()
    image = image_of(picture)
    assert at(image, 0, 0) == (250, 10, 10)
    picture[0, 0] = (1, 2, 3)
    assert at(image, 0, 0) == (1, 2, 3)
    picture.flags.writeable = False
    assert at(image_of(picture), 1, 15) == (10, 10, 250)


def test_each_step_shows_its_own_picture(qtbot: QtBot) -> None:
    canvas = show_canvas(qtbot, make_timeline(10), 3)
    assert at(pixels(canvas), 200, 150) == color_of(3)
    canvas._playhead.seek(8)
    assert at(pixels(canvas), 200, 150) == color_of(8)


@pytest.mark.parametrize(("width", "height"), [(16, 16), (32, 8), (8, 32), (400, 300)])
def test_the_picture_is_as_large_as_it_goes_and_undistorted(
    qtbot: QtBot, width: int, height: int
) -> None:
    canvas = show_canvas(qtbot, make_timeline(2, width=width, height=height))
    target = canvas.target_rect()
    assert target.width() / target.height() == pytest.approx(width / height)
    assert target.width() == pytest.approx(400) or target.height() == pytest.approx(300)
    assert target.center().x() == pytest.approx(200)
    assert target.center().y() == pytest.approx(150)
    ground = canvas.grab().toImage().pixelColor(0, 0)
    inside = target.toAlignedRect().contains(0, 0)
    assert (ground == QColor("#14161b")) is not inside


def test_hard_pixels_are_squares_and_smooth_ones_blend(qtbot: QtBot) -> None:
    timeline = make_timeline(2)
    timeline.put_picture(0, "noisy", quadrants(2), exact=True)
    canvas = show_canvas(qtbot, timeline)
    smooth = pixels(canvas)
    assert at(smooth, 200, 20) not in ((250, 10, 10), (10, 250, 10))
    changes: list[bool] = []
    canvas.hard_pixels_changed.connect(changes.append)
    canvas.pixels_button.click()
    hard = pixels(canvas)
    assert changes == [True]
    assert at(hard, 198, 20) == (250, 10, 10)
    assert at(hard, 202, 20) == (10, 250, 10)
    assert at(hard, 198, 280) == (10, 10, 250)
    assert at(hard, 202, 280) == (250, 250, 10)


def test_channels_are_always_hard(qtbot: QtBot) -> None:
    canvas = show_canvas(qtbot, make_timeline(4), 2)
    canvas._playhead.set_view("channels")
    assert canvas.picture is not None
    found = {at(pixels(canvas), x, 20) for x in range(55, 200, 3)}
    assert found <= {tuple(p) for p in canvas.picture.reshape(-1, 3).tolist()}
    assert not canvas.pixels_button.isEnabled()


def test_a_sharper_picture_appears_by_itself(qtbot: QtBot) -> None:
    timeline = make_timeline(10)
    canvas = show_canvas(qtbot, timeline, 3)
    timeline.put_picture(4, "noisy", plain((1, 1, 1)), exact=True)
    assert at(pixels(canvas), 200, 150) == color_of(3)
    timeline.put_picture(3, "noisy", plain((9, 200, 255)), exact=True)
    assert at(pixels(canvas), 200, 150) == (9, 200, 255)


def test_empty_views_say_why(qtbot: QtBot) -> None:
    canvas = show_canvas(qtbot, None)
    assert canvas.message
    timeline = make_timeline(4)
    canvas._playhead.set_bounds(len(timeline))
    canvas.set_timeline(timeline)
    assert canvas.message == ""
    canvas._playhead.set_view("change")
    assert canvas.picture is None
    assert "first step" in canvas.message
    blank = pixels(canvas)
    quiet = {blank.pixelColor(x, y).name() for x in range(100, 300) for y in range(140, 160)}
    assert len(quiet) > 1, "the sentence is painted"
    canvas._playhead.seek(1)
    assert canvas.picture is not None
    assert canvas.caption() == "Amplified 4 times"


def test_a_run_that_grows_is_followed(qtbot: QtBot) -> None:
    timeline = make_timeline(6, there=0)
    canvas = show_canvas(qtbot, timeline)
    assert canvas.picture is None
    timeline.append(make_points(6)[:1])
    assert at(pixels(canvas), 200, 150) == color_of(0)


def test_the_wheel_zooms_about_the_cursor(qtbot: QtBot) -> None:
    canvas = show_canvas(qtbot, make_timeline(2))
    cursor = QPointF(250, 100)
    before = canvas.target_rect()
    under = (
        (cursor.x() - before.x()) / before.width(),
        (cursor.y() - before.y()) / before.height(),
    )
    wheel(canvas, cursor, 480)
    after = canvas.target_rect()
    assert canvas.zoom > 1.9
    assert (cursor.x() - after.x()) / after.width() == pytest.approx(under[0])
    assert (cursor.y() - after.y()) / after.height() == pytest.approx(under[1])
    assert canvas.fit_button.isVisible()
    for _ in range(40):
        wheel(canvas, cursor, 480)
    assert canvas.target_rect().width() <= 16 * 64 + 1
    wheel(canvas, cursor, -100_000)
    assert canvas.zoom == 1.0
    assert canvas.target_rect() == before


def test_dragging_pans_no_further_than_the_edge_and_a_double_click_fits(qtbot: QtBot) -> None:
    canvas = show_canvas(qtbot, make_timeline(2))
    canvas.zoom_by(3)
    before = canvas.target_rect()
    left = Qt.MouseButton.LeftButton
    QTest.mousePress(canvas, left, pos=QPoint(200, 150))
    QTest.mouseMove(canvas, QPoint(180, 160))
    after = canvas.target_rect()
    assert (after.x() - before.x(), after.y() - before.y()) == (-20, 10)
    QTest.mouseMove(canvas, QPoint(-3000, -3000))
    QTest.mouseRelease(canvas, left, pos=QPoint(-3000, -3000))
    corner = canvas.target_rect()
    assert corner.right() == pytest.approx(400)
    assert corner.bottom() == pytest.approx(300)
    QTest.mouseMove(canvas, QPoint(50, 50))
    assert canvas.target_rect() == corner
    QTest.mouseDClick(canvas, left, pos=QPoint(100, 100))
    assert canvas.zoom == 1.0
    assert not canvas.fit_button.isVisible()


def test_another_timeline_shows_whole(qtbot: QtBot) -> None:
    canvas = show_canvas(qtbot, make_timeline(2))
    canvas.zoom_by(3)
    canvas.set_timeline(make_timeline(3))
    assert canvas.zoom == 1.0
    canvas.set_timeline(None)
    assert canvas.picture is None


def test_scaled_pictures_stay_under_their_bound(qapp: QApplication) -> None:
    kept = ScaledPictures(limit=3 * 100 * 100 * 4)
    pictures = [plain(color_of(k)) for k in range(5)]
    size = QSize(100, 100)
    pixmaps = [kept.get(p, size, False) for p in pictures]
    assert kept.bytes_kept == 3 * 100 * 100 * 4
    assert kept.get(pictures[4], size, False).cacheKey() == pixmaps[4].cacheKey()
    assert kept.get(pictures[0], size, False).cacheKey() != pixmaps[0].cacheKey()
    assert kept.bytes_kept == 3 * 100 * 100 * 4


def test_scaled_pictures_keep_no_picture_alive(qapp: QApplication) -> None:
    kept, size = ScaledPictures(limit=10 * 100 * 100 * 4), QSize(100, 100)
    picture = plain(color_of(1))
    alive = weakref.ref(picture)
    kept.get(picture, size, False)
    del picture
    assert alive() is None
    # whoever takes over its identity is not shown as it was
    for k in range(2, 40):
        other = plain(color_of(k))
        shown = kept.get(other, size, False).toImage().pixelColor(50, 50)
        assert (shown.red(), shown.green(), shown.blue()) == color_of(k)
    assert kept.bytes_kept <= 10 * 100 * 100 * 4


@pytest.mark.parametrize("size", [(400, 300), (330, 300), (300, 300), (300, 330), (600, 300)])
def test_buttons_never_lie_across_the_edge_of_the_picture(
    qtbot: QtBot, size: tuple[int, int]
) -> None:
    canvas = show_canvas(qtbot, make_timeline(2))
    canvas.resize(*size)
    corner = canvas.copy_button.parentWidget()
    assert corner is not None
    picture = canvas.target_rect().toAlignedRect()
    assert canvas.rect().contains(corner.geometry())
    inside = picture.contains(corner.geometry())
    assert inside or not picture.intersects(corner.geometry())
