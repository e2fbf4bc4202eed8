"""The ring around what the keys speak to, for whoever came there by keyboard."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFocusEvent, QPainter, QPen
from PySide6.QtWidgets import QWidget

from visualizer.ui import theme as themes

RADIUS = 6.0


class RingedWidget(QWidget):
    """A painted widget with a ring while it has the focus by keyboard; it calls ``paint_ring``."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._ringed = False

    def paint_ring(self, painter: QPainter) -> None:
        """The ring at the edge, where there is one: the last thing to be painted."""
        if self._ringed:
            paint_ring(painter, self.rect())

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Whoever came here by keyboard sees where the focus is."""
        super().focusInEvent(event)
        self._ringed = came_by_keyboard(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """No ring without focus."""
        super().focusOutEvent(event)
        self._ringed = False
        self.update()


def came_by_keyboard(event: QFocusEvent) -> bool:
    """Whether Tab brought the focus; a click needs no ring to show where it went."""
    return event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)


def paint_ring(painter: QPainter, room: QRect, radius: float = RADIUS) -> None:
    """The ring, just inside a room."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(themes.current().second), 2))
    painter.drawRoundedRect(QRectF(room).adjusted(1, 1, -1, -1), radius, radius)
