"""Timelines: planned, growing, finished."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from tests.example_runs import make_run
from tests.session.fake_model import FakeModel
from visualizer.diffusion.facts import Plan
from visualizer.diffusion.layout import LatentLayout
from visualizer.diffusion.request import SamplingRequest
from visualizer.diffusion.step import Guidance
from visualizer.diffusion.stored_pictures import StoredPictures, pack
from visualizer.diffusion.trajectory import Trajectory
from visualizer.diffusion.views import GUIDANCE_GAIN, difference
from visualizer.session.pictures import PictureCache
from visualizer.session.timeline import Stage, Timeline, points_of


@pytest.fixture(autouse=True)
def _qt(qtbot: QtBot) -> None:
    """Timelines are QObjects."""


def test_a_planned_one_has_levels_and_nothing_else() -> None:
    request = SamplingRequest("a red car", steps=10)
    timeline = Timeline.planned(request, FakeModel().plan(request))
    assert (len(timeline), timeline.total, timeline.complete) == (0, 11, False)
    assert timeline.level(0).noise_share == 1
    assert timeline.timestep(10) == 0
    assert timeline.label(3) == "Step 3 of 10"
    assert timeline.picture(0, "noisy") is None
    assert not timeline.has_view(0, "noisy")
    assert timeline.why_missing(0, "noisy")
    assert bool(timeline)


def test_an_opened_run_shows_what_the_run_shows() -> None:
    run = make_run(6)
    timeline = Timeline.of(run)
    assert timeline.complete
    assert timeline.trajectory is run
    for k in range(7):
        for view in ("noisy", "denoised", "channels"):
            shown = timeline.picture(k, view)
            assert shown is not None
            assert np.array_equal(shown, run.picture(k, view)), (k, view)
        assert timeline.level(k) == run.steps[k].noise_level
        share = timeline.measured_share(k)
        assert share is not None
        assert 0 <= share <= 1
    changed = timeline.picture(3, "change")
    assert changed is not None
    assert np.array_equal(changed, run.picture(3, "change"))


def test_what_cannot_be_had_says_why() -> None:
    timeline = Timeline.of(make_run(4))
    assert timeline.why_missing(0, "change").startswith("Nothing has changed")
    assert "no noise is left" in timeline.why_missing(4, "noise")
    assert "Open the model that made it (Built-in)" in timeline.why_missing(2, "noise")
    assert not timeline.has_view(2, "noise")
    timeline.set_model(can_decode=True, can_preview=False)
    assert timeline.has_view(2, "noise")


def test_without_pictures_only_the_last_one_and_the_channels_are_there() -> None:
    timeline = Timeline.of(make_run(4, pictures=False))
    assert [timeline.has_view(k, "noisy") for k in range(5)] == [False] * 4 + [True]
    assert timeline.has_view(1, "channels")
    assert not timeline.has_view(4, "change")
    assert timeline.thumbnail(4) is not None
    assert timeline.thumbnail(0) is None


def test_asking_for_what_is_not_exact_makes_it_wanted(qtbot: QtBot) -> None:
    timeline = Timeline.of(make_run(4, pictures=False))
    timeline.set_model(can_decode=True, can_preview=True)
    with qtbot.waitSignal(timeline.picture_wanted) as wanted:
        assert timeline.picture(2, "noisy") is None
    assert wanted.args == [2, "noisy"]
    preview = np.full((32, 32, 3), 90, dtype=np.uint8)
    with qtbot.waitSignal(timeline.picture_changed) as changed:
        timeline.put_picture(2, "noisy", preview, exact=False)
    assert changed.args == [2, "noisy"]
    assert timeline.picture(2, "noisy") is preview
    assert timeline.thumbnail(2) is preview
    assert not timeline.is_exact(2, "noisy")
    timeline.put_picture(2, "noisy", preview + 1, exact=True)
    assert timeline.is_exact(2, "noisy")
    asked: list[int] = []
    timeline.picture_wanted.connect(lambda k, view: asked.append(k))
    timeline.picture(2, "noisy")
    assert asked == []


def test_a_change_follows_its_two_pictures() -> None:
    timeline = Timeline.of(make_run(4, pictures=False))
    timeline.set_model(can_decode=True, can_preview=True)
    grey = np.full((32, 32, 3), 100, dtype=np.uint8)
    timeline.put_picture(1, "noisy", grey, exact=False)
    timeline.put_picture(2, "noisy", grey + 10, exact=False)
    first = timeline.picture(2, "change")
    assert first is not None
    changed: list[tuple[int, str]] = []
    timeline.picture_changed.connect(lambda k, view: changed.append((k, view)))
    timeline.put_picture(1, "noisy", grey + 5, exact=True)
    timeline.put_picture(2, "noisy", grey + 20, exact=True)
    assert (2, "change") in changed
    second = timeline.picture(2, "change")
    assert second is not None
    assert np.array_equal(second, difference(grey + 5, grey + 20))
    assert timeline.is_exact(2, "change")


def test_stored_pictures_are_unpacked_when_looked_at() -> None:
    run = make_run(3)
    pngs = {key: pack(picture) for key, picture in run.pictures.items()}
    timeline = Timeline.of(replace(run, pictures=StoredPictures(pngs)))
    shown = timeline.picture(1, "denoised")
    assert shown is not None
    assert np.array_equal(shown, run.picture(1, "denoised"))
    assert timeline.picture(1, "denoised") is shown
    assert timeline.is_exact(1, "denoised")


def test_a_damaged_stored_picture_is_no_crash() -> None:
    run = make_run(3)
    pngs = {key: pack(picture) for key, picture in run.pictures.items()}
    whole = pngs[1, "noisy"]
    pngs[1, "noisy"] = whole[:33] + bytes(len(whole) - 33)
    timeline = Timeline.of(replace(run, pictures=StoredPictures(pngs)), points=points_of(run))
    assert timeline.picture(1, "noisy") is None


def test_a_stopped_run_is_a_normal_run() -> None:
    timeline = Timeline.of(make_run(8, stop_after=3))
    assert (len(timeline), timeline.total, timeline.complete) == (3, 9, False)
    assert timeline.cancelled
    assert timeline.level(8).noise_share == 0
    assert timeline.picture(2, "noisy") is not None


def test_a_prompt_that_is_empty_still_has_a_title() -> None:
    assert Timeline.of(make_run(1, request=SamplingRequest("  "))).title == "No prompt"


# --- what the prompt makes ------------------------------------------------------------------------


def test_what_the_prompt_makes_is_the_difference_of_two_guesses() -> None:
    run = with_guidance(make_run(4))
    timeline = Timeline.of(run)
    timeline.set_model(can_decode=True, can_preview=True)
    assert timeline.guided
    assert timeline.guidance_strength(1) == run.steps[1].guidance_strength
    assert timeline.guidance_strength(4) is None
    gray = np.full((32, 32, 3), 100, dtype=np.uint8)
    changed: list[tuple[int, str]] = []
    timeline.picture_changed.connect(lambda k, view: changed.append((k, view)))
    timeline.put_picture(2, "unprompted", gray, exact=True)
    assert changed == [(2, "unprompted"), (2, "guidance")]
    guess = timeline.picture(2, "denoised")
    assert guess is not None
    shown = timeline.picture(2, "guidance")
    assert shown is not None
    assert np.array_equal(shown, difference(gray, guess, GUIDANCE_GAIN))
    assert timeline.is_exact(2, "guidance")
    assert not timeline.is_exact(1, "guidance")


@pytest.mark.parametrize(
    ("scale", "opened", "why"),
    [(1.0, False, "Guidance is off"), (5.0, False, "in one pass"), (5.0, True, "file does not")],
)
def test_where_the_model_was_not_asked_twice_it_says_why(
    scale: float, opened: bool, why: str
) -> None:
    run = make_run(4, request=SamplingRequest("a", guidance_scale=scale, steps=4))
    timeline = Timeline.of(run)
    if not opened:
        timeline = Timeline(run.request, levels=run.planned)
        timeline.append(points_of(run))
    assert not timeline.guided
    for view in ("unprompted", "guidance"):
        assert not timeline.has_view(2, view)
        assert why in timeline.why_missing(2, view)
        assert timeline.picture(2, view) is None
        assert "not asked any more" in timeline.why_missing(4, view)


# --- stages ---------------------------------------------------------------------------------------


def test_stages_count_for_themselves() -> None:
    run = in_stages(make_run(9), {"prior": 4, "decoder": 6})
    timeline = Timeline.of(run)
    assert timeline.stages == (Stage("prior", 0, 3), Stage("decoder", 4, 9))
    assert [timeline.label(k) for k in (0, 3, 4, 9)] == [
        "Prior, step 0 of 3",
        "Prior, step 3 of 3",
        "Decoder, step 0 of 5",
        "Decoder, step 5 of 5",
    ]
    assert timeline.step_count == 8
    assert [timeline.steps_taken(k) for k in (0, 3, 4, 9)] == [0, 3, 3, 8]
    assert "first step of this stage" in timeline.why_missing(4, "change")
    assert "stage is finished" in timeline.why_missing(3, "noise")
    assert "picture is finished" in timeline.why_missing(9, "noise")


def test_what_a_prior_makes_is_shown_as_numbers() -> None:
    run = in_stages(make_run(9), {"prior": 4, "decoder": 6}, hidden="prior")
    timeline = Timeline.of(run)
    timeline.set_model(can_decode=True, can_preview=True)
    for view in ("noisy", "denoised", "noise", "change"):
        assert "no decoder" in timeline.why_missing(2, view)
        assert timeline.picture(2, view) is None
    assert not timeline.shows_pictures(3)
    assert timeline.shows_pictures(4)
    numbers = timeline.picture(2, "channels")
    assert numbers is not None
    assert np.array_equal(numbers, run.picture(2, "channels"))
    assert timeline.thumbnail(2) is not None


def test_a_planned_run_knows_its_stages_and_learns_more() -> None:
    plan = FakeModel().plan(SamplingRequest("a", steps=3))
    loop = (plan.levels, plan.timesteps)
    one, two = (Plan.of_loops([(f"chunk {i}", *loop) for i in range(1, n)], "S") for n in (3, 4))
    timeline = Timeline.planned(SamplingRequest("a"), one)
    assert [stage.name for stage in timeline.stages] == ["chunk 1", "chunk 2"]
    grown: list[int] = []
    timeline.grown.connect(lambda: grown.append(timeline.total))
    timeline.set_plan(two.levels, two.timesteps, two.stages)
    assert grown == [12]
    assert timeline.label(11) == "Chunk 3, step 3 of 3"
    assert timeline.timestep(4) == plan.timesteps[0]


def test_a_stopped_run_from_a_file_finds_where_its_next_stage_would_begin() -> None:
    plan = FakeModel().plan(SamplingRequest("a", steps=3))
    loops = Plan.of_loops([(n, plan.levels, plan.timesteps) for n in ("prior", "decoder")], "S")
    run = replace(make_run(9, stop_after=2), planned=loops.levels, timesteps=loops.timesteps)
    timeline = Timeline.of(replace(run, steps=tuple(replace(s, stage="prior") for s in run.steps)))
    assert timeline.stages == (Stage("prior", 0, 3), Stage("later", 4, 7))


def with_guidance(run: Trajectory) -> Trajectory:
    """The same run of a model that was asked without the prompt, too."""
    steps = tuple(
        s if s.prediction is None else replace(s, guidance=Guidance(s.prediction / 2, None, 2.0))
        for s in run.steps
    )
    return replace(run, steps=steps)


def in_stages(run: Trajectory, sizes: dict[str, int], hidden: str = "") -> Trajectory:
    """The same run cut into stages, of which one is not decoded."""
    names = [name for name, size in sizes.items() for _ in range(size)]
    ends = set(np.cumsum(list(sizes.values())) - 1)
    steps = tuple(
        replace(
            step,
            stage=name,
            prediction=None if step.index in ends else step.prediction,
            layout=LatentLayout("features") if name == hidden else step.layout,
        )
        for step, name in zip(run.steps, names, strict=True)
    )
    return replace(run, steps=steps, pictures={})


@pytest.mark.parametrize("side", [32, 320])
def test_of_many_lanes_thumbnails_are_bounded_as_their_pictures_are(
    qtbot: QtBot, side: int
) -> None:
    cache = PictureCache(limit=3 * side * side * 3)
    lanes = [Timeline.of(make_run(steps=4), cache=cache, lazy=True) for _ in range(4)]
    pictures = []
    for lane in lanes:
        lane.can_decode = True
        for k in range(4):
            picture = np.full((side, side, 3), 10 * k, dtype=np.uint8)
            pictures.append(weakref.ref(picture))
            lane.put_picture(k, "noisy", picture, exact=True)
            del picture
    gc.collect()
    assert cache.size <= cache.limit
    assert sum(ref() is not None for ref in pictures) <= 3
    newest = lanes[-1].thumbnail(3)
    assert newest is not None
    assert newest.max() == 30
    with qtbot.waitSignal(lanes[0].picture_wanted) as wanted:
        assert lanes[0].thumbnail(0) is None
    assert wanted.args == [0, "noisy"]
