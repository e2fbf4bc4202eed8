"""The command line: pictures without a window, sentences for what cannot be done."""

from __future__ import annotations

import io
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.example_runs import make_run
from tests.export.grids import make_grid
from tests.fake_hub import FakeHub
from visualizer import __version__, cli
from visualizer.assets import asset_path
from visualizer.commands import headless
from visualizer.commands import run as run_command
from visualizer.commands.missing_pictures import Keeping
from visualizer.diffusion import Model, Trajectory, comparison_file
from visualizer.diffusion.comparison import Comparison
from visualizer.display import has_display
from visualizer.export.film import film_of
from visualizer.export.options import ExportOptions
from visualizer.progress_line import ProgressLine

PROMPT = "a red Ferrari on a mountain road at sunset"
ROOT = Path(__file__).parents[1]


def without_display() -> dict[str, str]:
    """The environment of a machine without a display, in which torch takes one core."""
    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    kept = {name: value for name, value in os.environ.items() if name not in hidden}
    return {**kept, "OMP_NUM_THREADS": "1"}


def command(*arguments: object, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the program as a person does, with no display."""
    return subprocess.run(
        [sys.executable, "-m", "visualizer", *map(str, arguments)],
        cwd=ROOT,
        env={**without_display(), **variables},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


@pytest.fixture(scope="module")
def model() -> Iterator[Model]:
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # on a busy machine two threads wait for each other without end
    yield Model.builtin(device="cpu")
    torch.set_num_threads(threads)


@pytest.fixture
def loaded(model: Model, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The built-in model is there already; the folder we are in is empty."""
    monkeypatch.setattr(headless, "open_model", lambda folder, device: model)
    monkeypatch.chdir(tmp_path)
    return tmp_path


# --- Sampling -------------------------------------------------------------------------------------


def test_every_out_is_written_without_a_display_and_without_qt(tmp_path: Path) -> None:
    names = ("final.png", "steps.webp", "sheet.png", "page.html", "ferrari.denoise")
    outs = [word for name in names for word in ("--out", str(tmp_path / name))]
    options = ["--seed", "7", "--steps", "3", "--guidance", "3", "--sampler", "ddim"]
    program = (
        "import sys; from visualizer.cli import main; status = main(sys.argv[1:])\n"
        "print([m for m in sys.modules if m.startswith('PySide6')]); sys.exit(status)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "run", PROMPT, *options, *outs],
        cwd=ROOT,
        env=without_display(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    *written, qt = done.stdout.splitlines()
    assert sorted(written) == sorted(str(tmp_path / name) for name in names)
    assert qt == "[]"
    said = done.stderr.splitlines()
    assert said[0] == "Loading the model …"
    assert all(re.match(r"Step \d of 3$|3 steps in|Loading", line) for line in said), said
    run = Trajectory.open(tmp_path / "ferrari.denoise")
    assert (run.request.prompt, run.request.seed, run.request.guidance_scale) == (PROMPT, 7, 3.0)
    assert (run.request.sampler, len(run.steps), len(run.pictures)) == ("ddim", 4, 6)
    with Image.open(tmp_path / "final.png") as image:
        assert np.array_equal(np.asarray(image), run.picture(3))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The requests that are sampled; a made run stands for each."""
    requests: list[Any] = []

    def sampled(model: Any, request: Any, **_: Any) -> Trajectory:
        requests.append(request)
        return make_run(2, request=request)

    monkeypatch.setattr("visualizer.diffusion.sampling.sample", sampled)
    return requests


def test_what_is_left_out_is_what_the_model_recommends(
    loaded: Path, model: Model, asked: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["run", "A red car, at night!", "--quiet"]) == 0
    facts = model.facts
    assert (asked[0].steps, asked[0].guidance_scale) == (facts.steps, facts.guidance_scale)
    assert (asked[0].width, asked[0].height) == (facts.width, facts.height)
    assert [p.name for p in loaded.iterdir()] == ["a-red-car-at-night-0.png"]
    assert capsys.readouterr() == ("", "")


def test_a_quick_run_takes_the_few_steps_that_the_model_recommends(
    loaded: Path,
    model: Model,
    asked: list[Any],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(vars(model), "facts", replace(model.facts, quick_steps=3))
    assert cli.main(["run", "a red car", "--quick", "--quiet"]) == 0
    assert asked[0].steps == 3
    assert cli.main(["info", str(loaded)]) == 0
    assert f"{model.facts.steps}, or 3 in a hurry" in capsys.readouterr().out
    monkeypatch.setitem(vars(model), "facts", replace(model.facts, quick_steps=None))
    assert cli.main(["run", "a red car", "--quick", "--quiet"]) == 2
    assert "no quick way of its own: give --steps a number" in capsys.readouterr().err
    assert cli.main(["run", "a red car", "--quick", "--steps", "5"]) == 2
    assert "not allowed with" in capsys.readouterr().err
    assert len(asked) == 1


def test_notes_on_words_and_avoid(loaded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["run", "a red elephant", "--avoid", "rain", "--guidance", "1", "--steps", "1"]
    assert cli.main([*arguments, "--out", "a.png"]) == 0
    said = capsys.readouterr().err
    assert "Note: This model was never taught 'elephant'." in said
    assert "not read where guidance is off" in said
    assert "1 step in" in said


@pytest.fixture
def interrupting(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Ctrl+C arrives at step 2."""

    def show(self: ProgressLine, what: str, done: int, total: int) -> None:
        if done == 2:
            signal.raise_signal(signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    monkeypatch.setattr(ProgressLine, "show", show)
    yield
    assert signal.getsignal(signal.SIGINT) is before


def test_ctrl_c_keeps_the_partial_run(
    loaded: Path, interrupting: None, capsys: pytest.CaptureFixture[str]
) -> None:
    outs = ["--out", "a.png", "--out", "a.denoise"]
    assert cli.main(["run", PROMPT, "--steps", "20", *outs]) == 130
    run = Trajectory.open(loaded / "a.denoise")
    assert run.cancelled
    assert 3 <= len(run.steps) <= 4
    assert not (loaded / "a.png").exists()
    out, err = capsys.readouterr()
    assert out == "a.denoise\n"
    assert "Stopping …" in err
    assert (
        f"Stopped at step {len(run.steps) - 1} of 20.\nWriting a.denoise with its pictures" in err
    )


def test_ctrl_c_while_the_partial_run_is_written_ends_at_once(
    loaded: Path,
    interrupting: None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    decoded = 0

    def decode(self: Keeping, latents: Any, layout: Any) -> Any:
        nonlocal decoded
        decoded += 1
        signal.raise_signal(signal.SIGINT)
        raise AssertionError("it did not end it")

    monkeypatch.setattr(Keeping, "decode", decode)
    assert cli.main(["run", PROMPT, "--steps", "20", "--out", "a.denoise"]) == 130
    assert decoded == 1
    assert list(loaded.iterdir()) == []
    out, err = capsys.readouterr()
    assert (out, err.splitlines()[-1]) == ("", "Stopped.")


def test_a_second_ctrl_c_ends_at_once(
    loaded: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def show(self: ProgressLine, what: str, done: int, total: int) -> None:
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(ProgressLine, "show", show)

    def hang(model: Any, request: Any, *, on_step: Any, **_: Any) -> Trajectory:
        on_step(make_run(2).steps[0])
        on_step(make_run(2).steps[1])
        raise AssertionError("the second one did not end it")

    monkeypatch.setattr("visualizer.diffusion.sampling.sample", hang)
    assert cli.main(["run", PROMPT]) == 130
    assert list(loaded.iterdir()) == []
    assert capsys.readouterr().err.endswith("Stopped.\n")


def test_overflowing_numbers_are_told_and_fail(
    loaded: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = make_run(6, stop_after=3, notice="The numbers overflowed at step 2 (NaN).")
    monkeypatch.setattr("visualizer.diffusion.sampling.sample", lambda *_, **__: run)
    assert cli.main(["run", PROMPT, "--out", "a.denoise", "--out", "a.png"]) == 1
    assert [p.name for p in loaded.iterdir()] == ["a.denoise"]
    assert run.notice in capsys.readouterr().err


def test_one_file_that_fails_does_not_take_the_others(
    loaded: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def sampled(model: Any, request: Any, **_: Any) -> Trajectory:
        (loaded / "folder").rmdir()  # gone while it sampled
        return make_run(2, request=request)

    (loaded / "folder").mkdir()
    monkeypatch.setattr("visualizer.diffusion.sampling.sample", sampled)
    assert cli.main(["run", PROMPT, "--out", "folder/a.png", "--out", "b.png"]) == 1
    out, err = capsys.readouterr()
    assert out == "b.png\n"
    assert "error: 'a.png' was not saved: its folder does not exist." in err


# --- What cannot be done --------------------------------------------------------------------------

IMPOSSIBLE: dict[str, tuple[list[str], str]] = {
    "seed below": (["--seed", "-1"], "The seed must lie between 0 and 4294967295, not -1."),
    "seed above": (["--seed", str(2**32)], "The seed must lie between"),
    "seed of words": (["--seed", "seven"], "'seven' is no whole number"),
    "no steps": (["--steps", "0"], "The number of steps must lie between"),
    "guidance": (["--guidance", "nan"], "The guidance must lie between"),
    "size": (["--size", "big"], "'big' is not a size such as 512x512"),
    "no such size": (["--size", "104x64"], "104 × 64"),
    "too many steps": (["--sampler", "ddim", "--steps", "5000"], "steps"),
    "sampler": (["--sampler", "magic"], "This model has no sampler 'magic'."),
    "ending": (["--out", "a.tiff"], "Use .png, .jpg"),
    "folder": (["--out", "gone/a.png"], "its folder does not exist"),
    "option": (["--magic"], "unrecognized arguments: --magic"),
}


@pytest.mark.parametrize(("options", "sentence"), IMPOSSIBLE.values(), ids=IMPOSSIBLE.keys())
def test_what_cannot_be_done_gets_a_sentence(
    loaded: Path, capsys: pytest.CaptureFixture[str], options: list[str], sentence: str
) -> None:
    assert cli.main(["run", PROMPT, *options]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert sentence in err
    assert err.count("error: ") == 1
    assert "Traceback" not in err
    assert list(loaded.iterdir()) == []


@pytest.mark.parametrize("prompt", ["a\0b", "a\ud83db"])
def test_prompts_that_are_no_text(
    loaded: Path, capsys: pytest.CaptureFixture[str], prompt: str
) -> None:
    assert cli.main(["run", prompt]) == 2
    assert "a character that is no text" in capsys.readouterr().err


@pytest.mark.parametrize("prompt", ["", "🚗 سيارة حمراء", "red " * 300])
def test_prompts_that_are_odd_but_text(loaded: Path, prompt: str) -> None:
    assert cli.main(["run", prompt, "--steps", "1", "--out", "a.png"]) == 0
    assert (loaded / "a.png").exists()


def test_a_model_folder_that_is_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for folder, sentence in ((tmp_path, "is empty"), (tmp_path / "gone", "no folder")):
        assert cli.main(["run", PROMPT, "--model", str(folder)]) == 2
        assert sentence in capsys.readouterr().err


def test_a_model_folder_of_ones_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = tmp_path / "my-model"
    shutil.copytree(asset_path("builtin-model"), own)
    arguments = ["--steps", "1", "--device", "cpu", "--out", str(tmp_path / "a.denoise")]
    assert cli.main(["run", "a red car", "--model", str(own), *arguments]) == 0
    model = Trajectory.open(tmp_path / "a.denoise").model
    assert model.name == "my-model"
    assert str(tmp_path) not in repr(model)
    assert cli.main(["run", "a red car", "--model", str(own), "--device", "toaster"]) == 2
    assert "This machine has no device 'toaster'" in capsys.readouterr().err


def test_a_picture_and_further_arguments_reach_the_pipeline(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import torch

    from tests.families import FAMILIES

    folder = tmp_path / "controlled"
    FAMILIES["StableDiffusionControlNetPipeline"].build(torch.float32).save_pretrained(folder)
    picture = tmp_path / "edges.png"
    Image.fromarray(np.tile(np.arange(64, dtype=np.uint8), (48, 1))).save(picture)
    run = ["run", "a red car", "--model", str(folder), "--steps", "2", "--quiet"]
    assert cli.main(run) == 2
    assert "needs a picture: --picture image=FILE" in capsys.readouterr().err
    finals = []
    for strength in ("1.0", "0.1"):
        out = tmp_path / f"{strength}.denoise"
        scale = f"controlnet_conditioning_scale={strength}"
        assert cli.main([*run, "--picture", str(picture), "--set", scale, "--out", str(out)]) == 0
        opened = Trajectory.open(out)
        assert opened.request.extra["controlnet_conditioning_scale"] == float(strength)
        assert opened.final is not None
        assert opened.request.extra["image"].shape == opened.final.shape
        finals.append(opened.final)
    assert not np.array_equal(finals[0], finals[1])


def test_weights_are_read_when_asked_for(loaded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = loaded / "weighted.png"
    run = ["run", "a (red)1.4 car", "--steps", "2", "--out", str(out)]
    assert cli.main(run) == 0
    assert "never taught '1', '4'" in capsys.readouterr().err
    plain = np.asarray(Image.open(out))
    assert cli.main([*run, "--weights"]) == 0
    assert "never taught" not in capsys.readouterr().err
    assert not np.array_equal(plain, np.asarray(Image.open(out)))


def test_a_setting_that_the_pipeline_does_not_have(
    loaded: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["run", PROMPT, "--set", "nonsense=3"]) == 2
    assert "has no setting 'nonsense'" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="pipes break otherwise on Windows")
def test_a_reader_that_has_gone_is_no_crash(tmp_path: Path) -> None:
    make_run(1).save(tmp_path / "run.denoise")
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as stdout:
        done = subprocess.run(
            [sys.executable, "-m", "visualizer", "info", tmp_path / "run.denoise"],
            cwd=ROOT,
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stderr) == (1, "")


def test_mistakes_are_told_before_anything_is_loaded(tmp_path: Path) -> None:
    program = (
        "import sys; from visualizer.cli import main\n"
        "status = main(['run', 'a', '--out', sys.argv[1]])\n"
        "print(status, 'torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, tmp_path / "a.tiff"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "2 False\n"


def test_the_unexpected_goes_to_the_crash_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def break_down(*_: object) -> int:
        raise ZeroDivisionError("a number divided by nothing")

    monkeypatch.setenv("DENOISING_VISUALIZER_HOME", str(tmp_path))
    monkeypatch.setattr(run_command, "run", break_down)
    assert cli.main(["run", PROMPT]) == 1
    err = capsys.readouterr().err
    assert "a number divided by nothing" in err
    assert "Traceback" not in err
    log = Path(err.strip().splitlines()[-1].removeprefix("The details are in "))
    assert "Traceback" in log.read_text(encoding="utf-8")


# --- The window -----------------------------------------------------------------------------------


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """The windows that would have opened, by the file they were given."""
    opened: list[str | None] = []

    def run(path: str | None = None, argv: Sequence[str] = ()) -> int:
        opened.append(path)
        return 0

    monkeypatch.setattr("visualizer.app.run", run)
    return opened


def test_no_command_opens_the_window(
    windows: list[str | None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "run.denoise"
    make_run(1).save(path)
    assert cli.main([]) == 0
    assert cli.main([str(path)]) == 0
    monkeypatch.setattr(sys, "argv", ["window", str(path)])
    assert cli.window_main() == 0
    assert windows == [None, str(path), str(path)]


def test_a_file_that_is_not_there(
    windows: list[str | None], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cli.main(["rum"]) == 2
    assert "There is no file 'rum', and no command of that name (run," in capsys.readouterr().err
    assert cli.main(["a.denoise", "b.denoise"]) == 2
    assert "Only one file" in capsys.readouterr().err
    assert windows == []
    monkeypatch.setattr(sys, "argv", ["window", "gone.denoise"])
    assert cli.window_main() == 0  # without a terminal it is the window that says so
    assert windows == ["gone.denoise"]


def test_a_program_without_streams_still_works(
    windows: list[str | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["window"])
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    assert cli.window_main() == 0
    assert cli.main(["run", "a\0b"]) == 2
    assert cli.main(["run"]) == 2
    assert windows == [None]


def test_without_a_display_the_example_is_written(
    loaded: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(headless, "recommended", lambda request, _: replace(request, steps=2))
    monkeypatch.setattr("visualizer.display.has_display", lambda: False)
    assert cli.main([]) == 0
    out, err = capsys.readouterr()
    assert err.startswith("There is no display here")
    written = [Path(line) for line in out.splitlines()]
    assert {p.name for p in written} == {"final.png", "sheet.png", "steps.webp", "ferrari.denoise"}
    assert all(p.parent == loaded / "denoising-visualizer-pictures" for p in written)
    run = Trajectory.open(loaded / "denoising-visualizer-pictures" / "ferrari.denoise")
    assert (run.request.prompt, run.request.seed) == (PROMPT, 7)


def test_without_a_display_a_run_becomes_pictures(tmp_path: Path) -> None:
    make_run(2).save(tmp_path / "run.denoise")
    work = tmp_path / "work"
    work.mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "visualizer", str(tmp_path / "run.denoise")],
        cwd=work,
        env={**without_display(), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 3


def test_without_a_display_a_comparison_becomes_pictures(
    loaded: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    grid = make_grid(make_run(2), None, make_run(3, seed=1))
    comparison_file.save(grid, loaded / "grid.denoise")
    assert run_command.without_window(str(loaded / "grid.denoise")) == 0
    final, *others = (Path(line) for line in capsys.readouterr().out.splitlines())
    with Image.open(final) as image:
        shown = film_of(grid, ExportOptions()).still(3)
        assert np.array_equal(np.asarray(image), np.asarray(shown))
    assert [path.name for path in others] == ["sheet.png", "steps.webp"]


def test_without_a_display_a_picture_tells_how_it_was_made(
    loaded: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_run(2).save(loaded / "run.denoise")
    assert cli.main(["export", "run.denoise", "--out", "final.png", "--quiet"]) == 0
    assert run_command.without_window("final.png") == 0
    out, err = capsys.readouterr()
    assert re.search(rf"^prompt +{PROMPT}$", out, re.MULTILINE)
    assert "This is what final.png tells of how it was made:" in err
    assert {path.name for path in loaded.iterdir()} == {"run.denoise", "final.png"}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows always has a display")
def test_displays_are_asked_not_believed(tmp_path: Path) -> None:
    def asked(**variables: str) -> bool:
        return has_display(variables, "linux")

    assert not asked()
    assert asked(QT_QPA_PLATFORM="offscreen")
    assert asked(QT_QPA_PLATFORM="vnc:size=800x600")
    assert not asked(QT_QPA_PLATFORM="xcb")
    assert not asked(DISPLAY=":98765")
    assert not asked(DISPLAY="localhost:99999")
    assert not asked(WAYLAND_DISPLAY="wayland-7", XDG_RUNTIME_DIR=str(tmp_path))
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "wayland-7"))
        server.listen()
        there = {"WAYLAND_DISPLAY": "wayland-7", "XDG_RUNTIME_DIR": str(tmp_path)}
        assert asked(**there)
        assert asked(QT_QPA_PLATFORM="wayland;xcb", **there)
        assert not asked(QT_QPA_PLATFORM="xcb", **there)
    assert has_display({}, "win32")


def test_the_command_loads_nothing_before_it_knows_what_is_wanted() -> None:
    """The window is to be on screen at once."""
    program = (
        "import sys; before = set(sys.modules); import visualizer.cli\n"
        "heavy = {'argparse', 'numpy', 'PIL', 'torch', 'PySide6', 'asyncio', 'subprocess'}\n"
        "print(sorted(heavy & (set(sys.modules) - before)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


# --- Telling --------------------------------------------------------------------------------------


def test_the_command_names_itself() -> None:
    done = command("--version")
    assert (done.returncode, done.stdout) == (0, f"denoising-visualizer {__version__}\n")
    done = command("--help")
    assert done.returncode == 0
    for name in cli.COMMANDS:
        assert re.search(rf"^ +{name} ", done.stdout, re.MULTILINE)


@pytest.mark.parametrize(
    ("name", "module"), [("train", "training"), ("evaluate", "training.evaluation")]
)
def test_training_has_its_commands(name: str, module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[str] = []

    def begin(options: Any) -> int:
        called.append(options.command)
        return 0

    monkeypatch.setattr(f"visualizer.{module}.command.{name}", begin)
    assert cli.main([name]) == 0
    assert called == [name]


def test_info_on_a_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "run.denoise"
    make_run(30, stop_after=12, prompt="ein rotes Auto 🚗").save(path)
    assert cli.main(["info", str(path)]) == 0
    told = capsys.readouterr().out
    assert "ein rotes Auto 🚗" in told
    assert re.search(r"^steps +stopped at 11 of 30$", told, re.MULTILINE)
    path.write_bytes(path.read_bytes()[:-1])
    assert cli.main(["info", str(path)]) == 2
    assert "is incomplete" in capsys.readouterr().err


def test_info_on_a_comparison(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    grid = make_grid(make_run(4, seed=1), None, make_run(4, seed=3, stop_after=3), title="Seeds")
    comparison_file.save(grid, tmp_path / "grid.denoise")
    assert cli.main(["info", str(tmp_path / "grid.denoise")]) == 0
    told = capsys.readouterr().out
    for line in (
        r"^comparison +Seeds$",
        r"^in common +.*guidance 3",
        r"^run A +seed 1: 4 steps$",
        r"^run B +seed 1: Memory ran out\. Try a smaller size\.$",
        r"^run C +seed 3: stopped at step 2 of 4$",
    ):
        assert re.search(line, told, re.MULTILINE), (line, told)
    comparison_file.save(Comparison(()), tmp_path / "empty.denoise")
    assert cli.main(["info", str(tmp_path / "empty.denoise")]) == 0


def test_info_on_a_model(loaded: Path, model: Model, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["info", str(loaded)]) == 0
    told = capsys.readouterr().out
    assert model.facts.pipeline_class in told
    assert "ddim" in told


def test_a_terminal_that_cannot_show_a_character_shows_a_question_mark(tmp_path: Path) -> None:
    make_run(1, prompt="🚗").save(tmp_path / "run.denoise")
    done = command("info", tmp_path / "run.denoise", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert done.returncode == 0, done.stderr
    assert re.search(r"^prompt +\?$", done.stdout, re.MULTILINE)


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def test_progress_on_a_terminal_redraws_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    line = ProgressLine()
    line.start()
    for done in range(31):
        line.show("Step", done, 30)
    assert "\n" not in screen.getvalue()
    assert "█" * 28 + "  Step 30 of 30" in screen.getvalue()
    assert " left" in screen.getvalue()
    line.say("30 steps in 1.0 s")
    assert screen.getvalue().endswith(" \r30 steps in 1.0 s\n")


def test_progress_elsewhere_is_a_few_plain_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    text = io.StringIO()
    monkeypatch.setattr(sys, "stderr", text)
    line = ProgressLine()
    for done in range(101):
        line.show("Step", done, 100)
        line.draw("a.webp", done, 100)
    assert text.getvalue().splitlines() == [f"Step {k} of 100" for k in (25, 50, 75, 100)]


# --- Models ---------------------------------------------------------------------------------------


def test_the_models_on_this_computer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(asset_path("builtin-model"), tmp_path / "mine")
    shutil.copytree(asset_path("builtin-model"), tmp_path / "broken")
    shutil.rmtree(tmp_path / "broken" / "unet")
    assert cli.main(["models", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert re.search(r"^Built-in: Stable Diffusion, [\d.]+ MB, .*memory$", said, re.M)
    assert re.search(r"^mine: Stable Diffusion, .*\n    .*mine$", said, re.M)
    assert "cannot be opened: The part 'unet' of 'broken' is missing" in said
    assert cli.main(["models", str(tmp_path / "nowhere")]) == 2


def test_a_download_tells_size_and_license_and_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with FakeHub().serving() as hub:
        hub.repositories["somebody/model"] = asset_path("builtin-model")
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        monkeypatch.setenv("HF_HOME", str(tmp_path))
        monkeypatch.delenv("HF_HUB_CACHE", raising=False)
        monkeypatch.setattr("sys.stdin", io.StringIO())
        assert cli.main(["download", "somebody/model"]) == 0
        said = capsys.readouterr()
        assert "somebody/model: Stable Diffusion\nlicense: openrail++\nsize: " in said.out
        assert "Nothing was downloaded." in said.err
        assert not list(tmp_path.rglob("*.safetensors"))
        assert cli.main(["download", "somebody/model", "--yes"]) == 0
        folder = Path(capsys.readouterr().out.splitlines()[-1])
        assert (folder / "model_index.json").is_file()
        assert cli.main(["download", "somebody/nothing", "--yes"]) == 1
        assert "error: There is no model 'somebody/nothing'" in capsys.readouterr().err
