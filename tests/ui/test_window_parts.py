"""The parts of the window that can be asked without one: words, numbers, names, keys."""

from __future__ import annotations

import itertools
import subprocess
import sys
from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QFont, QKeySequence, QTextLayout
from pytestqt.qtbot import QtBot

from tests.example_runs import make_run
from visualizer.session.failure import Failure
from visualizer.session.playhead import VIEWS
from visualizer.session.progress import Progress
from visualizer.session.timeline import Timeline
from visualizer.ui.explanation import Moment, State, explain, percent
from visualizer.ui.failure_bar import FailureBar
from visualizer.ui.files import dropped, file_name
from visualizer.ui.history_strip import description
from visualizer.ui.number_field import MAX_SEED, NumberField
from visualizer.ui.progress_line import pictures_text, progress_text
from visualizer.ui.prompt_field import LONGEST, PromptField, clean_line
from visualizer.ui.shortcuts import GROUPS
from visualizer.ui.word_hints import suggestion, unknown_words

KNOWN = frozenset(("a", "red", "car", "castle", "mountain", "road", "on", "ferrari"))


# --- the first frame ------------------------------------------------------------------------------


def test_the_window_is_there_before_anything_slow_is_imported() -> None:
    slow = ("numpy", "torch", "diffusers", "transformers", "pyqtgraph", "superqt", "PIL")
    code = f"import sys, visualizer.app; print([m for m in {slow} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"


# --- the explanation ------------------------------------------------------------------------------


def every_moment() -> list[Moment]:
    views = tuple(VIEWS)
    states: tuple[State, ...] = get_args(State)
    shares = ((0, 0.999), (3, 0.95), (12, 0.7), (18, 0.3), (27, 0.02), (30, 0.0))
    return [
        Moment(k, 30, share, view, state, newest=newest, seed=7)
        for (k, share), view, state, newest in itertools.product(
            shares, views, states, (False, True)
        )
    ]


def moments_of_other_models() -> list[Moment]:
    """Of several stages, of priors, of models that were not asked twice, of avoid texts."""
    kinds: list[dict[str, bool]] = [
        {"more_follows": True},
        {"shown": False},
        {"asked_twice": False},
        {"avoid": True},
    ]
    return [replace(moment, **kind) for moment in every_moment() for kind in kinds]  # type: ignore[arg-type]


def test_every_moment_has_a_short_text() -> None:
    for moment in (*every_moment(), *moments_of_other_models()):
        said = explain(moment)
        assert 5 < len(said.title) <= 32, said.title
        assert 40 < len(said.text) <= 200, said.text
        assert said.text.endswith(".")


def test_the_text_follows_time_view_and_state() -> None:
    texts = {explain(moment).text for moment in every_moment()}
    assert len(texts) > 15
    assert explain(Moment(0, 30, 1.0, "noisy", "complete", seed=123)).text.count("123") == 1
    stopped = explain(Moment(12, 30, 0.62, "noisy", "cancelled", newest=True))
    assert "step 12 of 30" in stopped.text
    assert "62\u00a0%" in stopped.text
    assert explain(Moment(5, 30, 0.9, "noisy", "planned")).title == "The plan"


def test_the_text_tells_what_is_not_like_other_runs() -> None:
    end = Moment(10, 10, 0.0, "noisy", "complete")
    assert explain(end).title == "The picture"
    assert "next stage" in explain(replace(end, more_follows=True)).text
    middle = Moment(5, 10, 0.6, "unprompted", "complete")
    assert "avoid text" in explain(replace(middle, avoid=True)).text
    assert "avoid text" not in explain(middle).text
    assert explain(replace(middle, asked_twice=False)).title == "Not asked here"
    assert "No decoder" in explain(replace(middle, shown=False)).text
    assert "difference that your words make" in explain(replace(middle, view="guidance")).text


