"""What the parts of the panel are made of: labels that wrap, and quiet buttons."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton, QSizePolicy


def label(role: str) -> QLabel:
    """Plain text in as many lines as it takes."""
    made = QLabel()
    made.setWordWrap(True)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
    if role:
        made.setProperty("role", role)
    return made


def button(text: str, tip: str, role: str = "") -> QPushButton:
    """A button of the panel."""
    made = QPushButton(text)
    made.setAccessibleName(text)
    made.setToolTip(tip)
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    if role:
        made.setProperty("role", role)
    return made
