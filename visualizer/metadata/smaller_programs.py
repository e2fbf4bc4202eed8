"""The settings of NovelAI, and of Fooocus where it writes its own JSON."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from visualizer.metadata.json_text import parse_object
from visualizer.metadata.remembered import Remembered
from visualizer.metadata.sampler_names import from_comfyui, from_invokeai
from visualizer.metadata.taking import Taking, text


def read_novelai(fields: Mapping[str, str]) -> Remembered | None:
    """What NovelAI wrote: the prompt as "Description", the settings as JSON in "Comment"."""
    if fields.get("Software") != "NovelAI":
        return None
    values = parse_object(fields.get("Comment", ""))
    if values is None:
        return None
    taking = Taking()
    prompt = values.get("prompt", fields.get("Description"))
    taking.words(prompt, values.get("uc"), "none")
    taking.seed(values.get("seed"))
    taking.steps(values.get("steps"))
    taking.guidance(values.get("scale"))
    taking.size(values.get("width"), values.get("height"))
    sampler, spacing = values.get("sampler"), values.get("noise_schedule")
    if isinstance(sampler, str) and sampler:
        name = sampler.replace("ancestral", "a") if "dpmpp" not in sampler else sampler
        taking.sampler(from_invokeai(name, _spacing(spacing)))
    if isinstance(prompt, str) and re.search(r"[{\[]", prompt):
        taking.say("NovelAI's {emphasis} and [its opposite] are read as plain words.")
    taking.say("NovelAI's models are not here, and its noise is not ours: the picture will differ.")
    return Remembered(
        source="NovelAI",
        request=taking.request(),
        model=text(fields.get("Source", "")),
        not_honored=taking.said(),
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
    taking = Taking()
    taking.words(values.get("prompt"), values.get("negative_prompt"), "comfyui")
    taking.seed(values.get("seed"))
    taking.steps(values.get("steps"))
    taking.guidance(values.get("guidance_scale"))
    size = re.fullmatch(r"\((\d{1,9}), (\d{1,9})\)", text(values.get("resolution", "")))
    if size:
        taking.size(size[1], size[2])
    taking.sampler(from_comfyui(text(values.get("sampler", "")), text(values.get("scheduler", ""))))
    for lora in values["loras"] if isinstance(values.get("loras"), list) else ():
        if isinstance(lora, list) and lora:
            taking.say(f"The LoRA '{text(lora[0], 80)}' is not applied here.")
    if values.get("styles") not in (None, [], "[]"):
        taking.say(f"Its styles are not applied here: {_listed(values['styles'])}.")
    if values.get("sharpness"):
        taking.say("Fooocus sharpens while it samples. That is not done here.")
    return Remembered(
        source="Fooocus",
        request=taking.request(),
        model=text(values.get("base_model", "")),
        model_hash=text(values.get("base_model_hash", "")),
        version=text(values.get("version", "")).removeprefix("Fooocus").strip(),
        not_honored=taking.said(),
        raw=fields,
    )


def _listed(styles: Any) -> str:
    if isinstance(styles, list):
        return ", ".join(text(style, 60) for style in styles[:10])
    return text(styles, 200)
