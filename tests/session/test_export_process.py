"""What is exported crosses to the process that encodes it, and arrives as it was."""

from __future__ import annotations

import threading
from dataclasses import replace
from multiprocessing.connection import Pipe
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.example_runs import StandInDecoder, make_picture, make_run
from tests.export.grids import make_grid
from visualizer.diffusion.comparison import Comparison
from visualizer.diffusion.trajectory import Trajectory
from visualizer.export.reel import reel_of
from visualizer.session import export_process
from visualizer.session.export_process import ExportFailed, export
from visualizer.session.wanted_pictures import for_comparison_export


def crossed(
    what: Trajectory | Comparison, path: str = "all.denoise"
) -> tuple[Trajectory | Comparison, int]:
    """What arrives on the other side, and in how many pieces."""
    ours, theirs = Pipe()
    pieces = list(export_process._pieces(what, export_process._needed(what, path)))

    def send() -> None:
        for piece in pieces:
            ours.send(piece)

    sender = threading.Thread(target=send)
    sender.start()
    received = export_process._received(theirs)
    sender.join()
    return received, len(pieces)


def assert_same_run(a: Trajectory, b: Trajectory) -> None:
    assert a.request == b.request
    assert len(a.steps) == len(b.steps)
    for mine, theirs in zip(a.steps, b.steps, strict=True):
        assert np.array_equal(mine.latents, theirs.latents)
    assert set(a.pictures) == set(b.pictures)
    for key in a.pictures:
        assert np.array_equal(a.pictures[key], b.pictures[key])


def test_a_run_arrives_without_its_decoder() -> None:
    run = make_run(4, decoder=StandInDecoder())
    arrived, _ = crossed(run)
    assert isinstance(arrived, Trajectory)
    assert arrived.decoder is None
    assert_same_run(arrived, run)


def test_a_comparison_arrives_and_what_branches_share_goes_over_once() -> None:
    parent = make_run(6, seed=1)
    own = make_run(6, seed=2)
    pictures = {key: (parent if key[0] < 4 else own).pictures[key] for key in parent.pictures}
    branch = replace(parent, steps=parent.steps[:4] + own.steps[4:], pictures=pictures)
    grid = make_grid(parent, None, branch, title="Two", position=0.25, alignment="step")
    arrived, pieces = crossed(grid)
    assert isinstance(arrived, Comparison)
    assert (arrived.title, arrived.position, arrived.alignment) == ("Two", 0.25, "step")
    first, failed, last = arrived.lanes
    assert failed.run is None
    assert failed.failure == grid.lanes[1].failure
    assert first.run is not None
    assert last.run is not None
    assert_same_run(first.run, parent)
    assert_same_run(last.run, branch)
    assert [a is b for a, b in zip(first.run.steps, last.run.steps, strict=True)] == [
        True, True, True, True, False, False, False,
    ]  # fmt: skip
    # the comparison; 7 + 3 steps, their pictures in two views, and two marks for each run
    assert pieces == 1 + (7 + 3) * 3 + 2 * 2


def test_a_grid_is_written_by_the_other_process(tmp_path: Path) -> None:
    grid = make_grid(make_run(2), None, make_run(3, seed=2))
    path = tmp_path / "grid.png"
    assert export(grid, str(path), threading.Event())
    with Image.open(path) as image:
        assert np.array_equal(np.asarray(image), reel_of(grid).picture(3))
    with pytest.raises(ExportFailed, match="Make some first"):
        export(Comparison(()), str(path), threading.Event())


@pytest.mark.parametrize(
    ("name", "short", "long"),
    [("grid.png", [4], [8]), ("sheet.png", [0, 1, 2, 3, 4], [0, 1, 2, 3, 5, 6, 7, 8])],
)
def test_what_a_grid_needs_is_known_lane_by_lane(
    name: str, short: list[int], long: list[int]
) -> None:
    grid = make_grid(make_run(4), None, make_run(8))
    first, failed, last = for_comparison_export(grid, name)
    assert failed == []
    assert sorted({k for k, _ in first}) == short
    assert sorted({k for k, _ in last}) == long


@pytest.mark.parametrize("name", ["grid.webp", "grid.html", "grid.denoise"])
def test_what_moves_needs_every_step(name: str) -> None:
    first, last = for_comparison_export(make_grid(make_run(4), make_run(8)), name)
    assert {k for k, view in first if view == "noisy"} == set(range(5))
    assert {k for k, view in last if view == "noisy"} == set(range(9))
    assert any(view == "denoised" for _, view in first) == (name != "grid.webp")


def test_a_run_that_lost_a_picture_still_crosses() -> None:
    run = make_run(2, pictures={(0, "noisy"): make_picture(1), (7, "noisy"): make_picture(0)})
    arrived, _ = crossed(run)
    assert isinstance(arrived, Trajectory)
    assert list(arrived.pictures) == [(0, "noisy")]


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("grid.png", {(4, "noisy")}),
        ("grid.webp", {(k, "noisy") for k in range(5)}),
        ("grid.html", {(k, view) for k in range(5) for view in ("noisy", "denoised")}),
    ],
)
def test_only_pictures_that_the_file_shows_cross(name: str, kept: set[tuple[int, str]]) -> None:
    run = make_run(4)
    grid, _ = crossed(make_grid(run, None, make_run(4, seed=2)), name)
    assert isinstance(grid, Comparison)
    assert [set(lane.run.pictures) for lane in grid.lanes if lane.run] == [kept, kept]


def test_where_pictures_are_missing_the_nearest_cross() -> None:
    stopped = make_run(6, stop_after=4, pictures={(1, "noisy"): make_picture(1)})
    arrived, _ = crossed(make_grid(stopped, make_run(6)), "grid.png")
    assert isinstance(arrived, Comparison)
    first, second = (lane.run for lane in arrived.lanes)
    assert first is not None
    assert list(first.pictures) == [(1, "noisy")]
    assert second is not None
    assert list(second.pictures) == [(6, "noisy")]
