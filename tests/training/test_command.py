"""The command to train, without hours of training."""

from __future__ import annotations

import argparse
import shutil
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
    output = tmp_path / "model"
    words = ["--from", str(BUILTIN), "--scenes", "4", "--minutes", "0.001", "--device", "cpu"]
    words += ["--workdir", str(tmp_path / "work"), "--output", str(output)]
    assert command.train(parser().parse_args(words)) == 0
    before, after = read_course(BUILTIN), read_course(output)
    assert after.scenes == before.scenes
    assert after.shown - before.shown in (2, 4)
    old, new = (load_file(f / "unet" / WEIGHTS) for f in (BUILTIN, output))
    moved = [(old[name].float() - new[name].float()).abs().max().item() for name in old]
    assert 0 < max(moved) < 1e-2, "one small step away"
    old, new = (load_file(f / "vae" / WEIGHTS) for f in (BUILTIN, output))
    assert all(torch.equal(old[name], new[name]) for name in old), "the autoencoder stays"


@pytest.mark.parametrize("kind", ["nothing", "another model"])
def test_what_cannot_be_trained_further_is_refused_in_a_sentence(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "model"
    if kind == "another model":
        shutil.copytree(BUILTIN, folder)
        config = folder / "unet" / "config.json"
        config.write_text(config.read_text().replace("192", "160"))
    words = ["--from", str(folder), "--scenes", "2", "--minutes", "0.001", "--device", "cpu"]
    words += ["--workdir", str(tmp_path / "work"), "--output", str(tmp_path / "new")]
    assert command.train(parser().parse_args(words)) == 2
    said = capsys.readouterr().out
    assert str(folder) in said
    assert "Traceback" not in said
    assert not (tmp_path / "new").exists()
