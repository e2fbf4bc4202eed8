"""Lanes of different steps on one clock."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.example_runs import make_run
from visualizer.diffusion.alignment import lane_points, matching_points
from visualizer.diffusion.comparison import CompareLane, Comparison
from visualizer.diffusion.noise import NoiseLevel
from visualizer.diffusion.trajectory import Trajectory

falling = st.lists(st.integers(1, 999), min_size=1, max_size=30, unique=True).map(
    lambda shares: [NoiseLevel.from_alpha_bar(1 - s / 1000) for s in sorted(shares)[::-1]]
)


@given(falling, falling)
def test_by_noise_each_moment_has_the_nearest_level(
    reference: list[NoiseLevel], levels: list[NoiseLevel]
) -> None:
    points = matching_points(reference, levels, "noise")
    assert list(points) == sorted(points)
    assert points[-1] == len(levels) - 1
    for moment, point in list(zip(reference, points, strict=True))[1:-1]:
        least = min(abs(level.log_snr - moment.log_snr) for level in levels)
        assert abs(levels[point].log_snr - moment.log_snr) == pytest.approx(least)


@given(falling)
def test_a_lane_beside_itself_stands_at_its_own_steps(levels: list[NoiseLevel]) -> None:
    ends = [NoiseLevel("vp", 0.0, 1.0), *levels, NoiseLevel("vp", 1.0, 0.0)]
    assert matching_points(ends, ends, "noise") == tuple(range(len(ends)))
    assert matching_points(ends, ends, "step") == tuple(range(len(ends)))


def test_scales_of_different_samplers_meet() -> None:
    vp = [NoiseLevel.from_sigma(sigma, "vp") for sigma in (14.0, 3.0, 0.5, 0.0)]
    ve = [NoiseLevel.from_sigma(sigma, "ve") for sigma in (14.0, 7.0, 2.9, 1.0, 0.4, 0.0)]
    assert matching_points(vp, ve, "noise") == (0, 2, 4, 5)


def test_stages_are_matched_one_by_one() -> None:
    short = [NoiseLevel.from_alpha_bar(a) for a in (0.0, 1.0, 0.0, 1.0)]
    long = [NoiseLevel.from_alpha_bar(a) for a in (0.0, 1.0, 0.0, 0.4, 0.6, 1.0)]
    assert matching_points(long, short, "noise") == (0, 1, 2, 2, 3, 3)
    assert matching_points(short, long, "noise") == (0, 1, 2, 5)
    # of one stage beside two there is nothing to match
    assert matching_points(long, short[:2], "noise") == (0, 1, 1, 1, 1, 1)


def test_the_longest_lane_gives_the_moments_of_a_comparison() -> None:
    runs: list[Trajectory | None] = [make_run(4), make_run(8), make_run(8, stop_after=3), None]
    request = make_run(1).request
    lanes = tuple(CompareLane(run, request, "") for run in runs)
    by_noise = lane_points(Comparison(lanes))
    assert by_noise[1] == tuple(range(9))
    assert (by_noise[0][0], by_noise[0][4], by_noise[0][8]) == (0, 2, 4)
    assert by_noise[2] == (0, 1, 2, 2, 2, 2, 2, 2, 2)  # it rests where it was stopped
    assert by_noise[3] == ()
    by_step = lane_points(Comparison(lanes, alignment="step"))
    assert by_step[0] == (0, 1, 2, 3, 4, 4, 4, 4, 4)
