"""The Physics page: dots at once, one playhead both ways, and a shape from one's own hand."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QAbstractButton, QApplication, QLayout
from pytestqt.qtbot import QtBot

from tests.session.fake_model import FakeModel
from tests.ui.exhibits import painted
from tests.ui.sitting import pixels
from visualizer.lessons.lesson import DoIt
from visualizer.lessons.library import read_file, shipped_folder
from visualizer.lessons.page_setup import PageSetup
from visualizer.session import physics_lab
from visualizer.session.session import Session
from visualizer.settings import Settings
from visualizer.ui import theme
from visualizer.ui.header import Header
from visualizer.ui.physics import physics_page
from visualizer.ui.physics.physics_page import PhysicsPage
from visualizer.ui.physics.physics_words import SHAPES, WAYS, explained
from visualizer.ui.physics.raster import ParticleRaster
from visualizer.ui.physics.scene import Camera, colors_of

WAIT_MS = 60_000
LAST = 240


@pytest.fixture(autouse=True, scope="module")
def torch_is_there() -> None:
    """No session waits at its end for the first import of torch, which cannot be interrupted."""
    importlib.import_module("visualizer.physics.learning")


@pytest.fixture
def page(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PhysicsPage]:
    monkeypatch.setattr(physics_lab, "PARTICLES", 80)
    monkeypatch.setattr(physics_page, "_DRAWN_MS", 0)
    monkeypatch.setattr(physics_page, "_TYPED_MS", 0)
    model = FakeModel()
    session = Session(data_folder=tmp_path, open_model=lambda _folder, _say: model)
    settings = Settings(folder=tmp_path)
    header = Header(settings)
    page = PhysicsPage(session, settings, header)
    qtbot.addWidget(header)
    qtbot.addWidget(page)
    page.resize(1200, 800)
    with qtbot.waitExposed(page):
        page.show()
    yield page
    page.hide()
    assert session.close()
    session.deleteLater()


def learn(qtbot: QtBot, page: PhysicsPage, steps: int = 25) -> None:
    page.lab.learn(steps=steps)
    qtbot.waitUntil(lambda: page.lab.learned and not page.lab.learning, timeout=WAIT_MS)


def draw(qtbot: QtBot, page: PhysicsPage, *places: tuple[float, float]) -> None:
    camera = page.view.camera
    at = [
        QPoint(
            round(camera.width / 2 + x * camera.scale), round(camera.height / 2 - y * camera.scale)
        )
        for x, y in places
    ]
    qtbot.mousePress(page.view, Qt.MouseButton.LeftButton, pos=at[0])
    for each in at[1:]:
        qtbot.mouseMove(page.view, each)
    qtbot.mouseRelease(page.view, Qt.MouseButton.LeftButton, pos=at[-1])


def test_the_first_look_shows_a_shape_that_begins_to_be_learned(page: PhysicsPage) -> None:
    assert page.lab.shape is not None
    assert page.lab.shape.name == "swiss roll"
    assert (page.way, page.level, page.playhead.count) == ("forward", 0, LAST + 1)
    assert page.lab.learning
    ground = QColor(theme.current().ground).lightness()
    assert (pixels(page.view).max(axis=2) > ground + 60).sum() > 500
    assert page.panel.headline.text() == "No noise"
    assert page.panel.learn.text() == "Learning …"  # nothing yet: that is not enough
    assert not page.panel.learn.isEnabled()


def test_time_runs_from_left_to_right_on_every_way(qtbot: QtBot, page: PhysicsPage) -> None:
    learn(qtbot, page)
    page.playhead.seek(60)
    assert page.level == 60
    page.go("ode")
    assert (page.playhead.index, page.level) == (LAST - 60, 60)
    assert page.line.ends == ("noise", "shape")
    page.go("sde")
    assert page.level == 60
    page.go("forward")
    assert (page.playhead.index, page.line.ends) == (60, ("shape", "noise"))


def test_dragging_the_timeline_moves_the_dots(qtbot: QtBot, page: PhysicsPage) -> None:
    before = pixels(page.view)
    line, y = page.line, 20
    at = [QPoint(round(line.place(k)), y) for k in (0, 100, 200)]
    qtbot.mousePress(line, Qt.MouseButton.LeftButton, pos=at[0])
    for each in at[1:]:
        qtbot.mouseMove(line, each)
    qtbot.mouseRelease(line, Qt.MouseButton.LeftButton, pos=at[-1])
    assert page.playhead.index == 200
    assert (pixels(page.view) != before).any()
    assert page.panel.headline.text().endswith("% noise")
    page.playhead.home()
    np.testing.assert_array_equal(pixels(page.view), before)  # there and back again, exactly


def test_a_network_that_knows_nothing_moves_no_dot(page: PhysicsPage) -> None:
    page.lab.close()
    page.go("ode")
    page.playhead.home()
    noise = pixels(page.view)
    page.playhead.end()
    np.testing.assert_array_equal(pixels(page.view), noise)


def test_arrows_and_paths_are_drawn_only_where_they_are_wanted(
    qtbot: QtBot, page: PhysicsPage
) -> None:
    learn(qtbot, page)
    page.go("ode")
    page.playhead.seek(150)
    plain = pixels(page.view)
    page.transport.arrows.click()
    arrows = pixels(page.view)
    assert (arrows != plain).any()
    page.transport.arrows.click()
    page.transport.paths.click()
    paths = pixels(page.view)
    assert (paths != plain).any()
    page.transport.paths.click()
    np.testing.assert_array_equal(pixels(page.view), plain)


def test_a_word_is_taken_as_it_is_typed_and_an_empty_one_gets_a_sentence(
    qtbot: QtBot, page: PhysicsPage
) -> None:
    assert not page.word.isVisible()
    page.shapes.buttons["letters"].click()
    assert page.word.isVisible()
    assert page.lab.shape == page.shape()
    page.word.selectAll()
    qtbot.keyClicks(page.word, "Q")
    qtbot.waitUntil(lambda: page.lab.shape is not None and page.lab.shape.text == "Q")
    page.word.clear()
    page.take_shape()
    assert "Type one" in page.view.accessibleDescription()
    page.word.setText("R")
    page.take_shape()
    assert page.view.accessibleDescription() == ""


def test_a_hand_draws_a_shape_of_several_strokes(qtbot: QtBot, page: PhysicsPage) -> None:
    page.playhead.seek(100)
    page.shapes.buttons["by hand"].click()
    assert "Draw a shape" in page.view.accessibleDescription()
    assert page.panel.headline.text() == "Your own shape"
    assert not page.clear.isEnabled()
    draw(qtbot, page, (-1.0, 0.0), (0.0, 0.5), (1.0, 0.0))
    draw(qtbot, page, (0.0, -1.0))
    qtbot.waitUntil(
        lambda: page.lab.shape is not None and len(page.lab.shape.strokes) == 2, timeout=WAIT_MS
    )
    assert page.level == 0
    (line, dot), camera = page.lab.shape.strokes, page.view.camera  # type: ignore[union-attr]
    assert line[0] == pytest.approx((-1, 0), abs=1 / camera.scale)
    assert line[-1] == pytest.approx((1, 0), abs=1 / camera.scale)
    assert dot[0] == pytest.approx((0, -1), abs=1 / camera.scale)
    assert page.lab.learning
    page.clear.click()
    assert "Draw a shape" in page.view.accessibleDescription()
    page.shapes.buttons["rings"].click()
    drawn = page.lab.shape
    draw(qtbot, page, (0.0, 0.0), (1.0, 1.0))
    assert page.lab.shape is drawn


def test_the_button_ends_a_lesson_and_begins_another(qtbot: QtBot, page: PhysicsPage) -> None:
    qtbot.waitUntil(lambda: page.lab.progress is not None, timeout=WAIT_MS)
    page.panel.learn.click()
    qtbot.waitUntil(lambda: page.lab.learned and not page.lab.learning, timeout=WAIT_MS)
    assert page.panel.learn.text() == "Learn again"
    assert page.panel.status.text().startswith("Learned in")
    assert page.panel.loss.curves[0].points == tuple(page.lab.losses)
    qtbot.waitUntil(lambda: not page.lab.measuring, timeout=WAIT_MS)
    assert len(page.panel.entropy.curves[0].points) == LAST // 10 + 1
    page.panel.learn.click()
    assert page.lab.learning


def test_a_lesson_of_the_course_sets_it_up(page: PhysicsPage) -> None:
    options = {"shape": "letters", "text": "HI", "way": "sde", "start": "yes"}
    page.set_up(PageSetup("physics", options=options, playhead=0.25))
    assert page.lab.shape is not None
    assert (page.lab.shape.name, page.lab.shape.text) == ("letters", "HI")
    assert (page.way, page.playhead.index, page.level) == ("sde", LAST // 4, LAST - LAST // 4)
    assert page.lab.learning
    page.hide()
    assert page.lab.learning


def shipped_buttons() -> list[DoIt]:
    lesson = read_file(shipped_folder() / "physics.md", own=False)
    parts = [part for step in lesson.steps for part in step.parts]
    return [p for p in parts if isinstance(p, DoIt) and p.setup.page == "physics"]


def test_buttons_of_the_lesson_keep_what_was_learned(qtbot: QtBot, page: PhysicsPage) -> None:
    learn(qtbot, page)
    buttons = shipped_buttons()
    assert len(buttons) >= 5
    for do_it in (each for each in buttons for _ in range(2)):  # each is pressed twice
        known = page.lab.losses, page.lab.flow("sde"), page.lab.flow("ode")
        options = do_it.setup.options
        page.set_up(do_it.setup)
        assert page.shapes.current == options["shape"]
        assert page.way == options.get("way", page.way)
        by_hand = options["shape"] == "by hand"
        assert ("Draw a shape" in page.view.accessibleDescription()) == by_hand
        assert not (by_hand and page.panel.learn.isEnabled())
        assert page.playhead.playing != by_hand
        if options.get("start") == "again":  # its words are "learns while you watch"
            assert page.lab.learning
            assert page.lab.losses == []
            learn(qtbot, page)
        else:
            assert not page.lab.learning
            assert (page.lab.losses, page.lab.flow("sde"), page.lab.flow("ode")) == known


def test_a_button_of_the_lesson_leaves_a_lesson_on_its_way_alone(
    qtbot: QtBot, page: PhysicsPage
) -> None:
    qtbot.waitUntil(lambda: page.lab.progress is not None, timeout=WAIT_MS)
    begun = page.lab.losses
    for way in ("ode", "sde"):
        page.set_up(PageSetup("physics", options={"way": way, "start": "yes"}))
        assert page.lab.learning
        assert page.lab.losses is begun
    page.hide()  # it was asked for, and goes on
    seen = len(begun)
    qtbot.waitUntil(lambda: len(begun) > seen, timeout=WAIT_MS)


@pytest.mark.parametrize("options", [{"shape": "by hand"}, {"shape": "letters", "text": " "}])
def test_what_is_not_drawn_yet_is_not_learned(
    qtbot: QtBot, page: PhysicsPage, options: dict[str, str]
) -> None:
    learn(qtbot, page)
    known = page.lab.losses
    for start in ("yes", "again"):
        page.set_up(PageSetup("physics", run=True, options={**options, "start": start}))
        page.generate()
        assert not page.lab.learning
        assert not page.playhead.playing
        assert page.lab.losses is known
        assert page.view.accessibleDescription()
    page.shapes.buttons["rings"].click()
    assert page.lab.learning


def test_no_name_is_cut_off(qtbot: QtBot, page: PhysicsPage) -> None:
    layout = page.layout()
    assert layout is not None
    layout.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)  # the window decides
    page.setMinimumSize(0, 0)
    for width in (1200, 896, 704, 640, 1200):
        page.resize(width, 570)
        for shape in SHAPES:
            page.shapes.buttons[shape].click()
            QApplication.processEvents()  # a row within a row is laid out when it is next asked
            assert page.width() == width
            buttons = [b for b in page.findChildren(QAbstractButton) if b.isVisible() and b.text()]
            assert {"Swiss roll", "By hand", "Arrows", "Paths"} <= {b.text() for b in buttons}
            assert [b.text() for b in buttons if b.width() < b.sizeHint().width()] == []
            assert page.word.isHidden() or page.word.width() == 15 * theme.SPACE


def test_what_is_exported_is_what_is_seen(
    page: PhysicsPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(physics_page, "_FRAMES", 5)
    exhibit = painted(page.exhibit())
    assert exhibit.title == "Swiss roll, forward"
    assert exhibit.captions[0] == "No noise"
    assert exhibit.captions[-1] == "100 % noise"
    assert [frame.shape for frame in exhibit.frames] == [(640, 640, 3)] * 5
    assert not np.array_equal(exhibit.frames[0], exhibit.frames[-1])


def test_both_themes_are_painted(qapp: QApplication, page: PhysicsPage) -> None:
    dark = pixels(page.view)
    theme.apply(qapp, theme.LIGHT)
    light = pixels(page.view)
    assert np.median(dark) < 60
    assert np.median(light) > 200
    assert (np.abs(light.astype(int) - np.median(light)).max(axis=2) > 60).sum() > 500


def test_dots_lie_where_they_should_and_shine_through(qapp: QApplication) -> None:
    raster = ParticleRaster(40, 20, 2.0)
    red, blue = (255.0, 0.0, 0.0), (0.0, 0.0, 255.0)
    at = np.array([[10, 10], [30, 10], [30, 10], [-50, 3], [500, 3]], dtype=np.float32)
    raster.draw(at, np.array([red, red, blue, red, red], dtype=np.float32))
    image = QImage(80, 40, QImage.Format.Format_RGB32)
    image.fill(QColor("black"))
    painter = QPainter(image)
    raster.paint(painter, QRectF(image.rect()))
    painter.end()
    alone, both = image.pixelColor(20, 20), image.pixelColor(60, 20)
    assert alone.red() > 120
    assert alone.blue() == 0
    assert both.red() == pytest.approx(both.blue(), abs=2)
    assert both.red() > 60
    assert image.pixelColor(40, 20) == QColor("black")
    raster.draw(at[:1], np.array([red], dtype=np.float32))
    image.fill(QColor("black"))
    painter = QPainter(image)
    raster.paint(painter, QRectF(image.rect()))
    painter.end()
    assert image.pixelColor(60, 20) == QColor("black")


def test_the_camera_goes_there_and_back() -> None:
    camera = Camera(800, 500)
    x, y = camera.to_screen(np.array([[1.5, -0.5]], dtype=np.float32))[0]
    assert camera.to_world(float(x), float(y)) == pytest.approx((1.5, -0.5), abs=1e-3)


def test_colors_go_round_without_a_seam() -> None:
    angle = np.array([-0.001, 0.001])
    around = np.stack([np.cos(angle), np.sin(angle)], axis=1).astype(np.float32)
    around = np.concatenate([around, -around, around[:, ::-1], -around[:, ::-1]])
    for name in ("dark", "light"):
        one, two, *_ = colors_of(around, name)
        np.testing.assert_allclose(one, two, atol=2)


def test_every_moment_has_words_of_its_own() -> None:
    for way in WAYS:
        said = [explained(way, share, False) for share in (0.0, 0.1, 0.5, 0.9, 0.999)]  # type: ignore[arg-type]
        assert len(set(said)) >= 4
        assert max(map(len, said)) < 210
