"""Which samplers fit a model, and a fresh scheduler for one of them.

A sampler is a row of ``sampler_table``; "the model's own" is what a request without a sampler runs.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib.util import find_spec
from typing import Any

from visualizer.diffusion import sampler_table
from visualizer.diffusion.facts import SamplerName
from visualizer.diffusion.libraries import diffusers, quiet
from visualizer.diffusion.noise import NoiseLevel
from visualizer.diffusion.pipeline_calls import Calls, calls_of, settings_of
from visualizer.diffusion.request import RequestError
from visualizer.diffusion.sampler_table import SPACING_FLAGS, Sampler
from visualizer.diffusion.schedules import (
    class_begins_in_the_middle,
    is_edm,
    is_flow,
    is_ve_class,
    prediction_type_of,
)

DIFFUSION_SAMPLERS = tuple(v for row in sampler_table.DIFFUSION for v in row.variants)
FLOW_SAMPLERS = tuple(v for row in sampler_table.FLOW for v in row.variants)
EDM_SAMPLERS = tuple(v for row in sampler_table.EDM for v in row.variants)

_TRAINED: Mapping[str, Any] = {
    "rescale_betas_zero_snr": False,
    "timestep_type": "discrete",
    "use_dynamic_shifting": False,
    "time_shift_type": "exponential",
    "shift_terminal": None,
}
"""Settings that a model was trained with, and what they are where they say nothing: a class that
does not know one can only run models where it says nothing."""

_EXCHANGEABLE = {s.scheduler for s in (*DIFFUSION_SAMPLERS, *FLOW_SAMPLERS, *EDM_SAMPLERS)} | {
    "DDIMParallelScheduler",
    "DDPMParallelScheduler",
}
"""Classes whose models other classes can run."""

_EXPONENTIAL_ONLY = ("DPMSolverMultistepScheduler", "DPMSolverSinglestepScheduler")
_BETA_SCHEDULES = ("linear", "scaled_linear", "squaredcos_cap_v2")
_LEARNED = ("learned", "learned_range")
_KNOW_LEARNED = ("DPMSolverMultistepScheduler", "DPMSolverSinglestepScheduler")
"""They drop the variance that the model predicts beside the noise. DDPM uses it, but adds noise
after its last step unless that is at t = 0: it runs such models only as they set it themselves."""

_READ_BY_PIPELINES = ("base_shift", "max_shift", "base_image_seq_len", "max_image_seq_len")
_NOISY = {
    row.scheduler
    for row in (*sampler_table.DIFFUSION, *sampler_table.FLOW, *sampler_table.EDM)
    if row.random and not str(row.settings.get("algorithm_type", "")).startswith("sde")
} | {
    "DPMSolverSDEScheduler",  # from a number instead of a generator
    "DDPMParallelScheduler",
    "DDPMWuerstchenScheduler",
    "UnCLIPScheduler",
    "CogVideoXDPMScheduler",
}
"""Classes that add noise at every step, whatever their settings."""
_TOLD_APART = (*SPACING_FLAGS, "algorithm_type", "skip_prk_steps", "solver_order")


def fitting(scheduler: Any, pipeline: Any = None) -> tuple[Sampler, ...]:
    """The samplers that a model can run here.

    Args:
        scheduler: the model's own.
        pipeline: the one that would call them; None for what is usual.
    """
    return tuple(s for s in _fitting(scheduler, pipeline) if not _missing(s))


def sampler_names(scheduler: Any, pipeline: Any = None) -> tuple[SamplerName, ...]:
    """``fitting`` as plain values."""
    return tuple(SamplerName(s.key, s.label) for s in fitting(scheduler, pipeline))


def beginning_in_the_middle(scheduler: Any, pipeline: Any = None) -> tuple[str, ...]:
    """Keys of the samplers that can go on from a step of another one's run."""
    return tuple(
        s.key
        for s in fitting(scheduler, pipeline)
        if class_begins_in_the_middle(s.scheduler, _config(scheduler, s))
    )


def adding_noise(scheduler: Any, pipeline: Any = None) -> tuple[str, ...]:
    """Keys of the samplers that add new noise at every step; "" where the model's own does."""
    own = [""] if _adds_noise(type(scheduler).__name__, scheduler.config) else []
    rows = fitting(scheduler, pipeline)
    return (*own, *(s.key for s in rows if _adds_noise(s.scheduler, s.settings)))


