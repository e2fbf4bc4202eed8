"""What can be trained further, and the sentence where a folder cannot."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from visualizer.assets import asset_path
from visualizer.training.start import StartError, learned_before, read_start

BUILTIN = asset_path("builtin-model")
UNET = "unet/diffusion_pytorch_model.safetensors"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the built-in model, to be spoiled."""
    return Path(shutil.copytree(BUILTIN, tmp_path / "model"))


def test_the_built_in_model_is_a_start() -> None:
    start = read_start(BUILTIN)
    config = json.loads((BUILTIN / "vae" / "config.json").read_text())
    assert start.autoencoder.config.scaling_factor == config["scaling_factor"]
    weights = learned_before(BUILTIN).unet.state_dict()
    stored = load_file(BUILTIN / UNET)
    assert all(torch.equal(weights[name], stored[name].float()) for name in stored)


def test_other_weights_are_another_start(folder: Path) -> None:
    weights = load_file(folder / UNET)
    name = next(iter(weights))
    save_file({**weights, name: weights[name] + 1}, folder / UNET)
    assert read_start(folder).key != read_start(BUILTIN).key == read_start(BUILTIN).key


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("unet/config.json", '"norm_num_groups": 16', '"norm_num_groups": 8', "norm_num_groups"),
        ("unet/config.json", '"attention_head_dim": 4', '"attention_head_dim": 8', "head"),
        ("scheduler/scheduler_config.json", "v_prediction", "epsilon", "prediction_type"),
        ("training.json", '"shown"', '"seen"', "training.json"),
    ],
)
def test_another_model_is_refused(folder: Path, file: str, old: str, new: str, said: str) -> None:
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(StartError, match=said) as refused:
        read_start(folder)
    assert str(folder) in str(refused.value)


@pytest.mark.parametrize("harm", ["damaged", "other numbers"])
def test_other_words_are_refused(folder: Path, harm: str) -> None:
    path = folder / "tokenizer" / "tokenizer.json"
    told = json.loads(path.read_text(encoding="utf-8"))
    numbers = told["model"]["vocab"]
    one, other = list(numbers)[-2:]
    if harm == "damaged":
        del numbers[one]
    else:
        numbers[one], numbers[other] = numbers[other], numbers[one]
    path.write_text(json.dumps(told), encoding="utf-8")
    with pytest.raises(StartError, match="vocabulary"):
        read_start(folder)


@pytest.mark.parametrize("part", ["unet", "text_encoder", "vae"])
@pytest.mark.parametrize("harm", ["missing", "damaged", "a weight less"])
def test_a_spoiled_part_is_refused(folder: Path, part: str, harm: str) -> None:
    (path,) = (folder / part).glob("*.safetensors")
    if harm == "missing":
        path.unlink()
    elif harm == "damaged":
        path.write_bytes(b"nothing")
    else:
        weights = load_file(path)
        weights.popitem()
        save_file(weights, path)
    with pytest.raises(StartError, match="cannot be trained further"):
        read_start(folder)
