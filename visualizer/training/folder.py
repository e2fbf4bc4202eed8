"""Everything as one folder that plain diffusers opens."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from visualizer.training.model_card import RECOMMENDED, Course, model_card, vocabulary, write_course
from visualizer.training.world.vocabulary import build_tokenizer

if TYPE_CHECKING:
    from diffusers import AutoencoderTiny, StableDiffusionPipeline, UNet2DConditionModel
    from transformers import CLIPTextModel


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


def save_folder(
    pipeline: StableDiffusionPipeline, folder: Path, course: Course | None = None
) -> None:
    """Write the pipeline, its model card and its vocabulary to `folder`, replacing what was there.

    How it was trained is told where it is known.

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
    _forget(new / "vae" / "config.json", "_name_or_path")
    (new / "README.md").write_text(model_card(course), encoding="utf-8")
    files = {"vocabulary": vocabulary(), "recommended": RECOMMENDED}
    for name, values in files.items():
        text = json.dumps(values, indent=1) + "\n"
        (new / f"{name}.json").write_text(text, encoding="utf-8")
    if course is not None:
        write_course(new, course)
    _swap(new, folder)


def _forget(config: Path, key: str) -> None:
    """Take out a key that diffusers writes by itself: it warns about it, or tells a local path."""
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
