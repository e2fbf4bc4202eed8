"""The press of the mouse that may become a drag.

As picture viewers do it: a picture that is seen whole cannot be panned, so that dragging takes it
away; an enlarged one is panned, and taken away with Alt held, or by the button that copies it.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QPoint, QPointF
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QAbstractButton, QApplication


class Grip:
    """The press that may become a drag."""

    def __init__(self) -> None:
        self._start: QPoint | None = None

    @property
    def held(self) -> bool:
        """Whether the button is down, and has not been pulled yet."""
        return self._start is not None

    def press(self, where: QPointF) -> None:
        """The button went down here."""
        self._start = where.toPoint()

    def release(self) -> None:
        """It came up, or something else began."""
        self._start = None

    def pulled(self, where: QPointF) -> bool:
        """Whether the mouse went far enough; then this press is over."""
        if self._start is None:
            return False
        way = (where.toPoint() - self._start).manhattanLength()
        if way < QApplication.startDragDistance():
            return False
        self._start = None
        return True


class DragHandle(QObject):
    """Lets a button be dragged by: it is pressed as ever, and pulled to take something away."""

    def __init__(self, button: QAbstractButton, pulled: Callable[[], object]) -> None:
        super().__init__(button)
        self._button, self._pulled = button, pulled
        self._grip = Grip()
        button.installEventFilter(self)

    def eventFilter(self, _button: QObject, event: QEvent) -> bool:
        """A pull is no press: the button comes up first."""
        if not isinstance(event, QMouseEvent):
            return False
        if event.type() == QEvent.Type.MouseButtonPress:
            self._grip.press(event.position())
        elif event.type() == QEvent.Type.MouseButtonRelease:
            self._grip.release()
        elif event.type() == QEvent.Type.MouseMove and self._grip.pulled(event.position()):
            self._button.setDown(False)
            self._pulled()
            return True
        return False
