"""PromptField: the prompt, with the words underlined that the model was never taught."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from itertools import accumulate

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QFocusEvent,
    QFont,
    QHelpEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QTextLayout,
    QTextLine,
)
from PySide6.QtWidgets import QLineEdit, QToolTip, QWidget

from visualizer.ui.word_hints import UnknownWord, suggestion, unknown_words

LONGEST = 32_767
"""A field of Qt holds this many UTF-16 units; what lies behind them is cut off."""
_EDGE = 8  # nothing is underlined this close to the sides
_CURSOR_MARGIN = 5  # QLineEdit's cursorRect() begins this far left of the cursor


class PromptField(QLineEdit):
    """One line of text that knows which of its words the model knows.

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
        self.setAccessibleName(name)
        self.textChanged.connect(self._clean)
        self.textChanged.connect(lambda _text: self._look_up())
        self.cursorPositionChanged.connect(lambda _old, _new: self._look_up())
        self.inputRejected.connect(self._tell_of_the_end)

    def set_vocabulary(
        self, known: frozenset[str], objects: tuple[str, ...], colors: tuple[str, ...]
    ) -> None:
        """What the model was taught; an empty set when that is not known: nothing is underlined."""
        self._known, self._objects, self._colors = known, objects, colors
        self._look_up()

    def hint_at(self, point: QPoint) -> str:
        """What to say where a pointer rests: the hint on an unknown word, or ""."""
        for unknown, left, right, _y in self.underlines():
            if left - 2 <= point.x() <= right + 2:
                return suggestion(unknown.word, self._objects, self._colors)
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
        """Leaving the field ends the word under the cursor."""
        super().focusOutEvent(event)
        self._look_up()

    def event(self, event: QEvent) -> bool:
        """A pointer that rests on an unknown word is told what the model does know."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            hint = self.hint_at(event.pos())
            if hint:
                QToolTip.showText(event.globalPos(), hint, self)
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
        """The text as Qt draws it, and a dotted line under each unknown word."""
        super().paintEvent(event)
        if not self.unknown:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setClipRect(self.rect().adjusted(_EDGE, 0, -_EDGE, 0))
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
