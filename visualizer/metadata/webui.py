"""The settings of AUTOMATIC1111's web UI, of Forge, and of what else writes its text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from visualizer.metadata.infotext import Infotext
from visualizer.metadata.json_text import NoJson, parse
from visualizer.metadata.remembered import OURS, Remembered
from visualizer.metadata.request_builder import CLIP_SKIP, RequestBuilder, real, text
from visualizer.metadata.sampler_names import from_webui

_TAKEN = {
    "Steps",
    "Sampler",
    "Schedule type",
    "CFG scale",
    "Distilled CFG Scale",
    "Seed",
    "Size",
    "Model",
    "Model hash",
    "Version",
    "App",
    "Start",
}
_CHANGES_NOTHING = {
    "Batch size",
    "Batch pos",
    "Cache FP16 weight for LoRA",
    "Comparison",
    "Created Date",
    "Hashes",
    "Lane",
    "Metadata Scheme",
    "Module 1",
    "Module 2",
    "Module 3",
    "Negative Template",
    "Parser",
    "Backend",
    "Operations",
    "Pipeline",
    "Template",
    "Timestamp",
    "User",
    "VAE hash",
    OURS,
}
_OFF = ("", "0", "0.0", "-1x-1", "None", "False", "Disable", "Disabled", "{}", "[]")
_RESOURCES, _MAX_RESOURCES = "Civitai resources", 50
_SENTENCES = {
    "Clip skip": CLIP_SKIP,
    "Clip Skip": CLIP_SKIP,
    "ENSD": "The offset {} of the seed of later noise (ENSD) is not done here.",
    "Eta": "The share {} of fresh noise (Eta) is not done here.",
    "Eta DDIM": "The share {} of fresh noise (Eta) is not done here.",
    "Face restoration": "Faces were repaired afterwards ({}). That is not done here.",
    "Hypernet": "The hypernetwork '{}' is not applied here.",
    "Lora hashes": "",
    "TI hashes": "Embeddings were used ({}). Their names are read as words here.",
    "Token merging ratio": "Tokens were merged to save time ({}). That is not done here.",
    "Token merging ratio hr": "",
    "VAE": "Its own VAE '{}' is not loaded here.",
    "VAE Decoder": "",
    "VAE Encoder": "",
    "Seed resize from": "The noise was made for the size {} first. That is not done here.",
    "NGMS": "Guidance was left out at low noise ({}). That is not done here.",
    "Emphasis": "Weights of words were applied in the way '{}'. Here they are applied in one way.",
    "Tiling": "Edges that fit together (Tiling) are not made here.",
    "Init image hash": "It began from another picture, which is not in the file.",
    "Mask blur": "Only a part of another picture was painted anew. That is not done here.",
    "First pass size": "",
}
_GROUPS = (
    ("Hires", "It was made small and then enlarged (Hires fix). The first pass is what is set."),
    (
        "Variation seed",
        "Noise of a second seed was mixed in (Variation seed). The Noise page can do that.",
    ),
    ("Refiner", "A second model finished it (Refiner). That is not done here."),
    ("ControlNet", "A control picture led it (ControlNet). It is not in the file."),
    ("ADetailer", "Details were painted anew afterwards (ADetailer). That is not done here."),
    ("AddNet", "LoRAs of the extension AddNet are not applied here."),
    ("Sigma", "Noise was added or cut while sampling ({key}). That is not done here."),
    ("Schedule", "The ends of its noise levels were set by hand ({key}). That is not done here."),
)


def remembered(found: Infotext, raw: Mapping[str, str]) -> Remembered:
    """What a text of A1111's form says, taken over as far as it goes."""
    pairs = found.pairs
    source, version = _source(pairs)
    builder = RequestBuilder()
    builder.words(found.prompt, found.avoid, "webui")
    builder.steps(pairs.get("Steps"))
    builder.sampler(from_webui(pairs.get("Sampler", ""), pairs.get("Schedule type", "")))
    builder.guidance(_guidance(pairs))
    builder.seed(pairs.get("Seed"))
    _take_size(pairs, builder)
    _say_the_rest(pairs, builder, source)
    return Remembered(
        source=source,
        request=builder.request(),
        model=text(pairs.get("Model", "")) or _checkpoint(pairs.get(_RESOURCES, "")),
        model_hash=text(pairs.get("Model hash", "")),
        version=version,
        not_honored=builder.said(),
        raw=raw,
    )


