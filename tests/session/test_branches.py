"""Branches of runs in a sitting: they share their parent's points, and make a tree."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from tests.session.fake_model import FakeModel, FakeSampler, Gate
from tests.session.witness import Witness
from visualizer.diffusion.branching import branch
from visualizer.diffusion.grid import Cell
from visualizer.diffusion.request import SamplingRequest
from visualizer.session import session as session_module
from visualizer.session.session import Session
from visualizer.session.timeline import Timeline

REQUEST = SamplingRequest("a red car", seed=7, steps=4)


@pytest.fixture(autouse=True)
def _no_double_press(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "SECOND_PRESS_S", 0.0)


def _is_shown(timeline: Timeline, k: int) -> bool:
    return timeline.picture(k, "noisy") is not None


def generate(qtbot: QtBot, session: Session, request: SamplingRequest = REQUEST) -> Timeline:
    with qtbot.waitSignal(session.run_finished) as finished:
        session.generate(request)
    assert finished.args is not None
    timeline: Timeline = finished.args[0]
    return timeline


def grow_branch(
    qtbot: QtBot, session: Session, parent: Timeline, k: int, **changes: object
) -> Timeline:
    with qtbot.waitSignal(session.run_finished) as finished:
        session.branch(parent, k, branch(parent.request, k, **changes))
    assert finished.args is not None
    timeline: Timeline = finished.args[0]
    return timeline


def test_a_branch_shares_its_parents_steps_and_pictures(
    qtbot: QtBot, session: Session, model: FakeModel, witness: Witness
) -> None:
    parent = generate(qtbot, session)
    qtbot.waitUntil(lambda: all(parent.is_exact(k, "noisy") for k in range(5)))
    made = model.decoded
    child = grow_branch(qtbot, session, parent, 2, prompt="a green boat")
    assert child.parent_run is parent
    assert (child.branched_at, child.shared) == (2, 2)
    assert all(child.step(k) is parent.step(k) for k in range(2))
    assert child.step(2) is not parent.step(2)
    assert child.trajectory is not None
    assert child.trajectory.steps[:2] == tuple(parent.step(k) for k in range(2))
    for k in range(2):
        assert child.picture(k, "noisy") is parent.picture(k, "noisy")
        assert child.thumbnail(k) is parent.thumbnail(k)
        assert child.is_exact(k, "noisy")
    assert child.complete
    assert session.current is child
    assert session.history == (parent, child)
    qtbot.waitUntil(lambda: all(child.is_exact(k, "noisy") for k in range(5)))
    # its own two steps in two views, its own end, and what the parent had not finished
    assert model.decoded - made <= 4 + 1 + 4
    assert witness.all("failed") == []


def test_a_picture_of_the_parent_that_comes_later_is_told_by_the_branch_too(
    qtbot: QtBot, session: Session, sampler: FakeSampler
) -> None:
    parent = generate(qtbot, session)
    child = grow_branch(qtbot, session, parent, 3, seed=8)
    heard: list[tuple[int, str]] = []
    child.picture_changed.connect(lambda k, view: heard.append((k, view)))
    picture = np.zeros((32, 32, 3), dtype=np.uint8)
    parent.put_picture(1, "noise", picture, exact=True)
    assert heard == [(1, "noise")]
    assert child.picture(1, "noise") is picture
    parent.put_picture(4, "noise", picture, exact=False)
    assert (4, "noise") not in heard
    child.put_picture(2, "noise", picture, exact=True)
    assert parent.picture(2, "noise") is picture


def test_branches_of_branches_make_a_tree(qtbot: QtBot, session: Session) -> None:
    root = generate(qtbot, session)
    other = generate(qtbot, session, replace(REQUEST, seed=99))
    first = grow_branch(qtbot, session, root, 1, prompt="a green boat")
    second = grow_branch(qtbot, session, root, 3, seed=8)
    deep = grow_branch(qtbot, session, first, 3, prompt="a blue castle")
    assert deep.parent_run is first
    assert deep.owner(0) is root
    assert deep.owner(2) is first
    assert deep.owner(3) is deep
    assert session.family_of(second) == (root, first, deep, second)
    assert session.family_of(other) == (other,)
    # at a step that the branch has from its parent it is the parent that is branched
    early = grow_branch(qtbot, session, deep, 1, prompt="a cat")
    assert early.parent_run is root


def test_a_run_that_was_stopped_can_be_branched_where_it_has_steps(
    qtbot: QtBot, session: Session, sampler: FakeSampler, witness: Witness
) -> None:
    sampler.before_step = Gate(3)
    session.generate(REQUEST)
    qtbot.waitUntil(lambda: session.current is not None and len(session.current) == 3)
    parent = session.current
    assert parent is not None
    session.branch(parent, 1, branch(parent.request, 1, seed=8))
    assert "still running" in witness.all("failed")[0].detail
    session.stop()
    qtbot.waitUntil(lambda: not session.running)
    sampler.before_step = lambda k, cancelled: None
    child = grow_branch(qtbot, session, parent, 2, prompt="a green boat")
    assert child.complete
    session.branch(parent, 3, branch(parent.request, 3, seed=8))
    assert not session.running
    assert "step 3" in witness.all("failed")[1].detail


def test_a_branch_that_is_stopped_before_a_step_of_its_own_leaves_nothing(
    qtbot: QtBot, session: Session, sampler: FakeSampler
) -> None:
    parent = generate(qtbot, session)
    sampler.before_step = Gate(0)
    session.branch(parent, 2, branch(parent.request, 2, seed=8))
    qtbot.waitUntil(lambda: session.current is not parent)
    assert session.current is not None
    assert len(session.current) == 2
    session.stop()
    qtbot.waitUntil(lambda: not session.running)
    assert session.current is parent
    assert session.history == (parent,)


def test_what_came_to_nothing_is_let_go(
    qtbot: QtBot, session: Session, sampler: FakeSampler
) -> None:
    parent = generate(qtbot, session)
    hold = Gate(0)
    sampler.before_step = hold
    session.branch(parent, 2, branch(parent.request, 2, seed=8))
    qtbot.waitUntil(lambda: session.current is not parent)
    assert session.current is not None
    gone = weakref.ref(session.current)
    session.stop()
    qtbot.waitUntil(lambda: not session.running)
    parent.put_picture(1, "noise", np.zeros((32, 32, 3), dtype=np.uint8), exact=True)
    gc.collect()
    assert gone() is None


def test_a_parent_made_for_lanes_is_let_go_with_them(qtbot: QtBot, session: Session) -> None:
    root = replace(REQUEST, guidance_scale=3.0, width=32, height=32)
    session.compare_requests([Cell(branch(root, 2, seed=8), 0, 0, "new noise")])
    qtbot.waitUntil(lambda: not session.running)
    (lane,) = session.lanes.lanes
    assert lane.timeline is not None
    assert lane.timeline.parent_run is not None
    gone = weakref.ref(lane.timeline.parent_run)
    qtbot.waitUntil(partial(_is_shown, lane.timeline, 0))
    del lane
    session.compare_requests([Cell(REQUEST, 0, 0, "another")])
    qtbot.waitUntil(lambda: not session.running)

    def let_go() -> bool:
        gc.collect()
        return gone() is None

    qtbot.waitUntil(let_go)


def test_a_run_of_another_model_is_not_branched(
    qtbot: QtBot, session: Session, model: FakeModel, witness: Witness
) -> None:
    parent = generate(qtbot, session)
    other = FakeModel("Other")
    session._worker._open_model = lambda folder, say: other
    with qtbot.waitSignal(session.model_ready):
        session.load_model("other")
    session.branch(parent, 2, branch(parent.request, 2, seed=8))
    assert not session.running
    assert "another model (Fake)" in witness.all("failed")[0].detail


def test_an_incompatible_sampler_is_refused_before_anything_runs(
    qtbot: QtBot, session: Session, witness: Witness
) -> None:
    parent = generate(qtbot, session)
    request = branch(parent.request, 2, sampler="stubborn")
    session.plan(request)
    qtbot.waitUntil(lambda: witness.all("plan_refused") != [])
    assert "cannot begin in the middle" in witness.all("plan_refused")[0]
    started = len(witness.all("run_started"))
    session.branch(parent, 2, request)
    qtbot.waitUntil(lambda: not session.running)
    assert len(witness.all("run_started")) == started
    assert "cannot begin in the middle" in witness.all("failed")[0].detail
    assert session.current is parent


def test_a_branch_is_planned_before_it_runs(
    qtbot: QtBot, session: Session, witness: Witness
) -> None:
    parent = generate(qtbot, session)
    session.plan(branch(parent.request, 2, prompt="a green boat"))
    qtbot.waitUntil(lambda: witness.all("planned") != [])
    planned = witness.all("planned")[0]
    assert [planned.level(k) for k in range(5)] == [parent.level(k) for k in range(5)]


def test_a_branch_that_is_opened_finds_its_parent(
    qtbot: QtBot, session: Session, tmp_path: Path
) -> None:
    parent = generate(qtbot, session)
    child = grow_branch(qtbot, session, parent, 2, seed=8)
    path = str(tmp_path / "child.denoise")
    with qtbot.waitSignal(session.saved):
        session.save_run(child, path)
    with qtbot.waitSignal(session.opened) as opened:
        session.open_run(path)
    assert opened.args is not None
    again: Timeline = opened.args[0]
    assert again.parent_run is parent
    assert again.branched_at == 2
    assert session.family_of(again) == (parent, child, again)


def test_a_branch_stands_beside_its_parent_and_branches_are_lanes(
    qtbot: QtBot, session: Session
) -> None:
    parent = generate(qtbot, session)
    child = grow_branch(qtbot, session, parent, 2, prompt="a green boat")
    one = session.add_to_comparison(parent)
    two = session.add_to_comparison(child)
    assert one is not None
    assert two is not None
    assert session.add_to_comparison(child) is two
    assert [lane.timeline for lane in session.lanes.lanes] == [parent, child]
    assert (one.label, two.label) == ("seed 7 · a red car", "from step 2 · a green boat")
    assert (session.lanes.total, session.lanes.playhead.count) == (5, 5)
    cells = [
        Cell(branch(parent.request, 2, seed=seed), 0, seed, f"fresh noise {seed}")
        for seed in (8, 9)
    ]
    session.compare_requests(cells)
    qtbot.waitUntil(lambda: not session.running)
    for lane in session.lanes.lanes:
        assert lane.state == "done"
        assert lane.timeline is not None
        assert lane.timeline.parent_run is parent
        assert lane.timeline.step(1) is parent.step(1)
    assert session.family_of(parent)[0] is parent
    assert len(session.family_of(parent)) == 4  # the parent, its branch, and two lanes
    assert child.picture(0, "noisy") is not None  # it stays although it is no lane any more


def test_a_branch_whose_parent_is_not_there_makes_it_first(
    qtbot: QtBot, session: Session, sampler: FakeSampler, witness: Witness
) -> None:
    with_size = replace(REQUEST, guidance_scale=3.0, width=32, height=32)
    deep = branch(branch(with_size, 1, seed=8), 3, prompt="a green boat")
    child = generate(qtbot, session, deep)
    assert child.complete
    assert [step.index for step in child.steps] == [0, 1, 2, 3, 4]
    parent = child.parent_run
    assert parent is not None
    assert parent.cancelled
    assert (len(parent), child.shared) == (4, 3)
    assert child.step(2) is parent.step(2)
    assert session.family_of(child) == (parent, child)
    assert session.history == (child,)
    again = grow_branch(qtbot, session, child, 3, prompt="a blue castle")
    assert again.parent_run is parent
    cells = [Cell(branch(replace(with_size, seed=99), 2, prompt=p), 0, 0, p) for p in ("a", "b")]
    session.compare_requests(cells)
    qtbot.waitUntil(lambda: not session.running)
    for lane in session.lanes.lanes:
        assert lane.state == "done"
        assert lane.timeline is not None
        assert lane.timeline.complete
        assert lane.timeline.shared == 2
        qtbot.waitUntil(partial(_is_shown, lane.timeline, 0))
    first, second = (lane.timeline for lane in session.lanes.lanes)
    assert first is not None
    assert second is not None
    assert first.parent_run is not None
    assert first.parent_run is second.parent_run  # made once for both
    assert first.step(1) is second.step(1)
    assert sampler.calls.count(replace(with_size, seed=99)) == 1
    assert witness.all("failed") == []
