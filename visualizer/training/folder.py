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


def vocabulary() -> dict[str, list[str]]:
    """What the model knows, as `vocabulary.json` tells it."""
    return {
        "objects": list(OBJECTS),
        "colours": list(COLORS),
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


def save_folder(pipeline: StableDiffusionPipeline, folder: Path, card: str) -> None:
    """Write the pipeline, its model card and its vocabulary to `folder`, replacing what was there.

    Denoiser and autoencoder go to disk in half precision; diffusers widens them on loading. The
    text encoder stays in single precision, because transformers would keep it half and the two
    would then not fit together. The pipeline handed in is left with its half weights widened.
    """
    import torch

    new = folder.with_name(folder.name + ".new")
    shutil.rmtree(new, ignore_errors=True)
    pipeline.unet.half()
    pipeline.vae.half()
    pipeline.save_pretrained(new, safe_serialization=True)
    pipeline.unet.to(torch.float32)
    pipeline.vae.to(torch.float32)
    (new / "README.md").write_text(card, encoding="utf-8")
    text = json.dumps(vocabulary(), indent=1) + "\n"
    (new / "vocabulary.json").write_text(text, encoding="utf-8")
    _swap(new, folder)


def _swap(new: Path, folder: Path) -> None:
    """Put `new` in the place of `folder` by renaming, so that nobody opens half of either."""
    old = folder.with_name(folder.name + ".old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        os.rename(folder, old)
    os.rename(new, folder)
    shutil.rmtree(old, ignore_errors=True)
