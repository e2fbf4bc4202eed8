"""The letter and color of a lane."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication

from visualizer.ui import theme
from visualizer.ui.lane_mark import ink_on, letter_of, luminance


def test_letters_go_on_after_z() -> None:
    assert [letter_of(i) for i in (0, 1, 25, 26, 27, 51, 52, 63)] == [
        *("A", "B", "Z", "AA", "AB", "AZ", "BA", "BL")
    ]
    assert len({letter_of(i) for i in range(800)}) == 800


@pytest.mark.parametrize("worn", [theme.DARK, theme.LIGHT], ids=lambda worn: worn.name)
def test_letters_are_read_on_every_color(qapp: QApplication, worn: theme.Theme) -> None:
    for color in worn.lanes:
        light, ink = luminance(color), luminance(ink_on(color).name())
        assert (max(light, ink) + 0.05) / (min(light, ink) + 0.05) >= 4.5, color
