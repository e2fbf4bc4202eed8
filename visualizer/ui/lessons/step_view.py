"""One step of a lesson: its texts, its questions, and what is to be done."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QLabel, QScrollArea, QVBoxLayout, QWidget

from visualizer.lessons.lesson import DoIt, Question, Step, Text
from visualizer.lessons.page_setup import PageSetup
from visualizer.ui import theme
from visualizer.ui.lessons.cards import DoItCard, QuestionCard
from visualizer.ui.lessons.reading import ReadingText
from visualizer.ui.scroll_room import BAR, keep_room

LOOK_FIRST_MS = 2500
"""Where nothing is made, the answer waits so long: who looks first sees it with his own eyes."""


class StepView(QScrollArea):
    """Everything of a step below each other."""

    set_up_asked = Signal(object)  # PageSetup

    def __init__(
        self, step: Step, is_to_be_seen: Callable[[], bool], parent: QWidget | None = None
    ) -> None:
        """
        Args:
            is_to_be_seen: whether what was set up can be looked at by now; before that, nobody is
                told what he would see.
        """
        super().__init__(parent)
        self.step, self._is_to_be_seen = step, is_to_be_seen
        self.doing: list[DoItCard] = []
        self.questions: list[QuestionCard] = []
        self._asked_before: dict[DoItCard, QuestionCard | None] = {}
        self._waits: QuestionCard | None = None
        self._seen_running = False
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(LOOK_FIRST_MS)
        self._later.timeout.connect(self._looked)
        keep_room(self)
        self.setAccessibleName(step.title)
        inside = QWidget()
        space = theme.SPACE
        column = QVBoxLayout(inside)
        column.setContentsMargins(2 * space, 0, 2 * space - BAR, 2 * space)
        column.setSpacing(2 * space)
        title = QLabel(step.title)
        title.setWordWrap(True)
        title.setProperty("role", "title")
        column.addWidget(title)
        for part in step.parts:
            column.addWidget(self._card(part))
        column.addStretch(1)
        self.setWidget(inside)

    def _card(self, part: Text | DoIt | Question) -> QWidget:
        if isinstance(part, Text):
            return ReadingText(part.markdown)
        if isinstance(part, Question):
            question = QuestionCard(part)
            self.questions.append(question)
            return question
        card = DoItCard(part)
        card.asked.connect(lambda _do_it: self.do(card))
        self.doing.append(card)
        self._asked_before[card] = self.questions[-1] if self.questions else None
        return card

    def do(self, card: DoItCard) -> None:
        """Ask for the page to be set up."""
        self._waits = None
        self._later.stop()
        self.set_up_asked.emit(card.do_it.setup)

    def take(self, setup: PageSetup) -> None:
        """A page was set up; the answer to the question before it comes when it is to be seen."""
        card = next((each for each in self.doing if each.do_it.setup is setup), None)
        if card is None:
            return
        self._waits, self._seen_running = self._asked_before[card], False
        if self._waits is not None and not setup.makes_something:
            self._later.start()
        card.mark_done()
        QTimer.singleShot(0, self, lambda: self.ensureWidgetVisible(card, 0, 2 * theme.SPACE))

    def follow(self, running: bool) -> None:
        """Something is being made, or it has ended."""
        if running:
            self._seen_running = True
        elif self._seen_running and not self._later.isActive():
            self._reveal()

    def _looked(self) -> None:
        if self._is_to_be_seen():
            self._reveal()
        else:
            self._later.start()

    def _reveal(self) -> None:
        waits, self._waits = self._waits, None
        if waits is not None:
            waits.reveal()
