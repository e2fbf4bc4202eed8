"""What is asked of words: each wish answered once, pictures one at a time, nothing left running."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from tests.session.fake_model import FakeModel, FakeSampler, Gate
from visualizer.diffusion import word_swap
from visualizer.diffusion.arrays import Picture
from visualizer.diffusion.attention_recorder import AttentionRecorder
from visualizer.diffusion.request import SamplingRequest
from visualizer.diffusion.trajectory import Trajectory
from visualizer.session.session import Session
from visualizer.session.words import SwapResult

BASE = SamplingRequest("a red car", seed=5, steps=3, guidance_scale=3.0, width=32, height=32)


def test_two_runs_that_differ_in_a_word(
    session: Session, qtbot: QtBot, sampler: FakeSampler
) -> None:
    told: list[float] = []
    session.words.swap_progressed.connect(told.append)
    other = replace(BASE, prompt="a red boat")
    with qtbot.waitSignal(session.words.swap_ready) as ready:
        session.words.compare(BASE, other)
    assert ready.args is not None
    result: SwapResult = ready.args[0]
    assert [run.request for run in result.runs] == [BASE, other] == sampler.calls
    assert result.differences.shape == (3,)
    assert result.differences[0] == 0  # at pure noise the fake guesses nothing
    assert result.differences[1:].min() > 0.05
    assert result.first_visible == 1
    assert result.pictures[1] is result.runs[1].final
    assert told == sorted(told)
    assert told[-1] == 1


def test_a_run_that_is_there_is_not_made_again(
    session: Session, qtbot: QtBot, sampler: FakeSampler
) -> None:
    with qtbot.waitSignal(session.run_finished):
        session.generate(BASE)
    assert session.current is not None
    made = session.current.trajectory
    with qtbot.waitSignal(session.words.swap_ready) as ready:
        session.words.compare(BASE, replace(BASE, prompt="a red boat"), made=made)
    assert len(sampler.calls) == 2
    assert ready.args is not None
    assert ready.args[0].runs[0] is made
    with qtbot.waitSignal(session.words.swap_ready):  # that of another request is
        session.words.compare(replace(BASE, seed=6), BASE, made=made)
    assert len(sampler.calls) == 4


def test_measuring_a_swap_stops_between_two_steps(
    session: Session, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stands back for a run, goes on where it was, and stops when nobody waits any more."""
    counted: list[int] = []
    gate, measuring = threading.Event(), threading.Event()

    def slow(*_runs: Any) -> Iterator[float]:
        for k in range(3):
            counted.append(k)
            measuring.set()
            assert gate.wait(60)
            yield 0.1

    monkeypatch.setattr(word_swap, "guesses_apart", slow)
    other = replace(BASE, prompt="a red boat")
    with qtbot.waitSignal(session.words.swap_ready) as ready:
        session.words.compare(BASE, other)
        qtbot.waitUntil(measuring.is_set)
        with qtbot.waitSignal(session.run_finished):
            session.generate(replace(BASE, prompt="mine"))
            gate.set()
        assert counted[0] == 0
    assert counted == [0, 1, 2]
    assert ready.args is not None
    assert ready.args[0].differences.tolist() == pytest.approx([0.1, 0.1, 0.1])
    gate.clear()
    measuring.clear()
    counted.clear()
    session.words.compare(BASE, other)
    qtbot.waitUntil(measuring.is_set)
    session.words.cancel_swap()
    gate.set()
    with qtbot.waitSignal(session.run_finished):
        session.generate(BASE)
    assert counted == [0]


def test_the_same_words_never_part(session: Session, qtbot: QtBot) -> None:
    with qtbot.waitSignal(session.words.swap_ready) as ready:
        session.words.compare(BASE, BASE)
    assert ready.args is not None
    assert ready.args[0].first_visible is None
    assert not ready.args[0].differences.any()


