"""The settings of ComfyUI, found by walking through its graph.

From the node that samples the walk goes up to the words, the noise, the size and the model.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from visualizer.metadata.comfyui_graph import (
    MAX_WALK,
    Graph,
    Node,
    Way,
    of_prompt,
    of_workflow,
)
from visualizer.metadata.comfyui_model import say_text_model, take_model
from visualizer.metadata.json_text import parse_object
from visualizer.metadata.remembered import Remembered
from visualizer.metadata.request_builder import RequestBuilder, real, text, whole
from visualizer.metadata.sampler_names import from_comfyui

SOURCE = "ComfyUI"
MAX_GRAPH = 2_000_000  # characters

_LATENTS = ("latent_image", "latent", "samples")
_CONDITIONINGS = ("conditioning", "conditioning_1", "conditioning_to", "positive", "cond")
_RESOLUTION = re.compile(r"(\d{2,5})\s{0,3}[x×*]\s{0,3}(\d{2,5})")
_PART = "It sampled a part of its steps only. Here all of them are taken."


def read(fields: Mapping[str, str]) -> Remembered | None:
    """What the text fields of a file say; None where ComfyUI wrote none of them."""
    unknown = None
    for name, graph_of in (("prompt", of_prompt), ("workflow", of_workflow)):
        values = parse_object(fields[name], MAX_GRAPH) if name in fields else None
        graph = Graph() if values is None else graph_of(values)
        if graph.nodes:
            found = _of_graph(graph, fields)
            if found.request is not None:
                return found
            unknown = unknown or found
    return unknown


def _of_graph(graph: Graph, fields: Mapping[str, str]) -> Remembered:
    samplers = _samplers(graph)
    if not samplers:
        said = "Its graph holds no sampling node that is known here. Nothing could be taken over."
        return Remembered(SOURCE, None, not_honored=(said,), raw=fields)
    node, builder = samplers[0], RequestBuilder()
    if len(samplers) > 1:
        builder.say(
            f"It was sampled {len(samplers)} times, one after another or side by side. The first "
            "one is what is set."
        )
    walk = _Walk(graph, node, builder)
    walk.take_words()
    walk.take_numbers()
    walk.take_size()
    model = take_model(graph, walk.above("guider"), builder)
    return Remembered(
        SOURCE, builder.request(), model=model, not_honored=builder.said(), raw=fields
    )


def _samplers(graph: Graph) -> list[Node]:
    """The nodes that sample: those a picture is saved of first, then those nothing is above."""
    found = [node for node in graph.nodes.values() if _is_sampler(node)]
    numbers = {node.number for node in found}
    savers = [node for node in graph.nodes.values() if "Save" in node.kind]
    saved = {above.number for saver in savers[:5] for above in graph.upstream(saver)}

    def order(node: Node) -> tuple[bool, int, int]:
        above = sum(other.number in numbers for other in graph.upstream(node, *_LATENTS))
        return node.number not in saved and bool(saved), above, whole(node.number) or 0

    return sorted(found[:20], key=order)


def _is_sampler(node: Node) -> bool:
    inputs = node.inputs
    usual = {"model", "positive", "steps"} <= inputs.keys() and (
        "seed" in inputs or "noise_seed" in inputs
    )
    custom = "sigmas" in inputs and ("sampler" in inputs or "guider" in inputs)
    return usual or custom or node.kind in ("KSampler", "KSamplerAdvanced")


@dataclass
class _Walk:
    """A way through the graph from one node that samples."""

    graph: Graph
    node: Node
    builder: RequestBuilder
    guidance: Any = None
    """Of distilled models: what the model itself is told."""

    def above(self, name: str) -> Node:
        """What an input is linked to, or the node itself."""
        found = self.graph.source(self.node, name)
        return self.node if found is None else found[0]

    # --- Words -----------------------------------------------------------------------------------

    def take_words(self) -> None:
        holder = self.above("guider")
        start = "positive" if "positive" in holder.inputs else "conditioning"
        prompt = self._words(holder, start, "positive")
        avoid = ""
        if "negative" in holder.inputs:
            avoid = self._words(holder, "negative", "negative")
        self.builder.words(prompt, avoid, "comfyui")

    def _words(self, node: Node, name: str, side: str) -> str:
        """The text that a conditioning comes from.

        Args:
            side: "positive" or "negative", for nodes that hand both on.
        """
        for _ in range(MAX_WALK):
            found = self.graph.source(node, name)
            if found is None:
                break
            node = found[0]
            inputs = node.inputs
            if "guidance" in inputs:
                self.guidance = self.graph.value(node, "guidance")
            if node.kind == "ConditioningZeroOut":
                return ""
            if "Text" in node.kind or "text" in inputs or "text_g" in inputs:
                return self._encoded(node)
            if isinstance(inputs.get(side), str):  # loaders that encode the words themselves
                say_text_model(self.graph, node, self.builder)
                return str(inputs[side])
            name = self._passed_through(node, side)
            if not name:
                break
        self.builder.say("The words of its prompt come from a node that is not known here.")
        return ""

    def _passed_through(self, node: Node, side: str) -> str:
        """The input by which a node hands a conditioning on, or ""; what it adds is said."""
        kind = text(node.kind, 60)
        if "ControlNet" in kind or "IPAdapter" in kind:
            self.builder.say("A control picture led it (ControlNet). It is not in the file.")
        elif kind in ("ConditioningCombine", "ConditioningConcat", "ConditioningAverage"):
            self.builder.say("Several prompts were joined. The first of them is what is set.")
        elif kind not in ("FluxGuidance", "Reroute"):
            self.builder.say(f"The node '{kind}' changes the prompt. That is not done here.")
        if {"positive", "negative"} <= node.inputs.keys():
            return side
        known = [key for key in (*_CONDITIONINGS, "") if self.graph.source(node, key)]
        return (known or [key for key in node.inputs if self.graph.source(node, key)] or [""])[0]

    def _encoded(self, node: Node) -> str:
        texts: dict[str, str] = {}
        for key in ("text", "text_g", "t5xxl", "prompt", "text_l", "clip_l", "clip_g"):
            if key in node.inputs:
                way = Way()
                value = self.graph.value(node, key, way)
                if isinstance(value, str):
                    texts[key] = value
                self._say_way(way, isinstance(value, str))
        say_text_model(self.graph, node, self.builder)
        different = {words.strip() for words in texts.values() if words.strip()}
        if len(different) > 1:
            self.builder.say(
                "It has one prompt for each text model. The longest one is what is set."
            )
        return max(texts.values(), key=len, default="")

    def _say_way(self, way: Way, found: bool) -> None:
        if way.missing or not found:
            self.builder.say("A part of its prompt comes from a node not known here.")
        if way.shown:
            self.builder.say(
                "A node made a part of its prompt. What that showed the last time is what is set."
            )
        for kind in way.changing:
            said = f"The node '{text(kind, 60)}' changes the prompt. That is not done here."
            self.builder.say(said)

    # --- Numbers ---------------------------------------------------------------------------------

    def take_numbers(self) -> None:
        graph, node, builder = self.graph, self.node, self.builder
        noise = self.above("noise")
        seed = graph.value(noise, "noise_seed" if "noise_seed" in noise.inputs else "seed")
        builder.seed(seed)
        schedule = self._schedule()
        builder.steps(graph.value(schedule, "steps"))
        guider = self.above("guider")
        cfg = graph.value(guider, "cfg")
        plain = real(cfg)
        distilled = self.guidance is not None and (plain is None or plain <= 1)
        builder.guidance(self.guidance if distilled else cfg)
        sampler = graph.value(self.above("sampler"), "sampler_name")
        spacing = graph.value(schedule, "scheduler")
        if isinstance(sampler, str):
            builder.sampler(from_comfyui(sampler, spacing if isinstance(spacing, str) else ""))
        elif sampler is None:
            builder.say(f"The sampler of its node '{text(node.kind, 60)}' is not known here.")
        denoise = real(graph.value(schedule, "denoise"))
        if denoise is not None and denoise < 1:
            builder.say(f"It began at a share of the noise (denoise {denoise:g}). Here it is all.")
        self._say_parts()

    def _schedule(self) -> Node:
        """The node that says how many steps; sigmas may be split or flipped on their way."""
        node = self.above("sigmas")
        for _ in range(MAX_WALK):
            if "steps" in node.inputs or node is self.node:
                break
            found = self.graph.source(node, "sigmas")
            if found is None:
                break
            if "Split" in node.kind:
                self.builder.say(_PART)
            node = found[0]
        return node

    def _say_parts(self) -> None:
        start = whole(self.graph.value(self.node, "start_at_step")) or 0
        end = whole(self.graph.value(self.node, "end_at_step"))
        steps = whole(self.graph.value(self.node, "steps"))
        if start > 0 or (end is not None and steps is not None and end < steps):
            self.builder.say(_PART)

    def take_size(self) -> None:
        for name in _LATENTS:
            for above in self.graph.upstream(self.node, name):
                if "VAEEncode" in above.kind or "LoadImage" in above.kind:
                    self.builder.say("It began from another picture, which is not in the file.")
                    return
                width, height = self._size(above)
                if (width, height) == (None, None):
                    continue
                self.builder.size(width, height)
                together = whole(self.graph.value(above, "batch_size")) or 1
                if together > 1:
                    self.builder.say(
                        f"{together} pictures were made at once from this seed. The first of "
                        "them is what is set."
                    )
                return
        self.builder.say(
            "Its size comes from a node that is not known here. The model's own is taken."
        )

    def _size(self, node: Node) -> tuple[Any, Any]:
        """Width and height of the empty latents that a node makes; None, None where it does not."""
        graph = self.graph
        for width, height in (
            ("empty_latent_width", "empty_latent_height"),
            ("width_override", "height_override"),
            ("width", "height"),
        ):
            sides = graph.value(node, width), graph.value(node, height)
            latents = "Latent" in node.kind and "Upscale" not in node.kind
            if any(sides) and (latents or width.startswith("empty")):
                return _resolution(sides[0]) or sides
        listed = _resolution(graph.value(node, "resolution")) if "Latent" in node.kind else None
        return listed or (None, None)


def _resolution(value: Any) -> tuple[str, str] | None:
    """Both sides of a text such as "square - 1024x1024 (1:1)", by which nodes list sizes."""
    found = _RESOLUTION.search(value[:100]) if isinstance(value, str) else None
    return None if found is None else (found[1], found[2])
