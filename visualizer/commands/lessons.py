"""``denoising-visualizer lessons``: which lessons there are, and what is wrong with one."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from visualizer.commands.headless import count
from visualizer.commands.rows import printable
from visualizer.progress_line import ProgressLine

if TYPE_CHECKING:
    from visualizer.lessons.lesson import Lesson


def add_arguments(lessons: argparse.ArgumentParser) -> None:
    """Tell the parser its options."""
    lessons.add_argument(
        "--check",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="tell whether a lesson can be read, and else which line is wrong; may be repeated",
    )


def lessons(options: argparse.Namespace) -> int:
    """``denoising-visualizer lessons``: one line a lesson; 2 when one of them cannot be read."""
    return _check(options.check) if options.check else _list()


def _check(paths: list[Path]) -> int:
    from visualizer.lessons.lesson import LessonError
    from visualizer.lessons.library import read_file

    status = 0
    for path in paths:
        try:
            lesson = read_file(path)
        except LessonError as error:
            ProgressLine().say(f"error: {printable(str(error))}")
            status = 2
        else:
            print(printable(f"{path.name}: {_about(lesson)}"))
    return status


def _list() -> int:
    from visualizer.lessons.library import own_folder, read_library

    library = read_library()
    for lesson in library.lessons:
        print(printable(f"{lesson.name}: {_about(lesson)}"))
    print(f"Lessons of your own are read from {own_folder()}")
    for problem in library.problems:
        ProgressLine().say(f"error: {printable(str(problem))}")
    return 2 if library.problems else 0


def _about(lesson: Lesson) -> str:
    from visualizer.lessons.lesson import DoIt, Question

    parts = [part for step in lesson.steps for part in step.parts]
    doing = count(sum(isinstance(part, DoIt) for part in parts), "thing") + " to do"
    asking = count(sum(isinstance(part, Question) for part in parts), "question")
    steps = count(len(lesson.steps), "step")
    minutes = count(lesson.minutes, "minute")
    return f"{lesson.title} ({minutes}, {steps}, {doing}, {asking})"
