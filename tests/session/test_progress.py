"""Progress: pace and time left."""

from __future__ import annotations

import pytest

from visualizer.session.progress import Pace


def test_the_pace_is_that_of_the_last_steps() -> None:
    pace = Pace(total=100)
    first = pace.mark(0, 10.0)
    assert (first.steps_per_second, first.seconds_left) == (0.0, None)
    for k in range(1, 21):
        slow = pace.mark(k, 10.0 + k)
    assert slow.steps_per_second == pytest.approx(1.0)
    assert slow.seconds_left == pytest.approx(80)
    for k in range(21, 41):
        quick = pace.mark(k, 30.0 + (k - 20) / 10)
    assert quick.steps_per_second == pytest.approx(10)
    assert quick.seconds_left == pytest.approx(6)


def test_steps_that_come_at_once_do_not_divide_by_zero() -> None:
    pace = Pace(total=3)
    for k in range(4):
        progress = pace.mark(k, 1.0)
    assert progress.done == 3
    assert progress.steps_per_second == 0.0
