"""What panels are made of: labels of plain text, and quiet buttons."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton, QSizePolicy


def label(role: str, text: str = "", *, wraps: bool = True) -> QLabel:
    """Plain text, in as many lines as it takes where it ``wraps``."""
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    if wraps:
        made.setWordWrap(True)
        made.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
    if role:
        made.setProperty("role", role)
    return made


def button(text: str, tip: str, role: str = "") -> QPushButton:
    """A button of a panel."""
    made = QPushButton(text)
    made.setAccessibleName(text)
    made.setToolTip(tip)
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    if role:
        made.setProperty("role", role)
    return made