@given(st.floats(0, 1))
def test_a_share_is_never_rounded_to_nothing_or_all(share: float) -> None:
    said = percent(share)
    assert (said == "0\u00a0%") == (share == 0)
    assert (said == "100\u00a0%") == (share == 1)


# --- words ----------------------------------------------------------------------------------------


def test_unknown_words_are_found_where_they_stand() -> None:
    prompt = "A red elephant, on a “Mountain” rode!"
    found = unknown_words(prompt, KNOWN)
    assert [prompt[word.start : word.end] for word in found] == ["elephant", "rode"]


def test_a_word_that_is_being_typed_gets_the_benefit_of_the_doubt() -> None:
    assert unknown_words("a mount", KNOWN, cursor=7) == ()
    assert [word.word for word in unknown_words("a mount ", KNOWN, cursor=8)] == ["mount"]
    assert [word.word for word in unknown_words("a xyz", KNOWN, cursor=5)] == ["xyz"]


@given(st.text())
def test_unknown_words_never_fail(prompt: str) -> None:
    for word in unknown_words(prompt, KNOWN):
        assert prompt[word.start : word.end] == word.word
        assert word.word.casefold() not in KNOWN


def test_a_hint_says_what_to_try() -> None:
    hint = suggestion("elephant", ("car", "castle", "boat", "cat"))
    assert hint == "unknown: ‘elephant’ – try car, castle, boat …"
    assert "did you mean “castle”" in suggestion("castel", ("car", "castle"))


@given(st.text())
def test_a_cleaned_line_is_text_on_one_line(text: str) -> None:
    clean = clean_line(text)
    assert clean == clean_line(clean)
    clean.encode("utf-8")
    assert not set("\0\n\r\u2028") & set(clean)


def test_emoji_do_not_shift_the_underlines(qtbot: QtBot) -> None:
    field = PromptField("Prompt")
    qtbot.addWidget(field)
    field.set_vocabulary(KNOWN, ("car",), ())
    field.setText("🚗🚗 a elephant")
    where = {word.word: line for word, *line in field.underlines()}
    field.setText("a elephant")
    ((_, *plain),) = field.underlines()
    shifted = where["elephant"]
    assert shifted[1] - shifted[0] == pytest.approx(plain[1] - plain[0], abs=1.5)


def test_a_long_prompt_is_laid_out_once(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    def counted(text: str, font: QFont) -> QTextLayout:
        made.append(text)
        return QTextLayout(text, font)

    monkeypatch.setattr("visualizer.ui.prompt_field.QTextLayout", counted)
    field = PromptField("Prompt")
    qtbot.addWidget(field)
    field.resize(400, 40)
    field.set_vocabulary(KNOWN, ("car",), ())
    field.setText("🚗 " + "elephant " * 1500 + "giraffe")
    assert len(field.unknown) == 1501
    for _ in range(3):
        field.grab()
        field.hint_at(QPoint(200, 20))
    assert len(made) == 1
    for place, at_the_end in ((0, False), (len(field.text()) + 1, True)):
        field.setCursorPosition(place)
        field.grab()  # the field scrolls when it is painted
        shown = list(field.underlines())
        assert 4 < len(shown) < 12, "only what the field shows"
        assert all(-200 < left < right < 600 for _, left, right, _ in shown)
        assert (shown[-1][0].word == "giraffe") == at_the_end
        word, left, right, y = shown[-2]
        assert f"‘{word.word}’" in field.hint_at(QPoint(round((left + right) / 2), round(y)))
    assert len(made) == 1


def test_every_unknown_word_of_a_text_from_right_to_left_is_underlined(qtbot: QtBot) -> None:
    field = PromptField("Prompt")
    qtbot.addWidget(field)
    field.resize(400, 40)
    field.set_vocabulary(KNOWN, ("car",), ())
    field.setText("רכב אדום a elephant")
    assert len(list(field.underlines())) == 3


def test_what_a_prompt_cannot_hold_is_told(qtbot: QtBot) -> None:
    field = PromptField("Prompt")
    qtbot.addWidget(field)
    said: list[str] = []
    field.cleaned.connect(said.append)
    field.setText("a" * LONGEST)
    assert not said
    field.setText("a" * (LONGEST + 1))
    assert len(field.text()) == LONGEST
    assert ["32,767" in each for each in said] == [True]
    field.setText("a car")
    field.end(False)
    field.insert(" by a lake" * 4000)  # as pasted
    assert len(field.text()) == LONGEST
    assert ["32,767" in each for each in said] == [True, True]


# --- numbers --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "becomes", "told"),
    [
        ("0", 0, False),
        ("4294967295", MAX_SEED, False),
        ("4294967296", MAX_SEED, True),
        ("99999999999999999999", MAX_SEED, True),
        ("-5", 0, True),
        ("7.5", 7, True),
        ("", 42, False),
    ],
)
def test_a_seed_out_of_range_is_corrected_and_told(
    qtbot: QtBot, typed: str, becomes: int, told: bool
) -> None:
    field = NumberField("seed", 0, MAX_SEED)
    qtbot.addWidget(field)
    field.set_number(42)
    said: list[str] = []
    field.corrected.connect(said.append)
    field.show()
    field.selectAll()
    field.lineEdit().insert(typed) if typed else field.lineEdit().clear()
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert field.whole() == becomes
    assert bool(said) == told
    assert field.text() == str(becomes)


