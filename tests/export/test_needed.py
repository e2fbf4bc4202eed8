"""Which pictures have to be there before a file is written."""

from __future__ import annotations

from typing import Any

import pytest

from tests.example_runs import StandInDecoder, make_run
from tests.export.grids import make_grid
from tests.export.reading import film
from visualizer.diffusion.trajectory import Trajectory
from visualizer.export.film import film_of
from visualizer.export.needed import pictures_needed
from visualizer.export.options import ExportOptions


@pytest.fixture
def run() -> Trajectory:
    return make_run(4, pictures=False, decoder=StandInDecoder())


def test_a_film_needs_a_picture_for_each_of_its_moments_once(run: Trajectory) -> None:
    found = pictures_needed(film(run, steps="every", every=2, direction="boomerang"))
    assert found == [(0, 0, "noisy"), (0, 2, "noisy"), (0, 4, "noisy")]


def test_a_change_needs_the_pictures_of_two_steps(run: Trajectory) -> None:
    found = pictures_needed(film(run, view="change", steps="every", every=3))
    assert found == [(0, k, "noisy") for k in (0, 1, 3, 4)]
    assert pictures_needed(film(run, view="channels")) == []


@pytest.mark.parametrize(
    ("options", "steps", "views"),
    [
        ({"format": "picture"}, {4}, {"noisy"}),
        ({"format": "picture", "view": "denoised"}, {4}, {"denoised"}),
        ({"format": "picture", "content": "plot"}, set(), set()),
        ({"format": "sheet", "views": ("denoised",)}, {0, 1, 2, 3, 4}, {"denoised"}),
        (
            {"format": "page", "views": ("noisy", "denoised")},
            {0, 1, 2, 3, 4},
            {"noisy", "denoised"},
        ),
        ({"format": "raw", "steps": "every", "every": 4}, {0, 1, 2, 3, 4}, {"noisy"}),
    ],
)
def test_every_format_needs_what_it_shows(
    run: Trajectory, options: dict[str, Any], steps: set[int], views: set[str]
) -> None:
    found = pictures_needed(film(run, **options))
    assert {k for _, k, _ in found} == steps
    assert {view for _, _, view in found} == views


def test_every_lane_of_a_grid_is_asked_for_its_own_step(run: Trajectory) -> None:
    longer = make_run(8, seed=3, pictures=False, decoder=StandInDecoder())
    found = pictures_needed(film_of(make_grid(run, None, longer), ExportOptions()))
    assert {lane for lane, _, _ in found} == {0, 2}
    assert {k for lane, k, _ in found if lane == 0} == set(range(5))
    assert {k for lane, k, _ in found if lane == 2} == set(range(9))


def test_what_is_needed_is_what_is_decoded() -> None:
    decoder = StandInDecoder()
    run = make_run(4, pictures=False, decoder=decoder)
    found = film(run, steps="every", every=2)
    assert found.size
    before = decoder.calls
    list(found.frames(lambda done, total: None))
    kept = 1  # the final picture is the run's own
    assert decoder.calls - before == len(pictures_needed(found)) - kept