def _adds_noise(name: str, settings: Mapping[str, Any]) -> bool:
    sde = str(settings.get("algorithm_type", "")).startswith("sde")
    return name in _NOISY or sde or bool(settings.get("stochastic_sampling"))


def label_of(scheduler: Any) -> str:
    """What people call a scheduler as it is set, e.g. "DPM++ 2M Karras"."""
    name, config = type(scheduler).__name__, scheduler.config
    for sampler in _rows(scheduler):
        apart = {key: sampler.settings[key] for key in _TOLD_APART if key in sampler.settings}
        if sampler.scheduler == name and all(config.get(k, v) == v for k, v in apart.items()):
            return sampler.label
    return name.removesuffix("Scheduler").removesuffix("Discrete")


def fresh_scheduler(
    own: Any,
    key: str | None,
    *,
    seed: int | Sequence[int] | None = None,
    pipeline: Any = None,
) -> Any:
    """A scheduler with no history: the model's own, or another that reads the same model.

    Args:
        seed: what samplers draw from that take no generator; one a picture of a batch.
        pipeline: the one that will call it; None for what is usual.

    Raises:
        RequestError: for a name that does not exist, does not fit the model, or needs a package
            that is not installed.
    """
    if key is None:
        cls, config, kept = type(own), dict(own.config), {}
    else:
        choice = _chosen(own, key, pipeline)
        cls = getattr(diffusers, choice.scheduler)
        known = settings_of(cls)
        config = {k: v for k, v in _config(own, choice).items() if k in known}
        # Flux, Qwen-Image and others read the shift of their model here, whatever the class
        kept = {k: own.config[k] for k in _READ_BY_PIPELINES if k in own.config}
    scheduler = deepcopy(_pristine(_Recipe(cls, repr(sorted(config.items())), config)))
    scheduler.register_to_config(**kept)
    if hasattr(scheduler, "noise_sampler_seed"):
        _seed_noise(scheduler, seed)
    return scheduler


