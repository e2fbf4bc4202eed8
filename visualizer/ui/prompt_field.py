"""PromptField: the prompt, and what the model makes of it: words it does not know or read."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from itertools import accumulate
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QFocusEvent,
    QFont,
    QHelpEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QTextLayout,
    QTextLine,
)
from PySide6.QtWidgets import QLabel, QLineEdit, QToolTip, QWidget

from visualizer.ui import theme
from visualizer.ui.tips import wrapped
from visualizer.ui.word_hints import UnknownWord, suggestion, unknown_words

if TYPE_CHECKING:
    from visualizer.diffusion.facts import PromptReading

LONGEST = 32_767
"""A field of Qt holds this many UTF-16 units; what lies behind them is cut off."""
_EDGE = 8  # nothing is underlined this close to the sides
_OUTDATED_MS = 1000
"""So long after a prompt was changed, what a model said of the former one is given up."""
_COUNTED_FROM = 0.6  # of what the model reads; before, nobody need know of tokens
_CURSOR_MARGIN = 5  # QLineEdit's cursorRect() begins this far left of the cursor


class PromptField(QLineEdit):
    """One line of text that knows which of its words the model knows, and how far it reads.

    Characters that no tokenizer can read (NUL, half of a symbol, line breaks) are taken out as
    they arrive, and so is what lies behind the longest text a field can hold; ``cleaned`` says so.
    """

    cleaned = Signal(str)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._known: frozenset[str] = frozenset()
        self._objects: tuple[str, ...] = ()
        self._colors: tuple[str, ...] = ()
        self.unknown: tuple[UnknownWord, ...] = ()
        self._starts: list[int] = []  # of the unknown words, in UTF-16 units
        self._ends: list[int] = []
        self._layout: tuple[str, QFont, QTextLayout, QTextLine] | None = None
        self._reading: PromptReading | None = None
        self._read_prompt = ""
        self._outdated = QTimer(self)
        self._outdated.setSingleShot(True)
        self._outdated.setInterval(_OUTDATED_MS)
        self._outdated.timeout.connect(self._forget_outdated)
        self._read_text = ""  # what of the text is read; what follows is struck through
        self._cut = False
        self.counter = QLabel(self)
        theme.set_role(self.counter, "small-quiet")
        self.counter.setAccessibleName("Tokens")
        self.counter.hide()
        self.setAccessibleName(name)
        self.textChanged.connect(self._clean)
        self.textChanged.connect(lambda _text: self._outdated.start())
        self.textChanged.connect(lambda _text: self._look_up())
        self.cursorPositionChanged.connect(lambda _old, _new: self._look_up())
        self.inputRejected.connect(self._tell_of_the_end)

    def set_vocabulary(
        self, known: frozenset[str], objects: tuple[str, ...], colors: tuple[str, ...]
    ) -> None:
        """What the model was taught; an empty set when that is not known: nothing is underlined."""
        self._known, self._objects, self._colors = known, objects, colors
        self.show_reading("", None)  # that was another model
        self._look_up()

    def show_reading(self, prompt: str, reading: PromptReading | None) -> None:
        """How a model reads this prompt. One that has been changed since is passed over."""
        text = self.text()
        if reading is not None and prompt != text.strip():
            return
        self._reading, self._read_prompt = reading, prompt
        self._cut = reading is not None and reading.cut is not None
        if reading is not None and reading.cut is not None:
            self._read_text = text[: len(text) - len(text.lstrip()) + reading.cut]
        self._show_counter()
        self.update()

    def _forget_outdated(self) -> None:
        """A model at work reads nothing: what it said of another prompt is not true of this one."""
        if self.text().strip() != self._read_prompt:
            self._reading, self._cut = None, False
            self._show_counter()
            self.update()

    @property
    def struck(self) -> str:
        """The end of the text that the model does not read, as far as is known."""
        there = self._cut and self.text().startswith(self._read_text)
        return self.text()[len(self._read_text) :] if there else ""

    def _show_counter(self) -> None:
        reading = self._reading
        limit = 0 if reading is None else reading.token_limit
        shown = reading is not None and limit > 0 and reading.tokens > _COUNTED_FROM * limit
        if reading is not None and shown:
            over = reading.tokens > limit
            self.counter.setText(f"{reading.tokens} / {limit} tokens")
            self.counter.setToolTip(
                "Tokens: pieces of words, as this model counts them. It reads at most "
                f"{limit} of a prompt; this one has {reading.tokens}."
                + (" What is struck through is not read." if over and self._cut else "")
                + (f" {reading.note}" if reading.note else "")
            )
            theme.set_role(self.counter, "small" if over else "small-quiet")
            self.counter.adjustSize()
        self.counter.setVisible(shown)
        self.setTextMargins(0, 0, self.counter.width() + theme.SPACE if shown else 0, 0)
        self._place_counter()

    def _place_counter(self) -> None:
        left = self.width() - self.counter.width() - theme.SPACE - theme.SPACE // 2
        self.counter.move(left, (self.height() - self.counter.height()) // 2)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The counter stays at the end."""
        super().resizeEvent(event)
        self._place_counter()

    def hint_at(self, point: QPoint) -> str:
        """What to say where a pointer rests: the hint on an unknown word, or ""."""
        for unknown, left, right, _y in self.underlines():
            if left - 2 <= point.x() <= right + 2:
                return suggestion(unknown.word, self._objects, self._colors)
        line = self.strike()
        if line is not None and line[0] <= point.x() <= line[1]:
            return "The prompt is longer than what this model reads: it stops before this."
        return ""

    def setText(self, text: str | None) -> None:
        """Replace the text; one that is too long is cut, and that is said."""
        text = text or ""
        super().setText(text)
        if _utf16_units(text) > LONGEST:
            self._tell_of_the_end()

    def _tell_of_the_end(self) -> None:
        if self.maxLength() - _utf16_units(self.text()) < 2:  # a symbol may need two
            self.cleaned.emit(
                f"That text is very long: only its first {LONGEST:,} characters fit in here."
            )

    def _clean(self, text: str) -> None:
        clean = clean_line(text)
        if clean == text:
            return
        removed = len(clean) != len(text)
        position = self.cursorPosition() - (len(text) - len(clean))
        self.setText(clean)
        self.setCursorPosition(max(position, 0))
        if removed:
            self.cleaned.emit(
                "Something in that text was no character (a NUL or half a symbol): it was taken "
                "out."
            )

    def _look_up(self) -> None:
        cursor = _code_points(self.text(), self.cursorPosition()) if self.hasFocus() else None
        text = self.text()
        self.unknown = unknown_words(text, self._known, cursor) if self._known else ()
        # Qt counts in UTF-16 units, Python in code points: an emoji is two against one
        if self.unknown and not text.isascii():
            units = list(accumulate((1 + (c > "\uffff") for c in text), initial=0))
            self._starts = [units[word.start] for word in self.unknown]
            self._ends = [units[word.end] for word in self.unknown]
        else:
            self._starts = [word.start for word in self.unknown]
            self._ends = [word.end for word in self.unknown]
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Leaving the field ends the word under the cursor, and shows the words that are read."""
        super().focusOutEvent(event)
        if self.struck and not self.hasSelectedText():
            self.setCursorPosition(0)
        self._look_up()

    def event(self, event: QEvent) -> bool:
        """A pointer that rests on an unknown word is told what the model does know."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            hint = self.hint_at(event.pos())
            if hint:
                QToolTip.showText(event.globalPos(), wrapped(hint), self)
                return True
        return super().event(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """A file that is dropped here is for the window, not a text."""
        if event.mimeData().hasUrls():
            event.ignore()
        else:
            super().dragEnterEvent(event)

    # Underlines -------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        """The text as Qt draws it, a dotted line under each unknown word, and a line through what
        is not read."""
        super().paintEvent(event)
        strike = self.strike()
        if not self.unknown and strike is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        end = _EDGE + self.textMargins().right()
        painter.setClipRect(self.rect().adjusted(_EDGE, 0, -end, 0))
        if strike is not None:
            left, right, y = strike
            painter.setPen(QPen(self.palette().text().color(), 1.5))
            painter.drawLine(QPointF(left, y), QPointF(right, y))
        painter.setPen(QPen(self.palette().placeholderText().color(), 2, Qt.PenStyle.DotLine))
        for _unknown, left, right, y in self.underlines():
            painter.drawLine(QPointF(left, y), QPointF(right, y))
        painter.end()

    def underlines(self) -> Iterator[tuple[UnknownWord, float, float, float]]:
        """(word, left, right, y) of the line under each unknown word that the field shows now."""
        line = self._line() if self.unknown else None
        if line is None:
            return
        cursor = self.cursorRect()
        offset = cursor.x() + _CURSOR_MARGIN - _x(line, self.cursorPosition())
        y = cursor.top() + line.ascent() + 4
        first, last = 0, len(self.unknown)
        if line.naturalTextWidth() > self.width():
            # a long prompt has a thousand words, of which a dozen fit into the field
            edges = _EDGE - offset, self.width() - _EDGE - offset
            seen = sorted(int(line.xToCursor(edge)) for edge in edges)
            first, last = bisect_left(self._ends, seen[0]), bisect_right(self._starts, seen[1])
        for index in range(first, last):
            sides = _x(line, self._starts[index]), _x(line, self._ends[index])
            yield self.unknown[index], offset + min(sides), offset + max(sides), y

    def strike(self) -> tuple[float, float, float] | None:
        """(left, right, y) of the line through what the model does not read, or None."""
        line = self._line() if self.struck else None
        if line is None:
            return None
        cursor, start = self.cursorRect(), _utf16_units(self._read_text)
        offset = cursor.x() + _CURSOR_MARGIN - _x(line, self.cursorPosition())
        sides = _x(line, start), _x(line, _utf16_units(self.text()))
        return offset + min(sides), offset + max(sides), cursor.top() + line.ascent() * 0.68

    def _line(self) -> QTextLine | None:
        """The text as one line, laid out once for a text and a font."""
        text, font = self.displayText(), self.font()
        kept = self._layout
        if kept is None or kept[:2] != (text, font):
            layout = QTextLayout(text, font)
            layout.beginLayout()
            line = layout.createLine()
            layout.endLayout()
            kept = self._layout = (text, font, layout, line)  # a line lives as long as its layout
        return kept[3] if kept[3].isValid() else None


def _x(line: QTextLine, position: int) -> float:
    x: object = line.cursorToX(position)  # (x, position), though the stubs say otherwise
    return float(x[0] if isinstance(x, tuple) else x)  # type: ignore[arg-type]


def _utf16_units(text: str) -> int:
    return len(text) + (0 if text.isascii() else sum(c > "\uffff" for c in text))


def _code_points(text: str, utf16_units: int) -> int:
    return len(text.encode("utf-16-le")[: 2 * utf16_units].decode("utf-16-le", "ignore"))


def clean_line(text: str) -> str:
    """One line that a tokenizer can read: line breaks become blanks."""
    blanks = str.maketrans(dict.fromkeys("\r\n\t\v\f\u2028\u2029", " "))
    return "".join(
        c for c in text.translate(blanks) if c != "\0" and not 0xD800 <= ord(c) <= 0xDFFF
    )
