"""What `evaluate` takes from its options, and what from the questions and the model."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from visualizer.training.architecture import PICTURE_SIZE as SIZE
from visualizer.training.evaluation import command, measuring
from visualizer.training.evaluation.fidelity import faithfulness
from visualizer.training.evaluation.prompts import SEEDS_EACH, VARIED
from visualizer.training.model_card import RECOMMENDED


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser()
    command.add_arguments(made)
    return made


def test_as_many_prompts_are_varied_as_the_questions_say() -> None:
    assert parser().parse_args([]).varied == VARIED
    said = " ".join(parser().format_help().split())
    assert f"under {SEEDS_EACH} seeds each (default: {VARIED})" in said
    code = "import sys, visualizer.training.evaluation.command\nprint('numpy' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("kind", ["nowhere", "text alone", "a broken picture"])
def test_photographs_that_are_none_are_refused_before_anything_is_made(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, output = tmp_path / "photographs", tmp_path / "output"
    if kind != "nowhere":
        folder.mkdir()
        (folder / "CREDITS.md").write_text("who made them")
    if kind == "a broken picture":
        (folder / "cat.jpg").write_bytes(b"no picture")
    args = parser().parse_args(["--photographs", str(folder), "--output", str(output)])
    assert command.evaluate(args) == 2
    said = capsys.readouterr().out
    if kind == "a broken picture":
        assert f"{folder / 'cat.jpg'} cannot be read as a picture" in said
    else:
        assert f"{folder} holds no pictures (.jpg, .jpeg, .png)." in said
    assert not output.exists()


def test_photographs_are_measured_where_they_are_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("visualizer.training.autoencoder.psnr", lambda _vae, x: float(x.max()))
    assert parser().parse_args([]).photographs is None
    assert set(faithfulness(None, {}, 1, 1)) == {"scenes", "textures"}
    flat = {name: np.full((SIZE, SIZE, 3), grey, np.uint8) for name, grey in (("a", 20), ("b", 30))}
    found = faithfulness(None, flat, 1, 1)
    assert found["photographs"] == {"mean": 25, "count": 2, "each": {"a": 20, "b": 30}}


def test_photographs_reach_the_figures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.new("RGB", (40, 30), "red").save(tmp_path / "cat.jpg")
    taken: list[Any] = []
    monkeypatch.setattr(command, "_measured", lambda *given: taken.append(given[-1]))
    monkeypatch.setattr(command, "_write", lambda *_: None)
    for module, name in (
        ("visualizer.diffusion.model.Model", "open"),
        ("visualizer.training.evaluation.judge", "load_judge"),
        ("visualizer.training.evaluation.generated", "Generator"),
    ):
        monkeypatch.setattr(f"{module}.{name}", _stand_in)
    for words in (["--photographs", str(tmp_path)], []):
        assert command.evaluate(parser().parse_args(words)) == 0
    assert [list(given) for given in taken] == [["cat"], []]


def _stand_in(*_: Any, **__: Any) -> Any:
    return argparse.Namespace(facts=argparse.Namespace(steps=30, guidance_scale=5.0))


@pytest.mark.parametrize("quick", [4, None])
def test_speed_is_measured_at_the_quick_steps_of_the_model(
    quick: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measuring, "seconds_a_picture", lambda _generator, _asked, steps: steps)
    facts = argparse.Namespace(quick_steps=quick, device_label="CPU")
    model, settings = argparse.Namespace(facts=facts), argparse.Namespace(steps=30)
    generator: Any = argparse.Namespace(model=model, settings=settings)
    asked: Any = None
    few = quick or RECOMMENDED["quick_steps"]
    assert measuring.speed(generator, asked)["seconds"] == {"30": 30, str(few): few}
