"""The playhead: moves, bounds, playing and following a run."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytestqt.qtbot import QtBot

from visualizer.diffusion.views import VIEWS as DIFFUSION_VIEWS
from visualizer.session.playhead import VIEWS, Playhead


@pytest.fixture
def playhead(qtbot: QtBot) -> Playhead:
    made = Playhead()
    made.set_bounds(11)
    return made


def test_the_views_are_those_of_a_trajectory() -> None:
    assert VIEWS == DIFFUSION_VIEWS


def test_moves_stay_within_the_points_that_are_there(playhead: Playhead) -> None:
    playhead.seek(99)
    assert playhead.index == 10
    playhead.step(-3)
    assert playhead.index == 7
    playhead.step(-99)
    assert playhead.index == 0
    playhead.end()
    assert playhead.index == 10
    playhead.home()
    assert playhead.index == 0


@given(st.lists(st.integers(-(2**40), 2**40), max_size=20), st.integers(0, 50))
@settings(deadline=None, max_examples=50)
def test_no_move_leaves_the_bounds(moves: list[int], count: int) -> None:
    playhead = Playhead()
    playhead.set_bounds(count)
    for move in moves:
        playhead.seek(move)
        assert 0 <= playhead.index <= max(count - 1, 0)


def test_only_real_moves_are_told(playhead: Playhead, qtbot: QtBot) -> None:
    moved: list[int] = []
    playhead.moved.connect(moved.append)
    playhead.seek(4)
    playhead.seek(4)
    playhead.seek(5)
    assert moved == [4, 5]


def test_it_follows_a_growing_run_until_the_person_takes_it(playhead: Playhead) -> None:
    playhead.set_bounds(1, running=True)
    playhead.go_live()
    playhead.set_bounds(3, running=True)
    assert playhead.live
    assert playhead.index == 2
    playhead.seek(1)
    assert not playhead.live
    playhead.set_bounds(6, running=True)
    assert playhead.index == 1
    playhead.end()  # back to now
    assert playhead.live
    assert playhead.index == 5
    playhead.set_bounds(7)
    assert not playhead.live
    assert playhead.index == 6


def test_there_is_nothing_to_follow_when_nothing_runs(playhead: Playhead) -> None:
    playhead.go_live()
    assert not playhead.live


def test_a_shorter_timeline_takes_the_playhead_along(playhead: Playhead) -> None:
    playhead.end()
    playhead.set_bounds(3)
    assert playhead.index == 2
    playhead.set_bounds(0)
    assert playhead.index == 0


def test_playing_runs_to_the_end_and_stops(playhead: Playhead, qtbot: QtBot) -> None:
    playhead.speed = 4.0
    seen: list[int] = []
    playhead.moved.connect(seen.append)
    with qtbot.waitSignal(playhead.playing_changed, check_params_cb=lambda on: not on):
        playhead.play()
        assert playhead.playing
    assert playhead.index == 10
    assert seen == sorted(seen)


def test_playing_starts_again_from_the_end(playhead: Playhead) -> None:
    playhead.end()
    playhead.play()
    assert playhead.index == 0
    playhead.pause()


def test_a_loop_comes_round(playhead: Playhead, qtbot: QtBot) -> None:
    playhead.set_bounds(3)
    playhead.loop = True
    playhead.speed = 4.0
    playhead.seek(1)
    playhead.play()
    with qtbot.waitSignal(playhead.moved, check_params_cb=lambda k: k == 0):
        pass
    assert playhead.playing
    playhead.toggle()
    assert not playhead.playing


def test_a_step_by_the_person_stops_playing(playhead: Playhead) -> None:
    playhead.play()
    playhead.step(1)
    assert not playhead.playing
    assert playhead.index == 1


def test_playing_that_catches_up_with_a_run_follows_it(playhead: Playhead, qtbot: QtBot) -> None:
    playhead.set_bounds(3, running=True)
    playhead.seek(1)
    playhead.play()
    with qtbot.waitSignal(playhead.live_changed, check_params_cb=bool):
        pass
    assert not playhead.playing
    assert playhead.index == 2


def test_long_runs_play_faster(playhead: Playhead) -> None:
    short = playhead.steps_per_second
    playhead.set_bounds(901)
    assert playhead.steps_per_second > 5 * short


def test_views_and_speed_are_checked(playhead: Playhead, qtbot: QtBot) -> None:
    with qtbot.waitSignal(playhead.view_changed, check_params_cb=lambda view: view == "change"):
        playhead.set_view("change")
    with pytest.raises(ValueError, match="no view"):
        playhead.set_view("x-ray")
    playhead.speed = 100
    assert playhead.speed == 4.0
    playhead.speed = 0
    assert playhead.speed == 0.25