def check_steps(scheduler: Any, steps: int) -> None:
    """Refuse more steps than a schedule has, or fewer than a sampler needs to begin.

    Raises:
        RequestError: with the largest or the smallest number that works.
    """
    config = scheduler.config
    most = config.get("original_inference_steps") or config.get("num_train_timesteps") or steps
    if steps > int(most):
        raise RequestError(
            f"{steps} steps are more than the sampler {label_of(scheduler)} can do with this "
            f"model. It can do up to {int(most)}."
        )
    if steps < _fewest_steps(scheduler):
        raise RequestError(
            f"The sampler {label_of(scheduler)} needs at least {_fewest_steps(scheduler)} steps."
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
    if len(timesteps) > 1 and float(timesteps[0]) == float(timesteps[1]):
        # the scheduler would take the second for its first, and run past its end
        raise RequestError(
            f"{steps} steps are more than the sampler {label} can tell apart. Choose fewer "
            f"steps, or {'Euler' if is_flow(scheduler) else 'DDIM'}."
        )
    # few steps in leading spacing begin at (N−1)/N of the schedule: that is meant so
    first = (steps - 1) / steps * float(scheduler.config.num_train_timesteps)
    if levels[0].noise_share < 0.9 and float(timesteps[0]) < 0.9 * first:
        raise RequestError(
            f"With {steps} steps the sampler {label} would start at "
            f"{levels[0].noise_share:.0%} noise instead of pure noise. Choose another number of "
            "steps, or a sampler by name, such as DDIM."
        )
    if levels[-1].noise_share > 0.1:
        raise RequestError(
            f"With {steps} steps the sampler {label} would stop at "
            f"{levels[-1].noise_share:.0%} noise instead of a picture. Choose more steps."
        )


def _fewest_steps(scheduler: Any) -> int:
    """PNDM begins with four Runge-Kutta steps; UnCLIP divides by the number of strides."""
    if type(scheduler).__name__ == "PNDMScheduler" and not scheduler.config.skip_prk_steps:
        return 4
    return 2 if type(scheduler).__name__ == "UnCLIPScheduler" else 1


def _rows(own: Any) -> tuple[Sampler, ...]:
    """The part of the table for the scale of a model's own scheduler, packages or not."""
    if is_flow(own):
        return FLOW_SAMPLERS
    return EDM_SAMPLERS if is_edm(own) else DIFFUSION_SAMPLERS


def _fitting(own: Any, pipeline: Any) -> tuple[Sampler, ...]:
    """``fitting``, packages or not."""
    calls = calls_of(pipeline, flow=is_flow(own))
    names = {cls.__name__ for cls in type(own).__mro__}
    if calls.own_only or not names & _EXCHANGEABLE:
        return ()
    try:
        kind = prediction_type_of(own)
    except RequestError:
        return ()
    rows = [s for s in _rows(own) if kind in s.reads]
    return tuple(s for s in rows if _keeps_the_training(s, own) and _can_call(s, own, calls))


def _keeps_the_training(sampler: Sampler, own: Any) -> bool:
    """Whether a sampler can be set as the model was trained."""
    config, accepted = own.config, settings_of(getattr(diffusers, sampler.scheduler))
    said = {k for k, nothing in _TRAINED.items() if config.get(k, nothing) != nothing}
    if not said <= accepted:
        return False
    if "time_shift_type" in said and sampler.scheduler in _EXPONENTIAL_ONLY:
        return False
    if config.get("variance_type") in _LEARNED and sampler.scheduler not in _KNOW_LEARNED:
        return False
    if is_flow(own) or is_edm(own):
        return True
    given = config.get("trained_betas") is not None
    return given or config.get("beta_schedule") in _BETA_SCHEDULES


def _can_call(sampler: Sampler, own: Any, calls: Calls) -> bool:
    """Whether a pipeline that does ``calls`` can run a sampler."""
    if is_ve_class(sampler.scheduler) and not calls.scales:
        return False
    if sampler.random and calls.generator == "never":
        return False  # its noise would come from torch's global generator: no seed repeats it
    if _missing(sampler):
        return True  # its class is not there to be asked
    return calls.suit(
        getattr(diffusers, sampler.scheduler),
        flow_sigmas=bool(sampler.settings.get("use_flow_sigmas", False)),
        dynamic=bool(own.config.get("use_dynamic_shifting", False)),
    )


def _chosen(own: Any, key: str, pipeline: Any) -> Sampler:
    fits = {s.key: s for s in _fitting(own, pipeline)}
    choice = fits.get(key)
    if choice is None:
        known = ", ".join(k for k, s in fits.items() if not _missing(s)) or "only the model's own"
        raise RequestError(f"This model has no sampler '{key}'. It can use: {known}.")
    missing = _missing(choice)
    if missing:
        raise RequestError(
            f"The sampler {choice.label} needs {' and '.join(missing)}, not installed here. "
            'Install it with: pip install "denoising-visualizer[samplers]".'
        )
    return choice


def _config(own: Any, choice: Sampler) -> dict[str, Any]:
    """The settings of a sampler on top of what the model was trained with."""
    config = {"clip_sample": False, **own.config, **choice.settings}
    if config.get("variance_type") not in (None, *_LEARNED):
        # a larger variance would leave noise in the picture where the last step is not at t = 0
        config["variance_type"] = "fixed_small"
    if is_flow(own):  # one number under two names
        shift = own.config.get("flow_shift", own.config.get("shift", 1.0))
        config |= {"shift": shift, "flow_shift": shift}
    return config


@dataclass(frozen=True)
class _Recipe:
    """A scheduler class and its settings; the text stands for them when two are compared."""

    scheduler: type
    text: str
    config: Mapping[str, Any] = field(compare=False)


@lru_cache(maxsize=128)
def _pristine(recipe: _Recipe) -> Any:
    """A scheduler that nobody runs, to copy: building some (KDPM2) takes half a second."""
    with quiet():
        return recipe.scheduler.from_config(recipe.config)  # type: ignore[attr-defined]


def _seed_noise(scheduler: Any, seed: int | Sequence[int] | None) -> None:
    """Seed DPM++ SDE, which takes no generator; without a seed it would draw one globally."""
    scheduler.noise_sampler_seed = seed if isinstance(seed, int) else list(seed or ()) or 0
    # the ends of its Brownian path are rounded to float32, and it says so at every run
    warnings.filterwarnings("ignore", r"Should have t[ab][<>]=t[01]", UserWarning)


def _missing(sampler: Sampler) -> tuple[str, ...]:
    """The packages that a sampler needs and that are not installed."""
    return tuple(name for name in sampler.needs if not _is_installed(name))


@cache
def _is_installed(package: str) -> bool:
    return find_spec(package) is not None
