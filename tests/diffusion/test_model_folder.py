"""Model folders that are broken or not meant well: each is refused, with a sentence of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from visualizer.assets import asset_path
from visualizer.diffusion.class_names import check_classes
from visualizer.diffusion.config_sizes import absurd_size
from visualizer.diffusion.model_folder import (
    ModelError,
    Part,
    inspect_folder,
    license_in,
    license_of,
)
from visualizer.diffusion.weights_file import WeightsFileError, read_weights_file

Damage = Callable[[Path], object]


def change(path: Path, **values: Any) -> None:
    """Some values of a JSON file."""
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def index(**values: Any) -> Damage:
    return lambda folder: change(folder / "model_index.json", **values)


def config(part: str, **values: Any) -> Damage:
    return lambda folder: change(folder / part / "config.json", **values)


def write(name: str, text: str) -> Damage:
    return lambda folder: (folder / name).write_text(text)


def weights_of(folder: Path, part: str) -> Path:
    return next((folder / part).glob("*.safetensors"))


def cut(folder: Path) -> None:
    os.truncate(weights_of(folder, "unet"), 100_000)


def cut_in_the_header(folder: Path) -> None:
    os.truncate(weights_of(folder, "unet"), 1000)


def not_safetensors(folder: Path) -> None:
    weights_of(folder, "vae").write_text("version https://git-lfs.github.com/spec/v1")


def pickled(folder: Path) -> None:
    file = weights_of(folder, "unet")
    file.rename(file.with_suffix(".bin"))


def no_weights(folder: Path) -> None:
    weights_of(folder, "unet").unlink()


def empty_part(folder: Path) -> None:
    shutil.rmtree(folder / "scheduler")
    (folder / "scheduler").mkdir()


def emptied(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.mkdir()


def sharded(**more: str) -> Damage:
    """The UNet's weights by an index, which says of some weights that they lie elsewhere."""

    def damage(folder: Path) -> None:
        file = weights_of(folder, "unet")
        file.rename(file.parent / "one.safetensors")
        names = read_weights_file(file.parent / "one.safetensors").tensors
        weight_map = {**dict.fromkeys(names, "one.safetensors"), **more}
        text = json.dumps({"weight_map": weight_map})
        (file.parent / "diffusion_pytorch_model.safetensors.index.json").write_text(text)

    return damage


def beside(name: str, *shards: str) -> Damage:
    """One more index, beside the weights that are there."""
    text = json.dumps({"metadata": {}, "weight_map": {f"w{i}": s for i, s in enumerate(shards)}})
    return write(name, text)


def whole_index_beside(folder: Path) -> None:
    """Weights twice: as a single file, and by an index that is sound."""
    file = weights_of(folder, "unet")
    sharded()(folder)
    shutil.copy(file.parent / "one.safetensors", file)


def decoy(folder: Path) -> None:
    """A text encoder with sound weights under diffusers' name, which transformers never reads."""
    part = folder / "text_encoder"
    weights_of(folder, "text_encoder").rename(part / "diffusion_pytorch_model.safetensors")
    beside("text_encoder/model.safetensors.index.json", "../../outside.safetensors")(folder)


def only_a_decoy(folder: Path) -> None:
    file = weights_of(folder, "text_encoder")
    file.rename(file.with_name("diffusion_pytorch_model.safetensors"))


def two_names(folder: Path) -> None:
    """A part of a pipeline's own, which either library might load."""
    index(unet=["wuerstchen", "PaellaVQModel"])(folder)
    file = weights_of(folder, "unet")
    shutil.copy(file, file.with_name("model.safetensors"))


def linked(name: str) -> Damage:
    def damage(folder: Path) -> None:
        outside = folder.parent / "outside"
        (folder / name).rename(outside)
        (folder / name).symlink_to(outside)

    return damage


def dangling(folder: Path) -> None:
    file = weights_of(folder, "unet")
    file.unlink()
    file.symlink_to(folder / "blobs" / "gone")


