"""A folder of pictures: whole or not at all, and for FFmpeg."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.example_runs import make_run
from tests.export.reading import film, said_by, silent
from visualizer import export
from visualizer.diffusion.trajectory import Trajectory
from visualizer.export import ExportError
from visualizer.export.options import ExportOptions
from visualizer.metadata.reading import read

FRAMES = ExportOptions(format="frames")


@pytest.fixture
def run() -> Trajectory:
    return make_run(6)


def test_every_frame_is_a_picture_of_its_own(tmp_path: Path, run: Trajectory) -> None:
    told: list[tuple[int, int]] = []
    export.write(run, tmp_path / "out", FRAMES, lambda *counts: told.append(counts))
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == [f"000{k}.png" for k in range(7)] + ["frames.ffconcat", "frames.json"]
    for k, image in enumerate(film(run).frames(silent)):
        with Image.open(tmp_path / "out" / f"000{k}.png") as written:
            assert np.array_equal(np.asarray(written), np.asarray(image))
    assert told == [*((k, 7) for k in range(1, 8)), (7, 7)]
    index = json.loads((tmp_path / "out" / "frames.json").read_text())
    assert (index["width"], index["height"], index["seconds"]) == (512, 512, film(run).seconds)
    assert [frame["milliseconds"] for frame in index["frames"]] == [125] * 6 + [1500]
    assert index["frames"][3]["step"] == "step 3"
    found = read(tmp_path / "out" / "0006.png")
    assert found is not None
    assert found.request == run.request


def test_a_folder_may_have_a_dot_in_its_name(tmp_path: Path, run: Trajectory) -> None:
    export.write(run, tmp_path / "take 1.5", FRAMES)
    assert (tmp_path / "take 1.5" / "0006.png").exists()


def test_ffmpeg_makes_the_film_of_it(tmp_path: Path, run: Trajectory) -> None:
    export.write(run, tmp_path / "out", FRAMES)
    listed = tmp_path / "out" / "frames.ffconcat"
    said_by("ffmpeg", "-v", "error", "-i", listed, "-pix_fmt", "yuv420p", tmp_path / "film.mp4")
    arguments = ("-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0")
    seconds = float(said_by("ffprobe", *arguments, tmp_path / "film.mp4"))
    assert seconds == pytest.approx(film(run).seconds, abs=0.15)


def test_a_folder_of_ours_is_replaced_whole(tmp_path: Path, run: Trajectory) -> None:
    (tmp_path / "out").mkdir()
    export.write(run, tmp_path / "out", FRAMES)  # an empty one is nobody's
    export.write(make_run(2), tmp_path / "out", FRAMES)
    assert len(list((tmp_path / "out").glob("*.png"))) == 3
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("other", ["letter.txt", "0000.png", "holiday.png"])
def test_a_folder_of_others_is_left_alone(tmp_path: Path, run: Trajectory, other: str) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / other).write_text("precious")
    words = "'out' was not saved: there are other files in that folder"
    with pytest.raises(ExportError, match=words):
        export.write(run, tmp_path / "out", FRAMES)
    with pytest.raises(ExportError, match=words):
        export.check(tmp_path / "out", FRAMES)
    assert (tmp_path / "out" / other).read_text() == "precious"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_something_added_to_a_folder_of_ours_is_left_alone(tmp_path: Path, run: Trajectory) -> None:
    export.write(run, tmp_path / "out", FRAMES)
    (tmp_path / "out" / "letter.txt").write_text("precious")
    with pytest.raises(ExportError, match="there are other files in that folder"):
        export.write(run, tmp_path / "out", FRAMES)
    assert (tmp_path / "out" / "letter.txt").read_text() == "precious"


def test_a_file_in_the_way_is_left_alone(tmp_path: Path, run: Trajectory) -> None:
    (tmp_path / "out").write_text("precious")
    with pytest.raises(ExportError, match="there is a file of that name"):
        export.write(run, tmp_path / "out", FRAMES)
    with pytest.raises(ExportError, match="there is a file of that name"):
        export.check(tmp_path / "out", FRAMES)
    assert (tmp_path / "out").read_text() == "precious"


def test_places_are_checked_beforehand(tmp_path: Path) -> None:
    export.check(tmp_path / "out", FRAMES)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ExportError, match="folder does not exist"):
        export.check(tmp_path / "gone" / "out", FRAMES)


def test_a_full_disk_leaves_the_former_folder(
    tmp_path: Path, run: Trajectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    export.write(make_run(2), tmp_path / "out", FRAMES)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ExportError, match="disk is full"):
        export.write(run, tmp_path / "out", FRAMES)
    assert len(list((tmp_path / "out").glob("*.png"))) == 3
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_when_it_cannot_be_moved_the_former_folder_comes_back(
    tmp_path: Path, run: Trajectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    export.write(make_run(2), tmp_path / "out", FRAMES)
    rename = Path.rename

    def refusing(path: Path, target: Path) -> Path:
        if path.suffix == ".part":
            raise PermissionError(errno.EACCES, "no")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refusing)
    with pytest.raises(ExportError, match="you may not write there"):
        export.write(run, tmp_path / "out", FRAMES)
    assert len(list((tmp_path / "out").glob("*.png"))) == 3
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
