"""There and back again: against closed forms, chains of single steps, and numerical gradients."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.physics.mixture import exact_denoise, log_density
from visualizer.physics.flow import (
    Denoise,
    Flow,
    Way,
    forward_flow,
    ode_step,
    reverse_flow,
    score,
    sde_step,
)
from visualizer.physics.levels import COUNT, LEAST_SIGNAL, alphas_cumprod, diffused
from visualizer.physics.shapes import Points, Shape, draw_points

CENTERS: Points = np.array([[-1.5, -0.5], [0.2, 1.4], [1.3, -0.9]], dtype=np.float32)
WIDTH = 0.15
COUNT_OF_DOTS = 3000


def exact() -> Denoise:
    return partial(exact_denoise, CENTERS, WIDTH)


def gaussian(count: int, seed: int = 3) -> Points:
    return np.random.default_rng(seed).standard_normal((count, 2), dtype=np.float32)


def run(way: Way, start: Points, seed: int = 5, ask_every: int = 1) -> Flow:
    alphas = alphas_cumprod()
    *waiting, flow = reverse_flow(way, exact(), start, alphas, seed, ask_every=ask_every)
    assert waiting == [None] * (COUNT - 1)
    assert isinstance(flow, Flow)
    return flow


def moments(x: Points) -> NDArray[np.float64]:
    at = x.astype(np.float64)
    return np.concatenate([at.mean(axis=0), np.cov(at.T).ravel()])


def test_the_levels_go_from_the_shape_to_noise() -> None:
    alphas = alphas_cumprod()
    assert alphas[0] == 1
    assert alphas[-1] == pytest.approx(LEAST_SIGNAL)
    assert (np.diff(alphas) < 0).all()


def test_the_way_into_noise_has_the_moments_of_the_closed_form() -> None:
    x0 = draw_points(Shape("letters", "L"), 20_000, 7)
    eps = gaussian(20_000)
    alphas = alphas_cumprod()
    flow = forward_flow(x0, eps, alphas)
    np.testing.assert_allclose(flow.frames[0], x0, atol=1e-6)
    mean, spread = x0.mean(axis=0), np.cov(x0.T)
    for k in (30, 120, COUNT - 1):
        x, a = flow.frames[k], alphas[k]
        np.testing.assert_allclose(x.mean(axis=0), np.sqrt(a) * mean, atol=0.02)
        np.testing.assert_allclose(np.cov(x.T), a * spread + (1 - a) * np.eye(2), atol=0.03)


def test_the_closed_form_is_the_chain_of_single_steps() -> None:
    x0 = np.concatenate([CENTERS] * 6000)
    alphas, random = alphas_cumprod(), np.random.default_rng(11)
    x = x0.astype(np.float64)
    for k in range(1, 161):
        kept = alphas[k] / alphas[k - 1]  # α_t = 1 − β_t (Ho et al. 2020, eq. 2)
        x = np.sqrt(kept) * x + np.sqrt(1 - kept) * random.standard_normal(x.shape)
    at_once = diffused(x0, gaussian(len(x0)), float(alphas[160])).astype(np.float64)
    for power, near in ((1, 0.04), (2, 0.06), (3, 0.15), (4, 0.4)):
        np.testing.assert_allclose((x**power).mean(0), (at_once**power).mean(0), atol=near)


def test_the_exact_score_is_the_gradient_of_the_density() -> None:
    at, step = gaussian(50), 1e-4
    for alpha in (0.05, 0.5, 0.95):
        found = score(at, exact()(at, alpha), alpha)
        for axis in (0, 1):
            moved = np.zeros(2)
            moved[axis] = step
            up, down = (
                log_density(CENTERS, WIDTH, at.astype(np.float64) + m, alpha)  # type: ignore[arg-type]
                for m in (moved, -moved)
            )
            np.testing.assert_allclose(
                found[:, axis], (up - down) / (2 * step), rtol=2e-3, atol=2e-3
            )


@pytest.mark.parametrize("way", ["ode", "sde"])
def test_the_way_back_brings_a_mixture_back(way: Way) -> None:
    end = run(way, gaussian(COUNT_OF_DOTS)).frames[0]
    nearest = np.linalg.norm(end[:, None] - CENTERS, axis=2).argmin(axis=1)
    shares = np.bincount(nearest, minlength=3) / len(end)
    np.testing.assert_allclose(shares, 1 / 3, atol=0.04)
    for each, center in enumerate(CENTERS):
        own = end[nearest == each]
        np.testing.assert_allclose(own.mean(axis=0), center, atol=0.03)
        np.testing.assert_allclose(own.std(axis=0), WIDTH, rtol=0.12)


def test_chance_and_rails_spread_alike_at_every_moment_and_as_the_way_into_noise() -> None:
    start = gaussian(COUNT_OF_DOTS)
    sde, ode = run("sde", start), run("ode", start)
    rng = np.random.default_rng(1)
    x0 = CENTERS[rng.integers(0, 3, COUNT_OF_DOTS)]
    x0 = (x0 + WIDTH * rng.standard_normal(x0.shape)).astype(np.float32)
    forward = forward_flow(x0, gaussian(COUNT_OF_DOTS, 9), alphas_cumprod())
    for k in range(0, COUNT, 40):
        np.testing.assert_allclose(moments(sde.frames[k]), moments(ode.frames[k]), atol=0.12)
        np.testing.assert_allclose(moments(ode.frames[k]), moments(forward.frames[k]), atol=0.12)


def test_rails_can_be_run_backwards_and_chance_cannot() -> None:
    start, alphas = gaussian(200), alphas_cumprod(1001)
    *_, flow = reverse_flow("ode", exact(), start, alphas, 0)
    assert isinstance(flow, Flow)
    x = flow.frames[20]
    for k in range(20, len(alphas) - 1):
        x = ode_step(x, exact()(x, float(alphas[k])), float(alphas[k]), float(alphas[k + 1]))
    assert np.quantile(np.linalg.norm(x - start, axis=1), 0.9) < 0.15
    one, two = (run("sde", start, seed) for seed in (1, 2))
    apart = np.linalg.norm(one.frames[0] - two.frames[0], axis=1)
    assert apart.mean() > 0.5


def test_a_small_ancestral_step_is_euler_s_of_the_reverse_time_equation() -> None:
    """Song et al. 2021, eq. 6, of dx = −½βx dt + √β dw: x + b(½x + s) + √b z, b = β dt."""
    x, z, alpha = gaussian(500), gaussian(500, 8), 0.4
    b = 1e-4
    x0 = exact()(x, alpha)
    ours = sde_step(x, x0, alpha, alpha * float(np.exp(b)), z).astype(np.float64)
    euler = x + b * (x / 2 + score(x, x0, alpha)) + np.sqrt(b) * z
    np.testing.assert_allclose(ours, euler, atol=2e-5)


def test_a_small_step_on_rails_is_euler_s_of_the_probability_flow() -> None:
    """Song et al. 2021, eq. 13: x + ½b(x + s)."""
    x, alpha, b = gaussian(500), 0.4, 1e-3
    x0 = exact()(x, alpha)
    ours = ode_step(x, x0, alpha, alpha * float(np.exp(b)))
    euler = x + b / 2 * (x + score(x, x0, alpha))
    np.testing.assert_allclose(ours, euler, atol=5e-6)


def test_the_same_seed_takes_the_same_way() -> None:
    start = gaussian(50)
    np.testing.assert_array_equal(run("sde", start).frames, run("sde", start).frames)
    assert run("ode", start, ask_every=12).frames.shape == (COUNT, 50, 2)
