"""Single checkpoints: recognized by their headers, opened offline, completed from the cache."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from accelerate import init_empty_weights
from huggingface_hub import constants
from safetensors.torch import load_file, save_file

from tests.diffusion.single_files import save_checkpoint, save_header
from tests.diffusion.tiny_pipelines import tiny_pipeline
from visualizer.assets import asset_path
from visualizer.diffusion import ModelError
from visualizer.diffusion.checkpoint_families import (
    is_whole,
    read_checkpoint,
    recognize,
    what_is_missing,
)
from visualizer.diffusion.clip_vocabulary import clip_tokenizer
from visualizer.diffusion.libraries import diffusers, transformers
from visualizer.diffusion.opening import open_pipeline

UNET = "model.diffusion_model."
SD1: dict[str, tuple[int, ...]] = {
    f"{UNET}input_blocks.0.0.weight": (320, 4, 3, 3),
    f"{UNET}input_blocks.2.1.transformer_blocks.0.attn2.to_k.weight": (320, 768),
    "first_stage_model.encoder.conv_in.weight": (128, 3, 3, 3),
    "cond_stage_model.transformer.text_model.embeddings.position_embedding.weight": (77, 768),
}
SD2 = {
    **SD1,
    f"{UNET}input_blocks.2.1.transformer_blocks.0.attn2.to_k.weight": (320, 1024),
    f"{UNET}output_blocks.11.1.transformer_blocks.0.norm1.bias": (320,),
}
XL: dict[str, tuple[int, ...]] = {
    f"{UNET}input_blocks.0.0.weight": (320, 4, 3, 3),
    f"{UNET}input_blocks.4.1.transformer_blocks.0.attn2.to_k.weight": (640, 2048),
    "first_stage_model.encoder.conv_in.weight": (128, 3, 3, 3),
    "conditioner.embedders.0.transformer.text_model.embeddings.position_embedding.weight": (77, 8),
    "conditioner.embedders.1.model.positional_embedding": (77, 1280),
}
FLUX: dict[str, tuple[int, ...]] = {
    "double_blocks.0.img_attn.norm.key_norm.scale": (128,),
    "double_blocks.18.img_attn.norm.key_norm.scale": (128,),
    "img_in.weight": (3072, 64),
}
SD3: dict[str, tuple[int, ...]] = {
    f"{UNET}joint_blocks.0.context_block.adaLN_modulation.1.bias": (9216,),
    f"{UNET}joint_blocks.23.context_block.adaLN_modulation.1.bias": (9216,),
}


def header(folder: Path, shapes: dict[str, tuple[int, ...]], **more: Any) -> Any:
    file = folder / "model.safetensors"
    save_header(file, shapes, **more)
    return read_checkpoint(file)


@pytest.mark.parametrize(
    ("shapes", "label", "pipeline", "whole"),
    [
        (SD1, "Stable Diffusion 1", "StableDiffusionPipeline", True),
        (SD2, "Stable Diffusion 2", "StableDiffusionPipeline", True),
        (XL, "Stable Diffusion XL", "StableDiffusionXLPipeline", True),
        (SD3, "Stable Diffusion 3", "StableDiffusion3Pipeline", False),
        (FLUX, "Flux", "FluxPipeline", False),
        ({f"{UNET}{k}": s for k, s in FLUX.items()}, "Flux", "FluxPipeline", False),
        (
            {**FLUX, "distilled_guidance_layer.in_proj.bias": (5,)},
            *("Chroma", "ChromaPipeline", False),
        ),
        (
            {"layers.0.adaLN_modulation.0.weight": (5, 5), "cap_embedder.0.weight": (5,)},
            *("Z-Image", "ZImagePipeline", False),
        ),
        ({"cap_embedder.0.weight": (5,)}, "Lumina 2", "Lumina2Pipeline", False),
        ({"blocks.0.cross_attn.q_linear.weight": (5,)}, "Sana", "SanaPipeline", False),
        (
            {"transformer_blocks.0.img_mod.1.weight": (5,)},
            *("Qwen-Image", "QwenImagePipeline", False),
        ),
    ],
)
def test_families_are_told_by_their_weights(
    tmp_path: Path, shapes: dict[str, tuple[int, ...]], label: str, pipeline: str, whole: bool
) -> None:
    file = header(tmp_path, shapes)
    family = recognize(file)
    assert (family.label, family.pipeline_class) == (label, pipeline)
    assert issubclass(getattr(diffusers, family.denoiser), diffusers.ModelMixin)
    assert is_whole(file, family) is whole
    if not whole:
        assert f"download {family.repository} --without" in what_is_missing(file, family)


def test_flux_without_a_guidance_input_is_schnell(tmp_path: Path) -> None:
    assert recognize(header(tmp_path, FLUX)).repository.endswith("FLUX.1-schnell")
    dev = {**FLUX, "guidance_in.in_layer.bias": (3072,)}
    assert recognize(header(tmp_path, dev)).repository.endswith("FLUX.1-dev")


@pytest.mark.parametrize(
    ("shapes", "sentence"),
    [
        ({"lora_unet_down.lora_up.weight": (3,)}, "is a LoRA"),
        ({"control_model.time_embed.0.weight": (3,)}, "is a ControlNet"),
        ({"encoder.conv_in.weight": (3,)}, "is an autoencoder"),
        ({"text_model.embeddings.position_ids": (3,)}, "is a text encoder"),
        ({"emb_params": (3,)}, "is a textual inversion"),
        ({"model.layers.0.weight": (3,)}, "holds no image model"),
        ({}, "holds no image model"),
        ({**SD1, f"{UNET}input_blocks.0.0.weight": (320, 9, 3, 3)}, "paints into a given picture"),
        ({**XL, "edm_mean": (1,)}, "noise levels cannot be known"),
        ({**FLUX, "img_in.weight": (3072, 384)}, "takes a picture beside the noise"),
        (
            {k: s for k, s in XL.items() if "embedders.1" not in k},
            "is the refiner of Stable Diffusion XL",
        ),
    ],
)
def test_what_is_no_model_is_told_apart(
    tmp_path: Path, shapes: dict[str, tuple[int, ...]], sentence: str
) -> None:
    with pytest.raises(ModelError, match=f"'model.safetensors' .*{sentence}"):
        recognize(header(tmp_path, shapes))


def test_what_a_second_stable_diffusion_predicts(tmp_path: Path) -> None:
    bias = f"{UNET}output_blocks.11.1.transformer_blocks.0.norm1.bias"
    wide = np.random.default_rng(0).normal(0, 0.2, 320).astype("<f2").tobytes()
    assert recognize(header(tmp_path, SD2, values={bias: wide})).v_prediction
    assert not recognize(header(tmp_path, SD2)).v_prediction
    noted = {"modelspec.prediction_type": "epsilon"}
    file = header(tmp_path, SD2, values={bias: wide}, metadata=noted)
    assert not recognize(file).v_prediction
    xl = recognize(header(tmp_path, {**XL, "v_pred": (1,), "ztsnr": (1,)}))
    assert xl.v_prediction
    assert xl.zero_snr


# --- The configs that ship with the program -------------------------------------------------------


def parameters(model: Any) -> int:
    return sum(p.numel() for p in model.parameters())


@pytest.mark.parametrize(
    ("folder", "part", "count"),
    [
        # as published for these models
        ("stable-diffusion-1", "unet", 859_520_964),
        ("stable-diffusion-2", "unet", 865_910_724),
        ("stable-diffusion-xl", "unet", 2_567_463_684),
        ("stable-diffusion-1", "vae", 83_653_863),
        ("stable-diffusion-xl", "vae", 83_653_863),
        ("stable-diffusion-1", "text_encoder", 123_060_480),
        ("stable-diffusion-2", "text_encoder", 340_387_840),
        ("stable-diffusion-xl", "text_encoder_2", 694_659_840),
    ],
)
def test_the_configs_describe_the_real_networks(folder: str, part: str, count: int) -> None:
    place = asset_path("model-configs", folder)
    library, name = json.loads((place / "model_index.json").read_text())[part]
    cls = getattr({"diffusers": diffusers, "transformers": transformers}[library], name)
    with init_empty_weights():
        if library == "diffusers":
            model = cls.from_config(cls.load_config(place / part))
        else:
            model = cls(cls.config_class.from_pretrained(place / part))
    assert parameters(model) == count


@pytest.mark.parametrize("folder", ["1", "2", "xl", "3"])
def test_every_scheduler_that_ships_can_be_made(folder: str) -> None:
    place = asset_path("model-configs", f"stable-diffusion-{folder}")
    name = json.loads((place / "model_index.json").read_text())["scheduler"][1]
    scheduler = getattr(diffusers, name).from_pretrained(place / "scheduler")
    scheduler.set_timesteps(4)
    assert len(scheduler.timesteps) >= 4


def test_the_vocabulary_is_that_of_clip() -> None:
    tokenizer = clip_tokenizer()
    assert len(tokenizer) == 49408
    assert tokenizer("a photo of a cat").input_ids == [49406, 320, 1125, 539, 320, 2368, 49407]
    padded = clip_tokenizer("!")("a photo", padding="max_length").input_ids
    assert len(padded) == 77
    assert padded[-1] == 0


# --- Opening --------------------------------------------------------------------------------------


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty Hugging Face cache."""
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"


