"""A few lines of code, one of them running; a line that is clicked, or reached by keys, is asked
about."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontDatabase,
    QFontMetrics,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from visualizer.ui import theme as themes
from visualizer.ui.focus_ring import RingedWidget

ROW, LOW_ROW = 19, 17
_LEFT = themes.SPACE


class CodeView(RingedWidget):
    """Painted by hand: a list would scroll, and frame every line."""

    asked = Signal(int)
    """A person wants to know about this line."""
    pointed = Signal(int)
    """The line under the mouse; −1 when it has left."""

    def __init__(self, about: str, tip: str = "", parent: QWidget | None = None) -> None:
        """
        Args:
            about: what code it is, for who cannot see it.
            tip: how lines are asked about.
        """
        super().__init__(parent)
        self._lines: tuple[str, ...] = ()
        self._running = -1
        self._span = range(0)
        self._asked = -1
        self._pointed = -1
        self._row = ROW
        self.setAccessibleName(about)
        self.setToolTip(tip)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @property
    def lines(self) -> tuple[str, ...]:
        """What is shown."""
        return self._lines

    @property
    def running(self) -> int:
        """The line that is highlighted; −1 is none."""
        return self._running

    @property
    def span(self) -> range:
        """The lines that are being worked on together."""
        return self._span

    def show_lines(
        self, lines: Sequence[str], running: int, asked: int = -1, span: range = range(0)
    ) -> None:
        """Show lines.

        Args:
            running: the one that runs; −1 for none.
            asked: the one that was asked about; −1 for none.
            span: those that are being worked on together.
        """
        shown = (tuple(lines), running, asked, span)
        if shown == (self._lines, self._running, self._asked, self._span):
            return
        taller = len(lines) != len(self._lines)
        self._lines, self._running, self._asked, self._span = shown
        told = asked if asked >= 0 else running
        self.setAccessibleDescription(self._lines[told].strip() if 0 <= told < len(lines) else "")
        if taller:
            self.updateGeometry()
        self.update()

    def set_compact(self, compact: bool) -> None:
        """Lower lines, for a low window."""
        self._row = LOW_ROW if compact else ROW
        self.updateGeometry()
        self.update()

    def row_rect(self, row: int) -> QRectF:
        """Where a line lies."""
        return QRectF(0, row * self._row, self.width(), self._row)

    def sizeHint(self) -> QSize:
        """All lines."""
        return QSize(200, self._row * len(self._lines))

    def minimumSizeHint(self) -> QSize:
        """All lines, always."""
        return QSize(0, self._row * len(self._lines))

    # --- Qt -----------------------------------------------------------------------------------

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The running line stands on a ground of its own, with the playhead's color beside it; a
        quiet line runs beside those that are worked on together."""
        theme = themes.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        plain, strong = self._fonts()
        at_rest = self._running < 0 and self._asked < 0  # all of it may be read
        if self._span:
            top = self._span.start * self._row + 3
            height = len(self._span) * self._row - 6
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme.quiet))
            painter.drawRoundedRect(QRectF(0.5, top, 2, height), 1, 1)
        for row, line in enumerate(self._lines):
            room = self.row_rect(row)
            runs = row == self._running
            painter.setPen(Qt.PenStyle.NoPen)
            if runs:
                painter.setBrush(QColor(theme.raised))
                painter.drawRoundedRect(room, 4, 4)
                painter.setBrush(QColor(theme.accent))
                painter.drawRoundedRect(QRectF(0, room.top() + 3, 3, self._row - 6), 1.5, 1.5)
            elif row in (self._asked, self._pointed):
                painter.setBrush(QColor(theme.surface))
                painter.drawRoundedRect(room, 4, 4)
            painter.setFont(strong if runs else plain)
            lit = at_rest or runs or row in self._span or row in (self._asked, self._pointed)
            painter.setPen(QColor(theme.text if lit else theme.quiet))
            painter.drawText(
                room.adjusted(_LEFT, 0, 0, 0),
                Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter,
                line,
            )
        self.paint_ring(painter)
        painter.end()

    def _fonts(self) -> tuple[QFont, QFont]:
        """Letters of one width, as large as the longest line allows."""
        plain = monospaced()
        longest = max(self._lines, key=len, default="")
        room = self.width() - _LEFT
        needed = QFontMetrics(plain).horizontalAdvance(longest)
        if needed > room > 0:
            plain.setPixelSize(max(round(themes.FONT_SMALL * room / needed - 0.5), 9))
        strong = QFont(plain)
        strong.setWeight(QFont.Weight.DemiBold)
        return plain, strong

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Ask about a line."""
        row = self._row_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and row >= 0:
            self.asked.emit(row)
        else:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Point at a line."""
        self._point(self._row_at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        """Point at none."""
        super().leaveEvent(event)
        self._point(-1)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """The press was ours."""
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Up and down ask about other lines."""
        move = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()), 0)
        if move and self._lines:
            start = self._asked if self._asked >= 0 else self._running
            self.asked.emit(min(max(start + move, 0), len(self._lines) - 1))
        else:
            super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """A new theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self.update()

    def _row_at(self, position: QPointF) -> int:
        row = int(position.y() // self._row)
        return row if 0 <= row < len(self._lines) else -1

    def _point(self, row: int) -> None:
        if row != self._pointed:
            self._pointed = row
            self.update()
            self.pointed.emit(row)


def monospaced(size: int = themes.FONT_SMALL) -> QFont:
    """The system's own font in which all letters are of one width."""
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    font.setPixelSize(size)
    return font
