"""Every sampler of the table, run on tiny pipelines of the kind of model that it is for."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import numpy as np
import pytest
import sampler_page
import torch

from tests.diffusion.tiny_pipelines import tiny_flow_pipeline, tiny_pipeline
from tests.families import FAMILIES
from visualizer.diffusion import (
    Model,
    NoiseLevel,
    RequestError,
    SamplingRequest,
    Step,
    Trajectory,
    sample,
    sampler_table,
    samplers,
    schedules,
)
from visualizer.diffusion.libraries import diffusers
from visualizer.diffusion.sampler_table import SPACING_FLAGS, SPACINGS, Sampler

SEED = 3
PROMPT = "a boat"

MODELS: dict[str, Callable[[], Any]] = {
    "epsilon": lambda: tiny_pipeline("epsilon"),
    "v_prediction": lambda: tiny_pipeline("v_prediction"),
    "sample": lambda: tiny_pipeline("sample"),
    "flow": tiny_flow_pipeline,
    "sana": lambda: FAMILIES["SanaPipeline"].build(torch.float32),
    "edm": lambda: _edm_pipeline("epsilon"),
    "edm v": lambda: _edm_pipeline("v_prediction"),
}
ROWS = {row.key: row for row in sampler_table.DIFFUSION}
FLOW_ROWS = {row.key: row for row in sampler_table.FLOW}
EDM_ROWS = {row.key: row for row in sampler_table.EDM}


def _edm_pipeline(prediction_type: str) -> Any:
    pipeline = tiny_pipeline()
    pipeline.scheduler = diffusers.EDMEulerScheduler(prediction_type=prediction_type)
    return pipeline


@cache
def model_of(name: str) -> Model:
    return Model(MODELS[name]())


@pytest.fixture(scope="module", autouse=True)
def forget_models() -> Iterator[None]:
    yield
    model_of.cache_clear()


def cases() -> list[Any]:
    """(model, sampler, steps): every row at two numbers of steps, every spacing at one."""
    found = [("epsilon", v.key, 4) for row in ROWS.values() for v in row.variants]
    found += [("epsilon", key, 7) for key in ROWS]
    found += [("v_prediction", key, 4) for key in ROWS]
    found += [("sample", row.key, 4) for row in ROWS.values() if "sample" in row.reads]
    found += [("flow", v.key, 4) for r in FLOW_ROWS.values() if not r.random for v in r.variants]
    found += [("flow", row.key, 7) for row in FLOW_ROWS.values() if not row.random]
    found += [("sana", key, 4) for key in FLOW_ROWS]
    found += [(name, key, 4) for name in ("edm", "edm v") for key in EDM_ROWS]
    return [pytest.param(*case, id=" ".join(map(str, case))) for case in found]


def request_for(model: Model, key: str | None, steps: int) -> SamplingRequest:
    size: dict[str, Any] = {"width": 16, "height": 16}
    if type(model.pipeline).__name__ == "SanaPipeline":
        given = FAMILIES["SanaPipeline"].arguments()
        size = {name: given.pop(name) for name in ("width", "height")} | {"extra": given}
    return SamplingRequest(PROMPT, seed=SEED, steps=steps, guidance_scale=1.0, sampler=key, **size)


def bare_latents(model: Model, request: SamplingRequest) -> Any:
    """What diffusers makes of a request with nobody watching."""
    pipeline, own = model.pipeline, model.pipeline.scheduler
    pipeline.scheduler = samplers.fresh_scheduler(
        own, request.sampler, seed=request.seed, pipeline=pipeline
    )
    try:
        return pipeline(
            prompt=request.prompt,
            num_inference_steps=request.steps,
            guidance_scale=request.guidance_scale,
            width=request.width,
            height=request.height,
            **request.extra,
            generator=torch.Generator("cpu").manual_seed(request.seed),
            output_type="latent",
        ).images[0]
    finally:
        pipeline.scheduler = own


class Witness:
    """Hears what a scheduler says of x̂₀ itself, call by call."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, scheduler: str) -> None:
        cls = getattr(diffusers, scheduler)
        self.own: list[Any] = []
        self.trial: list[bool] = []
        original, hear = cls.step, self._hear

        # the true signature: pipelines decide by it what they hand on
        def step(this: Any, *args: Any, **kwargs: Any) -> Any:
            trial = schedules.is_trial(this)
            result = original(this, *args, **kwargs)
            hear(this, result, trial)
            return result

        step.__signature__ = inspect.signature(original)  # type: ignore[attr-defined]
        monkeypatch.setattr(cls, "step", step)

    def _hear(self, scheduler: Any, result: Any, trial: bool) -> None:
        if hasattr(scheduler, "model_outputs"):
            own = scheduler.model_outputs[-1]
        else:
            own = result[1] if len(result) > 1 else None
        self.own.append(None if own is None else own[0].float().numpy())
        self.trial.append(trial)

    @property
    def of_steps(self) -> list[Any]:
        return [own for own, trial in zip(self.own, self.trial, strict=True) if not trial]


