"""``denoising-visualizer export``: runs and comparisons as files, with every option there is."""

from __future__ import annotations

import argparse
import shutil
import signal
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tests.example_runs import StandInDecoder, make_picture, make_run
from tests.export.grids import make_grid
from visualizer import cli
from visualizer.commands import headless, outputs
from visualizer.commands.export_arguments import FLAGS, add_export_arguments, export_options
from visualizer.commands.headless import ending_signals
from visualizer.commands.missing_pictures import Keeping
from visualizer.diffusion import ModelIdentity, Trajectory, comparison_file
from visualizer.diffusion.arrays import Picture
from visualizer.diffusion.lane_letters import letter_of, number_of
from visualizer.diffusion.layout import LatentLayout
from visualizer.diffusion.views import View
from visualizer.export.errors import ExportError
from visualizer.export.estimate import Estimate
from visualizer.export.estimate_words import estimate_words
from visualizer.export.options import CHOICES, RANGES, ExportOptions
from visualizer.progress_line import ProgressLine

STEPS = 6
BUILTIN = ModelIdentity("Built-in", "StableDiffusionPipeline", "c" * 64, "d" * 64)


def parsed(*words: str, several: bool = True) -> ExportOptions:
    """The options that these words say."""
    parser = argparse.ArgumentParser()
    add_export_arguments(parser, several=several)
    return export_options(parser.parse_args(list(words)))


# --- Every option has a flag ----------------------------------------------------------------------


def _typed(field: str, value: Any) -> list[str]:
    """What is typed for a field to have a value."""
    if field == "steps":
        return {"all": [], "every": ["--every", "2"], "noise": ["--count", "16"]}[value]
    (flag,) = [each for each in FLAGS if each.field == field]
    if isinstance(value, bool):
        return [flag.option] if value == flag.constant else []
    if value is None:
        return []
    if field == "pair":
        value = tuple(map(letter_of, value))
    text = (",".join(value) or "none") if isinstance(value, tuple) else str(value)
    return [flag.option, text]


VALUES: dict[str, tuple[Any, ...]] = {
    **CHOICES,
    **{name: ends for name, ends in RANGES.items() if name not in ("every", "count")},
    "every": (1, 1000),
    "count": (2, 1000),
    "views": (("channels",), ("denoised", "noise"), ("noisy", "denoised")),
    "captions": ((), ("prompt",), ("noise", "seed")),
    "background": ("light", "#1c2733"),
    "lossless": (True, False),
    "remember": (True, False),
    "pair": (None, (0, 27)),
}


SAID_BY_NAMES = ("suffix",)
"""Fields that the name of a file says."""


@pytest.mark.parametrize(
    "field", [field.name for field in fields(ExportOptions) if field.name not in SAID_BY_NAMES]
)
def test_every_option_can_be_said(field: str) -> None:
    for value in VALUES[field]:
        expected = replace(ExportOptions(), **{field: value})
        if field in ("every", "count"):
            expected = replace(expected, steps="every" if field == "every" else "noise")
        assert parsed(*_typed(field, value)) == expected, value


def test_nothing_said_is_the_default() -> None:
    assert parsed() == ExportOptions()
    assert parsed("--views", "all").views == CHOICES["view"]
    assert parsed("--captions", "all").captions == ("prompt", "seed", "step", "noise")


