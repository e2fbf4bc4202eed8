"""The command: its options, what it refuses, and a whole evaluation in small."""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tests.training.evaluation.examples import FIGURES
from tests.training.evaluation.fake_model import FakePipeline
from visualizer.diffusion.model import Model
from visualizer.training.architecture import build_scheduler
from visualizer.training.evaluation import command, fidelity, measuring
from visualizer.training.evaluation.judge import Judge, save_judge
from visualizer.training.evaluation.judge_training import examined
from visualizer.training.evaluation.judged_drawings import (
    UNSEEN_SEED,
    judged_drawing,
    judged_subject,
)
from visualizer.training.evaluation.prompts import held_out_questions, varied_questions
from visualizer.training.evaluation.report import table
from visualizer.training.evaluation.verdict import Seen, as_seen
from visualizer.training.world.composition import draw_subject

EXAMINED = 4
"""The first so many drawings that the judge is examined on show one thing, and two."""


def evaluate_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return parser


def test_the_command_loads_neither_torch_nor_qt() -> None:
    code = (
        "import sys, visualizer.training.evaluation.command\n"
        "print([m for m in ('torch', 'PySide6', 'diffusers') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"


def test_the_defaults_ask_enough() -> None:
    args = evaluate_parser().parse_args([])
    assert (args.count, args.pairs) == (500, 300)
    with pytest.raises(SystemExit):
        evaluate_parser().parse_args(["--count", "0"])


def test_a_folder_that_holds_no_model_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    args = evaluate_parser().parse_args(["--model", str(tmp_path), "--output", str(tmp_path / "o")])
    assert command.evaluate(args) == 2
    assert "model_index.json" in capsys.readouterr().out
    assert not (tmp_path / "o").exists()


# --- A whole evaluation ---------------------------------------------------------------------------


class PerfectModel:
    """Draws what it is asked for, and remembers what is to be seen in every drawing."""

    device = "cpu"
    facts = argparse.Namespace(steps=3, quick_steps=2, guidance_scale=2.0, device_label="CPU")
    identity = argparse.Namespace(weights_hash="w" * 64)

    def __init__(self, count: int, pairs: int, varied: int, seed: int) -> None:
        sets = (*held_out_questions(count, pairs, seed), varied_questions(seed, varied))
        self.subjects = {(a.prompt, a.seed): a.subject for one in sets for a in one.asked}
        self.known: dict[bytes, Seen] = {}
        self.pipeline = FakePipeline(self.draw)
        self.pipeline.scheduler = build_scheduler()

    def draw(self, prompt: str, seed: int) -> Image.Image:
        subject = self.subjects[prompt, seed]
        drawing = draw_subject(subject, random.Random(seed))
        self.known[drawing.tobytes()] = as_seen(subject)
        return Image.fromarray(drawing)


@pytest.fixture
def perfect(monkeypatch: pytest.MonkeyPatch) -> PerfectModel:
    """A model whose drawings the judge knows, as those it is examined on; others it guesses."""
    model = PerfectModel(count=2, pairs=2, varied=1, seed=1000)
    for k in range(EXAMINED):
        drawing = judged_drawing(UNSEEN_SEED, k)
        model.known[drawing.tobytes()] = as_seen(judged_subject(UNSEEN_SEED, k)[0])
    guessed = Judge.verdicts

    def verdicts(judge: Judge, pictures: NDArray[np.uint8]) -> list[Seen]:
        pairs = zip(pictures, guessed(judge, pictures), strict=True)
        return [model.known.get(picture.tobytes(), guess) for picture, guess in pairs]

    monkeypatch.setattr(Judge, "verdicts", verdicts)
    monkeypatch.setattr(Model, "open", lambda folder, device: model)
    return model


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything is measured on a few pictures."""
    monkeypatch.setattr(
        measuring,
        "examined",
        lambda judge, count=EXAMINED, **said: examined(judge, min(count, EXAMINED), **said),
    )
    monkeypatch.setattr(
        fidelity, "faithfulness", partial(fidelity.faithfulness, scenes=2, textures=2)
    )
    monkeypatch.setattr(fidelity, "decoded_noise", partial(fidelity.decoded_noise, count=2))
    monkeypatch.setattr(fidelity, "TIMED", 1)


@pytest.fixture
def asked(tmp_path: Path) -> argparse.Namespace:
    """The arguments of a small evaluation, and the files that they name."""
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "model_index.json").write_text("{}")
    (tmp_path / "photographs").mkdir()
    Image.linear_gradient("L").save(tmp_path / "photographs" / "sky.png")
    save_judge(Judge(), tmp_path / "judge.safetensors")
    said = ["--count", "2", "--pairs", "2", "--varied", "1", "--seed", "1000"]
    for name in ("model", "photographs", "output"):
        said += [f"--{name}", str(tmp_path / name)]
    return evaluate_parser().parse_args([*said, "--judge", str(tmp_path / "judge.safetensors")])


@pytest.mark.usefixtures("few")
def test_a_perfect_model_is_found_perfect(
    perfect: PerfectModel, asked: argparse.Namespace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.evaluate(asked) == 0
    written = (asked.output / "figures.json").read_text(encoding="utf-8")
    figures = json.loads(written, parse_constant=pytest.fail)
    assert figures.keys() == FIGURES.keys()
    for name in ("settings", "variety", "frechet", "static", "speed"):
        assert figures[name].keys() == FIGURES[name].keys()
    assert figures["settings"] == {"steps": 3, "guidance_scale": 2.0, "sampler": None}
    assert list(figures["accuracy"]) == ["plain", "spoken", "pairs", "sized"]
    for counts in figures["accuracy"].values():
        assert {(count["right"], count["of"]) for count in counts.values()} == {(2, 2)}
    known, sent = figures["judge"].values()
    assert all(count["share"] == 1 for count in known.values())
    assert known["place"]["of"] == sent["place"]["of"] == EXAMINED
    assert figures["psnr"].keys() == {"scenes", "textures", "photographs"}
    assert figures["frechet"]["count"] == 6
    assert (figures["variety"]["prompts"], figures["variety"]["seeds"]) == (1, 8)
    assert figures["speed"]["seconds"].keys() == {"3", "2"}

    text = (asked.output / "figures.md").read_text(encoding="utf-8")
    assert text == table(figures) + "\n"
    assert text in capsys.readouterr().out
    sheets = {f"sheet-{name}.png" for name in ("plain", "spoken", "pairs", "sized", "varied")}
    assert {path.name for path in asked.output.glob("*.png")} == sheets, "nothing is wrong"


@pytest.mark.usefixtures("few")
def test_what_was_made_is_not_made_again(perfect: PerfectModel, asked: argparse.Namespace) -> None:
    assert command.evaluate(asked) == 0
    first = len(perfect.pipeline.batches)
    assert command.evaluate(asked) == 0
    assert perfect.pipeline.batches[first:] == [1] * 4, "only to measure the speed"
