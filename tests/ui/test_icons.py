"""The icons: one family, tinted by the theme."""

from __future__ import annotations

import re

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QIcon, QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from visualizer.assets import asset_path
from visualizer.ui import theme
from visualizer.ui.icons import IconButton, icon

PROGRAM_ICON = "denoising-visualizer"  # in its own colors, for the desktop
NAMES = sorted({file.stem for file in asset_path("icons").glob("*.svg")} - {PROGRAM_ICON})


def strongest(image: QImage) -> QColor:
    """The color of the most opaque pixel."""
    pixels = [image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height())]
    return max(pixels, key=lambda color: color.alpha())


def test_the_icons_that_the_window_names_are_there_and_no_others() -> None:
    needed = "play pause previous next first last loop dice save export more fit pixels swap"
    newer = "close copy picture undo info warning branch denoise compare panel history noise"
    newest = "fold unfold destroy train words physics lessons present code sculptor drawings"
    assert {*needed.split(), *newer.split(), *newest.split()} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_drawing_is_of_the_family(name: str) -> None:
    drawing = asset_path("icons", f"{name}.svg").read_text(encoding="utf-8")
    assert 'viewBox="0 0 20 20"' in drawing
    assert set(re.findall(r'stroke-width="([^"]+)"', drawing)) == {"1.5"}
    colors = set(re.findall(r'(?:fill|stroke)="([^"]+)"', drawing))
    assert colors <= {"none", "currentColor"}


@pytest.mark.parametrize("name", NAMES)
def test_every_icon_draws_something_in_the_theme_color(qapp: QApplication, name: str) -> None:
    for worn in (theme.DARK, theme.LIGHT):
        drawn = icon(name, worn)
        for mode, color in ((QIcon.Mode.Normal, worn.text), (QIcon.Mode.Disabled, worn.faint)):
            image = drawn.pixmap(QSize(20, 20), 2.0, mode).toImage()
            assert image.width() == 40
            tint, wanted = strongest(image), QColor(color)
            assert tint.alpha() > 200
            for channel in ("red", "green", "blue"):
                assert abs(getattr(tint, channel)() - getattr(wanted, channel)()) <= 3


def test_an_icon_that_was_never_drawn_is_an_error(qapp: QApplication) -> None:
    with pytest.raises(FileNotFoundError):
        icon("unicorn", theme.DARK)


def test_a_button_says_what_it_does_and_follows_the_theme(qtbot: QtBot, qapp: QApplication) -> None:
    button = IconButton("play", "Play", "Space")
    qtbot.addWidget(button)
    assert button.accessibleName() == "Play"
    assert button.toolTip() == "Play  (Space)"
    dark = button.icon().pixmap(20, 20).toImage()
    theme.apply(qapp, theme.LIGHT)
    light = button.icon().pixmap(20, 20).toImage()
    assert strongest(dark) == QColor(theme.DARK.text)
    assert strongest(light) == QColor(theme.LIGHT.text)
    button.set_icon("pause")
    assert button.icon().pixmap(20, 20).toImage() != light
