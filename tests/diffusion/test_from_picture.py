"""A run that starts from a picture: image-to-image, through the pipeline's own loop."""

from __future__ import annotations

import inspect
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import pytest
import torch
from PIL import Image

from tests.builtin_sizes import HEIGHT
from tests.example_runs import make_picture, make_run
from visualizer.commands.rows import request_rows
from visualizer.diffusion import Model, RequestError, SamplingRequest, Trajectory, sample
from visualizer.diffusion.branching import branch
from visualizer.diffusion.encoding import encode_picture
from visualizer.diffusion.facts import Plan
from visualizer.diffusion.forward import destroyed_in_latents
from visualizer.diffusion.lanes import batches_of
from visualizer.diffusion.noise import NoiseLevel
from visualizer.diffusion.runfile import RunFileError, load
from visualizer.diffusion.starts import FromPicture, FromStep, start_to_json
from visualizer.diffusion.survival import Survival, steps_at
from visualizer.export.reel import facts_of
from visualizer.export.share_words import noise_words
from visualizer.metadata.own import request_of

PICTURE = make_picture(0.1, size=HEIGHT)
STEPS = 4
ASKED = SamplingRequest(
    "a red car on a mountain road at sunset", seed=11, steps=STEPS, guidance_scale=3.0
)
HALFWAY = replace(ASKED, start=FromPicture(PICTURE, 2))


@pytest.fixture(scope="module")
def run(builtin: Model) -> Trajectory:
    return sample(builtin, HALFWAY)


# --- the start ------------------------------------------------------------------------------------


def test_a_start_is_its_picture_and_its_step() -> None:
    writable = PICTURE.copy()
    start = FromPicture(writable, 2)
    assert start == FromPicture(PICTURE, 2)
    assert hash(start) == hash(FromPicture(PICTURE, 2))
    assert start not in (FromPicture(PICTURE, 1), FromPicture(make_picture(0.2, size=HEIGHT), 2))
    writable[:] = 0  # what was given may change: the start does not
    assert start == FromPicture(PICTURE, 2)
    assert not start.picture.flags.writeable
    assert start_to_json(start)["picture"]["array"] == start.digest


@pytest.mark.parametrize(
    ("picture", "step", "said"),
    [
        (PICTURE.astype(np.float32), 1, "of the shape"),
        (PICTURE[..., 0], 1, "of the shape"),
        (PICTURE[:0], 1, "1 to 16384 pixels"),
        (PICTURE, -1, "step"),
        (PICTURE, True, "step"),
    ],
)
def test_what_is_no_start_is_refused(picture: Any, step: Any, said: str) -> None:
    with pytest.raises(RequestError, match=said):
        FromPicture(picture, step)


def test_in_json_the_picture_is_missing_and_that_is_said() -> None:
    with pytest.raises(RequestError, match="only a fingerprint"):
        SamplingRequest.from_json(HALFWAY.to_json())
    broken = HALFWAY.to_json()
    del broken["start"]["picture"]
    with pytest.raises(RequestError, match="incomplete"):
        SamplingRequest.from_json(broken)


# --- the run --------------------------------------------------------------------------------------


def test_it_is_the_image_to_image_of_diffusers(builtin: Model, run: Trajectory) -> None:
    """Same picture, same noise, same levels: the same final latent to 1e-4, the same picture."""
    own = builtin.pipeline
    names = inspect.signature(diffusers.StableDiffusionImg2ImgPipeline.__init__).parameters
    parts = {name: part for name, part in own.components.items() if name in names}
    pipeline: Any = diffusers.StableDiffusionImg2ImgPipeline(**parts, requires_safety_checker=False)
    pipeline.scheduler = type(own.scheduler).from_config(own.scheduler.config)
    pipeline.set_progress_bar_config(disable=True)
    latents: list[torch.Tensor] = []

    def keep(_pipe: Any, _k: int, _t: Any, values: dict[str, Any]) -> dict[str, Any]:
        latents.append(values["latents"])
        return {}

    image = pipeline(
        ASKED.prompt,
        image=Image.fromarray(PICTURE),
        strength=0.5,
        num_inference_steps=STEPS,
        guidance_scale=ASKED.guidance_scale,
        generator=torch.Generator("cpu").manual_seed(ASKED.seed),
        callback_on_step_end=keep,
    ).images[0]
    assert len(latents) == len(run.steps) - 1 == 2
    for theirs, step in zip(latents, run.steps[1:], strict=True):
        np.testing.assert_allclose(step.latents, theirs[0].numpy(), atol=1e-4)
    assert run.final is not None
    np.testing.assert_allclose(run.final, np.asarray(image), atol=1)


