"""The samplers by the names people know.

A sampler is a diffusers scheduler class with a few settings. Keys and labels are those of the
programs people come from; "the model's own" is what a request without a sampler runs.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field
from typing import Any

from visualizer.diffusion.facts import SamplerName
from visualizer.diffusion.libraries import diffusers
from visualizer.diffusion.noise import NoiseLevel
from visualizer.diffusion.parameterization import PREDICTION_TYPES
from visualizer.diffusion.request import RequestError
from visualizer.diffusion.schedules import is_flow


@dataclass(frozen=True)
class Sampler:
    """A diffusers scheduler class with settings, under the name people know."""

    key: str
    label: str
    scheduler: str
    settings: dict[str, Any] = field(default_factory=dict)


# trailing: every run starts at pure noise, whatever its number of steps (Lin et al. 2024, table 2)
_TRAILING = {"timestep_spacing": "trailing", "use_karras_sigmas": False}
_KARRAS = {"timestep_spacing": "trailing", "use_karras_sigmas": True}
_ODE = {"algorithm_type": "dpmsolver++"}

DIFFUSION_SAMPLERS: tuple[Sampler, ...] = (
    Sampler("ddim", "DDIM", "DDIMScheduler", {**_TRAILING, "clip_sample": False}),
    Sampler("ddpm", "DDPM", "DDPMScheduler", {**_TRAILING, "clip_sample": False}),
    Sampler("euler", "Euler", "EulerDiscreteScheduler", _TRAILING),
    Sampler("euler_a", "Euler a", "EulerAncestralDiscreteScheduler", _TRAILING),
    Sampler("heun", "Heun", "HeunDiscreteScheduler", _TRAILING),
    Sampler("dpm2", "DPM2", "KDPM2DiscreteScheduler", _TRAILING),
    Sampler("dpm2_a", "DPM2 a", "KDPM2AncestralDiscreteScheduler", _TRAILING),
    Sampler("dpmpp_2m", "DPM++ 2M", "DPMSolverMultistepScheduler", {**_TRAILING, **_ODE}),
    Sampler(
        "dpmpp_2m_karras", "DPM++ 2M Karras", "DPMSolverMultistepScheduler", {**_KARRAS, **_ODE}
    ),
    Sampler(
        "dpmpp_2m_sde",
        "DPM++ 2M SDE",
        "DPMSolverMultistepScheduler",
        {**_TRAILING, "algorithm_type": "sde-dpmsolver++"},
    ),
    Sampler("dpmpp_2s", "DPM++ 2S", "DPMSolverSinglestepScheduler", _TRAILING),
    Sampler("unipc", "UniPC", "UniPCMultistepScheduler", _TRAILING),
    Sampler("deis", "DEIS", "DEISMultistepScheduler", {**_TRAILING, "algorithm_type": "deis"}),
    Sampler("pndm", "PNDM", "PNDMScheduler", {**_TRAILING, "skip_prk_steps": False}),
    Sampler("plms", "PLMS", "PNDMScheduler", {**_TRAILING, "skip_prk_steps": True}),
)
FLOW_SAMPLERS: tuple[Sampler, ...] = (
    Sampler("euler", "Euler", "FlowMatchEulerDiscreteScheduler"),
    Sampler("heun", "Heun", "FlowMatchHeunDiscreteScheduler"),
    Sampler(
        "dpmpp_2m",
        "DPM++ 2M",
        "DPMSolverMultistepScheduler",
        {"use_flow_sigmas": True, "prediction_type": "flow_prediction"},
    ),
    Sampler(
        "unipc",
        "UniPC",
        "UniPCMultistepScheduler",
        {"use_flow_sigmas": True, "prediction_type": "flow_prediction"},
    ),
)


def fitting(scheduler: Any) -> tuple[Sampler, ...]:
    """The samplers that a model with this scheduler of its own can run."""
    if is_flow(scheduler):
        return FLOW_SAMPLERS
    config = scheduler.config
    discrete = "beta_schedule" in config or "trained_betas" in config
    readable = config.get("prediction_type", "epsilon") in PREDICTION_TYPES
    return DIFFUSION_SAMPLERS if discrete and readable else ()


def sampler_names(scheduler: Any) -> tuple[SamplerName, ...]:
    """``fitting`` as plain values."""
    return tuple(SamplerName(s.key, s.label) for s in fitting(scheduler))


def label_of(scheduler: Any) -> str:
    """What people call a scheduler as it is set, e.g. "DPM++ 2M Karras"."""
    name, config = type(scheduler).__name__, scheduler.config
    same_class = [s for s in fitting(scheduler) if s.scheduler == name]
    for sampler in same_class:
        told_apart = ("use_karras_sigmas", "algorithm_type", "skip_prk_steps")
        settings = {k: v for k, v in sampler.settings.items() if k in told_apart}
        if all(config.get(k, False) == v for k, v in settings.items()):
            return sampler.label
    return same_class[0].label if same_class else name.removesuffix("Scheduler")


def fresh_scheduler(own: Any, key: str | None) -> Any:
    """A scheduler with no history: the model's own, or another that reads the same model.

    Raises:
        RequestError: for a name that does not exist or does not fit the model.
    """
    if key is None:
        return type(own).from_config(own.config)
    choice = {s.key: s for s in fitting(own)}.get(key)
    if choice is None:
        known = ", ".join(s.key for s in fitting(own)) or "only the model's own"
        raise RequestError(f"This model has no sampler '{key}'. It can use: {known}.")
    cls = getattr(diffusers, choice.scheduler)
    accepted = inspect.signature(cls.__init__).parameters
    config = {**own.config, **choice.settings}
    if is_flow(own):  # one number under two names
        shift = own.config.get("flow_shift", own.config.get("shift", 1.0))
        config |= {"shift": shift, "flow_shift": shift}
    return cls.from_config({k: v for k, v in config.items() if k in accepted})


def check_steps(scheduler: Any, steps: int) -> None:
    """Refuse more steps than the schedule that the model was trained on has.

    Raises:
        RequestError: with the largest number that works.
    """
    most = int(scheduler.config.num_train_timesteps)
    if steps > most:
        raise RequestError(
            f"{steps} steps are more than the sampler {label_of(scheduler)} can do with this "
            f"model. It can do up to {most}."
        )


def check_spacing(scheduler: Any, levels: tuple[NoiseLevel, ...], steps: int) -> None:
    """Refuse spacings that cannot start from pure noise or run past the schedule.

    Raises:
        RequestError: with what to do instead.
    """
    label = label_of(scheduler)
    if len(levels) != steps + 1:
        raise RequestError(
            f"The sampler {label} cannot do exactly {steps} steps with this model "
            f"(it would do {len(levels) - 1}). Choose another number."
        )
    timesteps = scheduler.timesteps
    repeats = len(timesteps) > 1 and float(timesteps[0]) == float(timesteps[1])
    if repeats and not is_flow(scheduler):
        raise RequestError(
            f"{steps} steps are more than the sampler {label} can tell apart. Choose fewer "
            "steps, or DDIM."
        )
    if levels[0].noise_share < 0.9:
        raise RequestError(
            f"With {steps} steps the sampler {label} would start at "
            f"{levels[0].noise_share:.0%} noise instead of pure noise. Choose another number of "
            "steps, or a sampler by name, such as DDIM."
        )
