"""The bar under the header that says what a branch will be, and how to call it off."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QWidget

from visualizer.ui import theme
from visualizer.ui.icons import icon

_ICON = 20
_HEIGHT = 5 * theme.SPACE


class OneLine(QLabel):
    """Words in one line: where they have no room their end is cut, and the tooltip has them all."""

    def __init__(self) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """As much of the words as fits."""
        text = self.text()
        shown = self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, self.width())
        self.setToolTip("" if shown == text else text)
        painter = QPainter(self)
        painter.setPen(QColor(theme.current().quiet))
        left = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.drawText(self.rect(), left, shown)
        painter.end()


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
        self.words = OneLine()
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
