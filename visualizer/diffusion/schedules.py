"""What a scheduler holds, read: the scale of its latents, its noise levels, its trial points."""

from __future__ import annotations

from typing import Any

import numpy as np

from visualizer.diffusion.noise import NoiseLevel, Space
from visualizer.diffusion.parameterization import PREDICTION_TYPES, PredictionType
from visualizer.diffusion.request import RequestError

_VE_SCHEDULERS = ("Euler", "Heun", "KDPM2", "LMS", "DPMSolverSDE")


def is_flow(scheduler: Any) -> bool:
    """True for flow matching, whose latents are x = (1−σ)·x₀ + σ·ε."""
    return _is_a(scheduler, ("FlowMatch",)) or bool(scheduler.config.get("use_flow_sigmas", False))


def space_of(scheduler: Any) -> Space:
    """The scale in which a scheduler holds its latents."""
    if is_flow(scheduler):
        return "flow"
    return "ve" if _is_a(scheduler, _VE_SCHEDULERS) else "vp"


def _is_a(scheduler: Any, names: tuple[str, ...]) -> bool:
    """Whether the name of a scheduler's class, or of one it derives from, begins so."""
    return any(cls.__name__.startswith(names) for cls in type(scheduler).__mro__)


def prediction_type_of(scheduler: Any) -> PredictionType:
    """What the model's output means to this scheduler.

    Raises:
        RequestError: for a prediction type this program cannot read.
    """
    if is_flow(scheduler):
        return "flow_prediction"
    kind = scheduler.config.get("prediction_type", "epsilon")
    if kind not in PREDICTION_TYPES:
        raise RequestError(f"This model predicts '{kind}', which cannot be shown yet.")
    return kind  # type: ignore[no-any-return]


def is_trial(scheduler: Any) -> bool:
    """Whether the coming ``step`` call evaluates a trial point of a higher-order solver.

    Heun, KDPM2 and FlowMatchHeun make every second call one; PNDM three of four in its
    Runge-Kutta part, or its second call when it starts with the linear multistep method.
    """
    if hasattr(scheduler, "state_in_first_order"):
        return not scheduler.state_in_first_order
    if hasattr(scheduler, "plms_timesteps"):
        if scheduler.config.skip_prk_steps:
            return bool(scheduler.counter == 1)
        counter = int(scheduler.counter)
        return counter < len(scheduler.prk_timesteps) and counter % 4 != 0
    return False


def level_at(scheduler: Any, index: int, timestep: float) -> NoiseLevel:
    """The noise level of the ``index``-th ``step`` call of a run."""
    space = space_of(scheduler)
    if hasattr(scheduler, "sigmas"):
        return NoiseLevel.from_sigma(float(scheduler.sigmas[index]), space)
    return NoiseLevel.from_alpha_bar(float(scheduler.alphas_cumprod[int(timestep)]))


def final_level(scheduler: Any) -> NoiseLevel:
    """The noise level a run ends at: 0, or a trace of noise where the schedule keeps one."""
    if hasattr(scheduler, "sigmas"):
        return NoiseLevel.from_sigma(float(scheduler.sigmas[-1]), space_of(scheduler))
    return NoiseLevel.from_alpha_bar(float(getattr(scheduler, "final_alpha_cumprod", 1.0)))


def planned_levels(scheduler: Any) -> tuple[tuple[NoiseLevel, ...], tuple[float, ...]]:
    """(N+1 levels, N timesteps) of a scheduler whose timesteps are set; trials left out."""
    timesteps = np.asarray(scheduler.timesteps.cpu(), dtype=np.float64)
    calls = range(len(timesteps))
    if hasattr(scheduler, "state_in_first_order"):
        kept = [i for i in calls if i % 2 == 0]
    elif hasattr(scheduler, "plms_timesteps") and not scheduler.config.skip_prk_steps:
        prk = len(scheduler.prk_timesteps)
        kept = [i for i in calls if i >= prk or i % 4 == 0]
    elif hasattr(scheduler, "plms_timesteps"):
        kept = [i for i in calls if i != 1]
    else:
        kept = list(calls)
    levels = [level_at(scheduler, i, timesteps[i]) for i in kept]
    return (*levels, final_level(scheduler)), tuple(float(timesteps[i]) for i in kept)
