"""Opening folders: the pipeline that diffusers gives, or a sentence before a weight is read."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.diffusion.tiny_pipelines import tiny_flow_pipeline, tiny_pipeline
from visualizer.assets import asset_path
from visualizer.diffusion import ModelError
from visualizer.diffusion import opening as opening_module
from visualizer.diffusion.libraries import diffusers
from visualizer.diffusion.opening import open_folder, open_pipeline


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A tiny Stable Diffusion in a folder."""
    saved = tmp_path / "tiny"
    tiny_pipeline().save_pretrained(saved)
    return saved


def picture(pipeline: Any) -> Any:
    generator = torch.Generator("cpu").manual_seed(3)
    return pipeline("a boat", num_inference_steps=2, generator=generator, output_type="np").images


def rewrite(file: Path, edit: Callable[[dict[str, torch.Tensor]], object]) -> None:
    weights = load_file(file)
    edit(weights)
    save_file(weights, file)


def test_it_is_the_pipeline_that_was_saved(folder: Path) -> None:
    opened = open_pipeline(folder)
    assert type(opened) is diffusers.StableDiffusionPipeline
    assert opened.dtype == torch.float32
    assert np.array_equal(picture(opened), picture(tiny_pipeline()))


def test_the_dtype_that_is_asked_for(folder: Path) -> None:
    assert open_pipeline(folder, dtype=torch.bfloat16).unet.dtype == torch.bfloat16


def test_weights_of_a_variant(folder: Path, tmp_path: Path) -> None:
    tiny_pipeline().to(torch.float16).save_pretrained(tmp_path / "half", variant="fp16")
    opened = open_pipeline(tmp_path / "half")
    assert opened.unet.dtype == torch.float32  # what a CPU computes with
    assert picture(opened).shape == (1, 16, 16, 3)


def test_a_text_encoder_that_was_left_out(tmp_path: Path) -> None:
    """Many people keep Stable Diffusion 3 without its T5."""
    tiny_flow_pipeline().save_pretrained(tmp_path / "tiny")
    index = json.loads((tmp_path / "tiny/model_index.json").read_text())
    assert index["text_encoder_3"] == [None, None]
    opened = open_pipeline(tmp_path / "tiny")
    assert opened.text_encoder_3 is None
    assert np.array_equal(picture(opened), picture(tiny_flow_pipeline()))


def test_weights_in_several_files(folder: Path, tmp_path: Path) -> None:
    tiny_pipeline().unet.save_pretrained(folder / "unet", max_shard_size="50KB")
    (folder / "unet/diffusion_pytorch_model.safetensors").unlink()
    assert len(list((folder / "unet").glob("*-of-*.safetensors"))) > 1
    assert np.array_equal(picture(open_pipeline(folder)), picture(tiny_pipeline()))


def test_a_part_that_is_given_is_not_read(folder: Path) -> None:
    shutil.rmtree(folder / "vae")
    vae = tiny_pipeline().vae
    assert open_folder(folder, vae=vae).vae is vae


UNET = "unet/diffusion_pytorch_model.safetensors"
BROKEN: dict[str, tuple[str, Callable[[dict[str, torch.Tensor]], object], str]] = {
    "wrong shape": (
        UNET,
        lambda w: w.update({"conv_in.weight": torch.zeros(8, 9, 3, 3)}),
        r"wrong shape: 'conv_in.weight' is 8 × 9 × 3 × 3, and its config.json asks for 8 × 4 × 3",
    ),
    "missing weight": (
        UNET,
        lambda w: w.pop("conv_in.bias"),
        r"'unet' of 'tiny' is not complete: 1 of its \d+ weights are missing, 'conv_in.bias'",
    ),
    "wrong shape in a text encoder": (
        "text_encoder/model.safetensors",
        lambda w: w.update({n: t[:, :5].contiguous() for n, t in w.items() if "token_emb" in n}),
        "'text_encoder' of 'tiny' has weights of the wrong shape",
    ),
}


