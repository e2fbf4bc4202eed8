"""Downloads: what is chosen, and the real child process against a hub on this computer."""

from __future__ import annotations

import errno
import os
import shutil
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.diffusion.tiny_pipelines import tiny_pipeline
from tests.fake_hub import COMMIT, FakeHub
from visualizer.diffusion import ModelError
from visualizer.diffusion.download import PARTIAL
from visualizer.diffusion.download_failures import sentence_for
from visualizer.diffusion.download_plan import DownloadPlan, choose_files
from visualizer.diffusion.download_process import Download, DownloadError
from visualizer.diffusion.model_folder import inspect_folder
from visualizer.diffusion.opening import open_pipeline

NAME = "somebody/tiny"
INDEX = {
    "_class_name": "StableDiffusionPipeline",
    "scheduler": ["diffusers", "DDIMScheduler"],
    "tokenizer": ["transformers", "CLIPTokenizer"],
    "unet": ["diffusers", "UNet2DConditionModel"],
    "vae": ["diffusers", "AutoencoderKL"],
    "safety_checker": [None, None],
    "requires_safety_checker": False,
}
SMALL = [
    "model_index.json",
    "README.md",
    "LICENSE.md",
    "scheduler/scheduler_config.json",
    "tokenizer/vocab.json",
    "tokenizer/merges.txt",
    "unet/config.json",
    "vae/config.json",
]
UNET = "unet/diffusion_pytorch_model"
VAE = "vae/diffusion_pytorch_model"


def chosen(*weights: str, without: tuple[str, ...] = ()) -> set[str]:
    names = [*SMALL, *weights, "v1-5-pruned.ckpt", "v1-5-pruned.safetensors", "demo.png"]
    names += ["safety_checker/model.safetensors", "unet/model.onnx", "unet/training.log"]
    return set(choose_files(names, INDEX, without)) - set(SMALL)


def test_only_what_the_pipeline_needs_is_chosen() -> None:
    plain = (f"{UNET}.safetensors", f"{VAE}.safetensors")
    assert chosen(*plain, f"{UNET}.bin", f"{VAE}.bin", f"{UNET}.non_ema.safetensors") == set(plain)


def test_half_precision_is_chosen_where_all_of_it_is_there() -> None:
    plain = (f"{UNET}.safetensors", f"{VAE}.safetensors")
    half = (f"{UNET}.fp16.safetensors", f"{VAE}.fp16.safetensors")
    assert chosen(*plain, *half) == set(half)
    assert chosen(*plain, half[0]) == set(plain)
    assert chosen(half[0], plain[1]) == {half[0], plain[1]}


def test_weights_in_several_files_are_chosen_together() -> None:
    plain = [
        f"{UNET}.safetensors.index.json",
        f"{UNET}-00001-of-00002.safetensors",
        f"{UNET}-00002-of-00002.safetensors",
    ]
    half = [
        f"{UNET}.safetensors.index.fp16.json",
        f"{UNET}.fp16-00001-of-00002.safetensors",
        f"{UNET}.fp16-00002-of-00002.safetensors",
        f"{VAE}.fp16.safetensors",
    ]
    assert chosen(*plain, f"{VAE}.safetensors") == {*plain, f"{VAE}.safetensors"}
    assert chosen(*plain, f"{VAE}.safetensors", *half) == set(half)


def test_parts_that_are_not_wanted_are_left_out() -> None:
    names = chosen(f"{UNET}.safetensors", f"{VAE}.safetensors", without=("unet",))
    assert names == {f"{VAE}.safetensors"}


def test_what_cannot_be_loaded_is_not_downloaded() -> None:
    with pytest.raises(ModelError, match="'unet' only as a pickle"):
        chosen(f"{UNET}.bin", f"{VAE}.safetensors")
    with pytest.raises(ModelError, match="no weights of the part 'unet'"):
        chosen(f"{VAE}.safetensors")
    with pytest.raises(ModelError, match="does not hold the part 'vae'"):
        choose_files([name for name in SMALL if "vae" not in name] + [f"{UNET}.safetensors"], INDEX)


# --- The process ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("repository")
    tiny_pipeline().save_pretrained(folder)
    (folder / "unet" / "diffusion_pytorch_model.bin").write_bytes(b"\x80\x02pickle" * 9000)
    (folder / "sd.ckpt").write_bytes(b"\x80\x02pickle")
    (folder / "README.md").write_text("---\nlicense: openrail++\n---\n")
    return folder


