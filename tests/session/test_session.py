"""Sessions with a fake model: runs, stops, histories, files, and what goes wrong."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, Qt
from pytestqt.qtbot import QtBot

from tests.example_runs import make_run
from tests.session.fake_model import FakeModel, FakeSampler, Gate
from tests.session.witness import Witness
from visualizer.diffusion.model_folder import ModelError
from visualizer.diffusion.request import SamplingRequest
from visualizer.diffusion.trajectory import Trajectory
from visualizer.session import session as session_module
from visualizer.session.playhead import Playhead
from visualizer.session.session import Session
from visualizer.session.timeline import Timeline

REQUEST = SamplingRequest("a red car", seed=7, steps=4)


@pytest.fixture(autouse=True)
def _no_double_press(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests press faster than people do; one test looks at double presses."""
    monkeypatch.setattr(session_module, "SECOND_PRESS_S", 0.0)


def generate(qtbot: QtBot, session: Session, request: SamplingRequest = REQUEST) -> Timeline:
    with qtbot.waitSignal(session.run_finished) as finished:
        session.generate(request)
    assert finished.args is not None
    timeline: Timeline = finished.args[0]
    return timeline


def all_exact(timeline: Timeline) -> bool:
    return all(
        timeline.is_exact(k, view) for k in range(len(timeline)) for view in ("noisy", "denoised")
    )


# --- a run ----------------------------------------------------------------------------------------


def test_a_run_grows_and_ends(qtbot: QtBot, session: Session, witness: Witness) -> None:
    timeline = generate(qtbot, session)
    assert timeline.complete
    assert timeline.trajectory is not None
    assert not timeline.running
    assert not session.running
    assert session.current is timeline
    assert session.history == (timeline,)
    assert session.playhead.index == 4
    assert witness.names("running_changed", "run_started", "run_finished") == [
        "running_changed",
        "run_started",
        "running_changed",
        "run_finished",
    ]
    assert witness.all("progressed")[-1].done == 4
    assert witness.all("failed") == []


def test_every_picture_becomes_exact_after_the_run(
    qtbot: QtBot, session: Session, model: FakeModel
) -> None:
    timeline = generate(qtbot, session)
    qtbot.waitUntil(lambda: all_exact(timeline))
    run = timeline.trajectory
    assert run is not None
    for k in range(5):
        for view in ("noisy", "denoised"):
            exact = timeline.picture(k, view)
            assert exact is not None
            assert np.array_equal(exact, run.with_decoder(model).picture(k, view))


def test_previews_are_there_while_it_runs_and_nothing_is_decoded_exactly(
    qtbot: QtBot, session: Session, sampler: FakeSampler, model: FakeModel
) -> None:
    gate = Gate(3)
    sampler.before_step = gate
    session.generate(REQUEST)
    qtbot.waitUntil(lambda: session.current is not None and len(session.current) == 3)
    timeline = session.current
    assert timeline is not None
    for k in range(3):
        preview = timeline.picture(k, "noisy")
        assert preview is not None
        step = timeline.step(k)
        assert np.array_equal(preview, model.fast_decoder.decode(step.unit_latents))
        assert timeline.thumbnail(k) is preview
    noise = "noise"  # is made on demand, by the desk
    with qtbot.waitSignal(timeline.picture_changed, check_params_cb=lambda k, v: v == noise):
        assert timeline.picture(1, "noise") is None
    assert timeline.picture(1, "noise") is not None
    assert model.decoded == 0
    assert timeline.running
    gate.allow(10)
    qtbot.waitUntil(lambda: not session.running)


def test_the_playhead_follows_and_can_be_taken(
    qtbot: QtBot, session: Session, sampler: FakeSampler
) -> None:
    gate = Gate(2)
    sampler.before_step = gate
    session.generate(REQUEST)
    playhead: Playhead = session.playhead
    qtbot.waitUntil(lambda: playhead.index == 1)
    assert playhead.live
    playhead.seek(0)
    gate.allow(2)
    qtbot.waitUntil(lambda: playhead.count == 4)
    assert playhead.index == 0
    playhead.go_live()
    assert playhead.index == 3
    gate.allow(9)
    qtbot.waitUntil(lambda: not session.running)
    assert playhead.index == 4
    assert not playhead.live


