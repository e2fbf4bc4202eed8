"""What is written at lanes: what differs, first and short, and never the same at two of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visualizer.ui.lane_captions import captions, shortest


@pytest.mark.parametrize(
    ("labels", "written"),
    [
        (("seed 1", "seed 2"), ("seed 1", "seed 2")),
        (("seed 1 · a car", "seed 2 · a car"), ("seed 1", "seed 2")),
        (("seed 1 · a white castle", "seed 1 · a black castle"), ("white", "black")),
        (("seed 1 · a castle", "seed 2 · a cat"), ("castle · 1", "cat · 2")),
        (("10 steps · seed 3", "20 steps · seed 3"), ("10 steps", "20 steps")),
        (("a cat in the snow…", "a red car in the snow at…"), ("cat", "red car")),
        (("a cat in fog", "a car in fog at…"), ("cat in fog", "car in fog at…")),
        (("a car", "a car at night"), ("car", "car at night")),
        (("avoid fog", "avoid snow"), ("avoid fog", "avoid snow")),
        (("seed 1", "from step 4 · a car"), ("seed 1", "from step 4 · a car")),
        (("the same", "the same"), ("the same", "the same")),
        (("only one · 1",), ("only one · 1",)),
        ((), ()),
    ],
)
def test_only_what_differs_is_written(labels: tuple[str, ...], written: tuple[str, ...]) -> None:
    assert captions(labels) == written


_words = st.lists(st.sampled_from(["a", "red", "car", "boat", "1", "2"]), min_size=1, max_size=4)
_labels = st.lists(_words.map(" ".join), min_size=1, max_size=3).map(" · ".join)


@given(st.lists(_labels, min_size=1, max_size=8, unique=True))
def test_different_lanes_are_written_differently(labels: list[str]) -> None:
    written = captions(labels)
    assert len(set(written)) == len(labels)
    assert all(written)


def test_little_room_leaves_the_number() -> None:
    assert [shortest(words) for words in ("seed 3", "20 steps", "a car", "car · 3", "Euler")] == [
        *("3", "20", "a car", "car · 3", "Euler")
    ]
