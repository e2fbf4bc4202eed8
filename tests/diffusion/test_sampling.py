"""The one law: observing a run changes no bit of it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.diffusion.tiny_pipelines import tiny_flow_pipeline, tiny_pipeline
from visualizer.diffusion import (
    Model,
    ModelError,
    RequestError,
    SamplingRequest,
    Step,
    sample,
    sample_many,
    sampler_table,
    samplers,
)
from visualizer.diffusion.libraries import diffusers
from visualizer.diffusion.parameterization import denoised_and_noise

FERRARI = "a red Ferrari on a mountain road at sunset"
SAMPLERS = [None, *(row.key for row in sampler_table.DIFFUSION)]
FLOW_SAMPLERS = [None, *(row.key for row in sampler_table.FLOW if not row.random)]


@pytest.fixture(scope="module")
def tiny() -> Model:
    return Model(tiny_pipeline())


@pytest.fixture(scope="module")
def flow() -> Model:
    return Model(tiny_flow_pipeline())


def bare(model: Model, request: SamplingRequest, output_type: str) -> Any:
    """What diffusers makes of a request with nobody watching; written out, not shared."""
    pipeline = model.pipeline
    own = pipeline.scheduler
    pipeline.scheduler = samplers.fresh_scheduler(own, request.sampler, seed=request.seed)
    arguments: dict[str, Any] = {"prompt": request.prompt}
    if request.steps is not None:
        arguments["num_inference_steps"] = request.steps
    if request.guidance_scale is not None:
        arguments["guidance_scale"] = request.guidance_scale
    if request.negative_prompt is not None:
        arguments["negative_prompt"] = request.negative_prompt
    if request.width is not None:
        arguments["width"] = request.width
    if request.height is not None:
        arguments["height"] = request.height
    generator = torch.Generator("cpu").manual_seed(request.seed)
    try:
        return pipeline(**arguments, generator=generator, output_type=output_type).images
    finally:
        pipeline.scheduler = own


def assert_same_bits(model: Model, request: SamplingRequest) -> None:
    run = sample(model, request)
    latents = bare(model, request, "latent")[0].numpy()
    assert np.array_equal(run.steps[-1].latents, latents)
    assert run.final is not None
    assert np.array_equal(run.final, np.asarray(bare(model, request, "pil")[0]))
    assert np.array_equal(run.picture(len(run.steps) - 1), run.final)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_observed_run_equals_the_bare_pipeline(builtin: Model, sampler: str | None) -> None:
    request = SamplingRequest(FERRARI, seed=7, steps=6, guidance_scale=3.0, sampler=sampler)
    assert_same_bits(builtin, request)


@pytest.mark.parametrize("sampler", FLOW_SAMPLERS)
def test_observed_flow_run_equals_the_bare_pipeline(flow: Model, sampler: str | None) -> None:
    size = flow.facts.width
    request = SamplingRequest(
        "a boat", seed=3, steps=5, guidance_scale=4.0, sampler=sampler, width=size, height=size
    )
    assert_same_bits(flow, request)


@given(
    seed=st.integers(0, 2**32 - 1),
    steps=st.integers(2, 5),
    guidance=st.sampled_from([0.0, 1.0, 7.5]),
    avoid=st.none() | st.sampled_from(["", "fog"]),
    prompt=st.sampled_from([FERRARI, "", "🚗 سيارة", "word " * 60]),
)
@settings(max_examples=12, deadline=None)
def test_any_request_keeps_the_law(
    tiny: Model, seed: int, steps: int, guidance: float, avoid: str | None, prompt: str
) -> None:
    request = SamplingRequest(
        prompt, negative_prompt=avoid, seed=seed, steps=steps, guidance_scale=guidance
    )
    assert_same_bits(tiny, request)


def test_observing_draws_nothing_from_the_global_generator(tiny: Model) -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    sample(tiny, SamplingRequest("a boat", steps=2))
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_one_step_a_noise_level(builtin: Model, sampler: str | None) -> None:
    run = sample(builtin, SamplingRequest(FERRARI, seed=1, steps=6, sampler=sampler))
    assert [s.index for s in run.steps] == list(range(7))
    shares = [s.noise_level.noise_share for s in run.steps]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] > 0.99
    assert shares[-1] < 0.01
    assert shares == [level.noise_share for level in run.planned]
    assert list(run.timesteps) == [s.timestep for s in run.steps[:-1]]
    times = [s.timestep for s in run.steps]
    assert times == sorted(times, reverse=True)


@pytest.mark.parametrize(
    ("sampler", "trials"), [("heun", 5), ("dpm2", 5), ("pndm", 9), ("plms", 1), ("ddim", 0)]
)
def test_trial_evaluations_are_kept_beside_the_steps(
    builtin: Model, sampler: str, trials: int
) -> None:
    run = sample(builtin, SamplingRequest(FERRARI, seed=1, steps=6, sampler=sampler))
    assert sum(len(s.trials) for s in run.steps) == trials


def test_one_seed_shows_one_static_under_every_sampler(builtin: Model) -> None:
    first = [
        sample(builtin, SamplingRequest(FERRARI, seed=9, steps=6, sampler=key)).steps[0]
        for key in ("ddim", "euler", "heun", "dpmpp_2m", "unipc")
    ]
    for other in first[1:]:
        np.testing.assert_allclose(other.unit_latents, first[0].unit_latents, atol=0.02)


@pytest.mark.parametrize("prediction_type", ["epsilon", "v_prediction", "sample"])
@pytest.mark.parametrize("scheduler", ["DDIMScheduler", "EulerDiscreteScheduler"])
def test_denoised_equals_the_schedulers_own(prediction_type: str, scheduler: str) -> None:
    """Against diffusers' own x̂₀, which its schedulers compute by formulas of their own."""
    pipeline = tiny_pipeline(prediction_type, scheduler)
    model = Model(pipeline)
    own: list[Any] = []

    original = getattr(diffusers, scheduler).step

    class Spying(getattr(diffusers, scheduler)):  # type: ignore[misc]
        def step(self, *args: Any, **kwargs: Any) -> Any:
            result = original(self, *args, **kwargs)
            own.append(result[1][0].numpy())
            return result

    config = {**pipeline.scheduler.config, "clip_sample": False}
    pipeline.scheduler = Spying.from_config(config)
    run = sample(model, SamplingRequest("a boat", seed=2, steps=5, guidance_scale=1.0))
    assert len(own) == 5
    for step, expected in zip(run.steps, own, strict=False):
        scale = np.abs(expected).max()
        np.testing.assert_allclose(step.denoised, expected, atol=2e-4 * scale, rtol=1e-3)


