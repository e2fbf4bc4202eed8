"""What schedulers hold, read, against what their own steps do with it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from visualizer.diffusion import NoiseLevel, RequestError, schedules
from visualizer.diffusion.libraries import diffusers
from visualizer.diffusion.parameterization import denoised_and_noise

BETAS: dict[str, Any] = {
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
}


def ready(name: str, steps: int = 6, **config: Any) -> Any:
    scheduler = getattr(diffusers, name)(**config)
    scheduler.set_timesteps(steps)
    return scheduler


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def guess(scheduler: Any, index: int, x: torch.Tensor, output: torch.Tensor) -> Any:
    """x̂₀ as this program shows it at one call of ``step``."""
    level = schedules.level_at(scheduler, index, float(scheduler.timesteps[index]))
    kind = schedules.prediction_type_of(scheduler)
    return denoised_and_noise(x.numpy(), output.numpy(), level, kind)[0]


@pytest.mark.parametrize(
    ("name", "config", "space"),
    [
        ("DDIMScheduler", {}, "vp"),
        ("DDPMWuerstchenScheduler", {}, "vp"),
        ("UnCLIPScheduler", {}, "vp"),
        ("CogVideoXDDIMScheduler", {}, "vp"),
        ("DPMSolverMultistepScheduler", {}, "vp"),
        ("SASolverScheduler", {}, "vp"),
        ("IPNDMScheduler", {}, "vp"),
        ("EulerAncestralDiscreteScheduler", {}, "ve"),
        ("DPMSolverSDEScheduler", {}, "ve"),
        ("LMSDiscreteScheduler", {}, "ve"),
        ("EDMDPMSolverMultistepScheduler", {}, "ve"),
        ("FlowMatchLCMScheduler", {}, "flow"),
        ("HeliosScheduler", {}, "flow"),
        ("UniPCMultistepScheduler", {"use_flow_sigmas": True}, "flow"),
    ],
)
def test_the_scale_of_every_kind(name: str, config: dict[str, Any], space: str) -> None:
    assert schedules.space_of(getattr(diffusers, name)(**config)) == space


@pytest.mark.parametrize(
    ("name", "config"),
    [
        ("HeunDiscreteScheduler", {}),
        ("KDPM2DiscreteScheduler", {}),
        ("KDPM2AncestralDiscreteScheduler", {}),
        ("DPMSolverSDEScheduler", {"noise_sampler_seed": 1}),
        ("EDMEulerScheduler", {}),
        ("UnCLIPScheduler", {"prediction_type": "epsilon", "clip_sample": False}),
        ("CogVideoXDDIMScheduler", {"rescale_betas_zero_snr": True}),
    ],
)
@pytest.mark.parametrize("kind", ["epsilon", "v_prediction"])
# the ends of DPM++ SDE's Brownian path are rounded to float32, and it says so
@pytest.mark.filterwarnings("ignore:Should have t[ab]")
def test_every_call_stands_where_its_step_puts_it(
    name: str, config: dict[str, Any], kind: str
) -> None:
    """Also trial points: those of half-step solvers lie between two levels."""
    if name == "UnCLIPScheduler":
        kind = "sample"
    if "rescale_betas_zero_snr" in config:
        kind = "v_prediction"
    scheduler = ready(name, 4, **{"prediction_type": kind, **config})
    x = random(1, 4, 3, 3)
    trials = []
    for index, t in enumerate(scheduler.timesteps):
        scheduler.scale_model_input(x, t)
        trials.append(schedules.is_trial(scheduler))
        output = random(1, 4, 3, 3, seed=index + 1)
        mine = guess(scheduler, index, x, output)
        x, own = scheduler.step(output, t, x, return_dict=False)
        scale = float(own.abs().max())
        np.testing.assert_allclose(mine, own.numpy(), atol=2e-4 * scale, rtol=1e-3)
    halves = hasattr(scheduler, "state_in_first_order")
    assert trials == [halves and i % 2 == 1 for i in range(len(trials))]
    levels, timesteps = schedules.planned_levels(scheduler)
    assert (len(levels), len(timesteps)) == (5, 4)


@pytest.mark.parametrize("scaler", [0.5, 1.0, 2.0])
def test_wuerstchen_counts_in_ratios(scaler: float) -> None:
    scheduler = ready("DDPMWuerstchenScheduler", 5, scaler=scaler)
    levels, timesteps = schedules.planned_levels(scheduler)
    assert len(levels) == 6
    assert timesteps == pytest.approx([1.0, 0.8, 0.6, 0.4, 0.2])
    for level, t in zip(levels, scheduler.timesteps, strict=True):
        own = float(scheduler._alpha_cumprod(t[None], torch.device("cpu")))
        assert level.alpha_bar == pytest.approx(own, abs=1e-5)


def test_wuerstchen_ends_at_its_guess() -> None:
    scheduler = ready("DDPMWuerstchenScheduler", 5)
    x, output = random(1, 4, 3, 3), random(1, 4, 3, 3, seed=1)
    last = scheduler.step(output, scheduler.timesteps[-2][None], x, return_dict=False)[0]
    np.testing.assert_allclose(last.numpy(), guess(scheduler, 4, x, output), atol=0.03)


def test_ipndm_holds_what_its_levels_say() -> None:
    scheduler = ready("IPNDMScheduler", 5)
    levels, _ = schedules.planned_levels(scheduler)
    x, output = random(1, 4, 3, 3), random(1, 4, 3, 3, seed=1)
    scheduler.step(output, scheduler.timesteps[0], x)  # pure noise: nothing to be compared with
    scheduler.ets.clear()
    after = scheduler.step(output, scheduler.timesteps[1], x)[0]
    x0, eps = denoised_and_noise(x.numpy(), output.numpy(), levels[1], "v_prediction")
    np.testing.assert_allclose(after, levels[2].signal * x0 + levels[2].noise * eps, atol=1e-5)
    assert levels[-1].noise == 0


@pytest.mark.parametrize("kind", ["epsilon", "v_prediction"])
@pytest.mark.parametrize("sigma_data", [0.5, 1.0])
def test_edm_outputs_are_read_as_they_were_scaled(kind: str, sigma_data: float) -> None:
    scheduler = ready("EDMEulerScheduler", sigma_data=sigma_data, prediction_type=kind)
    if sigma_data == 1.0 and kind == "epsilon":
        with pytest.raises(RequestError, match=r"spread 1\.0"):
            schedules.prediction_type_of(scheduler)
        return
    x, output = random(1, 4, 3, 3), random(1, 4, 3, 3, seed=1)
    for index, sigma in enumerate(scheduler.sigmas[:-1]):
        own = scheduler.precondition_outputs(x, output, sigma)
        np.testing.assert_allclose(guess(scheduler, index, x, output), own, atol=1e-5)


def test_edm_outputs_at_the_ends_of_the_scale() -> None:
    x, output = np.ones((2, 2)), np.full((2, 2), 0.5)
    clean = NoiseLevel.from_sigma(0.0, "ve")
    x0, eps = denoised_and_noise(x, output, clean, "edm_epsilon")
    np.testing.assert_allclose(x0, x)
    assert not eps.any()
    noise = NoiseLevel("vp", 0.0, 1.0)
    x0, eps = denoised_and_noise(x, output, noise, "edm_v_prediction")
    np.testing.assert_allclose(x0, -0.5 * output)
    np.testing.assert_allclose(eps, x)


@pytest.mark.parametrize(
    ("name", "steps", "config", "noise"),
    [
        ("DDIMScheduler", 5, {"timestep_spacing": "trailing", **BETAS}, 0.0),
        # the last stride of 142 lands on timestep 0, not beyond it
        ("DDIMScheduler", 7, {"timestep_spacing": "trailing", **BETAS}, 0.02915),
        ("DDIMScheduler", 5, {"set_alpha_to_one": False, **BETAS}, 0.02915),
        ("CogVideoXDDIMScheduler", 5, {"set_alpha_to_one": False}, 0.0505),
        ("PNDMScheduler", 5, {"set_alpha_to_one": True, **BETAS}, 0.0),
        ("PNDMScheduler", 5, BETAS, 0.02915),
        ("DDPMScheduler", 5, BETAS, 0.0),
        ("LCMScheduler", 5, {"set_alpha_to_one": False}, 0.0),
        ("TCDScheduler", 5, {}, 0.02915),
        ("EulerDiscreteScheduler", 5, BETAS, 0.0),
        ("EulerDiscreteScheduler", 5, {"final_sigmas_type": "sigma_min", **BETAS}, 0.02917),
        ("DEISMultistepScheduler", 5, BETAS, 0.02915),
        ("UnCLIPScheduler", 5, {}, 0.0),
        ("EDMDPMSolverMultistepScheduler", 5, {"final_sigmas_type": "sigma_min"}, 0.002),
    ],
)
def test_where_a_run_ends(name: str, steps: int, config: dict[str, Any], noise: float) -> None:
    assert schedules.final_level(ready(name, steps, **config)).noise == pytest.approx(
        noise, abs=1e-4
    )


@pytest.mark.parametrize(
    ("name", "config"),
    [
        ("DDIMScheduler", {"clip_sample": False, **BETAS}),
        ("CogVideoXDDIMScheduler", {}),
        ("TCDScheduler", {}),
    ],
)
@pytest.mark.parametrize("steps", [5, 7])
def test_the_last_latent_is_at_the_level_it_ends_at(
    name: str, config: dict[str, Any], steps: int
) -> None:
    scheduler = ready(name, steps, **config)
    x, output = random(1, 4, 3, 3), random(1, 4, 3, 3, seed=1)
    if name == "TCDScheduler":
        scheduler.set_begin_index(steps - 1)
    t = scheduler.timesteps[-1]
    last = scheduler.step(output, t, x, eta=0.0, return_dict=False)[0]
    level = schedules.level_at(scheduler, steps - 1, float(t))
    x0, eps = denoised_and_noise(x.numpy(), output.numpy(), level, "epsilon")
    end = schedules.final_level(scheduler)
    np.testing.assert_allclose(last.numpy(), end.signal * x0 + end.noise * eps, atol=1e-4)


@pytest.mark.parametrize(
    ("name", "config", "kind"),
    [
        ("DDIMScheduler", {"prediction_type": "sample"}, "sample"),
        ("EulerDiscreteScheduler", {"prediction_type": "original_sample"}, "sample"),
        ("DDPMWuerstchenScheduler", {}, "epsilon"),
        ("IPNDMScheduler", {}, "v_prediction"),
        ("FlowMatchHeunDiscreteScheduler", {}, "flow_prediction"),
        ("EDMEulerScheduler", {}, "edm_epsilon"),
        ("EDMEulerScheduler", {"prediction_type": "v_prediction"}, "edm_v_prediction"),
        ("EDMEulerScheduler", {"prediction_type": "v_prediction", "sigma_data": 1}, "v_prediction"),
    ],
)
def test_what_outputs_mean(name: str, config: dict[str, Any], kind: str) -> None:
    assert schedules.prediction_type_of(getattr(diffusers, name)(**config)) == kind


@pytest.mark.parametrize(
    ("name", "config"),
    [
        ("DDIMScheduler", {"prediction_type": "magic"}),
        ("SCMScheduler", {}),
        ("UniPCMultistepScheduler", {"prediction_type": "flow_prediction"}),
        (
            "UniPCMultistepScheduler",
            {"prediction_type": "v_prediction", "use_flow_sigmas": True},
        ),
        ("FlowMatchEulerDiscreteScheduler", {"invert_sigmas": True}),
    ],
)
def test_outputs_that_cannot_be_read_are_refused_with_a_sentence(
    name: str, config: dict[str, Any]
) -> None:
    with pytest.raises(RequestError, match="cannot be shown yet"):
        schedules.prediction_type_of(getattr(diffusers, name)(**config))


def test_noise_of_a_flow_model_that_predicts_noise() -> None:
    """Flow σ and another prediction: x̂₀ is what the scheduler takes it for."""
    scheduler = ready("UniPCMultistepScheduler", use_flow_sigmas=True, flow_shift=3.0)
    x, output = random(1, 4, 3, 3), random(1, 4, 3, 3, seed=1)
    scheduler.set_begin_index(2)
    scheduler.step(output, scheduler.timesteps[2], x)
    own = scheduler.model_outputs[-1].numpy()
    np.testing.assert_allclose(guess(scheduler, 2, x, output), own, rtol=1e-3, atol=1e-4)
