"""What followed an edit of the static: in words, in numbers, and what can be done with it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from visualizer.ui import theme as themes
from visualizer.ui.header import KEEP, KEEP_TIP
from visualizer.ui.noise_words import Bar
from visualizer.ui.scroll_room import BAR, keep_room

PANEL, NARROW_PANEL = 36 * themes.SPACE, 28 * themes.SPACE


class NoisePanel(QScrollArea):
    """What followed, in words and numbers, and what can be done with it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedWidth(PANEL)
        keep_room(self)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.measured: tuple[object, ...] = ()
        """What the numbers that are shown were measured from; empty where there are none."""
        self.headline, self.words, self.reading = QLabel(), QLabel(), QLabel()
        self.headline.setProperty("role", "title")
        self.reading.setProperty("role", "small-quiet")
        for label in (self.headline, self.words, self.reading):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        self.status = QLabel()
        self.status.setProperty("role", "small-quiet")
        self.status.setAccessibleName("Status")
        self.status.setWordWrap(True)
        self.bars = MeasuredBars()
        self.make = QPushButton()
        self.make.hide()
        self.make.setToolTip("Sample all of them; what is edited then follows by itself")
        self.again = QPushButton("Try again")
        self.again.hide()
        self.keep = QPushButton(KEEP)
        self.keep.setToolTip(KEEP_TIP)
        self.again.setToolTip("Sample once more what failed")
        for button in (self.make, self.again, self.keep):
            button.setAccessibleName(button.text())
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        inside = QWidget()
        inside.setObjectName("noise-panel")
        column = QVBoxLayout(inside)
        edge = 2 * themes.SPACE
        column.setContentsMargins(edge, edge, edge - BAR, edge)
        column.setSpacing(themes.SPACE)
        column.addWidget(self.headline)
        column.addWidget(self.words)
        column.addSpacing(themes.SPACE)
        column.addWidget(self.bars)
        column.addWidget(self.reading)
        column.addStretch(1)
        column.addWidget(self.status)
        column.addWidget(self.make)
        column.addWidget(self.again)
        column.addWidget(self.keep)
        self.setWidget(inside)

    def say(self, headline: str, words: str, rows: Sequence[Bar] = (), reading: str = "") -> None:
        """Say what followed.

        Args:
            rows: the numbers, and ``reading``: how to read them.
        """
        self.measured = ()
        self.headline.setText(headline)
        self.words.setText(words)
        self.bars.show_bars(rows)
        self.reading.setText(reading)
        self.reading.setVisible(bool(rows))

    def offer_to_make(self, count: int) -> None:
        """Show the button that makes so many pictures; none: they are made by themselves."""
        words = f"Make the {'three' if count == 3 else 'two'} pictures"
        self.make.setText(words)
        self.make.setAccessibleName(words)
        self.make.setVisible(count > 0)

    def shows(self, edits: object, *pictures: object) -> bool:
        """Whether the numbers were measured from these very things."""
        known = self.measured
        same = bool(known) and known[0] == edits
        return same and all(a is b for a, b in zip(known[1:], pictures, strict=True))


class MeasuredBars(QWidget):
    """Names, bars and numbers."""

    _ROW = 5 * themes.SPACE

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: list[Bar] = []
        self.setAccessibleName("What followed")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_bars(self, rows: Sequence[Bar]) -> None:
        """Show other numbers."""
        self._rows = list(rows)
        words = ", ".join(f"{row.name} {row.value:.2f}" for row in rows)
        self.setAccessibleDescription(words)
        self.setVisible(bool(rows))
        self.updateGeometry()
        self.update()

    @property
    def rows(self) -> tuple[Bar, ...]:
        """What is shown."""
        return tuple(self._rows)

    def sizeHint(self) -> QSize:
        """A row for each."""
        return QSize(160, len(self._rows) * self._ROW)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Name and number above, the bar below them."""
        theme = themes.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = themes.font(themes.FONT_SMALL)
        painter.setFont(font)
        metrics = QFontMetrics(font)
        for index, row in enumerate(self._rows):
            top = index * self._ROW
            line = QRectF(0, top, self.width(), metrics.height() + 2.0)
            number = f"{row.value:.2f}"
            room = self.width() - metrics.horizontalAdvance(number) - themes.SPACE
            name = metrics.elidedText(row.name, Qt.TextElideMode.ElideRight, room)
            painter.setPen(QColor(theme.quiet))
            painter.drawText(line, Qt.AlignmentFlag.AlignLeft, name)
            painter.setPen(QColor(theme.text))
            painter.drawText(line, Qt.AlignmentFlag.AlignRight, number)
            bar = QRectF(0, line.bottom() + 3, self.width(), 6)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme.line))
            painter.drawRoundedRect(bar, 3, 3)
            if row.value > 0:
                bar.setWidth(max(bar.width() * min(row.value, 1.0), 6.0))
                painter.setBrush(QColor(theme.second))
                painter.drawRoundedRect(bar, 3, 3)
        painter.end()

    def changeEvent(self, event: QEvent) -> None:
        """A new theme."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.PaletteChange):
            self.update()
