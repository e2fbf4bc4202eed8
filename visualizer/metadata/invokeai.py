"""The settings of InvokeAI: of version 3 and later, of version 2, and of its first text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from visualizer.metadata.json_text import parse_object
from visualizer.metadata.remembered import Remembered
from visualizer.metadata.request_builder import CLIP_SKIP, MAX_PROMPT, RequestBuilder, real, text
from visualizer.metadata.sampler_names import from_invokeai

SOURCE = "InvokeAI"

_SETTINGS = {
    "cfg_rescale_multiplier": "Guidance was scaled back (CFG rescale {}). That is not done here.",
    "clip_skip": CLIP_SKIP,
    "vae": "Its own VAE is not loaded here.",
    "refiner_model": "A second model finished it (refiner). That is not done here.",
    "hrf_enabled": "It was made small and then enlarged. That is not done here.",
    "seamless_x": "Edges that fit together (seamless) are not made here.",
    "seamless_y": "Edges that fit together (seamless) are not made here.",
    "seamless": "Edges that fit together (seamless) are not made here.",
    "init_image": "It began from another picture, which is not in the file.",
    "perlin": "Perlin noise was mixed in ({}). That is not done here.",
    "threshold": "Latents were cut off at a threshold ({}). That is not done here.",
    "hires_fix": "It was made small and then enlarged (hires fix). That is not done here.",
    "variations": "Noise of other seeds was mixed in (variations). The Noise page can do that.",
    "postprocessing": "It was changed afterwards (postprocessing). That is not done here.",
    "positive_style_prompt": "Its separate style prompt is not read here: '{}'.",
    "negative_style_prompt": "Its separate style text to avoid is not read here: '{}'.",
}
_LISTS = {
    "controlnets": "A control picture led it (ControlNet). It is not in the file.",
    "t2iAdapters": "A control picture led it (T2I adapter). It is not in the file.",
    "ipAdapters": "Another picture was its prompt (IP adapter). It is not in the file.",
    "regions": "Its regions with prompts of their own are not read here.",
}


def read(fields: Mapping[str, str]) -> Remembered | None:
    """What the text fields of a file say; None where InvokeAI wrote none of them."""
    for name, rebuild in (("invokeai_metadata", _core), ("sd-metadata", _old)):
        values = parse_object(fields[name]) if name in fields else None
        if values is not None:
            return rebuild(values, fields)
    return _dream(fields["Dream"], fields) if "Dream" in fields else None


def _core(values: dict[str, Any], fields: Mapping[str, str]) -> Remembered | None:
    if not {"positive_prompt", "seed", "steps", "generation_mode"} & values.keys():
        return None
    builder = RequestBuilder()
    builder.words(values.get("positive_prompt"), values.get("negative_prompt"), "compel")
    guidance = values.get("cfg_scale")
    if isinstance(guidance, list):  # one number a step
        builder.say("Its guidance changed from step to step. The model's own is taken.")
        guidance = None
    if values.get("guidance") is not None and (real(guidance) or 0) <= 1:
        guidance = values["guidance"]  # of distilled models: what the model itself is told
    _take(builder, values, values.get("scheduler"), guidance)
    _say_networks(builder, values.get("loras"))
    if values.get("rand_device") in ("cuda", "mps", "xpu"):
        builder.say(
            "Its noise was drawn by the graphics card, ours by the processor: the same seed gives "
            "another picture."
        )
    if "img2img" in str(values.get("generation_mode")) or "paint" in str(
        values.get("generation_mode")
    ):
        builder.say("It began from another picture, which is not in the file.")
    model = values.get("model")
    name, digest = "", ""
    if isinstance(model, dict):
        name = text(model.get("name", "")) or text(model.get("model_name", ""))
        digest = text(model.get("hash", ""))
    return _remembered(builder, name, digest, values, fields)


def _old(values: dict[str, Any], fields: Mapping[str, str]) -> Remembered | None:
    image = values.get("image")
    if not isinstance(image, dict):
        images = values.get("images")
        image = images[0] if isinstance(images, list) and images else None
    if not isinstance(image, dict):
        return None
    prompt = image.get("prompt")
    if isinstance(prompt, list):
        texts = [p.get("prompt") for p in prompt if isinstance(p, dict)]
        prompt = ", ".join(t for t in texts if isinstance(t, str))
    builder = RequestBuilder()
    _take_old_words(builder, prompt)
    _take(builder, image, image.get("sampler"), image.get("cfg_scale"))
    if image.get("type") == "img2img":
        builder.say("It began from another picture, which is not in the file.")
    name = text(values.get("model_weights", "")) or text(values.get("model_id", ""))
    return _remembered(builder, name, text(values.get("model_hash", "")), values, fields)


def _dream(command: str, fields: Mapping[str, str]) -> Remembered | None:
    """ "a prompt [to avoid]" -s 50 -S 123 -W 512 -H 512 -C 7.5 -A k_lms"""
    start, end = command.find('"'), command.rfind('"')
    if not 0 <= start < end:
        return None
    options = dict(re.findall(r"(?<!\S)-([sSWHCA])\s*([\w.+-]{1,40})", command[end + 1 :]))
    if not options:
        return None
    builder = RequestBuilder()
    _take_old_words(builder, command[start + 1 : end])
    values = {
        "steps": options.get("s"),
        "seed": options.get("S"),
        "width": options.get("W"),
        "height": options.get("H"),
    }
    _take(builder, values, options.get("A"), options.get("C"))
    return _remembered(builder, "", "", {}, fields)


def _take_old_words(builder: RequestBuilder, prompt: Any) -> None:
    """Version 2 writes what to avoid in square brackets within the prompt."""
    if not isinstance(prompt, str):
        builder.words(prompt, None, "compel")
        return
    prompt = prompt[: 2 * MAX_PROMPT]
    avoid = [part.strip() for part in re.findall(r"\[([^\[\]]*)\]", prompt)]
    kept = re.sub(r"\s{0,8}\[[^\[\]]*\]", "", prompt).strip()
    builder.words(kept, ", ".join(part for part in avoid if part), "compel")


def _take(builder: RequestBuilder, values: Mapping[str, Any], sampler: Any, guidance: Any) -> None:
    builder.seed(values.get("seed"))
    builder.steps(values.get("steps"))
    builder.guidance(guidance)
    builder.size(values.get("width"), values.get("height"))
    if isinstance(sampler, str) and sampler:
        builder.sampler(from_invokeai(sampler))
    for key, sentence in _SETTINGS.items():
        value = values.get(key)
        # the style prompt is the prompt itself, where nobody wrote another
        repeated = "_style" in key and value == values.get(key.replace("_style", ""))
        if value and not repeated:
            builder.say(sentence.format(text(value, 80)))
    for key, sentence in _LISTS.items():
        if values.get(key):
            builder.say(sentence)
    strength = real(values.get("strength"))
    if strength is not None and values.get("init_image"):
        builder.say(f"That picture was kept by a strength of {strength:g}.")


def _say_networks(builder: RequestBuilder, loras: Any) -> None:
    for lora in loras if isinstance(loras, list) else ():
        if not isinstance(lora, dict):
            continue
        model = lora.get("model", lora.get("lora"))
        name = ""
        if isinstance(model, dict):
            name = text(model.get("name", "")) or text(model.get("model_name", ""))
        strength = text(lora.get("weight", ""), 20)
        words = f" (strength {strength})" if strength else ""
        builder.say(f"The LoRA '{name or 'without a name'}'{words} is not applied here.")


def _remembered(
    builder: RequestBuilder,
    model: str,
    digest: str,
    values: Mapping[str, Any],
    fields: Mapping[str, str],
) -> Remembered:
    return Remembered(
        source=SOURCE,
        request=builder.request(),
        model=model,
        model_hash=digest,
        version=text(values.get("app_version", "")),
        not_honored=builder.said(),
        raw=fields,
    )
