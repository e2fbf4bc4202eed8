"""What the Words page is made of: light on a picture, sentences, chips and small plots."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPointF
from pytestqt.qtbot import QtBot

from tests.example_runs import make_run
from tests.ui.words_sitting import WORDS, maps_of, reading_of
from visualizer.diffusion.attention import PromptToken
from visualizer.diffusion.facts import Vocabulary
from visualizer.diffusion.request import SamplingRequest
from visualizer.diffusion.starts import EditedNoise, Flip
from visualizer.diffusion.step import Guidance
from visualizer.diffusion.word_reading import WordReading
from visualizer.diffusion.word_swap import first_visible, visible_before
from visualizer.session.timeline import Timeline
from visualizer.session.words import SwapResult
from visualizer.ui.tile_grid import ShownTile, TileGrid
from visualizer.ui.words.attention_overlay import lit_picture, word_map
from visualizer.ui.words.guidance_words import guidance_words
from visualizer.ui.words.step_plot import StepLine, StepMark, StepPlot
from visualizer.ui.words.swap_part import same_kind
from visualizer.ui.words.word_sentences import (
    heard,
    kept,
    look_of,
    parting,
    shares_now,
    shown_words,
    swapped,
)


def test_what_listens_keeps_its_colors_and_the_rest_is_gray_and_dim() -> None:
    picture = np.empty((32, 32, 3), dtype=np.uint8)
    picture[:] = (200, 60, 20)
    shares = np.zeros((8, 8), dtype=np.float32)
    shares[:, 4:] = 0.8
    lit = lit_picture(picture, word_map(shares, 5), 256)
    assert lit.shape == (256, 256, 3)
    np.testing.assert_array_equal(lit[128, 250], picture[0, 0])
    dim = lit[128, 5].astype(int)
    assert dim.max() - dim.min() == 0  # gray
    assert dim.max() < 0.3 * 200
    rim = lit[128].min(axis=1)
    assert rim.argmax() == pytest.approx(127, abs=3)  # the outline, where the light is half


def test_a_word_that_is_heard_less_than_the_others_stays_dim_and_has_no_outline() -> None:
    picture = np.full((32, 32, 3), 200, dtype=np.uint8)
    shares = np.linspace(0.02, 0.06, 64, dtype=np.float32).reshape(8, 8)
    weak = word_map(shares, 5)
    assert not weak.outlined
    assert weak.high == pytest.approx(0.2)
    assert lit_picture(picture, weak, 32).max() < 0.6 * 200
    assert word_map(3 * shares + 0.1, 5).outlined


def test_a_picture_larger_than_what_is_shown_is_made_smaller() -> None:
    picture = np.full((600, 300, 3), 90, dtype=np.uint8)
    assert lit_picture(picture, word_map(np.eye(4, dtype=np.float32), 2), 200).shape == (
        200,
        100,
        3,
    )


def test_chips_join_the_tokens_of_a_word_and_leave_filling_out() -> None:
    tokens = (
        PromptToken("", 0, None, "start"),
        PromptToken("fer", 1, 0),
        PromptToken("rari", 2, 0),
        PromptToken(",", 3, None, "punctuation"),
        PromptToken("", 4, None, "end"),
        PromptToken("", 5, None, "padding"),
    )
    shown = shown_words(("ferrari", "unread"), tokens)
    assert [each.text for each in shown] == ["start", "ferrari", ",", "end", "unread"]
    assert shown[1].about == "2 tokens: fer · rari"
    assert "too long" in shown[-1].about
    assert not shown[-1].read


@pytest.mark.parametrize(
    ("word", "other", "expected"),
    [
        (1, "blue", "a blue car, a red boat"),
        (4, "blue", "a red car, a blue boat"),
        (4, "", "a red car, a boat"),
        (0, " the ", "the red car, a red boat"),
    ],
)
def test_one_word_is_changed_and_no_other(word: int, other: str, expected: str) -> None:
    words = ["a", "red", "car", "a", "red", "boat"]
    assert swapped("a red car, a red boat", words, word, other) == expected


@pytest.mark.parametrize(
    ("prompt", "word", "other", "expected"),
    [
        ("a (red:1.3) car", 2, "boat", "a (red:1.3) boat"),
        ("a (red:1.3) car", 1, "blue", "a (blue:1.3) car"),
        ("a (red:1.3) car", 1, "", "a car"),
        ("a ((red)1.2 car)0.9", 1, "", "a ( car)0.9"),
        ("a red++ car", 1, "", "a car"),
        ("a red car--", 2, "", "a red"),
    ],
)
def test_a_weight_goes_with_its_word(prompt: str, word: int, other: str, expected: str) -> None:
    assert swapped(prompt, ["a", "red", "car"], word, other, weighted=True) == expected


def swap_result(*apart: float) -> SwapResult:
    runs = (make_run(), make_run())
    assert runs[0].final is not None
    pictures = (runs[0].final, runs[0].final)
    differences = np.array(apart, dtype=np.float32)
    return SwapResult(runs, differences, first_visible(apart), pictures, visible_before(apart))


def test_two_pictures_part_for_good_or_come_together_again() -> None:
    assert parting(swap_result(0.0, 0.01, 0.02)).startswith("The two never part visibly")
    assert parting(swap_result(0.2, 0.2, 0.2)).startswith("They part at once, at step 0 of 3")
    again = parting(swap_result(0.20, 0.12, 0.08, 0.04))
    assert "never" not in again
    assert "up to 20\u00a0% apart" in again
    late = parting(swap_result(0.10, 0.04, 0.04, 0.06, 0.20))
    assert "look alike" not in late
    assert late.startswith("From step 3 of 5 on they stay apart. Earlier guesses were up to 10")


def reading_with(*attention: float) -> WordReading:
    """The last of some words looks at all of them so."""
    reading = reading_of(None, " ".join(WORDS[: len(attention)]))
    layers = reading.attention.copy()
    layers[0, len(attention), 1 : 1 + len(attention)] = attention
    return replace(reading, attention=layers)


def test_a_look_is_compared_with_an_even_share() -> None:
    much = look_of(reading_with(0.14, 0.36, 0.5), 2)
    assert much.startswith("Does “car” look at “red”? Yes, with 36\u00a0%")
    assert "an even share of the 2 words before it would be 25\u00a0%" in much
    assert "Yes" not in look_of(reading_with(0.24, 0.26, 0.5), 2)
    alone = look_of(reading_with(0.2, 0.8), 1)  # there is no other it could choose
    assert "?" not in alone
    assert alone.startswith("“red” sees one other word, “a”, and gives it 20\u00a0%")


def test_what_is_kept_of_a_picture_is_said() -> None:
    plain = SamplingRequest("a car", seed=3)
    assert kept(plain, plain).startswith("Seed and settings stay the same")
    assert "not this picture’s" in kept(plain, replace(plain, seed=4))
    edited = replace(plain, start=EditedNoise((Flip("horizontal"),)))
    assert "from its edited static" in kept(edited, edited)


@pytest.mark.parametrize(
    ("scale", "asked", "words"),
    [(7.0, True, "goes on past"), (1.0, True, "no further"), (1.0, False, "asked once")],
)
def test_guidance_is_told_as_it_was_used(scale: float, asked: bool, words: str) -> None:
    run = make_run(request=SamplingRequest("a car", seed=7, steps=6, guidance_scale=scale))
    if asked:
        steps = [
            s if s.prediction is None else replace(s, guidance=Guidance(0.5 * s.prediction))
            for s in run.steps
        ]
        run = replace(run, steps=tuple(steps))
    told = guidance_words("step", Timeline.of(run, from_file=False), None, None)
    assert words in told
    assert ("twice" in told) == asked


def test_sentences_say_what_was_measured() -> None:
    maps, reading = maps_of(3), reading_of(None, " ".join(WORDS))
    assert sum(shares_now(maps, 1)) == pytest.approx(1.0, abs=1e-3)
    assert heard(maps, 2, 1).startswith("At step 1 “car” gets")
    assert heard(maps, None, None).startswith("Over all steps the picture listens most to")
    assert look_of(reading, 0) == "“a” sees no word but itself: before it there is none."
    assert "Point at a word" in look_of(reading, None)
    assert look_of(reading_of(None, ""), None).startswith("There are no words")


def test_words_of_the_same_kind_are_offered() -> None:
    known = Vocabulary(
        frozenset({"red", "blue", "green", "car"}), ("car",), ("red", "blue", "green")
    )
    assert same_kind("Blue", known) == ["green", "red"]
    assert same_kind("mountain", known) == []
    assert same_kind("red", None) == []


def test_a_plot_reads_out_marks_and_asks_for_a_step(qtbot: QtBot) -> None:
    plot = StepPlot("Difference")
    qtbot.addWidget(plot)
    plot.resize(300, 144)
    plot.show_lines([StepLine("difference", (0.0, 0.1, 0.4, float("nan")), strong=True)], first=2)
    plot.stand(4)
    assert plot.accessibleDescription() == "difference, step 4: 40\u00a0%"
    plot.stand(9)  # beyond the last one, where no value is
    with qtbot.waitSignal(plot.step_asked) as asked:
        plot.press_at(QPointF(plot.x_of(3) + 2, 50))
    assert asked.args == [3]
    plot.show_lines([StepLine("one", (0.2,), strong=True)], mark=StepMark(0, "they part"))
    plot.grab()
    assert plot.mark == StepMark(0, "they part")
    plot.show_lines([])
    assert plot.message


@pytest.mark.parametrize("count", [1, 2, 3, 6, 12])
def test_tiles_fit_into_their_room_and_do_not_overlap(qtbot: QtBot, count: int) -> None:
    grid = TileGrid("Pictures")
    qtbot.addWidget(grid)
    for size in ((850, 330), (300, 500)):
        grid.resize(*size)
        picture = np.zeros((20, 30, 3), dtype=np.uint8)
        grid.show_tiles([ShownTile(f"guidance {n}", picture) for n in range(count)])
        rooms = [tile.geometry() for tile in grid.tiles]
        assert all(grid.rect().contains(room) for room in rooms)
        assert len({(room.width(), room.height()) for room in rooms}) == 1
        assert rooms[0].width() / rooms[0].height() == pytest.approx(1.5, rel=0.06)
        assert not any(a.intersects(b) for n, a in enumerate(rooms) for b in rooms[:n])
