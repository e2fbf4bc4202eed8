"""The model of a graph of ComfyUI, and what changes it, or its reader of words, on their way."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from visualizer.metadata.comfyui_graph import MAX_WALK, Graph, Node, Way
from visualizer.metadata.request_builder import CLIP_SKIP, RequestBuilder, text, whole

_LOADED = ("ckpt_name", "unet_name", "model_name", "base_ckpt_name")
_NEUTRAL = {
    "Reroute",
    "ModelSamplingFlux",
    "ModelSamplingSD3",
    "ModelSamplingAuraFlow",
    "DualCLIPLoader",
    "TripleCLIPLoader",
    "CLIPLoader",
    "VAELoader",
}
_LORA = re.compile(r"lora_name|lora_(?:name_)?(?P<number>\d{1,3})")
_MOST_LORAS, _MOST_LINKS = 50, 8
"""Of one node, and to the name of one of them."""
_STRENGTHS = ("strength_model", "lora_model_strength", "model_weight", "lora_wt", "model_str")


def take_model(graph: Graph, node: Node, builder: RequestBuilder) -> str:
    """The name of the model that a node samples with; what changes it on its way is said."""
    seen: set[str] = set()
    found = graph.source(node, "model")
    for _ in range(MAX_WALK):
        if found is None or found[0].number in seen:
            break
        node = found[0]
        said = _say_changes(graph, node, builder, seen)
        for key in _LOADED:
            name = graph.value(node, key)
            if isinstance(name, str):
                return text(name)
        kind = text(node.kind, 60)
        if not said and kind not in _NEUTRAL:
            builder.say(f"The node '{kind}' changes the model. That is not done here.")
        found = graph.source(node, "model") or next(
            (f for key in node.inputs if (f := graph.source(node, key))), None
        )
    return ""


def say_text_model(graph: Graph, node: Node, builder: RequestBuilder) -> None:
    """What changes the model that reads the words of a node."""
    seen: set[str] = set()
    for _ in range(MAX_WALK):
        _say_changes(graph, node, builder, seen)
        links = [found for key in node.inputs if (found := graph.source(node, key))]
        found = graph.source(node, "clip")
        if found is None and "Reroute" in node.kind and links:
            found = links[0]
        if found is None or found[0].number in seen:
            break
        node = found[0]


def _say_changes(graph: Graph, node: Node, builder: RequestBuilder, seen: set[str]) -> bool:
    """Say which LoRAs a node applies and which layers it leaves out; whether there were any.

    Args:
        seen: the numbers of nodes that were looked at; of a stack of LoRAs they are left out.
    """
    seen.add(node.number)
    loras = list(_loras(graph, node))
    stack = graph.source(node, "lora_stack")
    while stack is not None and stack[0].number not in seen and len(seen) < MAX_WALK:
        seen.add(stack[0].number)
        loras += _loras(graph, stack[0])
        stack = graph.source(stack[0], "lora_stack")
    for name, strength in loras:
        words = f" (strength {strength})" if strength else ""
        builder.say(f"The LoRA '{name}'{words} is not applied here.")
    skipped = 0
    for key in ("stop_at_clip_layer", "clip_skip"):
        skipped = max(skipped, abs(whole(graph.value(node, key)) or 0))
    if skipped > 1:  # the last layer is number -1
        builder.say(CLIP_SKIP.format(text(skipped, 20)))
    return bool(loras) or skipped > 1


def _loras(graph: Graph, node: Node) -> Iterator[tuple[str, str]]:
    """Names and strengths of the LoRAs that a node applies, one or a list with numbers."""
    count = whole(graph.value(node, "lora_count"))
    keys = [found for key in node.inputs if (found := _LORA.fullmatch(key))]
    for found in keys[:_MOST_LORAS]:
        key = found[0]
        number = found["number"]
        value, strength = _entry(graph, node, key, f"_{number}" if number else "")
        off = node.inputs.get(f"switch_{number}") == "Off"
        off = off or (count is not None and bool(number) and int(number) > count)
        name = text(value, 80) if isinstance(value, str) else ""
        if name and name.lower() != "none" and not off:
            yield name, text(strength, 20)


def _entry(graph: Graph, node: Node, key: str, ending: str) -> tuple[Any, Any]:
    """What stands in one entry: the name, and how strong."""
    value = node.inputs[key]
    if isinstance(value, dict):  # the power loader of rgthree keeps an object for each
        return (value.get("lora") if value.get("on", True) else None), value.get("strength")
    strengths = (node.inputs.get(name + ending) for name in _STRENGTHS)
    return graph.value(node, key, Way(_MOST_LINKS)), next(
        (s for s in strengths if s is not None), None
    )