SAYS_NOISE = ("deis",)
SAYS_SOMETHING_ELSE = ("pndm", "plms", "tcd", "lcm")


@pytest.mark.parametrize(("name", "key", "steps"), cases())
def test_a_sampler_runs_as_it_says(
    monkeypatch: pytest.MonkeyPatch, name: str, key: str, steps: int
) -> None:
    """One run of each: its bits, its levels, its guesses, and what it leaves alone."""
    model = model_of(name)
    request = request_for(model, key, steps)
    chosen = next(
        s for s in samplers.fitting(model.pipeline.scheduler, model.pipeline) if s.key == key
    )
    plan = model.plan(request)
    bare = bare_latents(model, request)

    witness = Witness(monkeypatch, chosen.scheduler)
    torch.manual_seed(11)
    before = torch.random.get_rng_state()
    run = sample(model, request)
    assert torch.equal(torch.random.get_rng_state(), before)

    assert np.array_equal(run.steps[-1].latents, bare.numpy())
    assert run.sampler == chosen.label
    assert [step.noise_level for step in run.steps] == list(plan.levels)
    assert [step.timestep for step in run.steps[:-1]] == list(plan.timesteps)
    assert len(run.steps) == steps + 1
    assert plan.levels[0].noise_share > 0.9
    assert plan.levels[-1].noise_share < 0.01
    assert np.isfinite(run.steps[-1].latents).all()

    if key.startswith(SAYS_NOISE):
        assert_close([s.noise for s in run.steps[:-1]], witness.of_steps)
    elif not key.startswith(SAYS_SOMETHING_ELSE) and witness.of_steps[0] is not None:
        assert_close([s.denoised for s in run.steps[:-1]], witness.of_steps)
    else:
        assert_the_next_latent_follows(run, key)


def assert_close(shown: list[Any], own: list[Any]) -> None:
    assert len(shown) == len(own)
    for mine, theirs in zip(shown, own, strict=True):
        np.testing.assert_allclose(mine, theirs, atol=5e-4 * np.abs(theirs).max(), rtol=1e-3)


def assert_the_next_latent_follows(run: Trajectory, key: str) -> None:
    """Samplers that say no x̂₀: what they hold next is made of the x̂₀ and ε̂ shown now."""
    if key == "lcm":  # noise of its own, until the last step gives x̂₀ itself
        np.testing.assert_allclose(run.steps[-1].latents, run.steps[-2].denoised, atol=1e-3)
        return
    if run.steps[0].trials:  # the first trial is a plain step, from which the solver goes on
        trial, step = run.steps[0].trials[0], run.steps[0]
        assert_mixture(trial.latents, step, trial_level(run, trial.timestep))
        return
    for now, after in zip(run.steps, run.steps[1:], strict=False):
        assert_mixture(after.latents, now, after.noise_level)


def trial_level(run: Trajectory, timestep: float) -> NoiseLevel:
    at = {step.timestep: step.noise_level for step in run.steps[:-1]}
    if timestep in at:
        return at[timestep]
    scheduler = tiny_pipeline().scheduler
    return NoiseLevel.from_alpha_bar(float(scheduler.alphas_cumprod[int(timestep)]))