def test_flow_prediction_explains_the_next_latent(flow: Model) -> None:
    """Euler on a flow: x at the next level is made of the very x̂₀ and ε̂ shown now."""
    run = sample(flow, SamplingRequest("a boat", seed=2, steps=5))
    for now, after in zip(run.steps, run.steps[1:], strict=False):
        level = after.noise_level
        assert now.noise is not None
        expected = level.signal * now.denoised + level.noise * now.noise
        np.testing.assert_allclose(after.latents, expected, atol=2e-5)


def test_the_last_guess_is_the_final_latent(builtin: Model) -> None:
    run = sample(builtin, SamplingRequest(FERRARI, seed=7, steps=8, sampler="euler"))
    np.testing.assert_allclose(run.steps[-2].denoised, run.steps[-1].latents, atol=1e-4)
    assert run.steps[-1].noise is None
    assert run.steps[-1].denoised is run.steps[-1].latents or np.array_equal(
        run.steps[-1].denoised, run.steps[-1].latents
    )


def test_on_step_hears_every_step_as_it_is_taken(tiny: Model) -> None:
    heard: list[Step] = []
    run = sample(tiny, SamplingRequest("a boat", steps=4), on_step=heard.append)
    assert [s.index for s in heard] == [0, 1, 2, 3, 4]
    assert all(a.latents is b.latents for a, b in zip(heard, run.steps, strict=True))


def test_arrays_are_read_only(tiny: Model) -> None:
    run = sample(tiny, SamplingRequest("a boat", steps=2))
    for array in (run.steps[0].latents, run.steps[0].denoised, run.final, run.picture(1)):
        assert array is not None
        with pytest.raises(ValueError, match="read-only"):
            array[:] = 0


@pytest.mark.parametrize("at", [0, 2])
def test_cancelling_stops_within_one_step_and_keeps_what_is_there(tiny: Model, at: int) -> None:
    cancelled = threading.Event()

    def stop(step: Step) -> None:
        if step.index == at:
            cancelled.set()

    run = sample(tiny, SamplingRequest("a boat", steps=6), on_step=stop, cancelled=cancelled)
    assert run.cancelled
    assert run.final is None
    assert len(run.steps) in (at + 1, at + 2)
    assert run.picture(at).shape == run.picture(at, "denoised").shape
    whole = sample(tiny, SamplingRequest("a boat", steps=6))
    assert np.array_equal(whole.steps[at].latents, run.steps[at].latents)
    assert_same_bits(tiny, SamplingRequest("a boat", steps=6))


