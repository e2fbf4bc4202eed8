"""The prompt as its text encoder has it: tokens, who looks at whom, and the numbers they become."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetrics,
    QImage,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from visualizer.ui import theme as themes
from visualizer.ui.explanation import percent

if TYPE_CHECKING:
    from visualizer.diffusion.arrays import FloatArray
    from visualizer.diffusion.word_reading import WordReading

ROW = 3 * themes.SPACE
_NUMBER, _WORD, _STRIP = 24, 92, 72
_LEAST = 0.04
"""Looks that are weaker than this are not drawn."""
_MARKS = {"start": "start", "end": "end"}


class ReadingList(QWidget):
    """One row a token: its number, its text, the vector that it became; arcs tell who looks."""

    pointed = Signal(object)  # the number of a word, or None
    pressed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._reading: WordReading | None = None
        self._word: int | None = None
        self._strip: QImage | None = None
        self.setAccessibleName("Tokens, and who looks at whom")
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_reading(self, reading: WordReading | None) -> None:
        """Show what was read."""
        self._reading, self._strip = reading, None
        self._describe()
        self.updateGeometry()
        self.update()

    def show_word(self, word: int | None) -> None:
        """Draw the looks of one word strongly."""
        if word != self._word:
            self._word = word
            self._describe()
            self.update()

    def looks(self) -> list[tuple[int, int, float]]:
        """(from, to, share) of all looks that are drawn, in numbers of words."""
        reading = self._reading
        if reading is None:
            return []
        found = []
        for word in range(len(reading.words)):
            shares = reading.looks_at(word)
            for other, share in enumerate(shares):
                if other != word and share >= _LEAST:
                    found.append((word, other, float(share)))
        return found

    def sizeHint(self) -> QSize:
        """A row for each token."""
        tokens = 0 if self._reading is None else len(self._reading.tokens)
        return QSize(240, max(tokens, 1) * ROW)

    def _describe(self) -> None:
        reading = self._reading
        if reading is None:
            self.setAccessibleDescription("")
            return
        said = [
            f"{reading.words[word]} looks at {reading.words[other]}, {percent(share)}"
            for word, other, share in self.looks()
            if self._word in (None, word)
        ]
        self.setAccessibleDescription(". ".join(said[:24]))

    # --- painting -----------------------------------------------------------------------------

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Rows from top to bottom, arcs at the right."""
        reading = self._reading
        if reading is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_strips(painter, reading)
        for k in range(len(reading.tokens)):
            self._paint_row(painter, reading, k)
        self._paint_looks(painter, reading)
        painter.end()

    def _paint_row(self, painter: QPainter, reading: WordReading, k: int) -> None:
        theme, token = themes.current(), reading.tokens[k]
        top = k * ROW
        chosen = token.word is not None and token.word == self._word
        if chosen:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme.selection))
            painter.drawRoundedRect(QRectF(0, top + 1, self._strip_left() - 8, ROW - 2), 4, 4)
        small = themes.font(themes.FONT_SMALL)
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.setFont(small)
        painter.setPen(QColor(theme.quiet))
        number = QRectF(0, top, _NUMBER - 6, ROW)
        painter.drawText(number, middle | Qt.AlignmentFlag.AlignRight, str(token.position))
        mark = token.word is None
        painter.setFont(small if mark else themes.font())
        painter.setPen(QColor(theme.quiet if mark else theme.text))
        text = token.text or _MARKS.get(token.kind, token.kind)
        room = QRectF(_NUMBER, top, _WORD, ROW)
        metrics = QFontMetrics(painter.font())
        text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, _WORD)
        painter.drawText(room, middle | Qt.AlignmentFlag.AlignLeft, text)

    def _strip_left(self) -> int:
        return _NUMBER + _WORD + 12

    def _paint_strips(self, painter: QPainter, reading: WordReading) -> None:
        """The vectors as quiet heat: one line of cells a token."""
        if self._strip is None:
            self._strip = _heat(reading)
        tokens = len(reading.tokens)
        for k in range(tokens):
            target = QRectF(self._strip_left(), k * ROW + 6, _STRIP, ROW - 12)
            source = QRectF(0, k, self._strip.width(), 1)
            painter.drawImage(target, self._strip, source)

    def _paint_looks(self, painter: QPainter, reading: WordReading) -> None:
        theme = themes.current()
        rows = {}
        for k, token in enumerate(reading.tokens):  # of a word of several tokens the last one
            if token.word is not None:
                rows[token.word] = k
        left = float(self._strip_left() + _STRIP + 8)
        ordered = sorted(self.looks(), key=lambda look: look[0] == self._word)
        for word, other, share in ordered:
            strong = word == self._word
            if word not in rows or other not in rows or (self._word is not None and not strong):
                continue
            color = QColor(theme.second if strong else theme.quiet)
            color.setAlphaF(1.0 if strong else min(0.15 + 0.8 * share, 1.0))
            painter.setPen(QPen(color, 1 + 4 * share))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawPath(_arc(left, _middle(rows[word]), _middle(rows[other]), self.width()))
        if self._word is not None:
            self._paint_numbers(painter, rows)

    def _paint_numbers(self, painter: QPainter, rows: dict[int, int]) -> None:
        """How much the chosen word looks at each of the others, where the arcs end."""
        theme = themes.current()
        painter.setFont(themes.font(themes.FONT_SMALL))
        painter.setPen(QColor(theme.text))
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for word, other, share in self.looks():
            if word == self._word and other in rows:
                room = QRectF(self.width() - 44, rows[other] * ROW, 40, ROW)
                painter.drawText(room, right, percent(share))

    # --- hands --------------------------------------------------------------------------------

    def _word_at(self, y: float) -> int | None:
        reading = self._reading
        k = int(y // ROW)
        if reading is None or not 0 <= k < len(reading.tokens):
            return None
        return reading.tokens[k].word

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Point at the word under the mouse."""
        super().mouseMoveEvent(event)
        self.pointed.emit(self._word_at(event.position().y()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the word under the mouse."""
        word = self._word_at(event.position().y())
        if event.button() == Qt.MouseButton.LeftButton and word is not None:
            self.pressed.emit(word)
        else:
            super().mousePressEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        """Point at nothing any more."""
        super().leaveEvent(event)
        self.pointed.emit(None)

    def changeEvent(self, event: QEvent) -> None:
        """A new theme."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.PaletteChange):
            self._strip = None
            self.update()


def _middle(row: int) -> float:
    return row * ROW + ROW / 2


def _arc(left: float, start: float, end: float, width: int) -> QPainterPath:
    """From one row to another, the further out the further away it goes."""
    path = QPainterPath(QPointF(left, start))
    out = min(left + 16 + 0.42 * abs(end - start), width - 48.0)
    path.cubicTo(QPointF(out, start), QPointF(out, end), QPointF(left, end))
    return path


def _heat(reading: WordReading) -> QImage:
    """(T, cells) as an image: below zero in one color, above in another, zero the ground's."""
    import numpy as np

    theme = themes.current()
    vectors = np.asarray(reading.vectors, dtype=np.float32)
    cells = min(_STRIP // 2, vectors.shape[1])
    chosen = vectors[:, np.linspace(0, vectors.shape[1] - 1, cells).astype(int)]
    scale = max(float(np.percentile(np.abs(chosen), 97)), 1e-6)
    share = np.clip(chosen / scale, -1, 1)[..., None]
    ground, plus, minus = (_rgb(c) for c in (theme.ground, theme.second, theme.quiet))
    colors = (
        ground + np.maximum(share, 0) * (plus - ground) + np.maximum(-share, 0) * (minus - ground)
    )
    pixels = np.ascontiguousarray(colors + 0.5).astype(np.uint8)
    height, width, _ = pixels.shape
    return QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()


def _rgb(color: str) -> FloatArray:
    import numpy as np

    found = QColor(color)
    return np.array([found.red(), found.green(), found.blue()], dtype=np.float32)
