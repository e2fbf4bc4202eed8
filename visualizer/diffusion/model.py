"""Model: a diffusers text-to-image pipeline, opened safely, and what it can do."""

from __future__ import annotations

import inspect
import math
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import torch

from visualizer.diffusion import (
    attention_models,
    branching,
    decoding,
    devices,
    encoding,
    families,
    memory,
    noise_edits,
    planning,
    prompt,
    samplers,
    schedules,
    weight_syntax,
    weighting,
)
from visualizer.diffusion.arrays import FloatArray, Picture
from visualizer.diffusion.atomic import WriteError
from visualizer.diffusion.branching import BranchPlan
from visualizer.diffusion.device_errors import out_of_memory
from visualizer.diffusion.facts import ModelFacts, Plan, PromptReading, Recommended, Vocabulary
from visualizer.diffusion.family_names import family_name
from visualizer.diffusion.fast_decoder import (
    FIT_VERSION,
    FastDecoder,
    FastDecoderFit,
    shipped_name,
)
from visualizer.diffusion.identity import dtype_name, identify
from visualizer.diffusion.latent_spaces import LatentSpace
from visualizer.diffusion.layout import GRID, LatentLayout
from visualizer.diffusion.model_folder import ModelError, license_of, name_of
from visualizer.diffusion.opening import open_pipeline
from visualizer.diffusion.replaying import Answers
from visualizer.diffusion.request import RequestError, SamplingRequest
from visualizer.diffusion.starts import FROM_SEED, EditedNoise, FromPicture, FromStep, goes_alone
from visualizer.diffusion.tiny_autoencoder import TinyDecoder, find_tiny_autoencoder
from visualizer.diffusion.trajectory import ModelIdentity, Trajectory
from visualizer.folders import cache_folder

BUILTIN_NAME = "Built-in"
_BUILTIN_FOLDER = "builtin-model"
_OURS = (
    "prompt",
    "generator",
    "output_type",
    "return_dict",
    "latents",
    "callback",
    "callback_steps",
    "callback_on_step_end",
    "callback_on_step_end_tensor_inputs",
)
"""Arguments of a pipeline's call that belong to the request's own fields, or to observing."""
_MANY_WORDS = 10_000  # for models that read prompts of any length


