"""The table of samplers: every scheduler of diffusers that fits a model, under people's names.

``compatibles``, diffusers' own list, is wrong both ways, so this one is our own and tested row by
row. Keys and labels are those of the programs people come from. A row with other spacings of the
noise levels stands for several samplers: "euler", "euler_karras", "euler_exponential",
"euler_beta".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

SPACINGS = ("karras", "exponential", "beta")
"""Karras et al. 2022, eq. 5; even steps of ln σ; a beta distribution of σ (Lee et al. 2024)."""

SPACING_FLAGS = tuple(f"use_{spacing}_sigmas" for spacing in SPACINGS)

_ALL = ("epsilon", "v_prediction", "sample")
_NOT_SAMPLE = ("epsilon", "v_prediction")
_FLOW = ("flow_prediction",)
_EDM = ("edm_epsilon", "edm_v_prediction", "v_prediction")


@dataclass(frozen=True)
class Sampler:
    """A scheduler class of diffusers with settings, under the name people know.

    Attributes:
        key: as in a request.
        label: as people call it.
        scheduler: the class.
        settings: of its configuration; the rest is the model's own.
        reads: what a model may predict so that the class can read it.
        spacings: other spacings of its noise levels, of ``SPACINGS``.
        random: draws noise at every step from the generator that the pipeline hands to it.
        needs: packages of the extra ``[samplers]``.
    """

    key: str
    label: str
    scheduler: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    reads: tuple[str, ...] = _ALL
    spacings: tuple[str, ...] = ()
    random: bool = False
    needs: tuple[str, ...] = ()

    @property
    def variants(self) -> tuple[Sampler, ...]:
        """This row, and one for each further spacing."""
        return (self, *(self._spaced(spacing) for spacing in self.spacings))

    def _spaced(self, spacing: str) -> Sampler:
        settings = {**self.settings, f"use_{spacing}_sigmas": True}
        if "timestep_spacing" in settings:
            # from the largest σ of the training schedule to its smallest, as other programs do
            settings["timestep_spacing"] = "linspace"
        return replace(
            self,
            key=f"{self.key}_{spacing}",
            label=f"{self.label} {spacing.capitalize()}",
            settings=settings,
            spacings=(),
            needs=(*self.needs, *(("scipy",) if spacing == "beta" else ())),
        )


# trailing: every run starts at pure noise, whatever its number of steps (Lin et al. 2024, table 2)
_TRAILING = {"timestep_spacing": "trailing"}
_PLAIN = {**_TRAILING, **dict.fromkeys(SPACING_FLAGS, False)}
_MULTISTEP = {
    **_PLAIN,
    "algorithm_type": "dpmsolver++",
    "solver_order": 2,
    "solver_type": "midpoint",
    "final_sigmas_type": "zero",
    "lower_order_final": True,
    "use_lu_lambdas": False,
}
_SDE = {**_MULTISTEP, "algorithm_type": "sde-dpmsolver++"}
_UNIPC = {**_PLAIN, "solver_order": 2, "solver_type": "bh2", "final_sigmas_type": "zero"}
_DEIS = {**_PLAIN, "algorithm_type": "deis", "solver_order": 2, "solver_type": "logrho"}
_SA = {**_PLAIN, "algorithm_type": "data_prediction"}

DIFFUSION: tuple[Sampler, ...] = (
    Sampler("ddim", "DDIM", "DDIMScheduler", _TRAILING),
    Sampler("ddpm", "DDPM", "DDPMScheduler", _TRAILING, random=True),
    Sampler("euler", "Euler", "EulerDiscreteScheduler", _PLAIN, spacings=SPACINGS),
    Sampler(
        "euler_a",
        "Euler a",
        "EulerAncestralDiscreteScheduler",
        _TRAILING,
        reads=_NOT_SAMPLE,
        random=True,
    ),
    Sampler("heun", "Heun", "HeunDiscreteScheduler", _PLAIN, spacings=SPACINGS),
    Sampler("dpm2", "DPM2", "KDPM2DiscreteScheduler", _PLAIN, _NOT_SAMPLE, SPACINGS),
    Sampler(
        "dpm2_a",
        "DPM2 a",
        "KDPM2AncestralDiscreteScheduler",
        _PLAIN,
        _NOT_SAMPLE,
        SPACINGS,
        random=True,
    ),
    Sampler("lms", "LMS", "LMSDiscreteScheduler", _PLAIN, spacings=SPACINGS, needs=("scipy",)),
    Sampler("dpmpp_2m", "DPM++ 2M", "DPMSolverMultistepScheduler", _MULTISTEP, spacings=SPACINGS),
    Sampler(
        "dpmpp_2m_sde",
        "DPM++ 2M SDE",
        "DPMSolverMultistepScheduler",
        _SDE,
        spacings=SPACINGS,
        random=True,
    ),
    Sampler(
        "dpmpp_3m_sde",
        "DPM++ 3M SDE",
        "DPMSolverMultistepScheduler",
        {**_SDE, "solver_order": 3},
        spacings=SPACINGS,
        random=True,
    ),
    Sampler("dpmpp_2s", "DPM++ 2S", "DPMSolverSinglestepScheduler", _MULTISTEP, spacings=SPACINGS),
    Sampler(
        "dpmpp_sde",
        "DPM++ SDE",
        "DPMSolverSDEScheduler",
        _PLAIN,
        _NOT_SAMPLE,
        SPACINGS,
        needs=("torchsde",),
    ),
    Sampler("unipc", "UniPC", "UniPCMultistepScheduler", _UNIPC, spacings=SPACINGS),
    Sampler("deis", "DEIS", "DEISMultistepScheduler", _DEIS, spacings=SPACINGS),
    Sampler("sa_solver", "SA-Solver", "SASolverScheduler", _SA, spacings=SPACINGS, random=True),
    Sampler(
        "pndm", "PNDM", "PNDMScheduler", {**_TRAILING, "skip_prk_steps": False}, reads=_NOT_SAMPLE
    ),
    Sampler(
        "plms", "PLMS", "PNDMScheduler", {**_TRAILING, "skip_prk_steps": True}, reads=_NOT_SAMPLE
    ),
    Sampler("lcm", "LCM", "LCMScheduler", random=True),
    Sampler("tcd", "TCD", "TCDScheduler", random=True),
)
"""For models of noise, v or x₀ that were taught at discrete steps of a beta schedule."""

_ON_FLOW = {"use_flow_sigmas": True, "prediction_type": "flow_prediction"}

FLOW: tuple[Sampler, ...] = (
    Sampler(
        "euler",
        "Euler",
        "FlowMatchEulerDiscreteScheduler",
        {"stochastic_sampling": False, **dict.fromkeys(SPACING_FLAGS, False)},
        reads=_FLOW,
        spacings=SPACINGS,
    ),
    Sampler("heun", "Heun", "FlowMatchHeunDiscreteScheduler", reads=_FLOW),
    Sampler(
        "dpmpp_2m",
        "DPM++ 2M",
        "DPMSolverMultistepScheduler",
        {**_MULTISTEP, **_ON_FLOW},
        reads=_FLOW,
    ),
    Sampler(
        "dpmpp_2m_sde",
        "DPM++ 2M SDE",
        "DPMSolverMultistepScheduler",
        {**_SDE, **_ON_FLOW},
        reads=_FLOW,
        random=True,
    ),
    Sampler(
        "dpmpp_2s",
        "DPM++ 2S",
        "DPMSolverSinglestepScheduler",
        {**_MULTISTEP, **_ON_FLOW},
        reads=_FLOW,
    ),
    Sampler("unipc", "UniPC", "UniPCMultistepScheduler", {**_UNIPC, **_ON_FLOW}, reads=_FLOW),
    Sampler(
        "lcm",
        "LCM",
        "FlowMatchLCMScheduler",
        dict.fromkeys(SPACING_FLAGS, False),
        reads=_FLOW,
        random=True,
    ),
)
"""For flow matching (Lipman et al. 2023)."""

_EDM_MULTISTEP = {"solver_order": 2, "solver_type": "midpoint", "final_sigmas_type": "zero"}

EDM: tuple[Sampler, ...] = (
    Sampler("euler", "Euler", "EDMEulerScheduler", {"final_sigmas_type": "zero"}, reads=_EDM),
    Sampler(
        "dpmpp_2m",
        "DPM++ 2M",
        "EDMDPMSolverMultistepScheduler",
        {**_EDM_MULTISTEP, "algorithm_type": "dpmsolver++"},
        reads=_EDM,
    ),
    Sampler(
        "dpmpp_2m_sde",
        "DPM++ 2M SDE",
        "EDMDPMSolverMultistepScheduler",
        {**_EDM_MULTISTEP, "algorithm_type": "sde-dpmsolver++"},
        reads=_EDM,
        random=True,
    ),
)
"""For models whose output is scaled as in Karras et al. 2022, table 1 (Playground 2.5, CosXL)."""

OWN_ONLY: Mapping[str, str] = {
    "UnCLIPScheduler": "takes the next timestep with every step, which only its pipelines hand on",
    "DDPMWuerstchenScheduler": "its time is a ratio from 1 to 0 and its schedule a cosine of it",
    "CogVideoXDDIMScheduler": "shifts the signal-to-noise ratio, which no other class does",
    "CogVideoXDPMScheduler": "takes its last guess back with every step, as only its pipelines do",
    "HeliosScheduler": "steps through a pyramid of sizes",
    "HeliosDMDScheduler": "steps through a pyramid of sizes",
}
"""Schedulers that only run the models they come with, and why."""

_DUPLICATE = "the same steps as {}, for many timesteps at once"
_NOT_IMAGES = "not for pictures made from text"

LEFT_OUT: Mapping[str, str] = {
    "DDIMParallelScheduler": _DUPLICATE.format("DDIM"),
    "DDPMParallelScheduler": _DUPLICATE.format("DDPM"),
    "DDIMInverseScheduler": "goes from a picture to noise",
    "DPMSolverMultistepInverseScheduler": "goes from a picture to noise",
    "IPNDMScheduler": "has a schedule of its own, which no text-to-image model was taught",
    "SCMScheduler": "only for models taught by sCM, whose latents are scaled otherwise",
    "CMStochasticIterativeScheduler": "only for consistency models without a prompt",
    "KarrasVeScheduler": "takes other arguments than pipelines hand to it",
    "ScoreSdeVeScheduler": "takes other arguments than pipelines hand to it",
    "RePaintScheduler": "fills holes in a picture",
    "FlowMapEulerDiscreteScheduler": "only for flow maps, which are told where a step ends",
    "PiflowScheduler": "only for models distilled to policies",
    "LTXEulerAncestralRFScheduler": _NOT_IMAGES,
    "CosineDPMSolverMultistepScheduler": _NOT_IMAGES,
    "VQDiffusionScheduler": "for tokens, not for numbers",
    "AmusedScheduler": "for tokens, not for numbers",
    "BlockRefinementScheduler": "for tokens, not for numbers",
    "DiscreteDDIMScheduler": "for tokens, not for numbers",
    "EntropyBoundScheduler": "for tokens, not for numbers",
    "MiniMaxH3Scheduler": _NOT_IMAGES,
    "RFD4ProteinaScheduler": _NOT_IMAGES,
}
"""Every other scheduler of diffusers, and why nobody is offered it."""

LEFT_OUT_SETTINGS: Mapping[str, str] = {
    "DPMSolverMultistepScheduler algorithm_type=dpmsolver": "deprecated; DPM++ 2M follows it",
    "DPMSolverSinglestepScheduler algorithm_type=sde-dpmsolver++": "no program has a name for it",
    "FlowMatchEulerDiscreteScheduler stochastic_sampling=True": "the same steps as LCM",
    "DEISMultistepScheduler use_flow_sigmas=True": "stops one step before the picture",
    "SASolverScheduler use_flow_sigmas=True": "stops one step before the picture",
    "DPMSolverMultistepScheduler use_flow_sigmas=True use_karras_sigmas=True": (
        "spaces the σ of another scale; so do its other spacings, and those of UniPC and DPM++ 2S"
    ),
}
"""Settings of offered classes that are not offered, and why."""
