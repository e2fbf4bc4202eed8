"""``denoising-visualizer sweep`` as a person meets it."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import torch

from tests.diffusion.tiny_pipelines import tiny_pipeline
from tests.families import FAMILIES
from visualizer import cli
from visualizer.commands import headless
from visualizer.diffusion import Model, Trajectory
from visualizer.session import crash_log
from visualizer.sweeps.folder import SweepFolder, read_failures
from visualizer.sweeps.results import open_results

ROOT = Path(__file__).parents[2]


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A tiny model is there already; the folder we are in holds two prompts."""
    model = Model(tiny_pipeline())
    monkeypatch.setattr(headless, "open_model", lambda folder, device: model)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "prompts.txt").write_text("# two\na red car\na boat\n", encoding="utf-8")
    return tmp_path


def sweep(*more: str, seeds: str = "0-2") -> int:
    given = ["--prompts", "prompts.txt", "--seeds", seeds, "--out", "sweep", "--steps", "2"]
    return cli.main(["sweep", *given, *more])


def test_a_sweep_and_its_second_sitting(loaded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert sweep("--guidance", "4", "--avoid", "fog", "--batch", "3", "--pictures", "final") == 0
    said = capsys.readouterr()
    assert said.out == "sweep\n"
    assert "Picture 6 of 6" in said.err
    found = open_results(loaded / "sweep")
    assert len(found.lanes) == 6
    run = found.lanes[0].run
    assert run is not None
    assert run.request.negative_prompt == "fog"
    assert run.request.guidance_scale == 4
    assert run.request.width is not None  # what was left out is what the model recommends
    assert run.model.batch_size == 3
    assert sweep("--guidance", "4", "--avoid", "fog", seeds="0-3") == 0
    assert "6 of 8 runs are there already." in capsys.readouterr().err
    assert sweep("--guidance", "4", "--avoid", "fog", "--quiet", seeds="0-3") == 0
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--seeds", ""], "The list of seeds is empty"),
        (["--seeds", "one"], "'one' is not a whole number"),
        (["--seeds", "0-99999"], "one folder holds up to"),
        (["--seeds", "4294967296"], "between 0 and 4294967295"),
        (["--prompts", "none.txt"], "There is no file 'none.txt'"),
        (["--prompts", "."], "is a folder"),
        (["--out", "prompts.txt"], "is a file, not a folder"),
        (["--sampler", "magic"], "magic"),
        (["--batch", "0"], "must lie between 1 and 256 pictures"),
        (["--workers", "2"], "name one with --ray"),
        (["--ray", "nowhere"], "is no address of a Ray cluster"),
        (["--ray", ""], "is no address of a Ray cluster"),
    ],
)
def test_what_makes_no_sense_gets_a_sentence(
    loaded: Path, capsys: pytest.CaptureFixture[str], more: list[str], said: str
) -> None:
    assert sweep(*more) == 2
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error
    assert list(loaded.glob("sweep/*.denoise")) == []


def test_other_settings_and_a_second_sweep_are_refused(
    loaded: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sweep("--quiet", seeds="7,7") == 0
    assert sweep("--guidance", "2", seeds="7") == 2
    assert "This folder holds a sweep with other settings" in capsys.readouterr().err
    with SweepFolder(loaded / "sweep"):
        assert sweep() == 2
    assert "Another sweep is at work in 'sweep'" in capsys.readouterr().err


def test_failed_runs_make_the_status_1(
    loaded: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from visualizer.diffusion import ModelError, lanes, sampling

    def sample_many(model: Model, requests: list[object], **more: object) -> list[Trajectory]:
        if any(getattr(request, "seed", 0) == 1 for request in requests):
            raise ModelError("The model's pipeline refuses this run: seed 1.")
        return sampling.sample_many(model, requests, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(lanes, "sample_many", sample_many)
    assert sweep("--quiet", "--batch", "2") == 1
    error = capsys.readouterr().err
    assert "2 of 6 runs could not be made" in error
    assert "failures.jsonl" in error
    assert len(list(loaded.glob("sweep/*.denoise"))) == 4


def test_results_are_told_by_info(loaded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert sweep("--quiet") == 0
    assert cli.main(["info", "sweep"]) == 0
    said = capsys.readouterr().out
    assert "2 prompts × 3 seeds" in said
    assert "seed 2 · a boat" in said


TINY = """
import sys
from tests.diffusion.tiny_pipelines import tiny_pipeline
from visualizer import cli
from visualizer.commands import headless
from visualizer.diffusion import Model
headless.open_model = lambda folder, device: Model(tiny_pipeline())
cli.main(sys.argv[1:])
"""


def test_a_killed_sweep_goes_on_where_it_was(
    loaded: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def files() -> dict[str, int]:
        return {path.name: path.stat().st_mtime_ns for path in loaded.glob("sweep/*.denoise")}

    command = ["sweep", "--prompts", str(loaded / "prompts.txt"), "--out", str(loaded / "sweep")]
    command += ["--steps", "2", "--seeds", "0-9999", "--batch", "2", "--quiet"]
    other = subprocess.Popen([sys.executable, "-c", TINY, *command], cwd=ROOT)
    try:
        end = time.monotonic() + 120
        while len(files()) < 5:
            assert other.poll() is None
            assert time.monotonic() < end
            threading.Event().wait(0.02)
    finally:
        other.kill()
        other.wait()
    before = files()
    for name in before:  # none of them is half a file
        assert Trajectory.open(loaded / "sweep" / name).final is not None
    last = (len(before) + 1) // 2 + 1
    assert sweep(seeds=f"0-{last}") == 0
    wanted = 2 * (last + 1)
    assert f"{len(before)} of {wanted} runs are there already." in capsys.readouterr().err
    after = files()
    assert len(after) == wanted
    assert {name: after[name] for name in before} == before
    left = {path.name for path in (loaded / "sweep").iterdir()} - set(after)
    assert left == {"sweep.json", "sweep.lock"}


def test_a_model_that_wants_a_picture_is_refused_in_plain_words(
    loaded: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made = FAMILIES["StableDiffusionControlNetPipeline"].build(torch.float32)
    monkeypatch.setattr(headless, "open_model", lambda folder, device: Model(made))
    assert sweep() == 2
    error = capsys.readouterr().err
    assert "needs a picture beside the prompt, and a sweep gives none" in error
    assert "--picture" not in error
    assert not (loaded / "sweep" / "sweep.json").exists()


def test_an_error_of_the_program_is_noted_and_written_down_and_the_others_are_made(
    loaded: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from visualizer.diffusion import lanes, sampling

    def sample_many(model: Model, requests: list[object], **more: object) -> list[Trajectory]:
        if any(getattr(request, "seed", 0) == 1 for request in requests):
            raise ZeroDivisionError("nobody expected this")
        return sampling.sample_many(model, requests, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(lanes, "sample_many", sample_many)
    assert sweep("--quiet", "--batch", "2") == 1
    assert "2 of 6 runs could not be made" in capsys.readouterr().err
    assert len(list(loaded.glob("sweep/*.denoise"))) == 4
    assert set(read_failures(loaded / "sweep").values()) == {
        "This is an error in the program (ZeroDivisionError: nobody expected this)."
    }
    assert "nobody expected this" in crash_log.crash_log_path().read_text(encoding="utf-8")
