"""Segments: a small switch between a few things of which one is chosen."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QBoxLayout,
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QSizePolicy,
    QToolButton,
    QWidget,
)


class Segments(QFrame):
    """Looks like the view switch."""

    chosen = Signal(str)  # by a person

    def __init__(self, about: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("segments")
        self.setAccessibleName(about)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.buttons: dict[str, QToolButton] = {}
        self._group = QButtonGroup(self)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(2, 2, 2, 2)
        self._row.setSpacing(2)

    def add(self, name: str, label: str, about: str) -> None:
        """One more; the first one is chosen."""
        button = QToolButton()
        button.setProperty("role", "segment")
        button.setText(label)
        button.setCheckable(True)
        button.setChecked(not self.buttons)
        button.setAccessibleName(label)
        button.setToolTip(about)
        button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(lambda _=False: self.chosen.emit(name))
        self._group.addButton(button)
        self._row.addWidget(button)
        self.buttons[name] = button

    def set_upright(self, upright: bool) -> None:
        """One below the other."""
        across, down = QBoxLayout.Direction.LeftToRight, QBoxLayout.Direction.TopToBottom
        self._row.setDirection(down if upright else across)

    @property
    def current(self) -> str:
        """The name of the one that is chosen; "" when there is none."""
        return next((name for name, button in self.buttons.items() if button.isChecked()), "")

    def set_current(self, name: str) -> None:
        """Choose one.

        Raises:
            KeyError: when there is none of this name.
        """
        self.buttons[name].setChecked(True)
