"""The one law, for every family of diffusers: observing a run changes no bit of it."""

from __future__ import annotations

import functools
import threading
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
import torch

from tests.families import FAMILIES
from tests.families.dummy import Dummy
from visualizer.diffusion import (
    Model,
    RequestError,
    SamplingRequest,
    Step,
    Trajectory,
    sample,
    sample_many,
)
from visualizer.diffusion.branching import branch
from visualizer.diffusion.families import denoisers, family_named, pipelines_in
from visualizer.diffusion.noise_edits import drawing_of
from visualizer.diffusion.observing import Observer
from visualizer.diffusion.request import FrozenMapping
from visualizer.diffusion.sampling import pipeline_arguments
from visualizer.diffusion.starts import EditedNoise, Flip, Mix

PROMPT = "a red Ferrari on a mountain road at sunset"
FIELDS = ("width", "height", "guidance_scale", "negative_prompt")
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    everything = metafunc.config.getoption("--all-families")
    chosen = list(FAMILIES) if everything else one_a_space()
    cases = [(family, dtype) for family in chosen for dtype in DTYPES]
    metafunc.parametrize(("family", "dtype"), cases, scope="module")


def one_a_space() -> list[str]:
    """The first family of every row of the table of latent spaces."""
    first: dict[str, str] = {}
    for name in FAMILIES:
        family = family_named(name)
        for space in (family.space, *(stage.space for stage in family.stages.values())):
            first.setdefault(space, name)
    return list(dict.fromkeys(first.values()))


@pytest.fixture(scope="module")
def case(family: str, dtype: str) -> Case:
    return Case(FAMILIES[family], dtype)


class Case:
    """A tiny pipeline of a family, a request for it, and the run that came of it."""

    def __init__(self, dummy: Dummy, dtype: str) -> None:
        self.dummy = dummy
        self.exact = dtype == "float32"
        self.pipeline = dummy.build(DTYPES[dtype])
        self.model = Model(self.pipeline)
        given = dummy.arguments()
        fields = {name: given.pop(name) for name in FIELDS if name in given}
        if self.model.family.guidance != "guidance_scale" and "guidance_scale" in fields:
            given["guidance_scale"] = fields.pop("guidance_scale")
        self.request = SamplingRequest(
            PROMPT, seed=3, steps=dummy.steps, extra=FrozenMapping(given), **fields
        )

    @functools.cached_property
    def run(self) -> Trajectory:
        return sample(self.model, self.request)

    def bare(self, **changes: Any) -> tuple[list[Returned], Any]:
        """What the schedulers returned with nobody else watching, and the picture."""
        arguments: dict[str, Any] = {"prompt": PROMPT, **self.dummy.arguments()}
        if self.dummy.steps is not None:
            arguments["num_inference_steps"] = self.dummy.steps
        if self.model.family.unprompted_text is not None:
            arguments.setdefault("negative_prompt", self.model.family.unprompted_text)
        arguments["generator"] = torch.Generator("cpu").manual_seed(3)
        arguments |= changes
        returned: list[Returned] = []
        places = []
        for owner in pipelines_in(self.pipeline):
            for name, scheduler in [*vars(owner).items()]:
                if hasattr(scheduler, "set_timesteps") and hasattr(scheduler, "step"):
                    places.append((owner, name, scheduler))
        fresh: dict[int, Any] = {}
        for owner, name, own in places:
            if id(own) not in fresh:
                fresh[id(own)] = type(own).from_config(own.config)
                _keep_what_it_returns(fresh[id(own)], returned)
            setattr(owner, name, fresh[id(own)])
        torch.manual_seed(3)  # some pipelines draw from here beside the generator they are given
        try:
            output = self.pipeline(**arguments, output_type="pil")
        finally:
            for owner, name, own in places:
                setattr(owner, name, own)
        frames = getattr(output, "images", None)
        if frames is None:
            frames = [output.frames[0][0]]
        return returned, np.asarray(frames[0].convert("RGB"))


@dataclass
class Returned:
    """What one call of ``scheduler.step`` gave: the next latent, and its own x̂₀ if it tells it."""

    latents: torch.Tensor
    guess: torch.Tensor | None


_SAYS_ITS_GUESS = ("DDIM", "DDPMS", "CogVideoXDDIM", "UnCLIP", "EulerDiscrete", "EulerAncestral")


