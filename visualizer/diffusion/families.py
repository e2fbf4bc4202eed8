"""The families: what each pipeline class of diffusers does differently, in one table.

Whatever is not listed is the usual case: one loop, a denoiser called once a step with the
unconditional half of the batch first, ``guidance_scale``, a grid of scaled latents.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from visualizer.diffusion.latent_spaces import SPACES, LatentSpace

Sigmas = Literal[
    "steps",
    "linspace",
    "to zero",
    "whole timesteps",
    "whole timesteps but the last",
    "logit-normal",
]


@dataclass(frozen=True)
class Stage:
    """One loop of a pipeline with several, told by the denoiser that is called in it.

    Attributes:
        name: as ``Step.stage``.
        space: the key of its latents in ``SPACES``.
        steps: the call's argument for its number of steps.
        scheduler: the attribute of the pipeline that holds its scheduler.
    """

    name: str
    space: str
    steps: str = "num_inference_steps"
    scheduler: str = "scheduler"


@dataclass(frozen=True)
class Family:
    """What a pipeline class does differently.

    Attributes:
        space: the key of its latents in ``SPACES``.
        stages: by denoiser component, in the order of the loops; empty where there is one loop.
        loops: what a further loop of one denoiser is called ("chunk", "part"); "" when a second
            loop is never begun.
        guidance: the call's argument that takes the strength of guidance; "" where there is none.
        embedded: guidance is a number that the model was taught to read: one prediction a step, no
            avoid text.
        conditional_first: the half of the batch with the prompt comes first.
        last_tokens: the prediction is the end of the denoiser's output, not its beginning.
        unprompted_text: an avoid text that must be given for guidance to be on at all.
        turned: the call turns the sign of what the denoiser says before it hands it on.
        positions: sides of a picture are multiples of this many latent positions.
        sigmas: what the call hands to ``set_timesteps``: a number of steps, or σ of its own.
        counts_channels: the shift of σ is computed from the number of channels where others take
            the length of the sequence.
        beside_guidance: arguments that must be given together with guidance.
        control: the call's arguments that want a picture.
        edits: it makes a picture from words alone too: what is given is changed.
        steps: the call's argument for the number of steps; one that takes a list a part gets the
            same number for each.
        any_size: sides need not be multiples of anything.
        batches: several prompts and seeds can be sampled at once, and come out as they do alone.
        cannot_show: sentences on what is not shown.
        caches: the network keeps what it computed in the first call of a run for the later ones.
        draws_first: the call draws random numbers (to encode its picture) before those of the
            noise, so that another seed's noise is not the first that its generator gives.
    """

    space: str = "scaled"
    stages: Mapping[str, Stage] = field(default_factory=dict)
    loops: str = ""
    guidance: str = "guidance_scale"
    embedded: bool = False
    conditional_first: bool = False
    last_tokens: bool = False
    unprompted_text: str | None = None
    turned: bool = False
    positions: int = 1
    sigmas: Sigmas = "steps"
    counts_channels: bool = False
    beside_guidance: Mapping[str, Any] = field(default_factory=dict)
    control: tuple[str, ...] = ()
    edits: bool = False
    steps: str = "num_inference_steps"
    any_size: bool = False
    batches: bool = True
    cannot_show: tuple[str, ...] = ()
    caches: bool = False
    draws_first: bool = False


_USUAL = Family()
_PRIOR = (
    "The first stage works on what a prior imagines, which no decoder turns into a picture: it is "
    "shown as numbers only.",
)
_VIDEO = ("This model makes a video: its first frame is shown, of every chunk of frames.",)
_ONE_PASS = (
    "This model takes guidance as a number: it never says what it would do without the prompt.",
)
_PACKED_FLOW: dict[str, Any] = {
    "space": "packed, scaled",
    "sigmas": "linspace",
    "positions": 2,
}
_FLUX: dict[str, Any] = {**_PACKED_FLOW, "embedded": True, "cannot_show": _ONE_PASS}
_QWEN: dict[str, Any] = {
    "space": "packed, standardized",
    "sigmas": "linspace",
    "positions": 2,
    "guidance": "true_cfg_scale",
    "unprompted_text": " ",
}
_Z_IMAGE: dict[str, Any] = {
    "conditional_first": True,
    "turned": True,
    "positions": 2,
    "sigmas": "linspace",
}


def _prior(space: str, decoder: str, decoder_space: str) -> dict[str, Stage]:
    return {
        "prior_prior": Stage("prior", space, "prior_num_inference_steps", "prior_scheduler"),
        decoder: Stage("decoder", decoder_space),
    }


FAMILIES: dict[str, Family] = {
    "StableDiffusionXL": Family(space="scaled, SDXL"),
    "Kolors": Family(space="scaled, SDXL"),
    "StableDiffusionControlNet": Family(control=("image",)),
    "StableDiffusionXLControlNet": Family(space="scaled, SDXL", control=("image",)),
    "StableDiffusionXLControlNetUnion": Family(space="scaled, SDXL", control=("control_image",)),
    "StableDiffusion3ControlNet": Family(control=("control_image",), batches=False),
    "LatentConsistencyModel": Family(embedded=True, cannot_show=_ONE_PASS),
    "IF": Family(
        space="pixels",
        cannot_show=("Only the first stage, of 64 × 64 pixels, is this model's: no enlargement.",),
    ),
    "KandinskyCombined": Family(
        space="unscaled", stages=_prior("embedding", "unet", "unscaled"), cannot_show=_PRIOR
    ),
    "KandinskyV22Combined": Family(
        space="unscaled", stages=_prior("embedding", "unet", "unscaled"), cannot_show=_PRIOR
    ),
    "Kandinsky3": Family(space="unscaled", batches=False),
    "WuerstchenCombined": Family(
        batches=False,
        space="multiplied",
        stages=_prior("features", "decoder", "multiplied"),
        guidance="prior_guidance_scale",
        conditional_first=True,
        any_size=True,
        cannot_show=_PRIOR,
    ),
    "StableCascadeCombined": Family(
        space="multiplied",
        stages=_prior("features", "decoder", "multiplied"),
        guidance="prior_guidance_scale",
        conditional_first=True,
        any_size=True,
        cannot_show=_PRIOR,
    ),
    "Flux": Family(**_FLUX),
    "FluxControl": Family(**_FLUX, control=("control_image",), draws_first=True),
    "FluxControlNet": Family(**_FLUX, control=("control_image",), draws_first=True),
    "FluxKontext": Family(**_FLUX, control=("image",), edits=True),
    "Flux2": Family(
        space="tokens, batch norm",
        positions=2,
        sigmas="linspace",
        embedded=True,
        cannot_show=_ONE_PASS,
    ),
    "Flux2Klein": Family(space="tokens, batch norm", positions=2, sigmas="linspace"),
    "Ideogram4": Family(
        space="tokens, batch norm, channel last",
        last_tokens=True,
        turned=True,
        positions=2,
        sigmas="logit-normal",
        beside_guidance={"guidance_schedule": None},
    ),
    "Krea2": Family(space="packed, standardized", positions=2, sigmas="linspace"),
    "Lumina": Family(conditional_first=True, turned=True, positions=2),
    "Lumina2": Family(turned=True, positions=2, sigmas="linspace", counts_channels=True),
    "Chroma": Family(**_PACKED_FLOW),
    "OvisImage": Family(**_PACKED_FLOW),
    "CogView4": Family(sigmas="whole timesteps", batches=False),
    "CogView4Control": Family(sigmas="whole timesteps", control=("control_image",), batches=False),
    "GlmImage": Family(
        space="standardized",
        sigmas="whole timesteps but the last",
        batches=False,
        cannot_show=(
            "Before the steps a language model writes a sketch of the picture in tokens: that is "
            "not shown.",
        ),
    ),
    "Helios": Family(space="video", loops="chunk", sigmas="to zero", cannot_show=_VIDEO),
    "HeliosPyramid": Family(
        space="video",
        loops="part",
        steps="pyramid_num_inference_steps_list",
        batches=False,
        cannot_show=(
            *_VIDEO,
            "The size grows from part to part, with fresh noise each time: the guess of an early "
            "part is the end of that part, not of the video.",
        ),
    ),
    "NucleusMoEImage": Family(
        space="packed, standardized", turned=True, positions=2, sigmas="linspace"
    ),
    "PRX": Family(batches=False),
    "QwenImage": Family(**_QWEN),
    "QwenImage21": Family(
        **{**_QWEN, "space": "tokens, standardized", "last_tokens": True, "batches": False},
        caches=True,
    ),
    "QwenImageControlNet": Family(**_QWEN, control=("control_image",), draws_first=True),
    "ZImage": Family(**_Z_IMAGE),
    "ZImageControlNet": Family(**_Z_IMAGE, control=("control_image",)),
    "ZImageControlNetInpaint": Family(
        **_Z_IMAGE, control=("image", "mask_image", "control_image"), batches=False
    ),
    "ZImageOmni": Family(**_Z_IMAGE),
}
"""By the name of the pipeline's class, without "Pipeline" and without "PAG"."""

