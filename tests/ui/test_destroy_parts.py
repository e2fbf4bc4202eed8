"""The parts of the Destroy page: words, pictures in a row, what survives, panel and bar."""

from __future__ import annotations

import math
import re
from itertools import pairwise

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from tests.ui.sitting import pixels
from visualizer.diffusion.arrays import Picture, read_only
from visualizer.diffusion.noise import NoiseLevel
from visualizer.diffusion.survival import SurvivalPoint
from visualizer.session.destroying import SHARES
from visualizer.ui import theme
from visualizer.ui.destroy import destroy_words as words
from visualizer.ui.destroy.destroy_panel import DestroyPanel
from visualizer.ui.destroy.picture_row import PictureRow
from visualizer.ui.destroy.source_bar import SourceBar
from visualizer.ui.destroy.survival_strip import SurvivalStrip
from visualizer.ui.explanation import Explanation


def flat(color: tuple[int, int, int], height: int = 8, width: int = 8) -> Picture:
    return read_only(np.full((height, width, 3), color, dtype=np.uint8))


def point(share: float, likeness: float, step: int = 0) -> SurvivalPoint:
    return SurvivalPoint(step, share, likeness, 0.2, flat((200, 30, 30)))


# --- words ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("alpha_bar", [1.0, 0.83, 0.4, 0.01])
def test_the_formula_is_filled_with_the_weights_that_are_drawn(alpha_bar: float) -> None:
    for level in (
        NoiseLevel.from_alpha_bar(alpha_bar),
        NoiseLevel.from_sigma(math.sqrt((1 - alpha_bar) / alpha_bar), "ve"),
    ):
        signal, noise = map(float, re.findall(r"\d+\.\d+", words.filled_formula(level)))
        assert signal == pytest.approx(math.sqrt(alpha_bar), abs=0.006)
        assert noise == pytest.approx(math.sqrt(1 - alpha_bar), abs=0.006)
        assert "√" in words.formula(level)
        assert f"{alpha_bar:.3g}" in words.symbol_words(level)


def test_flow_matching_has_a_formula_of_its_own() -> None:
    level = NoiseLevel.from_sigma(0.25, "flow")
    assert "√" not in words.formula(level)
    assert "σ" in words.formula(level)
    assert re.findall(r"\d+\.\d+", words.filled_formula(level)) == ["0.75", "0.25"]
    assert "0.25" in words.symbol_words(level)


def test_what_is_said_follows_the_noise_and_tells_where_it_falls() -> None:
    shares = [k / 20 for k in range(21)]
    told = [words.destroyed_words(k, share, "latents") for k, share in enumerate(shares)]
    titles = list(dict.fromkeys(each.title for each in told))
    assert titles == [
        "Still whole",
        "A thin veil",
        "Detail drowns first",
        "Only large shapes are left",
        "A trace is left",
        "Nothing but static",
    ]
    assert "decoder" in told[4].text
    assert "pixels" in words.destroyed_words(4, 0.2, "pixels").text
    last_of_one_step = words.destroyed_words(1, 0.0017, "latents")
    assert last_of_one_step.title == "A thin veil"


def test_what_came_back_is_told_by_how_alike_it_is() -> None:
    titles = [words.came_back_words(0.5, likeness).title for likeness in (0.95, 0.7, 0.4, 0.0)]
    assert len(set(titles)) == 4
    assert titles[0] == "It came back"
    assert titles[-1] == "Another picture came back"
    assert words.came_back_words(0.9, 0.79, 0.74).title == titles[-1]  # the words alone give that
    assert words.likeness_words(-0.1) == "likeness −0.10"


def test_what_survives_is_told_by_the_last_level_from_which_it_came_back() -> None:
    points = (point(0.2, 0.95), point(0.6, 0.65), point(0.9, 0.3))
    assert words.survival_words(points[:1], whole=False).title == "Turning round from each level"
    assert "60" in words.survival_words(points, whole=True).title
    assert words.survival_words(points[2:], whole=True).title == "Hardly anything survives"


def test_the_round_trip_blames_the_autoencoder_and_only_where_there_is_one() -> None:
    assert "autoencoder" in words.round_trip_words(27.4).title
    assert "autoencoder" not in words.round_trip_words(math.inf).text
    assert words.psnr_words(27.44) == "27.4 dB"
    assert words.psnr_words(math.inf) == "no difference"


# --- pictures in a row ----------------------------------------------------------------------------


@pytest.mark.parametrize(("height", "width"), [(64, 64), (90, 30), (20, 120), (8, 512)])
@pytest.mark.parametrize("room", [(900, 420), (640, 230)])
def test_pictures_of_any_shape_stand_undistorted_beside_each_other(
    qtbot: QtBot, height: int, width: int, room: tuple[int, int]
) -> None:
    row = PictureRow({"one": "One", "two": "Two", "three": "Three"})
    qtbot.addWidget(row)
    row.resize(*room)
    row.show()
    row.show_picture("one", flat((10, 20, 30), height, width))
    places = [tile.geometry() for tile in row.tiles.values()]
    for place in places:
        assert place.width() / place.height() == pytest.approx(width / height, rel=0.15)
        assert row.rect().contains(place)
    for left, right in pairwise(places):
        assert left.right() + 16 <= right.left()


