"""What is asked for was never shown, and is said."""

from __future__ import annotations

import random
from dataclasses import replace

from tests.training.evaluation.examples import ALONE, TWO
from visualizer.training.evaluation.prompts import as_drawn, held_out_questions, varied_questions
from visualizer.training.evaluation.verdict import as_seen
from visualizer.training.world import words
from visualizer.training.world.captions import unknown_words
from visualizer.training.world.subjects import is_held_out


def test_nothing_that_is_asked_for_was_shown_in_training() -> None:
    sets = held_out_questions(40, 20, 7)
    assert [len(one.asked) for one in sets] == [40, 40, 20, 40]
    for one in (*sets, varied_questions(7, 3, 2)):
        for asked in one.asked:
            assert is_held_out(asked.subject)
            assert unknown_words(asked.prompt) == []
    assert sets == held_out_questions(40, 20, 7)
    plain, spoken, pairs, _ = sets
    assert [one.subject for one in plain.asked] == [one.subject for one in spoken.asked]
    assert [one.seed for one in plain.asked] == [one.seed for one in spoken.asked]
    assert plain.asked != spoken.asked
    assert all(len(one.subject.things) == 2 for one in pairs.asked)
    assert plain.asked[3].wanted == as_seen(plain.asked[3].subject)


def test_sizes_and_sides_are_said() -> None:
    sized = held_out_questions(30, 1, 3)[-1]
    for one in sized.asked:
        assert one.subject.size in ("small", "big")
        assert words.SIZES[one.subject.size][0] in one.prompt
        assert words.SIDES[one.subject.side or ""][0] in one.prompt


def test_every_prompt_comes_under_several_seeds() -> None:
    varied = varied_questions(7, 3, 4).asked
    assert [len({one.prompt for one in varied[k : k + 4]}) for k in (0, 4, 8)] == [1, 1, 1]
    assert len({one.seed for one in varied}) == len(varied)
    assert len(varied[8].subject.things) == 2


def test_what_a_plain_prompt_leaves_open_is_left_to_chance() -> None:
    rng = random.Random(0)
    drawn = [as_drawn(ALONE, rng) for _ in range(40)]
    assert {one.size for one in drawn} == {"small", "middle", "big"}
    assert {one.side for one in drawn} == {"left", "center", "right"}
    assert all(replace(one, size="big", side="left") == ALONE for one in drawn)
    assert as_drawn(TWO, rng) == TWO
