"""The live lab in a session: it starts, pauses, forgets, goes line by line, and leaves nothing."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from tests.session.plain_autoencoder import PlainAutoencoder
from visualizer.session.session import Session
from visualizer.session.train_lab import LineDone, TrainLab
from visualizer.training import live_lab
from visualizer.training.lab_subjects import BATCH, SUBJECTS
from visualizer.training.training_loop import LOOP

WAIT_MS = 120_000
RATE = 2e-3


@pytest.fixture
def lab(bare_session: Session, monkeypatch: pytest.MonkeyPatch) -> TrainLab:
    """No model is needed, only an autoencoder."""
    monkeypatch.setattr(live_lab, "open_autoencoder", PlainAutoencoder)
    return bare_session.train_lab


def test_it_learns_and_paints_from_the_beginning(qtbot: QtBot, lab: TrainLab) -> None:
    states: list[str] = []
    lab.changed.connect(states.append)
    with qtbot.waitSignal(lab.sampled, timeout=WAIT_MS):
        lab.start(0, RATE)
    assert lab.going
    assert states[0] == "opening"
    assert lab.state == "training"
    (samples,) = lab.samples
    assert len(samples.painted) == len(SUBJECTS)
    qtbot.waitUntil(lambda: lab.last.steps >= samples.steps + 2, timeout=WAIT_MS)
    assert len(lab.losses) == lab.last.steps
    assert lab.last.pictures == BATCH * lab.last.steps
    assert lab.last.line in {line.name for line in LOOP}


def test_a_pause_keeps_all_and_it_goes_on_where_it_was(qtbot: QtBot, lab: TrainLab) -> None:
    lab.start(0, RATE)
    qtbot.waitUntil(lambda: lab.last.steps >= 2, timeout=WAIT_MS)
    lab.pause()
    assert not lab.going
    assert lab.state == "paused"
    kept = list(lab.losses)
    lab.start(99, RATE)  # the seed counts only at the beginning
    qtbot.waitUntil(lambda: len(lab.losses) >= len(kept) + 2, timeout=WAIT_MS)
    assert lab.losses[: len(kept)] == kept
    lab.reset()
    assert not lab.losses
    assert not lab.samples
    lab.start(0, RATE)
    qtbot.waitUntil(lambda: len(lab.losses) >= 2, timeout=WAIT_MS)
    assert lab.losses[:2] == kept[:2]  # the same seed begins the same


def test_one_line_at_a_time(qtbot: QtBot, lab: TrainLab) -> None:
    done: list[LineDone] = []
    lab.line_done.connect(done.append)
    for n in range(len(LOOP) + 1):
        lab.take_line(0, RATE)
        qtbot.waitUntil(lambda n=n: len(done) == n + 1 and not lab.going, timeout=WAIT_MS)  # type: ignore[misc]
    names = [line.name for line in LOOP]
    assert [line.name for line in done] == [*names, names[0]]
    assert all(line.value for line in done)
    assert len(lab.losses) == 1
    lab.start(0, RATE)  # from the middle of the second step on
    qtbot.waitUntil(lambda: lab.last.steps >= 3, timeout=WAIT_MS)


def test_the_session_closes_in_the_middle_of_a_step(
    qtbot: QtBot, lab: TrainLab, bare_session: Session
) -> None:
    lab.start(0, RATE)
    qtbot.waitUntil(lambda: lab.last.steps >= 1, timeout=WAIT_MS)
    assert bare_session.close()
    assert not lab.going


def test_what_goes_wrong_is_told_and_it_can_begin_again(
    qtbot: QtBot, lab: TrainLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise FileNotFoundError(2, "No such file", "autoencoder")

    monkeypatch.setattr(live_lab, "open_autoencoder", broken)
    with qtbot.waitSignal(lab.failed, timeout=WAIT_MS) as told:
        lab.start(0, RATE)
    assert told.args is not None
    assert "does not exist" in told.args[0].detail
    assert not lab.going
    assert lab.state == "new"
