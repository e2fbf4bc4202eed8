"""Planning: the noise levels that a request will go through, before anything runs.

Pipelines hand different things to ``set_timesteps``: a number of steps, σ of their own, a shift
that depends on the size of the picture (Esser et al. 2024). Once a pipeline has run, its own levels
are known; until then they are computed here as its class does it.
"""

from __future__ import annotations

import inspect
import math
import sys
from typing import Any

import numpy as np

from visualizer.diffusion import samplers, schedules
from visualizer.diffusion.facts import Loop
from visualizer.diffusion.families import Family, Stage
from visualizer.diffusion.noise import NoiseLevel
from visualizer.diffusion.request import RequestError, SamplingRequest

_ONE_LOOP = Stage("", "")


def plan_loops(
    pipeline: Any, family: Family, request: SamplingRequest, size: tuple[int, int]
) -> list[Loop]:
    """The loops of a run.

    Args:
        size: (width, height) of the picture.

    Raises:
        RequestError: when the sampler cannot do what is asked.
    """
    found: list[Loop] = []
    for stage in family.stages.values() or (_ONE_LOOP,):
        own = getattr(pipeline, stage.scheduler)
        key = request.sampler if own is pipeline.scheduler else None
        scheduler = samplers.fresh_scheduler(own, key, seed=request.seed)
        schedules.prediction_type_of(scheduler)
        steps = steps_of(pipeline, request, stage.steps)
        samplers.check_steps(scheduler, steps)
        try:
            _set_timesteps(scheduler, pipeline, family, steps, size)
            levels, timesteps = schedules.planned_levels(scheduler)
        except RequestError:
            raise
        except (ValueError, IndexError, RuntimeError, TypeError) as error:
            if family.loops:  # only the pipeline itself knows how its parts follow one another
                levels, timesteps = _evenly(steps)
            else:
                raise RequestError(
                    f"The sampler {samplers.label_of(scheduler)} cannot do {steps} steps. "
                    "Choose another number."
                ) from error
        if stage is _ONE_LOOP and not family.loops:
            samplers.check_spacing(scheduler, levels, steps)
        name = f"{family.loops} 1" if family.loops else stage.name
        found.append((name, levels, timesteps))
    return found


def steps_of(pipeline: Any, request: SamplingRequest, argument: str = "num_inference_steps") -> int:
    """How many steps a loop will do: as asked, or the pipeline's own default."""
    asked = request.extra.get(argument)
    if argument == "num_inference_steps" and request.steps is not None:
        asked = request.steps
    if asked is not None:
        return int(asked)
    parameter = inspect.signature(type(pipeline).__call__).parameters.get(argument)
    default = getattr(parameter, "default", None)
    return default if isinstance(default, int) else 50


def _set_timesteps(
    scheduler: Any, pipeline: Any, family: Family, steps: int, size: tuple[int, int]
) -> None:
    given: dict[str, Any] = {}
    accepted = inspect.signature(scheduler.set_timesteps).parameters
    own_sigmas = family.sigmas == "linspace" and "sigmas" in accepted
    if own_sigmas and not scheduler.config.get("use_flow_sigmas", False):
        given["sigmas"] = np.linspace(1.0, 1 / steps, steps)
    if scheduler.config.get("use_dynamic_shifting", False) and "mu" in accepted:
        given["mu"] = _shift(scheduler, pipeline, steps, size)
    if "sigmas" in given:
        scheduler.set_timesteps(**given)
    else:
        scheduler.set_timesteps(steps, **given)


def _shift(scheduler: Any, pipeline: Any, steps: int, size: tuple[int, int]) -> float:
    """μ, by which more steps are spent at high noise the larger the picture (Esser et al. 2024)."""
    module = sys.modules[type(pipeline).__module__]
    factor = int(getattr(pipeline, "vae_scale_factor", 8))
    denoiser = getattr(pipeline, "transformer", None)
    patch = getattr(getattr(denoiser, "config", None), "patch_size", None)
    patch = patch if isinstance(patch, int) and patch > 1 else 2
    tokens = math.prod(side // (factor * patch) for side in size)
    if hasattr(module, "compute_empirical_mu"):
        return float(module.compute_empirical_mu(image_seq_len=tokens, num_steps=steps))
    config = scheduler.config
    if hasattr(module, "calculate_shift"):
        return float(
            module.calculate_shift(
                tokens,
                config.get("base_image_seq_len", 256),
                config.get("max_image_seq_len", 4096),
                config.get("base_shift", 0.5),
                config.get("max_shift", 1.15),
            )
        )
    return float(config.get("base_shift", 0.5))


def _evenly(steps: int) -> tuple[tuple[NoiseLevel, ...], tuple[float, ...]]:
    sigmas = np.linspace(1.0, 0.0, steps + 1)
    levels = tuple(NoiseLevel.from_sigma(float(sigma), "flow") for sigma in sigmas)
    return levels, tuple(float(sigma) * 1000 for sigma in sigmas[:-1])
