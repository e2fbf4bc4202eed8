"""The library: the program's own lessons, and those that a teacher wrote."""

from __future__ import annotations

import stat
from dataclasses import dataclass
from pathlib import Path

from visualizer.assets import asset_path
from visualizer.folders import data_folder
from visualizer.lessons.lesson import Lesson, LessonError
from visualizer.lessons.parsing import MAX_BYTES, read_lesson

ENDING = ".md"
MOST_FILES = 200
"""Of a folder; what is beyond is told, not read."""


@dataclass(frozen=True)
class Library:
    """What there is to be taught.

    Attributes:
        lessons: in the order of the list: the program's own first, each by ``order`` and title.
        problems: of files that could not be read; they do not take the others down.
    """

    lessons: tuple[Lesson, ...]
    problems: tuple[LessonError, ...]

    def find(self, name: str) -> Lesson | None:
        """A lesson by its name."""
        return next((lesson for lesson in self.lessons if lesson.name == name), None)


def shipped_folder() -> Path:
    """Where the program's own lessons are."""
    return asset_path("lessons")


def own_folder() -> Path:
    """Where lessons of the person's own are looked for; it need not exist."""
    return data_folder() / "lessons"


def read_library(own: Path | None = None) -> Library:
    """Read all lessons.

    Args:
        own: the folder of the person's own; None is the usual one.
    """
    lessons: list[Lesson] = []
    problems: list[LessonError] = []
    taken: set[str] = set()
    for folder, is_own in ((shipped_folder(), False), (own or own_folder(), True)):
        there: list[Lesson] = []
        for path in _files(folder, problems):
            try:
                lesson = read_file(path, own=is_own)
                if lesson.name in taken:
                    raise LessonError(path.name, 0, "Another lesson has this name. Rename it.")
            except LessonError as error:
                problems.append(error)
                continue
            taken.add(lesson.name)
            there.append(lesson)
        lessons += sorted(there, key=lambda lesson: (lesson.order, lesson.title, lesson.name))
    return Library(tuple(lessons), tuple(problems))


def read_file(path: Path, *, own: bool = True) -> Lesson:
    """Read one lesson.

    Raises:
        LessonError: also where the file cannot be opened, or is none (whoever opens a pipe waits
            for its other end).
    """
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            what = "a folder" if stat.S_ISDIR(mode) else "no file with words in it"
            raise LessonError(path.name, 0, f"This is {what}: a lesson is a file of Markdown.")
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        why = error.strerror or "unknown reason"
        raise LessonError(path.name, 0, f"The file cannot be opened: {why}.") from error
    return read_lesson(content, path.name, own=own)


def _files(folder: Path, problems: list[LessonError]) -> list[Path]:
    """What is called a lesson, also what cannot be one: it is told. Hidden files are of others."""
    try:
        found = sorted(
            path
            for path in folder.iterdir()
            if path.suffix.lower() == ENDING and not path.name.startswith(".")
        )
    except FileNotFoundError:
        return []
    except OSError as error:
        why = error.strerror or "unknown reason"
        problems.append(LessonError(folder.name, 0, f"The folder cannot be read: {why}."))
        return []
    if len(found) > MOST_FILES:
        says = f"There are {len(found)} lessons here; the first {MOST_FILES} are read."
        problems.append(LessonError(folder.name, 0, says))
    return found[:MOST_FILES]
