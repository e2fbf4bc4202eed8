"""Tooltips are never wider than can be read."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QEvent, QPoint
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QToolTip, QWidget
from pytestqt.qtbot import QtBot

from visualizer.ui.tips import LONGEST, WrappedTips, wrapped

LONG = "Every lane on its way from static to picture, and where it stands just now. " * 3


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[QWidget]:
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    qtbot.waitExposed(window)
    yield window
    QToolTip.hideText()


def ask(widget: QWidget) -> str:
    """What is shown to a mouse that rests on the widget."""
    at = QPoint(2, 2)
    QApplication.sendEvent(widget, QHelpEvent(QEvent.Type.ToolTip, at, widget.mapToGlobal(at)))
    return QToolTip.text()


def test_a_long_tooltip_is_shown_in_lines(window: QWidget) -> None:
    WrappedTips(window)
    field = QLineEdit(window)
    field.show()
    field.setToolTip(LONG)
    shown = ask(field)
    assert max(map(len, shown.split("\n"))) <= LONGEST
    assert shown.split() == LONG.split()
    assert field.toolTip() == LONG


def test_a_short_one_stays_as_it_is(window: QWidget) -> None:
    WrappedTips(window)
    window.setToolTip("Draw another seed")
    assert ask(window) == "Draw another seed"


@given(st.text(st.sampled_from("ab c\n"), max_size=200))
def test_wrapping_loses_no_word_and_no_line(text: str) -> None:
    lines = wrapped(text).split("\n")
    assert " ".join(lines).split() == text.split()
    assert len(lines) >= len(text.split("\n"))
    assert all(len(line) <= LONGEST or " " not in line for line in lines)
