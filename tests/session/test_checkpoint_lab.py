"""Early weights paint the same prompt and seed; the model itself is the last of the strip."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import torch
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from visualizer.assets import asset_path
from visualizer.diffusion.model import Model
from visualizer.diffusion.request import SamplingRequest
from visualizer.diffusion.sampling import sample
from visualizer.session.checkpoint_lab import FOLDER, NONE_HERE, NOT_OF_THIS_MODEL, CheckpointLab
from visualizer.session.session import Session
from visualizer.training.checkpoints import found_checkpoints, save_checkpoint
from visualizer.training.denoiser import Denoiser
from visualizer.training.model_card import read_course
from visualizer.training.world.vocabulary import build_tokenizer

WAIT_MS = 120_000
REQUEST = SamplingRequest("a red car at sunset", seed=3, steps=2, guidance_scale=2.0)


@pytest.fixture(scope="module")
def model() -> Model:
    import_module("tqdm").tqdm.monitor_interval = 0  # as where the program opens it: no thread
    return Model.builtin(device="cpu")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made: Path = tmp_path_factory.mktemp("checkpoints")
    torch.manual_seed(0)
    save_checkpoint(Denoiser(build_tokenizer()), made, 0.05, 500)
    return made


@pytest.fixture
def session(qtbot: QtBot, tmp_path: Path, model: Model) -> Iterator[Session]:
    session = Session(data_folder=tmp_path / "data", open_model=lambda _folder, _say: model)
    with qtbot.waitSignal(session.model_ready, timeout=WAIT_MS):
        session.load_model(None)
    yield session
    assert session.close()
    session.deleteLater()


@pytest.fixture
def lab(session: Session, folder: Path) -> CheckpointLab:
    assert session.facts is not None
    session.checkpoint_lab.set_facts(session.facts, builtin=True, folder=folder)
    return session.checkpoint_lab


def test_the_strip_ends_with_the_model_itself(
    qtbot: QtBot, lab: CheckpointLab, model: Model
) -> None:
    assert not lab.why_not
    with qtbot.waitSignal(lab.ended, timeout=WAIT_MS):
        lab.make(REQUEST)
    assert lab.stages == ((0.05, 500), (1.0, 10_000))
    assert sorted(lab.strip) == [0, 1]
    assert [len(painted.guesses) for painted in lab.strip.values()] == [3, 3]
    final = sample(model, REQUEST).final
    assert final is not None
    assert np.array_equal(lab.strip[1].picture, final)
    assert not np.array_equal(lab.strip[0].picture, final)
    assert not lab.running


def test_the_weights_that_come_along_paint_as_their_page_tells(
    qtbot: QtBot, session: Session
) -> None:
    lab = session.checkpoint_lab
    with qtbot.waitSignal(lab.ended, timeout=WAIT_MS):
        lab.make(replace(REQUEST, steps=8))
    shown = read_course(asset_path("builtin-model")).shown
    assert lab.stages[-1] == (1.0, shown)
    assert [share * shown for share, _ in lab.stages] == pytest.approx([n for _, n in lab.stages])
    kept = [checkpoint.pictures for checkpoint in found_checkpoints(asset_path(FOLDER))]
    assert [pictures for _, pictures in lab.stages[:-1]] == kept
    pictures = [lab.strip[n].picture.astype(float) for n in range(4)]
    grain = [np.abs(np.diff(picture, axis=1)).mean() for picture in pictures]
    assert grain[0] > 3 * max(grain[1:])  # static, and then none any more
    away = [np.abs(picture - pictures[-1]).mean() for picture in pictures[:3]]
    assert away[0] > away[1] > away[2]


def test_it_is_stopped_and_another_one_begins(qtbot: QtBot, lab: CheckpointLab) -> None:
    lab.began.connect(lab.stop, Qt.ConnectionType.SingleShotConnection)  # before it paints
    with qtbot.waitSignal(lab.began, timeout=WAIT_MS):
        lab.make(REQUEST)
    assert not lab.running
    assert not lab.strip
    with qtbot.waitSignal(lab.ended, timeout=WAIT_MS):
        lab.make(REQUEST)
    assert len(lab.strip) == 2


def test_it_stands_back_for_a_run_of_the_person(
    qtbot: QtBot, session: Session, lab: CheckpointLab
) -> None:
    told: list[object] = []
    lab.painted.connect(lambda k, painted: told.append(k) if painted.guesses else None)
    session.run_finished.connect(lambda _run: told.append("mine"))
    with qtbot.waitSignal(lab.ended, timeout=WAIT_MS):
        with qtbot.waitSignal(lab.began, timeout=WAIT_MS):
            lab.make(replace(REQUEST, steps=12))
        session.generate(REQUEST)
    assert told == ["mine", 0, 1]


def test_where_there_are_none_a_sentence_says_why(
    session: Session, tmp_path: Path, lab: CheckpointLab
) -> None:
    assert session.facts is not None
    lab.set_facts(session.facts, builtin=False)
    assert lab.why_not == NOT_OF_THIS_MODEL
    lab.set_facts(session.facts, builtin=True, folder=tmp_path)
    assert lab.why_not == NONE_HERE
    lab.make(REQUEST)
    assert not lab.running