DAMAGE: dict[str, tuple[Damage, str]] = {
    "empty folder": (emptied, "The folder 'model' is empty"),
    "no index": (lambda f: (f / "model_index.json").unlink(), "holds no model_index.json"),
    "broken index": (write("model_index.json", "{"), "damaged, or no JSON"),
    "an index that is a list": (write("model_index.json", "[]"), "no names and values"),
    "a nested index": (write("model_index.json", '{"a":' * 100_000), "nested too deeply"),
    "a huge index": (
        lambda f: os.truncate(f / "model_index.json", 3_000_000_000),
        "3 GB: no such file is that large",
    ),
    "an index without parts": (
        write("model_index.json", '{"_class_name": "StableDiffusionPipeline"}'),
        "names no parts",
    ),
    "an index without a pipeline": (index(_class_name=None), "names no pipeline"),
    "a custom pipeline": (index(_class_name=["pipeline", "Evil"]), "program code of its own"),
    "an unknown pipeline": (index(_class_name="EvilPipeline"), "no pipeline called 'EvilPipeline'"),
    "a pipeline that is a function": (index(_class_name="logging"), "no pipeline called 'logging'"),
    "a pipeline that is a model": (index(_class_name="AutoencoderKL"), "no pipeline called"),
    "a missing part": (lambda f: shutil.rmtree(f / "vae"), "The part 'vae' of 'model' is missing"),
    "a part the pipeline needs": (index(unet=[None, None]), "needs a part 'unet'"),
    "an empty part": (empty_part, "'scheduler' of 'model' is an empty folder"),
    "no config": (lambda f: (f / "vae/config.json").unlink(), "'vae' of 'model' has no config"),
    "no weights": (no_weights, "'unet' of 'model' has no weights"),
    "pickle only": (pickled, "only as a pickle"),
    "cut off": (cut, "MB of weights are there"),
    "cut off in the header": (cut_in_the_header, "is cut off in its header"),
    "not safetensors": (not_safetensors, "is no safetensors file"),
    "a part of one name": (index(unet=["diffusers"]), "in two names what the part 'unet' is"),
    "a part of no name": (index(unet=[]), "in two names what the part 'unet' is"),
    "a part of other things": (index(unet=["diffusers", {"a": 1}]), "in two names"),
    "an unknown library": (index(unet=["my_code", "Evil"]), "for safety it is not loaded"),
    "the interpreter's library": (index(unet=["os", "system"]), "for safety it is not loaded"),
    "an unknown class": (index(unet=["diffusers", "Evil"]), "for safety it is not loaded"),
    "a function": (index(unet=["diffusers", "attach_lora"]), "for safety it is not loaded"),
    "a module": (index(unet=["diffusers", "pipelines"]), "for safety it is not loaded"),
    "a pipeline as a part": (
        index(unet=["diffusers", "StableDiffusionPipeline"]),
        "for safety it is not loaded",
    ),
    "a module of pipelines": (
        index(unet=["stable_diffusion", "AutoImageProcessor"]),
        "for safety it is not loaded",
    ),
    "a pickled kind of model": (
        index(unet=["diffusers", "OnnxRuntimeModel"]),
        "for safety it is not loaded",
    ),
    "code in a config": (
        config("text_encoder", auto_map={"AutoModel": "evil.Model"}),
        "asks for program code that comes with the model",
    ),
    "code deep in a config": (
        config("text_encoder", a=[{"b": {"auto_map": {"AutoModel": "evil.Model"}}}]),
        "asks for program code that comes with the model",
    ),
    "code in a tokenizer": (
        lambda f: change(f / "tokenizer/tokenizer_config.json", auto_map={"AutoTokenizer": "a.B"}),
        "asks for program code that comes with the model",
    ),
    "a part elsewhere": (index(**{"../../etc": ["diffusers", "AutoencoderKL"]}), "a part '../"),
    "a part at the root": (index(**{"/etc": ["diffusers", "AutoencoderKL"]}), "a part '/etc'"),
    "weights in another folder": (sharded(x="../../x.safetensors"), "points to '../../x.safe"),
    "weights at a path": (sharded(x="/etc/passwd"), "points to '/etc/passwd'"),
    "weights on another drive": (sharded(x="C:\\x.safetensors"), "points to 'C:"),
    "weights in a pickle": (sharded(x="two.bin"), "only .safetensors are loaded"),
    "an index of a pickle beside sound weights": (
        beside("unet/diffusion_pytorch_model.safetensors.index.json", "evil.bin"),
        "points to 'evil.bin': only .safetensors are loaded",
    ),
    "an index of a variant": (
        beside("unet/diffusion_pytorch_model.safetensors.index.fp16.json", "evil.bin"),
        "points to 'evil.bin': only .safetensors are loaded",
    ),
    "an index of an older name": (
        beside("unet/diffusion_pytorch_model.safetensors.fp16.index.json", "evil.bin"),
        "points to 'evil.bin': only .safetensors are loaded",
    ),
    "a schedule without end": (
        lambda folder: change(
            folder / "scheduler" / "scheduler_config.json", num_train_timesteps=150_000_000
        ),
        "num_train_timesteps 150000000",
    ),
    "an index that is damaged": (
        write("unet/diffusion_pytorch_model.safetensors.index.json", "{"),
        "damaged, or no JSON",
    ),
    "weights twice": (whole_index_beside, "'unet' of 'model' has its weights twice"),
    "weights under two names": (two_names, "under the names of two libraries"),
    "a decoy": (decoy, "points to '../../outside.safetensors'"),
    "only a decoy": (only_a_decoy, "no .safetensors file that transformers would load"),
    "weights of another name": (
        config("text_encoder", transformers_weights="other.safetensors"),
        "asks for weights of another name ('transformers_weights')",
    ),
    "an adapter": (
        write("text_encoder/adapter_config.json", "{}"),
        "'text_encoder' of 'model' is an adapter (adapter_config.json)",
    ),
    "a missing shard": (sharded(x="two.safetensors"), "'two.safetensors' of the part 'unet'"),
    "a missing weight": (sharded(x="one.safetensors"), "names the weight 'x'"),
    "a link to a folder outside": (linked("vae"), "is a link to a place outside"),
    "a link to a file outside": (linked("vae/config.json"), "is a link to a place outside"),
    "a link as index": (linked("model_index.json"), "is a link to a place outside"),
    "a link to nothing": (dangling, "the download did not come to its end"),
    "a width out of this world": (
        config("unet", cross_attention_dim=10**12),
        "does not fit its weights: cross_attention_dim is 1000000000000",
    ),
    "wide blocks": (config("unet", block_out_channels=[100_000] * 4), "the block_out_channels"),
    "layers without end": (config("unet", layers_per_block=10**9), "layers_per_block is"),
    "a dictionary without end": (
        config("text_encoder", vocab_size=900_000, hidden_size=900_000),
        "vocab_size and hidden_size make",
    ),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    copy = tmp_path / "model"
    shutil.copytree(asset_path("builtin-model"), copy)
    return copy


@pytest.mark.parametrize("how", DAMAGE)
def test_every_kind_of_broken_folder_has_its_own_sentence(folder: Path, how: str) -> None:
    damage, sentence = DAMAGE[how]
    damage(folder)
    with pytest.raises(ModelError) as refused:
        check_classes(inspect_folder(folder))
    assert sentence in str(refused.value)
    assert str(refused.value).endswith((".", "'"))
    assert "Traceback" not in str(refused.value)


def test_a_folder_that_is_whole_is_described(folder: Path) -> None:
    described = inspect_folder(folder)
    check_classes(described)
    assert described.pipeline_class == "StableDiffusionPipeline"
    assert {part.name for part in described.parts} == {
        "scheduler",
        "text_encoder",
        "tokenizer",
        "unet",
        "vae",
    }
    assert described.variant is None
    unet = next(part for part in described.parts if part.name == "unet")
    assert unet.bytes == weights_of(folder, "unet").stat().st_size
    assert unet.elements * 2 <= unet.bytes


def test_arguments_of_a_pipeline_are_no_parts(folder: Path) -> None:
    """As Krea 2 names the layers of its text encoder that it listens to."""
    index(text_encoder_select_layers=[2, 5, 8], image_encoder=[None, None])(folder)
    described = inspect_folder(folder)
    check_classes(described)
    assert len(described.parts) == 5


@pytest.mark.parametrize(
    ("pipeline", "library", "name"),
    [
        ("PRXPipeline", "transformers", "T5GemmaEncoder"),  # which only diffusers adds
        ("StableCascadeCombinedPipeline", "wuerstchen", "PaellaVQModel"),  # which has moved
        ("StableDiffusionPipeline", "stable_diffusion", "StableDiffusionSafetyChecker"),
        ("StableDiffusionPipeline", "transformers", "CLIPFeatureExtractor"),  # its old name
        ("KolorsPipeline", "kolors", "ChatGLMModel"),
    ],
)
def test_parts_that_lie_in_unusual_places(
    tmp_path: Path, pipeline: str, library: str, name: str
) -> None:
    from visualizer.diffusion.class_names import part_class, pipeline_class

    assert pipeline_class(pipeline).__name__ == pipeline
    part_class(Part("part", library, name, tmp_path), "model")


def test_what_is_no_folder(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("a text file")
    with pytest.raises(ModelError, match=r"'notes.txt' is a file, and no model folder"):
        inspect_folder(text)
    with pytest.raises(ModelError, match="There is no folder"):
        inspect_folder(tmp_path / "nothing")


def test_weights_under_the_name_of_a_variant(folder: Path) -> None:
    for part in ("unet", "vae", "text_encoder"):
        file = weights_of(folder, part)
        file.rename(file.with_name(file.name.replace(".safetensors", ".fp16.safetensors")))
    assert inspect_folder(folder).variant == "fp16"


def test_the_links_of_the_cache_are_followed(folder: Path, tmp_path: Path) -> None:
    """As in a Hugging Face cache, some of whose blobs are shared by the whole cache."""
    snapshot = tmp_path / "hub" / "models--somebody--model" / "snapshots" / "abc"
    blobs, shared = snapshot.parents[1] / "blobs", tmp_path / "hub" / "blobs" / "aa"
    blobs.mkdir(parents=True)
    shared.mkdir(parents=True)
    files = [path for path in folder.rglob("*") if path.is_file()]
    for number, file in enumerate(files):
        link = snapshot / file.relative_to(folder)
        link.parent.mkdir(parents=True, exist_ok=True)
        blob = blobs / str(number)
        if number % 2:
            file.rename(shared / str(number))
            blob.symlink_to(shared / str(number))
        else:
            file.rename(blob)
        link.symlink_to(os.path.relpath(blob, link.parent))
    inspect_folder(snapshot)
    secret = tmp_path / "secret"
    secret.write_text("{}")
    link = snapshot / "vae" / "config.json"
    link.unlink()
    link.symlink_to(secret)
    with pytest.raises(ModelError, match="is a link to a place outside"):
        inspect_folder(snapshot)


def test_a_folder_may_itself_be_a_link(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "short").symlink_to(folder)
    inspect_folder(tmp_path / "short")


def test_looking_at_a_folder_needs_no_torch(folder: Path) -> None:
    code = (
        "import sys; from pathlib import Path;"
        "from visualizer.diffusion.model_folder import inspect_folder;"
        f"inspect_folder(Path({str(folder)!r}));"
        "assert not {'torch', 'diffusers', 'transformers'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("header", "data", "sentence"),
    [
        ({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}, 8, ""),
        ({"a": {"dtype": "F4", "shape": [3], "data_offsets": [0, 2]}}, 2, ""),
        ({"__metadata__": {"format": "pt"}}, 0, ""),
        ({"a": {"dtype": "F32", "shape": [3], "data_offsets": [0, 8]}}, 8, "damaged header"),
        ({"a": {"dtype": "F32", "shape": [-2], "data_offsets": [0, 8]}}, 8, "damaged header"),
        ({"a": {"dtype": "F32", "shape": [2], "data_offsets": [4, 12]}}, 12, "damaged header"),
        ({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}, 4, "cut off"),
        ({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}, 9, "damaged header"),
        ({"a": {"dtype": "F32", "shape": [2]}}, 8, "damaged header"),
        ({"a": 5}, 0, "damaged header"),
        ([], 0, "no safetensors file"),
    ],
)
def test_headers_are_held_against_the_file(
    tmp_path: Path, header: Any, data: int, sentence: str
) -> None:
    text = json.dumps(header).encode()
    file = tmp_path / "a.safetensors"
    file.write_bytes(len(text).to_bytes(8, "little") + text + bytes(data))
    if sentence:
        with pytest.raises(WeightsFileError, match=sentence):
            read_weights_file(file)
    else:
        read_weights_file(file)


@pytest.mark.parametrize(
    "content",
    [b"", b"abc", b"\xff" * 100, (10**9).to_bytes(8, "little") + b"{}", b"\x02" + bytes(9)],
)
def test_what_is_no_safetensors_file(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "a.safetensors"
    file.write_bytes(content)
    with pytest.raises(WeightsFileError, match=r"is no safetensors file|is cut off"):
        read_weights_file(file)


def test_a_header_nested_without_end(tmp_path: Path) -> None:
    text = b"[" * 100_000
    file = tmp_path / "a.safetensors"
    file.write_bytes(len(text).to_bytes(8, "little") + text)
    with pytest.raises(WeightsFileError, match="is no safetensors file"):
        read_weights_file(file)


def test_headers_say_what_the_library_wrote(tmp_path: Path) -> None:
    file = tmp_path / "a.safetensors"
    save_file({"b": np.zeros((2, 3), np.float16), "a": np.ones(5, np.float32)}, file)
    read = read_weights_file(file)
    assert {name: (t.dtype, t.shape) for name, t in read.tensors.items()} == {
        "a": ("F32", (5,)),
        "b": ("F16", (2, 3)),
    }
    assert read.elements == 11
    assert read.shape("a") == (5,)
    assert read.shape("c") is None


@pytest.mark.parametrize(
    ("values", "elements", "tensors"),
    [
        # Stable Diffusion 1.5's UNet, T5-XXL's encoder, Qwen2.5-VL, Flux: they are as they are
        (
            {
                "block_out_channels": [320, 640, 1280, 1280],
                "cross_attention_dim": 768,
                "attention_head_dim": 8,
                "layers_per_block": 2,
                "sample_size": 64,
            },
            859_520_964,
            686,
        ),
        ({"d_model": 4096, "num_layers": 24, "vocab_size": 32128, "d_ff": 10240}, 4.76e9, 219),
        (
            {
                "vocab_size": 152064,
                "max_position_embeddings": 128_000,
                "text_config": {"hidden_size": 3584, "num_hidden_layers": 28},
                "vision_config": {"depth": 32, "hidden_size": 1280},
            },
            8.29e9,
            729,
        ),
        (
            {"num_attention_heads": 24, "attention_head_dim": 128, "num_layers": 19},
            11.9e9,
            780,
        ),
        ({"sample_size": 128, "pos_embed_max_size": 384, "num_layers": 38}, 8.06e9, 1000),
    ],
)
def test_the_sizes_of_real_models_are_not_absurd(
    values: dict[str, Any], elements: float, tensors: int
) -> None:
    assert absurd_size(values, elements=int(elements), tensors=tensors) == ""


@pytest.mark.parametrize(
    "values",
    [
        {"hidden_size": 10**9},
        {"num_hidden_layers": 10**6},
        {"sample_size": 10**5},
        {"inner": {"deeper": [{"depth": 10**6}]}},
        {"num_attention_heads": 4000, "attention_head_dim": 4000, "num_layers": 100},
        {"pos_embed_max_size": 10_000, "num_attention_heads": 24, "attention_head_dim": 64},
        {"num_train_timesteps": 10**9},
        {"block_out_channels": [1] * 20_000},
    ],
)
def test_absurd_sizes_are_found(values: dict[str, Any]) -> None:
    assert absurd_size(values, elements=10**6, tensors=100)


def test_the_license_of_a_model_card(tmp_path: Path) -> None:
    assert license_of(asset_path("builtin-model"))
    assert license_of(tmp_path) == ""
    assert license_in("---\nlicense: mit\ntags: x\n---\nlicense: no") == "mit"
    assert license_in("---\nlicense: other\nlicense_name: flux-dev\n---") == "flux-dev"
    assert license_in("# A model\nlicense: mit") == ""