def test_a_row_says_what_its_pictures_are(qtbot: QtBot) -> None:
    row = PictureRow({"one": "One", "two": "Two"})
    qtbot.addWidget(row)
    row.resize(600, 300)
    row.set_caption("two", "After the autoencoder", "PSNR 27.4 dB")
    row.show_picture("two", None, words="The model is being loaded …")
    assert row.caption("two") == "After the autoencoder"
    assert row.note("two") == "PSNR 27.4 dB"
    assert row.tiles["two"].accessibleName() == "After the autoencoder"
    assert row.tiles["two"].words == "The model is being loaded …"


# --- what survives --------------------------------------------------------------------------------


@pytest.fixture
def strip(qtbot: QtBot) -> SurvivalStrip:
    strip = SurvivalStrip()
    qtbot.addWidget(strip)
    strip.resize(900, 208)
    strip.set_shares(SHARES)
    return strip


def test_a_share_of_noise_stands_where_it_is_asked_for(strip: SurvivalStrip) -> None:
    for share in (0.0, 0.2, 0.5, 0.93, 1.0):
        assert strip.share_at(strip.x_of(share)) == pytest.approx(share, abs=1e-6)
    assert strip.share_at(-50) == 0.0
    assert strip.share_at(5000) == 1.0


@pytest.mark.parametrize("wide", [560, 900, 1700])
def test_its_pictures_lie_beside_each_other(strip: SurvivalStrip, wide: int) -> None:
    strip.resize(wide, 208)
    for left, right in pairwise(SHARES):
        assert strip.frame(left).right() <= strip.frame(right).left()
    assert strip.frame(1.0).right() <= wide


def test_pressing_a_picture_asks_for_its_share_and_elsewhere_for_what_stands_there(
    qtbot: QtBot, strip: SurvivalStrip
) -> None:
    asked: list[float] = []
    strip.share_chosen.connect(asked.append)
    frame = strip.frame(0.6)
    press = Qt.MouseButton.LeftButton
    qtbot.mouseClick(strip, press, pos=QPoint(int(frame.left()) + 3, int(frame.top()) + 3))
    area = strip.area()
    x = int((strip.x_of(0.2) + strip.x_of(0.4)) / 2)
    qtbot.mouseClick(strip, press, pos=QPoint(x, int(area.center().y())))
    assert asked[0] == 0.6
    assert 0.2 < asked[1] < 0.4


def test_points_pictures_and_the_line_of_chance_are_drawn(strip: SurvivalStrip) -> None:
    assert strip.chance is None
    assert strip.accessibleDescription() == "Not measured yet"
    empty = pixels(strip)
    strip.show_points((point(0.2, 0.9), point(0.4, 0.7)))
    assert strip.chance == 0.2
    assert strip.accessibleDescription() == (
        "20\u00a0% noise: likeness 0.90, 40\u00a0% noise: likeness 0.70"
    )
    drawn = pixels(strip)
    middle = strip.frame(0.2).center().toPoint()
    assert tuple(drawn[middle.y(), middle.x()]) == (200, 30, 30)
    unmeasured = strip.frame(0.6).center().toPoint()
    assert (drawn[unmeasured.y(), unmeasured.x()] == empty[unmeasured.y(), unmeasured.x()]).all()
    second = QColor(theme.current().second)
    at = drawn[round(strip.y_of(0.7)), round(strip.x_of(0.4))]
    assert tuple(at) == (second.red(), second.green(), second.blue())
    row = drawn[round(strip.y_of(0.2))]
    assert (row != empty[round(strip.y_of(0.2))]).any()


def test_the_playhead_stands_on_the_same_axis(strip: SurvivalStrip) -> None:
    strip.set_here(0.5)
    accent = QColor(theme.current().accent)
    drawn = pixels(strip)
    column = drawn[int(strip.area().center().y()), round(strip.x_of(0.5))]
    assert tuple(column) == (accent.red(), accent.green(), accent.blue())


# --- the panel and the bar ------------------------------------------------------------------------


def test_the_panel_shows_numbers_only_where_there_are_some(qtbot: QtBot) -> None:
    panel = DestroyPanel()
    qtbot.addWidget(panel)
    panel.show()
    panel.show_level(NoiseLevel.from_alpha_bar(0.64))
    assert panel.picture_share.text() == "64\u00a0% picture"
    assert panel.noise_share.text() == "36\u00a0% noise"
    assert "0.80" in panel.filled.text()
    assert "0.60" in panel.filled.text()
    panel.show_level(NoiseLevel.from_alpha_bar(0.64), formulas=False)
    assert not panel.formula.isVisible()
    panel.show_level(None)
    assert not panel.share.isVisible()
    panel.say("27.4 dB", Explanation("A headline", "<b>no markup</b>"), "PSNR", "more of it")
    assert panel.title.text() == "27.4 dB"
    assert "&lt;b&gt;" in panel.text.text()
    assert panel.reading.toolTip() == "more of it"


def test_the_bar_asks_for_pictures_and_shows_a_title_whole_or_not_at_all(qtbot: QtBot) -> None:
    bar = SourceBar()
    qtbot.addWidget(bar)
    bar.resize(420, 32)
    bar.show()
    bar.show_title("a very long name of a picture that nobody could read in so little room")
    assert bar.title.text() == ""
    assert bar.title.toolTip().endswith("so little room")
    asked: list[str] = []
    bar.asked.connect(asked.append)
    bar.offer_run(False)
    for button in bar.buttons.values():
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert asked == ["scene", "open"]
