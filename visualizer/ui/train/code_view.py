"""CodeView: the dozen lines of the training loop, the one that runs marked."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontDatabase,
    QFontMetrics,
    QMouseEvent,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from visualizer.training.training_loop import LOOP, LoopLine
from visualizer.ui import theme as themes

_ROW = 22
_EDGE = themes.SPACE
_BAR = 3
NAMES = tuple(line.name for line in LOOP)


class CodeView(QWidget):
    """Painted: nothing in it can be edited; a line that is pointed at is explained."""

    pointed = Signal(str)
    """The name of the line under the mouse; "" when it has left."""

    def __init__(self, told: str, parent: QWidget | None = None) -> None:
        """
        Args:
            told: what the denoiser is told of the picture, as a variable.
        """
        super().__init__(parent)
        self._told = told
        self._running = self._under_mouse = ""
        self.setAccessibleName("The training loop")
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(len(LOOP) * _ROW + 2 * _EDGE)

    @property
    def running(self) -> str:
        """The name of the marked line; "" where there is none."""
        return self._running

    def set_running(self, name: str) -> None:
        """Mark another line, or none."""
        if name != self._running:
            self._running = name
            line = line_named(name)
            self.setAccessibleDescription("" if line is None else self.code_of(line))
            self.update()

    def code_of(self, line: LoopLine) -> str:
        """A line as it is read here."""
        return line.code.replace("{c}", self._told)

    def sizeHint(self) -> QSize:
        """As wide as the longest line."""
        metrics = QFontMetrics(_font())
        widest = max(metrics.horizontalAdvance(self.code_of(line)) for line in LOOP)
        return QSize(widest + 3 * _EDGE, len(LOOP) * _ROW + 2 * _EDGE)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The lines; the marked one on a band with a bar before it."""
        theme = themes.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.raised))
        painter.drawRoundedRect(QRectF(self.rect()), 6, 6)
        font = _font()
        for row, line in enumerate(LOOP):
            room = QRectF(0, _EDGE + row * _ROW, self.width(), _ROW)
            marked = line.name == self._running
            if marked or line.name == self._under_mouse:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(theme.selection if marked else theme.hover))
                painter.drawRect(room)
            if marked:
                painter.setBrush(QColor(theme.second))
                painter.drawRect(QRectF(0, room.top(), _BAR, _ROW))
            font.setBold(marked)
            painter.setFont(font)
            painter.setPen(QColor(theme.text if marked or not self._running else theme.quiet))
            painter.drawText(
                room.adjusted(1.5 * _EDGE, 0, 0, 0),
                Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft,
                self.code_of(line),
            )
        painter.end()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Another line is explained."""
        row = int((event.position().y() - _EDGE) // _ROW)
        self._point(LOOP[row].name if 0 <= row < len(LOOP) else "")

    def leaveEvent(self, event: QEvent) -> None:
        """None is explained any more."""
        super().leaveEvent(event)
        self._point("")

    def changeEvent(self, event: QEvent) -> None:
        """A new theme has new colors."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self.update()

    def _point(self, name: str) -> None:
        if name != self._under_mouse:
            self._under_mouse = name
            self.update()
            self.pointed.emit(name)


def line_named(name: str) -> LoopLine | None:
    """The line of the loop with this name."""
    return next((line for line in LOOP if line.name == name), None)


def _font() -> QFont:
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    font.setPixelSize(themes.FONT_SMALL)
    return font