def test_letters_do_not_get_into_a_number(qtbot: QtBot) -> None:
    field = NumberField("guidance", 0, 100, decimals=1)
    qtbot.addWidget(field)
    field.selectAll()
    qtbot.keyClicks(field, "7x,5")
    assert field.value() == 7.5


# --- names, files, progress -----------------------------------------------------------------------


def test_a_file_name_says_what_is_in_it() -> None:
    timeline = Timeline.of(make_run(3, prompt="A red Ferrari: on/a road?", seed=7))
    assert file_name(timeline, "", ".png") == "a-red-ferrari-on-a-road-seed-7.png"
    assert file_name(timeline, "-sheet", ".png").endswith("-seed-7-sheet.png")
    assert "seed 7, 3 steps" in description(timeline)


def test_only_local_files_are_taken(tmp_path: object) -> None:
    data = QMimeData()
    data.setText("a red car")
    assert dropped(data) == []
    data.setUrls([QUrl("https://example.org/x.denoise"), QUrl.fromLocalFile("/x.denoise")])
    assert dropped(data) == ["/x.denoise"]


def test_progress_is_told_in_words() -> None:
    assert progress_text(Progress(12, 30, 24.2, 0.74)) == (
        "Step 12 of 30  ·  24 steps/s  ·  0.7 s left"
    )
    assert progress_text(Progress(1, 30, 0.25, 116)) == (
        "Step 1 of 30  ·  4.0 s a step  ·  2 min left"
    )
    assert progress_text(Progress(0, 30)) == "Step 0 of 30"
    assert pictures_text(3, 9, Progress(90, 270, 15, 12)) == "3 of 9 pictures  ·  12 s left"
    assert pictures_text(0, 9, Progress(0, 270)) == "Making 9 pictures"


def test_a_note_never_covers_a_failure(qtbot: QtBot) -> None:
    bar = FailureBar()
    qtbot.addWidget(bar)
    bar.show_failure(Failure("The run could not be saved.", "The disk is full."))
    bar.show_note("The prompt is long.", "length")
    assert bar.text == "The run could not be saved. The disk is full."
    bar.clear("length")
    assert bar.isVisible()
    bar.dismiss()
    bar.show_note("The prompt is long.", "length")
    bar.clear("another topic")
    assert bar.text == "The prompt is long."
    bar.clear("length")
    assert bar.text == ""


def test_no_key_does_two_things() -> None:
    keys = [key for _group, shortcuts in GROUPS for each in shortcuts for key in each.keys]
    assert len(keys) == len(set(keys))
    assert all(not QKeySequence(key).isEmpty() for key in keys)
