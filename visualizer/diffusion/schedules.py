"""What a scheduler holds, read: the scale of its latents, its noise levels, its trial points."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from visualizer.diffusion.clipping import clipping_of as clipping_of
from visualizer.diffusion.noise import NoiseLevel, Space
from visualizer.diffusion.parameterization import EDM_SIGMA_DATA, PredictionType
from visualizer.diffusion.request import RequestError

_VE = ("Euler", "Heun", "KDPM2", "LMS", "DPMSolverSDE", "EDM")
_FLOW = ("FlowMatch",)
_PLAIN_TYPES = ("epsilon", "v_prediction", "sample")


def is_flow(scheduler: Any) -> bool:
    """True for flow matching, whose latents are x = (1−σ)·x₀ + σ·ε."""
    return _is_a(scheduler, _FLOW) or bool(scheduler.config.get("use_flow_sigmas", False))


def is_edm(scheduler: Any) -> bool:
    """True where the model's output is scaled as in Karras et al. 2022, table 1."""
    return _is_a(scheduler, ("EDM",))


def space_of(scheduler: Any) -> Space:
    """The scale in which a scheduler holds its latents."""
    if is_flow(scheduler):
        return "flow"
    return "ve" if _is_a(scheduler, _VE) else "vp"


def is_ve_class(name: str) -> bool:
    """Whether a class of that name holds x₀ + σ·ε, and so must scale it before the model."""
    return name.startswith(_VE)


def _is_a(scheduler: Any, names: tuple[str, ...]) -> bool:
    """Whether the name of a scheduler's class, or of one it derives from, begins so."""
    return any(cls.__name__.startswith(names) for cls in type(scheduler).__mro__)


def prediction_type_of(scheduler: Any) -> PredictionType:
    """What the model's output means to this scheduler.

    Raises:
        RequestError: for a prediction type this program cannot read.
    """
    if scheduler.config.get("invert_sigmas", False):
        raise RequestError(
            "This model counts its noise from the picture upwards, which cannot be shown yet."
        )
    if _is_a(scheduler, _FLOW):
        return "flow_prediction"
    if _is_a(scheduler, ("IPNDM",)):
        return "v_prediction"
    kind = scheduler.config.get("prediction_type", "epsilon")
    if is_edm(scheduler):
        return _edm_type(kind, float(scheduler.config.get("sigma_data", EDM_SIGMA_DATA)))
    if kind == "original_sample":  # EulerDiscrete's second name for it
        return "sample"
    if kind == "flow_prediction" and is_flow(scheduler):
        return "flow_prediction"
    # on the straight line of flow matching, v of a half circle has no meaning
    if kind not in _PLAIN_TYPES or (kind == "v_prediction" and is_flow(scheduler)):
        raise RequestError(f"This model predicts '{kind}', which cannot be shown yet.")
    return kind  # type: ignore[no-any-return]


def _edm_type(kind: str, sigma_data: float) -> PredictionType:
    if kind == "v_prediction" and sigma_data == 1.0:  # c_skip and c_out are then those of v
        return "v_prediction"
    if kind not in ("epsilon", "v_prediction") or sigma_data != EDM_SIGMA_DATA:
        raise RequestError(
            f"This model predicts '{kind}' for data of spread {sigma_data}, which cannot be "
            "shown yet."
        )
    return "edm_epsilon" if kind == "epsilon" else "edm_v_prediction"


