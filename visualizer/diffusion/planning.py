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
from visualizer.diffusion.families import Family, Sigmas, Stage
from visualizer.diffusion.latent_spaces import SPACES
from visualizer.diffusion.noise import NoiseLevel
from visualizer.diffusion.pipeline_calls import calls_of
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
        scheduler = samplers.fresh_scheduler(own, key, seed=request.seed, pipeline=pipeline)
        schedules.prediction_type_of(scheduler)
        steps = steps_of(pipeline, request, stage.steps)
        samplers.check_steps(scheduler, steps)
        try:
            _set_timesteps(scheduler, pipeline, family, steps, size)
            levels, timesteps = schedules.planned_levels(scheduler)
        except RequestError:
            raise
        except (ValueError, LookupError, RuntimeError, TypeError) as error:
            if family.loops:  # only the pipeline itself knows how its parts follow one another
                levels, timesteps = _evenly(steps)
            else:
                raise RequestError(
                    f"The sampler {samplers.label_of(scheduler)} cannot do {steps} steps. "
                    "Choose another number."
                ) from error
        if not all(math.isfinite(level.noise) for level in levels):
            raise RequestError(
                f"The sampler {samplers.label_of(scheduler)} cannot do {steps} steps. Choose more."
            )
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
    """``set_timesteps`` with what the pipeline's own call would hand to it."""
    accepted = inspect.signature(scheduler.set_timesteps).parameters
    given: dict[str, Any] = {}
    if "sigmas" in accepted and not _chooses_itself(scheduler, pipeline):
        sigmas = _own_sigmas(family.sigmas, scheduler, pipeline, steps, size)
        if sigmas is not None:
            given["sigmas"] = sigmas
    if "mu" in accepted and scheduler.config.get("use_dynamic_shifting", False):
        given["mu"] = _shift(scheduler, pipeline, family, steps, size)
    if "sigmas" in given:
        scheduler.set_timesteps(**given)
    else:
        scheduler.set_timesteps(steps, **given)


def _chooses_itself(scheduler: Any, pipeline: Any) -> bool:
    """Some pipelines leave σ to schedulers that are set to choose flow levels of their own."""
    leaves_it = calls_of(pipeline, flow=True).sigmas == "unless flow"
    return leaves_it and bool(scheduler.config.get("use_flow_sigmas", False))


def _own_sigmas(
    kind: Sigmas, scheduler: Any, pipeline: Any, steps: int, size: tuple[int, int]
) -> Any:
    """σ that a pipeline's call sets by itself, or None where it hands on a number of steps."""
    if kind == "linspace":
        own = getattr(pipeline.config, "sample_sigmas", None)
        return np.linspace(1.0, 1 / steps, steps) if own is None else own
    if kind == "to zero":
        return np.linspace(0.999, 0.0, steps + 1)[:-1]
    if kind in ("whole timesteps", "whole timesteps but the last"):
        most = scheduler.config.num_train_timesteps
        left_out = kind == "whole timesteps but the last"
        times = np.linspace(most, 1.0, steps + left_out)[:steps]
        return times.astype(np.int64).astype(np.float32) / most
    if kind == "logit-normal":
        module = sys.modules[type(pipeline).__module__]
        width, height = size
        mu = module._resolution_aware_mu(height=height, width=width, base_mu=0.0)
        return module._logit_normal_sigmas(steps, mu, std=1.5).tolist()
    return None


def _shift(
    scheduler: Any, pipeline: Any, family: Family, steps: int, size: tuple[int, int]
) -> float:
    """μ, by which more steps are spent at high noise the larger the picture (Esser et al. 2024)."""
    module = sys.modules[type(pipeline).__module__]
    tokens = _tokens(pipeline, family, size)
    if hasattr(module, "compute_empirical_mu"):
        return float(module.compute_empirical_mu(image_seq_len=tokens, num_steps=steps))
    if getattr(pipeline.config, "is_distilled", False):
        return 1.15
    calculate = getattr(module, "calculate_shift", None)
    if calculate is None:
        return float(scheduler.config.get("base_shift", 0.5))
    names = {"base_seq_len": "base_image_seq_len", "max_seq_len": "max_image_seq_len"}
    known = {}
    for name in inspect.signature(calculate).parameters:
        value = scheduler.config.get(names.get(name, name))
        if value is not None:
            known[name] = value
    return float(calculate(tokens, **known))


def _tokens(pipeline: Any, family: Family, size: tuple[int, int]) -> int:
    """How long the sequence is that the denoiser reads of a picture."""
    config = getattr(getattr(pipeline, "transformer", None), "config", None)
    if family.counts_channels:
        return int(getattr(config, "in_channels", 4))
    factor = int(getattr(pipeline, "vae_scale_factor", 8))
    if SPACES[family.space].arrangement == "grid":
        patch = getattr(config, "patch_size", None)
        patch = patch if isinstance(patch, int) else 2
    else:  # packed by the pipeline, two by two
        patch = 2
    if family.space == "tokens, standardized":
        patch = 1
    return math.prod(side // factor // patch for side in size)


def _evenly(steps: int) -> tuple[tuple[NoiseLevel, ...], tuple[float, ...]]:
    sigmas = np.linspace(1.0, 0.0, steps + 1)
    levels = tuple(NoiseLevel.from_sigma(float(sigma), "flow") for sigma in sigmas)
    return levels, tuple(float(sigma) * 1000 for sigma in sigmas[:-1])
