"""Grids of runs written by the exporters of single runs, and read again by other eyes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tests.example_runs import make_picture, make_run
from tests.export.grids import four_seeds, make_grid
from visualizer import export
from visualizer.diffusion import comparison_file
from visualizer.diffusion.comparison import Comparison
from visualizer.diffusion.views import View
from visualizer.export import ExportError, sheet
from visualizer.export.film import Film, film_of
from visualizer.export.grid_mount import GridLayout
from visualizer.export.grid_reel import MAX_FRAME_SIDE, GridReel
from visualizer.export.options import ExportOptions
from visualizer.export.reel import reel_of
from visualizer.metadata import reading


def still_layout(reel: GridReel) -> GridLayout:
    """Where the lanes stand on a picture of the whole grid."""
    return reel.layout(reel.still_tile("noisy"))


def whole(reel: GridReel, moment: int) -> Image.Image:
    return Film(reel, ExportOptions()).still(moment)


def cut(image: Image.Image, reel: GridReel, lane: int) -> NDArray[Any]:
    """The place of a lane on a picture of the whole grid."""
    layout = still_layout(reel)
    left, top = layout.corner(lane)
    width, height = layout.tile
    return np.asarray(image.convert("RGB"))[top : top + height, left : left + width]


def far(a: NDArray[Any], b: NDArray[Any]) -> float:
    return float(np.abs(a.astype(float) - b.astype(float)).mean())


def reduced(picture: NDArray[Any]) -> NDArray[Any]:
    """Averages of small blocks: dither and the loss of color in static are local."""
    return np.asarray(Image.fromarray(picture).reduce(8))


# --- Pictures -------------------------------------------------------------------------------------


def test_a_png_shows_every_lane_in_its_place_pixel_for_pixel(tmp_path: Path) -> None:
    pictures = [make_picture(0.3 * i, seed=i, size=256) for i in range(4)]
    grid = make_grid(*(make_run(3, seed=i, final=p) for i, p in enumerate(pictures)))
    export.write(grid, tmp_path / "grid.png")
    reel = GridReel(grid)
    with Image.open(tmp_path / "grid.png") as image:
        assert image.size == still_layout(reel).size
        for i, picture in enumerate(pictures):
            assert np.array_equal(cut(image, reel, i), picture)
        below = np.asarray(image)[still_layout(reel).corner(0)[1] + 256 :, :256][
            : still_layout(reel).caption
        ]
        assert below.max() > 200, "no name stands below the picture"
    noted = reading.read(tmp_path / "grid.png")
    assert noted is not None
    assert [lane.request for lane in noted.lanes] == [lane.request for lane in grid.lanes]
    assert [lane.label for lane in noted.lanes] == ["seed 0", "seed 1", "seed 2", "seed 3"]


def test_small_pictures_are_enlarged_by_a_whole_factor() -> None:
    assert GridReel(make_grid(make_run(1), make_run(1))).still_tile("noisy") == (256, 256)
    assert GridReel(four_seeds(1, size=300)).still_tile("noisy") == (300, 300)


def test_pictures_keep_their_proportions() -> None:
    wide = make_run(1, final=make_picture(0, size=256)[:64])
    reel = GridReel(make_grid(wide, make_run(1, size=256)))
    shown = cut(whole(reel, 1), reel, 0)
    assert np.array_equal(shown[96:160], wide.picture(1))
    assert len(np.unique(shown[:96].reshape(-1, 3), axis=0)) == 1


def test_a_failed_lane_is_a_quiet_frame_and_the_others_stay() -> None:
    grid = make_grid(make_run(2, size=256), None, make_run(2, seed=9, size=256))
    reel = GridReel(grid)
    for moment in range(3):
        image = whole(reel, moment)
        assert np.array_equal(cut(image, reel, 0), make_run(2, size=256).picture(moment))
        assert np.array_equal(cut(image, reel, 2), make_run(2, seed=9, size=256).picture(moment))
        frame = cut(image, reel, 1).reshape(-1, 3)
        assert np.median(frame) < 50, "the frame is not quiet"
        assert frame.max() > 140, "the reason is not written"


def test_lanes_that_were_removed_or_moved_leave_no_holes() -> None:
    grid = make_grid(*(make_run(1, seed=s) for s in range(9)), columns=3)

    def places(lanes: Any) -> list[tuple[int, int]]:
        reel = GridReel(Comparison(tuple(lanes)))
        return [(lane.row, lane.column) for lane in reel.lanes]

    kept = [lane for lane in grid.lanes if lane.row != 1 and lane.column != 0]
    assert places(kept) == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert places(grid.lanes[::-1]) == [divmod(i, 3) for i in range(9)]
    assert places(grid.lanes[:1] * 3) == [(0, 0), (0, 1), (0, 2)]


@pytest.mark.parametrize(
    ("rows", "columns", "wanted"),
    [(2, 32, (8, 8)), (32, 2, (8, 8)), (3, 20, (9, 7)), (2, 8, (2, 8)), (4, 4, (4, 4))],
)
def test_a_very_flat_grid_is_folded(rows: int, columns: int, wanted: tuple[int, int]) -> None:
    """A sweep of two prompts under 32 seeds would be a strip of stamps."""
    reel = GridReel(make_grid(*[make_run(1)] * (rows * columns), columns=columns))
    places = [(lane.row, lane.column) for lane in reel.lanes]
    assert len(set(places)) == rows * columns
    assert tuple(1 + max(numbers) for numbers in zip(*places, strict=True)) == wanted
    if columns > rows:  # each of its rows stays together
        assert {row for row, _ in places[:columns]} == set(range(wanted[0] // rows))
    width, height = Film(reel, ExportOptions()).size
    assert max(width, height) < 4 * min(width, height) or wanted == (2, 8)


@pytest.mark.parametrize(("count", "columns"), [(1, 1), (5, 5), (7, 4), (8, 4), (16, 4), (64, 8)])
def test_a_long_row_becomes_a_grid(count: int, columns: int) -> None:
    run = make_run(1)
    assert GridReel(make_grid(*[run] * count, columns=64)).columns == columns
    assert GridReel(make_grid(*[run] * count, columns=1)).columns in (1, columns)


# --- One clock ------------------------------------------------------------------------------------


def test_lanes_of_different_steps_stand_at_the_same_noise() -> None:
    short, long = make_run(4, seed=1, size=256), make_run(8, seed=2, size=256)
    reel = GridReel(make_grid(short, long))
    assert reel.count == 9
    image = whole(reel, 4)
    assert np.array_equal(cut(image, reel, 0), short.picture(2))
    assert np.array_equal(cut(image, reel, 1), long.picture(4))
    assert reel.label(4) == ""
    assert reel.share(4) == long.steps[4].noise_level.noise_share
    assert "side by side at the same noise level" in reel.facts


def test_lanes_of_different_steps_stand_at_the_same_step() -> None:
    short, long = make_run(4, seed=1, size=256), make_run(8, seed=2, size=256)
    reel = GridReel(make_grid(short, long, alignment="step"))
    image = whole(reel, 3)
    assert np.array_equal(cut(image, reel, 0), short.picture(3))
    ended = whole(reel, 7)
    assert np.array_equal(cut(ended, reel, 0), short.picture(4))
    assert reel.label(7) == "step 7"
    assert "side by side at the same step" in reel.facts


def test_a_stopped_lane_rests_where_it_stopped() -> None:
    finished, stopped = make_run(6, size=256), make_run(6, seed=2, size=256, stop_after=3)
    reel = GridReel(make_grid(stopped, finished))
    for moment in range(7):
        image = whole(reel, moment)
        assert np.array_equal(cut(image, reel, 0), stopped.picture(min(moment, 2)))
        assert reel.label(moment) == f"step {moment}"


def test_a_lane_with_few_pictures_shows_the_nearest() -> None:
    kept: dict[tuple[int, View], Any] = {(k, "noisy"): make_picture(1, k, 256) for k in (0, 4)}
    sparse = make_run(8, size=256, pictures=kept)
    reel = GridReel(make_grid(make_run(8, size=256), sparse))
    shown = [cut(whole(reel, m), reel, 1) for m in (1, 3, 5)]
    for picture, key in zip(shown, (0, 4, 4), strict=True):
        assert np.array_equal(picture, kept[key, "noisy"])


def test_moments_that_are_complete_are_preferred() -> None:
    some = [0, 2, 4, 6, 8, 10, 12, 16]
    kept: dict[tuple[int, View], Any] = {(k, "noisy"): make_picture(1, k) for k in some}
    few: dict[tuple[int, View], Any] = {(k, "noisy"): make_picture(1, k) for k in (0, 8)}
    whole, sparse = make_run(16), make_run(16, pictures=kept)
    assert reel_of(make_grid(whole, sparse)).shown() == some
    assert reel_of(make_grid(whole, make_run(16, pictures=few))).shown() == list(range(17))
    assert reel_of(make_grid(whole, None)).shown() == list(range(17))


def test_what_lanes_have_in_common_is_said_once() -> None:
    reel = reel_of(four_seeds())
    assert reel.title == "a red Ferrari on a mountain road at sunset"
    assert reel.facts[:3] == ["4 runs", "4 steps", "guidance 3"]
    assert not [fact for fact in reel.facts if "seed" in fact]
    two = make_grid(make_run(1, prompt="a cat"), make_run(1, prompt="a dog"))
    assert reel_of(two).title == "2 prompts"
    more = make_grid(make_run(1, prompt="a cat"), make_run(1, prompt="a dog", seed=8))
    assert reel_of(more).title == "2 prompts × 2 seeds"
    assert reel_of(replace(two, title="Cat or dog")).title == "Cat or dog"


# --- Animations -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["grid.webp", "grid.gif", "grid.apng"])
def test_a_grid_moves_from_static_to_its_pictures(tmp_path: Path, name: str) -> None:
    grid = four_seeds(3)
    told: list[tuple[int, int]] = []
    export.write(grid, tmp_path / name, progress=lambda done, total: told.append((done, total)))
    reel = GridReel(grid)
    assert list(dict.fromkeys(told)) == [(k, 4) for k in range(1, 5)]
    durations = []
    with Image.open(tmp_path / name) as image:
        assert image.size == still_layout(reel).size
        for k in range(4):
            image.seek(k)
            image.load()
            durations.append(image.info["duration"])
            for i, lane in enumerate(grid.lanes):
                assert lane.run is not None
                shown, meant = cut(image, reel, i), lane.run.picture(k)
                assert far(reduced(shown), reduced(meant)) < 8, (k, i)
    assert durations[-1] == 1500
    assert 110 < min(durations) <= max(durations[:-1]) <= 130


def test_a_grid_becomes_a_video(tmp_path: Path) -> None:
    grid = four_seeds(3)
    export.write(grid, tmp_path / "grid.mp4")
    reel = GridReel(grid)
    width, height = still_layout(reel).size
    with av.open(str(tmp_path / "grid.mp4")) as container:
        pictures = [f.to_ndarray(format="rgb24") for f in container.decode(video=0)]
    assert len(pictures) >= 4
    assert pictures[0].shape == (height + height % 2, width + width % 2, 3)
    for i, lane in enumerate(grid.lanes):
        assert lane.run is not None
        assert far(cut(Image.fromarray(pictures[-1]), reel, i), lane.run.picture(3)) < 5


def test_sixteen_large_lanes_are_no_larger_than_a_screen() -> None:
    large = make_picture(0.5, size=512)
    shown: dict[tuple[int, View], Any] = {(k, "noisy"): large for k in range(51)}
    grid = make_grid(*[make_run(50, final=large, pictures=shown)] * 16, columns=4)
    assert GridReel(grid).still_tile("noisy") == (512, 512)  # as a picture it is not scaled down
    film = film_of(grid, ExportOptions())
    assert MAX_FRAME_SIDE - 16 < max(film.size) <= MAX_FRAME_SIDE
    assert len(film.shots) == 51
    assert film.frame(0).size == film.size


# --- The sheet ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("lanes", "side"), [(2, 240), (4, 240), (6, 176), (16, 128), (64, 96)])
def test_a_sheet_has_a_row_for_each_lane(lanes: int, side: int) -> None:
    run = make_run(20, size=side)
    film = film_of(make_grid(*[run] * lanes, columns=4), ExportOptions(format="sheet"))
    drawn = sheet.draw_sheet(film, lambda done, total: None)
    layout = sheet.layout_of(film)
    assert layout.tile == (side, side)
    assert len(layout.moments) == 8
    middle = run.picture(20)[30:60, 30:60]
    column = np.asarray(drawn)[:, layout.lefts[-1] + 30 : layout.lefts[-1] + 60]
    windows = np.lib.stride_tricks.sliding_window_view(column[:, :, 0], 30, axis=0)
    found = (windows.transpose(0, 2, 1) == middle[:, :, 0]).all(axis=(1, 2))
    assert found.sum() == lanes
    assert drawn.width < 2600
    assert drawn.height < 9000


def test_a_sheet_shows_the_view_that_was_looked_at() -> None:
    grid = make_grid(make_run(4), make_run(4, seed=8), view="denoised")
    assert [row.view for row in reel_of(grid).rows()] == ["denoised", "denoised"]
    assert [row.view for row in reel_of(replace(grid, view="channels")).rows()] == ["noisy"] * 2


def test_a_sheet_says_why_a_row_is_empty(tmp_path: Path) -> None:
    grid = make_grid(make_run(4), None, replace(make_run(4), final=None, pictures={}))
    export.write(replace(grid, summary="The seed decides."), tmp_path / "sheet.png")
    with Image.open(tmp_path / "sheet.png") as image:
        assert image.size[0] > 600


# --- Any comparison -------------------------------------------------------------------------------


def test_a_comparison_file_exports_to_everything(tmp_path: Path) -> None:
    grid = make_grid(make_run(3), None, make_run(5, seed=3))
    export.write(grid, tmp_path / "grid.denoise")
    opened = comparison_file.load(tmp_path / "grid.denoise")
    assert [lane.failure for lane in opened.lanes] == [
        "",
        "Memory ran out. Try a smaller size.",
        "",
    ]
    for name in ("grid.png", "sheet.png", "grid.webp", "grid.mp4", "grid.html", "more.denoise"):
        export.write(opened, tmp_path / name)
        assert (tmp_path / name).stat().st_size > 0


def test_comparisons_without_pictures_are_refused_with_a_sentence(tmp_path: Path) -> None:
    bare = make_grid(make_run(3, stop_after=2, pictures=False), None)
    for name in ("grid.png", "sheet.png", "grid.webp", "grid.mp4", "grid.html"):
        with pytest.raises(ExportError, match="None of these runs has a picture"):
            export.write(bare, tmp_path / name)
        with pytest.raises(ExportError, match="Make some first"):
            export.write(Comparison(()), tmp_path / name)
    assert list(tmp_path.iterdir()) == []
