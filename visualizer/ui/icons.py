"""The program's own family of icons, drawn on a 20 × 20 grid and tinted by the theme."""

from __future__ import annotations

from functools import cache

from PySide6.QtCore import QByteArray, QEvent, QSize, Qt, QTimer
from PySide6.QtGui import QCursor, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QToolButton, QWidget

from visualizer.assets import asset_path
from visualizer.ui import theme as themes
from visualizer.ui.theme import Theme

SIZE = 20
_SCALES = (1.0, 1.25, 1.5, 2.0)
_TINT = "currentColor"


@cache
def _drawing(name: str) -> str:
    return asset_path("icons", f"{name}.svg").read_text(encoding="utf-8")


def icon(name: str, theme: Theme, color: str | None = None) -> QIcon:
    """The icon ``assets/icons/<name>.svg`` in the theme's text color, faint when disabled.

    Args:
        color: another color for the enabled state, e.g. ``theme.on_accent`` on the main button.

    Raises:
        FileNotFoundError: when there is no such drawing.
    """
    drawing = _drawing(name)
    result = QIcon()
    modes = ((QIcon.Mode.Normal, color or theme.text), (QIcon.Mode.Disabled, theme.faint))
    for mode, tint in modes:
        renderer = QSvgRenderer(QByteArray(drawing.replace(_TINT, tint).encode()))
        for scale in _SCALES:
            result.addPixmap(_pixmap(renderer, scale), mode)
    return result


def _pixmap(renderer: QSvgRenderer, scale: float) -> QPixmap:
    side = round(SIZE * scale)
    pixmap = QPixmap(side, side)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    renderer.render(painter)
    painter.end()
    pixmap.setDevicePixelRatio(scale)
    return pixmap


class IconButton(QToolButton):
    """A flat button with one of our icons; follows the theme by itself."""

    def __init__(
        self, name: str, label: str, shortcut: str = "", parent: QWidget | None = None
    ) -> None:
        """``label`` is its accessible name; the tooltip is the label and the shortcut's name."""
        super().__init__(parent)
        self._name = name
        self._worn: tuple[str, str] | None = None
        self.setProperty("role", "icon")
        self.setIconSize(QSize(SIZE, SIZE))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves no ring behind
        self.set_label(label, shortcut)
        self._tint()

    def set_icon(self, name: str) -> None:
        """Show another icon."""
        self._name = name
        self._tint()

    def set_label(self, label: str, shortcut: str = "") -> None:
        """Change the accessible name and the tooltip."""
        self.setAccessibleName(label)
        self.setToolTip(f"{label}  ({shortcut})" if shortcut else label)

    def look_for_mouse(self) -> None:
        """A menu that closes takes the mouse away without a word: see where it is, soon."""
        QTimer.singleShot(0, self, self._find_mouse)

    def _find_mouse(self) -> None:
        there = self.rect().contains(self.mapFromGlobal(QCursor.pos()))
        self.setAttribute(Qt.WidgetAttribute.WA_UnderMouse, there)
        self.update()

    def changeEvent(self, event: QEvent) -> None:
        """A new theme tints the icon anew."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.PaletteChange):
            self._tint()

    def _tint(self) -> None:
        theme = themes.current()
        if self._worn != (theme.name, self._name):
            self._worn = (theme.name, self._name)
            self.setIcon(icon(self._name, theme))
