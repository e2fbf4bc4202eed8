"""A sweep's folder as a comparison."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.example_runs import make_run
from tests.sweeps.sweep_setup import make_sweep, wanted
from visualizer.sweeps.errors import SweepError
from visualizer.sweeps.folder import SweepFolder
from visualizer.sweeps.results import is_sweep, open_results


def test_prompts_are_rows_and_seeds_columns(tmp_path: Path) -> None:
    manifest = make_sweep(tmp_path, ["a red car", "a boat"], [7, 9, 11], done=6)
    found = open_results(tmp_path)
    assert found.row_labels == ("a red car", "a boat")
    assert found.column_labels == ("seed 7", "seed 9", "seed 11")
    assert [(lane.row, lane.column) for lane in found.lanes] == [
        (row, column) for row in (0, 1) for column in (0, 1, 2)
    ]
    lane = found.lanes[4]
    assert lane.label == "seed 9 · a boat"
    assert lane.request == manifest.base.__class__("a boat", seed=9, steps=4, guidance_scale=3.0)
    assert lane.run is not None
    assert lane.run.request == lane.request
    assert found.summary == ""
    assert found.title == "2 prompts × 3 seeds"


def test_an_unfinished_sweep_shows_what_there_is(tmp_path: Path) -> None:
    manifest = make_sweep(tmp_path, ["a car", "a boat"], [1, 2, 3], done=3)
    runs = list(manifest.runs())
    with SweepFolder(tmp_path) as folder:
        folder.note_failure(runs[3], "The numbers overflowed.")
    (tmp_path / runs[0].name).write_bytes(b"damaged")
    found = open_results(tmp_path)
    assert [(lane.row, lane.column) for lane in found.lanes] == [(0, 0), (0, 1), (1, 0), (1, 1)]
    failures = {lane.label: lane.failure for lane in found.lanes if lane.run is None}
    assert set(failures) == {"seed 1 · a car", "seed 2 · a boat"}
    assert failures["seed 2 · a boat"] == "The numbers overflowed."
    assert found.summary == "3 of 6 runs of this sweep are made. One of them failed."


def test_failures_of_runs_that_are_not_in_the_sweep_are_passed_over(tmp_path: Path) -> None:
    manifest = make_sweep(tmp_path, ["a car"], [1, 2, 3], done=1)
    runs = list(manifest.runs())
    with SweepFolder(tmp_path) as folder:
        folder.note_failure(runs[1], "The numbers overflowed.")
        for name in ("another.denoise", "../one more.denoise"):
            folder.note_failure(replace(runs[2], name=name), "No run of this sweep.")
    found = open_results(tmp_path)
    assert len(found.lanes) == 2
    assert found.summary == "1 of 3 runs of this sweep are made. One of them failed."


def test_one_prompt_has_no_row_labels(tmp_path: Path) -> None:
    make_sweep(tmp_path, ["a red car"], [1, 2], done=2)
    found = open_results(tmp_path)
    assert found.row_labels == ()
    assert [lane.label for lane in found.lanes] == ["seed 1", "seed 2"]
    assert found.title == "a red car · 2 seeds"


def test_of_many_runs_the_first_are_shown_and_that_is_said(tmp_path: Path) -> None:
    make_sweep(tmp_path, ["a car", "a boat"], range(40), done=70)
    found = open_results(tmp_path)
    assert len(found.lanes) == 64
    assert found.row_labels == ("a car", "a boat")
    assert len(found.column_labels) == 32
    assert found.summary == (
        "70 of 80 runs of this sweep are made. The first 64 of 70 are shown, seed by seed."
    )


def test_arrays_stay_in_their_files_and_are_the_same(tmp_path: Path) -> None:
    manifest = make_sweep(tmp_path, ["a car"], [1], done=1)
    (run,) = manifest.runs()
    made = make_run(4, request=run.request, pictures=False)
    found = open_results(tmp_path).lanes[0].run
    assert found is not None
    (tmp_path / run.name).unlink()  # what is open stays readable
    for kept, was in zip(found.steps, made.steps, strict=True):
        assert not kept.latents.flags.owndata
        assert not kept.latents.flags.writeable
        assert np.array_equal(kept.latents, was.latents)
        assert (kept.prediction is None) == (was.prediction is None)
    assert made.final is not None
    assert found.final is not None
    assert np.array_equal(found.final, made.final)


def test_folders_without_results(tmp_path: Path) -> None:
    assert not is_sweep(tmp_path)
    assert not is_sweep(tmp_path / "none")
    with pytest.raises(SweepError, match="There is no sweep in"):
        open_results(tmp_path)
    with SweepFolder(tmp_path) as folder:
        folder.begin(wanted(["a car"], [1]))
    assert is_sweep(tmp_path)
    with pytest.raises(SweepError, match="No run of the sweep"):
        open_results(tmp_path)
    (tmp_path / "sweep.json").write_text("{}")
    assert not is_sweep(tmp_path)


def test_results_open_without_torch_and_without_qt(tmp_path: Path) -> None:
    make_sweep(tmp_path, ["a car"], [1], done=1)
    program = (
        "import sys; from pathlib import Path; from visualizer.sweeps.results import open_results\n"
        "assert open_results(Path(sys.argv[1])).lanes[0].run.steps\n"
        "assert not [m for m in sys.modules if m.split('.')[0] in ('torch', 'PySide6', 'ray')]"
    )
    subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], cwd=Path(__file__).parents[2], check=True
    )
