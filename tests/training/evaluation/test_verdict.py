"""What is right and wrong on made-up verdicts, and how it is counted."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.training.evaluation.examples import ALONE, CAR, CAT, TWO
from visualizer.training.evaluation.verdict import CHECKS, Count, Seen, as_seen, counted, wrong
from visualizer.training.world.subjects import Subject, Thing, choose_any_subject


def subjects() -> st.SearchStrategy[Subject]:
    return st.integers(0, 2**32).map(lambda key: choose_any_subject(random.Random(key)))


def test_a_relation_is_told_of_the_thing_that_comes_first_in_the_list() -> None:
    assert as_seen(TWO).relation == "behind", "the car comes first, and the cat is in front of it"
    assert as_seen(replace(TWO, things=(CAR, CAT))).relation == "front"
    assert as_seen(replace(TWO, relation="left")).relation == "right"
    assert as_seen(ALONE).relation is None


@given(subjects())
def test_two_sentences_that_say_the_same_want_the_same(subject: Subject) -> None:
    wanted = as_seen(subject)
    assert wrong(wanted, wanted, list(CHECKS)) == []
    if subject.relation is not None:
        swapped = replace(subject, things=subject.things[::-1])
        assert as_seen(swapped).relation != wanted.relation
        assert wrong(wanted, as_seen(swapped), list(CHECKS)) == ["relation"]


@pytest.mark.parametrize(
    ("seen", "mistaken"),
    [
        (as_seen(TWO), []),
        (
            replace(as_seen(TWO), things=frozenset({CAR}), relation=None),
            ["object", "color", "relation"],
        ),
        (
            replace(as_seen(TWO), things=frozenset({Thing("car", "white"), Thing("cat", "red")})),
            ["color"],  # both colors are there, on the wrong things
        ),
        (replace(as_seen(TWO), things=frozenset({CAR, CAT, Thing("dog", "red")})), ["object"]),
        (replace(as_seen(TWO), place="lake", time="night"), ["place", "time"]),
    ],
)
def test_what_is_wrong_is_named(seen: Seen, mistaken: list[str]) -> None:
    names = ("object", "color", "relation", "place", "time")
    assert wrong(as_seen(TWO), seen, names) == mistaken


def test_attributes_are_counted_alone_and_together() -> None:
    right = as_seen(ALONE)
    seen = [right, replace(right, place="lake"), replace(right, things=frozenset({CAT}))]
    counts = counted([right] * 3, seen, ("object", "color", "place", "time"))
    assert {name: count.right for name, count in counts.items()} == {
        "object": 2,
        "color": 2,
        "place": 2,
        "time": 3,
        "all": 1,
    }
    assert counts["all"].figures()["share"] == pytest.approx(1 / 3, abs=1e-4)


@given(st.integers(1, 2000).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_the_interval_holds_the_share(numbers: tuple[int, int]) -> None:
    count = Count(*numbers)
    low, high = count.interval
    assert 0 <= low <= count.share + 1e-12
    assert count.share - 1e-12 <= high <= 1
    # Wilson's bounds are where the share is 1.96 standard errors away
    for bound in (low, high):
        variance = bound * (1 - bound) / count.of
        assert (count.share - bound) ** 2 == pytest.approx(1.96**2 * variance, rel=1e-6, abs=1e-12)
