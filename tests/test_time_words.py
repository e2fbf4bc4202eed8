"""Spans of time as people say them."""

from __future__ import annotations

import pytest

from visualizer.time_words import about, duration


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (0.049, "0 s"),
        (0.84, "0.8 s"),
        (9.96, "10 s"),
        (12.3, "12 s"),
        (65, "65 s"),
        (99.6, "2 min"),
        (3599, "1 h 0 min"),
        (4800, "1 h 20 min"),
        (90000, "25 h 0 min"),
    ],
)
def test_durations(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.99, "less than a second"),
        (1.2, "about 1 s"),
        (9.4, "about 9 s"),
        (12.6, "about 13 s"),
        (200, "about 3 min"),
        (4777, "about 1 h 20 min"),
    ],
)
def test_what_is_foretold_has_few_digits(seconds: float, words: str) -> None:
    assert about(seconds) == words
