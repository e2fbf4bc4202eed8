"""The list of lessons: what each shows, how long it takes, and how far one was."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from visualizer.lessons.lesson import Lesson, LessonError
from visualizer.lessons.library import Library
from visualizer.lessons.progress import Progress
from visualizer.ui import theme
from visualizer.ui.lessons.reading import SentenceButton
from visualizer.ui.panel_parts import label
from visualizer.ui.scroll_room import BAR, keep_room

_ABOUT = "Every claim is tried out here, on this model. Nothing is a film."


class LessonList(QScrollArea):
    """The program's own lessons, then the person's."""

    chosen = Signal(str)  # the name of a lesson
    folder_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.buttons: dict[str, SentenceButton] = {}
        self.problems: list[QLabel] = []
        keep_room(self)
        self.setAccessibleName("Lessons")
        self.folder_button = QPushButton("Open the folder of your lessons")
        self.folder_button.setProperty("role", "quiet")
        self.folder_button.setAccessibleName(self.folder_button.text())
        self.folder_button.setToolTip("A lesson is a text file. What is changed there is seen here")
        self.folder_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.folder_button.clicked.connect(self.folder_asked)

    def show_library(self, library: Library, progress: Progress) -> None:
        """List these lessons."""
        self.buttons.clear()
        self.problems.clear()
        self.folder_button.setParent(None)
        inside = QWidget()
        space = theme.SPACE
        column = QVBoxLayout(inside)
        column.setContentsMargins(2 * space, 0, 2 * space - BAR, 2 * space)
        column.setSpacing(space)
        column.addWidget(label("quiet", _ABOUT))
        column.addSpacing(space)
        for own in (False, True):
            there = [lesson for lesson in library.lessons if lesson.own == own]
            if own and (there or library.problems):
                column.addSpacing(space)
                column.addWidget(label("small-quiet", "Your own", wraps=False))
            for lesson in there:
                column.addWidget(self._button(lesson, progress))
        for problem in library.problems:
            column.addWidget(self._problem(problem))
        column.addWidget(self.folder_button, 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch(1)
        self.setWidget(inside)

    def _button(self, lesson: Lesson, progress: Progress) -> SentenceButton:
        button = SentenceButton(lesson.title)
        button.add(label("value", lesson.title))
        button.add(label("quiet", lesson.summary))
        how_far = far_words(lesson, progress)
        button.add(label("small-quiet", how_far, wraps=False))
        button.setAccessibleDescription(f"{lesson.summary} {how_far}")
        button.clicked.connect(lambda _=False: self.chosen.emit(lesson.name))
        self.buttons[lesson.name] = button
        return button

    def _problem(self, problem: LessonError) -> QFrame:
        frame = QFrame()
        frame.setProperty("role", "failure")
        column = QVBoxLayout(frame)
        place = f"{problem.file}, line {problem.line}" if problem.line else problem.file
        for told in (label("value", place), label("", problem.says)):
            told.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            column.addWidget(told)
            self.problems.append(told)
        return frame


def far_words(lesson: Lesson, progress: Progress) -> str:
    """ "7 minutes · 3 of 6 steps"."""
    minutes = f"{lesson.minutes} minute{'' if lesson.minutes == 1 else 's'}"
    count = len(lesson.steps)
    seen = progress.seen_of(lesson.name, count)
    if not seen:
        return minutes
    return f"{minutes} · ✓ read" if seen == count else f"{minutes} · {seen} of {count} steps"
