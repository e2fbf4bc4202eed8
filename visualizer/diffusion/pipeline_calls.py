"""How each pipeline of diffusers calls its scheduler: what a sampler must take to fit into it."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal


@dataclass(frozen=True)
class Calls:
    """What a pipeline does with its scheduler.

    Attributes:
        scales: it hands latents to ``scale_model_input``, as samplers of x₀ + σ·ε need it.
        generator: it hands its generator to ``step`` when asked for it, always, or never.
        sigmas: it hands σ to ``set_timesteps``: always, as a list of Python's, unless the
            scheduler makes flow σ itself, or never.
        timesteps: it hands the timesteps beside the σ.
        mu: it hands the dynamic shift to ``set_timesteps``: always, when the scheduler's
            configuration asks for it, or never.
        further: what else it hands to ``set_timesteps``.
        config: what it reads of the scheduler's configuration without a default.
        eta: it hands a number for η to samplers that ask for it, and not None.
        own_only: it runs no scheduler but those it came with.
    """

    scales: bool = True
    generator: Literal["asked", "always", "never"] = "asked"
    sigmas: Literal["always", "as a list", "unless flow", "never"] = "never"
    timesteps: bool = False
    mu: Literal["always", "dynamic", "never"] = "never"
    further: tuple[str, ...] = ()
    config: tuple[str, ...] = ()
    eta: bool = True
    own_only: bool = False

    def suit(self, scheduler: type, *, flow_sigmas: bool, dynamic: bool) -> bool:
        """Whether a class takes everything that the pipeline hands to it.

        Args:
            flow_sigmas: the scheduler would be set to make its own flow σ.
            dynamic: the model's shift depends on the size of the picture.
        """
        begin, step = parameters_of(scheduler, "set_timesteps"), parameters_of(scheduler, "step")
        given = {*self.further, *(("timesteps",) if self.timesteps else ())}
        hands_none = self.sigmas == "never" or (self.sigmas == "unless flow" and flow_sigmas)
        if not hands_none:
            given.add("sigmas")
        if self.mu == "always" or (self.mu == "dynamic" and dynamic):
            given.add("mu")
        if "mu" in given and not dynamic and scheduler.__name__ in _MU_ONLY_WHEN_DYNAMIC:
            return False
        if self.sigmas == "as a list" and scheduler.__name__ in _COMPUTE_WITH_SIGMAS:
            return False
        if not self.eta and "eta" in step:
            return False
        wanted = {"generator"} if self.generator == "always" else set()
        return given <= begin and wanted <= step and set(self.config) <= settings_of(scheduler)


_MU_ONLY_WHEN_DYNAMIC = (
    "DPMSolverMultistepScheduler",
    "DPMSolverSinglestepScheduler",
    "DEISMultistepScheduler",
)
"""They refuse a dynamic shift that their configuration does not ask for; others pass it over."""

_COMPUTE_WITH_SIGMAS = ("UniPCMultistepScheduler",)
"""They compute with the σ that they are given as they are, which must be an array."""

_DIFFUSION = Calls()
_FLOW = Calls(scales=False, generator="never")
_OWN_ONLY = Calls(own_only=True)
_SHIFTED = Calls(scales=False, generator="never", sigmas="always", mu="always")
_SHIFTED_UNLESS_FLOW = Calls(scales=False, generator="never", sigmas="unless flow", mu="always")
_SHIFTED_LIST = Calls(scales=False, generator="never", sigmas="as a list", mu="always")
_TIMED = Calls(scales=False, generator="never", sigmas="always", timesteps=True, mu="always")
_SANA = Calls(scales=False)

CALLS: Mapping[str, Calls] = {
    "StableDiffusion3Pipeline": Calls(scales=False, generator="never", mu="dynamic"),
    "IFPipeline": Calls(config=("variance_type",)),
    "KandinskyCombinedPipeline": _OWN_ONLY,
    "KandinskyV22CombinedPipeline": _OWN_ONLY,
    "Kandinsky3Pipeline": Calls(scales=False, generator="always"),
    "WuerstchenCombinedPipeline": _OWN_ONLY,
    "StableCascadeCombinedPipeline": _OWN_ONLY,
    "LatentConsistencyModelPipeline": Calls(
        scales=False, further=("original_inference_steps",), eta=False
    ),
    "SanaPipeline": _SANA,
    "SanaPAGPipeline": _SANA,
    "FluxPipeline": _SHIFTED_UNLESS_FLOW,
    "FluxControlPipeline": _SHIFTED,
    "FluxControlNetPipeline": _SHIFTED,
    "FluxKontextPipeline": _SHIFTED,
    "Flux2KleinPipeline": _SHIFTED_UNLESS_FLOW,
    "Flux2Pipeline": _SHIFTED_UNLESS_FLOW,
    "Ideogram4Pipeline": Calls(scales=False, generator="never", sigmas="as a list"),
    "Krea2Pipeline": _SHIFTED,
    "Lumina2Pipeline": _SHIFTED,
    "ChromaPipeline": _SHIFTED,
    "CogView4Pipeline": _TIMED,
    "CogView4ControlPipeline": _TIMED,
    "GlmImagePipeline": _TIMED,
    "HeliosPipeline": _OWN_ONLY,
    "HeliosPyramidPipeline": _OWN_ONLY,
    "NucleusMoEImagePipeline": _SHIFTED,
    "QwenImagePipeline": _SHIFTED,
    "QwenImage21Pipeline": _SHIFTED,
    "QwenImageControlNetPipeline": _SHIFTED,
    "ZImagePipeline": _SHIFTED_LIST,
    "ZImageControlNetPipeline": _SHIFTED_LIST,
    "ZImageControlNetInpaintPipeline": _SHIFTED_LIST,
    "ZImageOmniPipeline": _SHIFTED_LIST,
    "OvisImagePipeline": _SHIFTED_UNLESS_FLOW,
}
"""By pipeline class; one that is not listed does what is usual for the scale of its model."""


@cache
def parameters_of(cls: type, method: str) -> frozenset[str]:
    """The names of what a method of a class takes."""
    return frozenset(inspect.signature(getattr(cls, method)).parameters)


def settings_of(scheduler: type) -> frozenset[str]:
    """The settings that a scheduler class knows."""
    return parameters_of(scheduler, "__init__")


def calls_of(pipeline: Any, *, flow: bool) -> Calls:
    """How a pipeline calls its scheduler.

    Args:
        pipeline: None for what is usual.
        flow: its model was taught flow matching.
    """
    names = [] if pipeline is None else [cls.__name__ for cls in type(pipeline).__mro__]
    listed = next((CALLS[name] for name in names if name in CALLS), None)
    return listed or (_FLOW if flow else _DIFFUSION)
