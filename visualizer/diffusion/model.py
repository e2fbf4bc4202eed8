"""Model: a diffusers text-to-image pipeline, opened safely, and what it can do."""

from __future__ import annotations

import inspect
import math
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any

import torch

from visualizer.diffusion import decoding, prompt, samplers, schedules
from visualizer.diffusion.atomic import WriteError
from visualizer.diffusion.decoding import FastDecoder
from visualizer.diffusion.facts import ModelFacts, Plan, PromptReading, Recommended, Vocabulary
from visualizer.diffusion.identity import dtype_name, identify
from visualizer.diffusion.libraries import diffusers, quiet
from visualizer.diffusion.model_folder import ModelError, check_folder, license_of
from visualizer.diffusion.parameterization import FloatArray
from visualizer.diffusion.request import RequestError, SamplingRequest
from visualizer.diffusion.trajectory import ModelIdentity, Picture
from visualizer.folders import cache_folder

BUILTIN_NAME = "Built-in"
_VAES = ("AutoencoderKL", "AutoencoderTiny", "AsymmetricAutoencoderKL", "AutoencoderDC")
"""Autoencoders of pictures whose latents are (C, h, w), scaled and shifted by two numbers."""
_BUILTIN_FOLDER = "builtin-model"


class Model:
    """A diffusers pipeline, and what it can do.

    Its methods run the network: call them on the thread that owns the weights.

    Args:
        pipeline: a text-to-image pipeline whose latents a VAE decodes.
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
        for part in ("scheduler", "vae", "image_processor"):
            if getattr(pipeline, part, None) is None:
                raise ModelError(
                    f"{type(pipeline).__name__} has no {part}: this program can show "
                    "text-to-image pipelines that decode their latents with a VAE."
                )
        if "prompt" not in inspect.signature(pipeline.__call__).parameters:
            raise ModelError(f"{type(pipeline).__name__} takes no prompt.")
        if hasattr(pipeline, "_unpack_latents") or _vae_class(pipeline) not in _VAES:
            raise ModelError(
                f"The latents of {type(pipeline).__name__} ({_vae_class(pipeline)}) are of a kind "
                "that this program cannot show yet."
            )
        self.pipeline = pipeline
        self.name = name or type(pipeline).__name__.removesuffix("Pipeline")
        self.vocabulary = vocabulary
        self.license = license_name
        self._recommended = recommended or self._default_settings()

    @classmethod
    def builtin(cls, *, device: str | None = None) -> Model:
        """The small model that ships with the program."""
        from visualizer.assets import asset_path

        return cls.open(asset_path(_BUILTIN_FOLDER), device=device, name=BUILTIN_NAME)

    @classmethod
    def open(
        cls,
        folder: str | Path,
        *,
        device: str | None = None,
        dtype: torch.dtype | None = None,
        name: str | None = None,
    ) -> Model:
        """Open a diffusers model folder. Never goes online, never runs code from the folder.

        Args:
            folder: the folder that holds ``model_index.json``.
            device: "cpu", "cuda", …; None takes the best one there is.
            dtype: None is float32 on a CPU and float16 elsewhere.

        Raises:
            ModelError: with what is wrong and what to do.
        """
        folder = Path(folder)
        check_folder(folder)
        device = device or _best_device()
        _check_device(device)
        dtype = dtype or (torch.float32 if device == "cpu" else torch.float16)
        try:
            with quiet():
                pipeline = diffusers.DiffusionPipeline.from_pretrained(
                    folder, dtype=dtype, use_safetensors=True, local_files_only=True
                )
                pipeline.to(device)
        except torch.OutOfMemoryError as error:
            raise ModelError(
                f"The model does not fit into the memory of '{device}'. Try it on the CPU."
            ) from error
        except Exception as error:
            # what from_pretrained raises on a damaged folder has no common type
            raise ModelError(
                f"The model in '{folder.name}' could not be loaded: {error}"
            ) from error
        pipeline.set_progress_bar_config(disable=True)
        default = Recommended(*_defaults_of(pipeline))
        return cls(
            pipeline,
            name=name or folder.name,
            vocabulary=Vocabulary.load(folder / "vocabulary.json"),
            recommended=Recommended.load(folder / "recommended.json", default),
            license_name=license_of(folder),
        )

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
            device=str(self.pipeline.device),
            dtype=dtype_name(self.pipeline),
            samplers=samplers.sampler_names(own),
            own_sampler=samplers.label_of(own),
            steps=self._recommended.steps,
            guidance_scale=self._recommended.guidance_scale,
            width=width,
            height=height,
            sizes=sizes or _usual_sizes(width, height, self._size_step),
            guidance=self._takes_guidance,
            max_words=self._max_words,
            vocabulary=self.vocabulary,
            license=self.license,
            weights_hash=self.identity.weights_hash,
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
        self._check_size(request.width, request.height)
        scheduler = samplers.fresh_scheduler(self.pipeline.scheduler, request.sampler)
        schedules.prediction_type_of(scheduler)
        steps = request.steps or _defaults_of(self.pipeline)[0]
        samplers.check_steps(scheduler, steps)
        try:
            scheduler.set_timesteps(steps)
            levels, timesteps = schedules.planned_levels(scheduler)
        except RequestError:
            raise
        except (ValueError, IndexError, RuntimeError) as error:
            raise RequestError(
                f"The sampler {samplers.label_of(scheduler)} cannot do {steps} steps. "
                "Choose another number."
            ) from error
        samplers.check_spacing(scheduler, levels, steps)
        notice = prompt.truncation_notice(self.read_prompt(request.prompt))
        return Plan(levels, timesteps, samplers.label_of(scheduler), notice)

    def read_prompt(self, text: str) -> PromptReading:
        """How many words of a prompt the model reads, and which it was never taught."""
        tokenizer = getattr(self.pipeline, "tokenizer", None)
        return prompt.read_prompt(text, tokenizer, self._max_words, self.vocabulary)

    # latents to pictures

    def decode(self, latents: FloatArray) -> Picture:
        """The exact picture of one latent (C, h, w) at the model's scale: (H, W, 3) uint8."""
        return decoding.decode_exactly(self.pipeline, latents)

    def encode(self, picture: Picture) -> FloatArray:
        """The latent (C, h, w) of a picture (H, W, 3) whose sides the model can do."""
        return decoding.encode(self.pipeline, picture)

    @cached_property
    def fast_decoder(self) -> FastDecoder:
        """The affine stand-in for the VAE, fitted once and kept in the user's cache folder."""
        content = f"{self.identity.weights_hash[:24]}-{self.identity.config_hash[:8]}"
        name = f"fast-decoder-{decoding.FIT_VERSION}-{content}.safetensors"
        path = cache_folder() / name
        kept = FastDecoder.load(path)
        if kept is not None:
            return kept
        fitted = decoding.fit_fast_decoder(self.pipeline, self.decode)
        # a full disk costs the next start half a second, nothing more
        with suppress(OSError, WriteError):
            fitted.save(path)
        return fitted

    # details

    @cached_property
    def _max_words(self) -> int:
        tokenizer = getattr(self.pipeline, "tokenizer", None)
        limit = int(getattr(tokenizer, "model_max_length", 0) or 0)
        return limit - 2 if 2 < limit < 100_000 else 10_000

    @property
    def _size_step(self) -> int:
        """Sides must be multiples of this: whole latent positions, and whole patches of them."""
        factor = int(getattr(self.pipeline, "vae_scale_factor", 8))
        return math.lcm(8, factor * int(getattr(self.pipeline, "patch_size", None) or 1))

    @property
    def _takes_guidance(self) -> bool:
        parameters = inspect.signature(self.pipeline.__call__).parameters
        unet = getattr(self.pipeline, "unet", None)
        distilled = getattr(getattr(unet, "config", None), "time_cond_proj_dim", None) is not None
        return "guidance_scale" in parameters and not distilled

    def _default_settings(self) -> Recommended:
        return Recommended(*_defaults_of(self.pipeline))

    def _default_size(self) -> tuple[int, int]:
        if self._recommended.sizes:
            return self._recommended.sizes[0]
        denoiser = getattr(self.pipeline, "unet", None) or getattr(
            self.pipeline, "transformer", None
        )
        sample_size = getattr(getattr(denoiser, "config", None), "sample_size", 64) or 64
        height, width = (sample_size,) * 2 if isinstance(sample_size, int) else sample_size
        factor = int(getattr(self.pipeline, "vae_scale_factor", 8))
        return width * factor, height * factor

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
        step = self._size_step
        if size[0] % step or size[1] % step:
            raise RequestError(
                f"Width and height must be multiples of {step} pixels for this model, "
                f"not {size[0]} × {size[1]}."
            )


def _usual_sizes(width: int, height: int, step: int) -> tuple[tuple[int, int], ...]:
    """The model's own size, a wide one, a high one, and a small one; sides in multiples of step."""
    grid = max(step, 64) if min(width, height) > 256 else step
    parts = ((1.0, 0.75), (0.75, 1.0), (0.5, 0.5))
    others = [(_snap(width * w, grid), _snap(height * h, grid)) for w, h in parts]
    return tuple(dict.fromkeys([(width, height), *others]))


def _snap(side: float, grid: int) -> int:
    return max(grid, round(side / grid) * grid)


def _vae_class(pipeline: Any) -> str:
    return type(pipeline.vae).__name__


def _defaults_of(pipeline: Any) -> tuple[int, float]:
    parameters = inspect.signature(pipeline.__call__).parameters
    steps = getattr(parameters.get("num_inference_steps"), "default", None)
    scale = getattr(parameters.get("guidance_scale"), "default", None)
    return int(steps or 50), float(scale if isinstance(scale, (int, float)) else 7.5)


def _best_device() -> str:
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _check_device(device: str) -> None:
    try:
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise ModelError(f"This machine has no device '{device}'. Try 'cpu'.") from error
