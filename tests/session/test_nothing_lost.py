"""What was sampled is kept: when the window closes, the model changes, or runs come in a row."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from tests.example_runs import make_picture, make_run
from tests.session.fake_model import FakeModel, FakeSampler, Gate
from tests.session.witness import Witness
from visualizer.diffusion.model_folder import ModelError
from visualizer.diffusion.request import SamplingRequest
from visualizer.diffusion.step import Step
from visualizer.diffusion.stored_pictures import StoredPictures, pack
from visualizer.diffusion.trajectory import Trajectory
from visualizer.diffusion.views import View
from visualizer.export.options import for_path
from visualizer.session import session as session_module
from visualizer.session.session import Session
from visualizer.session.timeline import Timeline

REQUEST = SamplingRequest("a red car", seed=7, steps=6)


@pytest.fixture(autouse=True)
def _no_double_press(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "SECOND_PRESS_S", 0.0)


def kept(folder: Path) -> list[Trajectory]:
    return [Trajectory.open(path) for path in sorted(folder.glob("data/history/*.denoise"))]


def test_a_run_that_closing_stopped_is_in_the_history(
    qtbot: QtBot, session: Session, sampler: FakeSampler, tmp_path: Path
) -> None:
    sampler.before_step = Gate(3)
    session.generate(REQUEST)
    qtbot.waitUntil(lambda: session.current is not None and len(session.current) == 3)
    assert session.close()
    (run,) = kept(tmp_path)
    assert run.cancelled
    assert len(run.steps) == 3


def test_every_run_of_a_sitting_is_kept_with_its_pictures(
    qtbot: QtBot, session: Session, tmp_path: Path
) -> None:
    for seed in range(3):
        with qtbot.waitSignal(session.run_finished):
            session.generate(SamplingRequest("a red car", seed=seed, steps=6))
    qtbot.waitUntil(
        lambda: [len(run.pictures) for run in kept(tmp_path)] == [12, 12, 12], timeout=10_000
    )


def test_saving_while_another_run_is_running_waits_for_the_pictures(
    qtbot: QtBot, session: Session, sampler: FakeSampler, tmp_path: Path
) -> None:
    with qtbot.waitSignal(session.run_finished):
        session.generate(REQUEST)
    first = session.current
    assert first is not None
    gate = Gate(1)
    sampler.before_step = gate
    session.generate(REQUEST)
    session.save_run(first, str(tmp_path / "first.denoise"))
    with qtbot.waitSignal(session.saved):
        gate.allow(20)
    assert len(Trajectory.open(tmp_path / "first.denoise").pictures) == 12


def test_another_model_decodes_nothing_of_a_run_that_is_being_saved(
    qtbot: QtBot, tmp_path: Path
) -> None:
    first, second = FakeModel("first"), FakeModel("second")
    release = threading.Event()
    models = iter((first, second))
    session = Session(
        data_folder=tmp_path / "data",
        open_model=lambda folder, say: next(models),
        sample=FakeSampler(),
    )
    with qtbot.waitSignal(session.model_ready):
        session.load_model(None)
    with qtbot.waitSignal(session.run_finished):
        session.generate(REQUEST)
    first.before_decode = lambda: release.wait(10)
    timeline = session.current
    assert timeline is not None
    session.save_run(timeline, str(tmp_path / "run.denoise"))
    with qtbot.waitSignals([session.saved, session.model_ready]):
        session.load_model("second")
        release.set()
    assert second.decoded == 0
    run = Trajectory.open(tmp_path / "run.denoise")
    for k, view in run.pictures:
        expected = first.decode(run.view_latents(k, view))
        assert np.array_equal(run.picture(k, view), expected)
    assert session.close()


def test_a_run_waits_for_the_model_that_takes_the_place_of_a_missing_one(
    qtbot: QtBot, tmp_path: Path
) -> None:
    there, asked = FakeModel(), threading.Event()

    def open_model(folder: str | None, say: Callable[[str], None]) -> FakeModel:
        if folder is not None:
            asked.wait(10)
            raise ModelError("There is no folder 'gone'.")
        return there

    session = Session(data_folder=tmp_path, open_model=open_model, sample=FakeSampler())
    witness = Witness(session)
    session.load_model("gone")
    session.generate(REQUEST)
    with qtbot.waitSignal(session.run_finished):
        asked.set()
    (failure,) = witness.all("failed")
    assert "built-in model is used instead" in failure.detail
    assert len(session.history) == 1
    assert session.close()


def test_an_opened_run_is_shown_without_unpacking_its_pictures(
    qtbot: QtBot, session: Session, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    make_run(8, pictures=True).save(tmp_path / "run.denoise")
    with qtbot.waitSignal(session.opened) as opened:
        session.open_run(str(tmp_path / "run.denoise"))
    assert opened.args is not None
    timeline: Timeline = opened.args[0]
    looked: list[object] = []
    original = StoredPictures.__getitem__

    def look(self: StoredPictures, key: tuple[int, str]) -> object:
        looked.append(key)
        return original(self, key)  # type: ignore[arg-type]

    monkeypatch.setattr(StoredPictures, "__getitem__", look)
    session.show(timeline)
    assert timeline.is_exact(3, "noisy")
    assert looked == []
    assert timeline.picture(3, "noisy") is not None
    assert looked == [(3, "noisy")]


def test_a_damaged_stored_picture_is_as_if_it_were_not_there() -> None:
    run = make_run(3, pictures=True)
    png = pack(run.pictures[1, "noisy"])
    broken = StoredPictures({(1, "noisy"): png[: len(png) // 2]})
    timeline = Timeline.of(
        Trajectory(run.request, run.model, run.steps, run.planned, pictures=broken)
    )
    assert timeline.stores(1, "noisy")
    assert timeline.picture(1, "noisy") is None
    assert not timeline.stores(1, "noisy")
    assert not timeline.is_exact(1, "noisy")


def test_the_same_model_loaded_again_leaves_no_picture_out(
    qtbot: QtBot, session: Session, model: FakeModel, tmp_path: Path
) -> None:
    decoding, release = threading.Event(), threading.Event()
    with qtbot.waitSignal(session.run_finished):
        session.generate(REQUEST)

    def hold() -> None:
        decoding.set()
        release.wait(10)

    model.before_decode = hold
    assert session.current is not None
    session.save_run(session.current, str(tmp_path / "run.denoise"))
    qtbot.waitUntil(decoding.is_set)
    with qtbot.waitSignals([session.saved, session.model_ready]):
        session.load_model(None)
        release.set()
    assert len(Trajectory.open(tmp_path / "run.denoise").pictures) == 12


def test_the_playhead_comes_before_the_history(
    qtbot: QtBot, session: Session, model: FakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    decode = session._worker.decode

    def note(model_id: int, serial: int, k: int, view: View, step: Step) -> None:
        asked.append(k)
        decode(model_id, serial, k, view, step)

    monkeypatch.setattr(session._worker, "decode", note)
    with qtbot.waitSignal(session.run_finished):
        session.generate(SamplingRequest("a red car", steps=40))
    qtbot.waitUntil(lambda: len(asked) == 80)
    assert min(asked[:20]) == 20  # the playhead stands at the end, 40


def open_run(qtbot: QtBot, session: Session, run: Trajectory, path: Path) -> Timeline:
    run.save(path)
    with qtbot.waitSignal(session.opened) as opened:
        session.open_run(str(path))
    assert opened.args is not None
    timeline: Timeline = opened.args[0]
    return timeline


def test_an_opened_run_is_saved_without_unpacking_its_pictures(
    qtbot: QtBot, session: Session, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    timeline = open_run(qtbot, session, make_run(8), tmp_path / "run.denoise")

    def unpacked(self: StoredPictures, key: object) -> object:
        raise AssertionError(key)

    with monkeypatch.context() as patch, qtbot.waitSignal(session.saved):
        patch.setattr(StoredPictures, "__getitem__", unpacked)
        session.save_run(timeline, str(tmp_path / "again.denoise"))
    assert len(Trajectory.open(tmp_path / "again.denoise").pictures) == 16


@pytest.mark.parametrize("found", [True, False])
def test_a_run_with_a_damaged_picture_is_saved_and_exported(
    qtbot: QtBot,
    session: Session,
    model: FakeModel,
    tmp_path: Path,
    found: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = make_run(8)
    pngs = {key: pack(picture) for key, picture in run.pictures.items()}
    whole = pngs[3, "noisy"]
    pngs[3, "noisy"] = whole[:33] + bytes(len(whole) - 33)
    if found:  # one picture is not stored, and its model is there
        del pngs[5, "noisy"]
        run = replace(run, model=model.identity)
        monkeypatch.setattr(model, "decode", lambda latents, layout: make_picture(0.5))
    run = replace(run, pictures=StoredPictures(pngs))
    timeline = open_run(qtbot, session, run, tmp_path / "run.denoise")
    with qtbot.waitSignal(session.saved):
        session.save_run(timeline, str(tmp_path / "again.denoise"))
    for name in ("last.png", "all.gif"):
        with qtbot.waitSignal(session.exports.ended, timeout=60_000) as ended:
            path = tmp_path / name
            session.exports.start(timeline, str(path), for_path(path))
        assert ended.args is not None
        end = ended.args[0]
        if name == "all.gif" and not found:
            assert end.failure is not None
            assert "cannot be shown" in end.failure.detail
        else:
            assert (end.result, end.failure) == ("exported", None)
