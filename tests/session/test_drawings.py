"""The search for training drawings: only where they are known, in slices, the newest wish wins."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from tests.session.fake_model import FakeModel
from visualizer.diffusion.arrays import FloatArray, Picture
from visualizer.diffusion.request import SamplingRequest
from visualizer.session.drawings import Drawings
from visualizer.session.session import Session
from visualizer.session.timeline import Timeline
from visualizer.training.drawing_index import DrawingsError

REQUEST = SamplingRequest("a red car", seed=7, steps=3)


class Looking:
    """Stands in for the search."""

    def __init__(self) -> None:
        self.asked: list[tuple[Picture, FloatArray]] = []
        self.slices = 0
        self.trouble: Exception | None = None

    def __call__(self, _model: Any, picture: Picture, latent: FloatArray) -> Iterator[Any]:
        self.asked.append((picture, latent))
        if self.trouble is not None:
            raise self.trouble
        for _ in range(3):
            self.slices += 1
            yield None
        yield "the answer"


@pytest.fixture
def model() -> FakeModel:
    return FakeModel("Built-in")


@pytest.fixture
def looking() -> Looking:
    return Looking()


@pytest.fixture
def drawings(session: Session, looking: Looking) -> Iterator[Drawings]:
    made = beside(session, looking)
    yield made
    made.close()


def beside(session: Session, looking: Looking) -> Drawings:
    """A part of a session that looks for drawings in its own way."""
    made = Drawings(session._worker, look=looking)
    assert session.facts is not None
    made.set_facts(session.facts)
    return made


def finished(qtbot: QtBot, session: Session) -> Timeline:
    with qtbot.waitSignal(session.run_finished):
        session.generate(REQUEST)
    assert session.current is not None
    return session.current


def test_the_answer_comes_in_slices(
    qtbot: QtBot, session: Session, drawings: Drawings, looking: Looking
) -> None:
    run = finished(qtbot, session)
    assert drawings.why_not(run) == ""
    with qtbot.waitSignal(drawings.found) as heard:
        drawings.find(run)
    assert heard.args == [run, "the answer"]
    assert looking.slices == 3
    picture, latent = looking.asked[0]
    assert run.trajectory is not None
    assert picture is run.trajectory.final
    assert latent is run.trajectory.steps[-1].latents


def test_the_newest_wish_wins(qtbot: QtBot, session: Session, drawings: Drawings) -> None:
    run = finished(qtbot, session)
    heard: list[Any] = []
    drawings.found.connect(lambda timeline, _answer: heard.append(timeline))
    with qtbot.waitSignal(drawings.found):
        drawings.find(run)
        drawings.find(run)
    assert heard == [run]
    drawings.find(run)
    drawings.close()
    after = beside(session, Looking())
    with qtbot.waitSignal(after.found):
        after.find(run)
    assert heard == [run]


def test_it_says_why_it_cannot(qtbot: QtBot, session: Session, drawings: Drawings) -> None:
    run = finished(qtbot, session)
    assert drawings.why_not(None).startswith("Make a picture")
    planned = Timeline(REQUEST)
    assert "not finished" in drawings.why_not(planned)
    facts = session.facts
    assert facts is not None
    drawings.set_facts(replace(facts, weights_hash="other"))
    assert drawings.why_not(run).startswith("Open the built-in model")
    assert run.trajectory is not None
    other = replace(run.trajectory, model=replace(run.trajectory.model, name="Another"))
    assert "not known here" in drawings.why_not(Timeline.of(other))


def test_a_failure_is_a_sentence(
    qtbot: QtBot, session: Session, drawings: Drawings, looking: Looking
) -> None:
    run = finished(qtbot, session)
    looking.trouble = DrawingsError("The list of drawings is of another version.")
    with qtbot.waitSignal(drawings.failed) as heard:
        drawings.find(run)
    assert heard.args is not None
    assert "another version" in heard.args[0].detail
