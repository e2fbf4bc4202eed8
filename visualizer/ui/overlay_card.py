"""Cards that lie over the window for a moment and block nothing: the shortcuts, and About."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QMargins, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

import visualizer
from visualizer.ui import theme
from visualizer.ui.icons import IconButton
from visualizer.ui.shortcuts import GROUPS, shown_keys

_MARGINS = QMargins(*[2 * theme.SPACE] * 4)


class OverlayCard(QFrame):
    """A card in the middle of its parent; its button, Esc and the key that opened it close it."""

    closed = Signal()

    def __init__(self, title: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self._worn = ""
        self.setAccessibleName(title)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        heading = QLabel(title)
        heading.setProperty("role", "title")
        close = IconButton("close", "Close", "Esc")
        close.clicked.connect(self.close_card)
        top = QHBoxLayout()
        top.addWidget(heading, 1)
        top.addWidget(close)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(*[3 * theme.SPACE] * 4)
        self.column.setSpacing(2 * theme.SPACE)
        self.column.addLayout(top)
        parent.installEventFilter(self)
        self.hide()

    def open_card(self) -> None:
        """Show it in the middle."""
        self._wear_theme()
        self._center()
        self.show()
        self.raise_()
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def _wear_theme(self) -> None:
        worn = theme.current()
        if worn.name != self._worn:
            self._worn = worn.name
            self.setStyleSheet(
                f"#card {{ background: {worn.surface}; border: 1px solid {worn.edge};"
                " border-radius: 12px; }"
            )

    def changeEvent(self, event: QEvent) -> None:
        """A new theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and not self.isHidden():
            self._wear_theme()

    def close_card(self) -> None:
        """Take it away."""
        if not self.isHidden():
            self.hide()
            self.closed.emit()

    def toggle(self) -> None:
        """Show it, or take it away."""
        if self.isHidden():
            self.open_card()
        else:
            self.close_card()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay in the middle when the window changes its size."""
        if event.type() == QEvent.Type.Resize and not self.isHidden():
            self._center()
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc closes."""
        if event.key() == Qt.Key.Key_Escape:
            self.close_card()
        else:
            super().keyPressEvent(event)

    def _center(self) -> None:
        parent = self.parentWidget()
        if parent is None:
            return
        room = parent.size().shrunkBy(_MARGINS)
        size = self.sizeHint().boundedTo(room)
        self.resize(size)
        self.move((parent.width() - size.width()) // 2, (parent.height() - size.height()) // 2)


def shortcuts_card(parent: QWidget) -> OverlayCard:
    """Every key of the window."""
    card = OverlayCard("Keyboard shortcuts", parent)
    columns = QHBoxLayout()
    columns.setSpacing(6 * theme.SPACE)
    time, views, making, lanes, window = GROUPS
    for groups in ((time, window), (making, lanes), (views,)):
        grid = QGridLayout()
        grid.setHorizontalSpacing(2 * theme.SPACE)
        grid.setVerticalSpacing(theme.SPACE // 2)
        row = 0
        for name, shortcuts in groups:
            if row:
                grid.setRowMinimumHeight(row, 2 * theme.SPACE)
                row += 1
            grid.addWidget(_label(name, "value"), row, 0, 1, 2)
            row += 1
            for shortcut in (each for each in shortcuts if each.shown):
                grid.addWidget(_label(shown_keys(shortcut.shown), ""), row, 0)
                grid.addWidget(_label(shortcut.says, "quiet"), row, 1)
                row += 1
        grid.setRowStretch(row, 1)
        columns.addLayout(grid)
    card.column.addLayout(columns)
    card.column.addWidget(
        _label(
            "Single keys work outside text fields. The wheel zooms the picture, dragging moves it, "
            "a double click fits it.",
            "small-quiet",
        )
    )
    return card


def about_card(parent: QWidget) -> OverlayCard:
    """What this program is."""
    card = OverlayCard("Denoising Visualizer", parent)
    text = _label(
        "Type a prompt and a seed, watch static become a picture, and drag time back and forth. "
        "Everything you see is computed here, on this machine, by a real diffusion model; the "
        "pictures are decodes of its own latents.",
        "",
    )
    text.setWordWrap(True)
    text.setFixedWidth(52 * theme.SPACE)
    card.column.addWidget(text)
    version = f"Version {visualizer.__version__}, under the MIT license"
    card.column.addWidget(_label(version, "small-quiet"))
    return card


def _label(text: str, role: str) -> QLabel:
    label = QLabel(text)
    if role:
        label.setProperty("role", role)
    return label
