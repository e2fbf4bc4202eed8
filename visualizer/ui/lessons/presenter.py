"""Presenter: a lesson for a class, in large letters beside the page; one key for next."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from visualizer.lessons.beats import Beat, beats_of
from visualizer.lessons.lesson import DoIt, Lesson, Question, Text
from visualizer.ui import theme
from visualizer.ui.lessons.reading import ReadingText
from visualizer.ui.scroll_room import keep_room

_LETTERS, _TITLE = 30, 44
"""Type sizes in pixels on a screen of this height:"""
_HEIGHT = 1080
_SMALLEST = 20
_SAID = "Space next  ·  B black  ·  Esc leave"
_KEYS_SIZE = 0.55
"""Of the keys, against the letters: they are for the one who teaches."""
_KEYS: dict[int, str] = {
    Qt.Key.Key_Space: "next",
    Qt.Key.Key_PageDown: "next",  # what the clickers of presenters send
    Qt.Key.Key_Right: "next",
    Qt.Key.Key_Down: "next",
    Qt.Key.Key_Return: "next",
    Qt.Key.Key_Enter: "next",
    Qt.Key.Key_PageUp: "back",
    Qt.Key.Key_Left: "back",
    Qt.Key.Key_Up: "back",
    Qt.Key.Key_Backspace: "back",
    Qt.Key.Key_B: "blank",
    Qt.Key.Key_Period: "blank",
    Qt.Key.Key_Escape: "leave",
}
_PAGES = range(Qt.Key.Key_1, Qt.Key.Key_9 + 1)
"""With Ctrl."""


class Presenter(QWidget):
    """A beat of the lesson at a time. While it is shown, its keys are nobody else's."""

    do_asked = Signal(object)  # DoIt
    step_shown = Signal(int)
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.beats: tuple[Beat, ...] = ()
        self.index = 0
        self._lesson: Lesson | None = None
        self._done: set[int] = set()
        self._blank: QWidget | None = None
        self._listens = False
        self.title = QLabel()
        self.title.setWordWrap(True)
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        self.words = ReadingText(size=_LETTERS)
        self.next_button = QPushButton()
        self.next_button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.next_button.clicked.connect(self.next)
        self.place, self.keys = QLabel(), QLabel(_SAID)
        self._scroll = QScrollArea()
        keep_room(self._scroll)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inside = QWidget()
        text = QVBoxLayout(inside)
        text.setContentsMargins(0, 0, 0, 0)
        text.addWidget(self.words)
        text.addStretch(1)
        self._scroll.setWidget(inside)
        column = self._column = QVBoxLayout(self)
        column.addWidget(self.title)
        column.addWidget(self._scroll, 1)
        column.addWidget(self.next_button)
        foot = QHBoxLayout()
        foot.addWidget(self.keys, 1)
        foot.addWidget(self.place)
        column.addLayout(foot)
        self._fit()

    # --- what the panel asks ------------------------------------------------------------------

    def begin(self, lesson: Lesson, step: int) -> None:
        """Present a lesson from a step on."""
        self._lesson, self.beats = lesson, beats_of(lesson)
        self._done.clear()
        self.index = next((k for k, beat in enumerate(self.beats) if beat.step >= step), 0)
        application = QApplication.instance()
        if application is not None and not self._listens:
            application.installEventFilter(self)
            self._listens = True
        self._arrive()

    def end(self) -> None:
        """The keys belong to the window again."""
        application = QApplication.instance()
        if application is not None and self._listens:
            application.removeEventFilter(self)
            self._listens = False
        self._set_blank(False)

    # --- what the key does --------------------------------------------------------------------

    @property
    def beat(self) -> Beat | None:
        """What is shown."""
        return self.beats[self.index] if self.beats else None

    def next(self) -> None:
        """Read on; do what comes next, or tell it; after the last one, leave."""
        if self._blank is not None:
            self._set_blank(False)
            return
        bar = self._scroll.verticalScrollBar()
        if bar.value() < bar.maximum():
            bar.setValue(bar.value() + bar.pageStep())
        elif self.index + 1 < len(self.beats):
            self.index += 1
            self._arrive()
        else:
            self.left.emit()

    def back(self) -> None:
        """What was shown before; nothing is done again."""
        if self._blank is None and self.index > 0:
            self.index -= 1
            self._arrive(back=True)
        self._set_blank(False)

    def blank(self) -> None:
        """Nothing but black, so that the class looks at the teacher; and back."""
        self._set_blank(self._blank is None)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Its keys do what they do here, whatever has the focus; those of pages leave it."""
        if event.type() == QEvent.Type.Resize and watched is self.window():
            self._cover()
        kinds = (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress)
        if event.type() not in kinds or not isinstance(event, QKeyEvent) or not self.isVisible():
            return False
        act = _KEYS.get(event.key())
        plain = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if plain == Qt.KeyboardModifier.ControlModifier and event.key() in _PAGES:
            self.left.emit()  # the window shows the page, with all that belongs to it
            return False
        if act is None or plain != Qt.KeyboardModifier.NoModifier:
            return False
        if QApplication.activePopupWidget() is not None:
            return False
        event.accept()
        if event.type() == QEvent.Type.KeyPress and not event.isAutoRepeat():
            {"next": self.next, "back": self.back, "blank": self.blank, "leave": self.left.emit}[
                act
            ]()
        return True

    # --- what is shown ------------------------------------------------------------------------

    def _arrive(self, *, back: bool = False) -> None:
        beat, lesson = self.beat, self._lesson
        if beat is None or lesson is None:
            return
        self.title.setText(lesson.steps[beat.step].title)
        self.words.say(words_of(beat))
        self._scroll.verticalScrollBar().setValue(0)
        following = self.beats[self.index + 1] if self.index + 1 < len(self.beats) else None
        self.next_button.setText(next_words(beat, following))
        self.next_button.setAccessibleName(self.next_button.text())
        self.place.setText(f"{self.index + 1} / {len(self.beats)}")
        self.step_shown.emit(beat.step)
        if isinstance(beat.part, DoIt) and not back and self.index not in self._done:
            self._done.add(self.index)
            self.do_asked.emit(beat.part)

    def _set_blank(self, on: bool) -> None:
        if on and self._blank is None:
            window = self.window()
            self._blank = QWidget(window)
            self._blank.setStyleSheet("background: black;")
            self._blank.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
            self._cover()
            self._blank.show()
            self._blank.raise_()
        elif not on and self._blank is not None:
            self._blank.hide()
            self._blank.deleteLater()
            self._blank = None

    def _cover(self) -> None:
        if self._blank is not None:
            self._blank.setGeometry(self.window().rect())

    # --- room ---------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Letters grow with the screen."""
        super().resizeEvent(event)
        self._fit()

    @property
    def letters(self) -> int:
        """The size of the type, in pixels."""
        return max(_SMALLEST, round(_LETTERS * self.height() / _HEIGHT))

    def _fit(self) -> None:
        letters = self.letters
        air = round(letters * 1.6)
        self._column.setContentsMargins(air, air, air, air // 2)
        self._column.setSpacing(air // 2)
        self.words.set_size(letters)
        title = round(letters * _TITLE / _LETTERS)
        self.title.setStyleSheet(f"font-size: {title}px; font-weight: 600;")
        small = f"font-size: {letters}px;"
        self.next_button.setStyleSheet(
            f"{small} padding: {letters // 3}px {letters // 2}px; text-align: left;"
        )
        quiet = f"color: {theme.current().quiet};"
        self.place.setStyleSheet(f"{small} {quiet}")
        self.keys.setStyleSheet(f"font-size: {max(round(_KEYS_SIZE * letters), 14)}px; {quiet}")

    def changeEvent(self, event: QEvent) -> None:
        """Quiet words wear the theme's color."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._fit()


def words_of(beat: Beat) -> str:
    """What a beat says, as Markdown."""
    part = beat.part
    if isinstance(part, Text):
        return part.markdown
    if isinstance(part, DoIt):
        return part.look or part.label
    if beat.kind == "answer":
        right = "" if part.right is None else f"**{part.choices[part.right]}**\n\n"
        return right + part.answer
    letters = "ABCD"
    choices = [f"**{letters[k]}**  {choice}" for k, choice in enumerate(part.choices)]
    return "\n\n".join([part.asks, *choices])


def next_words(beat: Beat, following: Beat | None) -> str:
    """What the key brings."""
    if following is None:
        return "End"
    if isinstance(following.part, DoIt):
        return f"▶  {following.part.label}"
    if following.kind == "answer":
        return "The answer"
    if isinstance(following.part, Question) and beat.step == following.step:
        return "A question"
    return "Next"
