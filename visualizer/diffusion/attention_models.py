"""Which models have maps of attention to show, and why the others have none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from visualizer.diffusion import families

_PLAIN = ("AttnProcessor", "AttnProcessor2_0", "SlicedAttnProcessor", "XFormersAttnProcessor")
"""Ways of computing one and the same softmax(q·k / √d)."""
_DENOISERS = ("UNet2DConditionModel", "PixArtTransformer2DModel")


def cross_attentions(pipeline: Any) -> Iterator[Any]:
    """The layers in which positions of the picture ask the words of the prompt."""
    for name, module in _denoiser(pipeline).named_modules():
        if name.endswith("attn2") and _is_plain(module):
            yield module


def why_no_attention(pipeline: Any) -> str:
    """A sentence saying why no maps of attention can be shown of a model, or "" where they can."""
    found = [module for _, module in families.denoisers(pipeline)]
    if not found:
        return "This model has no denoiser whose attention could be looked at."
    name = type(found[0]).__name__
    if len(found) > 1 and any(stage.name for stage in families.family_of(pipeline).stages.values()):
        return (
            "In this model a prior reads the words and turns them into a description of the whole "
            "picture; the network that paints sees that description, not the words."
        )
    if name in _DENOISERS and getattr(pipeline, "tokenizer", None) is not None:
        if any(True for _ in cross_attentions(pipeline)):
            return ""
        if any(getattr(m, "added_kv_proj_dim", None) for m in found[0].modules()):
            return (
                "In this model’s attention the words stand in one row with the positions of the "
                "picture and share one softmax with them, so that words have no map of their own."
            )
    if any(getattr(m, "is_cross_attention", False) for m in found[0].modules()):
        return (
            f"This model’s network ({name}) asks the words in a way of its own, which cannot be "
            "computed beside it yet."
        )
    return (
        f"This model’s network ({name}) has no cross-attention: words and picture stand in one "
        "sequence and all attend to each other, so there is no map of who listens to a word."
    )


def _denoiser(pipeline: Any) -> Any:
    return next(module for _, module in families.denoisers(pipeline))


def _is_plain(module: Any) -> bool:
    return (
        bool(getattr(module, "is_cross_attention", False))
        and getattr(module, "added_kv_proj_dim", None) is None
        and type(module.processor).__name__ in _PLAIN
    )
