"""ComfyUI's graphs: nodes, and values that come along links.

There are two forms of a graph: "prompt", what was run, in which each input is a value or a link
``[node, output]``; and "workflow", what was drawn, in which the values of a node are a bare list.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeGuard

MAX_NODES = 5000
MAX_WALK = 200
"""Links that are followed one after another."""

_WIDGETS: dict[str, tuple[str, ...]] = {
    "KSampler": ("seed", "", "steps", "cfg", "sampler_name", "scheduler", "denoise"),
    "KSamplerAdvanced": (
        "add_noise",
        "noise_seed",
        "",
        "steps",
        "cfg",
        "sampler_name",
        "scheduler",
        "start_at_step",
        "end_at_step",
        "return_with_leftover_noise",
    ),
    "SamplerCustom": ("add_noise", "noise_seed", "", "cfg"),
    "RandomNoise": ("noise_seed",),
    "BasicScheduler": ("scheduler", "steps", "denoise"),
    "KSamplerSelect": ("sampler_name",),
    "CFGGuider": ("cfg",),
    "FluxGuidance": ("guidance",),
    "CLIPTextEncode": ("text",),
    "CLIPTextEncodeFlux": ("clip_l", "t5xxl", "guidance"),
    "CLIPTextEncodeSDXL": ("", "", "", "", "", "", "text_g", "text_l"),
    "EmptyLatentImage": ("width", "height"),
    "EmptySD3LatentImage": ("width", "height"),
    "CheckpointLoaderSimple": ("ckpt_name",),
    "UNETLoader": ("unet_name",),
    "LoraLoader": ("lora_name", "strength_model"),
    "LoraLoaderModelOnly": ("lora_name", "strength_model"),
    "CLIPSetLastLayer": ("stop_at_clip_layer",),
    "PrimitiveNode": ("value",),
    "PrimitiveInt": ("value",),
    "PrimitiveFloat": ("value",),
    "PrimitiveString": ("value",),
    "PrimitiveStringMultiline": ("value",),
    "StringConcatenate": ("string_a", "string_b", "delimiter"),
}
"""The order in which nodes of a workflow keep their values; "" is of no interest."""

_PASSED_ON = ("value", "int", "float", "string", "text", "seed", "number", "Number", "Text", "any")
"""Inputs of nodes that hand a value on, such as primitives and reroutes."""


_JOINED = (
    ("string_a", "string_b", "string_c"),
    ("text_a", "text_b", "text_c", "text_d"),
    ("string1", "string2"),
    ("text1", "text2"),
    ("prompt1", "prompt2"),
)
_BETWEEN = ("delimiter", "separator")
"""Inputs of nodes that join texts: these, with that between them."""
_CHANGES = {"find", "regex_pattern", "start", "mode"}
"""Inputs of nodes that do something to a text."""


@dataclass(frozen=True)
class Node:
    """A node: its kind, and its inputs as values or links."""

    number: str
    kind: str
    inputs: Mapping[str, Any]


@dataclass
class Way:
    """A way along links, which may part where texts are joined.

    Attributes:
        left: how many links may still be followed.
        missing: whether a part of a text is made by a node that is not known here.
        shown: whether a text is taken that was shown, since nobody knows how it is made.
        changing: the kinds of the nodes that do something to the text.
    """

    left: int = MAX_WALK
    missing: bool = False
    shown: bool = False
    changing: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Graph:
    """The nodes by their numbers."""

    nodes: Mapping[str, Node] = field(default_factory=dict)

    def source(self, node: Node, name: str) -> tuple[Node, int] | None:
        """The node that an input is linked to, and which of its outputs."""
        link = node.inputs.get(name)
        if not is_link(link):
            return None
        found = self.nodes.get(str(link[0]))
        return None if found is None else (found, link[1])

    def value(self, node: Node, name: str, way: Way | None = None) -> Any:
        """The value of an input, followed along its links; None where there is none.

        Args:
            way: is told what there was on it.
        """
        way = way or Way()
        while way.left > 0:
            way.left -= 1
            value = node.inputs.get(name)
            if not is_link(value):
                return value if isinstance(value, (str, int, float)) else None
            found = self.source(node, name)
            if found is None:
                return None
            node = found[0]
            if isinstance(node.inputs.get("text_0"), str):
                return self._shown(node, way)
            joined = _joined_inputs(node)
            if joined:
                return self._joined(node, joined, way)
            if "string" in node.inputs and _CHANGES & node.inputs.keys():
                way.changing.append(node.kind)
            name = next((key for key in (name, *_PASSED_ON) if key in node.inputs), "")
            if not name and len(node.inputs) == 1:  # a reroute, whatever it calls its input
                name = next(iter(node.inputs))
        return None

    def _joined(self, node: Node, names: list[str], way: Way) -> str | None:
        """The text of a node that joins several, as far as they are known."""
        values = [self.value(node, name, way) for name in names]
        parts = [value for value in values if isinstance(value, str)]
        way.missing = way.missing or len(parts) < len(values)
        between = [self.value(node, key, way) for key in _BETWEEN if key in node.inputs]
        delimiter = between[0] if between and isinstance(between[0], str) else ""
        return delimiter.join(parts) if parts else None

    def _shown(self, node: Node, way: Way) -> str:
        """The text of a node that shows one: as it is made, else as it was shown last."""
        made = self.value(node, "text", way)
        if isinstance(made, str):
            return made
        way.shown = True
        return str(node.inputs["text_0"])

    def upstream(self, node: Node, *names: str) -> Iterator[Node]:
        """The nodes above one, nearest first; by some of its inputs, or by all of them."""
        seen = {node.number}
        waiting = deque(
            found[0] for name in names or node.inputs if (found := self.source(node, name))
        )
        while waiting:
            current = waiting.popleft()
            if current.number in seen:
                continue
            seen.add(current.number)
            yield current
            waiting += [f[0] for key in current.inputs if (f := self.source(current, key))]


def _joined_inputs(node: Node) -> list[str]:
    """The inputs that a node joins to one text; [] for other nodes."""
    if "Concat" not in node.kind and not any(key in node.inputs for key in _BETWEEN):
        return []
    for group in _JOINED:
        names = [name for name in group if name in node.inputs]
        if len(names) > 1:
            return names
    return []


def is_link(value: object) -> TypeGuard[list[Any]]:
    """Whether a value is a link, ``[node, output]``."""
    return (
        isinstance(value, list)
        and len(value) == 2
        and isinstance(value[0], (str, int))
        and isinstance(value[1], int)
    )


def of_prompt(values: Mapping[str, Any]) -> Graph:
    """The graph of a "prompt"."""
    nodes = {}
    for number, node in list(values.items())[:MAX_NODES]:
        if isinstance(node, dict) and isinstance(node.get("class_type"), str):
            inputs = node.get("inputs")
            nodes[str(number)] = Node(
                str(number), node["class_type"], inputs if isinstance(inputs, dict) else {}
            )
    return Graph(nodes)


def of_workflow(values: Mapping[str, Any]) -> Graph:
    """The graph of a "workflow", as far as the order of its values is known here."""
    listed = values.get("nodes")
    links = _links(values.get("links"))
    nodes = {}
    for node in listed[:MAX_NODES] if isinstance(listed, list) else ():
        if not isinstance(node, dict) or not isinstance(node.get("type"), str):
            continue
        if node.get("mode") in (2, 4):  # muted, bypassed
            continue
        number = str(node.get("id"))
        nodes[number] = Node(number, node["type"], _inputs(node, links))
    return Graph(nodes)


def _inputs(node: Mapping[str, Any], links: Mapping[Any, list[Any]]) -> dict[str, Any]:
    inputs: dict[str, Any] = {}
    values = node.get("widgets_values")
    if isinstance(values, dict):
        inputs.update(values)
    elif isinstance(values, list):
        names = _WIDGETS.get(str(node["type"]), ())
        inputs.update({name: v for name, v in zip(names, values, strict=False) if name})
    listed = node.get("inputs")
    for entry in listed if isinstance(listed, list) else ():
        if isinstance(entry, dict) and isinstance(entry.get("name"), str):
            number = entry.get("link")
            if isinstance(number, (int, str)) and number in links:
                inputs[entry["name"]] = links[number]
    return inputs


def _links(listed: Any) -> dict[Any, list[Any]]:
    """``[number, from node, its output, to node, its input, type]``, or the same as an object."""
    links: dict[Any, list[Any]] = {}
    for link in listed if isinstance(listed, list) else ():
        if isinstance(link, list) and len(link) >= 5:
            number, node, output = link[:3]
        elif isinstance(link, dict):
            number, node, output = link.get("id"), link.get("origin_id"), link.get("origin_slot")
        else:
            continue
        if isinstance(number, (int, str)) and is_link([node, output]):
            links[number] = [str(node), output]
    return links
