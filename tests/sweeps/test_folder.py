"""The folder of a sweep: done runs are known again, half files are not trusted, one at a time."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.example_runs import make_run
from tests.sweeps.sweep_setup import make_sweep, wanted
from visualizer.diffusion import Trajectory
from visualizer.sweeps import folder as folder_module
from visualizer.sweeps.errors import SweepError
from visualizer.sweeps.folder import FAILURES, SweepFolder, read_failures, read_manifest


def missing(path: Path, prompts: list[str], seeds: list[int]) -> list[tuple[str, int]]:
    with SweepFolder(path) as folder:
        _, runs = folder.begin(wanted(prompts, seeds))
    return [(run.request.prompt, run.request.seed) for run in runs]


def test_done_runs_are_not_done_again(tmp_path: Path) -> None:
    make_sweep(tmp_path / "deep" / "sweep", ["a car", "a boat"], [1, 2], done=3)
    path = tmp_path / "deep" / "sweep"
    assert missing(path, ["a car", "a boat"], [1, 2]) == [("a boat", 2)]
    # more prompts, fewer seeds, another order: what is there is known again
    assert missing(path, ["a house", "a boat", "a car"], [2]) == [("a house", 2), ("a boat", 2)]
    manifest = read_manifest(path)
    assert manifest is not None
    assert manifest.prompts == ("a car", "a boat", "a house")


def test_of_failures_without_end_only_the_beginning_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (run,) = make_sweep(tmp_path, ["a car"], [1], done=0).runs()
    with SweepFolder(tmp_path) as folder:
        for i in range(9):
            folder.note_failure(replace(run, name=str(i)), "Memory did not do.")
    line = (tmp_path / FAILURES).stat().st_size // 9
    monkeypatch.setattr(folder_module, "MAX_FAILURES", line * 4 - 2)  # half a line is none
    assert list(read_failures(tmp_path)) == ["0", "1", "2"]
    monkeypatch.setattr(folder_module, "MAX_RUNS", 2)
    assert list(read_failures(tmp_path)) == ["0", "1"]


def test_a_file_that_is_not_whole_or_not_the_run_is_made_anew(tmp_path: Path) -> None:
    manifest = make_sweep(tmp_path, ["a car"], [1, 2, 3, 4], done=4)
    first, second, third, _ = (tmp_path / run.name for run in manifest.runs())
    with first.open("r+b") as file:
        file.truncate(first.stat().st_size - 1)
    shutil.copy(third, second)  # a run of another seed
    third.write_bytes(b"no run")
    assert missing(tmp_path, ["a car"], [1, 2, 3, 4]) == [("a car", 1), ("a car", 2), ("a car", 3)]


def test_failures_are_recorded_and_tried_again(tmp_path: Path) -> None:
    with SweepFolder(tmp_path) as folder:
        _, runs = folder.begin(wanted(["a car", "ein Löwe"], [1]))
        folder.note_failure(runs[1], "The numbers overflowed.")
    with (tmp_path / FAILURES).open("a", encoding="utf-8") as file:
        file.write('{"name": "half a li')
    assert read_failures(tmp_path) == {runs[1].name: "The numbers overflowed."}
    assert len(missing(tmp_path, ["a car", "ein Löwe"], [1])) == 2
    assert read_failures(tmp_path) == {}


def test_other_settings_leave_the_folder_as_it_was(tmp_path: Path) -> None:
    make_sweep(tmp_path, ["a car"], [1], done=1)
    before = (tmp_path / "sweep.json").read_bytes()
    with SweepFolder(tmp_path) as folder, pytest.raises(SweepError, match="other settings") as hit:
        folder.begin(wanted(["a boat"], [2], base=make_run(3).request))
    assert not hit.value.began
    assert (tmp_path / "sweep.json").read_bytes() == before


HOLD = """
import sys
from dataclasses import replace
from pathlib import Path
from visualizer.sweeps.folder import SweepFolder
with SweepFolder(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_one_sweep_at_a_time_and_a_killed_one_holds_nothing(tmp_path: Path) -> None:
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    assert other.stdin is not None
    assert other.stdout is not None
    with other.stdout, other.stdin:
        assert other.stdout.readline().strip() == b"held"
        with pytest.raises(SweepError, match="Another sweep is at work"):
            SweepFolder(tmp_path).__enter__()
        other.kill()
        other.wait()
    with SweepFolder(tmp_path):
        pass


def test_places_that_cannot_hold_a_sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SweepError, match="is a file, not a folder"):
        SweepFolder(tmp_path / "file").__enter__()
    with pytest.raises(SweepError, match="is a file, not a folder"):
        SweepFolder(tmp_path / "file" / "sweep").__enter__()
    (tmp_path / "sweep.json").mkdir()
    with pytest.raises(SweepError, match="cannot hold a sweep"):
        SweepFolder(tmp_path).__enter__()

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(SweepError, match="you may not write there"):
        SweepFolder(tmp_path / "new").__enter__()


def test_a_full_disk_is_said_and_leaves_no_half_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with SweepFolder(tmp_path) as folder:
        _, runs = folder.begin(wanted(["a car"], [1]))

        def full(_: int) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(SweepError, match="the disk is full") as hit:
            folder.keep(runs[0], make_run(4, request=runs[0].request), "final")
        assert hit.value.began
        with pytest.raises(SweepError, match="the disk is full"):
            folder.keep_bytes(runs[0], b"x")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["sweep.json", "sweep.lock"]


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff\xfe", b"[" * 100_000])
def test_a_manifest_that_is_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "sweep.json").write_bytes(content)
    with SweepFolder(tmp_path) as folder, pytest.raises(SweepError, match=r"sweep\.json"):
        folder.begin(wanted(["a car"], [1]))
    assert (tmp_path / "sweep.json").read_bytes() == content


def test_files_sent_from_elsewhere_are_the_same_files(tmp_path: Path) -> None:
    with SweepFolder(tmp_path) as folder:
        _, runs = folder.begin(wanted(["a car"], [1]))
        made = make_run(4, request=runs[0].request)
        made.save(tmp_path / "elsewhere")
        folder.keep_bytes(runs[0], (tmp_path / "elsewhere").read_bytes())
    assert missing(tmp_path, ["a car"], [1]) == []
    assert Trajectory.open(tmp_path / runs[0].name).request == runs[0].request
