"""Lanes and branches with the model that ships with the program."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from tests.session.witness import Witness
from visualizer.diffusion.branching import branch
from visualizer.diffusion.grid import Axis, Grid
from visualizer.diffusion.request import SamplingRequest
from visualizer.session import session as session_module
from visualizer.session.session import Session

BASE = SamplingRequest("a red car by the sea", seed=7, steps=4)
LONG = 120_000


@pytest.fixture
def real(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    monkeypatch.setattr(session_module, "SECOND_PRESS_S", 0.0)
    session = Session(data_folder=tmp_path)
    with qtbot.waitSignal(session.model_ready, timeout=LONG):
        session.load_model(None)
    yield session
    assert session.close()
    session.deleteLater()


def test_a_grid_of_seeds_and_steps_and_its_branches(qtbot: QtBot, real: Session) -> None:
    witness = Witness(real)
    real.compare(Grid(BASE, Axis("seed", (7, 8)), Axis("steps", (4, 2))))
    qtbot.waitUntil(lambda: not real.running, timeout=LONG)
    lanes = real.lanes
    assert [lane.state for lane in lanes.lanes] == ["done"] * 4
    assert [lane.batch_size for lane in lanes.lanes] == [2] * 4
    first, second, short, _ = (lane.timeline for lane in lanes.lanes)
    assert first is not None
    assert second is not None
    assert short is not None
    assert (len(first), len(short), lanes.total) == (5, 3, 5)
    # the noise of a seed is its own, in a batch as well as alone and whatever the steps
    assert np.allclose(first.step(0).unit_latents, short.step(0).unit_latents, atol=1e-5)
    assert not np.allclose(first.step(0).unit_latents, second.step(0).unit_latents, atol=0.1)
    with qtbot.waitSignal(real.run_finished, timeout=LONG):
        real.generate(BASE)
    alone = real.current
    assert alone is not None
    assert np.array_equal(alone.step(0).latents, first.step(0).latents)
    assert alone.trajectory is not None
    assert first.trajectory is not None
    assert alone.trajectory.final is not None
    assert first.trajectory.final is not None
    difference = alone.trajectory.final.astype(int) - first.trajectory.final.astype(int)
    assert np.abs(difference).max() <= 1

    # a branch with nothing changed ends as its parent did, bit for bit, and shares its steps
    with qtbot.waitSignal(real.run_finished, timeout=LONG):
        real.branch(alone, 2, branch(alone.request, 2))
    same = real.current
    assert same is not None
    assert same is not alone
    assert same.parent_run is alone
    assert all(same.step(k) is alone.step(k) for k in range(2))
    assert same.trajectory is not None
    assert np.array_equal(same.step(4).latents, alone.step(4).latents)
    assert same.trajectory.final is not None
    assert np.array_equal(same.trajectory.final, alone.trajectory.final)
    qtbot.waitUntil(
        lambda: all(same.is_exact(k, "noisy") and alone.is_exact(k, "noisy") for k in range(5)),
        timeout=60_000,
    )
    # other words from the middle on, beside its parent
    with qtbot.waitSignal(real.run_finished, timeout=LONG):
        real.branch(alone, 2, branch(alone.request, 2, prompt="a green tree by the sea"))
    other = real.current
    assert other is not None
    assert not np.array_equal(other.step(4).latents, alone.step(4).latents)
    assert real.family_of(other) == (alone, same, other)
    lane = real.add_to_comparison(other)
    assert lane is not None
    lanes.set_pair((lanes.lanes[0].id, lane.id))
    qtbot.waitUntil(lambda: lanes.distances is not None, timeout=20_000)
    assert lanes.distances is not None
    # they are one until the words differ: the lane of the batch but for rounding
    assert np.all(lanes.distances.latent[:3] < 1e-4)
    assert np.all(lanes.distances.latent[3:] > 0.5)
    qtbot.waitUntil(lambda: len(lanes.paths) == 5, timeout=20_000)
    # of a branch whose parent is no run of the sitting the parent is made first
    deep = branch(replace(alone.request, seed=3), 2, prompt="a green tree by the sea")
    with qtbot.waitSignal(real.run_finished, timeout=LONG):
        real.generate(deep)
    made = real.current
    assert made is not None
    assert made.complete
    assert made.parent_run is not None
    assert len(made.parent_run) == 3
    assert made.step(1) is made.parent_run.step(1)
    assert witness.all("failed") == []