def _source(pairs: Mapping[str, str]) -> tuple[str, str]:
    """The program by its version: "v1.10.1", "f2.0.1v1.10.1-…", "ComfyUI", "Fooocus v2.5.0"."""
    version = text(pairs.get("Version", ""))
    folded = version.lower()
    for name in (OURS, "Fooocus", "ComfyUI"):
        if folded.startswith(name.lower()):
            return name, version[len(name) :].strip()
    if pairs.get("App", "").startswith("SD.Next"):
        return "SD.Next", version
    if re.match(r"f\d|neo|classic|reforge", folded):
        return "Forge", version
    return "AUTOMATIC1111", version


def _guidance(pairs: Mapping[str, str]) -> str:
    """Of distilled models (Flux in Forge) the scale that the model itself is told."""
    guidance, distilled = pairs.get("CFG scale", ""), pairs.get("Distilled CFG Scale", "")
    plain = real(guidance)
    return distilled if distilled and (plain is None or plain <= 1) else guidance


def _take_size(pairs: Mapping[str, str], builder: RequestBuilder) -> None:
    """Of the first pass, where there were two."""
    for name in ("First pass size", "Size"):
        written = pairs.get(name, "").strip()
        found = re.fullmatch(r"(\d{1,9})\s{0,3}[x×]\s{0,3}(\d{1,9})", written)
        if found and found[1] != "0":
            builder.size(found[1], found[2])
            return
        if written and not found:
            shown = text(written, 40)
            builder.say(f"Its size, '{shown}', cannot be read here. The model's own is taken.")


def _say_the_rest(pairs: Mapping[str, str], builder: RequestBuilder, source: str) -> None:
    hires = any(key.startswith("Hires") or key == "First pass size" for key in pairs)
    for key, value in pairs.items():
        shown = text(value, 60)
        group = next((words for start, words in _GROUPS if key.startswith(start)), None)
        if key in _TAKEN or key in _CHANGES_NOTHING or shown in _OFF:
            continue
        if key == "First pass size":
            builder.say(_GROUPS[0][1])
        elif key == "Denoising strength":
            if not hires:
                builder.say(
                    f"It began from another picture (denoising strength {shown}), which is not in "
                    "the file. Here it begins from noise."
                )
        elif key == "RNG":
            if shown != "CPU":
                builder.say(_ON_THE_CARD.format(shown))
        elif key == _RESOURCES:
            _say_resources(value, builder)
        elif key == "Lora hashes":
            _say_networks(value, builder)
        elif key in _SENTENCES:
            if not (key in ("Clip skip", "Clip Skip") and shown == "1"):
                builder.say(_SENTENCES[key].format(shown))
        else:
            words = group or "The setting '{key}: {value}' is not known here."
            builder.say(words.format(key=text(key, 60), value=shown))
    if pairs.get("Start"):
        builder.say(f"It began from {text(pairs['Start'], 60)}, which the text does not describe.")
    if source in ("AUTOMATIC1111", "Forge") and "RNG" not in pairs:
        builder.say(_ON_THE_CARD.format("GPU"))


_ON_THE_CARD = (
    "Its noise was drawn by the graphics card (RNG: {}), ours by the processor: the same seed "
    "gives another picture."
)


def _say_networks(hashes: str, builder: RequestBuilder) -> None:
    """LoRAs that the prompt does not name."""
    for found in re.finditer(r"([^,:]{1,100}):\s*[0-9a-fA-F]{6,64}", hashes):
        name = text(found[1], 80)
        if not any(f"LoRA '{name}'" in sentence for sentence in builder.sentences):
            builder.say(f"The LoRA '{name}' is not applied here.")


def _say_resources(written: str, builder: RequestBuilder) -> None:
    """Models that Civitai names."""
    for kind, name, strength in _resources(written):
        if kind == "checkpoint":
            continue  # the model itself
        words = f" (strength {strength})" if strength else ""
        if "embed" in kind or "inversion" in kind:
            builder.say(f"The embedding '{name}' is not here. Its name is read as words.")
        else:
            what = "LoRA" if kind.startswith(("lora", "locon", "lyco", "dora")) else f"{kind} model"
            builder.say(f"The {what} '{name}'{words} is not applied here.")


def _checkpoint(written: str) -> str:
    return next((name for kind, name, _ in _resources(written) if kind == "checkpoint"), "")


def _resources(written: str) -> Iterator[tuple[str, str, str]]:
    """Of each: what it is, in small letters, what it is called, and how strong."""
    try:
        listed = parse(written)
    except NoJson:
        return
    for entry in listed[:_MAX_RESOURCES] if isinstance(listed, list) else ():
        if isinstance(entry, dict):
            name = text(entry.get("modelName", ""), 80) or "without a name"
            yield text(entry.get("type", ""), 20).lower(), name, text(entry.get("weight", ""), 20)
