"""Lesson: what a teacher says, asks and shows, in the order in which it happens."""

from __future__ import annotations

from dataclasses import dataclass

from visualizer.lessons.page_setup import PageSetup


class LessonError(Exception):
    """A lesson that cannot be read: which file, which line, and what to write instead.

    Attributes:
        file: its name.
        line: counted from 1; 0 where the whole file is meant.
        says: the sentence alone.
    """

    def __init__(self, file: str, line: int, says: str) -> None:
        super().__init__(f"{file}, line {line}: {says}" if line else f"{file}: {says}")
        self.file, self.line, self.says = file, line, says


@dataclass(frozen=True)
class Text:
    """Words to be read, as Markdown."""

    markdown: str


@dataclass(frozen=True)
class DoIt:
    """A button that sets a page up.

    Attributes:
        label: what the button says.
        setup: what it puts in place.
        look: where to look then, as Markdown; may be "".
        line: of the file, counted from 1.
    """

    label: str
    setup: PageSetup
    look: str = ""
    line: int = 0


@dataclass(frozen=True)
class Question:
    """Something to predict before it is seen.

    Attributes:
        asks: the question.
        choices: two to four answers to choose from; none where everyone finds words of their own.
        right: the number of the right choice, from 0; None where none is.
        answer: what is told afterwards, as Markdown.
        line: of the file, counted from 1.
    """

    asks: str
    choices: tuple[str, ...]
    right: int | None
    answer: str
    line: int = 0


Part = Text | DoIt | Question


@dataclass(frozen=True)
class Step:
    """What is looked at together: one screen of a lesson."""

    title: str
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Lesson:
    """One lesson.

    Attributes:
        name: of its file, without the ending: what progress is remembered under.
        title, summary: for the list of lessons.
        order: where in the list it stands.
        minutes: how long it takes.
        own: whether it is the person's own, not one of the program's.
    """

    name: str
    title: str
    order: int
    minutes: int
    summary: str
    steps: tuple[Step, ...]
    own: bool = False
