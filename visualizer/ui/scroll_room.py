"""The room of a scroll bar: kept whether the bar is needed or not."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QScrollBar

BAR = 10
"""As wide as the style sheet makes a scroll bar, in pixels."""


def keep_room(area: QScrollArea) -> None:
    """Let an area scroll only up and down, in a bar whose room is always there.

    Where what is inside grows with its width (wrapped texts, rows of pictures), a bar that takes
    its room when it comes makes the inside narrower, thus lower, and goes again, without end.
    """
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setVerticalScrollBar(_Bar(area))
    area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)


class _Bar(QScrollBar):
    """Nothing is seen of it while there is nothing to scroll."""

    def __init__(self, area: QScrollArea) -> None:
        super().__init__(Qt.Orientation.Vertical, area)
        self.setFixedWidth(BAR)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The handle, where it can move."""
        if self.maximum() > self.minimum():
            super().paintEvent(event)