def assert_mixture(latents: Any, step: Step, level: NoiseLevel) -> None:
    assert step.noise is not None
    expected = level.signal * step.denoised + level.noise * step.noise
    scale = np.abs(expected).max()
    # DDIM-like strides are whole: up to one timestep from where the next is said to be
    np.testing.assert_allclose(latents, expected, atol=0.01 * scale)


@pytest.mark.parametrize("name", ["epsilon", "flow", "edm"])
def test_every_fresh_scheduler_bears_its_name(name: str) -> None:
    own = model_of(name).pipeline.scheduler
    for sampler in samplers.fitting(own):
        assert samplers.label_of(samplers.fresh_scheduler(own, sampler.key)) == sampler.label


def test_seeds_make_different_pictures_also_where_a_sampler_takes_no_generator() -> None:
    own = model_of("epsilon").pipeline.scheduler
    x = torch.ones(2, 4, 3, 3)
    noises = []
    for seed in (5, 5, 6, [5, 6], [6, 5]):
        scheduler = samplers.fresh_scheduler(own, "dpmpp_sde_karras", seed=seed)
        scheduler.set_timesteps(4)
        noises.append(scheduler.step(torch.zeros_like(x), scheduler.timesteps[0], x)[0])
    alone = samplers.fresh_scheduler(own, "dpmpp_sde_karras", seed=5)
    alone.set_timesteps(4)
    one = alone.step(torch.zeros_like(x[:1]), alone.timesteps[0], x[:1])[0]
    assert torch.equal(noises[0], noises[1])
    assert not torch.equal(noises[0], noises[2])
    # a list: each picture of a batch has the noise of its seed, wherever it stands
    assert torch.equal(noises[3], noises[4].flip(0))
    assert torch.equal(noises[3][:1], one)


# --- the table against diffusers ------------------------------------------------------------------


def every_row() -> list[Sampler]:
    return [*sampler_table.DIFFUSION, *sampler_table.FLOW, *sampler_table.EDM]


def test_every_scheduler_of_diffusers_is_offered_or_left_out_with_a_reason() -> None:
    known = {row.scheduler for row in every_row()}
    known |= {*sampler_table.OWN_ONLY, *sampler_table.LEFT_OUT}
    there = {
        name
        for name in dir(diffusers)
        if name.endswith("Scheduler") and hasattr(getattr(diffusers, name), "step")
    }
    there |= {"ScoreSdeVeScheduler"}  # its step has another name
    assert there == known


@pytest.mark.parametrize("samplers_of", ["DIFFUSION_SAMPLERS", "FLOW_SAMPLERS", "EDM_SAMPLERS"])
def test_keys_and_labels_name_one_sampler(samplers_of: str) -> None:
    rows = getattr(samplers, samplers_of)
    assert len({s.key for s in rows}) == len({s.label for s in rows}) == len(rows)


@pytest.mark.parametrize("row", every_row(), ids=lambda row: f"{row.scheduler} {row.key}")
def test_a_row_says_of_its_class_what_is_so(row: Sampler) -> None:
    cls = getattr(diffusers, row.scheduler)
    accepted = inspect.signature(cls.__init__).parameters
    # settings that a class does not know say what it does anyway
    assert {k for k, v in row.settings.items() if v not in (False, *_MOST_USUAL)} <= set(accepted)
    if "flow_prediction" not in row.reads:
        flags = tuple(
            s for s, flag in zip(SPACINGS, SPACING_FLAGS, strict=True) if flag in accepted
        )
        assert row.spacings == flags
    draws = "generator" in inspect.signature(cls.step).parameters
    assert draws or not row.random


_MOST_USUAL = ("trailing", "midpoint", "zero", True)


def test_samplers_that_cannot_read_a_model_are_not_offered_and_could_not() -> None:
    own = model_of("sample").pipeline.scheduler
    offered = {s.key for s in samplers.fitting(own)}
    refused = [row for row in sampler_table.DIFFUSION if row.key not in offered]
    assert {row.key for row in refused} == {
        "euler_a", "dpm2", "dpm2_a", "dpmpp_sde", "pndm", "plms",
    }  # fmt: skip
    x = torch.zeros(1, 4, 2, 2)
    for row in refused:
        scheduler = getattr(diffusers, row.scheduler)(prediction_type="sample")
        scheduler.set_timesteps(4)
        if hasattr(scheduler, "scale_model_input"):
            scheduler.scale_model_input(x, scheduler.timesteps[0])
        with pytest.raises((NotImplementedError, ValueError)):
            scheduler.step(x, scheduler.timesteps[0], x)