def put(cache: Path, pipeline: Any, repository: str = "models--tiny--sd") -> Path:
    """A pipeline in the cache."""
    folder = cache / repository / "snapshots" / "abc"
    pipeline.save_pretrained(folder)
    (cache / repository / "refs").mkdir()
    (cache / repository / "refs" / "main").write_text("abc")
    return folder


def picture(pipeline: Any) -> Any:
    generator = torch.Generator("cpu").manual_seed(3)
    return pipeline("a boat", num_inference_steps=2, generator=generator, output_type="np").images


def test_a_checkpoint_is_the_pipeline_that_it_was(cache: Path, tmp_path: Path) -> None:
    """Of unusual size, so its configs come from the folder in the cache."""
    put(cache, tiny_pipeline())
    save_checkpoint(tiny_pipeline(), tmp_path / "tiny.safetensors")
    opened = open_pipeline(tmp_path / "tiny.safetensors")
    assert np.array_equal(picture(opened), picture(tiny_pipeline()))


def test_a_checkpoint_of_unusual_size_without_a_folder(cache: Path, tmp_path: Path) -> None:
    save_checkpoint(tiny_pipeline(), tmp_path / "tiny.safetensors")
    with pytest.raises(ModelError, match="is a Stable Diffusion 1 of unusual size"):
        open_pipeline(tmp_path / "tiny.safetensors")