def test_it_begins_with_the_noised_picture_and_leaves_out_what_comes_before(
    builtin: Model, run: Trajectory
) -> None:
    encoded = encode_picture(builtin, PICTURE, ASKED)
    forward = destroyed_in_latents(encoded, ASKED, builtin.identity)
    assert np.array_equal(run.steps[0].latents, forward.steps[STEPS - 2].latents)
    whole = builtin.plan(ASKED)
    assert builtin.plan(HALFWAY).levels == run.planned == whole.levels[2:]
    assert run.timesteps == whole.timesteps[2:]
    assert [step.index for step in run.steps] == [0, 1, 2]
    assert not run.cancelled


def test_it_leaves_no_trace_in_the_model(builtin: Model, run: Trajectory) -> None:
    scheduler = builtin.pipeline.scheduler
    again = sample(builtin, HALFWAY)
    assert builtin.pipeline.scheduler is scheduler
    assert np.array_equal(again.steps[-1].latents, run.steps[-1].latents)
    assert builtin.plan(ASKED).levels[2:] == run.planned
    assert len(builtin.plan(ASKED).levels) == STEPS + 1


@pytest.mark.parametrize("sampler", ["heun", "euler_a", "dpmpp_2m"])
@pytest.mark.parametrize("step", [0, 2])
def test_other_samplers_go_on_from_it(builtin: Model, sampler: str, step: int) -> None:
    request = replace(ASKED, sampler=sampler, start=FromPicture(PICTURE, step))
    made = sample(builtin, request)
    assert len(made.steps) == STEPS + 1 - step
    assert made.steps[0].noise_level == builtin.plan(ASKED_WITH[sampler]).levels[step]
    assert made.final is not None


ASKED_WITH = {name: replace(ASKED, sampler=name) for name in ("heun", "euler_a", "dpmpp_2m")}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"sampler": "pndm"}, "PNDM cannot begin in the middle"),
        ({"start": FromPicture(PICTURE, STEPS)}, "beyond the last one that denoises, 3"),
    ],
)
def test_what_cannot_be_done_gets_a_sentence(
    builtin: Model, changes: dict[str, Any], said: str
) -> None:
    for refuses in (builtin.plan, lambda request: sample(builtin, request)):
        with pytest.raises(RequestError, match=said):
            refuses(replace(HALFWAY, **changes))


def test_a_stop_leaves_what_was_taken(builtin: Model) -> None:
    enough = threading.Event()
    made = sample(builtin, HALFWAY, on_step=lambda _step: enough.set(), cancelled=enough)
    assert made.cancelled
    assert 1 <= len(made.steps) < 3


def test_it_can_be_branched(builtin: Model, run: Trajectory) -> None:
    same = branch(HALFWAY, 1)
    assert isinstance(same.start, FromStep)
    assert np.array_equal(
        sample(builtin, same, parent=run).steps[-1].latents, run.steps[-1].latents
    )
    other = sample(builtin, branch(HALFWAY, 1, prompt="a blue boat"), parent=run)
    assert np.array_equal(other.steps[1].latents, run.steps[1].latents)
    assert not np.array_equal(other.steps[-1].latents, run.steps[-1].latents)


def test_it_is_made_by_itself() -> None:
    assert batches_of([ASKED, HALFWAY, replace(HALFWAY, seed=1), replace(ASKED, seed=2)]) == [
        (0, 3),
        (1,),
        (2,),
    ]


# --- its file -------------------------------------------------------------------------------------