# --- what fits ------------------------------------------------------------------------------------


def keys(scheduler: Any, pipeline: Any = None) -> set[str]:
    return {s.key for s in samplers.fitting(scheduler, pipeline)}


def test_models_whose_last_step_is_all_noise_run_only_what_knows_it() -> None:
    own = diffusers.DDIMScheduler(rescale_betas_zero_snr=True, prediction_type="v_prediction")
    offered = keys(own)
    assert {"ddim", "ddpm", "euler", "euler_a", "dpmpp_2m_karras", "unipc", "lcm"} <= offered
    assert not offered & {"heun", "dpm2", "lms", "dpmpp_sde", "dpmpp_2s", "deis", "pndm"}
    for key in offered:
        scheduler = samplers.fresh_scheduler(own, key)
        scheduler.set_timesteps(5)
        levels, _ = schedules.planned_levels(scheduler)
        assert levels[0].alpha_bar < 1e-6, key


def test_a_learned_variance_goes_to_what_reads_it() -> None:
    own = diffusers.DDPMScheduler(variance_type="learned_range", thresholding=True)
    assert keys(own) == {
        v.key for key in ("dpmpp_2m", "dpmpp_2m_sde", "dpmpp_3m_sde", "dpmpp_2s")
        for v in ROWS[key].variants
    }  # fmt: skip
    x, output = torch.zeros(1, 3, 2, 2), torch.randn(1, 6, 2, 2)
    for key in keys(own):
        scheduler = samplers.fresh_scheduler(own, key)
        assert scheduler.config.thresholding
        scheduler.set_timesteps(3)
        generator = torch.Generator().manual_seed(0)
        result = scheduler.step(output, scheduler.timesteps[0], x, generator=generator)
        assert result.prev_sample.shape == x.shape


@pytest.mark.parametrize(
    "own",
    [
        diffusers.DDPMWuerstchenScheduler(),
        diffusers.UnCLIPScheduler(),
        diffusers.CogVideoXDDIMScheduler(),
        diffusers.HeliosScheduler(),
        diffusers.IPNDMScheduler(),
        diffusers.SCMScheduler(),
        diffusers.DDPMScheduler(beta_schedule="sigmoid"),
        diffusers.EDMEulerScheduler(sigma_data=0.7),
        diffusers.FlowMatchEulerDiscreteScheduler(invert_sigmas=True),
    ],
    ids=lambda own: type(own).__name__,
)
def test_special_models_run_only_their_own(own: Any) -> None:
    assert keys(own) == set()
    with pytest.raises(RequestError, match="only the model's own"):
        samplers.fresh_scheduler(own, "euler")
    assert type(samplers.fresh_scheduler(own, None)) is type(own)


def test_a_model_told_the_logarithm_of_its_noise_keeps_a_sampler_that_tells_it() -> None:
    own = diffusers.EulerDiscreteScheduler(
        timestep_type="continuous", prediction_type="v_prediction"
    )
    assert keys(own) == {"euler", "euler_karras", "euler_exponential", "euler_beta"}
    assert samplers.fresh_scheduler(own, "euler").config.timestep_type == "continuous"


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        ({}, {"euler", "heun", "dpmpp_2m", "dpmpp_2s", "unipc"}),
        ({"use_dynamic_shifting": True}, {"euler", "dpmpp_2m", "dpmpp_2s", "unipc"}),
        ({"use_dynamic_shifting": True, "shift_terminal": 0.02}, {"euler", "unipc"}),
        ({"use_dynamic_shifting": True, "time_shift_type": "linear"}, {"euler", "unipc"}),
    ],
)
def test_flow_models_keep_how_their_noise_is_shifted(
    own: dict[str, Any], expected: set[str]
) -> None:
    scheduler = diffusers.FlowMatchEulerDiscreteScheduler(shift=2.5, max_shift=0.9, **own)
    offered = {row.key for row in sampler_table.FLOW if row.key in keys(scheduler)}
    assert offered == expected
    for key in keys(scheduler):
        config = samplers.fresh_scheduler(scheduler, key).config
        assert all(config[name] == value for name, value in own.items())
        assert config.get("shift", config.get("flow_shift")) == 2.5
        assert config["max_shift"] == 0.9  # pipelines compute the shift from it