def test_guidance_and_no_prompt_as_strips(
    session: Session, qtbot: QtBot, sampler: FakeSampler
) -> None:
    shown: list[tuple[int, Picture]] = []
    session.words.strip_progressed.connect(lambda n, picture: shown.append((n, picture)))
    with qtbot.waitSignal(session.words.strip_ended):
        session.words.strip(BASE, [None, 5.0, 12.0])
    assert [n for n, _ in shown] == [0, 1, 2]
    assert [r.guidance_scale for r in sampler.calls] == [1.0, 5.0, 12.0]
    assert {replace(r, guidance_scale=3.0) for r in sampler.calls} == {BASE}
    with qtbot.waitSignal(session.words.strip_ended):
        session.words.unprompted(replace(BASE, negative_prompt="fog"), [7, 8])
    assert [(r.prompt, r.negative_prompt, r.seed) for r in sampler.calls[3:]] == [
        ("", None, 7),
        ("", None, 8),
    ]
    assert not np.array_equal(shown[3][1], shown[4][1])


def test_a_strip_that_is_called_off_says_no_more(
    session: Session, qtbot: QtBot, sampler: FakeSampler
) -> None:
    gate = Gate(1)
    sampler.before_step = gate
    heard: list[object] = []
    session.words.strip_progressed.connect(lambda *told: heard.append(told))
    session.words.strip_ended.connect(lambda: heard.append("ended"))
    session.words.strip(BASE, [2.0, 3.0])
    qtbot.waitUntil(lambda: len(sampler.calls) == 1)
    session.words.cancel_strip()
    gate.allow(100)
    with qtbot.waitSignal(session.run_finished):
        session.generate(BASE)
    assert heard == []
    assert len(sampler.calls) == 2


def hold_the_first(sampler: FakeSampler) -> None:
    """The first picture takes one step, and no other until it is stopped."""
    gate = Gate(1)

    def hold(k: int, cancelled: threading.Event) -> None:
        if len(sampler.calls) == 1:
            gate(k, cancelled)

    sampler.before_step = hold


def test_a_strip_stands_back_for_a_run_of_the_person(
    session: Session, qtbot: QtBot, sampler: FakeSampler
) -> None:
    hold_the_first(sampler)
    shown: list[int] = []
    session.words.strip_progressed.connect(lambda n, _picture: shown.append(n))
    with qtbot.waitSignal(session.words.strip_ended):
        session.words.strip(BASE, [2.0, 4.0, 5.0])
        qtbot.waitUntil(lambda: len(sampler.calls) == 1)
        with qtbot.waitSignal(session.run_finished):
            session.generate(replace(BASE, prompt="mine"))
    made = [(r.prompt, r.guidance_scale) for r in sampler.calls]
    one, *others = [(BASE.prompt, scale) for scale in (2.0, 4.0, 5.0)]
    assert made == [one, ("mine", 3.0), one, *others]  # the stopped one is made again
    assert shown == [0, 1, 2]


def test_a_swap_stands_back_too(session: Session, qtbot: QtBot, sampler: FakeSampler) -> None:
    hold_the_first(sampler)
    other = replace(BASE, prompt="a red boat")
    with qtbot.waitSignal(session.words.swap_ready) as ready:
        session.words.compare(BASE, other)
        qtbot.waitUntil(lambda: len(sampler.calls) == 1)
        with qtbot.waitSignal(session.run_finished):
            session.generate(replace(BASE, prompt="mine"))
    assert [r.prompt for r in sampler.calls] == ["a red car", "mine", "a red car", "a red boat"]
    assert ready.args is not None
    assert [run.request for run in ready.args[0].runs] == [BASE, other]


def test_what_fails_is_told_once(session: Session, qtbot: QtBot, sampler: FakeSampler) -> None:
    sampler.notice = "The numbers overflowed."
    with qtbot.waitSignal(session.words.failed) as failed:
        session.words.compare(BASE, replace(BASE, prompt="a boat"))
    assert failed.args is not None
    assert failed.args[0].detail == "The numbers overflowed."
    with qtbot.waitSignal(session.words.failed) as failed:
        session.words.strip(replace(BASE, sampler="stubborn"), [2.0])
    assert failed.args is not None
    assert "Stubborn" in failed.args[0].detail


def test_prompts_that_cannot_be_read_are_refused(
    session: Session, qtbot: QtBot, model: FakeModel
) -> None:
    model.pipeline = SimpleNamespace()  # type: ignore[attr-defined]
    model.vocabulary = None  # type: ignore[attr-defined]
    with qtbot.waitSignal(session.words.nearest_ready, timeout=60_000) as near:
        session.words.nearest("car")
    assert near.args == ["car", []]
    with qtbot.waitSignal(session.words.refused, timeout=60_000) as refused:
        session.words.read("a red car")
    assert refused.args == ["This model has no text encoder at hand."]


