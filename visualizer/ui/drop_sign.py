"""DropSign: says, while something welcome is dragged over the window, that it can be dropped."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from visualizer.ui import theme

WORDS = "Drop to open"
_RADIUS, _VEIL = 12, 0.85


class DropSign(QWidget):
    """Lies over all of its parent, and lets what is dropped through."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAccessibleName(WORDS)
        parent.installEventFilter(self)
        self.hide()

    def open_sign(self) -> None:
        """Show it over everything else."""
        self._fit()
        self.show()
        self.raise_()

    def _fit(self) -> None:
        parent = self.parentWidget()
        if parent is not None:
            self.setGeometry(parent.rect())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """As large as the window."""
        if event.type() == QEvent.Type.Resize and not self.isHidden():
            self._fit()
        return super().eventFilter(watched, event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """A veil, a frame, and the words in the middle."""
        worn, space = theme.current(), theme.SPACE
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        veil = QColor(worn.ground)
        veil.setAlphaF(_VEIL)
        painter.fillRect(self.rect(), veil)
        frame = QRectF(self.rect()).adjusted(2 * space, 2 * space, -2 * space, -2 * space)
        painter.setPen(QPen(QColor(worn.second), 2, Qt.PenStyle.DashLine))
        painter.drawRoundedRect(frame, _RADIUS, _RADIUS)
        painter.setPen(QColor(worn.text))
        painter.setFont(theme.font(theme.FONT_TITLE, bold=True))
        painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignCenter), WORDS)
        painter.end()
