"""The command to train, without hours of training."""

from __future__ import annotations

import argparse
import subprocess
import sys

import pytest

from visualizer.training import command, plan


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
