"""``denoising-visualizer inspect``, as it is called from the command line."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.example_runs import make_run
from tests.export.grids import four_seeds
from tests.metadata import samples
from visualizer.commands import inspect as inspect_command
from visualizer.diffusion.request import SamplingRequest
from visualizer.metadata.note import LaneNote, Note, note_of, note_of_comparison
from visualizer.metadata.writing import exif, png_info


def inspect(*arguments: object) -> int:
    parser = argparse.ArgumentParser()
    inspect_command.add_arguments(parser)
    return inspect_command.inspect(parser.parse_args([str(argument) for argument in arguments]))


@pytest.fixture
def ours(tmp_path: Path) -> Path:
    path = tmp_path / "ours.png"
    note = note_of(make_run(3, prompt="a red car\non a road"))
    Image.new("RGB", (16, 8)).save(path, pnginfo=png_info(note))
    return path


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    path = tmp_path / "theirs.png"
    path.write_bytes(samples.png(parameters=samples.A1111_OLD).getvalue())
    return path


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    path = tmp_path / "plain.png"
    Image.new("RGB", (8, 8)).save(path)
    return path


@pytest.fixture
def damaged(tmp_path: Path) -> Path:
    path = tmp_path / "damaged.png"
    path.write_bytes(samples.png().getvalue()[:20])
    return path


def test_one_file_in_aligned_lines(ours: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert inspect(ours) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].startswith("made by   Denoising Visualizer ")
    assert printed[1:4] == ["prompt    a red car", "          on a road", "seed      7"]
    assert "model     Built-in [dddddddddddd]" in printed
    assert "picture   16 × 8 pixels" in printed


def test_what_is_not_taken_over_is_said(theirs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert inspect(theirs) == 0
    printed = capsys.readouterr().out
    assert "made by    AUTOMATIC1111\n" in printed
    assert "sampler    DPM++ 2M Karras\n" in printed
    assert "not taken  Its noise was drawn by the graphics card" in printed


def test_a_comparison_lists_its_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "grid.jpg"
    Image.new("RGB", (8, 8)).save(path, exif=exif(note_of_comparison(four_seeds(2, 32))))
    assert inspect(path) == 0
    printed = capsys.readouterr().out
    assert "run 4" in printed
    assert "seed 4000: " in printed


def test_the_status_is_that_of_the_worst_file(
    ours: Path, plain: Path, damaged: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert inspect(plain) == 1
    assert "remembers nothing" in capsys.readouterr().out
    assert inspect(ours, plain) == 1
    assert str(plain) in capsys.readouterr().out
    assert inspect(damaged, ours, plain) == 2
    output = capsys.readouterr()
    assert "error: This file is damaged: its end is missing." in output.err
    assert "a red car" in output.out
    assert inspect(ours.with_name("none.png")) == 2
    assert "There is no file 'none.png'." in capsys.readouterr().err


def test_json_has_an_entry_for_every_file(
    ours: Path, theirs: Path, plain: Path, damaged: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert inspect("--json", ours, theirs, plain, damaged) == 2
    mine, other, nothing, broken = json.loads(capsys.readouterr().out)
    assert SamplingRequest.from_json(mine["request"]).prompt == "a red car\non a road"
    assert (mine["found"], mine["error"], mine["picture"]) == (True, None, [16, 8])
    assert other["source"] == "AUTOMATIC1111"
    assert other["model_hash"] == "45dee52b"
    assert other["raw"] == {"parameters": samples.A1111_OLD}
    assert other["not_honored"]
    assert set(mine) == set(other)
    assert nothing == {"file": str(plain), "found": False, "error": None}
    assert broken["error"].startswith("This file is damaged")


def test_a_terminal_does_not_obey_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "evil.png"
    request = SamplingRequest("a \x1b]0;owned\x07car\x9b2J \u202etxt\rz\tq")
    Image.new("RGB", (8, 8)).save(path, pnginfo=png_info(Note((LaneNote(request),))))
    assert inspect(path) == 0
    printed = capsys.readouterr().out
    assert "prompt   a �]0;owned�car�2J �txt�z�q" in printed
    assert inspect("--json", path) == 0
    printed = capsys.readouterr().out
    assert printed.isascii()
    assert "\x1b" not in printed
    assert json.loads(printed)[0]["request"]["prompt"] == request.prompt


def test_neither_torch_nor_qt_is_loaded(ours: Path) -> None:
    program = (
        "import argparse, pathlib, sys\n"
        "from visualizer.commands import inspect\n"
        f"options = argparse.Namespace(files=[pathlib.Path({str(ours)!r})], json=False)\n"
        "assert inspect.inspect(options) == 0\n"
        "heavy = {'torch', 'diffusers', 'PySide6', 'PIL'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
