"""The command to train, without hours of training."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from visualizer.assets import asset_path
from visualizer.training import command, denoiser, plan
from visualizer.training.model_card import read_course
from visualizer.training.team import Member
from visualizer.training.world.captions import known_words

BUILTIN = asset_path("builtin-model")
WEIGHTS = "diffusion_pytorch_model.safetensors"


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser()
    command.add_arguments(made)
    return made


def test_the_command_loads_neither_torch_nor_qt() -> None:
    code = (
        "import sys, visualizer.training.command\n"
        "print([m for m in ('torch', 'PySide6', 'diffusers') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"


def test_defaults() -> None:
    args = parser().parse_args([])
    assert (args.device, args.minutes) == ("auto", None)
    assert args.scenes == plan.SCENES
    assert sum(plan.SHARES.values()) == pytest.approx(1)
    with pytest.raises(SystemExit):
        parser().parse_args(["--minutes", "0"])


def test_a_model_is_trained_further_from_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(denoiser, "train_together", lambda work, _, *args: work(Member(), *args))
    monkeypatch.setattr(denoiser, "BATCH", {"cpu": 2})
    monkeypatch.setattr(denoiser, "DETAILS", {"cpu": 3})
    work, output = tmp_path / "work", tmp_path / "model"
    work.mkdir()
    log = work / "log.jsonl"
    entry = {"stage": "denoiser", "samples": 9, "spent": 1, "loss": 0.5, "rate": 1e-3}
    log.write_text(json.dumps(entry) + "\n")
    words = ["--from", str(BUILTIN), "--scenes", "2", "--minutes", "1e-9", "--device", "cpu"]
    words += ["--workdir", str(work), "--output", str(output)]
    assert command.train(parser().parse_args(words)) == 0
    before, after = read_course(BUILTIN), read_course(output)
    assert (after.scenes, after.shown) == (before.scenes, before.shown + 4), "two steps of two"
    old, new = (load_file(f / "unet" / WEIGHTS) for f in (BUILTIN, output))
    moved = [(old[name].float() - new[name].float()).abs().max().item() for name in old]
    assert 0 < max(moved) < 1e-2, "two small steps away"
    old, new = (load_file(f / "vae" / WEIGHTS) for f in (BUILTIN, output))
    assert all(torch.equal(old[name], new[name]) for name in old), "the autoencoder stays"
    stages = [json.loads(line)["stage"] for line in log.read_text().splitlines()]
    assert stages[0] == "denoiser", "what was logged of the first training stays"
    assert set(stages[1:]) == {"denoiser, further"}
    assert (output / command.CURVES).read_bytes() == (BUILTIN / command.CURVES).read_bytes()
    assert "denoiser, further" in (output / command.FURTHER_CURVES).read_text()
    assert not list(work.glob("*-after-*")), "early weights are of a training from nothing"
    assert "path" not in (output / "vae" / "config.json").read_text(), "nor where it came from"

    assert command.train(parser().parse_args(words)) == 0
    assert read_course(output) == after, "what is done is not done again"
    words[1] = str(output)
    assert command.train(parser().parse_args(words)) == 0
    assert read_course(output).shown == after.shown + 4, "another start begins anew"


@pytest.mark.parametrize("folder", ["nowhere", "assets"])
def test_what_cannot_be_trained_further_is_refused_before_anything_is_drawn(
    folder: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    start = tmp_path if folder == "nowhere" else BUILTIN.parent
    work = tmp_path / "work"
    words = ["--from", str(start), "--workdir", str(work), "--output", str(tmp_path / "new")]
    assert command.train(parser().parse_args([*words, "--device", "cpu"])) == 2
    assert f"The model in {start} cannot be trained further" in capsys.readouterr().out
    assert not work.exists()


def test_what_is_known_of_scenes_is_made_anew_when_it_is_told_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Path] = []

    def written(_seed: int, _count: int, path: Path) -> None:
        made.append(path)
        path.touch()

    for name in ("write_captions", "write_things", "write_shares"):
        monkeypatch.setattr(f"visualizer.training.examples.{name}", written)
    captions, things, shares = command._known_of_scenes(tmp_path, 3)
    assert command._known_of_scenes(tmp_path, 3) == (captions, things, shares)
    words = [*known_words(), "zebra"]
    monkeypatch.setattr("visualizer.training.world.vocabulary.known_words", lambda: words)
    others, *same = command._known_of_scenes(tmp_path, 3)
    assert same == [things, shares]
    assert others != captions
    assert made == [captions, things, shares, others]
    monkeypatch.setattr("visualizer.training.examples.HARD", {"cat": 9.0})
    assert command._known_of_scenes(tmp_path, 3)[2] != shares
