"""PromptField: the prompt, with the words underlined that the model was never taught."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QFocusEvent,
    QHelpEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QTextLayout,
    QTextLine,
)
from PySide6.QtWidgets import QLineEdit, QToolTip, QWidget

from visualizer.ui.word_hints import UnknownWord, suggestion, unknown_words

_CURSOR_MARGIN = 5  # QLineEdit's cursorRect() begins this far left of the cursor


class PromptField(QLineEdit):
    """One line of text that knows which of its words the model knows.

    Characters that no tokenizer can read (NUL, half of a symbol, line breaks) are taken out as
    they arrive, and ``cleaned`` says so.
    """

    cleaned = Signal(str)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._known: frozenset[str] = frozenset()
        self._objects: tuple[str, ...] = ()
        self._colors: tuple[str, ...] = ()
        self.unknown: tuple[UnknownWord, ...] = ()
        self.setAccessibleName(name)
        self.textChanged.connect(self._clean)
        self.textChanged.connect(lambda _text: self._look_up())
        self.cursorPositionChanged.connect(lambda _old, _new: self._look_up())

    def set_vocabulary(
        self, known: frozenset[str], objects: tuple[str, ...], colors: tuple[str, ...]
    ) -> None:
        """What the model was taught; an empty set when that is not known: nothing is underlined."""
        self._known, self._objects, self._colors = known, objects, colors
        self._look_up()

    def hint_at(self, point: QPoint) -> str:
        """What to say where a pointer rests: the hint on an unknown word, or ""."""
        for unknown in self.unknown:
            line = self._underline(unknown)
            if line is not None and line[0] - 2 <= point.x() <= line[1] + 2:
                return suggestion(unknown.word, self._objects, self._colors)
        return ""

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
        self.unknown = unknown_words(self.text(), self._known, cursor) if self._known else ()
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
        painter.setClipRect(self.rect().adjusted(8, 0, -8, 0))
        painter.setPen(QPen(self.palette().placeholderText().color(), 2, Qt.PenStyle.DotLine))
        for unknown in self.unknown:
            line = self._underline(unknown)
            if line is not None:
                left, right, y = line
                painter.drawLine(QPointF(left, y), QPointF(right, y))
        painter.end()

    def _underline(self, unknown: UnknownWord) -> tuple[float, float, float] | None:
        """(left, right, y) of the line under a word, in the field's own pixels."""
        text = self.displayText()
        layout = QTextLayout(text, self.font())
        layout.beginLayout()
        line = layout.createLine()
        layout.endLayout()
        if not line.isValid():
            return None
        cursor = self.cursorRect()
        offset = cursor.x() + _CURSOR_MARGIN - _x(line, self.cursorPosition())
        ends = [_x(line, _utf16_units(text, place)) for place in (unknown.start, unknown.end)]
        baseline = cursor.top() + line.ascent() + 4
        return offset + min(ends), offset + max(ends), baseline


def _x(line: QTextLine, position: int) -> float:
    x: object = line.cursorToX(position)  # (x, position), though the stubs say otherwise
    return float(x[0] if isinstance(x, tuple) else x)  # type: ignore[arg-type]


def _utf16_units(text: str, code_points: int) -> int:
    """Qt counts in UTF-16 units, Python in code points: an emoji is two against one."""
    return code_points + sum(c > "\uffff" for c in text[:code_points])


def _code_points(text: str, utf16_units: int) -> int:
    return len(text.encode("utf-16-le")[: 2 * utf16_units].decode("utf-16-le", "ignore"))


def clean_line(text: str) -> str:
    """One line that a tokenizer can read: line breaks become blanks."""
    blanks = str.maketrans(dict.fromkeys("\r\n\t\v\f\u2028\u2029", " "))
    return "".join(
        c for c in text.translate(blanks) if c != "\0" and not 0xD800 <= ord(c) <= 0xDFFF
    )
