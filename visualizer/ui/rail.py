"""The rail at the left: one button a page of the window, the current one marked."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QButtonGroup, QFrame, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from visualizer.ui import theme as themes
from visualizer.ui.icons import SIZE, icon

WIDTH = 8 * themes.SPACE
_BUTTON_HEIGHT = 7 * themes.SPACE
_MARK = 3


class Rail(QFrame):
    """Narrow and quiet: an icon over a small word for every page there is."""

    chosen = Signal(str)  # the page's name
    switched = Signal(str)  # what is opened beside the pages, or closed

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("rail")
        self.setAccessibleName("Pages")
        self.setFixedWidth(WIDTH)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        self.buttons: dict[str, RailButton] = {}
        self.pages = 0
        self._group = QButtonGroup(self)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, themes.SPACE, 0, themes.SPACE)
        self._column.setSpacing(themes.SPACE // 2)
        self._column.addStretch(1)

    def add(self, name: str, label: str, icon_name: str, about: str, keys: str) -> None:
        """One more page, below the others."""
        button = RailButton(icon_name, label)
        button.setToolTip(f"{about}  ({keys})")
        button.clicked.connect(lambda _=False: self.chosen.emit(name))
        self._group.addButton(button)
        self._column.insertWidget(self.pages, button)
        self.pages += 1
        self.buttons[name] = button

    def add_switch(self, name: str, label: str, about: str, keys: str) -> None:
        """At the bottom: what stands beside whatever page is shown, or not."""
        button = RailButton(name, label)
        button.setToolTip(f"{about}  ({keys})")
        button.clicked.connect(lambda _=False: self.switched.emit(name))
        self._column.addWidget(button)
        self.buttons[name] = button

    def set_open(self, name: str, on: bool) -> None:
        """Mark a switch.

        Raises:
            KeyError: for one that was not added.
        """
        self.buttons[name].setChecked(on)

    def set_current(self, name: str) -> None:
        """Mark a page.

        Raises:
            KeyError: for a page that was not added.
        """
        self.buttons[name].setChecked(True)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """A line at the right, as between other parts of the window."""
        painter = QPainter(self)
        painter.fillRect(self.width() - 1, 0, 1, self.height(), QColor(themes.current().line))
        painter.end()


class RailButton(QToolButton):
    """An icon over a word; the current page's has a thin mark at the edge of the window."""

    def __init__(self, icon_name: str, label: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icon_name = icon_name
        self._worn: tuple[str, bool] | None = None
        self.setProperty("role", "rail")
        self.setText(label)
        self.setAccessibleName(label)
        self.setCheckable(True)
        self.setIconSize(QSize(SIZE, SIZE))
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setFixedSize(WIDTH - 1, _BUTTON_HEIGHT)
        self.toggled.connect(lambda _on: self._tint())
        self._tint()

    def paintEvent(self, event: QPaintEvent) -> None:
        """As Qt does it, and the mark."""
        super().paintEvent(event)
        if not self.isChecked():
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(themes.current().accent))
        inset = themes.SPACE
        mark = QRectF(-_MARK, inset, 2 * _MARK, self.height() - 2 * inset)
        painter.drawRoundedRect(mark, _MARK, _MARK)
        painter.end()

    def changeEvent(self, event: QEvent) -> None:
        """A new theme tints the icon anew."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.PaletteChange):
            self._tint()

    def _tint(self) -> None:
        theme = themes.current()
        worn = (theme.name, self.isChecked())
        if worn != self._worn:
            self._worn = worn
            self.setIcon(icon(self._icon_name, theme, theme.text if worn[1] else theme.quiet))
