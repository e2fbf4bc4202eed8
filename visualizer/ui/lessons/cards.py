"""The cards of a step: something to do, and something to predict first."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QVBoxLayout, QWidget

from visualizer.lessons.lesson import DoIt, Question
from visualizer.ui import theme
from visualizer.ui.lessons.reading import ReadingText, SentenceButton

_ASKED = "What do you think?"
_ASKED_FREELY = "What do you think? Say it aloud."
_RIGHT, _GUESSED = "✓", "your guess"
_OPEN, _CHOSEN = "○", "●"


class DoItCard(QWidget):
    """A button that sets the page up; pressed, it says where to look."""

    asked = Signal(object)  # DoIt

    def __init__(self, do_it: DoIt, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.do_it = do_it
        self.done = False
        self.button = SentenceButton(do_it.label)
        self.label = QLabel(do_it.label)
        self.label.setWordWrap(True)
        self.label.setProperty("role", "value")
        self.label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.button.add(self.label)
        self.button.setToolTip(about(do_it))
        self.look = ReadingText(do_it.look)
        self.look.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE)
        column.addWidget(self.button)
        column.addWidget(self.look)
        self.button.clicked.connect(lambda: self.asked.emit(self.do_it))

    def mark_done(self) -> None:
        """It was done: it can be done again, and here is what to look at."""
        self.done = True
        self.label.setText(f"{_RIGHT} {self.do_it.label}")
        self.button.setAccessibleName(f"{self.do_it.label}, done")
        self.look.setVisible(bool(self.do_it.look))


class QuestionCard(QFrame):
    """Predict first; the answer comes when it was seen, or when somebody asks for it."""

    answered = Signal()

    def __init__(self, question: Question, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.question = question
        self.guess: int | None = None
        self.is_open = False
        self.setProperty("role", "panel")
        self.setAccessibleName("A question")
        space = theme.SPACE
        column = QVBoxLayout(self)
        column.setContentsMargins(space + 4, space + 4, space + 4, space + 4)
        column.setSpacing(space)
        first = QLabel(_ASKED if question.choices else _ASKED_FREELY)
        first.setProperty("role", "small-quiet")
        column.addWidget(first)
        column.addWidget(ReadingText(question.asks))
        self.choices: list[SentenceButton] = []
        self.labels: list[QLabel] = []
        for index, choice in enumerate(question.choices):
            column.addWidget(self._choice(index, choice))
        self.show_button = QPushButton("Show the answer")
        self.show_button.setProperty("role", "quiet")
        self.show_button.setAccessibleName("Show the answer")
        self.show_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.show_button.clicked.connect(self.reveal)
        self.answer = ReadingText(question.answer)
        self.answer.hide()
        column.addWidget(self.show_button, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.answer)

    def _choice(self, index: int, choice: str) -> SentenceButton:
        button, label = SentenceButton(choice), QLabel(f"{_OPEN}  {choice}")
        label.setWordWrap(True)
        button.add(label)
        button.setCheckable(True)
        button.clicked.connect(lambda _=False: self.choose(index))
        self.choices.append(button)
        self.labels.append(label)
        return button

    def choose(self, index: int) -> None:
        """That is the guess; after the answer it stays."""
        if not self.is_open:
            self.guess = index
        for k, button in enumerate(self.choices):
            button.setChecked(k == self.guess)
            if not self.is_open:
                mark = _CHOSEN if k == self.guess else _OPEN
                self.labels[k].setText(f"{mark}  {self.question.choices[k]}")

    def reveal(self) -> None:
        """Tell the answer, and which guess was right."""
        if self.is_open:
            return
        self.is_open = True
        for k, (label, choice) in enumerate(zip(self.labels, self.question.choices, strict=True)):
            mark = _RIGHT if k == self.question.right else _CHOSEN if k == self.guess else _OPEN
            words = f"{choice}  ({_GUESSED})" if k == self.guess else choice
            label.setText(f"{mark}  {words}")
            self.choices[k].setAccessibleName(label.text())
            self.choices[k].setEnabled(k in (self.guess, self.question.right))
        self.show_button.hide()
        self.answer.show()
        self.answered.emit()


def about(do_it: DoIt) -> str:
    """What a button puts in place, in one line."""
    setup = do_it.setup
    named = {
        "seed": setup.seed,
        "steps": setup.steps,
        "guidance": None if setup.guidance is None else f"{setup.guidance:g}",
        "sampler": setup.sampler,
    }
    parts = [f"Page {setup.page.capitalize()}"]
    if setup.prompt is not None:
        parts.append(f"“{setup.prompt}”" if setup.prompt else "no prompt")
    parts += [f"{name} {value}" for name, value in named.items() if value is not None]
    parts += [f"{name} {value}" for name, value in setup.options.items()]
    return ", ".join(parts)
