"""The difference of two runs as a film: one, the other, and how far apart they are."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PIL import ImageColor

from tests.example_runs import make_picture, make_run
from tests.export.grids import make_grid
from visualizer.diffusion.comparison import Comparison
from visualizer.diffusion.lane_letters import letter_of
from visualizer.diffusion.picture_difference import difference_map, heat_colors, heat_picture
from visualizer.export import ExportError
from visualizer.export.colors import DARK, LIGHT, contrast, lane_color
from visualizer.export.difference_reel import DifferenceReel
from visualizer.export.film import Film, film_of
from visualizer.export.grid_mount import GridLayout
from visualizer.export.options import ExportOptions
from visualizer.export.reel import reel_of
from visualizer.export.share_words import percent

SIDE = 256


def film(what: Comparison, **values: Any) -> Film:
    return film_of(what, ExportOptions(**{"subject": "difference", "size": "1", **values}))


@pytest.fixture
def grid() -> Comparison:
    return make_grid(*(make_run(4, seed=seed, size=SIDE) for seed in (1, 20, 300)), columns=3)


def tiles(found: Film, moment: int) -> list[Any]:
    image, layout = np.asarray(found.frame(moment)), GridLayout((SIDE, SIDE), ((0, 0),))
    corners = [layout.gap + i * (SIDE + layout.gap) for i in range(3)]
    return [image[layout.gap : layout.gap + SIDE, left : left + SIDE] for left in corners]


def test_two_pictures_and_their_heat_map_stand_side_by_side(grid: Comparison) -> None:
    found = film(grid, pair=(0, 2))
    for moment in range(5):
        a, b = (grid.lanes[i].run.picture(moment) for i in (0, 2))  # type: ignore[union-attr]
        shown = tiles(found, moment)
        assert np.array_equal(shown[0], a)
        assert np.array_equal(shown[1], b)
        assert np.array_equal(shown[2], heat_picture(difference_map(a, b)))


def test_equal_runs_are_dark_all_over() -> None:
    run = make_run(3, size=SIDE)
    heat = tiles(film(make_grid(run, run)), 1)[2]
    assert (heat == heat_colors()[0]).all()


def test_the_scale_is_the_same_at_every_step(grid: Comparison) -> None:
    found = film(grid, pair=(0, 1))
    layout = GridLayout((SIDE, SIDE), ((0, 0),))
    left = layout.gap + 2 * (SIDE + layout.gap)
    below = [
        np.asarray(found.frame(k))[2 * layout.gap + SIDE :, left : left + SIDE] for k in (0, 4)
    ]
    bars = [int((strip == heat_colors()[255]).all(axis=2).any(axis=1).argmax()) for strip in below]
    assert bars[0] == bars[1] > 0
    row = bars[0] + 2
    assert np.array_equal(below[0][row], below[1][row])
    # its colors lie in the order of the map, from equal to far apart
    colors = below[0][row].astype(int).sum(axis=1)
    assert colors[-1] > 5 * colors[4] > 0
    assert not np.array_equal(below[0], below[1]), "how far apart they are is not said"


def test_the_pair_is_the_one_asked_for_or_the_one_looked_at(grid: Comparison) -> None:
    def labels(what: Comparison, pair: tuple[int, int] | None) -> list[str]:
        return [lane.label for lane in DifferenceReel(what, pair).lanes]

    assert labels(grid, (2, 0)) == ["seed 300", "seed 1"]
    assert labels(replace(grid, pair=(1, 2)), None) == ["seed 20", "seed 300"]
    assert labels(replace(grid, pair=(1, 2)), (0, 1)) == ["seed 1", "seed 20"]
    assert labels(replace(grid, lanes=grid.lanes[:2]), None) == ["seed 1", "seed 20"]


def test_no_pair_is_refused_with_a_sentence(grid: Comparison) -> None:
    stopped = make_grid(make_run(3), make_run(3, stop_after=0))
    failed = make_grid(make_run(3), None)
    bare = make_grid(make_run(3), make_run(3, stop_after=2, pictures=False))
    for what, pair, sentence in (
        (grid, None, "Choose the two runs"),
        (grid, (1, 1), "There are no two runs 2 and 2 here, but 3 runs"),
        (grid, (0, 7), "no two runs 1 and 8"),
        (grid, (-1, 0), "no two runs"),
        (replace(grid, lanes=grid.lanes[:1]), None, "needs two runs"),
        (Comparison(()), None, "needs two runs"),
        (stopped, None, "“seed 7” to compare"),
        (failed, None, "Memory ran out"),
        (bare, None, "no moment of which both runs have a picture"),
    ):
        with pytest.raises(ExportError, match=sentence) as caught:
            film(what, pair=pair)
        assert str(caught.value).endswith(".")


def test_lanes_of_different_steps_stand_on_one_clock() -> None:
    short, long = make_run(4, seed=1, size=SIDE), make_run(8, seed=2, size=SIDE)
    found = film(make_grid(short, long))
    assert len(found.shots) == 9
    shown = tiles(found, 4)
    assert np.array_equal(shown[0], short.picture(2))
    assert np.array_equal(shown[1], long.picture(4))


def test_only_pictures_of_one_moment_are_compared() -> None:
    kept: Any = {(k, "noisy"): make_picture(1, k) for k in (0, 4)}
    sparse = make_run(8, seed=2, pictures=kept)
    assert [shot.moment for shot in film(make_grid(make_run(8), sparse)).shots] == [0, 4, 8]


def test_the_final_picture_is_all_three(grid: Comparison) -> None:
    for background, ground in (("dark", DARK.ground), ("light", LIGHT.ground)):
        found = film(grid, pair=(0, 1), size="auto", background=background)
        image = found.still(4)
        assert image.size == found.size
        assert np.array_equal(np.asarray(image), np.asarray(found.frame(4)))
        assert image.getpixel((0, 0)) == ImageColor.getrgb(ground)


def test_pictures_of_different_sizes_can_be_compared() -> None:
    small = make_run(2, seed=3, size=64)
    found = film(make_grid(make_run(2, size=SIDE), small), pixels="square")
    shown = tiles(found, 1)
    assert np.array_equal(shown[1], small.picture(1).repeat(4, axis=0).repeat(4, axis=1))
    assert shown[2].std() > 5


@pytest.mark.parametrize("content", ["picture", "both"])
@pytest.mark.parametrize("place", ["below", "above", "over"])
def test_it_takes_captions_and_a_plot_as_any_film(
    grid: Comparison, content: Any, place: Any
) -> None:
    captions = ("prompt", "seed", "step", "noise")
    values = {"content": content, "captions": captions, "caption_place": place, "pair": (0, 1)}
    for size in ("1", "auto", "1080p"):
        found = film(grid, **{**values, "size": size})
        assert {image.size for image in found.frames(lambda done, total: None)} == {found.size}
        if size == "1080p":
            assert found.size[0] <= 1920
            assert found.size[1] <= 1080


def test_a_failure_is_told_beside_the_lane_it_befell() -> None:
    lanes = make_grid(make_run(3, size=SIDE), make_run(3, stop_after=2, size=SIDE)).lanes
    told = replace(lanes[1], failure="Memory ran out.")
    frames = [
        np.asarray(film(Comparison((lanes[0], lane))).frame(0)).astype(int)
        for lane in (lanes[1], told)
    ]
    changed = np.flatnonzero((frames[0] != frames[1]).any(axis=(0, 2)))
    assert SIDE < changed.min() < changed.max() < 2 * SIDE + 40


def test_marks_are_told_apart_from_any_ground() -> None:
    assert [letter_of(i) for i in (0, 1, 25, 26, 63)] == ["A", "B", "Z", "AA", "BL"]
    for look in (DARK, LIGHT):
        assert all(contrast(lane_color(i, look), look.ground) >= 2 for i in range(8))
    assert lane_color(0, DARK) != lane_color(1, DARK)


def test_what_is_nearly_equal_is_not_called_equal() -> None:
    assert [percent(share) for share in (0, 0.001, 0.28, 1)] == ["0 %", "< 1 %", "28 %", "100 %"]


def test_the_views_are_those_of_any_run(grid: Comparison) -> None:
    found = film(grid, pair=(0, 1), view="denoised")
    assert np.array_equal(tiles(found, 0)[0], make_picture(0.25, 1, SIDE))
    assert [shot.moment for shot in film(grid, pair=(0, 1), view="change").shots] == [1, 2, 3, 4]


def test_a_sheet_shows_both_runs_and_where_they_differ() -> None:
    a, b = make_run(4, seed=1), make_run(4, seed=2)
    reel = reel_of(make_grid(a, b), ExportOptions(format="sheet", subject="difference"))
    *runs, heat = reel.rows()
    assert [row.title for row in runs] == [lane.label for lane in reel.lanes]
    assert heat.title == "Difference"
    shown = heat.picture(2)
    assert shown is not None
    pictures = a.pictures[2, "noisy"], b.pictures[2, "noisy"]
    assert np.array_equal(shown, heat_picture(difference_map(*pictures)))
