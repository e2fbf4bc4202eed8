"""Names and texts, as ``info`` and ``inspect`` print them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.example_runs import make_run
from visualizer import cli
from visualizer.commands.rows import print_rows, request_rows
from visualizer.diffusion.request import SamplingRequest


def test_texts_stand_in_one_column(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows([("seed", "7"), ("nothing", ""), ("a prompt", "red\ncar\x1b[2J")])
    assert capsys.readouterr().out == "seed      7\na prompt  red\n          car�[2J\n"


def test_what_came_of_a_request_is_told_where_it_is_known() -> None:
    request = SamplingRequest("red", seed=7, steps=30, sampler="ddim", width=64, height=32)
    asked = dict(request_rows(request))
    assert asked == {
        "prompt": "red",
        "seed": "7",
        "steps": "30",
        "sampler": "DDIM",
        "size": "64 × 32 pixels",
    }
    known = {"steps": "stopped at 3 of 30", "sampler": "DDIM even", "size": "8 × 8 pixels"}
    assert dict(request_rows(request, **known)) == {**asked, **known}
    assert dict(request_rows(SamplingRequest(""))) == {
        "prompt": "(none)",
        "seed": "0",
        "sampler": "the model's own",
    }


def test_a_run_file_and_a_picture_tell_the_same_and_no_terminal_obeys_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run, file, picture = make_run(2, prompt="a \x1b[31mred car"), "run.denoise", "a.png"
    monkeypatch.chdir(tmp_path)
    run.save(tmp_path / file)
    assert cli.main(["export", file, "--out", picture, "--quiet"]) == 0
    told = []
    for command in (["info", file], ["inspect", picture]):
        assert cli.main(command) == 0
        told.append(capsys.readouterr().out)
    assert "\x1b" not in "".join(told)
    info, inspected = ([line.split(maxsplit=1) for line in each.splitlines()] for each in told)
    for name in ("prompt", "seed", "guidance"):
        (row,) = [each for each in info if each[0] == name]
        assert row in inspected