def test_a_denoiser_alone_goes_into_the_folder_of_its_family(cache: Path, tmp_path: Path) -> None:
    put(cache, tiny_pipeline())
    other = tiny_pipeline()
    with torch.no_grad():
        next(other.unet.parameters()).mul_(1.5)
    file = tmp_path / "denoiser.safetensors"
    save_checkpoint(other, file)
    save_file({k: v for k, v in load_file(file).items() if k.startswith(UNET)}, file)
    opened = open_pipeline(file)
    assert np.array_equal(picture(opened), picture(other))
    assert not np.array_equal(picture(opened), picture(tiny_pipeline()))


def test_a_checkpoint_that_lacks_weights(cache: Path, tmp_path: Path) -> None:
    put(cache, tiny_pipeline())
    file = tmp_path / "tiny.safetensors"
    save_checkpoint(tiny_pipeline(), file)
    kept = {k: v for k, v in load_file(file).items() if not k.endswith("time_embed.0.bias")}
    save_file(kept, file)
    with pytest.raises(ModelError, match=r"'tiny.safetensors' is not complete"):
        open_pipeline(file)


def test_a_denoiser_alone_says_where_the_rest_is(cache: Path, tmp_path: Path) -> None:
    save_header(tmp_path / "flux.safetensors", FLUX)
    with pytest.raises(
        ModelError,
        match=r"download black-forest-labs/FLUX.1-schnell --without transformer",
    ):
        open_pipeline(tmp_path / "flux.safetensors")


def test_what_the_folder_of_the_family_names_is_checked(cache: Path, tmp_path: Path) -> None:
    folder = put(cache, tiny_pipeline())
    index = json.loads((folder / "model_index.json").read_text())
    (folder / "model_index.json").write_text(json.dumps({**index, "unet": ["os", "system"]}))
    save_checkpoint(tiny_pipeline(), tmp_path / "tiny.safetensors")
    with pytest.raises(ModelError, match="for safety it is not loaded"):
        open_pipeline(tmp_path / "tiny.safetensors")


def a_pickle(path: Path) -> None:
    torch.save({"a": torch.zeros(2)}, path)


def an_old_pickle(path: Path) -> None:
    path.write_bytes(pickle.dumps({"a": 1}, protocol=2))


def cut(path: Path) -> None:
    save_header(path, SD1)
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - 1000)


BROKEN: dict[str, tuple[Callable[[Path], object], str]] = {
    "a pickle": (a_pickle, "is a pickle, which can run any program"),
    "an old pickle": (an_old_pickle, "is a pickle, which can run any program"),
    "a text file": (lambda p: p.write_text("some text, and more of it"), "is no safetensors file"),
    "an empty file": (lambda p: p.write_text(""), "is no safetensors file"),
    "gguf": (lambda p: p.write_bytes(b"GGUF" + bytes(100)), "is a quantized checkpoint"),
    "cut off": (cut, "is cut off"),
}


@pytest.mark.parametrize("how", BROKEN)
def test_every_kind_of_broken_file_has_its_own_sentence(tmp_path: Path, how: str) -> None:
    make, sentence = BROKEN[how]
    make(tmp_path / "broken.ckpt")
    with pytest.raises(ModelError, match=f"'broken.ckpt' {sentence}"):
        open_pipeline(tmp_path / "broken.ckpt")