@pytest.fixture
def hub(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    with FakeHub().serving() as hub:
        hub.repositories[NAME] = repository
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
        monkeypatch.delenv("HF_HUB_CACHE", raising=False)
        yield hub


def described(name: str = NAME, without: tuple[str, ...] = ()) -> DownloadPlan:
    plan = Download().describe(name, without)
    assert plan is not None
    return plan


def test_size_and_license_are_told_before_anything_is_downloaded(
    hub: FakeHub, tmp_path: Path
) -> None:
    plan = described()
    assert (plan.commit, plan.license, plan.family) == (COMMIT, "openrail++", "Stable Diffusion")
    assert plan.problem == ""
    names = {file.name for file in plan.files}
    assert "unet/diffusion_pytorch_model.safetensors" in names
    assert not any(name.endswith((".bin", ".ckpt")) for name in names)
    assert plan.bytes == sum(file.size for file in plan.files)
    assert plan.bytes_here == 0
    assert set(hub.sent) == {"model_index.json"}
    assert not (tmp_path / "hf" / "hub").exists()
    assert DownloadPlan.from_json(plan.as_json()) == plan


def test_a_download_is_a_model_that_opens(hub: FakeHub) -> None:
    plan = described()
    told: list[tuple[int, int]] = []
    folder = Download().fetch(plan, lambda done, total: told.append((done, total)))
    assert folder is not None
    assert folder.parts[-3:] == ("models--somebody--tiny", "snapshots", COMMIT)
    assert (folder.parents[1] / "refs" / "main").read_text() == COMMIT
    assert told == sorted(told)
    assert told[0] == (0, plan.bytes)
    assert told[-1] == (plan.bytes, plan.bytes)
    assert "diffusion_pytorch_model.bin" not in hub.sent
    assert open_pipeline(folder).unet is not None
    # all of it is here now
    before = dict(hub.sent)
    assert described().bytes_here == plan.bytes
    assert Download().fetch(plan, lambda done, total: None) == folder
    assert {**hub.sent, "model_index.json": 0} == {**before, "model_index.json": 0}


def test_a_download_that_was_cancelled_goes_on_where_it_stopped(
    hub: FakeHub, tmp_path: Path
) -> None:
    plan = described()
    hub.hold = 100_000
    download = Download()
    result: list[Path | None] = []
    thread = threading.Thread(
        target=lambda: result.append(download.fetch(plan, lambda done, total: None))
    )
    thread.start()
    assert hub.held.wait(20)
    blobs = tmp_path / "hf" / "hub" / "models--somebody--tiny" / "blobs"
    begun = _wait_for_a_partial(blobs, thread)
    download.cancel()
    thread.join(30)
    assert result == [None]
    here = begun.stat().st_size
    assert here > 0
    assert described().bytes_here >= here
    hub.release.set()
    folder = Download().fetch(plan, lambda done, total: None)
    assert folder is not None
    assert hub.ranges == [f"bytes={here}-"]  # only what was missing of the file that was begun
    assert not list(blobs.glob(f"*{PARTIAL}"))
    inspect_folder(folder)


def _wait_for_a_partial(blobs: Path, thread: threading.Thread) -> Path:
    """The file that is being written, once there is something in it."""
    while thread.is_alive():
        for path in blobs.glob(f"*{PARTIAL}"):
            if path.stat().st_size:
                return path
        thread.join(0.01)
    raise AssertionError("the download has ended")


def test_a_damaged_file_is_thrown_away(hub: FakeHub, tmp_path: Path) -> None:
    plan = described()
    hub.damage = "diffusion_pytorch_model.safetensors"
    with pytest.raises(DownloadError, match="arrived damaged"):
        Download().fetch(plan, lambda done, total: None)
    assert not list((tmp_path / "hf").rglob(f"*{PARTIAL}"))
    assert not list((tmp_path / "hf").rglob("unet/*.safetensors"))


def test_only_the_parts_that_a_checkpoint_lacks(hub: FakeHub) -> None:
    plan = described(without=("unet",))
    assert not any(file.name.startswith("unet/") for file in plan.files)
    folder = Download().fetch(plan, lambda done, total: None)
    assert folder is not None
    with pytest.raises(ModelError, match="'unet' of 'somebody/tiny' is missing"):
        inspect_folder(folder)
    inspect_folder(folder, without=frozenset({"unet"}))


@pytest.mark.parametrize(
    ("refused", "sentence"),
    [
        ((403, "GatedRepo"), "open only to people who accepted its terms"),
        ((401, "GatedRepo"), "open only to people who accepted its terms"),
        ((401, "RepoNotFound"), "There is no model 'somebody/tiny' on the hub, or it is private"),
        ((500, ""), r"The hub has a fault of its own \(500\)"),
    ],
)
def test_refusals_are_sentences(hub: FakeHub, refused: tuple[int, str], sentence: str) -> None:
    hub.refused[NAME] = refused
    with pytest.raises(DownloadError, match=sentence):
        described()


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("somebody/else", "There is no model 'somebody/else' on the hub, or it is private"),
        ("not a name!", "is not the name of a model"),
    ],
)
def test_names_that_are_no_models(hub: FakeHub, name: str, sentence: str) -> None:
    with pytest.raises(DownloadError, match=sentence):
        described(name)


def test_a_repository_without_a_pipeline(hub: FakeHub, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "config.json").write_text("{}")
    hub.repositories["somebody/other"] = tmp_path / "other"
    with pytest.raises(DownloadError, match="holds no pipeline in the diffusers format"):
        described("somebody/other")


def test_without_a_network(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{closed.getsockname()[1]}")
        with pytest.raises(DownloadError, match=r"hub cannot be reached\. Check .* internet\.$"):
            described()


def test_an_interrupted_download_can_be_gone_on_with() -> None:
    assert "goes on where it stopped" in sentence_for(ConnectionError(), NAME)
    assert "where it stopped" not in sentence_for(ConnectionError(), NAME, begun=False)


def test_a_full_disk_is_a_sentence() -> None:
    full = RuntimeError("outer")
    full.__cause__ = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert "The disk is full" in sentence_for(full, NAME)


def test_too_little_space_is_told_before(hub: FakeHub) -> None:
    plan = described()
    small = DownloadPlan(**{**vars(plan), "free_bytes": 1000})
    assert "There is not enough space" in small.problem


def test_what_makes_no_pictures_is_told_before(hub: FakeHub, tmp_path: Path) -> None:
    video = tmp_path / "video"
    shutil.copytree(hub.repositories[NAME], video)
    text = (video / "model_index.json").read_text()
    (video / "model_index.json").write_text(text.replace("StableDiffusionP", "LTXP"))
    hub.repositories["somebody/video"] = video
    assert "does not make pictures from text" in described("somebody/video").problem


def test_a_download_that_was_cancelled_before_it_began() -> None:
    download = Download()
    download.cancel()
    assert download.describe(NAME) is None