def test_before_there_is_a_model(bare_session: Session, qtbot: QtBot) -> None:
    words = bare_session.words
    assert words.why_not == words.why_no_swap == "There is no model yet."
    with qtbot.waitSignal(words.refused, timeout=60_000) as refused:
        words.read("a red car")
    assert refused.args is not None
    assert refused.args[0].startswith("There is no model yet.")


def test_the_reason_is_that_of_the_model(session: Session, model: FakeModel, qtbot: QtBot) -> None:
    assert session.words.why_not == ""
    model.facts = replace(model.facts, no_attention="There is no cross-attention.")
    with qtbot.waitSignal(session.model_ready):
        session.load_model(None)
    assert session.words.why_not == "There is no cross-attention."
    assert session.words.why_no_swap == ""


@pytest.mark.parametrize("shows", [True, False])
def test_a_recorder_goes_along_only_where_there_is_attention(
    qtbot: QtBot, tmp_path: Path, model: FakeModel, shows: bool
) -> None:
    given: list[object] = []
    plain = FakeSampler()

    def sample(*args: Any, **named: Any) -> Trajectory:
        given.append(named.pop("attention", None))
        return plain(*args, **named)

    model.facts = replace(model.facts, no_attention="" if shows else "No.")
    session = Session(data_folder=tmp_path, open_model=lambda folder, say: model, sample=sample)
    with qtbot.waitSignal(session.model_ready):
        session.load_model(None)
    for seed, attention in enumerate((False, True)):
        with qtbot.waitSignal(session.run_finished, timeout=60_000):
            session.generate(replace(BASE, seed=seed), attention=attention)
    assert [isinstance(one, AttentionRecorder) for one in given] == [False, shows]
    assert session.close()


def test_why_a_run_was_not_recorded_is_told_with_it(
    qtbot: QtBot, tmp_path: Path, model: FakeModel
) -> None:
    plain = FakeSampler()

    def sample(*args: Any, attention: AttentionRecorder, **named: Any) -> Trajectory:
        attention.why_not = "A blend has no words."
        return plain(*args, **named)

    session = Session(data_folder=tmp_path, open_model=lambda folder, say: model, sample=sample)
    with qtbot.waitSignal(session.model_ready):
        session.load_model(None)
    with qtbot.waitSignal(session.run_finished, timeout=60_000):
        session.generate(BASE, attention=True)
    run = session.current
    assert run is not None
    assert run.trajectory is not None
    assert not run.trajectory.cancelled
    assert (run.attention, run.no_attention) == (None, "A blend has no words.")
    assert session.close()


def test_the_builtin_model_says_what_its_words_do(qtbot: QtBot, tmp_path: Path) -> None:
    session = Session(data_folder=tmp_path)
    with qtbot.waitSignal(session.model_ready, timeout=120_000):
        session.load_model(None)
    request = SamplingRequest("a red car at night", seed=7, steps=2)
    grown: list[int] = []

    def watch(timeline: Any) -> None:
        timeline.grown.connect(lambda: grown.append(_steps_recorded(timeline)))

    session.run_started.connect(watch)
    with qtbot.waitSignal(session.run_finished, timeout=60_000) as finished:
        session.generate(request, attention=True)
    assert finished.args is not None
    timeline = finished.args[0]
    assert timeline.attention.words == ("a", "red", "car", "at", "night")
    assert len(timeline.attention.steps) == 2
    assert grown == sorted(grown)
    with qtbot.waitSignal(session.run_finished, timeout=60_000) as finished:
        session.generate(replace(request, seed=8))
    assert finished.args is not None
    assert finished.args[0].attention is None

    with qtbot.waitSignal(session.words.reading_ready, timeout=60_000) as read:
        session.words.read("a red car")
    assert read.args is not None
    assert read.args[0].causal
    with qtbot.waitSignal(session.words.nearest_ready, timeout=60_000) as near:
        session.words.nearest("Ferrari")
    assert near.args is not None
    assert near.args[1][0][0] == "car"
    with qtbot.waitSignal(session.words.nearest_ready, timeout=60_000) as near:
        session.words.nearest("bicycle")
    assert near.args == ["bicycle", []]
    assert session.close()


def _steps_recorded(timeline: Any) -> int:
    return 0 if timeline.attention is None else len(timeline.attention.steps)
