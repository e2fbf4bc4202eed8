"""One sitting with the model that ships with the program, from its opening to its end."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import numpy as np
from pytestqt.qtbot import QtBot

from tests.session.witness import Witness
from visualizer.diffusion.request import SamplingRequest
from visualizer.diffusion.trajectory import Trajectory
from visualizer.session.gentle_import import gently
from visualizer.session.session import Session


def test_a_sitting_with_the_builtin_model(qtbot: QtBot, tmp_path: Path) -> None:
    before = set(threading.enumerate())
    session = Session(data_folder=tmp_path)
    witness = Witness(session)
    with qtbot.waitSignal(session.model_ready, timeout=120_000):
        session.start()
    assert session.facts is not None
    assert session.facts.name == "Built-in"
    assert witness.all("model_loading")

    request = SamplingRequest("a red car on a mountain road at sunset", seed=7, steps=3)
    with qtbot.waitSignal(session.planned, timeout=20_000) as planned:
        session.plan(request)
    with qtbot.waitSignal(session.run_finished, timeout=120_000):
        session.generate(request)
    timeline = session.current
    assert timeline is not None
    assert timeline.complete
    assert planned.args is not None
    for k in range(4):
        assert planned.args[0].level(k).sigma == timeline.level(k).sigma
        for view in ("noisy", "denoised"):
            assert timeline.picture(k, view) is not None  # the previews were made on the way
    qtbot.waitUntil(
        lambda: all(timeline.is_exact(k, v) for k in range(4) for v in ("noisy", "denoised")),
        timeout=60_000,
    )
    run = timeline.trajectory
    assert run is not None
    assert run.final is not None
    exact = timeline.picture(3, "noisy")
    assert exact is not None
    assert np.array_equal(exact, run.final)

    path = tmp_path / "kept.denoise"
    with qtbot.waitSignal(session.saved, timeout=20_000):
        session.save_run(timeline, str(path))
    again = Trajectory.open(path)
    shown = timeline.picture(1, "denoised")
    assert shown is not None
    assert np.array_equal(again.picture(1, "denoised"), shown)
    assert witness.all("failed") == []
    assert session.close()
    assert set(threading.enumerate()) <= before


def test_importing_gently_leaves_the_interpreter_as_it_was() -> None:
    import gc

    before = (sys.getswitchinterval(), gc.get_threshold(), gc.isenabled(), list(gc.callbacks))
    with gently():
        assert sys.getswitchinterval() < before[0]
        list(map(list, [[]] * 5000))
    after = (sys.getswitchinterval(), gc.get_threshold(), gc.isenabled(), list(gc.callbacks))
    gc.unfreeze()
    assert after == before