def test_an_error_in_a_callback_leaves_the_model_as_it_was(tiny: Model) -> None:
    own = tiny.pipeline.scheduler

    def fail(step: Step) -> None:
        raise KeyError("a mistake of the caller")

    with pytest.raises(KeyError):
        sample(tiny, SamplingRequest("a boat", steps=2), on_step=fail)
    assert tiny.pipeline.scheduler is own
    assert_same_bits(tiny, SamplingRequest("a boat", steps=2))


def test_nan_stops_the_run_and_says_so() -> None:
    pipeline = tiny_pipeline()
    calls = 0

    def poison(_module: Any, _inputs: Any, output: Any) -> Any:
        nonlocal calls
        calls += 1
        return (output[0] * float("nan"),) if calls == 3 else output

    handle = pipeline.unet.register_forward_hook(poison)
    run = sample(Model(pipeline), SamplingRequest("a boat", steps=5))
    handle.remove()
    assert run.cancelled
    assert "step 2" in run.notice
    assert len(run.steps) == 3


def test_a_batch_matches_single_runs(builtin: Model) -> None:
    requests = [SamplingRequest(FERRARI, seed=s, steps=5, guidance_scale=3.0) for s in (1, 2, 3)]
    heard: list[tuple[int, int]] = []
    runs = sample_many(
        builtin, requests, on_step=lambda lane, step: heard.append((lane, step.index))
    )
    assert sorted(heard) == [(lane, k) for lane in range(3) for k in range(6)]
    for request, run in zip(requests, runs, strict=True):
        alone = sample(builtin, request)
        assert np.array_equal(run.steps[0].latents, alone.steps[0].latents)
        np.testing.assert_allclose(run.steps[-1].latents, alone.steps[-1].latents, atol=5e-3)
        assert run.model.batch_size == 3


def test_a_batch_of_unlike_runs_is_refused(tiny: Model) -> None:
    with pytest.raises(RequestError, match="share steps"):
        sample_many(tiny, [SamplingRequest("a", steps=2), SamplingRequest("a", steps=3)])


def test_equal_requests_give_equal_bits_and_seeds_differ(tiny: Model) -> None:
    one, two, three = (
        sample(tiny, SamplingRequest("a boat", seed=seed, steps=3)) for seed in (4, 4, 5)
    )
    assert np.array_equal(one.steps[-1].latents, two.steps[-1].latents)
    assert not np.array_equal(one.steps[-1].latents, three.steps[-1].latents)


@pytest.mark.parametrize("steps", [1001, 5000])
@pytest.mark.parametrize("sampler", [s for s in SAMPLERS if s])
def test_too_many_steps_are_refused_with_a_sentence(tiny: Model, sampler: str, steps: int) -> None:
    with pytest.raises(RequestError, match=r"steps"):
        tiny.plan(SamplingRequest("a boat", steps=steps, sampler=sampler))


def test_spacing_that_starts_below_pure_noise_is_refused() -> None:
    model = Model(tiny_pipeline(spacing="leading"))
    # 600 steps of a schedule of 1000 would start at t = 600, on pure static
    with pytest.raises(RequestError, match="instead of pure noise"):
        model.plan(SamplingRequest("a boat", steps=600))
    assert len(model.plan(SamplingRequest("a boat", steps=600, sampler="ddim")).levels) == 601
    assert len(model.plan(SamplingRequest("a boat", steps=30)).levels) == 31


@pytest.mark.parametrize("sampler", [s for s in SAMPLERS if s])
@pytest.mark.parametrize("steps", [1, 2, 3, 37, 900])
def test_every_accepted_plan_starts_at_noise_and_ends_clean(
    tiny: Model, sampler: str, steps: int
) -> None:
    try:
        plan = tiny.plan(SamplingRequest("a boat", steps=steps, sampler=sampler))
    except RequestError:
        return
    assert len(plan.levels) == steps + 1
    assert plan.levels[0].noise_share > 0.9
    assert plan.levels[-1].noise_share < 0.01


