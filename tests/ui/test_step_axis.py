"""The shared x axis: evenly spread points, frames that fit, ticks that can be read."""

from __future__ import annotations

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from visualizer.ui.step_axis import LEFT, RIGHT, StepAxis

axes = st.builds(StepAxis, st.integers(200, 4000), st.integers(1, 1200))


def test_points_are_spread_over_the_width() -> None:
    axis = StepAxis(1000 + LEFT + RIGHT, 11)
    assert [axis.x(k) - LEFT for k in (0, 1, 10)] == [0, 100, 1000]
    assert axis.nearest(LEFT + 149) == 1
    assert axis.nearest(LEFT + 151) == 2
    assert axis.nearest(-500) == 0
    assert axis.nearest(9999) == 10


@given(axes)
def test_every_point_is_found_where_it_stands(axis: StepAxis) -> None:
    for k in {0, axis.total // 3, axis.total - 1}:
        assert axis.nearest(axis.x(k)) == k


@given(axes, st.floats(4, 120))
def test_frames_shown_never_overlap_and_fill_the_axis(axis: StepAxis, need: float) -> None:
    shown = axis.shown(need)
    assert shown == sorted(set(shown))
    assert shown[-1] == axis.total - 1
    gaps = [axis.x(b) - axis.x(a) for a, b in itertools.pairwise(shown)]
    assert all(gap >= need - 1e-6 for gap in gaps)
    steps = {b - a for a, b in itertools.pairwise(shown)}
    assert len(steps) <= 1, "some frames stand further apart than others"
    if len(shown) > 2:
        assert shown[0] < steps.pop()
        assert max(gaps) <= 1.5 * (need + axis.spacing), "no hole in the strip"


def test_all_frames_show_while_they_fit() -> None:
    axis = StepAxis(1000 + LEFT + RIGHT, 11)
    assert axis.shown(100) == list(range(11))
    assert axis.shown(101) == [0, 2, 4, 6, 8, 10]
    assert axis.shown(201) == [1, 4, 7, 10]


def test_the_first_frame_gives_way_where_it_would_make_a_hole() -> None:
    assert StepAxis(1000 + LEFT + RIGHT, 41).shown(70) == list(range(0, 41, 4))
    assert StepAxis(1000 + LEFT + RIGHT, 42).shown(70) == list(range(2, 42, 3))
    assert StepAxis(1000 + LEFT + RIGHT, 51).shown(30) == list(range(0, 51, 2))


def test_ticks_are_round_and_few() -> None:
    assert StepAxis(1200, 31).ticks() == [0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30]
    assert StepAxis(500, 31).ticks() == [0, 10, 20, 30]
    assert StepAxis(1200, 901).ticks() == [0, 100, 200, 300, 400, 500, 600, 700, 800, 900]
    assert StepAxis(1200, 1).ticks() == [0]
    assert StepAxis(1200, 2).ticks() == [0, 1]


@settings(deadline=None)
@given(axes)
def test_ticks_have_room(axis: StepAxis) -> None:
    ticks = axis.ticks()
    assert len(ticks) <= 60
    assert all(
        (b - a) * axis.spacing >= 40 for a, b in itertools.pairwise(ticks) if b < axis.total - 1
    )