class Model:
    """A diffusers pipeline, and what it can do.

    Its methods run the network: call them on the thread that owns the weights.

    Args:
        pipeline: any loaded text-to-image pipeline of diffusers.
        name: how people call it.
        vocabulary: the words it was taught, when it was taught few.
        recommended: its makers' settings; the pipeline's own defaults otherwise.

    Raises:
        ModelError: when the pipeline is no text-to-image pipeline that can be observed.
    """

    def __init__(
        self,
        pipeline: Any,
        *,
        name: str | None = None,
        vocabulary: Vocabulary | None = None,
        recommended: Recommended | None = None,
        license_name: str = "",
    ) -> None:
        if getattr(pipeline, "scheduler", None) is None:
            raise ModelError(f"{type(pipeline).__name__} has no scheduler: it denoises nothing.")
        if not families.accepts(pipeline, "prompt"):
            raise ModelError(f"{type(pipeline).__name__} takes no prompt.")
        self.family = families.family_of(pipeline)
        if not families.decodable(pipeline, self.family):
            raise ModelError(
                f"{type(pipeline).__name__} has no part that turns its latents into pictures: "
                "this program could not show what it does."
            )
        self.pipeline = pipeline
        self.name = name or type(pipeline).__name__.removesuffix("Pipeline")
        self.vocabulary = vocabulary
        self.license = license_name
        self._recommended = recommended or self._default_settings()
        self.device = str(getattr(pipeline, "_execution_device", pipeline.device))
        self.memory_note = ""
        self._memory_plan: memory.MemoryPlan | None = None
        self._folder: Path | None = None
        self._seen: dict[Any, Plan] = {}
        self.answers = Answers()

    @classmethod
    def builtin(cls, *, device: str | None = None) -> Model:
        """The small model that ships with the program."""
        from visualizer.assets import asset_path

        return cls.open(asset_path(_BUILTIN_FOLDER), device=device, name=BUILTIN_NAME)

    @classmethod
    def open(
        cls,
        path: str | Path,
        *,
        device: str | None = None,
        dtype: torch.dtype | None = None,
        name: str | None = None,
    ) -> Model:
        """Open a model folder or checkpoint. Never goes online, never runs code from the model.

        Args:
            path: a folder that holds ``model_index.json``, or a .safetensors checkpoint.
            device: "cpu", "cuda", …; None takes the best one there is.
            dtype: None takes what suits the device and the family.

        Raises:
            ModelError: with what is wrong and what to do.
        """
        path = Path(path)
        if device is not None:
            devices.check_device(device)
        chosen = device or devices.best_device()
        pipeline = open_pipeline(path, device=chosen, dtype=dtype)
        _check_vocabularies(pipeline, path)
        default = Recommended(*_usual_settings(pipeline, path.name))
        model = cls(
            pipeline,
            name=name or name_of(path),
            vocabulary=Vocabulary.load(path / "vocabulary.json"),
            recommended=Recommended.load(path / "recommended.json", default),
            license_name=license_of(path),
        )
        model._folder = path
        model._settle(chosen, may_move=device is None)
        return model

    def _settle(self, device: str, *, may_move: bool) -> None:
        """Put the parts where there is room for them.

        Args:
            may_move: the CPU will do where the device has no room at all.
        """
        plan = memory.plan_for(self.pipeline, device, *self._default_size())
        if plan.placement == "nowhere" and may_move and device != "cpu":
            self._settle("cpu", may_move=False)
            self.memory_note = (
                f"{devices.describe(device)} has no room for this model: it runs on the CPU."
            )
            return
        if plan.placement != "whole":
            _ = self.identity  # the weights are still where they can be read
        try:
            self._memory_plan = memory.apply(plan, self.pipeline, device)
        except Exception as error:
            if not out_of_memory(error):
                raise
            raise ModelError(
                f"The model does not fit into the memory of '{device}'. Try it on the CPU."
            ) from error
        self.device = device
        self.memory_note = memory.memory_note(self._memory_plan, device)

    def ease(self) -> bool:
        """Keep more of the model in main memory after memory ran out; False when all of it is."""
        if self._memory_plan is None:
            return False
        offload = memory.can_offload(self.device)
        plan = memory.slower(self._memory_plan, can_offload=offload)
        if plan is None:
            return False
        try:
            self._memory_plan = memory.apply(plan, self.pipeline, self.device)
        except Exception as error:
            if not out_of_memory(error):
                raise
            return False  # there is not even room to make room
        self.memory_note = memory.memory_note(self._memory_plan, self.device)
        self.__dict__.pop("facts", None)
        return True

    # what it can do

    @cached_property
    def facts(self) -> ModelFacts:
        """What a window must know of the model, as plain values."""
        own = self.pipeline.scheduler
        width, height = self._default_size()
        sizes = self._recommended.sizes
        return ModelFacts(
            name=self.name,
            pipeline_class=type(self.pipeline).__name__,
            device=self.device,
            dtype=dtype_name(self.pipeline),
            samplers=samplers.sampler_names(own, self.pipeline),
            own_sampler=samplers.label_of(own),
            steps=self._recommended.steps,
            quick_steps=self._recommended.quick_steps,
            guidance_scale=self._recommended.guidance_scale,
            width=width,
            height=height,
            sizes=sizes or _usual_sizes(width, height, self._size_step),
            guidance=self._takes_guidance,
            avoid=self._takes_avoid_text,
            control=self.family.control,
            control_optional=self.family.edits,
            cannot_show=self.family.cannot_show,
            max_words=self._prompt_reader.token_limit or _MANY_WORDS,
            vocabulary=self.vocabulary,
            license=self.license,
            weights_hash=self.identity.weights_hash,
            family=family_name(type(self.pipeline).__name__),
            device_label=f"{devices.describe(self.device)}, {dtype_name(self.pipeline)}",
            memory_note=self.memory_note,
            weighting=weighting.supports(self.pipeline),
            branch_samplers=samplers.beginning_in_the_middle(own, self.pipeline),
            random_samplers=samplers.adding_noise(own, self.pipeline),
            no_encoder=encoding.why_not(self),
            no_attention=attention_models.why_no_attention(self.pipeline),
        )

    @cached_property
    def identity(self) -> ModelIdentity:
        """Which model this is, by content: two copies in two places are the same."""
        return identify(self.pipeline, self.name, self.license)

    def plan(self, request: SamplingRequest) -> Plan:
        """What a request will do, without doing it.

        Raises:
            RequestError: when the request cannot be sampled with this model.
        """
        if goes_alone(request.start):
            return self.plan_branch(request).plan
        if isinstance(request.start, EditedNoise):
            noise_edits.check_can_edit(self.pipeline, self.family, request.start.edits)
        self._check_arguments(request)
        notice = prompt.truncation_notice(self._reading(request))
        seen = self._seen.get(self._what_decides_levels(request))
        if seen is not None:
            return replace(seen, notice=notice)
        size = self.size_of(request)
        loops = planning.plan_loops(self.pipeline, self.family, request, size)
        scheduler = samplers.fresh_scheduler(
            self.pipeline.scheduler, request.sampler, pipeline=self.pipeline
        )
        return Plan.of_loops(loops, samplers.label_of(scheduler), notice)

    def plan_branch(self, request: SamplingRequest, parent: Trajectory | None = None) -> BranchPlan:
        """How a branch is sampled, or a run that starts from a picture.

        Args:
            parent: the run that a branch goes on from; None plans that one, too.

        Raises:
            RequestError: when it cannot be branched there, or so.
        """
        start = request.start
        if isinstance(start, FromPicture):
            encoding.check_encodes(self)
            whole = self.plan(replace(request, start=FROM_SEED))
            planned = branching.plan_from_picture(request, whole)
            if start.step:
                self._check_begins_in_the_middle(request)
            return planned
        if not isinstance(start, FromStep):
            return BranchPlan(self.plan(request))
        if branching.restarts(request):
            self._check_begins_in_the_middle(request)
        before = self.plan_branch(start.parent)
        if parent is not None:
            ran = replace(before.plan, levels=parent.planned, timesteps=parent.timesteps)
            before = replace(before, plan=ran)
        return branching.plan_branch(request, self.plan, before)

    def _check_begins_in_the_middle(self, request: SamplingRequest) -> None:
        scheduler = samplers.fresh_scheduler(
            self.pipeline.scheduler, request.sampler, pipeline=self.pipeline
        )
        if not schedules.begins_in_the_middle(scheduler):
            raise RequestError(
                f"The sampler {samplers.label_of(scheduler)} cannot begin in the middle of a run: "
                "its first steps belong together. Choose another sampler."
            )

    def remember(self, request: SamplingRequest, plan: Plan) -> None:
        """Keep the noise levels that a run really went through, to plan the next one by."""
        self._seen[self._what_decides_levels(request)] = plan

    def size_of(self, request: SamplingRequest) -> tuple[int, int]:
        """(width, height) of the picture that the pipeline will make of a request."""
        width, height = self._own_size()
        return request.width or width, request.height or height

    def read_prompt(self, text: str) -> PromptReading:
        """How many words of a prompt the model reads, and which it was never taught."""
        return self._prompt_reader.read(text, self.vocabulary)

    def _reading(self, request: SamplingRequest) -> PromptReading:
        """How the prompt of a request is read.

        Raises:
            RequestError: when its weights are written wrongly, or the pipeline refuses its length.
        """
        text, whole = request.prompt, False
        if request.extra.get(weighting.KEY):
            text = weight_syntax.read(text).text
            weight_syntax.read(request.negative_prompt or "")
            whole = weighting.reads_long_prompts(self.pipeline)
        reader = self._prompt_reader
        if "max_sequence_length" in request.extra:
            reader = prompt.PromptReader.of(self.pipeline, request.extra)
        reader.check(text)
        return reader.read(text, self.vocabulary, whole=whole)

    @cached_property
    def _prompt_reader(self) -> prompt.PromptReader:
        return prompt.PromptReader.of(self.pipeline)

    # latents to pictures

    def decode(self, latents: FloatArray, layout: LatentLayout = GRID) -> Picture:
        """The exact picture of one latent at the model's scale: (H, W, 3) uint8.

        Args:
            latents: one latent in its layout; (C, h, w) where nothing else is said.
        """
        return decoding.decode_exactly(self.pipeline, self.latent_space, latents, layout)

    def encode(self, picture: Picture) -> FloatArray:
        """The latent (C, h, w) of a picture (H, W, 3) whose sides the model can do."""
        return decoding.encode(self.pipeline, self.latent_space, picture)

    @property
    def latent_space(self) -> LatentSpace:
        """Of the loop that makes the picture."""
        return families.space_of(self.family)

    @property
    def fast_decoder(self) -> FastDecoder:
        """The affine stand-in for the decoder, fitted once and kept in the user's cache folder."""
        kept = self.kept_fast_decoder
        if kept is not None:
            return kept
        fit = self.begin_fast_decoder()
        while not fit.finished:
            fit.advance()
        return self.keep_fast_decoder(fit)

    @cached_property
    def kept_fast_decoder(self) -> FastDecoder | None:
        """The fast decoder that came along, or from an earlier start; None before it is fitted."""
        from visualizer.assets import asset_path

        with suppress(FileNotFoundError):
            shipped = asset_path("prepared", shipped_name(self.identity.weights_hash))
            return FastDecoder.load(shipped)
        return FastDecoder.load(self._fast_decoder_file)

    def begin_fast_decoder(self) -> FastDecoderFit:
        """A fast decoder in the making, to be advanced slice by slice."""
        return FastDecoderFit(self.encode, self.decode)

    def find_tiny_autoencoder(self) -> TinyDecoder | None:
        """A small autoencoder on this computer that shows this model's latents; None without one.

        It is looked for in the Hugging Face cache and beside the model, and tried on an example.
        """
        if self.latent_space.part != "vae" or type(self.pipeline.vae).__name__ == "AutoencoderTiny":
            return None
        return find_tiny_autoencoder(
            self.encode, self.decode, beside=self._folder, device=self.device
        )

    def keep_fast_decoder(self, fit: FastDecoderFit) -> FastDecoder:
        """The finished fast decoder, kept for the next start."""
        fitted = fit.decoder()
        self.kept_fast_decoder = fitted
        # a full disk costs the next start another fit, nothing more
        with suppress(OSError, WriteError):
            fitted.save(self._fast_decoder_file)
        return fitted

    @property
    def _fast_decoder_file(self) -> Path:
        content = f"{self.identity.weights_hash[:24]}-{self.identity.config_hash[:8]}"
        return cache_folder() / f"fast-decoder-{FIT_VERSION}-{content}.safetensors"

    # details

    @property
    def _size_step(self) -> int:
        """Sides must be multiples of this: whole latent positions, and whole patches of them."""
        factor = int(getattr(self.pipeline, "vae_scale_factor", 8))
        patch = int(getattr(self.pipeline, "patch_size", None) or 1)
        return math.lcm(8, factor * max(patch, self.family.positions))

    @property
    def _takes_guidance(self) -> bool:
        """Whether the strength of guidance changes anything."""
        named = bool(self.family.guidance) and families.accepts(self.pipeline, self.family.guidance)
        transformer = getattr(self.pipeline, "transformer", None)
        reads_it = getattr(getattr(transformer, "config", None), "guidance_embeds", True)
        return named and not (self.family.embedded and not reads_it)

    @property
    def _takes_avoid_text(self) -> bool:
        """Whether it is guided by asking with and without the prompt."""
        unet = getattr(self.pipeline, "unet", None)
        told = getattr(getattr(unet, "config", None), "time_cond_proj_dim", None) is not None
        asked_twice = not (self.family.embedded or told)
        return asked_twice and families.accepts(self.pipeline, "negative_prompt")

    def _default_settings(self) -> Recommended:
        return Recommended(*_defaults_of(self.pipeline, self.family))

    def _default_size(self) -> tuple[int, int]:
        return self._recommended.sizes[0] if self._recommended.sizes else self._own_size()

    def _own_size(self) -> tuple[int, int]:
        """What the pipeline makes when it is told no size."""
        parameters = inspect.signature(type(self.pipeline).__call__).parameters
        wide, high = (
            getattr(parameters.get(side), "default", None) for side in ("width", "height")
        )
        if isinstance(wide, int) and isinstance(high, int):
            return wide, high
        factor = int(getattr(self.pipeline, "vae_scale_factor", 8)) if self.latent_space.part else 1
        default = getattr(self.pipeline, "default_sample_size", None)
        denoiser = getattr(self.pipeline, "unet", None) or getattr(
            self.pipeline, "transformer", None
        )
        own = getattr(getattr(denoiser, "config", None), "sample_size", None)
        sample_size = default or own or 64
        height, width = (sample_size,) * 2 if isinstance(sample_size, int) else sample_size
        return width * factor, height * factor

    def _what_decides_levels(self, request: SamplingRequest) -> Any:
        extra = request.extra.digest()
        return request.sampler, request.steps, self.size_of(request), extra

    def _check_arguments(self, request: SamplingRequest) -> None:
        """Refuse what this pipeline's call has no argument for.

        Raises:
            RequestError: with what to leave out.
        """
        self._check_size(request.width, request.height)
        if request.negative_prompt and not families.accepts(self.pipeline, "negative_prompt"):
            raise RequestError(f"{self.name} reads no avoid text. Leave it empty.")
        given = [name for name in request.extra if name != weighting.KEY]
        ours = next((name for name in given if name in _OURS), None)
        if ours is not None:
            raise RequestError(f"'{ours}' is no further setting: the program sets it itself.")
        unknown = [name for name in given if not families.accepts(self.pipeline, name)]
        if unknown:
            raise RequestError(f"{self.name} has no setting '{unknown[0]}'.")
        if int(request.extra.get("num_images_per_prompt", 1) or 1) != 1:
            raise RequestError(
                "A run is one picture: leave 'num_images_per_prompt' out and sample several "
                "requests at once."
            )

    def _check_size(self, width: int | None, height: int | None) -> None:
        default = self._default_size()
        size = (width or default[0], height or default[1])
        listed = self._recommended.sizes
        if listed and size not in listed:
            possible = ", ".join(f"{w} × {h}" for w, h in listed)
            raise RequestError(
                f"This model cannot make pictures of {size[0]} × {size[1]} pixels; it makes "
                f"{possible}."
            )
        step = 1 if self.family.any_size else self._size_step
        if size[0] % step or size[1] % step:
            raise RequestError(
                f"Width and height must be multiples of {step} pixels for this model, "
                f"not {size[0]} × {size[1]}."
            )


