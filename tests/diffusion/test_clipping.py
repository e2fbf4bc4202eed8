"""Clips and thresholds of x̂₀, against the schedulers that make them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from visualizer.diffusion.clipping import Clip, clipping_of
from visualizer.diffusion.libraries import diffusers

THRESHOLD = {"thresholding": True, "dynamic_thresholding_ratio": 0.9, "sample_max_value": 2.5}
CLIP = {"clip_sample": True, "clip_sample_range": 1.5}
BOTH = {**THRESHOLD, **CLIP}


def x0_of_step(scheduler: Any, x: torch.Tensor) -> Any:
    """What the scheduler goes on with when the model says that the picture is x."""
    scheduler.set_timesteps(4)
    t = scheduler.timesteps[0]
    if hasattr(scheduler, "scale_model_input"):
        scheduler.scale_model_input(x, t)
    result = scheduler.step(x, t, torch.zeros_like(x), return_dict=False)
    if hasattr(scheduler, "model_outputs"):
        return scheduler.model_outputs[-1]
    return result[1]


@pytest.mark.parametrize("size", [0.1, 3.0], ids=["within", "beyond"])
@pytest.mark.parametrize(
    ("name", "config", "clips"),
    [
        ("DDIMScheduler", CLIP, True),
        ("DDIMScheduler", BOTH, True),
        ("DDIMParallelScheduler", THRESHOLD, True),
        ("DDPMScheduler", CLIP, True),
        ("DDPMScheduler", BOTH, True),
        ("DDPMParallelScheduler", CLIP, True),
        ("LCMScheduler", BOTH, True),
        ("LCMScheduler", CLIP, True),
        ("HeunDiscreteScheduler", CLIP, True),
        ("UnCLIPScheduler", CLIP, True),
        ("DPMSolverMultistepScheduler", THRESHOLD, True),
        ("DPMSolverSinglestepScheduler", {**THRESHOLD, "lower_order_final": True}, True),
        ("UniPCMultistepScheduler", THRESHOLD, True),
        ("SASolverScheduler", THRESHOLD, True),
        ("DPMSolverMultistepScheduler", {**THRESHOLD, "sample_max_value": 1.0}, True),
        ("DDIMScheduler", {"clip_sample": False}, False),
        ("EulerDiscreteScheduler", {}, False),
        ("CogVideoXDDIMScheduler", {"clip_sample": True}, False),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_x0_is_clipped_as_the_scheduler_does_it(
    name: str, config: dict[str, Any], clips: bool, size: float
) -> None:
    x = size * torch.randn(1, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    scheduler = getattr(diffusers, name)(prediction_type="sample", **config)
    clip = clipping_of(scheduler)
    assert (clip is not None) == clips
    mine = x[0].numpy() if clip is None else clip.apply(x[0].numpy())
    np.testing.assert_allclose(mine, x0_of_step(scheduler, x)[0].numpy(), atol=1e-5)
    assert mine.dtype == np.float32
    assert np.array_equal(mine, x[0].numpy()) == (not clips or size < 1)


def test_a_limit_that_a_step_never_reads_is_no_limit() -> None:
    """TCD carries both along: its step does the same with them and without."""
    x = 3 * torch.randn(1, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    latents = []
    for config in ({}, BOTH):
        scheduler = diffusers.TCDScheduler(prediction_type="sample", **config)
        assert clipping_of(scheduler) is None
        scheduler.set_timesteps(4)
        latents.append(scheduler.step(x, scheduler.timesteps[0], x, eta=0.0)[0])
    assert torch.equal(*latents)


def test_deis_thresholds_what_it_turns_into_noise() -> None:
    x = 3 * torch.randn(1, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    scheduler = diffusers.DEISMultistepScheduler(prediction_type="sample", **THRESHOLD)
    clip = clipping_of(scheduler)
    assert clip is not None
    noise = x0_of_step(scheduler, x)[0].numpy()
    sigma = float(scheduler.sigmas[0])
    # ε̂ = (x − a x̂₀) / b for x = 0, with a = 1/√(1 + σ²) and b = σ a
    np.testing.assert_allclose(-sigma * noise, clip.apply(x[0].numpy()), atol=1e-4)


def test_the_quantile_is_taken_of_one_picture() -> None:
    dark, bright = np.full((1, 2, 2), 0.5), np.full((1, 2, 2), 4.0)
    clip = Clip(limit=10.0, quantile=0.5)
    np.testing.assert_allclose(clip.apply(dark), 0.5)  # s is at least 1
    np.testing.assert_allclose(clip.apply(bright), 1.0)
