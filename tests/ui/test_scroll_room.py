"""Panels that scroll keep the room of their bar, however large the window and whatever it wears."""

from __future__ import annotations

from PySide6.QtWidgets import QApplication, QLabel, QScrollArea, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from tests.ui.words_sitting import maps_of
from visualizer.ui import theme
from visualizer.ui.scroll_room import BAR, keep_room
from visualizer.ui.words.words_panel import WordsPanel

_NINE = ("a", "red", "Ferrari", "on", "a", "mountain", "road", "at", "sunset")


def test_what_is_inside_is_as_wide_with_a_bar_as_without(qtbot: QtBot) -> None:
    area, inside = QScrollArea(), QWidget()
    qtbot.addWidget(area)
    keep_room(area)
    text = QLabel("Many words that wrap. " * 20)
    text.setWordWrap(True)
    QVBoxLayout(inside).addWidget(text)
    area.setWidget(inside)
    area.resize(300, 2000)
    area.show()
    bar = area.verticalScrollBar()
    qtbot.waitUntil(lambda: inside.width() == 300 - BAR)
    assert bar.maximum() == 0
    assert bar.grab().toImage().pixelColor(5, 5) == bar.grab().toImage().pixelColor(5, 1990)
    area.resize(300, 100)
    qtbot.waitUntil(lambda: bar.maximum() > 0)
    assert inside.width() == 300 - BAR
    assert bar.width() == BAR


def test_maps_of_words_outlive_another_size_with_another_theme(
    qtbot: QtBot, qapp: QApplication
) -> None:
    panel = WordsPanel()
    qtbot.addWidget(panel)
    panel.choose("attention")
    attention = panel.attention
    attention.show_maps(maps_of(5, _NINE), None, 2, None, 4)
    panel.show()
    for high in (380, 860, 380, *range(500, 1000, 20)):
        worn = theme.LIGHT if high == 380 else theme.DARK
        if theme.current() is not worn:
            theme.apply(qapp, worn)
        panel.set_narrow(high == 380)
        panel.resize(panel.minimumWidth(), high)
        qapp.processEvents()
        assert attention.width() == panel.width() - 3 * theme.SPACE
    assert attention.grid.height() > 3 * 64