def test_a_dynamic_shift_arrives_in_every_sampler() -> None:
    own = diffusers.FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True)
    for key in ("euler", "dpmpp_2m", "dpmpp_2s", "unipc"):
        middle = []
        for mu in (0.1, 1.5):
            scheduler = samplers.fresh_scheduler(own, key)
            scheduler.set_timesteps(8, mu=mu)
            middle.append(schedules.planned_levels(scheduler)[0][4].noise)
        assert middle[1] > middle[0] + 0.1, key


def test_clipping_is_the_models_choice() -> None:
    latent = diffusers.EulerDiscreteScheduler()
    assert not samplers.fresh_scheduler(latent, "ddim").config.clip_sample
    pixels = diffusers.DDPMScheduler(clip_sample=True, clip_sample_range=2.0)
    fresh = samplers.fresh_scheduler(pixels, "ddim")
    assert fresh.config.clip_sample
    assert fresh.config.clip_sample_range == 2.0


def test_a_large_variance_is_not_left_in_the_picture() -> None:
    own = diffusers.DDPMScheduler(variance_type="fixed_large", clip_sample=False)
    scheduler = samplers.fresh_scheduler(own, "ddpm")
    scheduler.set_timesteps(4)
    x = torch.full((1, 4, 2, 2), 0.5)
    generator = torch.Generator().manual_seed(0)
    last = scheduler.step(torch.zeros_like(x), scheduler.timesteps[-1], x, generator=generator)
    np.testing.assert_allclose(last.prev_sample, last.pred_original_sample, atol=1e-4)


CALLED_OTHERWISE = (
    "FluxPipeline",
    "QwenImagePipeline",
    "ZImagePipeline",
    "Lumina2Pipeline",
    "CogView4Pipeline",
    "Ideogram4Pipeline",
    "Kandinsky3Pipeline",
    "LatentConsistencyModelPipeline",
    "IFPipeline",
)


@pytest.mark.parametrize("family", CALLED_OTHERWISE)
def test_pipelines_that_call_otherwise_run_all_they_are_offered(family: str) -> None:
    dummy = FAMILIES[family]
    model = Model(dummy.build(torch.float32))
    given = dummy.arguments()
    names = ("width", "height", "guidance_scale", "negative_prompt")
    fields: dict[str, Any] = {name: given.pop(name) for name in names if name in given}
    fields["extra"] = given
    offered = samplers.fitting(model.pipeline.scheduler, model.pipeline)
    rows = [s for s in offered if not s.key.endswith(SPACINGS)]
    assert rows
    for row in rows:
        request = SamplingRequest(PROMPT, seed=SEED, steps=3, sampler=row.key, **fields)
        plan = model.plan(request)
        run = sample(model, request)
        assert [step.noise_level for step in run.steps] == list(plan.levels), row.key


# --- packages -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("missing", "key"),
    [("scipy", "lms"), ("scipy", "dpmpp_2m_beta"), ("torchsde", "dpmpp_sde_karras")],
)
def test_what_needs_a_missing_package_is_not_offered_and_says_so(
    monkeypatch: pytest.MonkeyPatch, missing: str, key: str
) -> None:
    own = model_of("epsilon").pipeline.scheduler
    assert key in keys(own)
    monkeypatch.setattr(samplers, "_is_installed", lambda package: package != missing)
    assert key not in keys(own)
    assert "euler" in keys(own)
    with pytest.raises(RequestError, match=rf"needs {missing}.*denoising-visualizer\[samplers\]"):
        samplers.fresh_scheduler(own, key)


