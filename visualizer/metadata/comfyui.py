"""The settings of ComfyUI, found by walking through its graph.

From the node that samples the walk goes up to the words, the noise, the size and the model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from visualizer.metadata.comfyui_graph import MAX_WALK, Graph, Node, of_prompt, of_workflow
from visualizer.metadata.json_text import parse_object
from visualizer.metadata.remembered import Remembered
from visualizer.metadata.request_builder import RequestBuilder, real, text, whole
from visualizer.metadata.sampler_names import from_comfyui

SOURCE = "ComfyUI"
MAX_GRAPH = 2_000_000  # characters

_LATENTS = ("latent_image", "latent", "samples")
_CONDITIONINGS = ("conditioning", "conditioning_1", "conditioning_to", "positive", "cond")
_LOADED = ("ckpt_name", "unet_name", "model_name", "base_ckpt_name")
_PART = "It sampled a part of its steps only. Here all of them are taken."
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


def read(fields: Mapping[str, str]) -> Remembered | None:
    """What the text fields of a file say; None where ComfyUI wrote none of them."""
    for name, graph_of in (("prompt", of_prompt), ("workflow", of_workflow)):
        values = parse_object(fields[name], MAX_GRAPH) if name in fields else None
        if values is None:
            continue
        graph = graph_of(values)
        if graph.nodes:
            found = _of_graph(graph, fields)
            if found.request is not None or name == "workflow" or "workflow" not in fields:
                return found
    return None


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
    model = walk.take_model()
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

    def _above(self, name: str) -> Node:
        """What an input is linked to, or the node itself."""
        found = self.graph.source(self.node, name)
        return self.node if found is None else found[0]

    # --- Words -----------------------------------------------------------------------------------

    def take_words(self) -> None:
        holder = self._above("guider")
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
                value = self.graph.value(node, key)
                if isinstance(value, str):
                    texts[key] = value
                else:
                    self.builder.say("A part of its prompt comes from a node not known here.")
        different = {words.strip() for words in texts.values() if words.strip()}
        if len(different) > 1:
            self.builder.say(
                "It has one prompt for each text model. The longest one is what is set."
            )
        return max(texts.values(), key=len, default="")

    # --- Numbers ---------------------------------------------------------------------------------

    def take_numbers(self) -> None:
        graph, node, builder = self.graph, self.node, self.builder
        noise = self._above("noise")
        seed = graph.value(noise, "noise_seed" if "noise_seed" in noise.inputs else "seed")
        builder.seed(seed)
        schedule = self._schedule()
        builder.steps(graph.value(schedule, "steps"))
        guider = self._above("guider")
        cfg = graph.value(guider, "cfg")
        plain = real(cfg)
        distilled = self.guidance is not None and (plain is None or plain <= 1)
        builder.guidance(self.guidance if distilled else cfg)
        sampler = graph.value(self._above("sampler"), "sampler_name")
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
        node = self._above("sigmas")
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
                sized = {"width", "height"} <= above.inputs.keys() and "Upscale" not in above.kind
                if sized and "Latent" in above.kind:
                    width = self.graph.value(above, "width")
                    self.builder.size(width, self.graph.value(above, "height"))
                    together = whole(self.graph.value(above, "batch_size")) or 1
                    if together > 1:
                        self.builder.say(
                            f"{together} pictures were made at once from this seed. The first of "
                            "them is what is set."
                        )
                    return
                if "VAEEncode" in above.kind or "LoadImage" in above.kind:
                    self.builder.say("It began from another picture, which is not in the file.")
                    return

    # --- The model -------------------------------------------------------------------------------

    def take_model(self) -> str:
        """The name of the model; what changes it on its way is said."""
        node = self._above("guider")
        found = self.graph.source(node, "model")
        for _ in range(MAX_WALK):
            if found is None:
                break
            node = found[0]
            for key in _LOADED:
                name = self.graph.value(node, key)
                if isinstance(name, str):
                    return text(name)
            kind = text(node.kind, 60)
            lora = self.graph.value(node, "lora_name")
            if isinstance(lora, str):
                strength = text(self.graph.value(node, "strength_model"), 20)
                words = f" (strength {strength})" if strength else ""
                self.builder.say(f"The LoRA '{text(lora, 80)}'{words} is not applied here.")
            elif kind not in _NEUTRAL:
                self.builder.say(f"The node '{kind}' changes the model. That is not done here.")
            found = self.graph.source(node, "model") or next(
                (f for key in node.inputs if (f := self.graph.source(node, key))), None
            )
        return ""
