"""The ring of the focus, and the pinch, which several painted widgets share."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QColor, QFocusEvent, QNativeGestureEvent, QPointingDevice
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from tests.ui.example_lanes import make_lanes
from visualizer.ui import theme
from visualizer.ui.canvas import zoom_by_pinch
from visualizer.ui.difference_stage import DifferenceStage
from visualizer.ui.lane_grid import LaneGrid
from visualizer.ui.paths_plot import PathsPlot

Reason = Qt.FocusReason


def paths_plot() -> PathsPlot:
    lanes = make_lanes()
    plot = PathsPlot(lanes)
    lanes.setParent(plot)
    return plot


@pytest.mark.parametrize("make", [DifferenceStage, paths_plot])
def test_who_comes_by_keyboard_sees_where_the_focus_is(
    qtbot: QtBot, make: Callable[[], QWidget]
) -> None:
    widget = make()
    qtbot.addWidget(widget)
    widget.resize(300, 200)

    def ringed() -> bool:
        return widget.grab().toImage().pixelColor(150, 1) == QColor(theme.current().second)

    def send(kind: QEvent.Type, reason: Qt.FocusReason) -> None:
        QApplication.sendEvent(widget, QFocusEvent(kind, reason))

    for reason in (Reason.TabFocusReason, Reason.BacktabFocusReason):
        assert not ringed()
        send(QEvent.Type.FocusIn, reason)
        assert ringed()
        send(QEvent.Type.FocusOut, reason)
    send(QEvent.Type.FocusIn, Reason.MouseFocusReason)
    assert not ringed()


def pinch(kind: Qt.NativeGestureType, value: float, at: QPointF) -> QNativeGestureEvent:
    device = QPointingDevice.primaryPointingDevice()
    return QNativeGestureEvent(kind, device, 2, at, at, at, value, QPointF())


def test_a_pinch_zooms_about_the_fingers(qtbot: QtBot) -> None:
    asked: list[tuple[float, QPointF]] = []
    zoom = Qt.NativeGestureType.ZoomNativeGesture
    at = QPointF(30, 40)
    assert zoom_by_pinch(pinch(zoom, 0.5, at), lambda factor, about: asked.append((factor, about)))
    assert asked == [(1.5, at)]
    turned = pinch(Qt.NativeGestureType.RotateNativeGesture, 0.5, at)
    assert not zoom_by_pinch(turned, lambda factor, about: asked.append((factor, about)))
    assert len(asked) == 1
    lanes = make_lanes()
    grid = LaneGrid(lanes)
    lanes.setParent(grid)
    qtbot.addWidget(grid)
    grid.resize(600, 300)
    grid.show()
    QApplication.sendEvent(grid, pinch(zoom, 0.5, QPointF(100, 100)))
    assert grid.zoom == pytest.approx(1.5)