def _keep_what_it_returns(scheduler: Any, returned: list[Returned]) -> None:
    original = scheduler.step
    says = type(scheduler).__name__.startswith(_SAYS_ITS_GUESS)

    @functools.wraps(original)
    def step(*args: Any, **kwargs: Any) -> Any:
        result = original(*args, **kwargs)
        latents = result[0] if isinstance(result, tuple) else result.prev_sample
        guess = None
        if says:
            guess = result[1] if isinstance(result, tuple) else result.pred_original_sample
        elif scheduler.config.get("algorithm_type") == "dpmsolver++":
            guess = scheduler.model_outputs[-1]
        returned.append(Returned(latents.detach().clone(), guess))
        return result

    scheduler.step = step


def numpy(tensor: torch.Tensor) -> Any:
    return tensor[0].float().numpy()


def test_every_latent_and_the_picture_are_the_bare_pipelines(case: Case) -> None:
    returned, picture = case.bare()
    run = case.run
    ends = [k for k, s in enumerate(run.steps) if s.prediction is None]
    calls = sum(1 + len(s.trials) for s in run.steps if s.prediction is not None)
    assert calls == len(returned)
    assert np.array_equal(run.steps[-1].latents, numpy(returned[-1].latents))
    assert ends[-1] == len(run.steps) - 1
    assert run.final is not None
    if len(ends) == 1 or not case.model.family.loops:
        assert np.array_equal(run.final, picture)
    for step in run.steps:
        assert np.isfinite(step.latents).all()
        assert np.isfinite(step.denoised).all()


def test_one_step_a_noise_level(case: Case) -> None:
    run = case.run
    shares = [s.noise_level.noise_share for s in run.steps]
    # some pipelines round their timesteps to the model's dtype
    planned = [level.noise_share for level in run.planned]
    assert np.allclose(shares, planned, atol=1e-9 if case.exact else 0.01)
    assert len(run.timesteps) == len(run.planned) - 1
    steps = case.dummy.steps
    if steps is not None and not case.model.family.stages:
        loops = sum(s.prediction is None for s in run.steps)
        assert len(run.steps) == loops * (steps + 1)
    # known beforehand, now that it has run once
    assert case.model.plan(case.request).levels == run.planned


def test_levels_are_known_before_the_first_run(case: Case) -> None:
    fresh = Model(case.pipeline)
    planned = fresh.plan(case.request).levels
    if case.model.family.loops:
        assert planned  # how many parts there will be, only the pipeline knows
        return
    assert [round(level.noise_share, 6) for level in planned] == [
        round(level.noise_share, 6) for level in case.run.planned
    ]


def test_the_final_latent_decodes_to_the_pipelines_picture(case: Case) -> None:
    last = case.run.steps[-1]
    assert last.layout.shown
    decoded = case.model.decode(last.latents, last.layout).astype(int)
    assert case.run.final is not None
    difference = np.abs(decoded - case.run.final.astype(int))
    assert difference.max() <= (1 if case.exact else 12)


def test_the_last_guess_is_nearly_the_final_latent(case: Case) -> None:
    before, last = case.run.steps[-2], case.run.steps[-1]
    left = before.noise_level.noise / max(before.noise_level.signal, 1e-6)
    scale = np.abs(last.latents).max()
    assert np.abs(before.denoised - last.latents).max() <= (0.02 + 3 * left) * scale


def test_guesses_are_the_schedulers_own_or_imply_the_next_latent(case: Case) -> None:
    """By formulas that are not ours: what the scheduler says of x̂₀, or where it goes from there."""
    returned, _ = case.bare()
    tolerance = 1e-3 if case.exact else 0.15  # bfloat16 counts in steps of 1/256
    calls = iter(returned)
    checked = 0
    for now, after in zip(case.run.steps, [*case.run.steps[1:], None], strict=False):
        if now.prediction is None:
            continue
        call = next(calls)
        for _ in now.trials:
            next(calls)
        if call.guess is not None:
            expected = numpy(call.guess)
            scale = np.abs(expected).max()
            assert np.abs(now.denoised - expected[: len(now.denoised)]).max() <= tolerance * scale
            checked += 1
        elif after is not None and now.noise_level.space == "flow" and not now.trials:
            level = after.noise_level
            assert now.noise is not None
            implied = level.signal * now.denoised + level.noise * now.noise
            scale = np.abs(after.latents).max()
            if type(case.pipeline.scheduler).__name__ == "FlowMatchEulerDiscreteScheduler":
                assert np.abs(implied - after.latents).max() <= tolerance * scale
                checked += 1
    if type(case.pipeline.scheduler).__name__ not in _NEITHER:
        assert checked


