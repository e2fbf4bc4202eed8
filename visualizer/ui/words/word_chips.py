"""The words of the prompt as chips: point at one, or press it, and its pixels light up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QEnterEvent,
    QFocusEvent,
    QFontMetrics,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractButton, QFrame, QLabel, QScrollArea, QWidget

from visualizer.ui import theme as themes
from visualizer.ui.explanation import percent
from visualizer.ui.focus_ring import came_by_keyboard, paint_ring

HEIGHT = 4 * themes.SPACE
_MOST_ROWS, _MOST_ROWS_LOW = 3, 1
_GAP = themes.SPACE // 2
_PAD = 10
_BAR = 3.0
_LONGEST = 24 * themes.SPACE
"""A single word is cut beyond this width."""


@dataclass(frozen=True)
class ShownWord:
    """A word, or a mark that stands among them.

    Attributes:
        word: its number among the words; None for a mark (start, end, padding).
        text: what stands on the chip.
        about: what the tooltip says of it.
        read: False for a word that lies beyond what the model reads.
    """

    word: int | None
    text: str
    about: str = ""
    read: bool = True


def plain_words(prompt: str) -> tuple[ShownWord, ...]:
    """The words of a prompt that nobody has read yet."""
    from visualizer.diffusion.prompt import words

    return tuple(ShownWord(n, text) for n, (_, _, text) in enumerate(words(prompt)))


class WordChip(QAbstractButton):
    """One word with a bar: how strongly the picture listens to it."""

    pointed = Signal(bool)  # by mouse or keyboard

    def __init__(self, shown: ShownWord, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.shown = shown
        self._share: float | None = None
        self._lit = self._ringed = False
        self.setText(shown.text)
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(f"Word: {shown.text}")
        self._describe()

    @property
    def share(self) -> float | None:
        """What the bar shows, 0 … 1; None: no bar."""
        return self._share

    def set_share(self, share: float | None, longest: float) -> None:
        """Show a bar; ``longest`` is the share of a full one."""
        self._share, self._longest = share, max(longest, 1e-6)
        self._describe()
        self.update()

    def set_lit(self, lit: bool) -> None:
        """Its pixels are lit on the picture."""
        if lit != self._lit:
            self._lit = lit
            self.update()

    @property
    def lit(self) -> bool:
        """Whether its pixels are lit on the picture."""
        return self._lit

    def _describe(self) -> None:
        words = "" if self._share is None else f"{percent(self._share)} of the attention to words"
        self.setAccessibleDescription(words)
        self.setToolTip("\n".join(part for part in (words, self.shown.about) if part))

    def sizeHint(self) -> QSize:
        """As wide as its word."""
        metrics = QFontMetrics(themes.font())
        width = metrics.horizontalAdvance(self.text()) + 2 * _PAD
        return QSize(min(max(width, HEIGHT), _LONGEST), HEIGHT)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """A plate, the word, and the bar at its foot."""
        theme = themes.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        plate = QRectF(self.rect()).adjusted(0.75, 0.75, -0.75, -0.75)
        strong = self._lit or self.isChecked()
        edge = theme.second if self.isChecked() else (theme.quiet if self._lit else theme.edge)
        painter.setPen(QPen(QColor(edge), 1.5 if strong else 1))
        plain = theme.raised if self.shown.read else theme.ground
        painter.setBrush(QColor(theme.selection if strong else plain))
        painter.drawRoundedRect(plate, 6, 6)
        painter.setPen(QColor(theme.text if self.shown.read else theme.faint))
        painter.setFont(themes.font())
        room = self.rect().adjusted(_PAD, 0, -_PAD, 0 if self._share is None else -4)
        metrics = QFontMetrics(themes.font())
        text = metrics.elidedText(self.text(), Qt.TextElideMode.ElideRight, room.width() + 2)
        painter.drawText(room, Qt.AlignmentFlag.AlignCenter, text)
        if self._share is not None:
            self._paint_bar(painter, self._share)
        if self._ringed:
            paint_ring(painter, self.rect())
        painter.end()

    def _paint_bar(self, painter: QPainter, share: float) -> None:
        theme = themes.current()
        bar = QRectF(_PAD, self.height() - 7.0, self.width() - 2 * _PAD, _BAR)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.edge))
        painter.drawRoundedRect(bar, _BAR / 2, _BAR / 2)
        bar.setWidth(max(bar.width() * min(share / self._longest, 1.0), _BAR))
        painter.setBrush(QColor(theme.second))
        painter.drawRoundedRect(bar, _BAR / 2, _BAR / 2)

    def enterEvent(self, event: QEnterEvent) -> None:
        """The mouse points at it."""
        super().enterEvent(event)
        self.pointed.emit(True)

    def leaveEvent(self, event: QEvent) -> None:
        """The mouse went elsewhere."""
        super().leaveEvent(event)
        self.pointed.emit(False)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Tab points as the mouse does."""
        super().focusInEvent(event)
        self._ringed = came_by_keyboard(event)
        if self._ringed:
            self.pointed.emit(True)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Tab went on."""
        super().focusOutEvent(event)
        if self._ringed:
            self._ringed = False
            self.pointed.emit(False)


class WordChips(QScrollArea):
    """All of them, in as many rows as they need; of a long prompt three rows are seen at once."""

    pointed = Signal(object)  # the number of a word, or None
    chosen = Signal(object)  # the number of a word, or None: let go again

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Words of the prompt")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.chips: list[WordChip] = []
        self._shown: tuple[ShownWord, ...] = ()
        self._parts: list[QWidget] = []
        self._most_rows = _MOST_ROWS
        self._inside = QWidget()
        self.setWidget(self._inside)
        self.setFixedHeight(HEIGHT)

    def show_words(self, shown: Sequence[ShownWord]) -> bool:
        """Show other words; whether they are others. A chosen word stays, if it is there still."""
        if tuple(shown) == self._shown:
            return False
        held = (self.current, self.text_of(self.current))
        self._shown = tuple(shown)
        for part in self._parts:
            part.hide()
            part.deleteLater()
        self.chips, self._parts = [], []
        for each in shown:
            self._parts.append(self._mark(each) if each.word is None else self._chip(each))
        for part in self._parts:
            part.show()
        self._lay_out()
        if held[0] is not None and self.text_of(held[0]) == held[1]:
            self.choose(held[0])
        return True

    @property
    def words(self) -> tuple[str, ...]:
        """All words, by their numbers."""
        shown = {chip.shown.word: chip.shown.text for chip in self.chips}
        return tuple(shown[n] for n in sorted(n for n in shown if n is not None))

    def text_of(self, word: int | None) -> str:
        """A word by its number; "" where there is none."""
        found = (chip.shown.text for chip in self.chips if chip.shown.word == word)
        return next(found, "") if word is not None else ""

    def _chip(self, shown: ShownWord) -> WordChip:
        chip = WordChip(shown, self._inside)
        word = shown.word
        chip.pointed.connect(lambda on: self.pointed.emit(word if on else None))
        chip.clicked.connect(lambda checked: self._press(word, checked))
        chip.pointed.connect(lambda on: self.ensureWidgetVisible(chip, 0, 0) if on else None)
        self.chips.append(chip)
        return chip

    def _mark(self, shown: ShownWord) -> QLabel:
        mark = QLabel(shown.text, self._inside)
        mark.setProperty("role", "small-quiet")
        mark.setToolTip(shown.about)
        mark.setAlignment(Qt.AlignmentFlag.AlignCenter)
        return mark

    def _press(self, word: int | None, checked: bool) -> None:
        self.choose(word if checked else None)
        self.chosen.emit(word if checked else None)

    @property
    def current(self) -> int | None:
        """The word that is chosen."""
        return next((chip.shown.word for chip in self.chips if chip.isChecked()), None)

    def choose(self, word: int | None) -> None:
        """Choose a word, or none."""
        for chip in self.chips:
            chip.setChecked(word is not None and chip.shown.word == word)

    def light(self, word: int | None) -> None:
        """Mark the word whose pixels are lit."""
        for chip in self.chips:
            chip.set_lit(word is not None and chip.shown.word == word)

    def show_shares(self, shares: Sequence[float] | None) -> None:
        """How strongly each word is listened to, 0 … 1 each; None: not known."""
        longest = max(shares, default=1.0) if shares is not None else 1.0
        for chip in self.chips:
            word, share = chip.shown.word, None
            if shares is not None and word is not None and word < len(shares):
                share = float(shares[word])
            chip.set_share(share, longest)

    def set_low(self, low: bool) -> None:
        """Take as little height as is still of use."""
        self._most_rows = _MOST_ROWS_LOW if low else _MOST_ROWS
        self._lay_out()

    # --- room ---------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        width = self.width()
        rows = self._rows_in(width)
        if rows > self._most_rows:
            rows = self._rows_in(width - 12)  # the scroll bar's
        self._inside.resize(width, rows * (HEIGHT + _GAP) - _GAP)
        seen = min(rows, self._most_rows)
        self.setFixedHeight(max(seen * (HEIGHT + _GAP) - _GAP, HEIGHT))

    def _rows_in(self, width: int) -> int:
        """Put every part in its place; how many rows they take."""
        x = row = 0
        for part in self._parts:
            wide = part.sizeHint().width()
            if x and x + wide > width:
                x, row = 0, row + 1
            part.setGeometry(x, row * (HEIGHT + _GAP), wide, HEIGHT)
            x += wide + _GAP
        return row + 1

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Other rows."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._lay_out()

    def changeEvent(self, event: QEvent) -> None:
        """A new theme."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.PaletteChange):
            for chip in self.chips:
                chip.update()
