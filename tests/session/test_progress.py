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


def test_each_stage_has_a_pace_of_its_own() -> None:
    pace = Pace(total=20)
    for k in range(11):
        prior = pace.mark(k, k / 10, stage=0, stage_end=10)
    assert prior.steps_per_second == pytest.approx(10)
    assert prior.seconds_left is None, "nobody knows the pace of the stage that follows"
    first = pace.mark(10, 5.0, stage=11, stage_end=20)
    assert (first.done, first.steps_per_second, first.seconds_left) == (10, 0.0, None)
    second = pace.mark(11, 7.0, stage=11, stage_end=20)
    assert second.steps_per_second == pytest.approx(0.5)
    assert second.seconds_left == pytest.approx(18)


def test_steps_that_come_at_once_do_not_divide_by_zero() -> None:
    pace = Pace(total=3)
    for k in range(4):
        progress = pace.mark(k, 1.0)
    assert progress.done == 3
    assert progress.steps_per_second == 0.0
