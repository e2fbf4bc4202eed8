"""How far apart two runs are, and when they parted."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.example_runs import make_picture
from visualizer.diffusion import Model, SamplingRequest, sample
from visualizer.diffusion.distances import (
    UNRELATED,
    Distances,
    NotComparableError,
    common_points,
    decided_at,
    distances,
    guess_share,
    latent_distance,
    picture_distance,
)
from visualizer.diffusion.layout import LatentLayout
from visualizer.diffusion.noise import NoiseLevel
from visualizer.diffusion.step import Step

quick = settings(max_examples=60, deadline=None)


def level(share: float) -> NoiseLevel:
    return NoiseLevel.from_alpha_bar(1 - share)


def make_step(
    latents: NDArray[Any], share: float, guess: NDArray[Any] | None = None, index: int = 0
) -> Step:
    """A step whose guess is known: the model predicts x₀ itself."""
    return Step(index, 0.0, level(share), latents, guess, "sample")


def make_line(values: list[float], shares: list[float]) -> list[Step]:
    """A run whose latents and guesses are one number everywhere."""
    return [
        make_step(
            np.full((2, 3, 3), value, np.float32),
            share,
            None if k == len(values) - 1 else np.full((2, 3, 3), value, np.float32),
            k,
        )
        for k, (value, share) in enumerate(zip(values, shares, strict=True))
    ]


# --- One moment -----------------------------------------------------------------------------------


def test_two_independent_noises_are_the_root_of_two_apart() -> None:
    rng = np.random.default_rng(0)
    a, b = (make_step(rng.standard_normal((8, 64, 64)).astype(np.float32), 1.0) for _ in range(2))
    assert latent_distance(a, b) == pytest.approx(UNRELATED, rel=0.02)
    assert guess_share(a, b) == pytest.approx(1.0, rel=0.02)
    assert latent_distance(a, a) == guess_share(a, a) == 0.0


def test_the_share_of_the_guesses_does_not_know_their_size() -> None:
    rng = np.random.default_rng(0)
    x, y = (rng.standard_normal((2, 4, 4)).astype(np.float32) for _ in range(2))
    small, large = (
        guess_share(make_step(x, 0.9, size * x), make_step(x, 0.9, size * y)) for size in (1, 5)
    )
    assert large == pytest.approx(small, rel=1e-5)
    assert guess_share(make_step(x, 0.9, x), make_step(x, 0.9, -x)) == pytest.approx(UNRELATED)
    nothing = make_step(x, 0.9, np.zeros_like(x))
    assert guess_share(nothing, nothing) == 0.0
    assert guess_share(nothing, make_step(x, 0.9, x)) == pytest.approx(1)


@quick
@given(
    a=st.lists(st.floats(-4, 4, width=32), min_size=8, max_size=8),
    b=st.lists(st.floats(-4, 4, width=32), min_size=8, max_size=8),
    sigma=st.floats(0.01, 90),
)
def test_the_distance_is_the_same_in_every_sampler_s_scale(
    a: list[float], b: list[float], sigma: float
) -> None:
    x, y = (np.array(values, np.float32).reshape(2, 2, 2) for values in (a, b))
    found = []
    for space in ("vp", "ve", "flow"):
        at = NoiseLevel.from_sigma(sigma / (1 + sigma) if space == "flow" else sigma, space)
        steps = [Step(0, 0.0, at, (v * at.scale).astype(np.float32), None) for v in (x, y)]
        found.append(latent_distance(*steps))
        assert found[-1] == latent_distance(*reversed(steps))
    wanted = math.sqrt(np.mean((x.astype(float) - y.astype(float)) ** 2))
    assert found == pytest.approx([wanted] * 3, rel=1e-3, abs=1e-5)


def test_pictures_are_between_equal_and_black_against_white() -> None:
    black = np.zeros((4, 4, 3), np.uint8)
    assert picture_distance(black, black) == 0
    assert picture_distance(black, np.full_like(black, 255)) == pytest.approx(1)
    assert picture_distance(black, np.full((8, 8, 3), 51, np.uint8)) == pytest.approx(0.2)


# --- Whole runs -----------------------------------------------------------------------------------


def test_runs_of_different_step_counts_meet_where_the_noise_is_alike() -> None:
    long = [level(share) for share in (1.0, 0.8, 0.6, 0.4, 0.2, 0.0)]
    short = [level(share) for share in (0.99, 0.5, 0.0)]
    assert common_points(long, short) == ((0, 0), (1, 1), (2, 1), (3, 1), (4, 1), (5, 2))
    assert common_points(short, long) == tuple((j, i) for i, j in common_points(long, short))
    assert common_points(long, short, (4, 3)) == ((0, 0), (1, 1), (2, 1), (3, 1))
    assert common_points(long, ()) == ()


def test_what_is_measured_is_there_for_every_moment() -> None:
    a = make_line([0, 0, 0, 0], [1.0, 0.7, 0.3, 0.0])
    b = make_line([0, 1, 3], [1.0, 0.4, 0.0])
    found = distances(a, b)
    assert found.points == ((0, 0), (1, 1), (2, 1), (3, 2))
    assert found.noise_shares == pytest.approx([1.0, 0.7, 0.3, 0.0])
    assert found.guess == pytest.approx([0, 1, 1, 3])
    assert found.guess_share == pytest.approx([0, 1, 1, 1])
    assert found.latent_share == pytest.approx(found.latent / math.sqrt(2))
    assert np.isnan(found.picture).all()
    assert found.whole


def test_pictures_are_measured_where_both_are_there() -> None:
    a, b = make_line([0, 0], [1.0, 0.0]), make_line([0, 1], [1.0, 0.0])
    pictures = [make_picture(1.0, 1), make_picture(0.0)]
    found = distances(
        a, b, pictures_a=lambda k: pictures[k], pictures_b=lambda k: None if k else pictures[1]
    )
    assert found.picture[0] == picture_distance(pictures[0], pictures[1])
    assert math.isnan(found.picture[1])


def test_a_run_that_still_goes_on_is_measured_as_far_as_it_is() -> None:
    a, b = (make_line([0, v, 2 * v], [1.0, 0.5, 0.0]) for v in (1.0, 2.0))
    planned_a, planned_b = ([s.noise_level for s in run] for run in (a, b))
    found = distances(a, b[:2], common_points(planned_a, planned_b))
    assert found.points == ((0, 0), (1, 1))
    assert not found.whole
    assert decided_at(found) is None
    assert distances([], []).points == ()


def test_latents_of_other_sizes_get_a_sentence() -> None:
    small = make_line([0, 1], [1.0, 0.0])
    large = [make_step(np.zeros((2, 4, 4), np.float32), share, None) for share in (1.0, 0.0)]
    with pytest.raises(NotComparableError, match=r"2 × 3 × 3 and 2 × 4 × 4\. Pick two"):
        distances(small, large)


def test_what_no_decoder_shows_is_left_out() -> None:
    a = make_line([0, 1, 0, 1], [1.0, 0.1, 1.0, 0.0])
    prior = [replace(step, layout=LatentLayout("features"), stage="prior") for step in a[:2]]
    found = distances([*prior, *a[2:]], [*prior, *a[2:]])
    assert found.points == ((2, 2), (3, 3))


# --- When it is decided ---------------------------------------------------------------------------


def made(shares: list[float], values: list[float], whole: bool = True) -> Distances:
    column = np.array(values, dtype=np.float64)
    levels = tuple(level(share) for share in shares)
    points = tuple((k, k) for k in range(len(values)))
    return Distances(points, levels, column, column, column, column, whole)


def test_the_choice_is_made_where_half_of_the_way_is_gone_for_good() -> None:
    assert decided_at(made([1.0, 0.6, 0.2, 0.0], [0, 1, 3, 4])) == pytest.approx(0.4)
    # it passes half, comes back, and passes again
    assert decided_at(made([1.0, 0.8, 0.6, 0.2, 0.0], [0, 3, 0, 4, 4])) == pytest.approx(0.4)
    assert decided_at(made([1.0, 0.5, 0.0], [4, 4, 4])) == pytest.approx(1.0)
    assert decided_at(made([1.0, 0.5, 0.0], [0, 0, 4]), 1.0) == pytest.approx(0.0)


@pytest.mark.parametrize(
    "measured",
    [
        made([1.0, 0.0], [0, 0]),
        made([1.0, 0.0], [0, 1], whole=False),
        made([1.0, 0.0], [math.nan, 1]),
        made([], [], whole=False),
    ],
)
def test_where_nothing_parts_nothing_is_decided(measured: Distances) -> None:
    assert decided_at(measured) is None


@quick
@given(
    values=st.lists(st.floats(0, 10), min_size=2, max_size=12),
    share=st.floats(0, 1),
)
def test_from_there_on_the_distance_stays(values: list[float], share: float) -> None:
    shares = [float(s) for s in np.linspace(1, 0, len(values))]
    at = decided_at(made(shares, values), share)
    if values[-1] <= 0:
        assert at is None
        return
    assert at is not None
    assert 0 <= at <= 1
    later = [v for v, s in zip(values, shares, strict=True) if s < at - 1e-9]
    assert all(v >= share * values[-1] for v in later)


def test_the_prompt_chooses_before_the_seed_does(builtin: Model) -> None:
    """What the whole page is about, on the real model."""
    base = SamplingRequest("a red car on a road at sunset", seed=7, steps=10, guidance_scale=5.0)
    run = sample(builtin, base)
    other_prompt = sample(builtin, replace(base, prompt="a white castle in the snow at night"))
    other_seed = sample(builtin, replace(base, seed=8))
    by_prompt = distances(run.steps, other_prompt.steps)
    by_seed = distances(run.steps, other_seed.steps)
    assert by_prompt.latent[0] == 0
    assert by_seed.latent[0] == pytest.approx(UNRELATED, rel=0.05)
    assert by_prompt.latent[-1] > by_seed.latent[-1]
    prompt_at, seed_at = decided_at(by_prompt), decided_at(by_seed)
    assert prompt_at is not None
    assert seed_at is not None
    assert prompt_at > seed_at