def _check_vocabularies(pipeline: Any, path: Path) -> None:
    """A tokenizer without its words reads every prompt as the same.

    Raises:
        ModelError: when a folder holds a tokenizer that knows no words.
    """
    for name, part in pipeline.components.items():
        special = getattr(part, "all_special_tokens", None)
        if name.startswith("tokenizer") and special is not None and len(part) <= len(special) + 1:
            raise ModelError(
                f"The part '{name}' of '{name_of(path)}' is missing its vocabulary. Download the "
                "model again."
            )


def _usual_sizes(width: int, height: int, step: int) -> tuple[tuple[int, int], ...]:
    """The model's own size, a wide one, a high one, and a small one; sides in multiples of step."""
    grid = max(step, 64) if min(width, height) > 256 else step
    parts = ((1.0, 0.75), (0.75, 1.0), (0.5, 0.5))
    others = [(_snap(width * w, grid), _snap(height * h, grid)) for w, h in parts]
    return tuple(dict.fromkeys([(width, height), *others]))


def _snap(side: float, grid: int) -> int:
    return max(grid, round(side / grid) * grid)


def _defaults_of(pipeline: Any, family: families.Family) -> tuple[int, float]:
    parameters = inspect.signature(type(pipeline).__call__).parameters
    steps = getattr(parameters.get(family.steps), "default", None)
    scale = getattr(parameters.get(family.guidance), "default", None)
    return (
        steps if isinstance(steps, int) else 50,
        float(scale if isinstance(scale, (int, float)) else 7.5),
    )


_DISTILLED = {"z-image-turbo": 9, "turbo": 4, "schnell": 4, "lightning": 4, "hyper": 8, "lcm": 4}
"""Steps of models that were taught to do with few and without guidance, by a part of their name."""


def _usual_settings(pipeline: Any, name: str) -> tuple[int, float]:
    """(steps, guidance) that suit a model whose makers left no advice."""
    steps, scale = _defaults_of(pipeline, families.family_of(pipeline))
    for part, few in _DISTILLED.items():
        if part in name.casefold():
            return few, scale if "lcm" in part else 0.0
    return steps, scale
