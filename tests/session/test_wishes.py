"""No wish to sample is dropped without a word, but for a double press."""

from __future__ import annotations

import threading
from dataclasses import replace
from functools import partial

from pytestqt.qtbot import QtBot

from tests.session.fake_model import FakeSampler, Gate
from tests.session.witness import Witness
from visualizer.diffusion.branching import branch
from visualizer.diffusion.grid import Axis, Grid
from visualizer.diffusion.request import SamplingRequest
from visualizer.session.session import Session

REQUEST = SamplingRequest("a red car", seed=7, steps=4)
TWO_SEEDS = Grid(REQUEST, Axis("seed", (1, 2)))


def test_a_branch_right_after_its_parent_is_made(
    qtbot: QtBot, session: Session, sampler: FakeSampler, witness: Witness
) -> None:
    with qtbot.waitSignal(session.run_finished):
        session.generate(REQUEST)
    parent = session.current
    assert parent is not None
    with qtbot.waitSignal(session.run_finished):  # a quick run, and a quick hand
        session.branch(parent, 2, branch(parent.request, 2, prompt="a green boat"))
    assert [run.request.prompt for run in session.history] == ["a red car", "a green boat"]
    assert session.history[1].parent_run is parent
    assert witness.all("failed") == []


def test_a_comparison_and_a_run_in_quick_succession_are_both_made(
    qtbot: QtBot, session: Session, sampler: FakeSampler
) -> None:
    session.compare(TWO_SEEDS)
    qtbot.waitUntil(lambda: not session.running)
    with qtbot.waitSignal(session.run_finished):
        session.generate(REQUEST)
    session.compare(Grid(REQUEST, Axis("seed", (1, 2, 3))))
    qtbot.waitUntil(lambda: not session.running)
    assert len(sampler.calls) == 2 + 1 + 3


def test_the_same_wish_twice_in_a_row_is_one_wish(
    qtbot: QtBot, session: Session, sampler: FakeSampler, witness: Witness
) -> None:
    session.compare(TWO_SEEDS)
    session.compare(TWO_SEEDS)
    qtbot.waitUntil(lambda: not session.running)
    session.compare(TWO_SEEDS)
    assert not session.running
    assert len(sampler.calls) == 2
    assert witness.all("failed") == []


def test_another_wish_while_something_is_made_is_refused_with_a_sentence(
    qtbot: QtBot, session: Session, sampler: FakeSampler, witness: Witness
) -> None:
    with qtbot.waitSignal(session.run_finished):
        session.generate(REQUEST)
    parent = session.current
    assert parent is not None
    gate = Gate(1)
    sampler.before_step = gate
    session.compare(TWO_SEEDS)
    session.branch(parent, 2, branch(parent.request, 2, seed=8))
    (failure,) = witness.all("failed")
    assert (failure.title, failure.detail) == (
        "Lanes are being made.",
        "Stop them, or let them finish.",
    )
    gate.allow(9)
    qtbot.waitUntil(lambda: not session.running)
    sampler.before_step = Gate(0)
    session.generate(replace(REQUEST, seed=8))
    session.generate(replace(REQUEST, seed=9))
    assert witness.all("failed")[1].title == "A picture is being made."
    session.stop()


def _hold_at_the_third(begun: threading.Event, k: int, cancelled: threading.Event) -> None:
    if k == 2:
        begun.set()
        cancelled.wait(5)


def test_a_run_stopped_before_it_was_heard_of_leaves_nothing_behind(
    qtbot: QtBot, session: Session, sampler: FakeSampler
) -> None:
    """Its steps wait for whoever takes them; nobody does."""
    for lanes in (False, True):
        begun = threading.Event()
        sampler.before_step = partial(_hold_at_the_third, begun)
        if lanes:
            session.compare(TWO_SEEDS)
        else:
            session.generate(REQUEST)
        assert begun.wait(5)  # no event is processed meanwhile: it took steps unheard
        session.stop()
        assert not session.running
        sampler.before_step = Gate(9)
        with qtbot.waitSignal(session.run_finished):
            session.generate(replace(REQUEST, seed=int(lanes)))
    assert len(session.history) == 2
    assert session._worker._mail == {}