def test_the_measured_line_is_drawn_again_against_the_final_latent(
    qtbot: QtBot, session: Session, sampler: FakeSampler
) -> None:
    gate = Gate(4)
    sampler.before_step = gate
    session.generate(REQUEST)
    qtbot.waitUntil(lambda: session.current is not None and len(session.current) == 4)
    timeline = session.current
    assert timeline is not None
    live = timeline.measured_share(2)
    gate.allow(1)
    qtbot.waitUntil(lambda: not session.running)
    run = timeline.trajectory
    assert run is not None
    level = run.steps[2].noise_level.with_noise(run.measured_noise(2))
    assert timeline.measured_share(2) == pytest.approx(level.noise_share)
    assert timeline.measured_share(2) != live


def test_many_quick_steps_come_in_few_deliveries(qtbot: QtBot, session: Session) -> None:
    grown: list[int] = []
    session.run_started.connect(lambda t: t.grown.connect(lambda: grown.append(len(t))))
    timeline = generate(qtbot, session, SamplingRequest("a", steps=900))
    assert len(timeline) == 901
    assert len(grown) < 450
    assert session.cache.size <= session.cache.limit


# --- stopping -------------------------------------------------------------------------------------


def test_stop_keeps_what_is_there(
    qtbot: QtBot, session: Session, sampler: FakeSampler, witness: Witness
) -> None:
    sampler.before_step = Gate(3)
    session.generate(REQUEST)
    qtbot.waitUntil(lambda: session.current is not None and len(session.current) == 3)
    with qtbot.waitSignal(session.run_finished):
        session.stop()
    timeline = session.history[0]
    assert timeline.cancelled
    assert len(timeline) == 3
    assert timeline.total == 5
    assert timeline.trajectory is not None
    assert witness.all("failed") == []
    qtbot.waitUntil(lambda: all_exact(timeline))


def test_a_run_stopped_before_its_first_step_leaves_the_former_one(
    qtbot: QtBot, session: Session, sampler: FakeSampler
) -> None:
    former = generate(qtbot, session)
    sampler.before_step = Gate(0)
    with qtbot.waitSignal(session.run_started):
        session.generate(REQUEST)
    with qtbot.waitSignal(session.run_finished) as finished:
        session.stop()
    assert finished.args is not None
    assert not finished.args[0].running
    assert session.history == (former,)
    assert session.current is former


def test_stopping_what_does_not_run_does_nothing(session: Session, witness: Witness) -> None:
    session.stop()
    assert witness.said == []


