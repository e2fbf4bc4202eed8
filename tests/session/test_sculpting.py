"""What each step changed: measured off the window's thread, and only of what is there by now."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from visualizer.diffusion import decided, spectrum
from visualizer.diffusion.request import SamplingRequest
from visualizer.session import sculpting as sculpting_module
from visualizer.session.sculpting import GUESS, Sculpting
from visualizer.session.session import Session
from visualizer.session.timeline import Timeline, points_of

STEPS = 4
REQUEST = SamplingRequest("a red car", seed=7, steps=STEPS)


@pytest.fixture
def part(session: Session) -> Iterator[Sculpting]:
    yield session.sculpting
    session.sculpting.set_timeline(None)


@pytest.fixture
def run(qtbot: QtBot, session: Session) -> Timeline:
    """A finished run whose guesses are all exact."""
    with qtbot.waitSignal(session.run_finished):
        session.generate(REQUEST)
    made = session.current
    assert made is not None
    return made


def look(qtbot: QtBot, part: Sculpting, run: Timeline) -> None:
    """Until all is known, of exact pictures."""
    for k in range(len(run)):
        run.picture(k, GUESS)  # asking makes it wanted
    qtbot.waitUntil(lambda: all(run.is_exact(k, GUESS) for k in range(len(run))), timeout=20_000)
    part.set_timeline(run)
    part.set_active(True)
    qtbot.waitUntil(lambda: part.decided("whole") is not None, timeout=20_000)
    qtbot.waitUntil(lambda: all(part.change(k) is not None for k in range(1, STEPS + 1)))


def test_it_measures_on_another_thread(
    qtbot: QtBot, part: Sculpting, run: Timeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: set[str] = set()
    whole = spectrum.waves

    def waves(values: spectrum.Values) -> spectrum.Waves:
        threads.add(threading.current_thread().name)
        return whole(values)

    monkeypatch.setattr(spectrum, "waves", waves)
    look(qtbot, part, run)
    assert part.spectrum(1, "noisy") is None
    qtbot.waitUntil(lambda: part.spectrum(1, "noisy") is not None)
    assert threads == {"files"}


def test_it_finds_what_the_pictures_say(qtbot: QtBot, part: Sculpting, run: Timeline) -> None:
    look(qtbot, part, run)
    pictures = [run.picture(k, GUESS) for k in range(STEPS + 1)]
    waves = [spectrum.waves(spectrum.values_of(p)) for p in pictures if p is not None]
    assert part.change(3) == pytest.approx(spectrum.change_by_band(waves[2], waves[3]))
    alike = [decided.likeness_to_end(each, waves[-1]).whole for each in waves]
    assert part.decided("whole") == decided.decided_from(alike)
    found = part.spectrum(2, GUESS)
    assert found is not None
    assert np.array_equal(found.energy, waves[2].spectrum().energy)


def test_a_picture_that_changes_while_it_is_measured_is_measured_again(
    qtbot: QtBot, part: Sculpting, run: Timeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    look(qtbot, part, run)
    measure, asked, go_on = sculpting_module._measure, threading.Event(), threading.Event()
    measured: list[int] = []

    def held(wish: sculpting_module._Wish, waves: sculpting_module._WaveMaker) -> object:
        measured.append(wish.here.key[0])
        asked.set()
        go_on.wait(10)
        return measure(wish, waves)

    monkeypatch.setattr(sculpting_module, "_measure", held)
    run.picture_changed.emit(2, GUESS)
    qtbot.waitUntil(asked.is_set)
    run.picture_changed.emit(2, GUESS)
    told: list[list[int]] = []
    part.changed.connect(lambda: told.append(list(measured)))
    go_on.set()
    qtbot.waitUntil(lambda: part.change(2) is not None and measured == [2, 3, 2])
    qtbot.waitUntil(lambda: len(told) == 2)
    assert told[0][:2] == [2, 3], "what was found with the former picture is not told"


def test_where_nothing_can_be_decoded_the_latents_are_measured(
    qtbot: QtBot, part: Sculpting, run: Timeline
) -> None:
    assert run.trajectory is not None
    bare = Timeline(REQUEST, levels=run.trajectory.planned)
    bare.append(points_of(run.trajectory))
    part.set_timeline(bare)
    part.set_active(True)
    qtbot.waitUntil(lambda: part.decided("whole") is not None)
    assert part.of_latents
    assert part.spectrum(1, GUESS) is not None


def test_nothing_is_measured_while_nobody_looks(
    qtbot: QtBot, session: Session, part: Sculpting, run: Timeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured: list[object] = []
    measure = sculpting_module._measure

    def counted(wish: sculpting_module._Wish, waves: sculpting_module._WaveMaker) -> object:
        measured.append(wish.here.key)
        return measure(wish, waves)

    monkeypatch.setattr(sculpting_module, "_measure", counted)
    part.set_timeline(run)
    assert part.spectrum(1, GUESS) is None
    run.picture_changed.emit(1, GUESS)
    with qtbot.waitSignal(session.picture_read):
        session.read_picture(b"no picture", "")  # what was asked of the desk before is done by then
    assert measured == []
    part.set_active(True)
    qtbot.waitUntil(lambda: (1, GUESS) in measured)


def test_what_fails_is_told_and_ends_it(
    qtbot: QtBot, session: Session, part: Sculpting, run: Timeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    def overflow(_values: spectrum.Values) -> spectrum.Waves:
        raise MemoryError

    monkeypatch.setattr(spectrum, "waves", overflow)
    part.set_timeline(run)
    with qtbot.waitSignal(session.failed) as failed:
        part.set_active(True)
    assert failed.args is not None
    assert failed.args[0].title == "What the steps changed cannot be measured."