_NEITHER = ("PNDMScheduler", "LCMScheduler", "DDPMWuerstchenScheduler", "HeliosScheduler")
"""Schedulers that keep their guess to themselves and go elsewhere from it: they are tested by
``test_the_last_guess_is_nearly_the_final_latent`` and with the samplers."""


def test_stopping_leaves_the_pipeline_as_it_was(case: Case) -> None:
    expected = case.run
    processors = {
        name: dict(getattr(module, "attn_processors", {}))
        for name, module in denoisers(case.pipeline)
    }
    cancel = threading.Event()

    def stop(step: Step) -> None:
        if step.index == 1:
            cancel.set()

    stopped = sample(case.model, case.request, on_step=stop, cancelled=cancel)
    assert stopped.cancelled
    assert len(stopped.steps) == 2
    for name, module in denoisers(case.pipeline):
        assert dict(getattr(module, "attn_processors", {})) == processors[name]
        assert not module._forward_hooks
    again = sample(case.model, case.request)
    assert again.final is not None
    assert expected.final is not None
    assert np.array_equal(again.final, expected.final)
    assert np.array_equal(again.steps[-1].latents, expected.steps[-1].latents)


def test_without_a_generator_it_is_the_same_too(case: Case) -> None:
    """Whoever watches must not draw from torch's own generator."""
    returned, _ = case.bare(generator=None)
    arguments = pipeline_arguments([case.request], case.model.family)
    del arguments["generator"]
    size = case.model.size_of(case.request)
    plan = case.model.plan(case.request)
    observer = Observer(case.pipeline, case.model.family, (case.request,), size, plan)
    torch.manual_seed(3)
    with observer.attached():
        case.pipeline(**arguments, output_type="pil")
        observer.finish()
    assert np.array_equal(observer.lanes[0][-1].latents, numpy(returned[-1].latents))


def test_several_pictures_in_one_batch(case: Case) -> None:
    if not case.model.family.batches:
        pytest.skip("this pipeline makes one picture at a time")
    other = replace(case.request, seed=8, prompt="a blue boat on a lake at night")
    together = sample_many(case.model, [case.request, other])
    alone = [case.run, sample(case.model, other)]
    for batched, single in zip(together, alone, strict=True):
        assert np.array_equal(batched.steps[0].latents, single.steps[0].latents)
        assert batched.final is not None
        assert single.final is not None
        if case.exact:
            difference = np.abs(batched.final.astype(int) - single.final.astype(int))
            assert np.percentile(difference, 99) <= 2
    assert not np.array_equal(together[0].steps[0].latents, together[1].steps[0].latents)


def test_guidance_is_what_the_pipeline_made_of_both_answers(case: Case) -> None:
    """Where the prediction is u + w (c − u), the w found is the one that was asked for."""
    guided = [s for s in case.run.steps if s.guidance is not None]
    if case.model.family.embedded:
        assert not guided
        return
    assert guided
    name = case.dummy.name
    asked = case.request.guidance_scale or case.model.facts.guidance_scale
    asked = case.request.extra.get(case.model.family.guidance, asked)
    if name.startswith(_WRITTEN_BESIDE):
        asked += 1
    for step in guided:
        direction, strength = step.guidance_direction, step.guidance_strength
        assert step.guidance is not None
        assert direction is not None
        assert np.isfinite(direction).all()
        assert strength is not None
        assert strength > 0
        assert step.unprompted is not None
        assert np.abs(step.unprompted - step.denoised).max() > 0
        if case.exact and not case.model.family.stages:
            if name.startswith(_BENT):
                assert step.guidance.weight is None
            elif "PAG" not in name or step.guidance.weight is not None:
                assert step.guidance.weight is not None
                assert abs(step.guidance.weight - asked) <= 0.05


_WRITTEN_BESIDE = ("ZImage", "Krea2", "Kandinsky3")  # cond + g (cond − uncond)
_BENT = ("Lumina", "QwenImagePipeline", "QwenImageControlNet", "NucleusMoE")
"""These rescale what they mix, or guide some channels only."""


