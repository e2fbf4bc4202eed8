"""The program's own family of icons, drawn on a 20 × 20 grid and tinted by the theme."""

from __future__ import annotations

from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QToolButton, QWidget

from visualizer.ui.theme import Theme


def icon(name: str, theme: Theme) -> QIcon:
    """The icon ``assets/icons/<name>.svg`` in the theme's text color (quiet when disabled)."""
    return QIcon()


class IconButton(QToolButton):
    """A flat button with one of our icons; follows the theme by itself."""

    def __init__(
        self, name: str, label: str, shortcut: str = "", parent: QWidget | None = None
    ) -> None:
        """``label`` is its accessible name; the tooltip is the label and the shortcut's name."""
        super().__init__(parent)

    def set_icon(self, name: str) -> None:
        """Show another icon."""

    def set_label(self, label: str, shortcut: str = "") -> None:
        """Change the accessible name and the tooltip."""
