"""Exports through the session: from what is on the screen to a file, and what is shown before."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from tests.export.reading import frames_of
from tests.session.fake_model import FakeModel, FakeSampler, Gate
from tests.session.witness import Witness
from visualizer.diffusion.grid import Axis, Grid
from visualizer.diffusion.request import SamplingRequest
from visualizer.export.options import ExportOptions, for_path
from visualizer.session import session as session_module
from visualizer.session.exports import ExportProgress
from visualizer.session.session import Session
from visualizer.session.timeline import Timeline

REQUEST = SamplingRequest("a red car", seed=7, steps=6)
WAIT = 30_000


@pytest.fixture(autouse=True)
def _no_double_press(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "SECOND_PRESS_S", 0.0)


@pytest.fixture
def timeline(qtbot: QtBot, session: Session) -> Timeline:
    """A run that was just made."""
    with qtbot.waitSignal(session.run_finished) as finished:
        session.generate(REQUEST)
    assert finished.args is not None
    made: Timeline = finished.args[0]
    return made


def exported(qtbot: QtBot, session: Session, what: Any, path: Path, **options: Any) -> Path:
    with qtbot.waitSignal(session.exports.exported, timeout=WAIT) as signal:
        session.exports.start(what, str(path), for_path(path, ExportOptions(**options)))
        assert session.exports.running
    assert signal.args == [str(path)]
    assert not session.exports.running
    return path


def test_every_frame_is_the_models_own_decode(
    qtbot: QtBot, session: Session, model: FakeModel, timeline: Timeline, tmp_path: Path
) -> None:
    path = exported(qtbot, session, timeline, tmp_path / "a.apng", size="1")
    run = timeline.trajectory
    assert run is not None
    shown = frames_of(path)
    assert len(shown) == 7
    for k, frame in enumerate(shown):
        assert np.array_equal(frame, run.with_decoder(model).picture(k)), k


def test_progress_is_told_and_grows(
    qtbot: QtBot, session: Session, timeline: Timeline, tmp_path: Path
) -> None:
    told: list[ExportProgress] = []
    session.exports.progressed.connect(told.append)
    exported(qtbot, session, timeline, tmp_path / "a.gif")
    assert (told[0].done, told[0].total) == (0, 0)
    assert (told[-1].done, told[-1].total) == (7, 7)
    counts = [each.done for each in told]
    assert counts == sorted(counts)


def test_the_forward_process_begins_with_the_picture_and_ends_in_static(
    qtbot: QtBot, session: Session, timeline: Timeline, tmp_path: Path
) -> None:
    path = exported(qtbot, session, timeline, tmp_path / "f.apng", subject="forward", size="1")
    shown = frames_of(path)
    run = timeline.trajectory
    assert run is not None
    assert run.final is not None
    assert len(shown) == 7
    assert np.array_equal(shown[0], run.final)
    assert not np.array_equal(shown[-1], shown[0])


def test_the_lanes_and_their_difference_are_exported(
    qtbot: QtBot, session: Session, tmp_path: Path
) -> None:
    session.compare(Grid(REQUEST, Axis("seed", (1, 2))))
    qtbot.waitUntil(lambda: not session.running)
    page = exported(qtbot, session, session.lanes, tmp_path / "grid.html")
    assert "seed 2" in page.read_text(encoding="utf-8")
    first, second = session.lanes.lanes
    session.lanes.set_pair((first.id, second.id))
    path = exported(qtbot, session, session.lanes, tmp_path / "d.gif", subject="difference")
    assert len(frames_of(path)) == 7


def test_exports_wait_for_each_other_and_all_come(
    qtbot: QtBot, session: Session, timeline: Timeline, tmp_path: Path
) -> None:
    changes: list[bool] = []
    session.exports.changed.connect(changes.append)
    for name in ("a.gif", "b.png", "c.webp"):
        path = tmp_path / name
        session.exports.start(timeline, str(path), for_path(path))
    qtbot.waitUntil(lambda: not session.exports.running, timeout=WAIT)
    assert {"a.gif", "b.png", "c.webp"} <= set(os.listdir(tmp_path))
    assert changes == [True, False]


def test_what_cannot_be_written_is_told(
    qtbot: QtBot, session: Session, timeline: Timeline, tmp_path: Path
) -> None:
    with qtbot.waitSignal(session.failed, timeout=WAIT) as failed:
        session.exports.start(timeline, str(tmp_path / "no" / "a.gif"), ExportOptions(format="gif"))
    assert failed.args is not None
    assert failed.args[0].title == "The export failed."
    assert "folder does not exist" in failed.args[0].detail
    assert not session.exports.running


def test_what_is_still_being_made_is_refused(
    qtbot: QtBot, session: Session, sampler: FakeSampler, witness: Witness, tmp_path: Path
) -> None:
    sampler.before_step = Gate(1)
    session.generate(REQUEST)
    qtbot.waitUntil(lambda: session.current is not None)
    assert session.current is not None
    session.exports.start(session.current, str(tmp_path / "half.gif"), ExportOptions(format="gif"))
    qtbot.waitUntil(lambda: len(witness.all("failed")) == 1)
    assert "still running" in witness.all("failed")[0].title
    session.exports.start(session.lanes, str(tmp_path / "none.gif"), ExportOptions(format="gif"))
    qtbot.waitUntil(lambda: len(witness.all("failed")) == 2)
    assert "nothing to export" in witness.all("failed")[1].title
    assert not session.exports.running


def gated(model: FakeModel, allowed: int) -> Callable[[], None]:
    """Lets so many decodes pass; what it returns lets all."""
    passes = threading.Semaphore(allowed)
    model.before_decode = lambda: passes.acquire(timeout=60)
    return lambda: passes.release(1000)


def test_an_export_is_called_off_while_it_waits_for_pictures(
    qtbot: QtBot, session: Session, model: FakeModel, sampler: FakeSampler, tmp_path: Path
) -> None:
    let_go = gated(model, 1)
    with qtbot.waitSignal(session.run_finished) as finished:
        session.generate(REQUEST)
    assert finished.args is not None
    path = tmp_path / "a.gif"
    session.exports.start(finished.args[0], str(path), for_path(path))
    qtbot.waitUntil(lambda: any(".part" in name for name in os.listdir(tmp_path)), timeout=WAIT)
    with qtbot.waitSignal(session.exports.ended, timeout=WAIT) as ended:
        session.exports.cancel()
    assert ended.args is not None
    assert ended.args[0].result == "cancelled"
    assert [name for name in os.listdir(tmp_path) if name.startswith((".", "a."))] == []
    let_go()


def test_the_window_closes_in_the_middle_of_an_export(
    qtbot: QtBot, session: Session, model: FakeModel, tmp_path: Path
) -> None:
    let_go = gated(model, 1)
    with qtbot.waitSignal(session.run_finished) as finished:
        session.generate(REQUEST)
    assert finished.args is not None
    path = tmp_path / "a.webp"
    session.exports.start(finished.args[0], str(path), for_path(path))
    qtbot.waitUntil(lambda: any(".part" in name for name in os.listdir(tmp_path)), timeout=WAIT)
    let_go()
    assert session.close()
    assert [name for name in os.listdir(tmp_path) if name.startswith((".", "a."))] == []


# --- Before ---------------------------------------------------------------------------------------


def test_the_preview_shows_the_frames_that_will_be_written(
    qtbot: QtBot, session: Session, timeline: Timeline, tmp_path: Path
) -> None:
    preview, options = session.export_preview, ExportOptions(format="apng", size="1")
    with qtbot.waitSignals(
        [preview.film_changed, preview.estimated, preview.shown], timeout=WAIT, order="none"
    ):
        preview.set(timeline, options, (2000, 2000))
        preview.want(3)
    written = frames_of(exported(qtbot, session, timeline, tmp_path / "a.apng", size="1"))
    qtbot.waitUntil(lambda: timeline.is_exact(3, "noisy"), timeout=WAIT)
    with qtbot.waitSignal(preview.shown, timeout=WAIT) as shown:
        preview.want(3)
    assert shown.args is not None
    assert shown.args[0] == 3
    assert np.array_equal(shown.args[1], written[3])


def test_the_preview_takes_other_options_without_a_new_process(
    qtbot: QtBot, session: Session, timeline: Timeline
) -> None:
    preview = session.export_preview
    with qtbot.waitSignal(preview.film_changed, timeout=WAIT) as film:
        preview.set(timeline, ExportOptions(steps="every", every=3), (500, 500))
    assert film.args is not None
    assert len(film.args[0]) == 3
    first = preview._talk
    with qtbot.waitSignal(preview.film_changed, timeout=WAIT) as film:
        preview.set(timeline, ExportOptions(direction="boomerang"), (500, 500))
    assert film.args is not None
    assert len(film.args[0]) == 12
    assert preview._talk is first
    with qtbot.waitSignal(preview.refused, timeout=WAIT) as refused:
        preview.set(session.lanes, ExportOptions(), (500, 500))
    assert refused.args is not None
    assert "nothing to export" in refused.args[0]
    preview.set(None, ExportOptions(), (1, 1))
    assert preview._talk is None


def test_a_preview_needs_no_exact_pictures(
    qtbot: QtBot, session: Session, model: FakeModel, tmp_path: Path
) -> None:
    let_go = gated(model, 1)
    with qtbot.waitSignal(session.run_finished) as finished:
        session.generate(REQUEST)
    assert finished.args is not None
    timeline: Timeline = finished.args[0]
    assert not timeline.is_exact(2, "noisy")
    preview = session.export_preview
    shown: list[np.ndarray[Any, Any]] = []
    preview.shown.connect(lambda _i, picture: shown.append(picture))
    preview.set(timeline, ExportOptions(format="apng", size="1"), (500, 500))
    preview.want(2)
    qtbot.waitUntil(lambda: bool(shown), timeout=WAIT)
    assert not timeline.is_exact(2, "noisy")
    let_go()
    # it comes again by itself, until it is exact
    qtbot.waitUntil(lambda: not np.array_equal(shown[0], shown[-1]), timeout=WAIT)
    exact = timeline.picture(2, "noisy")
    assert exact is not None
    assert np.array_equal(shown[-1], exact)


def test_a_grid_goes_over_once_while_its_options_change(
    qtbot: QtBot, session: Session, tmp_path: Path
) -> None:
    session.compare(Grid(REQUEST, Axis("seed", (1, 2))))
    qtbot.waitUntil(lambda: not session.running)
    preview = session.export_preview
    with qtbot.waitSignal(preview.film_changed, timeout=WAIT):
        preview.set(session.lanes, ExportOptions(), (500, 500))
    first = preview._talk
    session.lanes.playhead.seek(2)
    with qtbot.waitSignal(preview.film_changed, timeout=WAIT):
        preview.set(session.lanes, ExportOptions(direction="back"), (500, 500))
    assert preview._talk is first
    session.lanes.set_alignment("step")
    with qtbot.waitSignal(preview.film_changed, timeout=WAIT):
        preview.set(session.lanes, ExportOptions(), (500, 500))
    assert preview._talk is not first


def test_of_two_exports_one_is_called_off_and_the_other_comes(
    qtbot: QtBot, session: Session, timeline: Timeline, tmp_path: Path
) -> None:
    ended: dict[int, str] = {}
    session.exports.ended.connect(lambda end: ended.update({end.export_id: end.result}))
    first, second = (
        session.exports.start(timeline, str(tmp_path / name), ExportOptions(format="gif"))
        for name in ("a.gif", "b.gif")
    )
    session.exports.cancel(second)
    qtbot.waitUntil(lambda: not session.exports.running, timeout=WAIT)
    assert ended == {first: "exported", second: "cancelled"}
    assert (tmp_path / "a.gif").exists()
    assert not (tmp_path / "b.gif").exists()


def test_what_an_export_waits_for_is_said(
    qtbot: QtBot, session: Session, sampler: FakeSampler, timeline: Timeline, tmp_path: Path
) -> None:
    words: list[str] = []
    session.exports.progressed.connect(lambda progress: words.append(progress.words))
    sampler.before_step = gate = Gate(2)
    session.generate(replace(REQUEST, seed=8))
    qtbot.waitUntil(lambda: session.current is not timeline)
    forward = ExportOptions(format="gif", subject="forward")  # its pictures are not there yet
    session.exports.start(timeline, str(tmp_path / "a.gif"), forward)
    qtbot.waitUntil(lambda: words[-1:] == ["Waiting for the run"])
    gate.allow(100)
    qtbot.waitUntil(lambda: not session.exports.running, timeout=WAIT)
    assert words[-1] == "Writing"


def test_the_forward_process_is_let_go_with_the_preview(
    qtbot: QtBot, session: Session, timeline: Timeline, tmp_path: Path
) -> None:
    preview, options = session.export_preview, ExportOptions(subject="forward", format="gif")
    with qtbot.waitSignal(preview.film_changed, timeout=WAIT):
        preview.set(timeline, options, (500, 500))
    exported(qtbot, session, timeline, tmp_path / "f.gif", subject="forward")
    with qtbot.waitSignal(preview.shown, timeout=WAIT):
        preview.want(4)
    sources = session.exports.sources
    assert sources.forward_of(timeline) is not None
    preview.set(None, options, (1, 1))
    assert sources.forward_of(timeline) is None


def killed() -> None:
    """End the encoding process from outside, as a system that is short of memory does."""
    (child,) = multiprocessing.active_children()
    child.kill()


def test_a_killed_export_is_told_and_leaves_nothing(
    qtbot: QtBot, session: Session, model: FakeModel, tmp_path: Path
) -> None:
    let_go = gated(model, 1)
    with qtbot.waitSignal(session.run_finished) as finished:
        session.generate(REQUEST)
    assert finished.args is not None
    path = tmp_path / "a.gif"
    session.exports.start(finished.args[0], str(path), for_path(path))
    qtbot.waitUntil(lambda: any(".part" in name for name in os.listdir(tmp_path)), timeout=WAIT)
    with qtbot.waitSignal(session.failed, timeout=WAIT) as failed:
        killed()
    let_go()
    assert failed.args is not None
    assert "stopped before it was finished" in failed.args[0].detail
    assert [name for name in os.listdir(tmp_path) if name.startswith((".", "a."))] == []


def test_a_preview_that_is_killed_comes_back(
    qtbot: QtBot, session: Session, timeline: Timeline
) -> None:
    preview = session.export_preview
    with qtbot.waitSignal(preview.estimated, timeout=WAIT):
        preview.set(timeline, ExportOptions(format="gif"), (500, 500))
    with qtbot.waitSignal(preview.film_changed, timeout=WAIT):
        killed()
    with qtbot.waitSignal(preview.shown, timeout=WAIT):
        preview.want(2)