def test_generate_twice_makes_one_run(
    qtbot: QtBot,
    session: Session,
    sampler: FakeSampler,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(session_module, "SECOND_PRESS_S", 3600.0)
    with qtbot.waitSignal(session.run_finished):
        session.generate(REQUEST)
        session.generate(REQUEST)
    session.generate(REQUEST)  # the run was quick; the finger was quicker
    assert not session.running
    assert len(sampler.calls) == 1


def test_generate_while_running_is_ignored(
    qtbot: QtBot, session: Session, sampler: FakeSampler
) -> None:
    gate = Gate(2)
    sampler.before_step = gate
    session.generate(REQUEST)
    qtbot.waitUntil(lambda: session.current is not None)
    session.generate(SamplingRequest("another", steps=4))
    gate.allow(9)
    qtbot.waitUntil(lambda: not session.running)
    assert [call.prompt for call in sampler.calls] == ["a red car"]


def test_a_new_run_does_not_wait_for_the_pictures_of_the_last(
    qtbot: QtBot, session: Session, model: FakeModel
) -> None:
    held, decoding = threading.Event(), threading.Event()
    generate(qtbot, session, SamplingRequest("a", steps=50))

    def hold() -> None:
        decoding.set()
        held.wait(20)

    model.before_decode = hold
    qtbot.waitUntil(decoding.is_set)
    before = model.decoded
    then: list[int] = []
    session.run_started.connect(lambda timeline: then.append(model.decoded))
    with qtbot.waitSignal(session.run_finished):
        session.generate(SamplingRequest("b", steps=3))
        model.before_decode = lambda: None
        held.set()
    # the one at work, the one behind it at most, and the new run's own final picture
    assert then[0] - before <= 3


# --- while the model loads ------------------------------------------------------------------------


def slow_session(tmp_path: Path, model: FakeModel, sampler: FakeSampler) -> tuple[Session, Any]:
    go = threading.Event()

    def open_model(folder: str | None, say: Any) -> FakeModel:
        say("Loading …")
        assert go.wait(20)
        return model

    return Session(data_folder=tmp_path, open_model=open_model, sample=sampler), go


def test_a_run_asked_for_early_waits_for_the_model(
    qtbot: QtBot, tmp_path: Path, model: FakeModel, sampler: FakeSampler
) -> None:
    session, go = slow_session(tmp_path, model, sampler)
    with qtbot.waitSignal(session.model_loading):
        session.load_model(None)
    session.generate(REQUEST)
    assert session.running
    assert session.waiting
    go.set()
    qtbot.waitUntil(lambda: len(session.history) == 1)
    assert session.close()


def test_stop_before_the_model_is_there_answers_at_once(
    qtbot: QtBot, tmp_path: Path, model: FakeModel, sampler: FakeSampler
) -> None:
    session, go = slow_session(tmp_path, model, sampler)
    witness = Witness(session)
    session.load_model(None)
    session.generate(REQUEST)
    session.stop()
    assert not session.running
    session.generate(SamplingRequest("the other one", steps=2))
    go.set()
    qtbot.waitUntil(lambda: len(session.history) == 1)
    assert session.history[0].request.prompt == "the other one"
    assert [call.prompt for call in sampler.calls] == ["the other one"]
    assert len(witness.all("run_started")) == 1
    assert session.close()


def test_closing_while_the_model_loads_waits_for_it_and_leaves_no_thread(
    qtbot: QtBot, tmp_path: Path, model: FakeModel, sampler: FakeSampler
) -> None:
    session, go = slow_session(tmp_path, model, sampler)
    with qtbot.waitSignal(session.model_loading):
        session.load_model(None)
    threading.Timer(0.05, go.set).start()
    assert session.close()


def test_closing_does_not_wait_for_ever(
    qtbot: QtBot,
    tmp_path: Path,
    model: FakeModel,
    sampler: FakeSampler,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(session_module, "CLOSE_SECONDS", 0.05)
    session, go = slow_session(tmp_path, model, sampler)
    with qtbot.waitSignal(session.model_loading):
        session.load_model(None)
    assert not session.close()
    go.set()
    qtbot.waitUntil(lambda: session.close())


def test_closing_in_the_middle_of_a_run(
    qtbot: QtBot, session: Session, sampler: FakeSampler
) -> None:
    sampler.before_step = Gate(2)
    session.generate(REQUEST)
    qtbot.waitUntil(lambda: session.playhead.count == 2)
    assert session.close()  # the fixture counts the threads


# --- planning -------------------------------------------------------------------------------------


def test_levels_are_planned_before_anything_runs(
    qtbot: QtBot, session: Session, witness: Witness
) -> None:
    with qtbot.waitSignal(session.planned) as planned:
        session.plan(SamplingRequest("a", steps=20))
        session.plan(SamplingRequest("a", steps=9))
    assert planned.args is not None
    timeline = planned.args[0]
    assert (timeline.total, len(timeline)) == (10, 0)
    assert len(witness.all("planned")) == 1
    assert session.current is None


def test_a_request_that_cannot_be_done_says_why(qtbot: QtBot, session: Session) -> None:
    with qtbot.waitSignal(session.plan_refused) as refused:
        session.plan(SamplingRequest("a", steps=5000))
    assert refused.args == ["This sampler takes at most 1000 steps, not 5000."]


def test_a_plan_asked_for_early_comes_with_the_model(qtbot: QtBot, bare_session: Session) -> None:
    bare_session.plan(REQUEST)
    with qtbot.waitSignal(bare_session.planned):
        bare_session.load_model(None)


def test_how_a_prompt_is_read_comes_with_its_plan(qtbot: QtBot, session: Session) -> None:
    with qtbot.waitSignal(session.prompt_read) as read:
        session.plan(SamplingRequest("a red car", steps=5000))  # which cannot be done
    assert read.args is not None
    prompt, reading = read.args
    assert prompt == "a red car"
    assert (reading.tokens, reading.token_limit, reading.cut) == (3, 75, None)
    with qtbot.waitSignal(session.prompt_read) as read:
        session.plan(SamplingRequest("car " * 76, steps=4))
    assert read.args is not None
    assert read.args[1].cut == 4 * 75


def test_a_run_that_goes_on_longer_than_planned(
    qtbot: QtBot, session: Session, sampler: FakeSampler, model: FakeModel, witness: Witness
) -> None:
    gate = Gate(1)
    sampler.before_step = gate
    sampler.replans_to = 6
    session.plan(REQUEST)
    with qtbot.waitSignal(session.run_started):
        session.generate(REQUEST)
    timeline = session.current
    assert timeline is not None
    qtbot.waitUntil(lambda: timeline.total == 7)
    assert timeline.level(1) == model.plan(SamplingRequest("a", steps=6)).levels[1]
    planned = len(witness.all("planned"))
    with qtbot.waitSignal(session.run_finished):
        gate.allow(20)
    last = witness.all("progressed")[-1]
    assert (last.done, last.total) == (6, 6)
    assert timeline.complete
    qtbot.waitUntil(lambda: len(witness.all("planned")) > planned)  # the model knows better now


# --- what goes wrong ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "detail"),
    [
        (ModelError("The model ran out of memory."), "The model ran out of memory."),
        (MemoryError(), "not enough memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), "not enough memory"),
        (ZeroDivisionError("odd"), "crash.log"),
    ],
)
def test_a_run_that_fails_half_way_says_so_and_keeps_its_steps(
    qtbot: QtBot,
    session: Session,
    sampler: FakeSampler,
    witness: Witness,
    error: Exception,
    detail: str,
) -> None:
    def fail(k: int, cancelled: threading.Event) -> None:
        if k == 2:
            raise error

    sampler.before_step = fail
    with qtbot.waitSignal(session.failed):
        session.generate(REQUEST)
    (failure,) = witness.all("failed")
    assert detail in failure.detail
    assert failure.title == "The picture could not be generated."
    assert not session.running
    assert len(session.history[0]) == 2
    assert session.history[0].cancelled
    sampler.before_step = lambda k, cancelled: None
    assert generate(qtbot, session).complete


@pytest.mark.parametrize(
    ("error", "detail"),
    [
        (RuntimeError("CUDA error: an illegal memory access was encountered"), "Open the model"),
        (RuntimeError("CUBLAS_STATUS_ALLOC_FAILED when calling cublasCreate"), "not enough memory"),
    ],
)
def test_a_device_that_is_full_or_gone_is_told_in_plain_words(
    qtbot: QtBot, session: Session, model: FakeModel, error: Exception, detail: str
) -> None:
    import torch  # the worker has imported it by the time a device can fail

    assert torch.__version__
    timeline = generate(qtbot, session)
    qtbot.waitUntil(lambda: all_exact(timeline))

    def fail() -> None:
        raise error

    model.before_decode = fail
    with qtbot.waitSignal(session.failed) as failed:
        session.playhead.set_view("noise")
    assert failed.args is not None
    assert detail in failed.args[0].detail
    model.before_decode = lambda: None
    assert generate(qtbot, session).complete


def test_numbers_that_are_not_finite_stop_the_run_with_a_sentence(
    qtbot: QtBot, session: Session, sampler: FakeSampler, witness: Witness
) -> None:
    def spoil(k: int, cancelled: threading.Event) -> None:
        if k == 3:
            sampler.notice = "The latents are not finite from step 3 on."

    sampler.before_step = spoil
    with qtbot.waitSignal(session.failed) as failed:
        session.generate(REQUEST)
    assert failed.args is not None
    assert "not finite" in failed.args[0].detail
    assert "not finite" in session.history[0].notice


def test_a_refused_request_changes_nothing(
    qtbot: QtBot, session: Session, witness: Witness
) -> None:
    former = generate(qtbot, session)
    with qtbot.waitSignal(session.failed) as failed:
        session.generate(SamplingRequest("a", steps=5000))
    assert failed.args is not None
    assert "at most 1000" in failed.args[0].detail
    assert session.current is former
    assert not session.running
    assert len(witness.all("run_started")) == 1


def test_a_model_that_cannot_be_opened_is_told(
    qtbot: QtBot, tmp_path: Path, model: FakeModel, sampler: FakeSampler
) -> None:
    def open_model(folder: str | None, say: Any) -> FakeModel:
        if folder is not None:
            raise ModelError(f"There is no folder '{folder}'.")
        return model

    session = Session(data_folder=tmp_path, open_model=open_model, sample=sampler)
    witness = Witness(session)
    with qtbot.waitSignal(session.model_ready):  # a window without any model would be useless
        session.load_model("/gone")
    (failure,) = witness.all("failed")
    assert "There is no folder '/gone'." in failure.detail
    assert "built-in model is used instead" in failure.detail
    with qtbot.waitSignal(session.failed):
        session.load_model("/gone")
    assert session.facts is not None
    assert not session.loading
    assert generate(qtbot, session).complete
    assert session.close()


def test_generating_without_a_model_says_so(
    qtbot: QtBot, bare_session: Session, witness: Witness
) -> None:
    bare_session.generate(REQUEST)
    assert "no model" in witness.all("failed")[0].title
    assert not bare_session.running


# --- models ---------------------------------------------------------------------------------------


def test_another_model_leaves_former_runs_with_the_pictures_they_have(
    qtbot: QtBot, tmp_path: Path, sampler: FakeSampler
) -> None:
    models = {None: FakeModel("One"), "two": FakeModel("Two")}
    session = Session(
        data_folder=tmp_path, open_model=lambda folder, say: models[folder], sample=sampler
    )
    with qtbot.waitSignal(session.model_ready):
        session.load_model(None)
    first = generate(qtbot, session)
    qtbot.waitUntil(lambda: all_exact(first))
    with qtbot.waitSignal(session.model_ready) as ready:
        session.load_model("two")
    assert ready.args is not None
    assert ready.args[0].name == "Two"
    assert not first.can_decode
    assert first.has_view(1, "noisy")
    assert not first.has_view(1, "noise")
    assert "Only One can draw this view" in first.why_missing(1, "noise")
    second = generate(qtbot, session, SamplingRequest("b", steps=2))
    qtbot.waitUntil(lambda: all_exact(second))
    assert models["two"].decoded > 0
    with qtbot.waitSignal(session.model_ready):
        session.load_model(None)
    assert first.has_view(1, "noise")
    assert session.close()


def held_loads(tmp_path: Path, sampler: FakeSampler) -> tuple[Session, threading.Event, list[str]]:
    """A session whose models wait to be opened, and which were begun; "broken" is broken."""
    go, begun = threading.Event(), []

    def open_model(folder: str | None, say: Any) -> FakeModel:
        begun.append(str(folder))
        assert go.wait(20)
        if folder == "broken":
            raise ModelError("It is broken.")
        return FakeModel(str(folder))

    return Session(data_folder=tmp_path, open_model=open_model, sample=sampler), go, begun


def test_the_model_that_was_asked_for_last_is_the_one(
    qtbot: QtBot, tmp_path: Path, sampler: FakeSampler
) -> None:
    session, go, begun = held_loads(tmp_path, sampler)
    witness = Witness(session)
    session.load_model("broken")
    qtbot.waitUntil(lambda: begun == ["broken"])
    session.load_model("second")
    session.load_model("third")
    session.generate(REQUEST)  # it waits for the third
    session.load_model("fourth")  # so it waits for this one
    with qtbot.waitSignal(session.run_finished):
        go.set()
    assert begun == ["broken", "fourth"]
    assert [facts.name for facts in witness.all("model_ready")] == ["fourth"]
    assert witness.all("failed") == [], "nobody waits for the broken one any more"
    run = session.history[0].trajectory
    assert run is not None
    assert run.model.name == "fourth"
    assert session.close()


@pytest.mark.parametrize("first_fails", [True, False])
def test_the_end_of_a_former_load_does_not_end_the_one_that_goes_on(
    qtbot: QtBot, tmp_path: Path, model: FakeModel, first_fails: bool
) -> None:
    said, go = threading.Event(), threading.Event()

    def open_model(folder: str | None, say: Callable[[str], None]) -> FakeModel:
        if folder == "second":
            go.wait(5)
        elif first_fails:
            raise ModelError("It is no model.")
        return model

    session = Session(data_folder=tmp_path / "data", open_model=open_model)
    witness = Witness(session)
    worker, direct = session._worker, Qt.ConnectionType.DirectConnection
    worker.loaded.connect(lambda *_: said.set(), direct)
    worker.load_failed.connect(lambda *_: said.set(), direct)
    session.load_model("first")
    assert said.wait(5)
    session.load_model("second")  # before what the first came to is heard
    QCoreApplication.processEvents()
    assert session.loading
    assert witness.all("failed") == []
    go.set()
    qtbot.waitUntil(lambda: not session.loading)
    assert session.model_folder == "second"
    assert session.close()


def test_a_model_that_fails_during_a_run_leaves_run_and_model_alone(
    qtbot: QtBot, tmp_path: Path, sampler: FakeSampler
) -> None:
    session, go, _ = held_loads(tmp_path, sampler)
    go.set()
    with qtbot.waitSignal(session.model_ready):
        session.load_model("good")
    gate = Gate(2)
    sampler.before_step = gate
    session.generate(REQUEST)
    qtbot.waitUntil(lambda: session.playhead.count == 2)
    with qtbot.waitSignal(session.failed) as failed:
        session.load_model("broken")
        gate.allow(9)
    assert failed.args is not None
    assert "It is broken." in failed.args[0].detail
    qtbot.waitUntil(lambda: not session.running)
    first = session.history[0]
    assert first.complete
    qtbot.waitUntil(lambda: all_exact(first))
    assert generate(qtbot, session).complete
    assert session.facts is not None
    assert session.facts.name == "good"
    assert session.close()


# --- files ----------------------------------------------------------------------------------------


def test_a_saved_run_can_be_looked_at_without_its_model(
    qtbot: QtBot, session: Session, tmp_path: Path, sampler: FakeSampler
) -> None:
    timeline = generate(qtbot, session)
    path = tmp_path / "saved.denoise"
    with qtbot.waitSignal(session.saved) as saved:
        session.save_run(timeline, str(path))  # while its pictures are still being decoded
    assert saved.args == [str(path)]
    run = Trajectory.open(path)
    assert set(run.pictures) >= {(k, v) for k in range(4) for v in ("noisy", "denoised")}

    other = Session(data_folder=tmp_path, open_model=lambda f, say: FakeModel("Other"))
    with qtbot.waitSignal(other.opened) as opened:
        other.open_run(str(path))
    assert opened.args is not None
    shown: Timeline = opened.args[0]
    assert other.current is shown
    assert other.playhead.count == 5
    for k in range(5):
        picture, former = shown.picture(k, "noisy"), timeline.picture(k, "noisy")
        assert picture is not None
        assert former is not None
        assert np.array_equal(picture, former)
    assert not shown.has_view(2, "noise")
    assert other.close()


def test_a_run_opened_with_its_own_model_decodes_again(
    qtbot: QtBot, session: Session, tmp_path: Path
) -> None:
    timeline = generate(qtbot, session)
    assert timeline.trajectory is not None
    path = tmp_path / "bare.denoise"
    timeline.trajectory.save(path)  # no pictures in it
    with qtbot.waitSignal(session.opened):
        session.open_run(str(path))
    shown = session.current
    assert shown is not None
    assert shown is not timeline
    assert shown.can_decode
    qtbot.waitUntil(lambda: all_exact(shown))
    session.playhead.set_view("noise")
    qtbot.waitUntil(lambda: all(shown.is_exact(k, "noise") for k in range(4)))


@pytest.mark.parametrize("content", [b"", b"no run", None])
def test_a_file_that_is_no_run_is_told(
    qtbot: QtBot, session: Session, tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "odd.denoise"
    if content is not None:
        path.write_bytes(content)
    with qtbot.waitSignal(session.failed) as failed:
        session.open_run(str(path))
    assert failed.args is not None
    assert failed.args[0].title == "The run could not be opened."
    assert "odd.denoise" in failed.args[0].detail
    assert session.current is None


def test_a_place_that_cannot_be_written_is_told(
    qtbot: QtBot, session: Session, tmp_path: Path
) -> None:
    timeline = generate(qtbot, session)
    with qtbot.waitSignal(session.failed) as failed:
        session.save_run(timeline, str(tmp_path / "nowhere" / "run.denoise"))
    assert failed.args is not None
    assert failed.args[0].title == "The run could not be saved."
    assert "folder does not exist" in failed.args[0].detail


def test_a_running_run_is_not_saved_half(
    qtbot: QtBot, session: Session, sampler: FakeSampler, tmp_path: Path, witness: Witness
) -> None:
    sampler.before_step = Gate(1)
    session.generate(REQUEST)
    qtbot.waitUntil(lambda: session.current is not None)
    assert session.current is not None
    session.save_run(session.current, str(tmp_path / "half.denoise"))
    assert "still running" in witness.all("failed")[0].title


def test_the_prepared_run_is_shown_while_the_model_loads(
    qtbot: QtBot,
    tmp_path: Path,
    model: FakeModel,
    sampler: FakeSampler,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    prepared = tmp_path / "ferrari.denoise"
    make_run(6).save(prepared)
    monkeypatch.setattr("visualizer.assets.asset_path", lambda *parts: prepared)
    session, go = slow_session(tmp_path, model, sampler)
    with qtbot.waitSignal(session.opened):
        session.start()
    assert session.facts is None
    assert session.playhead.count == 7
    go.set()
    qtbot.waitUntil(lambda: session.facts is not None)
    assert session.close()


# --- history --------------------------------------------------------------------------------------


def test_every_run_is_kept_and_saved_by_itself(
    qtbot: QtBot, session: Session, sampler: FakeSampler
) -> None:
    first = generate(qtbot, session)
    sampler.before_step = Gate(2)
    session.generate(SamplingRequest("the second", seed=8, steps=4))
    qtbot.waitUntil(lambda: session.playhead.count == 2)
    with qtbot.waitSignal(session.run_finished):
        session.stop()
    second = session.history[1]
    session.show(first)
    assert session.current is first
    assert session.playhead.count == 5
    session.show(second)
    assert session.playhead.count == 2
    qtbot.waitUntil(lambda: all_exact(second))
    assert session.close()
    files = sorted(session.history_folder.glob("*.denoise"))
    runs = {run.request.prompt: run for run in map(Trajectory.open, files)}
    assert set(runs) == {"a red car", "the second"}
    assert runs["the second"].cancelled
    assert len(runs["the second"].steps) == 2


def test_the_history_ends_up_with_all_pictures(qtbot: QtBot, session: Session) -> None:
    timeline = generate(qtbot, session)
    qtbot.waitUntil(lambda: all_exact(timeline))

    def saved_whole() -> None:
        files = list(session.history_folder.glob("*.denoise"))
        assert len(files) == 1
        assert len(Trajectory.open(files[0]).pictures) == 8  # the last one is the final picture

    qtbot.waitUntil(saved_whole)


def test_a_history_that_cannot_be_written_is_told_once_and_nothing_is_lost(
    qtbot: QtBot, session: Session, witness: Witness, tmp_path: Path
) -> None:
    (tmp_path / "data").write_text("a file where the folder should be")
    generate(qtbot, session)
    generate(qtbot, session)
    qtbot.waitUntil(lambda: all_exact(session.history[1]))
    qtbot.waitUntil(lambda: len(witness.all("failed")) == 1)
    assert witness.all("failed")[0].title == "The history is not being saved."
    assert len(session.history) == 2
    assert session.close()
    assert len(witness.all("failed")) == 1
