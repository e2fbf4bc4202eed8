"""Everything as one folder that plain diffusers opens."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from visualizer.training.captions import build_tokenizer, known_words
from visualizer.training.subjects import COLORS, OBJECTS, PLACES, TIMES

if TYPE_CHECKING:
    from diffusers import AutoencoderTiny, StableDiffusionPipeline, UNet2DConditionModel
    from transformers import CLIPTextModel

RECOMMENDED = {"steps": 30, "guidance_scale": 5.0, "sizes": [[128, 128]]}
"""What `recommended.json` tells the program to start from."""

MODEL_CARD = """---
license: mit
library_name: diffusers
pipeline_tag: text-to-image
---
# The built-in model of the Denoising Visualizer

A small text-to-image diffusion model, 128 × 128 pixels, trained from nothing on pictures that a
program drew and captioned: no photographs, no artists' work, no other model's weights.

It knows eight things (car or Ferrari, castle, house, boat, tree, cat, balloon, rocket), nine
colors (red, orange, yellow, green, blue, purple, pink, white, black), seven places (mountain road,
desert, forest, city, lake, beach, snow) and four times (day, sunset, night, fog), and a few
synonyms of each: `vocabulary.json` lists every word. A good prompt is "a red Ferrari on a mountain
road at sunset". A good guidance scale is 5, in 30 steps.

    from diffusers import DiffusionPipeline

    pipeline = DiffusionPipeline.from_pretrained("builtin-model")
    pipeline("a red Ferrari on a mountain road at sunset", guidance_scale=5).images[0]

It predicts v (Salimans & Ho 2022) on 16 × 16 × 8 latents, on a scaled-linear schedule from 0.00085
to 0.02. Its decoder draws latent noise as pixel noise by design: static. Decoders of other models
draw noise as they happen to.

Limits: one thing a picture (two things asked for give one), nothing but the words above, no
numbers, no "left of", no text. How it was made, how to make it again and how well it follows
prompts is told in the program's docs/builtin-model.md.
"""


def vocabulary() -> dict[str, list[str]]:
    """What the model knows, as `vocabulary.json` tells it."""
    return {
        "objects": list(OBJECTS),
        "colors": list(COLORS),
        "places": list(PLACES),
        "times": list(TIMES),
        "words": known_words(),
    }


def assemble(
    vae: AutoencoderTiny, text_encoder: CLIPTextModel, unet: UNet2DConditionModel
) -> StableDiffusionPipeline:
    """The parts as a pipeline, with the tokenizer and the sampler that belong to them."""
    from diffusers import StableDiffusionPipeline

    from visualizer.training.architecture import build_scheduler

    return StableDiffusionPipeline(
        vae=vae.eval(),
        text_encoder=text_encoder.eval(),
        tokenizer=build_tokenizer(),
        unet=unet.eval(),
        scheduler=build_scheduler(),
        safety_checker=None,
        feature_extractor=None,
        image_encoder=None,
        requires_safety_checker=False,
    )


def save_folder(pipeline: StableDiffusionPipeline, folder: Path) -> None:
    """Write the pipeline, its model card and its vocabulary to `folder`, replacing what was there.

    Denoiser and autoencoder go to disk in half precision; diffusers widens them on loading. The
    text encoder stays in single precision, because transformers would keep it half and the two
    would then not fit together. The pipeline handed in is left with its half weights widened.
    """
    import torch

    new = folder.with_name(folder.name + ".new")
    shutil.rmtree(new, ignore_errors=True)
    parts = (pipeline.unet, pipeline.vae)
    for part in parts:
        torch.nn.Module.to(part, torch.float16)
    pipeline.save_pretrained(new, safe_serialization=True)
    for part in parts:
        torch.nn.Module.to(part, torch.float32)
    for weights in new.rglob("*.safetensors"):
        weights.chmod(0o644)  # safetensors writes them for their owner alone
    _forget(new / "vae" / "config.json", "block_out_channels")
    (new / "README.md").write_text(MODEL_CARD, encoding="utf-8")
    for name, values in (("vocabulary", vocabulary()), ("recommended", RECOMMENDED)):
        text = json.dumps(values, indent=1) + "\n"
        (new / f"{name}.json").write_text(text, encoding="utf-8")
    text = json.dumps(RECOMMENDED, indent=1) + "\n"
    (new / "recommended.json").write_text(text, encoding="utf-8")
    _swap(new, folder)


def _forget(config: Path, key: str) -> None:
    """Take out a key that diffusers writes by itself and then warns about."""
    values = json.loads(config.read_text(encoding="utf-8"))
    values.pop(key, None)
    config.write_text(json.dumps(values, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def _swap(new: Path, folder: Path) -> None:
    """Put `new` in the place of `folder` by renaming, so that nobody opens half of either."""
    old = folder.with_name(folder.name + ".old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        os.rename(folder, old)
    os.rename(new, folder)
    shutil.rmtree(old, ignore_errors=True)
