"""Where files are written: whole or not at all, and a sentence where it cannot be."""

from __future__ import annotations

import errno
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tests.example_runs import make_run
from visualizer import export
from visualizer.diffusion.trajectory import Trajectory
from visualizer.export import ExportError
from visualizer.export.options import ExportOptions
from visualizer.export.progress import Progress

NAMES = [
    "final.png",
    "final.jpg",
    "sheet.png",
    "sheet.pdf",
    "run.webp",
    "run.gif",
    "run.apng",
    "run.mp4",
    "run.webm",
    "run.npz",
    "run.safetensors",
    "run.html",
    "frames",
]


class Stopped(Exception):
    """What a person's cancel raises."""


def stopping_at(call: int) -> Progress:
    """Progress that stops an export when it is told for the so manyth time."""
    calls = iter(range(1, call + 1))

    def progress(_done: int, _total: int) -> None:
        if next(calls) == call:
            raise Stopped

    return progress


def options_for(name: str) -> ExportOptions:
    return ExportOptions(format="frames" if name == "frames" else "webp")


@pytest.fixture
def run() -> Trajectory:
    return make_run(6)


@pytest.mark.parametrize("name", NAMES)
def test_a_cancelled_export_leaves_nothing(tmp_path: Path, run: Trajectory, name: str) -> None:
    told: list[int] = []
    whole = tmp_path / "whole"
    whole.mkdir()
    export.write(run, whole / name, options_for(name), lambda done, total: told.append(done))
    assert told == sorted(told)
    assert set(told) == set(range(1, told[-1] + 1))
    for stop in {1, len(told) // 2 + 1, len(told)}:
        folder = tmp_path / f"stopped{stop}"
        folder.mkdir()
        with pytest.raises(Stopped):
            export.write(run, folder / name, options_for(name), stopping_at(stop))
        assert list(folder.iterdir()) == [], f"cancelled at {stop}"


@pytest.mark.parametrize("name", [name for name in NAMES if name != "frames"])
def test_a_cancel_wins_until_the_file_takes_its_place(
    tmp_path: Path, run: Trajectory, name: str
) -> None:
    path = tmp_path / name
    written: list[bool] = []

    def looked_at(_done: int, _total: int) -> None:
        (part,) = (each for each in tmp_path.iterdir() if each != path)
        written.append(part.stat().st_size == size)

    export.write(run, path, options_for(name))
    size = path.stat().st_size
    export.write(run, path, options_for(name), looked_at)
    assert written[-1], "told once more when everything is written"
    assert len(written) > 1
    path.write_bytes(b"former")
    with pytest.raises(Stopped):
        export.write(run, path, options_for(name), stopping_at(len(written)))
    assert path.read_bytes() == b"former"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_can_be_cancelled_until_it_takes_its_place(
    tmp_path: Path, run: Trajectory
) -> None:
    there: list[bool] = []

    def looked_at(_done: int, _total: int) -> None:
        (part,) = tmp_path.iterdir()
        there.append((part / "frames.json").exists())

    export.write(run, tmp_path / "frames", options_for("frames"), looked_at)
    assert there == [False] * 7 + [True]


@pytest.mark.parametrize("name", [name for name in NAMES if name != "frames"] + ["run.denoise"])
def test_a_full_disk_leaves_the_former_file(
    tmp_path: Path, run: Trajectory, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    path = tmp_path / name
    path.write_bytes(b"former")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ExportError, match="disk is full"):
        export.write(run, path)
    assert path.read_bytes() == b"former"
    assert list(tmp_path.iterdir()) == [path]


def test_a_disk_that_is_full_while_it_is_written_gets_the_same_sentence(
    tmp_path: Path, run: Trajectory
) -> None:
    run.save(tmp_path / "run.denoise")
    program = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from visualizer import export\n"
        "from visualizer.diffusion import Trajectory\n"
        "from visualizer.export.options import ExportOptions\n"
        "run = Trajectory.open(sys.argv[1] + '/run.denoise')\n"
        "frames = ExportOptions(format='frames')\n"
        "for name in sys.argv[2:]:\n"
        "    export.write(run, Path(sys.argv[1], 'w' + name), frames)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (400, resource.RLIM_INFINITY))\n"
        "for name in sys.argv[2:]:\n"
        "    try:\n"
        "        export.write(run, Path(sys.argv[1], name), frames)\n"
        "        print(name, 'was written')\n"
        "    except export.ExportError as error:\n"
        "        print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program, tmp_path, *NAMES],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        f"'{name}' was not saved: the disk is full." for name in NAMES
    ]
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"run.denoise", *(f"w{name}" for name in NAMES)}
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY


@pytest.mark.parametrize("name", ["run.mov", "run", ".png", "run.denoise.bak"])
def test_an_unknown_ending_names_those_that_work(
    tmp_path: Path, run: Trajectory, name: str
) -> None:
    for attempt in (lambda p: export.write(run, p), export.check):
        with pytest.raises(ExportError) as refused:
            attempt(tmp_path / name)
        told = str(refused.value)
        assert told.startswith(f"'{name}' has an ending that cannot be written. Use ")
        for ending in (".png", ".webp", ".gif", ".mp4", ".html", ".denoise"):
            assert ending in told


@pytest.mark.parametrize("name", NAMES)
def test_odd_places_get_a_sentence(tmp_path: Path, run: Trajectory, name: str) -> None:
    options = options_for(name)
    stem, dot, ending = name.partition(".")
    (tmp_path / "in the way").mkdir()
    (tmp_path / "in the way" / f"{stem}{dot}{ending}").mkdir()
    (tmp_path / "in the way" / name / "letter").write_text("precious")
    places = {
        tmp_path / "gone" / name: "folder does not exist",
        tmp_path / f"{stem}\0{dot}{ending}": "not a name that a file can have",
        tmp_path / f"{stem * 100}{dot}{ending}": "name is too long",
        tmp_path / "in the way" / name: "folder",
    }
    for place, words in places.items():
        with pytest.raises(ExportError, match=words):
            export.write(run, place, options)
        with pytest.raises(ExportError, match=words):
            export.check(place, options)
    assert [path.name for path in tmp_path.iterdir()] == ["in the way"]
    assert (tmp_path / "in the way" / name / "letter").read_text() == "precious"


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="there is no /proc here")
def test_a_folder_that_takes_no_files_is_not_said_to_be_missing(run: Trajectory) -> None:
    for attempt in (lambda p: export.write(run, p), export.check):
        with pytest.raises(ExportError, match="nothing can be made in that folder"):
            attempt(Path("/proc/final.png"))


def test_names_may_have_any_letters(tmp_path: Path, run: Trajectory) -> None:
    for name in NAMES:
        stem, dot, ending = name.partition(".")
        path = tmp_path / f"{stem} 🚗 سيارة %d %04d{dot}{ending}"
        export.write(run, path, options_for(name))
        assert path.exists()
    assert len(list(tmp_path.iterdir())) == len(NAMES)


def test_places_are_checked_beforehand(tmp_path: Path) -> None:
    export.check(tmp_path / "final.png")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ExportError, match="folder does not exist"):
        export.check(tmp_path / "gone" / "final.png")


def test_a_run_opened_without_its_model_exports_to_everything(
    tmp_path: Path, run: Trajectory
) -> None:
    export.write(run, tmp_path / "run.denoise")
    opened = Trajectory.open(tmp_path / "run.denoise")
    for name in [*NAMES, "again.denoise"]:
        export.write(opened, tmp_path / name, options_for(name))
        assert (tmp_path / name).stat().st_size > 0


def test_runs_without_pictures_are_refused_with_a_sentence(tmp_path: Path) -> None:
    stopped, bare = make_run(6, stop_after=0), make_run(6, stop_after=2, pictures=False)
    for name in NAMES:
        if name.startswith("run.npz") or name.endswith(".safetensors"):
            continue  # there are numbers without pictures
        with pytest.raises(ExportError, match="before its first step"):
            export.write(stopped, tmp_path / name, options_for(name))
        with pytest.raises(ExportError, match="Open it together with its model"):
            export.write(bare, tmp_path / name, options_for(name))
    assert list(tmp_path.iterdir()) == []


def test_exports_need_neither_torch_nor_qt(tmp_path: Path, run: Trajectory) -> None:
    run.save(tmp_path / "run.denoise")
    program = (
        "import sys; from visualizer import export; from visualizer.diffusion import Trajectory\n"
        "run = Trajectory.open(sys.argv[1] + '/run.denoise')\n"
        "for name in sys.argv[2:]:\n"
        "    export.write(run, sys.argv[1] + '/' + name)\n"
        "print([m for m in ('torch', 'diffusers', 'PySide6') if m in sys.modules])"
    )
    names = [name for name in NAMES if name != "frames"]
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program, tmp_path, *names],
        capture_output=True,
        text=True,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")