@pytest.mark.parametrize("how", BROKEN)
def test_weights_that_do_not_fit_are_refused_before_loading(
    folder: Path, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, edit, sentence = BROKEN[how]
    rewrite(folder / file, edit)
    monkeypatch.setattr(diffusers.DiffusionPipeline, "from_pretrained", None)
    with pytest.raises(ModelError, match=sentence):
        open_pipeline(folder)


@pytest.mark.parametrize(
    ("part", "weights", "index", "shard"),
    [
        ("unet", "diffusion_pytorch_model", "diffusion_pytorch_model", "evil.bin"),
        ("text_encoder", "diffusion_pytorch_model", "model", "../../outside.safetensors"),
    ],
)
def test_what_is_looked_at_is_what_would_be_loaded(
    folder: Path,
    part: str,
    weights: str,
    index: str,
    shard: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Sound weights, beside an index that the library would prefer to them."""
    loaded: list[Any] = []

    def load(*args: Any, **_: Any) -> dict[str, Any]:
        loaded.append(args)
        return {}

    monkeypatch.setattr(torch, "load", load)
    whole = next((folder / part).glob("*.safetensors"))
    names = list(load_file(whole))
    shutil.copy(whole, folder.parent / "outside.safetensors")
    (folder / part / "evil.bin").write_bytes(b"a pickle")
    whole.rename(folder / part / f"{weights}.safetensors")
    text = json.dumps({"metadata": {}, "weight_map": dict.fromkeys(names, shard)})
    (folder / part / f"{index}.safetensors.index.json").write_text(text)
    with pytest.raises(ModelError, match=f"points to '{shard}'"):
        open_pipeline(folder)
    assert not loaded


def test_an_index_of_pickles_beside_sound_weights_is_passed_over(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other programs leave both in their snapshots; only the one is ever read."""

    def load(*args: Any, **_: Any) -> dict[str, Any]:
        raise AssertionError("a pickle was read")

    monkeypatch.setattr(torch, "load", load)
    (folder / "unet" / "evil.bin").write_bytes(b"a pickle")
    text = json.dumps({"metadata": {}, "weight_map": {"conv_in.weight": "evil.bin"}})
    for name in ("diffusion_pytorch_model", "pytorch_model"):
        (folder / "unet" / f"{name}.bin.index.json").write_text(text)
    assert open_pipeline(folder) is not None


@pytest.mark.parametrize(
    "name", ["StableDiffusionImg2ImgPipeline", "StableDiffusionInpaintPipeline"]
)
def test_a_pipeline_that_wants_more_than_words_is_refused(folder: Path, name: str) -> None:
    index = json.loads((folder / "model_index.json").read_text())
    (folder / "model_index.json").write_text(json.dumps({**index, "_class_name": name}))
    with pytest.raises(ModelError, match="does not make pictures from text alone"):
        open_pipeline(folder)


def test_a_config_that_makes_no_sense(folder: Path) -> None:
    config = json.loads((folder / "unet/config.json").read_text())
    config["down_block_types"] = ["EvilBlock", "EvilBlock"]
    (folder / "unet/config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match=r"'unet' of 'tiny' cannot be built .*EvilBlock"):
        open_pipeline(folder)


def test_what_the_libraries_cannot_load_is_told(folder: Path) -> None:
    (folder / "tokenizer/tokenizer.json").write_text("{}")
    with pytest.raises(ModelError, match="'tiny' could not be loaded: "):
        open_pipeline(folder)


def test_running_out_of_memory_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise torch.OutOfMemoryError("out of memory")

    monkeypatch.setattr(diffusers.DiffusionPipeline, "from_pretrained", full)
    with pytest.raises(ModelError, match="not enough memory to open 'tiny'"):
        open_pipeline(folder)


@pytest.mark.parametrize(
    ("prior", "sentence"),
    [
        ("../elsewhere", "is no model: for safety"),
        ("/etc/prior", "is no model: for safety"),
        ("somebody/prior", r"needs a second model, its prior 'somebody/prior', which is not here"),
    ],
)
def test_the_prior_that_a_model_card_names_is_not_trusted(
    tmp_path: Path, prior: str, sentence: str
) -> None:
    (tmp_path / "README.md").write_text(f"---\nprior:\n- {prior}\n---\n")
    with pytest.raises(ModelError, match=sentence):
        opening_module._check_connected(diffusers.KandinskyV22CombinedPipeline, tmp_path)


def test_a_model_card_without_end_is_not_read(tmp_path: Path) -> None:
    card = tmp_path / "README.md"
    card.write_text("---\nprior:\n- somebody/prior\n---\n")
    with card.open("r+b") as file:
        file.truncate(10_000_000_000)
    with pytest.raises(ModelError, match=r"README\.md of .* is too large to be a model card"):
        opening_module._check_connected(diffusers.KandinskyV22CombinedPipeline, tmp_path)


def test_a_model_card_elsewhere_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "outside").write_text("---\nprior:\n- somebody/prior\n---\n")
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "README.md").symlink_to(tmp_path / "outside")
    with pytest.raises(ModelError, match=r"'README\.md' in 'model' is a link to a place outside"):
        opening_module._check_connected(diffusers.KandinskyV22CombinedPipeline, tmp_path / "model")


def test_the_builtin_model_is_a_folder_like_any_other() -> None:
    assert open_pipeline(asset_path("builtin-model")).unet.dtype == torch.float32


def test_every_text_to_image_family_has_a_name_of_its_own() -> None:
    from diffusers.pipelines.auto_pipeline import AUTO_TEXT2IMAGE_PIPELINES_MAPPING

    from visualizer.diffusion.family_names import FAMILY_NAMES, family_name

    classes = {pipeline.__name__ for pipeline in AUTO_TEXT2IMAGE_PIPELINES_MAPPING.values()}
    assert set(FAMILY_NAMES) == classes
    assert len(set(FAMILY_NAMES.values())) == len(classes)
    assert family_name("FluxPipeline") == "Flux"
    assert family_name("LTXPipeline") == ""
