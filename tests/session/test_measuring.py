"""Distances and paths of lanes, worked out beside the window while they grow."""

from __future__ import annotations

import math

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from tests.session.fake_model import FakeSampler, Gate
from tests.session.witness import Witness
from visualizer.diffusion.distances import UNRELATED, latent_distance
from visualizer.diffusion.experiment import SEEDS, TITLE, cells
from visualizer.diffusion.grid import Axis, Grid
from visualizer.diffusion.latent_paths import fit
from visualizer.diffusion.request import SamplingRequest
from visualizer.session import session as session_module
from visualizer.session.lanes import Lane
from visualizer.session.session import Session

BASE = SamplingRequest("a red car", seed=7, steps=4)


@pytest.fixture(autouse=True)
def _no_double_press(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "SECOND_PRESS_S", 0.0)


def compare(qtbot: QtBot, session: Session, *seeds: int, steps: int = 4) -> tuple[Lane, ...]:
    session.compare(Grid(SamplingRequest("a red car", steps=steps), Axis("seed", seeds)))
    qtbot.waitUntil(lambda: not session.running)
    return session.lanes.lanes


def test_the_distance_of_a_pair_is_measured(qtbot: QtBot, session: Session) -> None:
    a, b = compare(qtbot, session, 1, 2)
    lanes = session.lanes
    assert lanes.distances is None
    lanes.set_pair((a.id, b.id))
    qtbot.waitUntil(lambda: lanes.distances is not None)
    measured = lanes.distances
    assert measured is not None
    assert measured.whole
    assert measured.points == tuple((k, k) for k in range(5))
    assert a.timeline is not None
    assert b.timeline is not None
    for k in range(5):
        expected = latent_distance(a.timeline.step(k), b.timeline.step(k))
        assert measured.latent[k] == pytest.approx(expected)
        assert measured.latent[k] == pytest.approx(UNRELATED, rel=0.4)  # strangers
    assert math.isfinite(measured.picture[4])
    lanes.set_pair(None)
    assert lanes.distances is None


def test_the_distance_grows_with_the_lanes(
    qtbot: QtBot, session: Session, sampler: FakeSampler
) -> None:
    gate = Gate(2)
    sampler.before_step = gate
    session.compare(Grid(BASE, Axis("seed", (1, 2))))
    lanes = session.lanes
    a, b = lanes.lanes
    lanes.set_pair((a.id, b.id))
    qtbot.waitUntil(lambda: lanes.distances is not None and len(lanes.distances.levels) == 2)
    assert lanes.distances is not None
    assert not lanes.distances.whole
    gate.allow(10)
    qtbot.waitUntil(lambda: lanes.distances is not None and lanes.distances.whole)


def test_paths_of_all_lanes_lie_in_one_plane_that_stays(
    qtbot: QtBot, session: Session, sampler: FakeSampler
) -> None:
    a, b, c = compare(qtbot, session, 1, 2, 3)
    lanes = session.lanes
    qtbot.waitUntil(lambda: [len(path) for path in lanes.paths.values()] == [5, 5, 5])
    steps = [lane.timeline.steps for lane in (a, b, c) if lane.timeline is not None]
    axes = fit(*steps)
    assert axes is not None
    assert lanes.explained == axes.explained
    for lane, taken in zip((a, b, c), steps, strict=True):
        assert np.array_equal(lanes.paths[lane.id], axes.path(taken))
    before = lanes.paths[a.id]
    with qtbot.waitSignal(lanes.paths_changed):
        lanes.remove(c.id)
    assert set(lanes.paths) == {a.id, b.id}
    assert np.array_equal(lanes.paths[a.id], before)
    with qtbot.waitSignal(session.run_finished):
        session.generate(SamplingRequest("a red car", steps=4, seed=9))
    assert session.current is not None
    d = session.add_to_comparison(session.current)
    assert d is not None
    qtbot.waitUntil(lambda: d.id in lanes.paths)
    assert np.array_equal(lanes.paths[a.id], before)  # the axes are frozen
    assert np.array_equal(lanes.paths[d.id], axes.path(session.current.steps))


def test_another_comparison_has_a_plane_of_its_own(qtbot: QtBot, session: Session) -> None:
    lanes = session.lanes
    compare(qtbot, session, 1, 2)
    qtbot.waitUntil(lambda: len(lanes.paths) == 2)
    compare(qtbot, session, 3, 4)
    qtbot.waitUntil(lambda: [len(path) for path in lanes.paths.values()] == [5, 5])
    steps = [lane.timeline.steps for lane in lanes.lanes if lane.timeline is not None]
    axes = fit(*steps)
    assert axes is not None
    assert lanes.explained == axes.explained
    session.lanes.replace([])
    assert lanes.paths == {}
    assert lanes.explained is None


def test_the_experiment_says_what_it_measured_and_is_kept_with_it(
    qtbot: QtBot, session: Session, witness: Witness
) -> None:
    from visualizer.diffusion import comparison_file

    session.run_experiment(BASE)
    qtbot.waitUntil(lambda: session.lanes.summary != "")
    lanes = session.lanes
    assert lanes.title == TITLE
    assert [lane.request.prompt for lane in lanes.lanes] == [c.request.prompt for c in cells(BASE)]
    assert lanes.columns == len(SEEDS) == 8
    assert len(lanes.row_labels) == 2
    assert "likeness" in lanes.summary
    (kept,) = session.comparisons
    qtbot.waitUntil(
        lambda: kept.path.exists() and comparison_file.load(kept.path).summary == lanes.summary
    )
    with qtbot.waitSignal(session.comparison_opened):
        session.open_run(str(kept.path))
    assert "likeness" in lanes.summary
    assert witness.all("failed") == []


def test_an_experiment_that_is_stopped_says_nothing(
    qtbot: QtBot, session: Session, sampler: FakeSampler
) -> None:
    sampler.before_step, sampler.fits = Gate(2), 16
    session.run_experiment(BASE)
    lanes = session.lanes.lanes
    qtbot.waitUntil(lambda: all(lane.timeline and len(lane.timeline) == 2 for lane in lanes))
    session.stop()
    with qtbot.waitSignal(session._measuring.summarized) as summarized:
        pass
    assert summarized.args == [""]
    assert session.lanes.summary == ""


def test_a_lane_removed_meanwhile_takes_no_summary_away(qtbot: QtBot, session: Session) -> None:
    session.run_experiment(BASE)
    with qtbot.waitSignal(session.running_changed, check_params_cb=lambda running: not running):
        pass
    session.lanes.remove(session.lanes.lanes[0].id)  # before the measurement can have come back
    qtbot.waitUntil(lambda: "likeness" in session.lanes.summary)
