"""What tests of the window share: a dark theme, a sitting, and no widget left behind."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QDeadlineTimer, QEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QWidget
from pytestqt.qtbot import QtBot

from tests.ui.sitting import Sitting
from visualizer.ui import theme
from visualizer.ui.window import wear


@pytest.fixture(autouse=True)
def clean_application(qapp: QApplication) -> Iterator[None]:
    """Start dark; fail when a top-level widget outlives its test."""
    if not qapp.styleSheet() or theme.current() is not theme.DARK:
        theme.apply(qapp, theme.DARK)
    before = {id(widget) for widget in qapp.topLevelWidgets()}

    def left_behind() -> list[QWidget]:
        qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
        return [
            widget
            for widget in qapp.topLevelWidgets()
            if id(widget) not in before and not _of_pyqtgraph(widget)
        ]

    yield
    qapp.processEvents()
    patience = QDeadlineTimer(5000)
    while left_behind() and not patience.hasExpired():
        gc.collect()  # only then: it takes longer than most tests
        QTest.qWait(10)  # a thread may be at its last job, which holds what the session held
    assert not left_behind()


def _of_pyqtgraph(widget: QWidget) -> bool:
    """Whether it is a menu of a plot: its only owner is Python, which may collect it on the thread
    of the worker, where Qt deletes no widget."""
    of_a_menu = isinstance(widget.parent(), QMenu)
    return isinstance(widget, QMenu) and (of_a_menu or widget.title() == "Plot Options")


@pytest.fixture
def sitting(qtbot: QtBot, tmp_path: Path) -> Iterator[Sitting]:
    """A window that is ready, with a model of which every number is known."""
    wear("dark")
    made = Sitting(qtbot, tmp_path)
    made.start()
    yield made
    made.close()
