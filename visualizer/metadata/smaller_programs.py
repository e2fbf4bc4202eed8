"""The settings of NovelAI, and of Fooocus where it writes its own JSON."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from visualizer.metadata.json_text import parse_object
from visualizer.metadata.remembered import Remembered
from visualizer.metadata.request_builder import RequestBuilder, text
from visualizer.metadata.sampler_names import from_comfyui, from_invokeai


def read_novelai(fields: Mapping[str, str]) -> Remembered | None:
    """What NovelAI wrote: the prompt as "Description", the settings as JSON in "Comment"."""
    if fields.get("Software") != "NovelAI":
        return None
    values = parse_object(fields.get("Comment", ""))
    if values is None:
        return None
    builder = RequestBuilder()
    prompt = values.get("prompt", fields.get("Description"))
    builder.words(prompt, values.get("uc"), "none")
    builder.seed(values.get("seed"))
    builder.steps(values.get("steps"))
    builder.guidance(values.get("scale"))
    builder.size(values.get("width"), values.get("height"))
    sampler, spacing = values.get("sampler"), values.get("noise_schedule")
    if isinstance(sampler, str) and sampler:
        name = sampler.replace("ancestral", "a") if "dpmpp" not in sampler else sampler
        builder.sampler(from_invokeai(name, _spacing(spacing)))
    if isinstance(prompt, str) and re.search(r"[{\[]", prompt):
        builder.say("NovelAI's {emphasis} and [its opposite] are read as plain words.")
    builder.say(
        "NovelAI's models are not here, and its noise is not ours: the picture will differ."
    )
    return Remembered(
        source="NovelAI",
        request=builder.request(),
        model=text(fields.get("Source", "")),
        not_honored=builder.said(),
        raw=fields,
    )


def _spacing(value: Any) -> str:
    return "" if not isinstance(value, str) or value == "native" else value


def read_fooocus(fields: Mapping[str, str]) -> Remembered | None:
    """What Fooocus wrote in its own scheme: JSON as "parameters"."""
    if fields.get("fooocus_scheme") != "fooocus":
        return None
    values = parse_object(fields.get("parameters", ""))
    if values is None:
        return None
    builder = RequestBuilder()
    builder.words(values.get("prompt"), values.get("negative_prompt"), "comfyui")
    builder.seed(values.get("seed"))
    builder.steps(values.get("steps"))
    builder.guidance(values.get("guidance_scale"))
    size = re.fullmatch(r"\((\d{1,9}), (\d{1,9})\)", text(values.get("resolution", "")))
    if size:
        builder.size(size[1], size[2])
    builder.sampler(
        from_comfyui(text(values.get("sampler", "")), text(values.get("scheduler", "")))
    )
    for lora in values["loras"] if isinstance(values.get("loras"), list) else ():
        if isinstance(lora, list) and lora:
            builder.say(f"The LoRA '{text(lora[0], 80)}' is not applied here.")
    if values.get("styles") not in (None, [], "[]"):
        builder.say(f"Its styles are not applied here: {_listed(values['styles'])}.")
    if values.get("sharpness"):
        builder.say("Fooocus sharpens while it samples. That is not done here.")
    return Remembered(
        source="Fooocus",
        request=builder.request(),
        model=text(values.get("base_model", "")),
        model_hash=text(values.get("base_model_hash", "")),
        version=text(values.get("version", "")).removeprefix("Fooocus").strip(),
        not_honored=builder.said(),
        raw=fields,
    )


def _listed(styles: Any) -> str:
    if isinstance(styles, list):
        return ", ".join(text(style, 60) for style in styles[:10])
    return text(styles, 200)