def test_unknown_sampler_and_impossible_size_are_refused(tiny: Model, builtin: Model) -> None:
    with pytest.raises(RequestError, match="no sampler 'magic'"):
        sample(tiny, SamplingRequest("a boat", sampler="magic"))
    with pytest.raises(RequestError, match="multiples of 8"):
        sample(tiny, SamplingRequest("a boat", steps=2, width=17, height=16))
    width, height = builtin.facts.width, builtin.facts.height
    with pytest.raises(RequestError, match=f"it makes {width} × {height}"):
        sample(builtin, SamplingRequest("a boat", steps=2, width=width // 2, height=height // 2))


def test_a_pipeline_without_a_vae_is_refused() -> None:
    class Wordless:
        scheduler = vae = image_processor = object()

        def __call__(self, image: object) -> None: ...

    with pytest.raises(ModelError, match="takes no prompt"):
        Model(Wordless())


Recover = Callable[[np.ndarray[Any, Any], np.ndarray[Any, Any], Any], np.ndarray[Any, Any]]


@given(
    space=st.sampled_from(["vp", "ve", "flow"]),
    kind=st.sampled_from(["epsilon", "v_prediction", "sample", "flow_prediction"]),
    share=st.floats(1e-4, 1 - 1e-4),
    seed=st.integers(0, 100),
)
def test_parts_are_recovered_from_what_the_network_would_say(
    space: Any, kind: Any, share: float, seed: int
) -> None:
    from visualizer.diffusion.noise import NoiseLevel

    random = np.random.default_rng(seed)
    x0, eps = random.standard_normal((2, 4, 3, 3))
    sigma = np.sqrt(share / (1 - share))
    level = NoiseLevel.from_sigma(sigma / (1 + sigma) if space == "flow" else sigma, space)
    x = level.signal * x0 + level.noise * eps
    a, b = level.signal / level.scale, level.noise / level.scale
    said = {
        "epsilon": eps,
        "v_prediction": a * eps - b * x0,
        "sample": x0,
        "flow_prediction": eps - x0,
    }[kind]
    denoised, noise = denoised_and_noise(x, said, level, kind)
    assert level.noise_share == pytest.approx(share, rel=1e-6)
    np.testing.assert_allclose(denoised, x0, atol=1e-6)
    np.testing.assert_allclose(noise, eps, atol=1e-6)


def test_channels_show_the_static_of_every_sampler_on_one_range(builtin: Model) -> None:
    """Euler holds its latents at σ times unit scale; their channels must not clip."""
    vp, ve = (
        sample(builtin, SamplingRequest(FERRARI, seed=9, steps=6, sampler=key))
        for key in ("ddim", "euler")
    )
    assert vp.channel_ranges[""] == pytest.approx(ve.channel_ranges[""], rel=0.05)
    first = ve.picture(0, "channels")
    channels, rows, columns = ve.steps[0].latents.shape
    across = first.shape[1] // columns
    down = -(-channels // across)  # the channels side by side, with a line between
    assert first.shape == (down * (rows + 1) - 1, across * (columns + 1) - 1, 3)
    assert np.abs(first.astype(int) - vp.picture(0, "channels").astype(int)).max() <= 8
    assert (first == 255).mean() < 0.01


@pytest.mark.parametrize("sampler", ["heun", "dpmpp_2m", "unipc"])
def test_flow_samplers_keep_the_models_shift(flow: Model, sampler: str) -> None:
    own = flow.pipeline.scheduler
    plain = flow.plan(SamplingRequest("a boat", steps=4, sampler=sampler))
    flow.pipeline.scheduler = type(own)(shift=3.0)
    try:
        shifted = flow.plan(SamplingRequest("a boat", steps=4, sampler=sampler))
    finally:
        flow.pipeline.scheduler = own
    assert shifted.levels[2].noise_share > plain.levels[2].noise_share + 0.05


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_runs_keep_the_law(dtype: torch.dtype) -> None:
    """Numbers of 16 bits are recorded without loss, and nothing is rounded on the way."""
    model = Model(tiny_pipeline().to(dtype))
    run = sample(model, SamplingRequest("a boat", seed=3, steps=4))
    latents = bare(model, SamplingRequest("a boat", seed=3, steps=4), "latent")[0]
    assert torch.equal(torch.from_numpy(run.steps[-1].latents.copy()).to(dtype), latents)
    assert run.final is not None
    picture = np.asarray(bare(model, SamplingRequest("a boat", seed=3, steps=4), "pil")[0])
    assert np.array_equal(run.final, picture)
    assert run.model.dtype == str(dtype).removeprefix("torch.")
    assert run.steps[1].denoised.dtype == np.float32
