"""Comparisons on disk: kept by themselves, saved, exported, and opened as they were."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytestqt.qtbot import QtBot

from tests.example_runs import make_run
from tests.session.fake_model import FakeModel, FakeSampler, Gate
from tests.session.witness import Witness
from tests.sweeps.sweep_setup import wanted
from visualizer.diffusion import comparison_file
from visualizer.diffusion.branching import branch
from visualizer.diffusion.comparison import CompareLane, Comparison
from visualizer.diffusion.grid import Axis, Cell, Grid
from visualizer.diffusion.request import SamplingRequest
from visualizer.session import comparison_files
from visualizer.session import session as session_module
from visualizer.session.comparison_files import arranged
from visualizer.session.lanes import Lane
from visualizer.session.session import Session
from visualizer.session.sharpening import ON_SCREEN
from visualizer.sweeps.folder import SweepFolder

BASE = SamplingRequest("a red car", seed=7, steps=4)


@pytest.fixture(autouse=True)
def _no_double_press(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "SECOND_PRESS_S", 0.0)


@pytest.fixture(autouse=True)
def _short_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparison_files, "REST_MS", 50)


def seeds(*values: int) -> Grid:
    return Grid(BASE, Axis("seed", values))


def compare(qtbot: QtBot, session: Session, grid: Grid) -> tuple[Lane, ...]:
    session.compare(grid)
    qtbot.waitUntil(lambda: not session.running)
    return session.lanes.lanes


def save(qtbot: QtBot, session: Session, path: Path) -> Comparison:
    with qtbot.waitSignal(session.saved):
        session.save_comparison(str(path))
    return comparison_file.load(path)


def reopen(qtbot: QtBot, session: Session, path: Path) -> tuple[Lane, ...]:
    with qtbot.waitSignal(session.comparison_opened):
        session.open_run(str(path))
    return session.lanes.lanes


def test_a_comparison_opens_as_it_was_left(
    qtbot: QtBot, session: Session, sampler: FakeSampler, tmp_path: Path
) -> None:
    sampler.fails = {3: 2}
    lanes = session.lanes
    a, b, c = compare(qtbot, session, seeds(1, 2, 3))
    lanes.reorder(c.id, 0)
    lanes.set_pair((a.id, b.id))
    lanes.set_focus(b.id)
    lanes.set_alignment("step")
    lanes.playhead.seek(2)
    lanes.playhead.set_view("denoised")
    save(qtbot, session, tmp_path / "lanes.denoise")
    compare(qtbot, session, seeds(9))

    again = reopen(qtbot, session, tmp_path / "lanes.denoise")
    assert [lane.request.seed for lane in again] == [3, 1, 2]
    assert [lane.label for lane in again] == ["seed 3", "seed 1", "seed 2"]
    assert [(lane.number, lane.color) for lane in again] == [(2, 2), (0, 0), (1, 1)]
    assert [lane.state for lane in again] == ["failed", "done", "done"]
    assert again[0].failure is not None
    assert again[0].failure.detail == "The numbers of this run overflowed."
    assert lanes.pair == (again[1].id, again[2].id)
    assert lanes.focus == again[2].id
    assert lanes.alignment == "step"
    assert (lanes.playhead.index, lanes.playhead.view) == (2, "denoised")
    assert lanes.title == "a red car"
    for before, after in zip((c, a, b), again, strict=True):
        assert before.timeline is not None
        assert after.timeline is not None
        assert len(after.timeline) == len(before.timeline)
        for k in range(len(before.timeline)):
            assert np.array_equal(after.timeline.step(k).latents, before.timeline.step(k).latents)


def test_a_grid_has_its_labels_again(qtbot: QtBot, session: Session, tmp_path: Path) -> None:
    prompts = Axis("prompt", ("a red car", "a green boat"))
    compare(qtbot, session, Grid(BASE, Axis("seed", (1, 2, 3)), prompts))
    save(qtbot, session, tmp_path / "grid.denoise")
    session.lanes.replace([])
    reopen(qtbot, session, tmp_path / "grid.denoise")
    assert session.lanes.columns == 3
    assert session.lanes.column_labels == ("seed 1", "seed 2", "seed 3")
    assert session.lanes.row_labels == ("a red car", "a green boat")


def test_what_is_opened_needs_no_model_and_unpacks_what_is_looked_at_only(
    qtbot: QtBot, session: Session, tmp_path: Path, model: FakeModel
) -> None:
    compare(qtbot, session, seeds(1, 2))
    saved = save(qtbot, session, tmp_path / "lanes.denoise")
    assert saved.lanes[0].run is not None
    assert (1, "noisy") in saved.lanes[0].run.pictures
    other = FakeModel("Other")
    session._worker._open_model = lambda folder, say: other
    with qtbot.waitSignal(session.model_ready):
        session.load_model("other")
    first, second = reopen(qtbot, session, tmp_path / "lanes.denoise")
    assert first.timeline is not None
    assert second.timeline is not None
    assert session.cache.size == 0
    with qtbot.waitSignal(first.timeline.picture_changed):
        assert first.timeline.picture(1, "noisy") is None
    picture = first.timeline.picture(1, "noisy")
    assert picture is not None
    assert np.array_equal(picture, saved.lanes[0].run.pictures[1, "noisy"])
    assert session.cache.size == picture.nbytes
    with qtbot.waitSignal(second.timeline.picture_changed):
        assert second.timeline.thumbnail(2) is None
    assert second.timeline.thumbnail(2) is not None


def test_a_finished_comparison_is_kept_in_the_history(
    qtbot: QtBot, session: Session, witness: Witness
) -> None:
    compare(qtbot, session, seeds(1, 2))
    compare(qtbot, session, seeds(3))
    first, second = session.comparisons
    assert first.path.parent == session.history_folder
    assert "2 lanes" in first.path.name

    def with_pictures() -> bool:
        if not second.path.exists():
            return False
        run = comparison_file.load(second.path).lanes[0].run
        return run is not None and len(run.pictures) == 8

    qtbot.waitUntil(with_pictures)
    assert [lane.request.seed for lane in reopen(qtbot, session, first.path)] == [1, 2]
    assert witness.all("failed") == []
    assert session.history == ()


def kept_whole(session: Session) -> Comparison:
    return comparison_file.load(session.comparisons[-1].path)


def is_whole(session: Session, pictures: int) -> bool:
    """Whether the newest comparison is in the history with all its pictures."""
    if not session.comparisons[-1].path.exists():
        return False
    runs = [lane.run for lane in kept_whole(session).lanes]
    return all(run is not None and len(run.pictures) == pictures for run in runs)


def test_what_is_changed_after_a_comparison_was_kept_is_kept_too(
    qtbot: QtBot, session: Session, witness: Witness
) -> None:
    lanes = session.lanes
    a, b, c = compare(qtbot, session, seeds(1, 2, 3))
    qtbot.waitUntil(lambda: is_whole(session, 8))
    lanes.reorder(c.id, 0)
    lanes.set_pair((a.id, b.id))
    lanes.set_focus(b.id)
    lanes.set_alignment("step")
    lanes.playhead.set_view("denoised")
    qtbot.waitUntil(lambda: kept_whole(session).focus is not None, timeout=10_000)
    now = kept_whole(session)
    assert [lane.request.seed for lane in now.lanes] == [3, 1, 2]
    assert (now.pair, now.focus, now.alignment, now.view) == ((1, 2), 2, "step", "denoised")
    assert is_whole(session, 8)
    # a lane that is taken out leaves the window, not the file
    lanes.remove(c.id)
    path = session.comparisons[-1].path
    compare(qtbot, session, seeds(9))  # at once: what rests is written before
    qtbot.waitUntil(lambda: comparison_file.load(path).focus == 1, timeout=10_000)
    assert [lane.request.seed for lane in comparison_file.load(path).lanes] == [1, 2, 3]
    # and one that is opened again goes on
    again = reopen(qtbot, session, path)
    lanes.set_focus(again[0].id)
    assert session.close()
    assert comparison_file.load(path).focus == 0
    assert witness.all("failed") == []


def test_kept_comparisons_say_what_varies(qtbot: QtBot, session: Session) -> None:
    compare(qtbot, session, seeds(1, 2, 3, 4))
    compare(qtbot, session, Grid(BASE, Axis("seed", (3, 9)), Axis("prompt", ("a", "b", "c"))))
    compare(qtbot, session, Grid(BASE, Axis("guidance_scale", (1.0, 4.0))))
    compare(qtbot, session, seeds(0, 2**32 - 1))
    said = [kept.about for kept in session.comparisons]
    assert said[:2] == ["seed 1–4", "2 seeds × 3 prompts"]
    assert said[3] == "2 seeds"
    assert "1" in said[2]
    assert "4" in said[2]
    assert all(kept.made for kept in session.comparisons)


def test_saving_tells_how_far_it_is(qtbot: QtBot, session: Session, tmp_path: Path) -> None:
    compare(qtbot, session, seeds(1, 2, 3))
    told: list[tuple[str, int, int]] = []
    session.gathered.connect(lambda *what: told.append(what))
    path = tmp_path / "lanes.denoise"
    save(qtbot, session, path)
    assert told == [(str(path), done, 3) for done in range(4)]


def test_saving_does_not_wait_for_ever_for_pictures(
    qtbot: QtBot,
    session: Session,
    model: FakeModel,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(comparison_files, "PATIENCE_MS", 1)
    goes_on = threading.Event()
    compare(qtbot, session, seeds(1, 2))
    model.before_decode = goes_on.wait
    try:
        saved = save(qtbot, session, tmp_path / "lanes.denoise")
    finally:
        goes_on.set()
    assert all(lane.run is not None and lane.run.steps for lane in saved.lanes)


def test_a_file_that_a_person_named_is_left_as_it_is(
    qtbot: QtBot, session: Session, tmp_path: Path
) -> None:
    compare(qtbot, session, seeds(1, 2))
    save(qtbot, session, tmp_path / "mine.denoise")
    before = (tmp_path / "mine.denoise").read_bytes()
    kept = session.comparisons[-1].path
    lane = reopen(qtbot, session, tmp_path / "mine.denoise")[1]
    session.lanes.set_focus(lane.id)
    session.lanes.set_alignment("step")
    assert session.close()
    assert (tmp_path / "mine.denoise").read_bytes() == before
    assert comparison_file.load(kept).focus is None


def test_an_experiment_that_made_nothing_leaves_the_comparison_before_it_alone(
    qtbot: QtBot, session: Session, sampler: FakeSampler
) -> None:
    compare(qtbot, session, seeds(1, 2))
    qtbot.waitUntil(lambda: is_whole(session, 8))
    sampler.before_step = Gate(0)
    session.run_experiment(BASE)
    with qtbot.waitSignal(session._measuring.summarized):
        session.stop()
    assert session.close()
    (kept,) = session.comparisons
    assert [lane.request.seed for lane in comparison_file.load(kept.path).lanes] == [1, 2]


@given(st.data())
def test_arranging_keeps_every_lane_and_finds_focus_and_pair(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 6))
    lanes = [CompareLane(None, BASE, f"lane {i}", 0, i) for i in range(count)]
    shown = data.draw(st.permutations(lanes))[: data.draw(st.integers(0, count))]
    extra = [CompareLane(None, BASE, "added", 9, 0)] if data.draw(st.booleans()) else []
    looked = [*shown, *extra]
    numbers = st.integers(0, len(looked) - 1)
    focus = data.draw(st.none() | numbers) if looked else None
    pair = data.draw(st.permutations(range(len(looked))))[:2] if len(looked) > 1 else None
    look = Comparison(tuple(looked), focus=focus, pair=None if pair is None else (pair[0], pair[1]))
    found = arranged(Comparison(tuple(lanes), title="all"), look)
    assert sorted(lane.column for lane in found.lanes) == list(range(count))
    assert list(found.lanes[: len(shown)]) == list(shown)
    assert found.title == "all"
    if focus is not None and looked[focus] in lanes:
        assert found.focus is not None
        assert found.lanes[found.focus] is looked[focus]
    else:
        assert found.focus is None
    if pair is not None and all(looked[i] in lanes for i in pair):
        assert found.pair is not None
        assert [found.lanes[i] for i in found.pair] == [looked[i] for i in pair]
    else:
        assert found.pair is None


def test_a_comparison_that_ends_while_the_window_closes_is_kept(
    qtbot: QtBot, session: Session, sampler: FakeSampler
) -> None:
    sampler.before_step = Gate(3)
    session.compare(seeds(1, 2))
    lanes = session.lanes.lanes
    qtbot.waitUntil(lambda: all(lane.timeline and len(lane.timeline) == 3 for lane in lanes))
    assert session.close()
    (kept,) = session.history_folder.glob("*.denoise")
    runs = [lane.run for lane in comparison_file.load(kept).lanes]
    assert [len(run.steps) for run in runs if run is not None] == [3, 3]


def test_branches_share_their_steps_in_a_file_and_find_each_other_again(
    qtbot: QtBot, session: Session, tmp_path: Path
) -> None:
    with qtbot.waitSignal(session.run_finished):
        session.generate(BASE)
    parent = session.current
    assert parent is not None
    cells = [Cell(branch(parent.request, 2, seed=s), 0, s, f"noise {s}") for s in (8, 9)]
    session.compare_requests(cells)
    qtbot.waitUntil(lambda: not session.running)
    session.add_to_comparison(parent)
    save(qtbot, session, tmp_path / "tree.denoise")
    first, second, root = reopen(qtbot, session, tmp_path / "tree.denoise")
    assert first.timeline is not None
    assert second.timeline is not None
    assert first.timeline.step(1) is second.timeline.step(1)
    assert first.timeline.parent_run is root.timeline
    assert root.timeline is not None
    assert session.family_of(root.timeline) == (root.timeline, first.timeline, second.timeline)


def test_what_cannot_be_saved_or_opened_is_said(
    qtbot: QtBot, session: Session, sampler: FakeSampler, witness: Witness, tmp_path: Path
) -> None:
    session.save_comparison(str(tmp_path / "none.denoise"))
    assert "nothing to compare" in witness.all("failed")[0].title
    compare(qtbot, session, seeds(1))
    save(qtbot, session, tmp_path / "one.denoise")
    gate = Gate(1)
    sampler.before_step = gate
    session.compare(seeds(1, 2))
    session.save_comparison(str(tmp_path / "two.denoise"))
    assert "still being made" in witness.all("failed")[1].title
    session.open_run(str(tmp_path / "one.denoise"))
    qtbot.waitUntil(lambda: len(witness.all("failed")) == 3)
    assert "Stop them" in witness.all("failed")[2].detail
    assert len(session.lanes) == 2
    gate.allow(10)
    qtbot.waitUntil(lambda: not session.running)
    (tmp_path / "empty").mkdir()
    session.open_run(str(tmp_path / "empty"))
    qtbot.waitUntil(lambda: len(witness.all("failed")) == 4)
    assert "There is no sweep" in witness.all("failed")[3].detail


def test_a_comparison_without_a_single_run_opens_too(
    qtbot: QtBot, session: Session, tmp_path: Path
) -> None:
    path = tmp_path / "none.denoise"
    lanes = (CompareLane(None, BASE, "seed 7", failure="It did not fit."),)
    comparison_file.save(Comparison(lanes), path)
    (lane,) = reopen(qtbot, session, path)
    assert (lane.state, lane.timeline) == ("failed", None)
    assert session.lanes.total == 0


def test_a_sweep_of_64_runs_opens_without_unpacking_and_stays_within_the_bound(
    qtbot: QtBot, session: Session, tmp_path: Path
) -> None:
    with SweepFolder(tmp_path / "sweep") as folder:
        _, runs = folder.begin(wanted(["a car", "a boat"], range(32)))
        for run in runs:
            folder.keep(run, make_run(4, request=run.request), "all")
    lanes = reopen(qtbot, session, tmp_path / "sweep")
    assert len(lanes) == 64
    assert session.lanes.row_labels == ("a car", "a boat")
    assert (session.lanes.columns, session.lanes.total) == (32, 5)
    assert session.cache.size == 0
    timelines = [lane.timeline for lane in lanes if lane.timeline is not None]
    unpacked: list[tuple[int, str]] = []
    for timeline in timelines:
        timeline.picture_changed.connect(lambda k, view: unpacked.append((k, view)))
        assert timeline.thumbnail(4) is not None  # the end is there
    picture = timelines[0].picture(4, "noisy")
    assert picture is not None
    session.cache.set_limit(100 * picture.nbytes)
    for k in range(4):
        for timeline in timelines:
            timeline.picture(k, "noisy")
            timeline.picture(k, "denoised")
    wanted_views = ("noisy", "denoised")
    qtbot.waitUntil(lambda: len([k for k, view in unpacked if view in wanted_views]) >= 512)
    kept = max(session.cache.limit, ON_SCREEN * 64 * picture.nbytes)
    assert 0 < session.cache.size <= kept