def test_a_file_keeps_the_picture(tmp_path: Path) -> None:
    branched = replace(ASKED, start=FromStep(HALFWAY, 1))
    for request in (HALFWAY, branched):
        path = tmp_path / "run.denoise"
        replace(make_run(3), request=request).save(path)
        opened = load(path)
        assert opened.request == request
        start = opened.request.start
        kept = start.parent.start if isinstance(start, FromStep) else start
        assert isinstance(kept, FromPicture)
        assert np.array_equal(kept.picture, PICTURE)


def test_a_file_without_its_picture_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from visualizer.diffusion import runfile

    monkeypatch.setattr(runfile, "request_tensors", lambda *_requests: ({}, {}))
    path = tmp_path / "run.denoise"
    replace(make_run(3), request=HALFWAY).save(path)
    with pytest.raises((RunFileError, RequestError), match="only a fingerprint"):
        load(path)


# --- what survives --------------------------------------------------------------------------------

LEVELS = tuple(NoiseLevel.from_alpha_bar(k / 10) for k in range(11))


class Forgetful:
    """A model that gives back as much of a picture as noise left of it."""

    def __init__(self) -> None:
        self.calls: list[SamplingRequest] = []

    def plan(self, _request: SamplingRequest) -> Plan:
        return Plan(LEVELS, tuple(range(10)), "DDIM")

    def sample(self, _model: Any, request: SamplingRequest, *, cancelled: Any) -> Trajectory:
        self.calls.append(request)
        if cancelled.is_set():
            return make_run(2, stop_after=1)
        start, other = request.start, np.random.default_rng(9).integers(0, 256, PICTURE.shape)
        kept = 0.0
        if isinstance(start, FromPicture):
            kept = LEVELS[start.step].alpha_bar
        mixed = (kept * PICTURE + (1 - kept) * other).astype(np.uint8)
        return replace(make_run(2), final=mixed)


def test_less_survives_the_more_noise_there_was() -> None:
    model, never = Forgetful(), threading.Event()
    survival = Survival(PICTURE, PICTURE, ASKED, (0.2, 0.5, 0.52, 0.9, 1.0))
    points = []
    while not survival.finished:
        point = survival.advance(model, model.sample, never)
        points += [] if point is None else [point]
    assert [point.step for point in points] == [8, 5, 1, 0]
    assert [round(point.share_of_noise, 6) for point in points] == [0.2, 0.5, 0.9, 1.0]
    likenesses = [point.likeness for point in points]
    assert likenesses == sorted(likenesses, reverse=True)
    assert points[-1].likeness == pytest.approx(points[-1].chance)
    assert points[-1].survived == 0
    assert points[0].survived > 0.8
    assert model.calls[0].start.kind == "seed"  # chance is measured first


def test_a_stopped_run_is_made_again() -> None:
    model, stopped = Forgetful(), threading.Event()
    survival = Survival(PICTURE, PICTURE, HALFWAY, (0.5,))
    stopped.set()
    assert survival.advance(model, model.sample, stopped) is None
    assert survival.advance(model, model.sample, stopped) is None
    stopped.clear()
    assert survival.advance(model, model.sample, stopped) is None  # of pure noise
    assert not survival.finished
    assert survival.advance(model, model.sample, stopped) is not None
    assert survival.finished


def test_shares_that_are_nearest_to_one_step_count_once() -> None:
    assert steps_at(LEVELS, (1.0, 0.96, 0.11, 0.0)) == [9, 0]


# --- in words -------------------------------------------------------------------------------------


def test_captions_and_metadata_know_how_it_started() -> None:
    made = replace(make_run(4), request=replace(HALFWAY, negative_prompt=None))
    share = made.planned[0].noise_share
    assert f"from a picture, from {noise_words(share)}" in facts_of(made)
    branched = replace(made, request=replace(ASKED, start=FromStep(HALFWAY, 1)))
    assert f"from a picture, from {noise_words(share)}" in facts_of(branched)
    assert not any("picture" in fact for fact in facts_of(replace(made, request=ASKED)))
    assert ("start", "from a picture, from step 2") in list(request_rows(HALFWAY))
    said: list[str] = []
    request = request_of(HALFWAY.to_json(), said)
    assert request == ASKED
    assert said == [
        "It started from a picture, which is not in the file: from static it becomes another."
    ]
