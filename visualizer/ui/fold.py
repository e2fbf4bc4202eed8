"""Fold: a group of choices under a line that says what they come to; a press unfolds it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from visualizer.ui import theme
from visualizer.ui.icons import icon

_ARROW = 16


class Fold(QWidget):
    """Folded, it takes one line."""

    toggled = Signal(bool)

    def __init__(self, title: str, about: str, content: QWidget) -> None:
        super().__init__()
        self._worn: tuple[str, bool] | None = None
        self.content = content
        self.button = QPushButton(title)
        self.button.setProperty("role", "fold")
        self.button.setCheckable(True)
        self.button.setToolTip(about)
        self.button.setIconSize(QSize(_ARROW, _ARROW))
        self.button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.button.toggled.connect(self._show_content)
        self.summary = ShortLabel()
        self.summary.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.summary.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        beside = QHBoxLayout(self.button)
        self._beside = beside
        beside.addWidget(self.summary)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.button)
        column.addWidget(content)
        content.hide()
        self.set_title(title)
        self._tint()

    def set_title(self, title: str) -> None:
        """Call it something else."""
        self.button.setText(title)
        self.button.setAccessibleName(title)
        taken = self.button.fontMetrics().horizontalAdvance(title) + _ARROW + 4 * theme.SPACE
        self._beside.setContentsMargins(taken, 0, theme.SPACE, 0)

    @property
    def is_open(self) -> bool:
        """Whether its choices are seen."""
        return self.button.isChecked()

    def set_summary(self, text: str) -> None:
        """What its choices come to, in a few words."""
        self.summary.set_text(text)
        self.button.setAccessibleDescription(text)

    def _show_content(self, on: bool) -> None:
        self.content.setVisible(on)
        self.summary.setVisible(not on)
        self._tint()
        self.toggled.emit(on)

    def changeEvent(self, event: QEvent) -> None:
        """A new theme tints the arrow anew."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.PaletteChange):
            self._tint()

    def _tint(self) -> None:
        worn = theme.current()
        wanted = (worn.name, self.is_open)
        if self._worn != wanted:
            self._worn = wanted
            name = "unfold" if self.is_open else "fold"
            self.button.setIcon(icon(name, worn, worn.quiet))


class ShortLabel(QLabel):
    """Quiet words in one line, as many of them as there is room for; the tooltip has them all."""

    def __init__(self, role: str = "small-quiet") -> None:
        super().__init__()
        self._whole = ""
        self.setProperty("role", role)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def set_text(self, text: str) -> None:
        """Say something else."""
        self._whole = text
        self._fit()

    @property
    def whole(self) -> str:
        """All that it says."""
        return self._whole

    def resizeEvent(self, event: QResizeEvent) -> None:
        """More or less room."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        room = self.contentsRect().width()
        shown = self.fontMetrics().elidedText(self._whole, Qt.TextElideMode.ElideRight, room)
        self.setText(shown)
        self.setToolTip(self._whole if shown != self._whole else "")
