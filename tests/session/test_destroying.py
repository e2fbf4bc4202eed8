"""The session's part of destroying: one picture, the newest wish, and nothing left at the end."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pytestqt.qtbot import QtBot

from tests.builtin_sizes import HEIGHT, WIDTH
from tests.example_runs import make_picture
from tests.session.fake_model import CHANNELS, SIDE, FakeModel, FakeSampler, Gate
from visualizer.diffusion import encoding
from visualizer.diffusion.arrays import Picture
from visualizer.diffusion.encoding import EncodedPicture, RoundTrip
from visualizer.diffusion.forward import is_forward
from visualizer.diffusion.layout import LatentLayout
from visualizer.diffusion.request import RequestError, SamplingRequest
from visualizer.diffusion.starts import FromPicture
from visualizer.session.destroying import Destroying
from visualizer.session.session import Session
from visualizer.session.timeline import Timeline

PICTURE = make_picture(0.2)
ASKED = SamplingRequest("a boat", seed=5, steps=4, guidance_scale=3.0)


@pytest.fixture
def encodings(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Picture, SamplingRequest]]:
    """Stands in for the encoder; what was asked of it."""
    asked: list[tuple[Picture, SamplingRequest]] = []

    def fitted(model: FakeModel, picture: Picture, request: SamplingRequest) -> Any:
        return picture, model.plan(request)

    def encode(model: FakeModel, picture: Picture, request: SamplingRequest) -> EncodedPicture:
        asked.append((picture, request))
        shape = (CHANNELS, SIDE, SIDE)
        latents = np.full(shape, picture.mean() / 255, dtype=np.float32)
        noise = np.random.default_rng(request.seed).standard_normal(shape, dtype=np.float32)
        trip = RoundTrip(picture, make_picture(0.1))
        return EncodedPicture(trip, latents, noise, LatentLayout("grid"), model.plan(request))

    monkeypatch.setattr(encoding, "encode_picture", encode)
    monkeypatch.setattr(encoding, "fitted", fitted)
    return asked


@pytest.fixture
def destroying(qtbot: QtBot, session: Session, encodings: list[Any]) -> Destroying:
    """With a picture, destroyed in latents."""
    part = session.destroying
    part.set_request(ASKED)
    made(qtbot, part, lambda: part.take_picture(PICTURE, "A sunset"))
    return part


def made(qtbot: QtBot, part: Destroying, wish: Callable[[], object]) -> Timeline:
    """The forward process that follows a wish."""
    with qtbot.waitSignal(part.destroyed) as heard:
        wish()
    assert heard.args is not None
    timeline: Timeline = heard.args[0]
    assert timeline is part.timeline
    return timeline


def latents(timeline: Timeline, k: int) -> Any:
    return timeline.step(k).latents


# --- pictures -------------------------------------------------------------------------------------


def test_a_picture_becomes_a_round_trip_and_a_timeline(destroying: Destroying) -> None:
    timeline, trip = destroying.timeline, destroying.round_trip
    assert timeline is not None
    assert trip is not None
    assert (timeline.title, destroying.title, len(timeline)) == ("A sunset", "A sunset", 5)
    assert np.array_equal(trip.original, PICTURE)
    assert timeline.trajectory is not None
    assert is_forward(timeline.trajectory)
    assert destroying.playhead.count == 5
    assert not destroying.working
    shares = [timeline.level(k).noise_share for k in range(5)]
    assert shares == sorted(shares)
    assert [destroying.step_of(k) for k in range(5)] == [4, 3, 2, 1, 0]
    first = timeline.picture(0, "noisy")
    assert first is not None
    assert np.array_equal(first, trip.decoded)


def test_a_file_and_its_bytes_are_read(
    qtbot: QtBot, destroying: Destroying, tmp_path: Path
) -> None:
    path = tmp_path / "holiday.png"
    Image.fromarray(PICTURE[::-1].copy()).save(path)
    assert made(qtbot, destroying, lambda: destroying.take(path)).title == "holiday"
    pasted = io.BytesIO()
    Image.fromarray(PICTURE).save(pasted, "PNG")
    wish = lambda: destroying.take(pasted.getvalue())  # noqa: E731
    assert made(qtbot, destroying, wish).title == "Pasted picture"
    assert destroying.picture is not None
    assert np.array_equal(destroying.picture, PICTURE)


def test_what_is_no_picture_is_said_and_changes_nothing(
    qtbot: QtBot, destroying: Destroying
) -> None:
    before = destroying.timeline
    with qtbot.waitSignal(destroying.failed) as heard:
        destroying.take(b"%PDF-1.7")
    assert heard.args is not None
    assert "is a PDF" in heard.args[0].detail
    assert destroying.timeline is before


def test_scenes_and_runs_are_pictures_too(
    qtbot: QtBot, destroying: Destroying, session: Session
) -> None:
    scene = made(qtbot, destroying, lambda: destroying.take_scene(3))
    assert destroying.picture is not None
    assert destroying.picture.shape == (HEIGHT, WIDTH, 3)
    assert scene.title == destroying.title != ""
    with qtbot.waitSignal(session.run_finished):
        session.generate(ASKED)
    run = session.current
    assert run is not None
    assert made(qtbot, destroying, lambda: destroying.take_run(run)).title == "a boat"
    assert run.trajectory is not None
    assert run.trajectory.final is not None
    assert np.array_equal(destroying.picture, run.trajectory.final)


# --- levels and noise -----------------------------------------------------------------------------


def test_words_change_nothing_and_what_decides_the_noise_does(
    qtbot: QtBot, destroying: Destroying, encodings: list[Any]
) -> None:
    first = destroying.timeline
    assert first is not None
    destroying.set_request(replace(ASKED, prompt="a castle", guidance_scale=7.0))
    destroying.set_request(None)
    assert not destroying.working
    other = made(qtbot, destroying, lambda: destroying.set_request(replace(ASKED, seed=6)))
    assert destroying.seed == 6
    assert not np.array_equal(latents(first, 4), latents(other, 4))
    assert np.array_equal(latents(first, 0), latents(other, 0))
    longer = made(qtbot, destroying, lambda: destroying.set_request(replace(ASKED, steps=8)))
    assert len(longer) == 9
    assert len(encodings) == 3


def test_pixels_need_no_second_encoding(
    qtbot: QtBot, destroying: Destroying, encodings: list[Any]
) -> None:
    before = destroying.timeline
    assert before is not None
    pixels = made(qtbot, destroying, lambda: destroying.set_space("pixels"))
    assert [pixels.level(k) for k in range(5)] == [before.level(k) for k in range(5)]
    assert latents(pixels, 2).shape == (3, 32, 32)
    assert len(encodings) == 1
    shown = pixels.picture(0, "noisy")
    assert shown is not None
    assert np.array_equal(shown, PICTURE)


def test_the_newest_wish_replaces_those_before(
    qtbot: QtBot, destroying: Destroying, encodings: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[Timeline] = []
    destroying.destroyed.connect(heard.append)
    for seed in (7, 8, 9):
        destroying.set_request(replace(ASKED, seed=seed))
    qtbot.waitUntil(lambda: not destroying.working)
    assert [timeline.request.seed for timeline in heard] == [9]


def test_a_model_without_an_encoder_says_why_and_shows_pixels(
    qtbot: QtBot, destroying: Destroying, session: Session, model: FakeModel
) -> None:
    destroying.set_facts(replace(model.facts, no_encoder="It has no encoder."))
    assert destroying.why_not == "It has no encoder."
    assert not destroying.working
    with pytest.raises(RequestError, match="no encoder"):
        destroying.turned_round(2, ASKED)
    pixels = made(qtbot, destroying, lambda: destroying.set_space("pixels"))
    assert latents(pixels, 0).shape == (3, 32, 32)
    destroying.measure_survival(ASKED)
    assert not destroying.measuring


# --- and back -------------------------------------------------------------------------------------


def test_turning_round_begins_with_what_is_looked_at(
    qtbot: QtBot, destroying: Destroying, session: Session, sampler: FakeSampler
) -> None:
    words = replace(ASKED, prompt="a castle", seed=99, steps=50, sampler="ddim")
    with qtbot.waitSignal(session.run_finished):
        destroying.turn_round(3, words)
    request = sampler.calls[-1]
    assert isinstance(request.start, FromPicture)
    assert request.start.step == 1
    assert np.array_equal(request.start.picture, PICTURE)
    assert (request.prompt, request.seed, request.steps) == ("a castle", ASKED.seed, 4)
    assert request.sampler == ASKED.sampler


def test_without_noise_there_is_nothing_to_denoise(qtbot: QtBot, destroying: Destroying) -> None:
    with qtbot.waitSignal(destroying.failed) as heard:
        destroying.turn_round(0, ASKED)
    assert heard.args is not None
    assert "no noise in it yet" in heard.args[0].detail


# --- what survives --------------------------------------------------------------------------------


def test_survival_is_told_point_by_point(
    qtbot: QtBot, destroying: Destroying, sampler: FakeSampler
) -> None:
    with qtbot.waitSignal(destroying.survival_ended):
        destroying.measure_survival(ASKED, (0.25, 0.75))
        assert destroying.measuring
    assert [point.step for point in destroying.survival] == [3, 1]
    assert [point.share_of_noise for point in destroying.survival] == pytest.approx([0.25, 0.75])
    assert [request.start.kind for request in sampler.calls] == ["seed", "picture", "picture"]
    assert not destroying.measuring


@pytest.mark.parametrize(
    "changes", [{"prompt": "a castle"}, {"negative_prompt": "fog"}, {"guidance_scale": 7.0}]
)
def test_what_survives_is_forgotten_with_the_words_it_was_measured_for(
    qtbot: QtBot, destroying: Destroying, changes: dict[str, Any]
) -> None:
    with qtbot.waitSignal(destroying.survival_ended):
        destroying.measure_survival(ASKED, (0.25,))
    destroying.set_request(ASKED)
    assert len(destroying.survival) == 1
    run = destroying.turned_round(3, ASKED)
    other = destroying.turned_round(3, replace(ASKED, **changes))
    assert destroying.chance_of(run) == destroying.survival[0].chance
    assert destroying.chance_of(other) is None  # chance is that of other words
    with qtbot.waitSignal(destroying.survival_ended):
        destroying.set_request(replace(ASKED, **changes))
    assert not destroying.survival
    assert destroying.chance_of(run) is None
    assert not destroying.working  # the noise is the same


def test_measuring_stands_back_for_a_run(
    qtbot: QtBot, destroying: Destroying, session: Session, sampler: FakeSampler
) -> None:
    gate = Gate(0)
    began = threading.Event()

    def hold(k: int, cancelled: threading.Event) -> None:
        began.set()
        if len(sampler.calls) == 1:
            gate(k, cancelled)

    sampler.before_step = hold
    with qtbot.waitSignal(destroying.survival_ended):
        destroying.measure_survival(ASKED, (0.25,))
        qtbot.waitUntil(began.is_set)
        with qtbot.waitSignal(session.run_finished):
            session.generate(replace(ASKED, prompt="mine"))
    prompts = [request.prompt for request in sampler.calls]
    assert prompts == ["a boat", "mine", "a boat", "a boat"]  # the stopped one is made again
    assert len(destroying.survival) == 1


def test_closing_leaves_nothing_running(
    qtbot: QtBot, destroying: Destroying, session: Session, sampler: FakeSampler
) -> None:
    began = threading.Event()
    gate = Gate(0)

    def hold(k: int, cancelled: threading.Event) -> None:
        began.set()
        gate(k, cancelled)

    sampler.before_step = hold
    destroying.measure_survival(ASKED)
    qtbot.waitUntil(began.is_set)
    assert session.close()
    assert not destroying.measuring
    destroying.take_picture(PICTURE, "too late")
    assert destroying.title == "A sunset"


def test_pictures_are_sharpened_where_the_page_looks(
    qtbot: QtBot, destroying: Destroying, session: Session
) -> None:
    timeline = destroying.timeline
    assert timeline is not None
    assert session.current is None
    destroying.set_shown(True)
    destroying.playhead.seek(3)
    qtbot.waitUntil(lambda: timeline.is_exact(3, "noisy"))
    qtbot.waitUntil(lambda: all(timeline.is_exact(k, "noisy") for k in range(5)))
    destroying.set_shown(False)
