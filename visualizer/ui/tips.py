"""Tooltips of a readable width: Qt itself writes plain text in one line, however long it is."""

from __future__ import annotations

import textwrap

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QApplication, QToolTip, QWidget

LONGEST = 64
"""Letters in a line."""


def wrapped(text: str) -> str:
    """The text in lines of at most ``LONGEST`` letters; line breaks in it stay."""
    return "\n".join(
        textwrap.fill(line, LONGEST, break_long_words=False, break_on_hyphens=False)
        for line in text.split("\n")
    )


class WrappedTips(QObject):
    """Wraps the tooltips of all widgets as they are shown; ``toolTip()`` stays as it was set."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        application = QApplication.instance()
        if application is not None:
            application.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Show a long tooltip in several lines."""
        if event.type() != QEvent.Type.ToolTip:
            return False
        if not isinstance(watched, QWidget) or not isinstance(event, QHelpEvent):
            return False
        text = watched.toolTip()
        lines = wrapped(text)
        if lines == text:
            return False
        QToolTip.showText(event.globalPos(), lines, watched)
        return True
