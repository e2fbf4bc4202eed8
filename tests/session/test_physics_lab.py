"""The physics lab: what is there at once, what is learned, and that nothing goes on unseen."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from tests.session.fake_model import FakeModel
from visualizer.physics.entropy import GAUSSIAN
from visualizer.physics.shapes import NoPointsError, Shape
from visualizer.session import physics_lab
from visualizer.session.physics_lab import FlowPlayhead, PhysicsLab
from visualizer.session.session import Session

WAIT_MS = 60_000
ROLL, RINGS = Shape("swiss roll"), Shape("rings")


@pytest.fixture(autouse=True, scope="module")
def torch_is_there() -> None:
    """No session waits at its end for the first import of torch, which cannot be interrupted."""
    importlib.import_module("visualizer.physics.learning")


@pytest.fixture
def session(
    qtbot: QtBot, tmp_path: Path, model: FakeModel, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Session]:
    monkeypatch.setattr(physics_lab, "PARTICLES", 60)
    session = Session(data_folder=tmp_path, open_model=lambda _folder, _say: model)
    yield session
    assert session.close()
    session.deleteLater()


@pytest.fixture
def lab(session: Session) -> PhysicsLab:
    return session.physics_lab


def test_the_way_into_noise_is_there_at_once_and_its_entropy_follows(
    qtbot: QtBot, lab: PhysicsLab
) -> None:
    lab.take(ROLL)
    forward = lab.flow("forward")
    assert forward is not None
    assert forward.frames.shape == (len(lab.alphas), 60, 2)
    assert not forward.frames.flags.writeable
    assert lab.flow("ode") is None
    qtbot.waitUntil(lambda: not lab.measuring, timeout=WAIT_MS)
    found = lab.entropies["forward"]
    assert list(found) == list(range(0, len(lab.alphas), 10))
    assert found[0] < found[30] < found[240] - 0.3
    assert found[240] == pytest.approx(GAUSSIAN, abs=0.5)


def test_a_lesson_brings_both_ways_the_arrows_and_their_entropies(
    qtbot: QtBot, lab: PhysicsLab
) -> None:
    lab.take(RINGS)
    with qtbot.waitSignal(lab.field_changed, timeout=WAIT_MS):
        lab.learn(steps=30)
    qtbot.waitUntil(lambda: lab.learned and not lab.learning, timeout=WAIT_MS)
    for way in ("sde", "ode"):
        flow = lab.flow(way)
        assert flow is not None
        np.testing.assert_array_equal(flow.frames[-1], lab.start)
    qtbot.waitUntil(lambda: not lab.measuring, timeout=WAIT_MS)
    assert set(lab.entropies) == {"forward", "sde", "ode"}
    lab.take(ROLL)
    assert not lab.learned
    assert lab.field is None
    assert lab.losses == []


def test_what_began_by_itself_stands_still_while_nobody_looks(
    qtbot: QtBot, lab: PhysicsLab
) -> None:
    lab.take(RINGS)
    lab.learn(asked=False)
    assert lab.learning
    assert not lab._lessons.busy
    lab.set_active(True)
    qtbot.waitUntil(lambda: lab.progress is not None, timeout=WAIT_MS)
    lab.set_active(False)
    qtbot.waitUntil(lambda: not lab._lessons.busy, timeout=WAIT_MS)
    assert lab.learning
    before = lab.progress
    assert before is not None
    lab.set_active(True)
    qtbot.waitUntil(
        lambda: lab.progress is not None and lab.progress.steps > before.steps, timeout=WAIT_MS
    )


def test_what_a_person_began_goes_on_until_it_is_enough(qtbot: QtBot, lab: PhysicsLab) -> None:
    lab.take(RINGS)
    lab.learn()
    qtbot.waitUntil(lambda: lab.progress is not None, timeout=WAIT_MS)
    with qtbot.waitSignal(lab.learning_changed, timeout=WAIT_MS):
        lab.stop()
    assert lab.learned
    assert lab.progress is not None
    assert lab.progress.steps < 2000


def test_another_shape_ends_the_lesson_and_a_wrong_one_changes_nothing(
    qtbot: QtBot, lab: PhysicsLab
) -> None:
    lab.take(RINGS)
    lab.learn()
    with pytest.raises(NoPointsError):
        lab.take(Shape("letters", ""))
    assert lab.learning
    assert lab.shape == RINGS
    lab.take(ROLL)
    assert not lab.learning
    told: list[str] = []
    lab.flow_changed.connect(told.append)
    qtbot.waitUntil(lambda: not lab.measuring, timeout=WAIT_MS)
    assert told == []


def test_closing_leaves_nothing_on_its_way(session: Session, lab: PhysicsLab) -> None:
    lab.take(RINGS)
    lab.learn()
    assert session.close()
    assert not lab.learning
    assert not lab.measuring
    lab.learn()
    assert not lab.learning


def test_a_flow_plays_in_a_few_seconds(qtbot: QtBot) -> None:
    playhead = FlowPlayhead()
    playhead.set_bounds(240)
    assert playhead.steps_per_second == 60
    playhead.speed = 0.5
    assert playhead.steps_per_second == 30