_DENOISERS = ("unet", "transformer", "unconditional_transformer", "prior_prior", "decoder")
_PICTURE_VAES = ("AutoencoderKL", "AutoencoderTiny", "AsymmetricAutoencoderKL", "AutoencoderDC")


def family_of(pipeline: Any) -> Family:
    """What is known of a pipeline; a guess from its parts when its class is not of diffusers."""
    for cls in type(pipeline).__mro__:
        if _name(cls.__name__) in FAMILIES or cls.__module__.startswith("diffusers."):
            return family_named(cls.__name__)
    return _guess(pipeline)


def family_named(pipeline_class: str) -> Family:
    """What is known of a pipeline class of diffusers; one that is not listed is the usual case."""
    return FAMILIES.get(_name(pipeline_class), _USUAL)


def _name(pipeline_class: str) -> str:
    return pipeline_class.removesuffix("Pipeline").replace("PAG", "")


def _guess(pipeline: Any) -> Family:
    vae = getattr(pipeline, "vae", None)
    if vae is None:
        return Family(space="pixels") if getattr(pipeline, "unet", None) is not None else _USUAL
    if hasattr(pipeline, "_unpack_latents") and type(vae).__name__ in _PICTURE_VAES:
        return Family(**_PACKED_FLOW)
    return _USUAL


def space_of(family: Family, component: str = "") -> LatentSpace:
    """The latent space of the loop in which a denoiser is called."""
    stage = family.stages.get(component)
    return SPACES[stage.space if stage is not None else family.space]


def decodable(pipeline: Any, family: Family) -> bool:
    """Whether the pipeline has the part that turns its latents into pictures."""
    part = SPACES[family.space].part
    return not part or getattr(pipeline, part, None) is not None


def denoisers(pipeline: Any) -> Iterator[tuple[str, Any]]:
    """(component's name, module) of every network that is asked for noise."""
    for name in _DENOISERS:
        module = getattr(pipeline, name, None)
        if callable(module) and hasattr(module, "register_forward_hook"):
            yield name, module


def pipelines_in(pipeline: Any) -> Iterator[Any]:
    """The pipeline and those that it is combined of: each holds a scheduler of its own."""
    yield pipeline
    for part in vars(pipeline).values():
        if hasattr(part, "scheduler") and hasattr(part, "components") and part is not pipeline:
            yield part


def accepts(pipeline: Any, argument: str) -> bool:
    """Whether the pipeline's call takes an argument of this name."""
    return argument in inspect.signature(type(pipeline).__call__).parameters