@pytest.mark.parametrize("command", ["run", "export"])
def test_help_tells_every_option_with_its_choices_and_range(
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "1000")
    assert cli.main([command, "--help"]) == 0
    told = capsys.readouterr().out
    for flag in FLAGS:
        if command == "run" and flag.field == "pair":
            assert flag.option not in told
            continue
        (line,) = [each for each in told.splitlines() if each.startswith(f"  {flag.option} ")]
        for choice in CHOICES.get(flag.field, ()):
            assert (choice in line) is (command == "export" or choice != "difference")
        if flag.field in RANGES:
            low, high = RANGES[flag.field]
            assert f"({low:g} to {high:g}; default: " in line


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--fps", "nan"], "The number of frames a second lies between 0.5 and 50."),
        (["--fps", "60"], "The number of frames a second lies between 0.5 and 50."),
        (["--count", "1"], "The number of steps lies between 2 and 1000."),
        (["--background", "blue"], "The background is auto, dark, light, or a color"),
    ],
)
def test_values_that_are_none(words: list[str], sentence: str) -> None:
    with pytest.raises(ExportError, match=sentence):
        parsed(*words)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--scale", "3"], "invalid choice: '3'"),
        (["--every", "two"], "'two' is no whole number"),
        (["--every", "2", "--count", "4"], "not allowed with"),
        (["--captions", "prompt,size"], "'size' is none of prompt, seed, step, noise, all or none"),
        (["--views", ""], "'' is none of noisy"),
        (["--pair", "A"], "'A' is not two letters"),
        (["--pair", "a,A"], "'a,A' is not two letters"),
        (["--pair", "1,2"], "'1' is no letter of a run"),
    ],
)
def test_words_that_mean_nothing(
    words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        parsed(*words)
    assert sentence in capsys.readouterr().err


def test_a_single_run_has_no_difference(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parsed("--subject", "difference", several=False)
    assert "invalid choice: 'difference'" in capsys.readouterr().err


def test_letters_are_read_as_they_are_written() -> None:
    assert [number_of(letter_of(i)) for i in range(700)] == list(range(700))
    assert number_of("b") == 1
    assert [number_of(text) for text in ("", "1", "AAA", "É", "A ")] == [None] * 5


# --- Files ----------------------------------------------------------------------------------------


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that we are in; no model can be opened."""

    def refuse(folder: Path | None, device: str | None) -> Any:
        raise AssertionError("no model was needed")

    monkeypatch.setattr(headless, "open_model", refuse)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(here: Path) -> Trajectory:
    """A run, also as run.denoise."""
    made = make_run(STEPS)
    made.save(here / "run.denoise")
    return made


def export(*words: object) -> int:
    return cli.main(["export", *map(str, words)])


def frames(path: Path | str) -> list[tuple[int, Image.Image]]:
    """(milliseconds, RGB) of every frame."""
    with Image.open(path) as image:
        found = []
        for i in range(getattr(image, "n_frames", 1)):
            image.seek(i)
            image.load()
            found.append((int(image.info.get("duration", 0)), image.convert("RGB")))
        return found


def test_one_call_writes_every_file(
    here: Path, run: Trajectory, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ["a.webp", "b.gif", "c.png", "steps/", "sheet.jpg", "d.html", "e.npz"]
    assert export("run.denoise", *(word for name in names for word in ("--out", name))) == 0
    out, err = capsys.readouterr()
    assert out.splitlines() == names
    assert err == ""
    there = {path.name for path in here.iterdir()}
    assert there == {name.rstrip("/") for name in names} | {"run.denoise"}
    assert len(frames("a.webp")) == len(frames("b.gif")) == STEPS + 1
    assert len(list((here / "steps").glob("*.png"))) == STEPS + 1
    assert run.final is not None
    assert np.array_equal(np.asarray(Image.open("c.png").convert("RGB")), run.final)


def test_options_change_the_file(here: Path, run: Trajectory) -> None:
    shaped = ("--every", 3, "--scale", 2, "--fps", 10, "--hold", 2, "--pixels", "square")
    assert export("run.denoise", *shaped, "--lossless", "--out", "a.webp", "--quiet") == 0
    found = frames("a.webp")
    assert [milliseconds for milliseconds, _ in found] == [100, 100, 2000]
    for step, (_, image) in zip((0, 3, 6), found, strict=True):
        doubled = np.repeat(np.repeat(run.picture(step), 2, axis=0), 2, axis=1)
        assert np.array_equal(np.asarray(image), doubled)
    words = ("--view", "denoised", "--direction", "back", "--scale", 1, "--format", "apng")
    assert export("run.denoise", *words, "--out", "b.png", "--quiet") == 0
    first, *_, last = frames("b.png")
    assert np.array_equal(np.asarray(first[1]), run.picture(STEPS, "denoised"))
    assert np.array_equal(np.asarray(last[1]), run.picture(0, "denoised"))


def test_without_out_the_file_is_called_after_the_run(
    here: Path, run: Trajectory, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "deeper").mkdir()
    (here / "run.denoise").rename(here / "deeper" / "red car.denoise")
    assert export("deeper/red car.denoise") == 0
    assert export("deeper/red car.denoise", "--format", "gif") == 0
    assert export("deeper/red car.denoise", "--format", "frames") == 0
    assert capsys.readouterr().out.splitlines() == ["red car.webp", "red car.gif", "red car-steps/"]
    assert (here / "red car-steps").is_dir()


def test_what_is_there_is_written_over(here: Path, run: Trajectory) -> None:
    (here / "a.png").write_text("former")
    assert export("run.denoise", "--out", "a.png") == 0
    assert len(frames("a.png")) == 1


def test_a_file_remembers_unless_it_is_told_to_forget(here: Path, run: Trajectory) -> None:
    assert export("run.denoise", "--out", "a.png") == 0
    assert export("run.denoise", "--out", "b.png", "--forget") == 0
    assert run.request.prompt.encode() in (here / "a.png").read_bytes()
    assert run.request.prompt.encode() not in (here / "b.png").read_bytes()


def test_a_run_file_does_not_forget_and_says_so(
    here: Path, run: Trajectory, capsys: pytest.CaptureFixture[str]
) -> None:
    assert export("run.denoise", "--out", "a.denoise", "--out", "a.png", "--forget") == 0
    assert Trajectory.open(here / "a.denoise").request == run.request
    (note,) = capsys.readouterr().err.splitlines()
    assert note.startswith("Note: a.denoise is made to be opened again and tells everything")
    assert export("run.denoise", "--out", "a.denoise") == 0
    assert export("run.denoise", "--out", "a.png", "--forget") == 0
    assert capsys.readouterr().err == ""


def test_the_exif_of_a_moving_webp_begins_as_that_of_a_still_one(
    here: Path, run: Trajectory
) -> None:
    """With the head that it has in a JPEG, some programs do not find it."""
    assert export("run.denoise", "--out", "moving.webp") == 0
    assert export("run.denoise", "--out", "still.webp", "--format", "picture") == 0
    for name in ("moving.webp", "still.webp"):
        data = (here / name).read_bytes()
        place = data.index(b"EXIF") + 8
        assert data[place : place + 4] in (b"MM\0*", b"II*\0")


def test_the_forward_process(here: Path) -> None:
    decoder = Standing()
    make_run(STEPS, model=BUILTIN).save(here / "run.denoise")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(headless, "open_model", lambda folder, device: decoder)
        shown = ("--subject", "forward", "--scale", 1, "--lossless")
        assert export("run.denoise", *shown, "--out", "a.webp") == 0
    assert len(frames("a.webp")) == STEPS + 1
    assert decoder.calls == STEPS  # the picture itself is in the file


# --- Several runs ---------------------------------------------------------------------------------


@pytest.fixture
def grid(here: Path) -> list[Trajectory]:
    """Three runs side by side, the second of which was called D; and one that failed."""
    runs = [make_run(STEPS, seed=seed) for seed in (1, 20, 300)]
    made = make_grid(*runs, None)
    lanes = [
        replace(lane, number=number) for lane, number in zip(made.lanes, (0, 3, 1, 2), strict=True)
    ]
    comparison_file.save(replace(made, lanes=tuple(lanes), pair=(0, 2)), here / "grid.denoise")
    return runs


def test_one_run_of_a_comparison(here: Path, grid: list[Trajectory]) -> None:
    shown = ("--scale", 1, "--format", "apng", "--out", "a.apng")
    assert export("grid.denoise", "--lane", "d", *shown) == 0
    found = frames("a.apng")
    assert len(found) == STEPS + 1
    assert np.array_equal(np.asarray(found[0][1]), grid[1].picture(0))


def test_the_difference_of_a_pair(here: Path, grid: list[Trajectory]) -> None:
    shown = ("--subject", "difference", "--lossless")
    assert export("grid.denoise", *shown, "--out", "own.webp") == 0
    assert export("grid.denoise", *shown, "--pair", "A,B", "--out", "ab.webp") == 0
    assert export("grid.denoise", *shown, "--pair", "A,D", "--out", "ad.webp") == 0
    assert (here / "own.webp").read_bytes() == (here / "ab.webp").read_bytes()
    assert (here / "own.webp").read_bytes() != (here / "ad.webp").read_bytes()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["grid.denoise", "--lane", "E"], "There is no run E in it. There are: A, D, B, C."),
        (["grid.denoise", "--lane", "C"], "Run C has no step. Memory ran out."),
        (["grid.denoise", "--pair", "A,Z"], "There is no run Z in it."),
        (["grid.denoise", "--subject", "forward"], "Only a single run has a forward process"),
        (["run.denoise", "--lane", "A"], "--lane and --pair are for comparisons"),
        (["run.denoise", "--subject", "difference"], "A difference needs two runs"),
        (["gone.denoise"], "gone.denoise"),
        (["run.denoise", "--out", "a.tiff"], "an ending that cannot be written"),
        (["run.denoise", "--out", "gone/a.gif"], "its folder does not exist"),
        (["run.denoise", "--fps", "0"], "The number of frames a second"),
        (["run.denoise", "--view", "guidance"], "There are no pictures of the view"),
        (["run.denoise", "--out", "ok.png", "--subject", "difference"], "A difference needs two"),
        (["run.denoise", "--subject", "difference", "--estimate"], "A difference needs two"),
        (["run.denoise", "--subject", "difference", "--out", "a.npz"], "A difference needs two"),
        (["run.denoise", "--format", "mp4", "--out", "a.webp"], "a file that ends with .mp4"),
        (["run.denoise", "--format", "gif", "--out", "a.gif", "--out", "b.png"], "'b.png' contra"),
        (["run.denoise", "--format", "frames", "--out", "a.gif"], "name ends with a slash"),
        (["run.denoise", "--format", "sheet", "--out", "a/"], ".png or .jpg or .jpeg or .pdf"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_written(
    here: Path,
    grid: list[Trajectory],
    run: Trajectory,
    words: list[str],
    sentence: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = sorted(here.iterdir())
    assert export(*words) == 2
    out, err = capsys.readouterr()
    assert sentence in err
    assert (out, err.count("error: "), "Traceback" in err) == ("", 1, False)
    assert sorted(here.iterdir()) == before


# --- Pictures that are not in the file ------------------------------------------------------------


class Standing(StandInDecoder):
    """Stands in for a model that was opened: it sees something else in every latent."""

    name = "Standing"

    def __init__(self, identity: ModelIdentity = BUILTIN) -> None:
        super().__init__()
        self.identity = identity

    def decode(self, latents: NDArray[Any], layout: LatentLayout) -> Picture:
        self.calls += 1
        return make_picture(0.5, seed=int(abs(latents).sum()))


@dataclass
class Opened:
    """Which models were asked for."""

    model: Standing
    folders: list[Path | None]


@pytest.fixture
def opened(here: Path, monkeypatch: pytest.MonkeyPatch) -> Opened:
    found = Opened(Standing(), [])

    def open_model(folder: Path | None, device: str | None) -> Any:
        found.folders.append(folder)
        return found.model

    monkeypatch.setattr(headless, "open_model", open_model)
    return found


def few(steps: int = STEPS, **changes: Any) -> Trajectory:
    """A run of which two pictures are stored beside the last."""
    whole = make_run(steps)
    keys: tuple[tuple[int, View], ...] = ((0, "noisy"), (3, "noisy"))
    kept = {key: whole.pictures[key] for key in keys}
    return make_run(steps, pictures=kept, **changes)


def test_the_builtin_makes_what_is_missing(
    here: Path, opened: Opened, capsys: pytest.CaptureFixture[str]
) -> None:
    few().save(here / "few.denoise")
    assert export("few.denoise", "--out", "a.webp", "--out", "b.gif") == 0
    assert opened.folders == [None]
    assert capsys.readouterr().err == "Loading the model …\n"
    assert len(frames("a.webp")) == len(frames("b.gif")) == STEPS + 1
    assert opened.model.calls == STEPS + 1 - 3  # each once, for both files
    assert export("few.denoise", "--out", "c.png", "--out", "d.denoise") == 0
    assert export("few.denoise", "--content", "plot", "--out", "e.webp") == 0
    assert opened.folders == [None]  # all that these show is there


@pytest.mark.parametrize(
    ("words", "calls"),
    [
        (["--out", "a.npz", "--every", "3"], STEPS + 1 - 3),  # numbers are not thinned out
        (["--out", "a.html"], STEPS + 1 - 3 + STEPS),  # noisy, and the guesses
        (["--out", "a.html", "--views", "denoised", "--every", "3"], 2),
        (["--out", "a.pdf", "--views", "noisy"], STEPS + 1 - 3),
        (["--out", "a.png", "--view", "channels"], 0),
        (["--out", "a.webp", "--view", "change", "--every", "3"], 3),
    ],
)
def test_only_what_is_shown_is_decoded(
    here: Path, opened: Opened, words: list[str], calls: int
) -> None:
    few().save(here / "few.denoise")
    assert export("few.denoise", *words) == 0
    assert opened.folders == [None] * (calls > 0)
    assert opened.model.calls == calls


def test_a_run_of_another_model_shows_what_is_stored(
    here: Path, opened: Opened, capsys: pytest.CaptureFixture[str]
) -> None:
    other = replace(BUILTIN, name="Other", weights_hash="e" * 64)
    few(model=other).save(here / "few.denoise")
    assert export("few.denoise", "--out", "a.webp") == 0
    assert opened.folders == []
    assert len(frames("a.webp")) == 3
    assert f"Note: {STEPS - 2} pictures are not in the file" in capsys.readouterr().err
    assert export("few.denoise", "--out", "b.webp", "--model", "other") == 2
    assert "'Standing' is not the model that made this." in capsys.readouterr().err
    opened.model = Standing(other)
    assert export("few.denoise", "--out", "b.webp", "--model", "other") == 0
    assert opened.folders == [Path("other")] * 2
    assert len(frames("b.webp")) == STEPS + 1
    assert "Note" not in capsys.readouterr().err


def test_a_sheet_of_several_runs_lacks_only_the_view_that_it_shows(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    noisy = {key: picture for key, picture in make_run(STEPS).pictures.items() if key[1] == "noisy"}
    other = replace(BUILTIN, name="Other")
    grid = make_grid(*(make_run(STEPS, seed=k, pictures=noisy, model=other) for k in (1, 2)))
    comparison_file.save(grid, here / "grid.denoise")
    assert export("grid.denoise", "--out", "sheet.png") == 0
    assert capsys.readouterr().err == ""
    assert export("grid.denoise", "--out", "sheet.png", "--view", "denoised") in (0, 1)
    assert "pictures are not in the file" in capsys.readouterr().err


def test_another_builtin_is_not_taken_for_this_one(
    here: Path, opened: Opened, capsys: pytest.CaptureFixture[str]
) -> None:
    few(model=replace(BUILTIN, weights_hash="e" * 64)).save(here / "few.denoise")
    assert export("few.denoise", "--out", "a.webp") == 0
    assert opened.model.calls == 0
    assert len(frames("a.webp")) == 3
    assert "Note: 4 pictures are not in the file" in capsys.readouterr().err


def test_pictures_are_decoded_once_while_there_is_room() -> None:
    decoder = StandInDecoder()
    run = few().with_decoder(Keeping(decoder))
    for _ in range(2):
        for k in range(STEPS + 1):
            run.picture(k)
    assert decoder.calls == STEPS + 1 - 3
    cramped = few().with_decoder(Keeping(decoder, room=1))
    for k in (1, 1, 2, 1):
        cramped.picture(k)
    assert decoder.calls == STEPS + 1 - 3 + 3


# --- Before and while it is written ---------------------------------------------------------------


def test_an_estimate_says_what_the_window_says_and_writes_nothing(
    here: Path, run: Trajectory, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    outs = ("--out", "a.webp", "--out", "b.png", "--out", "gone/c.gif")
    told: list[Estimate] = []

    def watched(found: Estimate) -> str:
        told.append(found)
        return estimate_words(found)

    monkeypatch.setattr(outputs, "estimate_words", watched)
    assert export("run.denoise", "--estimate", "--scale", 4, *outs) == 0
    moving, still, elsewhere = capsys.readouterr().out.splitlines()
    assert moving == f"a.webp: {estimate_words(told[0])}"
    assert (told[0].frames, told[0].width) == (STEPS + 1, 128)
    assert still.startswith("b.png: About ")
    assert elsewhere.startswith("gone/c.gif: About ")
    assert [path.name for path in here.iterdir()] == ["run.denoise"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopping_leaves_nothing_half_written(
    here: Path,
    run: Trajectory,
    number: signal.Signals,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def draw(self: ProgressLine, what: str, done: int, total: int, pace: str | None = None) -> None:
        if what == "b.gif" and done == 2:
            signal.raise_signal(number)

    monkeypatch.setattr(ProgressLine, "draw", draw)
    handlers = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    outs = ("--out", "a.webp", "--out", "b.gif", "--out", "c.gif")
    assert export("run.denoise", *outs) == 130
    out, err = capsys.readouterr()
    assert (out, err) == ("a.webp\n", "Stopped.\n")
    assert {path.name for path in here.iterdir()} == {"run.denoise", "a.webp"}
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == handlers


def test_one_file_that_fails_does_not_take_the_others(
    here: Path, run: Trajectory, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "folder").mkdir()
    real = ProgressLine.start

    def start(self: ProgressLine) -> None:
        shutil.rmtree(here / "folder", ignore_errors=True)  # gone since it was looked at
        real(self)

    monkeypatch.setattr(ProgressLine, "start", start)
    assert export("run.denoise", "--out", "folder/a.png", "--out", "b.png") == 1
    out, err = capsys.readouterr()
    assert out == "b.png\n"
    assert "error: 'a.png' was not saved: its folder does not exist." in err


# --- As part of a run -----------------------------------------------------------------------------


def test_a_run_takes_the_same_options(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from visualizer.diffusion import Model

    monkeypatch.setattr(headless, "open_model", lambda folder, device: Model.builtin(device="cpu"))
    shaped = ["--view", "denoised", "--every", "2", "--direction", "back", "--scale", "1"]
    made = ["run", "a red car", "--seed", "7", "--steps", "4", "--out", "run.denoise", "--quiet"]
    assert cli.main([*made, *shaped, "--out", "a.apng"]) == 0
    found = frames("a.apng")
    assert len(found) == 3
    stored = Trajectory.open("run.denoise")
    assert np.array_equal(np.asarray(found[0][1]), stored.picture(4, "denoised"))
    assert np.array_equal(np.asarray(found[1][1]), stored.picture(2, "denoised"))


def test_a_run_without_names_is_called_after_its_prompt_and_its_format(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from visualizer.diffusion import Model

    monkeypatch.setattr(headless, "open_model", lambda folder, device: Model.builtin(device="cpu"))
    for words in ([], ["--format", "gif"]):
        assert cli.main(["run", "a red car", "--seed", "7", "--steps", "1", *words]) == 0
    assert capsys.readouterr().out.splitlines() == ["a-red-car-7.png", "a-red-car-7.gif"]


def test_a_contradiction_is_told_before_a_model_is_loaded(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["run", "a red car", "--format", "mp4", "--out", "a.webp"]) == 2
    assert "'a.webp' contradicts --format mp4" in capsys.readouterr().err
    assert list(here.iterdir()) == []


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="no terminal hangs up here")
def test_the_end_of_the_terminal_counts_unless_it_is_ignored() -> None:
    former = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    try:
        assert set(ending_signals()) == {signal.SIGTERM, signal.SIGHUP}
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        assert set(ending_signals()) == {signal.SIGTERM}
    finally:
        signal.signal(signal.SIGHUP, former)
