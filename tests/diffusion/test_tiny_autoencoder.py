"""Tiny autoencoders: found by what they show, not by what they are called; never fetched."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import huggingface_hub.constants
import numpy as np
import pytest
import torch

from tests.builtin_sizes import CHANNELS, REDUCTION
from visualizer.diffusion import Model, SamplingRequest, sample
from visualizer.diffusion.libraries import diffusers
from visualizer.diffusion.tiny_autoencoder import TinyDecoder, find_tiny_autoencoder

WEIGHTS = "diffusion_pytorch_model.safetensors"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "hub"
    folder.mkdir()
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(folder))
    return folder


def keep(vae: Any, cache: Path, name: str) -> Path:
    folder = cache / f"models--{name.replace('/', '--')}" / "snapshots" / "0123abcd"
    vae.save_pretrained(str(folder))
    return folder


def random_one(channels: int = CHANNELS) -> Any:
    torch.manual_seed(0)
    levels = REDUCTION.bit_length()
    return diffusers.AutoencoderTiny(
        encoder_block_out_channels=(8,) * levels,
        decoder_block_out_channels=(8,) * levels,
        num_decoder_blocks=(1,) * levels,
        num_encoder_blocks=(1,) * levels,
        latent_channels=channels,
    )


def found(model: Model, beside: Path | None = None) -> TinyDecoder | None:
    return find_tiny_autoencoder(model.encode, model.decode, beside=beside)


def test_one_that_fits_is_found_whatever_it_is_called(builtin: Model, cache: Path) -> None:
    assert found(builtin) is None
    keep(random_one(), cache, "someone/taesd")
    keep(random_one(channels=4), cache, "someone/taesdxl")
    assert found(builtin) is None  # they read other latents
    keep(builtin.pipeline.vae, cache, "someone/else")
    tiny = found(builtin)
    assert tiny is not None
    run = sample(builtin, SamplingRequest("a red car on a road", seed=7, steps=3))
    for k in (0, 2, 3):
        shown = tiny.show(run.steps[k], "noisy").astype(int)
        assert np.abs(shown - run.picture(k).astype(int)).max() <= 1
    with pytest.raises(LookupError):
        tiny.show(run.steps[3], "noise")


def test_one_in_a_folder_beside_the_model_is_found(
    builtin: Model, cache: Path, tmp_path: Path
) -> None:
    model_folder = tmp_path / "models" / "mine"
    model_folder.mkdir(parents=True)
    builtin.pipeline.vae.save_pretrained(str(tmp_path / "models" / "taesd"))
    assert found(builtin, beside=model_folder) is not None
    assert found(builtin, beside=tmp_path / "nowhere" / "mine") is None


@pytest.mark.parametrize(
    "damage",
    ["cut off", "absurd", "no json", "only a pickle", "wrong shape", "evil index", "link outside"],
)
def test_one_that_is_not_sound_is_passed_over(
    builtin: Model, cache: Path, damage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Any] = []
    monkeypatch.setattr(torch, "load", opened.append)
    monkeypatch.setattr(diffusers.AutoencoderTiny, "from_pretrained", opened.append)
    folder = keep(builtin.pipeline.vae, cache, "someone/taesd")
    config = folder / "config.json"
    values = json.loads(config.read_text())
    if damage == "cut off":
        (folder / WEIGHTS).write_bytes((folder / WEIGHTS).read_bytes()[:2000])
    elif damage == "absurd":
        values["decoder_block_out_channels"] = [10**9] * 4
        config.write_text(json.dumps(values))
    elif damage == "wrong shape":
        values["decoder_block_out_channels"] = [32] * 4
        config.write_text(json.dumps(values))
    elif damage == "no json":
        config.write_text("{")
    elif damage == "evil index":
        (folder / "evil.bin").write_bytes(b"a pickle")
        text = json.dumps({"metadata": {}, "weight_map": {"a": "evil.bin"}})
        (folder / f"{WEIGHTS}.index.json").write_text(text)
    elif damage == "link outside":
        (folder / WEIGHTS).rename(cache.parent / "outside")
        (folder / WEIGHTS).symlink_to(cache.parent / "outside")
    else:
        (folder / WEIGHTS).rename(folder / "diffusion_pytorch_model.bin")
    assert found(builtin) is None
    assert not opened


def test_it_keeps_up_with_slow_steps_only(builtin: Model, cache: Path) -> None:
    keep(builtin.pipeline.vae, cache, "someone/taesd")
    tiny = found(builtin)
    assert tiny is not None
    step = sample(builtin, SamplingRequest("a red car", seed=1, steps=1)).steps[0]
    assert tiny.keeps_up(step, seconds=10_000.0)
    assert not tiny.keeps_up(step, seconds=0.0)
