"""Weighted words and long prompts: texts turned into the embeddings that the pipeline then takes.

compel makes the embeddings; how weights are written is read in ``weight_syntax``.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import torch

from visualizer.diffusion.libraries import quiet
from visualizer.diffusion.prompt import PromptReader
from visualizer.diffusion.request import RequestError
from visualizer.diffusion.weight_syntax import Reading, read

KEY = "weighting"
"""The key of a request's ``extra`` that switches weights on; no pipeline sees it."""
_OTHER_TEXTS = ("prompt_2", "prompt_3", "negative_prompt_2", "negative_prompt_3", "prompt_embeds")


def supports(pipeline: Any) -> bool:
    """Whether the prompts of a pipeline can be weighted."""
    family = _FAMILIES.get(type(pipeline).__name__)
    return family is not None and all(
        getattr(pipeline, tokenizer, None) is not None
        and len(getattr(pipeline, tokenizer)("")["input_ids"]) > 0
        for tokenizer in family.tokenizers
    )


def reads_long_prompts(pipeline: Any) -> bool:
    """Whether prompts of any length are read, piece by piece, where weights are switched on."""
    return supports(pipeline) and _FAMILIES[type(pipeline).__name__].long


def weighted(pipeline: Any, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a call, with embeddings in the place of its texts where those need it.

    Without ``weighting``, and for prompts without syntax that are read whole, they stay as they
    are. Nothing is drawn from a generator, and the pipeline stays as it is.

    Args:
        arguments: of the pipeline's call, with or without ``weighting``.

    Raises:
        RequestError: where a prompt's syntax is wrong, or the pipeline reads no weights.
    """
    arguments = dict(arguments)
    if not arguments.pop(KEY, False):
        return arguments
    if not supports(pipeline):
        raise RequestError(
            "This kind of model reads no weights in its prompt. Switch the weights off."
        )
    prompts, avoided = (_listed(arguments.get(n)) for n in ("prompt", "negative_prompt"))
    if prompts is None or _fits(pipeline, [*prompts, *(avoided or ())]):
        return arguments
    if any(arguments.get(name) for name in _OTHER_TEXTS):
        raise RequestError("Weights can be used where all text encoders read the same prompt.")
    avoided = avoided * len(prompts) if avoided and len(avoided) == 1 else avoided
    found = embeddings(pipeline, prompts, avoided, arguments)
    for name in ("prompt", "negative_prompt", "clip_skip"):
        arguments.pop(name, None)
    return arguments | found


def _listed(texts: Any) -> list[str] | None:
    return [texts] if isinstance(texts, str) else None if texts is None else list(texts)


def _fits(pipeline: Any, texts: Sequence[str]) -> bool:
    readings = [read(text) for text in texts]
    if not all(reading.plain for reading in readings):
        return False
    if not reads_long_prompts(pipeline):
        return True
    reader = PromptReader.of(pipeline)
    return all(reader.read(reading.text).cut is None for reading in readings)


def embeddings(
    pipeline: Any,
    prompts: Sequence[str],
    negative_prompts: Sequence[str] | None,
    arguments: Mapping[str, Any] | None = None,
) -> dict[str, torch.Tensor]:
    """The arguments of a pipeline's call that say the same as weighted prompts.

    Args:
        negative_prompts: as many as prompts; None leaves them to what the pipeline does then.
        arguments: others of the call, of which ``clip_skip`` and ``max_sequence_length`` count.

    Returns:
        ``prompt_embeds`` and the others that the call takes, (N, tokens, C) and (N, C).

    Raises:
        RequestError: where the syntax is wrong, or weights make no finite numbers.
    """
    family = _FAMILIES[type(pipeline).__name__]
    readings = [read(text) for text in prompts]
    silent = negative_prompts is None and family.silence(pipeline)
    avoided = [] if silent else [read(t) for t in negative_prompts or [""] * len(prompts)]
    options = {"clip_skip": None, "max_sequence_length": None} | dict(arguments or {})
    try:
        with torch.no_grad(), quiet():
            embeds, pooled = family.encode(pipeline, readings, avoided, options)
    except (TypeError, ValueError, IndexError, AssertionError) as error:
        # compel says what is wrong with a prompt in any of these
        raise RequestError(f"The weights in this prompt cannot be used: {error}") from error
    found = {"prompt_embeds": embeds[: len(prompts)]}
    if avoided:
        found["negative_prompt_embeds"] = embeds[len(prompts) :]
    if pooled is not None:
        found["pooled_prompt_embeds"] = pooled[: len(prompts)]
        if avoided:
            found["negative_pooled_prompt_embeds"] = pooled[len(prompts) :]
    if not all(bool(torch.isfinite(values).all()) for values in found.values()):
        raise RequestError("The weights in this prompt are too far apart. Use weights nearer to 1.")
    taken = inspect.signature(pipeline.__call__).parameters
    return {name: values for name, values in found.items() if name in taken}


class _Encoder:
    """A text encoder as compel calls it, giving the layer that the pipeline takes.

    It also stands between compel and an encoder whose weights wait elsewhere: those tell neither
    their device nor, layer by layer, hold their weights.
    """

    def __init__(self, module: Any, device: torch.device, layer: Callable[[Any], Any]) -> None:
        self.module, self.device, self.dtype = module, device, module.dtype
        self._layer = layer

    def __call__(self, ids: torch.Tensor, mask: torch.Tensor | None = None, **_: Any) -> Any:
        if mask is not None and bool(mask.all()):
            mask = None  # as the pipelines call it: another kernel could change the last bits
        output = self.module(ids.to(self.device), attention_mask=mask, output_hidden_states=True)
        return SimpleNamespace(last_hidden_state=self._layer(output).to(self.device))


def _last(output: Any) -> Any:
    return output[0]


def _encode(
    pipeline: Any,
    number: str,
    readings: Sequence[Reading],
    layer: Callable[[Any], Any],
    *,
    long: bool = False,
    length: int | None = None,
) -> list[torch.Tensor]:
    """One text encoder's embeddings (1, tokens, C) of each reading, all of one length."""
    from compel import Compel
    from compel.prompt_parser import Blend, Conjunction, FlattenedPrompt

    module = getattr(pipeline, f"text_encoder{number}")
    compel = Compel(
        tokenizer=getattr(pipeline, f"tokenizer{number}"),
        text_encoder=_Encoder(module, pipeline._execution_device, layer),
        truncate_long_prompts=not long,
        device=pipeline._execution_device,
        model_max_length=length,
        padding_attention_mask_value=0 if getattr(module.config, "use_attention_mask", 0) else 1,
    )

    def build(reading: Reading) -> torch.Tensor:
        prompts = [
            FlattenedPrompt([p for p in parts if p[0].strip()] or [("", 1.0)])
            for parts in reading.texts
        ]
        if reading.kind == "blend":
            conjunction = Conjunction([Blend(prompts, list(reading.weights))])
        else:
            conjunction = Conjunction(prompts, list(reading.weights))
        made: torch.Tensor = compel.build_conditioning_tensor_for_conjunction(conjunction)[0]
        return made

    made = [build(reading) for reading in readings]
    return list(compel.pad_conditioning_tensors_to_same_length(made))


def _pooled(
    pipeline: Any, number: str, prompts: list[Reading], avoided: list[Reading]
) -> torch.Tensor:
    """One CLIP's vector (N, C) of each text as a whole; weights do not reach it."""
    tokenizer = getattr(pipeline, f"tokenizer{number}")
    vectors = []
    for readings in filter(None, (prompts, avoided)):  # in two batches, as the pipelines do it
        ids = tokenizer(
            [reading.text for reading in readings],
            padding="max_length",
            max_length=tokenizer.model_max_length,
            truncation=True,
            return_tensors="pt",
        ).input_ids
        output = getattr(pipeline, f"text_encoder{number}")(ids.to(pipeline._execution_device))
        vectors.append(output.text_embeds if "text_embeds" in output else output.pooler_output)
    return torch.cat(vectors)


_Embedded = tuple[torch.Tensor, torch.Tensor | None]


def _stable_diffusion(
    pipeline: Any, prompts: list[Reading], avoided: list[Reading], options: Mapping[str, Any]
) -> _Embedded:
    def skipping(output: Any) -> Any:
        skip = options["clip_skip"]
        if skip is None:
            return _last(output)
        encoder = getattr(pipeline.text_encoder, "text_model", pipeline.text_encoder)
        return encoder.final_layer_norm(output.hidden_states[-(skip + 1)])

    return torch.cat(_encode(pipeline, "", [*prompts, *avoided], skipping, long=True)), None


def _stable_diffusion_xl(
    pipeline: Any, prompts: list[Reading], avoided: list[Reading], options: Mapping[str, Any]
) -> _Embedded:
    embeds = _two_clips(pipeline, [*prompts, *avoided], options, long=True)
    return embeds, _pooled(pipeline, "_2", prompts, avoided)


def _stable_diffusion_3(
    pipeline: Any, prompts: list[Reading], avoided: list[Reading], options: Mapping[str, Any]
) -> _Embedded:
    everything = [*prompts, *avoided]
    clips = _two_clips(pipeline, everything, options)
    pooled = torch.cat([_pooled(pipeline, n, prompts, avoided) for n in ("", "_2")], dim=-1)
    length = options["max_sequence_length"] or 256
    if pipeline.text_encoder_3 is None:
        width = pipeline.transformer.config.joint_attention_dim
        t5 = clips.new_zeros(len(everything), length, width)
    else:
        t5 = torch.cat(_encode(pipeline, "_3", everything, _last, length=length))
    clips = torch.nn.functional.pad(clips, (0, t5.shape[-1] - clips.shape[-1]))
    return torch.cat([clips.to(t5.dtype), t5], dim=-2), pooled


def _flux(
    pipeline: Any, prompts: list[Reading], avoided: list[Reading], options: Mapping[str, Any]
) -> _Embedded:
    everything = [*prompts, *avoided]
    pooled = _pooled(pipeline, "", prompts, avoided)
    length = options["max_sequence_length"] or 512
    return torch.cat(_encode(pipeline, "_2", everything, _last, length=length)), pooled


def _two_clips(
    pipeline: Any, readings: list[Reading], options: Mapping[str, Any], long: bool = False
) -> torch.Tensor:
    """Two CLIPs' embeddings beside each other."""

    def skipping(output: Any) -> Any:
        return output.hidden_states[-((options["clip_skip"] or 0) + 2)]

    both = [torch.cat(_encode(pipeline, n, readings, skipping, long=long)) for n in ("", "_2")]
    return torch.cat(both, dim=-1)


def _never(_: Any) -> bool:
    return False


def _always(_: Any) -> bool:
    return True


def _zeros_for_nothing(pipeline: Any) -> bool:
    return bool(pipeline.config.force_zeros_for_empty_prompt)


@dataclass(frozen=True)
class _Family:
    """How the prompts of a kind of pipeline become embeddings.

    Attributes:
        tokenizers: those that must be there.
        long: prompts longer than the encoder's limit are read piece by piece.
        silence: whether the pipeline itself does what is right without an avoid text.
    """

    encode: Callable[[Any, list[Reading], list[Reading], Mapping[str, Any]], _Embedded]
    tokenizers: tuple[str, ...]
    long: bool
    silence: Callable[[Any], bool] = _never


_ONE = ("tokenizer",)
_TWO = ("tokenizer", "tokenizer_2")
_SD = _Family(_stable_diffusion, _ONE, long=True)
_SDXL = _Family(_stable_diffusion_xl, _TWO, long=True, silence=_zeros_for_nothing)
_SD3 = _Family(_stable_diffusion_3, _TWO, long=False)
_FLUX = _Family(_flux, _TWO, long=False, silence=_always)
_FAMILIES: Mapping[str, _Family] = {
    "StableDiffusionPipeline": _SD,
    "StableDiffusionPAGPipeline": _SD,
    "StableDiffusionControlNetPipeline": _SD,
    "StableDiffusionControlNetPAGPipeline": _SD,
    "LatentConsistencyModelPipeline": _SD,
    "StableDiffusionXLPipeline": _SDXL,
    "StableDiffusionXLPAGPipeline": _SDXL,
    "StableDiffusionXLControlNetPipeline": _SDXL,
    "StableDiffusionXLControlNetUnionPipeline": _SDXL,
    "StableDiffusionXLControlNetPAGPipeline": _SDXL,
    "StableDiffusion3Pipeline": _SD3,
    "StableDiffusion3PAGPipeline": _SD3,
    "StableDiffusion3ControlNetPipeline": _SD3,
    "FluxPipeline": _FLUX,
    "FluxControlPipeline": _FLUX,
    "FluxControlNetPipeline": _FLUX,
    "FluxKontextPipeline": _FLUX,
}
