"""The folder of runs that were saved by themselves, and its bound."""

from __future__ import annotations

import os
from pathlib import Path

from tests.example_runs import make_run
from visualizer.diffusion.trajectory import Trajectory
from visualizer.session.history import HistoryFolder


def save_some(folder: HistoryFolder, count: int) -> list[Path]:
    places = []
    for k in range(count):
        place = folder.place_for(f"picture {k}", k)
        folder.save(make_run(1, seed=k, pictures=False), place)
        os.utime(place, (k, k))
        places.append(place)
    return places


def test_names_tell_what_is_in_them_and_never_meet(tmp_path: Path) -> None:
    folder = HistoryFolder(tmp_path)
    names = {folder.place_for("A red Ferrari: on/a road …", 7).name for _ in range(20)}
    assert len(names) == 20
    assert all("a-red-ferrari-on-a-road 7" in name for name in names)
    assert folder.place_for("😀\0\ud800 " * 400, 1).name.isascii()
    assert len(folder.place_for("word " * 400, 1).name) < 120


def test_only_the_newest_runs_stay(tmp_path: Path) -> None:
    folder = HistoryFolder(tmp_path, max_runs=3)
    places = save_some(folder, 5)
    folder.save(make_run(1, pictures=False), places[-1])
    assert sorted(tmp_path.glob("*.denoise")) == sorted(places[-3:])


def test_the_bytes_have_a_bound_but_the_newest_run_stays(tmp_path: Path) -> None:
    folder = HistoryFolder(tmp_path, max_bytes=10)
    places = save_some(folder, 3)
    assert list(tmp_path.glob("*.denoise")) == [places[-1]]


def test_what_is_no_run_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    save_some(HistoryFolder(tmp_path, max_runs=1), 2)
    assert (tmp_path / "notes.txt").exists()


def test_writing_again_keeps_one_file(tmp_path: Path) -> None:
    folder = HistoryFolder(tmp_path / "made" / "when needed")
    place = folder.place_for("a", 1)
    folder.save(make_run(2, pictures=False), place)
    folder.save(make_run(2), place)
    assert len(Trajectory.open(place).pictures) > 0
    assert len(list(folder.folder.iterdir())) == 1
