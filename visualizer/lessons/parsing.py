"""Reading a lesson: Markdown with front matter, and with blocks ```do``` and ```ask``` in it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from itertools import zip_longest

from markdown_it import MarkdownIt
from markdown_it.token import Token

from visualizer.lessons.blocks import Front, read_do, read_front, read_question
from visualizer.lessons.fields import Fields, unreadable
from visualizer.lessons.lesson import DoIt, Lesson, LessonError, Part, Question, Step, Text
from visualizer.lessons.mistaken import BLOCKS, mistaken_block, mistaken_fence

MAX_BYTES, MAX_LINES = 100_000, 1_500
MAX_LETTERS, MAX_INDENT = 2_500, 60
"""Of a line, and the spaces that it begins with."""
MAX_MARKS = 2_000
"""Signs in a file that may begin something. Markdown and YAML take their time for each one within
another: a file of nothing else would keep the window busy for many seconds."""
_FENCE = "---"
_OpenStep = tuple[int, str, list[Part]]
"""The line of its heading, its title, and what it has so far."""
_TITLE = 80
_MARKS = re.compile(r"[\[{*_`<!~>&]")


def read_lesson(content: bytes, file: str, *, own: bool = False) -> Lesson:
    """Read a lesson from the content of its file.

    Args:
        file: its name, for messages; without its ending it is the lesson's name.
        own: whether it is the person's own.

    Raises:
        LessonError: where anything is not as it must be; nothing is passed over without a word.
    """
    lines = _lines(content, file)
    front, begin = _front(lines, file)
    steps = _steps(lines, begin, file, front.title)
    name = file.removesuffix(".md")
    return Lesson(name, front.title, front.order, front.minutes, front.summary, steps, own)


def _lines(content: bytes, file: str) -> list[str]:
    if len(content) > MAX_BYTES:
        size = f"{len(content):,} bytes; {MAX_BYTES:,} is the most"
        raise LessonError(file, 0, f"This is too large for a lesson: it has {size}.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        at = content.count(b"\n", 0, error.start) + 1
        raise LessonError(file, at, "This is not UTF-8. Save the file as UTF-8.") from error
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if len(lines) > MAX_LINES:
        says = f"There are {len(lines):,} lines; {MAX_LINES:,} is the most."
        raise LessonError(file, MAX_LINES + 1, says)
    marks = 0
    for number, line in enumerate(lines, 1):
        marks += len(_MARKS.findall(line))
        says = _wrong_in(line, marks)
        if says:
            raise LessonError(file, number, says)
    return lines


def _wrong_in(line: str, marks: int) -> str:
    """What no line may have; "" where it has nothing of that."""
    if "\t" in line:
        return "There is a tab. Write spaces instead."
    if len(line) > MAX_LETTERS:
        return f"This line has {len(line):,} letters; {MAX_LETTERS:,} is the most: break it."
    if line.startswith(" " * (MAX_INDENT + 1)):
        return f"This line begins with more than {MAX_INDENT} spaces: begin it further left."
    if marks > MAX_MARKS:
        return f"Up to here there are {marks:,} signs like [ * _ and `; {MAX_MARKS:,} is the most."
    return unreadable(line)


def _front(lines: Sequence[str], file: str) -> tuple[Front, int]:
    """What lesson it is, and the index of the first line after that."""
    if lines[0].rstrip() != _FENCE:
        raise LessonError(file, 1, "A lesson begins with the line ---, then title: and so on.")
    end = next((k for k, line in enumerate(lines) if k and line.rstrip() == _FENCE), None)
    if end is None:
        raise LessonError(file, 1, "The top is not closed: write a second line --- below it.")
    fields = Fields(file, 2, "\n".join(lines[1:end]), "the top of the file")
    return read_front(fields), end + 1


def _steps(lines: Sequence[str], begin: int, file: str, title: str) -> tuple[Step, ...]:
    """The body, cut at its headings ## and at its blocks."""
    steps: list[_OpenStep] = [(begin, title, [])]
    written = begin  # lines before this one have their place

    def keep_text(end: int) -> None:
        markdown = "\n".join(lines[written:end]).strip()
        if markdown:
            steps[-1][2].append(Text(markdown))

    # empty lines in the place of the top keep the numbers of the lines
    source = "\n".join([""] * begin + list(lines[begin:]))
    tokens = _markdown().parse(source)
    for token, following in zip_longest(tokens, tokens[1:]):
        if token.type == "fence":
            block = _block(token, lines, file)
            if block is not None and token.map is not None:
                keep_text(token.map[0])
                steps[-1][2].append(block)
                written = token.map[1]
        elif token.type == "heading_open" and token.level == 0 and token.map is not None:
            if token.tag == "h1":
                says = "A step begins with ## and its title; the lesson's own stands at the top."
                raise LessonError(file, token.map[0] + 1, says)
            if token.tag == "h2":
                keep_text(token.map[0])
                written = token.map[1]
                heading = following.content.strip() if following is not None else ""
                if not 0 < len(heading) <= _TITLE:
                    says = f"The title of a step has 1 to {_TITLE} letters: write ## What is seen"
                    raise LessonError(file, token.map[0] + 1, says)
                steps.append((token.map[0] + 1, heading, []))
        elif token.map is not None:
            _refuse_mistaken(token, file)
    keep_text(len(lines))
    return _finished(steps, begin, file)


def _refuse_mistaken(token: Token, file: str) -> None:
    """What was meant as a block and is none to Markdown would be shown to the class as words."""
    assert token.map is not None
    if token.type in ("inline", "code_block", "html_block"):
        found = mistaken_block(token.content, code=token.type == "code_block")
        if found is not None:
            raise LessonError(file, token.map[0] + 1 + found[0], found[1])


def _finished(steps: Sequence[_OpenStep], begin: int, file: str) -> tuple[Step, ...]:
    found = tuple(Step(title, tuple(parts)) for _line, title, parts in steps if parts)
    if not found:
        raise LessonError(file, begin, "There is nothing below the top: write ## and a first step.")
    for line, title, parts in steps[1:]:
        if not parts:
            says = f"The step '{title}' is empty: write something below its title."
            raise LessonError(file, line, says)
    return found


def _block(token: Token, lines: Sequence[str], file: str) -> DoIt | Question | None:
    """What a fenced block of ours says; None for code that is shown as it is.

    Raises:
        LessonError: also where any fence is not closed: it would swallow the rest of the lesson.
    """
    assert token.map is not None
    first, end = token.map
    last = lines[min(end, len(lines)) - 1].strip(" >")
    if end - first < 2 or len(last) < len(token.markup) or set(last) != {token.markup[0]}:
        raise LessonError(file, first + 1, f"This is not closed: write {token.markup} below.")
    kind = token.info.strip()
    if kind not in BLOCKS:
        says = mistaken_fence(token.info, token.content)
        if says:
            raise LessonError(file, first + 1, says)
        return None
    if token.level:
        says = f"{token.markup}{kind} stands at the beginning of its line, in no list and no quote."
        raise LessonError(file, first + 1, says)
    for number, line in enumerate(lines[first + 1 : end - 1], first + 2):
        if line.lstrip().startswith(token.markup):
            says = f"The block of line {first + 1} is not closed: write {token.markup} before this."
            raise LessonError(file, number, says)
    fields = Fields(file, first + 2, token.content, f"the block {token.markup}{kind}")
    return read_do(fields) if kind == "do" else read_question(fields)


@cache
def _markdown() -> MarkdownIt:
    """CommonMark as it is."""
    return MarkdownIt("commonmark")
