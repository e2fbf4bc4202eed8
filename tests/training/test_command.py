"""The two commands, without hours of training."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import pytest

from visualizer.training import command, plan


def parsers() -> tuple[argparse.ArgumentParser, argparse.ArgumentParser]:
    both = argparse.ArgumentParser(), argparse.ArgumentParser()
    command.add_arguments(*both)
    return both


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
    train, evaluate = parsers()
    args = train.parse_args([])
    assert (args.device, args.minutes) == ("auto", plan.DEFAULT_MINUTES)
    assert args.scenes == plan.SCENES
    assert sum(plan.SHARES.values()) == pytest.approx(1)
    assert evaluate.parse_args([]).count == 200
    with pytest.raises(SystemExit):
        train.parse_args(["--minutes", "0"])


def test_evaluate_names_a_folder_that_holds_no_model(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    args = parsers()[1].parse_args(["--model", str(tmp_path), "--output", str(tmp_path / "out")])
    assert command.evaluate(args) == 2
    assert "model_index.json" in capsys.readouterr().out
