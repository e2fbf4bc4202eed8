"""Reading lessons: what is written is what is read, and what is wrong is told with its line."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from visualizer.diffusion.starts import MAX_SEED
from visualizer.diffusion.views import VIEWS
from visualizer.lessons.lesson import DoIt, Lesson, LessonError, Part, Question, Step, Text
from visualizer.lessons.page_setup import GENERAL, OPTIONS, PageSetup
from visualizer.lessons.parsing import (
    MAX_BYTES,
    MAX_INDENT,
    MAX_LETTERS,
    MAX_LINES,
    read_lesson,
)

TOP = "---\ntitle: Static\norder: 1\nminutes: 5\nsummary: Noise, and what is in it.\n---\n"
DO = "```do\nlabel: Make it\npage: denoise\nprompt: a red car\nseed: 7\nrun: yes\n```\n"
ASK = "```ask\nquestion: Which?\nchoices:\n- this\n- that\nright: 2\nanswer: That.\n```\n"


def read(text: str) -> Lesson:
    return read_lesson(text.encode(), "static.md")


def why(text: str | bytes) -> LessonError:
    with pytest.raises(LessonError) as caught:
        read_lesson(text if isinstance(text, bytes) else text.encode(), "static.md")
    return caught.value


def test_a_lesson_is_read_in_its_order() -> None:
    lesson = read(
        f"{TOP}Before.\n\n## First\n\nLook *here*.\n\n{ASK}\n{DO}\nAfter.\n\n## Second\nEnd."
    )
    assert (lesson.name, lesson.title, lesson.order, lesson.minutes) == ("static", "Static", 1, 5)
    assert [step.title for step in lesson.steps] == ["Static", "First", "Second"]
    text, question, do_it, after = lesson.steps[1].parts
    assert text == Text("Look *here*.")
    assert isinstance(question, Question)
    assert question.choices[question.right or 0] == "that"
    assert isinstance(do_it, DoIt)
    assert do_it.setup == PageSetup("denoise", prompt="a red car", seed=7, run=True)
    assert after == Text("After.")


def test_the_top_may_have_the_lines_of_any_system() -> None:
    assert read((TOP + "Words.").replace("\n", "\r\n")) == read(TOP + "Words.")
    assert read_lesson(b"\xef\xbb\xbf" + (TOP + "Words.").encode(), "a.md").title == "Static"


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("You know it: a cloud # of points", "You know it: a cloud # of points"),
        ("*This* one's `x`: [see](https://a.b)", "*This* one's `x`: [see](https://a.b)"),
        ('"Ferrari" and "car"', '"Ferrari" and "car"'),
        ('"in: quotes"', "in: quotes"),
        ("|\n  One line: this.\n\n  And another.", "One line: this.\n\nAnd another."),
        ("One line: it's\n  going 'on'.", "One line: it's going 'on'."),
        ("- 5 & 6", "- 5 & 6"),
    ],
)
def test_a_text_needs_no_quotes(said: str, meant: str) -> None:
    (step,) = read(f"{TOP}```do\npage: denoise\nlook: {said}\nseed: 7\n```\n").steps
    (do_it,) = step.parts
    assert isinstance(do_it, DoIt)
    assert (do_it.look, do_it.setup.seed) == (meant, 7)


def test_other_code_is_shown_as_it_is() -> None:
    (step,) = read(f"{TOP}```python\nx = 1\n```\n").steps
    assert step.parts == (Text("```python\nx = 1\n```"),)


@pytest.mark.parametrize("info", ["python", "dockerfile", "awk", "text", "yaml", ""])
def test_code_of_any_language_is_no_block(info: str) -> None:
    (step,) = read(f"{TOP}```{info}\ndo(x)\n```\n").steps
    assert isinstance(step.parts[0], Text)


def test_a_block_can_be_shown_as_it_is() -> None:
    (step,) = read(f"{TOP}```text\npage: denoise\n```\n").steps
    assert isinstance(step.parts[0], Text)


BLOCK = "page: denoise\nseed: 7\n"


@pytest.mark.parametrize(
    ("body", "line"),
    [
        (f"```Do\n{BLOCK}```", 0),
        (f"```do now\n{BLOCK}```", 0),
        (f"```doit\n{BLOCK}```", 0),
        (f"```{{do}}\n{BLOCK}```", 0),
        ("```ASK\nanswer: b\n```", 0),
        ("```asks\nanswer: b\n```", 0),
        ("```aks\nquestion: a\nanswer: b\n```", 0),
        (f"```\n{BLOCK}```", 0),
        (f"~~~task\n{BLOCK}~~~", 0),
        ("    ```do\n    page: denoise\n    ```", 0),
        ("    page: denoise\n    seed: 7", 0),
        ("Words,\nand more.\n\n    seed: 7\n    page: denoise", 4),
        (f"``do\n{BLOCK}``", 0),
        (f"´´´do\n{BLOCK}´´´", 0),
        (f"Words\n\n‘‘‘ Do\n{BLOCK}‘‘‘", 2),
        (BLOCK, 0),
        (f"- one\n- two\n\n  ``do\n  {BLOCK}", 3),
        (f"<div>\n```do\n{BLOCK}```\n</div>", 1),
    ],
)
def test_a_block_that_markdown_takes_for_words_is_told(body: str, line: int) -> None:
    error = why(f"{TOP}{body}\n")
    assert error.line == AFTER_TOP + line
    assert "```do" in error.says or "```ask" in error.says


def in_top(line: str) -> str:
    return TOP.replace("order: 1", line) + "Words."


def in_do(line: str) -> str:
    return TOP + DO.replace("seed: 7", line)


AFTER_TOP = 7  # the line on which the body begins
SEED = AFTER_TOP + 4


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("Words.", 1, "begins with the line ---"),
        ("", 1, "begins with the line ---"),
        ("---\ntitle: Static\n", 1, "second line ---"),
        (TOP.replace("title: Static\n", "") + "Words.", 2, "write title: "),
        (TOP.replace("minutes: 5\n", "") + "Words.", 2, "write minutes: 7"),
        (TOP, 6, "nothing below the top"),
        (in_top("order: first"), 3, "whole number from 0 to 9999, not 'first'"),
        (in_top("order: 1\norder: 2"), 4, "stands here twice"),
        (in_top("order: 1\nlevel: 2"), 4, "has no 'level'"),
        (in_top("order: 1\nsumary: x"), 4, "Did you mean 'summary'?"),
        (in_top("order: 1\nWords"), 4, "'name: value' a line"),
        (in_top("order:\n- 1"), 3, "is one text, not a list"),
        (in_top("order: [1]"), 3, "not '[1]'"),
        (in_do("seed: seven"), SEED, "whole number from 0 to 4294967295"),
        (in_do("seed: 4294967296"), SEED, "whole number"),
        (in_do("guidance: 3,5"), SEED, "with a point and not a comma"),
        (in_do("playhead: 2"), SEED, "from 0 to 1"),
        (TOP + DO.replace("run: yes", "run: perhaps"), SEED + 1, "yes or no"),
        (in_do("view: nosy"), SEED, "Did you mean 'noisy'?"),
        (in_do("sampler: eular"), SEED, "Did you mean 'euler'?"),
        (in_do("space: latents"), SEED, "has no 'space' on the page denoise"),
        (in_do("panel: cod"), SEED, "Did you mean 'code'?"),
        (in_do("label2: x"), SEED, "Did you mean 'label'?"),
        (in_do("steps:"), SEED, "is empty"),
        (TOP + DO.replace("denoise", "destory"), AFTER_TOP + 2, "Did you mean 'destroy'?"),
        (TOP + DO.replace("page: denoise\n", ""), AFTER_TOP + 1, "'page' is missing"),
        (TOP + DO.removesuffix("```\n"), AFTER_TOP, "not closed"),
        (TOP + DO.removesuffix("```\n") + "\n" + DO, AFTER_TOP + 7, "line 7 is not closed"),
        (TOP + "Words.\n\n```python\nx", AFTER_TOP + 2, "not closed"),
        (TOP + "- " + DO.replace("\n", "\n  "), AFTER_TOP, "in no list"),
        (TOP + "```do\n```\n", AFTER_TOP + 1, "is empty"),
        (TOP + "```do\n- page\n```\n", AFTER_TOP + 1, "name: value"),
        (TOP + ASK.replace("- that\n", ""), AFTER_TOP + 2, "is 1 choice: write 2 to 4"),
        (TOP + ASK.replace("right: 2", "right: 3"), AFTER_TOP + 5, "from 1 to 2"),
        (TOP + ASK.replace("answer: That.\n", ""), AFTER_TOP + 1, "'answer' is missing"),
        (TOP + ASK.replace("- this", "-\n  - a"), AFTER_TOP + 4, "one text in one line"),
        (TOP + "# Title\nWords.", AFTER_TOP, "begins with ##"),
        (TOP + "## One\nWords.\n\n## Two\n", AFTER_TOP + 3, "'Two' is empty"),
        (TOP + "Words.\n\tMore.", AFTER_TOP + 1, "tab"),
        (TOP + "Words.\n\x07", AFTER_TOP + 1, "U+0007"),
        (TOP + "Words.\u2028", AFTER_TOP, "U+2028"),
        (in_do(r'prompt2: "\x07"'), SEED, "U+0007"),
        (TOP + DO.replace("a red car", r'"\ud800"'), AFTER_TOP + 3, "U+D800"),
        (TOP + DO.replace("a red car", r'"a\0"'), AFTER_TOP + 3, "U+0000"),
        (TOP + ASK.replace("- that", r'- "\a"'), AFTER_TOP + 4, "U+0007"),
        (in_do("seed: 7 # why"), SEED, "A comment stands on a line of its own."),
        (in_do("view: noisy # why"), SEED, "A comment stands on a line of its own."),
        (TOP + "Words.\n" + "a" * (MAX_LETTERS + 1), AFTER_TOP + 1, "break it"),
        (TOP + " " * (MAX_INDENT + 1) + "Words.", AFTER_TOP, "further left"),
        (TOP + "Words.\n" * MAX_LINES, MAX_LINES + 1, "is the most"),
        (TOP + ("[*_ " * 300 + "\n\n") * 4, AFTER_TOP + 4, "2,000 is the most"),
        (TOP.encode() + b"Words.\n\xff", AFTER_TOP + 1, "UTF-8"),
        (b"a" * (MAX_BYTES + 1), 0, "too large"),
        (TOP + "```do\npage: " + "[" * 1200 + "\n```\n", AFTER_TOP + 1, ""),
        (TOP + "```do\n? &a x\n: *a\n```\n", AFTER_TOP + 1, "'page' is missing"),
        (TOP + "```do\n *a : b\n```\n", AFTER_TOP + 1, "'name: value' a line"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text: str | bytes, line: int, says: str) -> None:
    error = why(text)
    assert error.line == line
    assert says in error.says
    assert str(error).startswith("static.md")
    assert error.says[-1] in ".]" or "write" in error.says.casefold()


@pytest.mark.parametrize(
    ("page", "option", "good", "bad"),
    [
        ("destroy", "picture", "scene 12", "scene twelve"),
        ("destroy", "from", "40", "140"),
        ("destroy", "space", "pixels", "pixel"),
        ("train", "noise", "35.5", "35 %"),
        ("words", "word", "Ferrari", "red Ferrari"),
        ("words", "swap", "red -> blue", "red to blue"),
        ("compare", "seeds", "1-4, 9", "one to four"),
        ("compare", "guidances", "1, 3.5", "1; a"),
        ("physics", "shape", "swiss roll", "roll"),
    ],
)
def test_every_page_has_options_of_its_own(page: str, option: str, good: str, bad: str) -> None:
    def written(value: str) -> str:
        return f"{TOP}```do\npage: {page}\n{option}: {value}\n```\n"

    (step,) = read(written(good)).steps
    (do_it,) = step.parts
    assert isinstance(do_it, DoIt)
    assert do_it.setup.options == {option: good}
    assert why(written(bad)).line == AFTER_TOP + 2


@pytest.mark.parametrize(
    ("page", "line"),
    [
        ("noise", "view: noise"),
        ("noise", "playhead: 1"),
        ("destroy", "view: denoised"),
        ("train", "playhead: 0.5"),
        ("train", "view: noise"),
        ("physics", "view: noise"),
        ("physics", "seed: 7"),
    ],
)
def test_what_a_page_has_no_use_for_is_refused(page: str, line: str) -> None:
    error = why(f"{TOP}```do\npage: {page}\n{line}\n```\n")
    assert error.line == AFTER_TOP + 2
    assert f"has no '{line.split(':')[0]}' on the page {page}" in error.says


def test_what_one_part_of_a_page_knows_is_asked_of_that_part() -> None:
    train = f"{TOP}```do\npage: train\n"
    assert read(f"{train}part: lab\nstart: yes\n```\n").steps
    assert "write part: lab" in why(f"{train}start: yes\n```\n").says
    assert "write part: lab" in why(f"{train}part: example\nstart: yes\n```\n").says
    assert "of the example" in why(f"{train}part: lab\nnoise: 40\n```\n").says


def test_a_block_without_a_page_is_told_all_of_them() -> None:
    says = why(f"{TOP}```do\nseed: 7\n```\n").says
    assert all(page in says for page in OPTIONS)


def test_a_comparison_has_two_axes_at_most() -> None:
    both = "```do\npage: compare\nprompts: a | b\nseeds: 1-4\n"
    assert read(f"{TOP}{both}```\n").steps
    assert "At most two" in why(f"{TOP}{both}guidances: 1, 2\n```\n").says
    assert "At most two" in why(f"{TOP}{both}experiment: yes\n```\n").says


def attempt(content: bytes) -> None:
    """Read it, or be refused with a sentence and a line that is there."""
    lines = content.count(b"\n") + content.count(b"\r") + 1
    with contextlib.suppress(LessonError):
        try:
            read_lesson(content, "any.md")
        except LessonError as error:
            if not (error.says and 0 <= error.line <= lines):
                raise AssertionError(error.line, error.says) from error
            raise


@settings(deadline=None, max_examples=40)
@given(st.binary(max_size=300))
def test_no_file_does_more_than_be_refused(content: bytes) -> None:
    attempt(content)
    attempt(TOP.encode() + content)
    attempt(TOP.encode() + b"```do\n" + content + b"\n```\n")


WHOLE = ("```", "do\n", "ask\n", "```do\n", "```ask\n", "\n---\n", "## ", "page: denoise\n")
PARTLY = ("seed: 7\n", "choices:\n", "- a\n", "answer: b\n", "question: c\n", "~~~")
PIECES = st.sampled_from((*WHOLE, *PARTLY, *"\n`-#:>[]{}&*!|'\"%@, "))


@settings(deadline=None, max_examples=40)
@given(st.lists(PIECES, max_size=40).map("".join))
def test_no_broken_block_does_more_than_be_refused(body: str) -> None:
    for text in (body, TOP + body, "---\n" + body):
        attempt(text.encode())


# --- what is written is what is read -----------------------------------------------------------

LINES = st.text(
    st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), min_size=1, max_size=40
)
WORDS = LINES.map(str.strip).filter(bool)
LETTERS = st.text("abc ,.*", min_size=1)
MARKDOWN = st.lists(LETTERS.map(lambda s: f"w{s}w"), min_size=1).map("\n".join)

GENERAL_VALUES: Mapping[str, st.SearchStrategy[object]] = {
    "prompt": st.none() | WORDS | st.just(""),
    "avoid": st.none() | WORDS,
    "seed": st.none() | st.integers(0, MAX_SEED),
    "steps": st.none() | st.integers(1, 1000),
    "guidance": st.none() | st.sampled_from([0.0, 1.0, 3.5, 12.25]),
    "sampler": st.none() | st.sampled_from(["ddim", "euler", "euler_karras"]),
    "run": st.booleans(),
    "playhead": st.none() | st.sampled_from([0.0, 0.125, 1.0]),
    "view": st.none() | st.sampled_from(VIEWS),
}


@st.composite
def setups(draw: st.DrawFn) -> PageSetup:
    page = draw(st.sampled_from(sorted(OPTIONS)))
    closed = {name: values for name, values in OPTIONS[page].items() if values}
    names = draw(st.sets(st.sampled_from(sorted(closed)))) if closed else set()
    options = {name: draw(st.sampled_from(closed[name])) for name in sorted(names)}
    if page == "train" and "start" in options:
        options["part"] = "lab"
    values: dict[str, Any] = {name: draw(GENERAL_VALUES[name]) for name in GENERAL[page]}
    return PageSetup(page, **values, options=options)


@st.composite
def questions(draw: st.DrawFn) -> Question:
    choices = draw(st.just(()) | st.lists(WORDS, min_size=2, max_size=4).map(tuple))
    right = draw(st.none() | st.integers(0, len(choices) - 1)) if choices else None
    return Question(draw(WORDS), choices, right, draw(WORDS))


def block(kind: str, values: Mapping[str, object]) -> str:
    there = {name: value for name, value in values.items() if value is not None}
    return f"```{kind}\n{yaml.safe_dump(there, allow_unicode=True, width=10**6)}```\n"


def written(part: Part) -> str:
    if isinstance(part, Text):
        return part.markdown + "\n\n"
    if isinstance(part, Question):
        right = None if part.right is None else part.right + 1
        choices = list(part.choices) or None
        asked = {"question": part.asks, "choices": choices, "right": right, "answer": part.answer}
        return block("ask", asked)
    setup = part.setup
    names = ("page", "prompt", "avoid", "seed", "steps", "guidance", "sampler", "playhead", "view")
    values = {name: getattr(setup, name) for name in names}
    values |= {"run": "yes" if setup.run else None, "label": part.label, "look": part.look or None}
    return block("do", values | dict(setup.options))


def without_lines(steps: tuple[Step, ...]) -> list[tuple[str, list[object]]]:
    def bare(part: Part) -> object:
        if isinstance(part, DoIt):
            return (part.label, part.setup, part.look)
        if isinstance(part, Question):
            return (part.asks, part.choices, part.right, part.answer)
        return part.markdown

    return [(step.title, [bare(part) for part in step.parts]) for step in steps]


PARTS = st.one_of(
    st.builds(Text, MARKDOWN), st.builds(DoIt, WORDS, setups(), WORDS | st.just("")), questions()
)


def texts_apart(parts: list[Part]) -> list[Part]:
    """Two texts one after the other are one text."""
    kept: list[Part] = []
    for part in parts:
        if not (kept and isinstance(part, Text) and isinstance(kept[-1], Text)):
            kept.append(part)
    return kept


@settings(deadline=None, max_examples=40)
@given(
    st.lists(
        st.builds(
            Step,
            LETTERS.map(lambda s: f"T{s}t"),
            st.lists(PARTS, min_size=1, max_size=4).map(texts_apart).map(tuple),
        ),
        min_size=1,
        max_size=3,
    ).map(tuple)
)
def test_what_is_written_is_read(steps: tuple[Step, ...]) -> None:
    body = "".join(f"## {s.title}\n\n{''.join(map(written, s.parts))}\n" for s in steps)
    assert without_lines(read(TOP + body).steps) == without_lines(steps)
