"""Models on this computer: found, described, and never trusted."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from huggingface_hub import constants

from tests.diffusion.single_files import save_header
from tests.diffusion.test_checkpoint import FLUX, SD1
from visualizer.assets import asset_path
from visualizer.diffusion.found_models import (
    FoundModel,
    describe,
    find_models,
    fits,
    folders_of_class,
)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Hugging Face cache that is not there yet."""
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"


def add(cache: Path, name: str, commit: str = "abc") -> Path:
    """The built-in model as a snapshot of links to blobs."""
    repository = cache / f"models--{name.replace('/', '--')}"
    snapshot = repository / "snapshots" / commit
    (repository / "blobs").mkdir(parents=True, exist_ok=True)
    source = asset_path("builtin-model")
    for number, file in enumerate(p for p in source.rglob("*") if p.is_file()):
        link = snapshot / file.relative_to(source)
        link.parent.mkdir(parents=True, exist_ok=True)
        blob = repository / "blobs" / f"{commit}{number}"
        shutil.copy(file, blob)
        link.symlink_to(os.path.relpath(blob, link.parent))
    (repository / "refs").mkdir(exist_ok=True)
    (repository / "refs" / "main").write_text(commit)
    return snapshot


def in_cache() -> list[FoundModel]:
    return [model for model in find_models() if model.origin == "cache"]


def test_without_a_cache_there_is_the_builtin_model() -> None:
    (builtin,) = find_models()
    assert (builtin.path, builtin.name, builtin.origin) == ("", "Built-in", "builtin")
    assert (builtin.family, builtin.problem) == ("Stable Diffusion", "")
    assert builtin.license
    weights = sum(f.stat().st_size for f in asset_path("builtin-model").rglob("*.safetensors"))
    assert builtin.bytes == weights
    (half,) = find_models(half_precision=True)
    assert half.memory_bytes == pytest.approx(builtin.memory_bytes / 2, abs=1)


def test_a_model_in_the_cache_has_the_name_of_its_repository(cache: Path) -> None:
    snapshot = add(cache, "somebody/model")
    (found,) = in_cache()
    assert (found.name, found.path) == ("somebody/model", str(snapshot))
    assert (found.pipeline_class, found.problem) == ("StableDiffusionPipeline", "")
    assert found.bytes > 1_000_000


def test_of_several_versions_the_branch_main_counts(cache: Path) -> None:
    add(cache, "somebody/model", "abc")
    newest = add(cache, "somebody/model", "def")
    assert [found.path for found in in_cache()] == [str(newest)]


def test_a_cache_in_disorder(cache: Path) -> None:
    """Broken repositories, other kinds of repositories, files that do not belong there."""
    add(cache, "somebody/model")
    broken = add(cache, "somebody/broken")
    (broken / "unet" / "config.json").resolve().unlink()
    half = add(cache, "somebody/half")
    shutil.rmtree(half / "unet")
    (half.parents[1] / "blobs" / "a.incomplete").write_bytes(bytes(10))
    lost = cache / "models--somebody--lost" / "refs"
    lost.mkdir(parents=True)
    (lost / "main").write_text("gone")
    language = cache / "models--somebody--language" / "snapshots" / "abc"
    language.mkdir(parents=True)
    (language / "config.json").write_text("{}")
    (language / "model.safetensors").write_bytes(bytes(20))
    (cache / "datasets--somebody--data" / "snapshots" / "abc").mkdir(parents=True)
    (cache / "version.txt").write_text("1")
    by_name = {found.name: found for found in in_cache()}
    assert by_name["somebody/model"].problem == ""
    assert "'unet' of 'somebody/half' is missing" in by_name["somebody/half"].problem
    assert set(by_name) <= {"somebody/model", "somebody/half", "somebody/broken"}


def test_what_makes_no_pictures_says_so(cache: Path) -> None:
    snapshot = add(cache, "somebody/video")
    index = snapshot / "model_index.json"
    values = json.loads(index.read_text())
    index.unlink()
    index.write_text(json.dumps({**values, "_class_name": "LTXPipeline"}))
    (found,) = in_cache()
    assert found.problem == "A LTXPipeline does not make pictures from text."
    assert found.bytes > 1_000_000


def test_a_cache_that_is_a_file(cache: Path) -> None:
    cache.write_text("")
    assert in_cache() == []


def test_folders_are_searched_a_little_way_down(tmp_path: Path) -> None:
    top = tmp_path / "models"
    shutil.copytree(asset_path("builtin-model"), top / "a" / "b" / "mine")
    shutil.copytree(asset_path("builtin-model"), top / "1" / "2" / "3" / "4" / "too deep")
    shutil.copytree(asset_path("builtin-model"), top / ".hidden")
    (top / "round").symlink_to(top)
    save_header(top / "sd.safetensors", SD1, {"modelspec.license": "openrail"})
    save_header(top / "lora.safetensors", {"a.lora_up.weight": (3,)})
    (top / "notes.txt").write_text("")
    found = [model for model in find_models([top]) if model.origin == "folder"]
    assert [model.name for model in found] == ["sd", "mine"]
    checkpoint = found[0]
    assert (checkpoint.family, checkpoint.problem) == ("Stable Diffusion 1", "")
    assert checkpoint.license == "openrail"
    assert checkpoint.bytes == (top / "sd.safetensors").stat().st_size


def test_a_folder_that_is_a_model_and_one_that_is_not_there(tmp_path: Path) -> None:
    shutil.copytree(asset_path("builtin-model"), tmp_path / "mine")
    folders = [tmp_path / "mine", tmp_path / "mine", tmp_path / "nothing"]
    assert [m.name for m in find_models(folders) if m.origin == "folder"] == ["mine"]


def test_a_search_can_be_given_up(cache: Path, tmp_path: Path) -> None:
    add(cache, "somebody/model")
    found: list[FoundModel] = []
    for model in find_models(cancelled=lambda: len(found) == 1):
        found.append(model)
    assert len(found) == 1


def test_what_a_person_opened_is_told_in_any_case(tmp_path: Path) -> None:
    lora = tmp_path / "lora.safetensors"
    save_header(lora, {"a.lora_up.weight": (3,)})
    described = describe(lora)
    assert described is not None
    assert "is a LoRA" in described.problem
    flux = tmp_path / "flux.safetensors"
    save_header(flux, FLUX)
    described = describe(flux)
    assert described is not None
    assert "--without transformer" in described.problem
    empty = tmp_path / "empty"
    empty.mkdir()
    described = describe(empty)
    assert described is not None
    assert "is empty" in described.problem


def test_folders_of_a_class(cache: Path) -> None:
    snapshot = add(cache, "somebody/model")
    shutil.rmtree(snapshot / "unet")
    assert list(folders_of_class("StableDiffusionPipeline")) == [snapshot]
    assert list(folders_of_class("FluxPipeline")) == []


@pytest.mark.parametrize(
    ("needs", "has", "answer"),
    [(5, 10, "yes"), (9, 10, "tight"), (11, 10, "tight"), (20, 10, "no")],
)
def test_whether_it_fits(needs: int, has: int, answer: str) -> None:
    assert fits(needs * 10**9, has * 10**9) == answer


def test_finding_models_needs_no_torch(tmp_path: Path) -> None:
    save_header(tmp_path / "sd.safetensors", SD1)
    code = (
        "import sys; from pathlib import Path;"
        "from visualizer.diffusion.found_models import find_models;"
        f"assert len(list(find_models([Path({str(tmp_path)!r})]))) >= 2;"
        "assert not {'torch', 'diffusers', 'transformers'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