def is_trial(scheduler: Any) -> bool:
    """Whether the coming ``step`` call evaluates a trial point of a higher-order solver.

    Heun, KDPM2, DPM++ SDE and FlowMatchHeun make every second call one; PNDM three of four in its
    Runge-Kutta part, or its second call when it starts with the linear multistep method. The
    points between which DPM++ 2S evaluates are levels of their own, in the order of time: none.
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
    """The noise level of the ``index``-th ``step`` call of a run, trials included."""
    if _is_a(scheduler, ("DDPMWuerstchen",)):
        return NoiseLevel.from_alpha_bar(_cosine_alpha_bar(scheduler, timestep))
    if _is_a(scheduler, ("IPNDM",)):
        return NoiseLevel("vp", float(scheduler.alphas[index]), float(scheduler.betas[index]))
    if hasattr(scheduler, "sigmas"):
        return NoiseLevel.from_sigma(_sigma_at(scheduler, index), space_of(scheduler))
    return NoiseLevel.from_alpha_bar(float(scheduler.alphas_cumprod[int(timestep)]))


def _sigma_at(scheduler: Any, index: int) -> float:
    """σ of one call; those of half-step solvers stand between the levels, evenly in ln σ."""
    trial = hasattr(scheduler, "state_in_first_order") and index % 2 == 1
    if trial and _is_a(scheduler, ("KDPM2Ancestral",)):
        return float(scheduler.sigmas_interpol[index - 1])
    if trial and _is_a(scheduler, ("KDPM2",)):
        return float(scheduler.sigmas_interpol[index])
    if trial and _is_a(scheduler, ("DPMSolverSDE",)):
        return math.sqrt(float(scheduler.sigmas[index - 1]) * float(scheduler.sigmas[index]))
    return float(scheduler.sigmas[index])


def _cosine_alpha_bar(scheduler: Any, t: float) -> float:
    """ᾱ of DDPMWuerstchenScheduler at the ratio t, 1 … 0 (Nichol & Dhariwal 2021, eq. 17)."""
    if scheduler.scaler > 1:
        t = 1 - (1 - t) ** scheduler.scaler
    elif scheduler.scaler < 1:
        t = t**scheduler.scaler
    s = float(scheduler.s)
    f, f_0 = (math.cos((u + s) / (1 + s) * math.pi / 2) ** 2 for u in (t, 0.0))
    return min(max(f / f_0, 0.0001), 0.9999)


def final_level(scheduler: Any) -> NoiseLevel:
    """The noise level a run ends at: 0, or a trace of noise where the schedule keeps one."""
    if _is_a(scheduler, ("DDPMWuerstchen",)):
        return level_at(scheduler, -1, float(scheduler.timesteps[-1]))
    if _is_a(scheduler, ("IPNDM",)):
        return level_at(scheduler, -1, 0.0)
    if hasattr(scheduler, "sigmas"):
        return NoiseLevel.from_sigma(float(scheduler.sigmas[-1]), space_of(scheduler))
    if _is_a(scheduler, ("TCD",)):
        return NoiseLevel.from_alpha_bar(float(scheduler.alphas_cumprod[0]))
    if _is_a(scheduler, ("DDIM", "PNDM", "CogVideoX")):
        return NoiseLevel.from_alpha_bar(_alpha_bar_after_the_last(scheduler))
    return NoiseLevel.from_alpha_bar(1.0)


def _alpha_bar_after_the_last(scheduler: Any) -> float:
    """Where DDIM and PNDM step to last: one whole stride further, if that is still on the scale.

    Their stride is T // N whatever the spacing, so with 7 of 1000 steps it is 142, the last
    timestep is 142, and the run ends at ᾱ₀ instead of at no noise.
    """
    total = int(scheduler.config.num_train_timesteps)
    previous = int(scheduler.timesteps[-1]) - total // int(scheduler.num_inference_steps)
    return float(
        scheduler.alphas_cumprod[previous] if previous >= 0 else scheduler.final_alpha_cumprod
    )


def planned_levels(scheduler: Any) -> tuple[tuple[NoiseLevel, ...], tuple[float, ...]]:
    """(N+1 levels, N timesteps) of a scheduler whose timesteps are set; trials left out."""
    timesteps = np.asarray(scheduler.timesteps.cpu(), dtype=np.float64)
    kept = _calls_kept(scheduler, len(timesteps))
    levels = [level_at(scheduler, i, timesteps[i]) for i in kept]
    return (*levels, final_level(scheduler)), tuple(float(timesteps[i]) for i in kept)


def _calls_kept(scheduler: Any, timesteps: int) -> list[int]:
    """The calls of ``step`` that are no trials."""
    calls = range(timesteps)
    if _is_a(scheduler, ("DDPMWuerstchen",)):  # its last timestep is where it ends
        return list(calls[:-1])
    if hasattr(scheduler, "state_in_first_order"):
        return list(calls[::2])
    if hasattr(scheduler, "plms_timesteps") and not scheduler.config.skip_prk_steps:
        prk = len(scheduler.prk_timesteps)
        return [i for i in calls if i >= prk or i % 4 == 0]
    if hasattr(scheduler, "plms_timesteps"):
        return [i for i in calls if i != 1]
    return list(calls)


def call_of_level(scheduler: Any, index: int) -> int:
    """Which call of ``step`` begins at the ``index``-th level of a schedule that is set."""
    return _calls_kept(scheduler, len(scheduler.timesteps))[index]


def begin_in_the_middle(scheduler: Any, call: int) -> None:
    """Make a fresh scheduler ready for a first call that is not the first of its schedule.

    Nearly all count their calls in ``_step_index``. PNDM counts in ``counter``, and its linear
    multistep formula wants a past: with its first answer in place of the missing ones the formula
    is an ordinary DDIM step, as its weights add up to 1.
    """
    if hasattr(scheduler, "_step_index"):
        scheduler._step_index = call
    if hasattr(scheduler, "plms_timesteps"):
        scheduler.counter = call
        begin = scheduler.step_plms

        def with_a_past(model_output: Any, *args: Any, **kwargs: Any) -> Any:
            scheduler.ets = [model_output] * 3
            scheduler.step_plms = begin
            return begin(model_output, *args, **kwargs)

        scheduler.step_plms = with_a_past


def begins_in_the_middle(scheduler: Any) -> bool:
    """Whether a scheduler can go on from a level inside its schedule without a past."""
    names = [cls.__name__ for cls in type(scheduler).__mro__]
    return all(class_begins_in_the_middle(name, scheduler.config) for name in names)


def class_begins_in_the_middle(name: str, config: Mapping[str, Any]) -> bool:
    """The same of a class, with the settings it would have."""
    if name.startswith("PNDM"):  # its first twelve Runge-Kutta calls belong together
        return bool(config.get("skip_prk_steps", False))
    return not name.startswith(("UnCLIP", "DDPMWuerstchen", "CogVideoX"))
