"""The bar under the header that says what a branch will be, and how to call it off."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QWidget

from visualizer.ui import theme
from visualizer.ui.icons import icon

_ICON = 20
_HEIGHT = 5 * theme.SPACE
"""Two lines of words, also where one would do: the picture below keeps its size while they change.
"""


class BranchBar(QFrame):
    """One sentence and a button; hidden while nobody branches."""

    cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("branch-bar")
        self.setAccessibleName("Branch")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setMinimumHeight(_HEIGHT)
        self._worn = ""
        self._icon = QLabel()
        self._icon.setFixedSize(_ICON, _ICON)
        self.where = QLabel()
        self.where.setProperty("role", "value")
        self.words = QLabel()
        self.words.setProperty("role", "quiet")
        self.words.setWordWrap(True)
        self.words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.cancel = QPushButton("Cancel")
        self.cancel.setAccessibleName("Cancel the branch")
        self.cancel.setProperty("role", "quiet")
        self.cancel.setToolTip("Leave the fields as they were before  (Esc)")
        self.cancel.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.cancel.clicked.connect(self.cancelled)
        row = QHBoxLayout(self)
        row.setContentsMargins(2 * theme.SPACE, 2, theme.SPACE, 2)
        row.setSpacing(theme.SPACE)
        row.addWidget(self._icon)
        row.addWidget(self.where)
        row.addWidget(self.words, 1)
        row.addWidget(self.cancel)
        self._wear_theme()
        self.hide()

    def say(self, where: str, words: str) -> None:
        """The step it leaves from, in strong letters, and what to do."""
        self.where.setText(where)
        self.words.setText(words)
        self.setAccessibleDescription(f"{where} {words}")

    def changeEvent(self, event: QEvent) -> None:
        """A new theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self._wear_theme()

    def _wear_theme(self) -> None:
        worn = theme.current()
        if worn.name != self._worn:  # setting a style sheet is a style change as well
            self._worn = worn.name
            self._icon.setPixmap(icon("branch", worn).pixmap(QSize(_ICON, _ICON)))
            self.setStyleSheet(
                f"#branch-bar {{ background: {worn.raised}; border: none;"
                f" border-top: 1px solid {worn.line}; }}"
            )