# --- names ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scheduler", "label"),
    [
        (diffusers.PNDMScheduler(skip_prk_steps=True), "PLMS"),
        (diffusers.PNDMScheduler(), "PNDM"),
        (diffusers.EulerDiscreteScheduler(use_karras_sigmas=True), "Euler Karras"),
        (diffusers.DPMSolverMultistepScheduler(), "DPM++ 2M"),
        (diffusers.DPMSolverMultistepScheduler(solver_order=3), "DPMSolverMultistep"),
        (
            diffusers.DPMSolverMultistepScheduler(
                algorithm_type="sde-dpmsolver++", solver_order=3, use_exponential_sigmas=True
            ),
            "DPM++ 3M SDE Exponential",
        ),
        (diffusers.FlowMatchEulerDiscreteScheduler(), "Euler"),
        (
            diffusers.DPMSolverMultistepScheduler(
                use_flow_sigmas=True, prediction_type="flow_prediction"
            ),
            "DPM++ 2M",
        ),
        (diffusers.EDMDPMSolverMultistepScheduler(), "DPM++ 2M"),
        (diffusers.UnCLIPScheduler(), "UnCLIP"),
        (diffusers.DDPMWuerstchenScheduler(), "DDPMWuerstchen"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_a_models_own_sampler_is_called_as_people_call_it(scheduler: Any, label: str) -> None:
    assert samplers.label_of(scheduler) == label


def test_two_fresh_schedulers_share_nothing() -> None:
    own = model_of("epsilon").pipeline.scheduler
    one, two = (samplers.fresh_scheduler(own, "dpmpp_2m") for _ in range(2))
    one.set_timesteps(4)
    x = torch.ones(1, 4, 2, 2)
    one.step(x, one.timesteps[0], x)
    two.set_timesteps(6)
    assert len(one.timesteps) == 4
    assert two.model_outputs == [None, None]
    assert two.step_index is None


# --- numbers of steps -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "steps", "what"),
    [
        ("lcm", 51, "up to 50"),
        ("tcd", 60, "up to 50"),
        ("ddim", 1001, "up to 1000"),
        ("deis_karras", 1, "stop at 100% noise"),
        ("pndm", 3, "at least 4 steps"),
    ],
)
def test_impossible_numbers_of_steps_are_refused_with_a_sentence(
    key: str, steps: int, what: str
) -> None:
    with pytest.raises(RequestError, match=what):
        model_of("epsilon").plan(request_for(model_of("epsilon"), key, steps))


def test_whole_timesteps_of_a_flow_must_differ_at_the_start() -> None:
    own = diffusers.FlowMatchEulerDiscreteScheduler(shift=7.0)
    scheduler = samplers.fresh_scheduler(own, "unipc")
    scheduler.set_timesteps(500)
    levels, _ = schedules.planned_levels(scheduler)
    with pytest.raises(RequestError, match="can tell apart"):
        samplers.check_spacing(scheduler, levels, 500)
    assert schedules.planned_levels(scheduler)[0] == levels


def test_unclip_needs_two_steps() -> None:
    with pytest.raises(RequestError, match="at least 2"):
        samplers.check_steps(diffusers.UnCLIPScheduler(), 1)


def test_the_page_tells_the_table() -> None:
    """After a change: python packaging/sampler_page.py"""
    assert sampler_page.PAGE.read_text(encoding="utf-8") == sampler_page.page()


def test_a_model_says_which_samplers_add_noise_at_every_step() -> None:
    pipeline = tiny_pipeline("epsilon")
    noisy = samplers.adding_noise(pipeline.scheduler, pipeline)
    keys = [name.key for name in samplers.sampler_names(pipeline.scheduler, pipeline)]
    assert {"euler_a", "ddpm", "dpmpp_2m_sde", "sa_solver", "lcm"} <= set(noisy)
    assert not {"ddim", "euler", "dpmpp_2m", "unipc", ""} & set(noisy)
    assert {key for key in keys if ROWS.get(key) and ROWS[key].random} <= set(noisy)
    own = diffusers.DPMSolverMultistepScheduler(algorithm_type="sde-dpmsolver++")
    assert "" in samplers.adding_noise(own)
    assert "" in samplers.adding_noise(diffusers.EulerAncestralDiscreteScheduler())
