"""A model that cannot be opened leaves the one that was open as it was."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from tests.session.fake_model import FakeModel, FakeSampler, Gate
from visualizer.assets import asset_path
from visualizer.diffusion.request import SamplingRequest
from visualizer.session.session import Session

REQUEST = SamplingRequest("a red car on a road", seed=7, steps=2)


def cut(folder: Path) -> None:
    os.truncate(next((folder / "unet").glob("*.safetensors")), 100_000)


def test_the_model_that_was_open_goes_on_working(qtbot: QtBot, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(asset_path("builtin-model"), broken)
    cut(broken)
    text = tmp_path / "notes.txt"
    text.write_text("no model")
    empty = tmp_path / "empty"
    empty.mkdir()
    session = Session(data_folder=tmp_path / "data")
    with qtbot.waitSignal(session.model_ready, timeout=120_000):
        session.start()
    facts = session.facts
    for path, sentence in (
        (broken, "is cut off"),
        (text, "is no safetensors file"),
        (empty, "is empty"),
    ):
        with qtbot.waitSignal(session.failed, timeout=60_000) as failed:
            session.load_model(str(path))
        assert failed.args is not None
        assert failed.args[0].title == "The model could not be opened."
        assert sentence in failed.args[0].detail
        assert session.facts == facts
    with qtbot.waitSignal(session.run_finished, timeout=120_000):
        session.generate(REQUEST)
    assert session.current is not None
    assert session.current.complete
    assert session.close()


@pytest.mark.parametrize("missing", ["folder", "file.safetensors"])
def test_a_model_that_has_gone_since_the_last_start(
    qtbot: QtBot, tmp_path: Path, missing: str
) -> None:
    """The built-in one takes its place."""
    session = Session(data_folder=tmp_path / "data")
    with qtbot.waitSignals([session.failed, session.model_ready], timeout=120_000):
        session.load_model(str(tmp_path / missing))
    assert session.facts is not None
    assert session.facts.name == "Built-in"
    assert session.close()


def test_what_is_wrong_with_a_folder_is_told_while_a_run_goes_on(
    qtbot: QtBot, tmp_path: Path
) -> None:
    gate = Gate(1)
    sampler = FakeSampler()
    sampler.before_step = gate
    session = Session(
        open_model=lambda folder, say: FakeModel(), sample=sampler, data_folder=tmp_path / "data"
    )
    with qtbot.waitSignal(session.model_ready):
        session.start()
    with qtbot.waitSignal(session.run_started):
        session.generate(REQUEST)
    empty = tmp_path / "empty"
    empty.mkdir()
    with qtbot.waitSignal(session.failed, timeout=30_000) as failed:
        session.load_model(str(empty))
    assert failed.args is not None
    assert "is empty" in failed.args[0].detail
    assert session.running
    with qtbot.waitSignal(session.run_finished):
        gate.allow(10)
    assert session.close()
