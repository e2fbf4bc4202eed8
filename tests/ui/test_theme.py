"""The two themes: readable, complete, and worn by every widget at once."""

from __future__ import annotations

import re
from itertools import product

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication, QLineEdit, QListView, QPushButton
from pytestqt.qtbot import QtBot

from visualizer.assets import asset_path
from visualizer.ui import theme
from visualizer.ui.theme import DARK, LIGHT, Theme

LEAST_CONTRAST = 5.3
BOTH = pytest.mark.parametrize("worn", [DARK, LIGHT], ids=lambda t: t.name)


def luminance(color: str) -> float:
    """WCAG 2.2, relative luminance."""
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_measured_as_the_standard_says() -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@BOTH
def test_all_words_are_readable_on_all_grounds(worn: Theme) -> None:
    pairs = [
        *product(["text", "quiet"], ["ground", "surface", "raised", "field"]),
        *product(["text"], ["hover", "selection", "segment", "line"]),
        *product(["second"], ["ground", "surface", "field"]),
        *product(["accent"], ["ground", "surface"]),
        *product(["danger"], ["ground", "surface", "raised"]),
        ("on_accent", "accent"),
        ("on_accent", "accent_hover"),
    ]
    for front, back in pairs:
        found = contrast(getattr(worn, front), getattr(worn, back))
        assert found >= LEAST_CONTRAST, f"{worn.name}: {front} on {back} is {found:.2f}"


def test_the_named_colors_are_those_agreed_on() -> None:
    assert (DARK.ground, DARK.surface, DARK.text) == ("#14161b", "#1c1f26", "#e9ebf0")
    assert (DARK.quiet, DARK.accent, DARK.second) == ("#9aa2b1", "#f2a33c", "#5aa9e6")
    assert (LIGHT.ground, LIGHT.surface, LIGHT.text) == ("#f6f6f3", "#ffffff", "#1a1c21")
    assert (LIGHT.quiet, LIGHT.accent, LIGHT.second) == ("#59606d", "#a64a00", "#00639c")


FILM_PLAYHEAD = "QSlider#film::handle:horizontal"
"""Of the preview of an export."""


@BOTH
def test_lanes_are_told_apart_on_the_ground(qapp: QApplication, worn: Theme) -> None:
    assert len(set(worn.lanes)) == len(theme.LANES) == 8
    for color in worn.lanes:
        assert contrast(color, worn.ground) >= 3, f"{worn.name}: {color}"
        assert contrast(color, worn.surface) >= 3, f"{worn.name}: {color}"
    theme.apply(qapp, worn)
    assert theme.lane_color(1) == theme.lane_color(9) == worn.lanes[1]


def test_the_accent_is_for_the_main_button_and_the_playhead_only() -> None:
    sheet = (asset_path("theme") / "style.qss").read_text(encoding="utf-8")
    rules = re.findall(r"([^{}]+)\{([^{}]*\$(?:on_)?accent[^{}]*)\}", sheet.replace("${", "$("))
    assert rules
    for selector, _ in rules:
        assert '[role="primary"]' in selector or selector.strip() == FILM_PLAYHEAD


def test_type_comes_in_three_sizes() -> None:
    sheet = (asset_path("theme") / "style.qss").read_text(encoding="utf-8")
    sizes = set(re.findall(r"font-size: ([^;]+);", sheet))
    assert sizes == {"${small}px", "${body}px", "${title}px"}


@BOTH
def test_pictures_of_the_style_sheet_are_there_in_the_right_color(worn: Theme) -> None:
    sheet = theme.style_sheet(worn)
    assert "$" not in sheet
    files = re.findall(r'url\("([^"]+)"\)', sheet)
    assert files
    for file in files:
        drawing = asset_path("theme", file.rsplit("/", 1)[1]).read_text(encoding="utf-8")
        assert any(c in drawing for c in (worn.quiet, worn.text, worn.on_accent)), file


@BOTH
def test_a_theme_reaches_palette_and_widgets(qtbot: QtBot, qapp: QApplication, worn: Theme) -> None:
    theme.apply(qapp, worn)
    assert theme.current() is worn
    assert qapp.palette().color(QPalette.ColorRole.Window) == QColor(worn.ground)
    button = QPushButton("Generate")
    button.setProperty("role", "primary")
    qtbot.addWidget(button)
    field = QLineEdit()
    qtbot.addWidget(field)
    button.resize(120, 32)
    field.resize(120, 32)
    assert button.grab().toImage().pixelColor(8, 16) == QColor(worn.accent)
    assert field.grab().toImage().pixelColor(60, 6) == QColor(worn.field)
    assert button.sizeHint().height() == field.sizeHint().height() == 4 * theme.SPACE


def test_keyboard_focus_is_visible(qtbot: QtBot, qapp: QApplication) -> None:
    button = QPushButton("Save")
    qtbot.addWidget(button)
    button.resize(120, 32)
    button.show()
    qtbot.waitExposed(button)
    before = button.grab().toImage()
    button.activateWindow()
    button.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.waitUntil(button.hasFocus)
    after = button.grab().toImage()
    ring = QColor(DARK.second)
    assert after.pixelColor(60, 0) == ring
    assert after.pixelColor(60, 1) == ring
    assert before.pixelColor(60, 0) != ring


@BOTH
def test_a_list_that_is_a_window_of_its_own_can_be_read(
    qtbot: QtBot, qapp: QApplication, worn: Theme
) -> None:
    theme.apply(qapp, worn)
    popup = QListView()  # as what a file dialog offers to complete a name
    qtbot.addWidget(popup)
    popup.resize(80, 40)
    popup.show()
    qtbot.waitExposed(popup)
    assert popup.grab().toImage().pixelColor(40, 20).name() == worn.field
