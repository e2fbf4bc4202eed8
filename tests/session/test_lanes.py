"""Several runs on one clock: growth, alignment, focus, pairs, and what goes wrong."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from tests.session.fake_model import FakeModel, FakeSampler, Gate
from tests.session.witness import Witness
from visualizer.diffusion.grid import Axis, Grid
from visualizer.diffusion.request import SamplingRequest
from visualizer.session import session as session_module
from visualizer.session.lanes import Lane, near_square
from visualizer.session.session import Session

BASE = SamplingRequest("a red car", seed=7, steps=4)


@pytest.fixture(autouse=True)
def _no_double_press(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "SECOND_PRESS_S", 0.0)


def seeds(*values: int, steps: int = 4) -> Grid:
    return Grid(SamplingRequest("a red car", steps=steps), Axis("seed", values))


def compare(qtbot: QtBot, session: Session, grid: Grid) -> tuple[Lane, ...]:
    session.compare(grid)
    qtbot.waitUntil(lambda: not session.running)
    return session.lanes.lanes


def lengths(session: Session) -> list[int]:
    return [0 if lane.timeline is None else len(lane.timeline) for lane in session.lanes.lanes]


# --- sampling -------------------------------------------------------------------------------------


def test_a_grid_fills_and_every_lane_is_whole(
    qtbot: QtBot, session: Session, witness: Witness
) -> None:
    prompts = Axis("prompt", ("a red car", "a green boat"))
    lanes = compare(qtbot, session, Grid(BASE, Axis("seed", (1, 2)), prompts))
    assert [lane.state for lane in lanes] == ["done"] * 4
    assert [(lane.row, lane.column) for lane in lanes] == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert all(lane.timeline is not None and lane.timeline.complete for lane in lanes)
    assert [lane.batch_size for lane in lanes] == [4, 4, 4, 4]
    assert len({lane.color for lane in lanes}) == 4
    assert session.lanes.columns == 2
    assert session.lanes.column_labels == ("seed 1", "seed 2")
    assert session.lanes.row_labels == ("a red car", "a green boat")
    assert session.lanes.playhead.index == session.lanes.total - 1 == 4
    assert witness.all("running_changed") == [True, False]
    assert witness.all("failed") == []
    assert lanes[0].timeline is not None
    assert lanes[0].timeline.measured_share(4) is not None


def test_lanes_grow_live_with_previews_and_the_playhead_follows(
    qtbot: QtBot, session: Session, sampler: FakeSampler, model: FakeModel
) -> None:
    gate = Gate(2)
    sampler.before_step = gate
    session.compare(seeds(1, 2, 3))
    lanes = session.lanes
    assert session.running
    assert lanes.running
    assert [lane.state for lane in lanes.lanes] == ["waiting"] * 3
    qtbot.waitUntil(lambda: lengths(session) == [2, 2, 2])
    assert [lane.state for lane in lanes.lanes] == ["running"] * 3
    assert (lanes.playhead.live, lanes.playhead.index, lanes.total) == (True, 1, 5)
    for lane in lanes.lanes:
        assert lane.timeline is not None
        assert lanes.point(lane) == 1
        assert lanes.point(lane, 4) == 1  # not there yet: its newest
        preview = lane.timeline.picture(1, "noisy")
        assert preview is not None
        fast = model.fast_decoder.decode(lane.timeline.step(1).unit_latents)
        assert np.array_equal(preview, fast)
    assert model.decoded == 0
    lanes.playhead.seek(0)
    gate.allow(10)
    qtbot.waitUntil(lambda: not session.running)
    assert lanes.playhead.index == 0
    assert lanes.progress is not None
    assert (lanes.progress.done, lanes.progress.total) == (12, 12)


def test_the_steps_of_all_lanes_are_counted_from_the_start(qtbot: QtBot, session: Session) -> None:
    totals: list[int] = []
    session.lanes.progressed.connect(lambda progress: totals.append(progress.total))
    compare(qtbot, session, Grid(BASE, Axis("steps", (4, 6, 8))))
    assert set(totals) == {18}


def test_a_second_generate_waits_for_nobody(
    qtbot: QtBot, session: Session, sampler: FakeSampler
) -> None:
    gate = Gate(1)
    sampler.before_step = gate
    session.compare(seeds(1, 2))
    session.generate(BASE)
    session.compare(seeds(3))
    qtbot.waitUntil(lambda: lengths(session) == [1, 1])
    assert len(sampler.calls) == 2
    gate.allow(10)
    qtbot.waitUntil(lambda: not session.running)
    gate = Gate(1)
    sampler.before_step = gate
    session.generate(BASE)
    session.compare(seeds(3))
    gate.allow(10)
    qtbot.waitUntil(lambda: not session.running)
    assert [request.seed for request in sampler.calls] == [1, 2, 7]


def test_a_lane_that_fails_is_marked_and_the_others_go_on(
    qtbot: QtBot, session: Session, sampler: FakeSampler, witness: Witness
) -> None:
    sampler.fails = {2: 3}
    lanes = compare(qtbot, session, seeds(1, 2, 3))
    assert [lane.state for lane in lanes] == ["done", "failed", "done"]
    assert lanes[1].failure is not None
    assert lanes[1].failure.detail == "The numbers of this run overflowed."
    assert lengths(session) == [5, 3, 5]
    assert lanes[1].timeline is not None
    assert lanes[1].timeline.cancelled
    assert session.lanes.point(lanes[1], 4) == 2
    assert witness.all("failed") == []


def test_a_lane_that_is_refused_never_begins(qtbot: QtBot, session: Session) -> None:
    lanes = compare(qtbot, session, Grid(BASE, Axis("steps", (4, 2000))))
    assert [lane.state for lane in lanes] == ["done", "failed"]
    assert lanes[1].timeline is None
    assert lanes[1].failure is not None
    assert "at most 1000 steps" in lanes[1].failure.detail
    assert session.lanes.point(lanes[1], 2) is None


def test_stop_keeps_what_is_there(qtbot: QtBot, session: Session, sampler: FakeSampler) -> None:
    sampler.before_step = Gate(3)
    session.compare(seeds(1, 2))
    qtbot.waitUntil(lambda: lengths(session) == [3, 3])
    session.stop()
    qtbot.waitUntil(lambda: not session.running)
    lanes = session.lanes
    assert [lane.state for lane in lanes.lanes] == ["stopped", "stopped"]
    assert all(lane.timeline and lane.timeline.trajectory for lane in lanes.lanes)
    assert lanes.playhead.count == 3
    assert lanes.total == 5


def test_stopping_a_comparison_that_waits_for_the_model_ends_it_at_once(
    qtbot: QtBot, bare_session: Session
) -> None:
    bare_session.load_model(None)
    bare_session.compare(seeds(1, 2))
    bare_session.stop()
    assert not bare_session.running
    assert [lane.state for lane in bare_session.lanes.lanes] == ["stopped", "stopped"]
    with qtbot.waitSignal(bare_session.model_ready):
        pass
    compare(qtbot, bare_session, seeds(3))
    assert lengths(bare_session) == [5]


def test_an_unexpected_error_ends_every_lane_with_a_sentence(
    qtbot: QtBot, session: Session, sampler: FakeSampler, witness: Witness
) -> None:
    def explode(k: int, cancelled: object) -> None:
        if k == 2:
            raise OSError("The disk is on fire.")

    sampler.before_step = explode
    lanes = compare(qtbot, session, seeds(1, 2))
    assert [lane.state for lane in lanes] == ["failed", "failed"]
    assert lengths(session) == [2, 2]
    assert len(witness.all("failed")) == 1


def test_lanes_that_memory_does_not_hold_are_begun_again_with_fewer(
    qtbot: QtBot, session: Session, sampler: FakeSampler
) -> None:
    sampler.fits = 2
    lanes = compare(qtbot, session, seeds(1, 2, 3, 4))
    assert [lane.state for lane in lanes] == ["done"] * 4
    assert [lane.batch_size for lane in lanes] == [2] * 4
    assert lengths(session) == [5] * 4


def test_too_many_lanes_are_refused_with_a_sentence(session: Session, witness: Witness) -> None:
    session.compare(seeds(*range(17)))
    assert not session.running
    assert "17 pictures are too many" in witness.all("failed")[0].detail


def test_another_comparison_takes_the_place_of_the_first(qtbot: QtBot, session: Session) -> None:
    first = compare(qtbot, session, seeds(1, 2))
    session.lanes.set_focus(first[0].id)
    session.lanes.set_pair((first[0].id, first[1].id))
    second = compare(qtbot, session, seeds(3))
    assert [lane.request.seed for lane in second] == [3]
    assert session.lanes.focus is None
    assert session.lanes.pair is None
    with pytest.raises(KeyError):
        session.lanes.lane(first[0].id)


# --- pictures -------------------------------------------------------------------------------------


def test_what_is_under_the_playhead_of_every_lane_is_sharpened_first(
    qtbot: QtBot, session: Session, sampler: FakeSampler
) -> None:
    decoded: list[tuple[int, int, str]] = []
    session._worker.decoded.connect(lambda d: decoded.append((d.serial, d.k, d.view)))
    gate = Gate(4)
    sampler.before_step = gate
    session.compare(seeds(1, 2, 3, 4))
    qtbot.waitUntil(lambda: lengths(session) == [4] * 4)
    session.lanes.playhead.seek(2)
    gate.allow(10)
    qtbot.waitUntil(lambda: not session.running)
    timelines = [lane.timeline for lane in session.lanes.lanes if lane.timeline is not None]

    def whole() -> bool:
        return all(t.is_exact(k, "noisy") for t in timelines for k in range(5))

    qtbot.waitUntil(whole)
    assert {(t.serial, 2, "noisy") for t in timelines} == set(decoded[:4])


def test_a_cache_that_is_too_small_does_not_decode_without_end(
    qtbot: QtBot, session: Session, sampler: FakeSampler, model: FakeModel
) -> None:
    session.cache.set_limit(1)
    gate = Gate(4)
    sampler.before_step = gate
    session.compare(seeds(1, 2, 3, 4))
    qtbot.waitUntil(lambda: lengths(session) == [4] * 4)
    session.lanes.playhead.seek(2)
    timelines = [lane.timeline for lane in session.lanes.lanes if lane.timeline is not None]
    for timeline in timelines:  # as a page does that repaints what it shows
        timeline.picture_changed.connect(lambda k, v, t=timeline: k == 2 and t.picture(2, "noisy"))
    gate.allow(10)
    qtbot.waitUntil(lambda: not session.running)
    qtbot.waitUntil(lambda: all(t.is_exact(2, "noisy") for t in timelines))
    qtbot.waitUntil(lambda: not session._sharpener._in_flight)
    assert all(t.is_exact(2, "noisy") for t in timelines)
    # the ends of the runs, what the history keeps (once), and what the playhead stands on
    assert model.decoded <= 4 + 4 * 8 + 4 * 2


def test_the_runs_of_a_comparison_that_is_gone_are_let_go(qtbot: QtBot, session: Session) -> None:
    lanes = compare(qtbot, session, seeds(1, 2))
    gone = [weakref.ref(lane.timeline) for lane in lanes]
    shown = lanes[0].timeline
    assert shown is not None
    session.show(shown)  # one of them is looked at on a page of its own
    qtbot.waitUntil(lambda: all(shown.is_exact(k, "noisy") for k in range(5)))
    del lanes
    compare(qtbot, session, seeds(3))

    def let_go() -> bool:
        gc.collect()
        return gone[1]() is None

    qtbot.waitUntil(let_go)  # whoever writes the history may hold it for a moment
    assert gone[0]() is shown
    assert session.current is shown
    assert shown.picture(2, "noisy") is not None


def test_a_lane_that_was_looked_at_is_let_go_when_it_is_not_any_more(
    qtbot: QtBot, session: Session
) -> None:
    lanes = compare(qtbot, session, seeds(1, 2))
    shown = lanes[0].timeline
    assert shown is not None
    gone = weakref.ref(shown)
    session.show(shown)
    del lanes, shown
    compare(qtbot, session, seeds(3))
    with qtbot.waitSignal(session.run_finished):
        session.generate(BASE)
    assert gone() is not session.current

    def let_go() -> bool:
        gc.collect()
        return gone() is None

    qtbot.waitUntil(let_go)


def test_a_run_put_beside_the_lanes_while_it_runs_is_done_when_it_ends(
    qtbot: QtBot, session: Session, sampler: FakeSampler
) -> None:
    gate = Gate(2)
    sampler.before_step = gate
    session.generate(BASE)
    qtbot.waitUntil(lambda: session.current is not None and len(session.current) == 2)
    assert session.current is not None
    lane = session.add_to_comparison(session.current)
    assert lane is not None
    assert lane.state == "running"
    told: list[str] = []
    session.lanes.lane_changed.connect(lambda _id: told.append(lane.state))
    gate.allow(9)
    qtbot.waitUntil(lambda: not session.running)
    assert told[-1] == "done"
    sampler.before_step = Gate(2)
    session.generate(SamplingRequest("a red car", seed=8, steps=4))
    qtbot.waitUntil(lambda: session.current is not None and len(session.current) == 2)
    other = session.add_to_comparison(session.current)
    assert other is not None
    session.stop()
    qtbot.waitUntil(lambda: not session.running)
    assert other.state == "stopped"


# --- one clock ------------------------------------------------------------------------------------


def test_lanes_of_other_lengths_are_aligned_by_noise_or_by_step(
    qtbot: QtBot, session: Session
) -> None:
    short, long = compare(qtbot, session, Grid(BASE, Axis("steps", (4, 8))))
    lanes = session.lanes
    assert lanes.reference is long
    assert lanes.total == 9
    assert [lanes.point(long, p) for p in range(9)] == list(range(9))
    by_noise = [lanes.point(short, p) for p in range(9)]
    assert by_noise == sorted(k for k in by_noise if k is not None)
    assert [by_noise[2 * k] for k in range(5)] == [0, 1, 2, 3, 4]  # the same noise exactly
    assert [lanes.position_of(short, k) for k in range(5)] == [0, 2, 4, 6, 8]
    lanes.set_alignment("step")
    assert [lanes.point(short, p) for p in range(9)] == [0, 1, 2, 3, 4, 4, 4, 4, 4]
    assert [lanes.position_of(short, k) for k in range(5)] == [0, 1, 2, 3, 4]
    with pytest.raises(ValueError, match="by noise or by step"):
        lanes.set_alignment("time")


def test_the_lane_in_focus_gives_the_axis_and_the_playhead_stays_at_its_moment(
    qtbot: QtBot, session: Session
) -> None:
    short, long = compare(qtbot, session, Grid(BASE, Axis("steps", (4, 8))))
    lanes = session.lanes
    lanes.playhead.seek(4)
    changes: list[str] = []
    lanes.axis_changed.connect(lambda: changes.append("axis"))
    lanes.playhead.moved.connect(lambda _: changes.append("moved"))
    lanes.focus_changed.connect(lambda: changes.append("focus"))
    lanes.set_focus(short.id)
    assert lanes.reference is short
    assert (lanes.total, lanes.playhead.count, lanes.playhead.index) == (5, 5, 2)
    assert lanes.point(long) == 4
    assert changes == ["axis", "moved", "focus"]
    lanes.set_focus(None)
    assert (lanes.total, lanes.playhead.index) == (9, 4)


def test_lanes_are_reordered_and_removed(qtbot: QtBot, session: Session) -> None:
    a, b, c = compare(qtbot, session, seeds(1, 2, 3))
    lanes = session.lanes
    lanes.reorder(c.id, 0)
    assert list(lanes.lanes) == [c, a, b]
    lanes.reorder(c.id, 99)
    assert list(lanes.lanes) == [a, b, c]
    lanes.set_pair((a.id, b.id))
    lanes.set_focus(b.id)
    lanes.remove(b.id)
    assert list(lanes.lanes) == [a, c]
    assert lanes.pair is None
    assert lanes.focus is None
    lanes.remove(a.id)
    lanes.remove(c.id)
    assert lanes.reference is None
    assert (lanes.total, lanes.playhead.count) == (0, 0)


def test_a_lane_removed_while_it_runs_does_not_come_back(
    qtbot: QtBot, session: Session, sampler: FakeSampler
) -> None:
    gate = Gate(2)
    sampler.before_step = gate
    session.compare(seeds(1, 2))
    qtbot.waitUntil(lambda: lengths(session) == [2, 2])
    session.lanes.remove(session.lanes.lanes[0].id)
    gate.allow(10)
    qtbot.waitUntil(lambda: not session.running)
    assert [lane.request.seed for lane in session.lanes.lanes] == [2]
    assert lengths(session) == [5]


def test_a_pair_is_two_lanes(qtbot: QtBot, session: Session) -> None:
    a, b = compare(qtbot, session, seeds(1, 2))
    heard: list[object] = []
    session.lanes.pair_changed.connect(lambda: heard.append(session.lanes.pair))
    session.lanes.set_pair((a.id, b.id))
    session.lanes.set_pair((a.id, b.id))
    assert heard == [(a.id, b.id)]
    with pytest.raises(ValueError, match="two lanes"):
        session.lanes.set_pair((a.id, a.id))
    with pytest.raises(KeyError):
        session.lanes.set_pair((a.id, 999))


def test_labels_of_columns_and_rows_hold_while_the_grid_does(
    qtbot: QtBot, session: Session
) -> None:
    prompts = Axis("prompt", ("a red car", "a green boat"))
    lanes = compare(qtbot, session, Grid(BASE, Axis("seed", (1, 2, 3)), prompts))
    assert session.lanes.columns == 3
    session.lanes.reorder(lanes[0].id, 1)
    assert not session.lanes.column_labels
    assert not session.lanes.row_labels
    session.lanes.reorder(lanes[0].id, 0)
    assert session.lanes.column_labels == ("seed 1", "seed 2", "seed 3")


@pytest.mark.parametrize(
    ("count", "columns"), [(1, 1), (2, 2), (3, 2), (4, 2), (6, 3), (8, 4), (16, 4), (64, 8)]
)
def test_one_axis_makes_a_good_rectangle(count: int, columns: int) -> None:
    assert near_square(count) == columns
