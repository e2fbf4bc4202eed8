"""Sessions with a fake model, which every test leaves without a thread behind it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from tests.session.fake_model import FakeModel, FakeSampler
from tests.session.witness import Witness
from visualizer.session.session import Session


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    until = time.monotonic() + 10  # a server of a test may still be ending its last answer
    while (left := set(threading.enumerate()) - before) and time.monotonic() < until:
        left.pop().join(0.05)
    assert [thread.name for thread in left if thread.is_alive()] == []


@pytest.fixture
def model() -> FakeModel:
    return FakeModel()


@pytest.fixture
def sampler() -> FakeSampler:
    return FakeSampler()


@pytest.fixture
def bare_session(
    qtbot: QtBot, tmp_path: Path, model: FakeModel, sampler: FakeSampler
) -> Iterator[Session]:
    """A session in which nothing has been loaded yet."""
    session = Session(
        data_folder=tmp_path / "data",
        open_model=lambda folder, say: model,
        sample=sampler,
        sample_lanes=sampler.lanes,
    )
    yield session
    assert session.close()
    session.deleteLater()


@pytest.fixture
def session(qtbot: QtBot, bare_session: Session) -> Session:
    """A session whose model is ready."""
    with qtbot.waitSignal(bare_session.model_ready):
        bare_session.load_model(None)
    return bare_session


@pytest.fixture
def witness(bare_session: Session) -> Witness:
    """Everything the session says, in order."""
    return Witness(bare_session)
