"""Early weights: eight bits a weight, read back, and put into a pipeline."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from diffusers import StableDiffusionPipeline

from visualizer.assets import asset_path
from visualizer.training.checkpoints import (
    CheckpointError,
    found_checkpoints,
    pipeline_at,
    save_checkpoint,
    weights_of,
)
from visualizer.training.denoiser import KEPT_AT, Denoiser
from visualizer.training.world.vocabulary import build_tokenizer


def untrained(seed: int) -> Denoiser:
    torch.manual_seed(seed)
    return Denoiser(build_tokenizer())


def test_weights_come_back_as_exactly_as_eight_bits_tell_them(tmp_path: Path) -> None:
    denoiser = untrained(1)
    path = save_checkpoint(denoiser, tmp_path, 0.05, 22_080)
    whole = sum(weight.numel() * weight.element_size() for weight in denoiser.state_dict().values())
    assert path.stat().st_size < 0.27 * whole
    back = weights_of(path)
    weights = denoiser.state_dict()
    assert set(back) == set(weights)
    for name, weight in weights.items():
        if weight.dim() < 2:
            assert torch.equal(back[name], weight.float())
            continue
        half_a_step = weight.flatten(1).abs().amax(1) / 127 / 2
        away = (back[name] - weight).flatten(1).abs().amax(1)
        assert bool((away <= half_a_step * 1.001 + 1e-9).all())


def test_they_are_found_the_earliest_first_and_what_is_damaged_is_left_out(tmp_path: Path) -> None:
    denoiser = untrained(2)
    for share in (0.2, 0.01):
        save_checkpoint(denoiser, tmp_path, share, round(1000 * share))
    (tmp_path / "after-0.1.safetensors").write_bytes(b"no tensors")
    found = found_checkpoints(tmp_path)
    assert [(c.share, c.pictures) for c in found] == [(0.01, 10), (0.2, 200)]
    with pytest.raises(CheckpointError, match="cannot be read"):
        weights_of(tmp_path / "after-0.1.safetensors")
    assert found_checkpoints(tmp_path / "nowhere") == []


def test_the_shipped_ones_are_of_the_built_in_model_and_change_nothing_of_it() -> None:
    pipeline = StableDiffusionPipeline.from_pretrained(asset_path("builtin-model"))
    before = {name: weight.clone() for name, weight in pipeline.unet.state_dict().items()}
    found = found_checkpoints(asset_path("training-checkpoints"))
    assert [checkpoint.share for checkpoint in found] == sorted(KEPT_AT)
    earlier = pipeline_at(pipeline, found[0].path)
    assert earlier.vae is pipeline.vae
    assert earlier.unet is not pipeline.unet
    assert not torch.equal(earlier.unet.conv_in.weight, pipeline.unet.conv_in.weight)
    after = pipeline.unet.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)
    shipped = json.loads(asset_path("builtin-model", "unet", "config.json").read_text())
    assert earlier.unet.config.cross_attention_dim == shipped["cross_attention_dim"]


def test_a_checkpoint_of_another_model_is_refused(tmp_path: Path) -> None:
    pipeline = StableDiffusionPipeline.from_pretrained(asset_path("builtin-model"))
    denoiser = untrained(3)
    denoiser.unet.conv_in = torch.nn.Conv2d(denoiser.unet.config.in_channels, 32, 3)
    path = save_checkpoint(denoiser, tmp_path, 0.5, 1)
    with pytest.raises(CheckpointError, match="of another model"):
        pipeline_at(pipeline, path)