def test_perturbed_attention_is_not_taken_for_the_prompt(case: Case) -> None:
    """With guidance off, the second half of a batch is another answer to the same prompt."""
    if "PAG" not in case.dummy.name or case.dummy.name == "HunyuanDiTPAGPipeline":
        pytest.skip("only where attention is perturbed, and the pipeline itself can do it")
    unguided = sample(case.model, replace(case.request, guidance_scale=1.0))
    assert all(step.guidance is None for step in unguided.steps)


def test_stopping_between_pictures_begins_no_further_one(case: Case) -> None:
    cancelled = threading.Event()
    cancelled.set()
    requests = [replace(case.request, seed=seed) for seed in (1, 2, 3)]
    heard: list[int] = []
    runs = sample_many(
        case.model, requests, on_step=lambda lane, step: heard.append(lane), cancelled=cancelled
    )
    assert [run.cancelled for run in runs] == [True] * 3
    if not case.model.family.batches:
        assert not heard


def test_a_branch_with_nothing_changed_is_its_parent(case: Case) -> None:
    run = case.run
    shown = [s.index for s in run.steps if s.prediction is not None]
    k = shown[len(shown) // 2]
    again = sample(case.model, branch(case.request, k), parent=run)
    assert [s is t for s, t in zip(again.steps, run.steps, strict=True)][:k] == [True] * k
    for one, other in zip(again.steps, run.steps, strict=True):
        np.testing.assert_array_equal(one.latents, other.latents)
    np.testing.assert_array_equal(again.final, run.final)
    # of several stages the first reads the words; a later one may see nothing but what it made
    reading = [k for k in shown if run.steps[k].stage == run.steps[0].stage]
    k = reading[len(reading) // 2]
    boat = sample(case.model, branch(case.request, k, prompt="a blue boat"), parent=run)
    assert len(boat.steps) == len(run.steps)
    for one, other in zip(boat.steps[: k + 1], run.steps, strict=False):
        np.testing.assert_array_equal(one.latents, other.latents)
    assert [s is t for s, t in zip(boat.steps, run.steps, strict=True)][:k] == [True] * k
    said, before = boat.steps[k].prediction, run.steps[k].prediction
    assert said is not None
    assert before is not None
    assert not np.array_equal(said, before)


def test_edited_noise_begins_the_run_or_is_refused(case: Case) -> None:
    flip, mix = (
        replace(case.request, start=EditedNoise((edit,)))
        for edit in (Flip("horizontal"), Mix(8, 1.0))
    )
    refused = [] if drawing_of(case.pipeline) else [flip, mix]
    if case.model.family.draws_first:
        refused.append(mix)
    for request in refused:
        with pytest.raises(RequestError, match=r"cannot be edited|is not known"):
            case.model.plan(request)
    last = case.run.steps[-1].stage
    first = next(s.index for s in case.run.steps if s.stage == last)
    if not case.model.family.stages:
        first = 0  # one network: it is its first loop that begins with noise alone
    if flip not in refused:
        flipped = sample(case.model, flip)
        seen, own = (
            s.layout.spatial(s.latents) for s in (flipped.steps[first], case.run.steps[first])
        )
        # the pyramid makes the noise it draws smaller, and rounds where it does
        rounded = (1e-6 if case.exact else 0.02) if "Pyramid" in case.dummy.name else 0.0
        np.testing.assert_allclose(seen, own[..., ::-1], rtol=0, atol=rounded)
        assert not np.array_equal(seen, own)
        _same_before(flipped, case.run, first)
    if mix not in refused:
        mixed = sample(case.model, mix)
        seen, own = mixed.steps[first].latents, case.run.steps[first].latents
        if first == 0:
            wanted = sample(case.model, replace(case.request, seed=8)).steps[0].latents
        else:  # a run of the other seed draws for its first stage before: this is its first draw
            drawn = torch.Generator("cpu").manual_seed(8)
            dtype = DTYPES["float32" if case.exact else "bfloat16"]
            wanted = numpy(torch.randn((1, *own.shape), generator=drawn, dtype=dtype))
        np.testing.assert_array_equal(seen, wanted)
        assert not np.array_equal(seen, own)
        _same_before(mixed, case.run, first)


def _same_before(run: Trajectory, other: Trajectory, first: int) -> None:
    """The stages before the one whose noise is edited are left alone."""
    for one, two in zip(run.steps[:first], other.steps[:first], strict=True):
        np.testing.assert_array_equal(one.latents, two.latents)
