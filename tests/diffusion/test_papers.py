"""The formulas of the papers, each computed a second time in another way."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch
from diffusers import (
    DDIMScheduler,
    DDPMScheduler,
    EulerDiscreteScheduler,
    FlowMatchEulerDiscreteScheduler,
)

from tests.physics.mixture import log_density
from visualizer.diffusion.noise import NoiseLevel
from visualizer.diffusion.parameterization import EDM_SIGMA_DATA, denoised_and_noise
from visualizer.diffusion.schedules import planned_levels
from visualizer.physics.levels import alphas_cumprod, diffused

RNG = np.random.default_rng(5)
CLEAN, EPS = RNG.standard_normal((2, 4, 6, 6))


def test_sohl_dickstein_2015_small_steps_back_are_gaussian_too() -> None:
    """Table 1 and Feller 1949: the smaller the steps, the more q(x before | x after) is one."""
    centers, width = np.array([[-1.0, 0.0], [1.0, 0.0]], dtype=np.float32), 0.2
    line = np.linspace(-4, 4, 4001, dtype=np.float32)
    points = np.stack([line, np.zeros_like(line)], axis=1)
    before = 0.6
    peaked = []
    for beta in (0.3, 0.1, 0.03, 0.01):
        x_after = 0.15
        prior = log_density(centers, width, points, before)
        step = -((x_after - math.sqrt(1 - beta) * line) ** 2) / (2 * beta)
        weight = np.exp(prior + step - (prior + step).max())
        weight /= weight.sum()
        away = line - (weight * line).sum()
        variance = (weight * away**2).sum()
        peaked.append(abs((weight * away**4).sum() / variance**2 - 3))  # 0 for a Gaussian
    assert peaked == sorted(peaked, reverse=True)
    assert peaked[-1] < 0.01


def test_ho_2020_equation_4_is_equation_2_taken_again_and_again() -> None:
    """Moments of a chain of single steps, by recursion, against the closed form."""
    alphas = alphas_cumprod(50)
    signal, variance = 1.0, 0.0
    for previous, alpha in itertools.pairwise(alphas):
        beta = 1 - alpha / previous
        signal, variance = math.sqrt(1 - beta) * signal, (1 - beta) * variance + beta
        still, moved = (
            diffused(np.array([[x, 0.0]], np.float32), np.array([[e, 0.0]], np.float32), alpha)
            for x, e in ((1.0, 0.0), (0.0, 1.0))
        )
        assert still[0, 0] == pytest.approx(signal, abs=1e-6)
        assert moved[0, 0] ** 2 == pytest.approx(variance, abs=1e-6)


@pytest.mark.parametrize("steps", [5, 30])
def test_song_2021_equation_12_steps_along_our_guess_and_noise(steps: int) -> None:
    """DDIM with η = 0: the sampler's next latent is signal'·x̂₀ + noise'·ε̂ of our own two."""
    scheduler = DDIMScheduler(clip_sample=False, steps_offset=1)
    scheduler.set_timesteps(steps)
    levels, timesteps = planned_levels(scheduler)
    x = torch.from_numpy(RNG.standard_normal((1, 4, 6, 6)))
    for level, after, t in zip(levels, levels[1:], timesteps, strict=False):
        said = torch.from_numpy(RNG.standard_normal(x.shape))
        denoised, eps = denoised_and_noise(x.numpy(), said.numpy(), level, "epsilon")
        x = scheduler.step(said, int(t), x).prev_sample
        assert np.allclose(x.numpy(), after.signal * denoised + after.noise * eps, atol=1e-5)


def test_nichol_and_dhariwal_2021_equation_17() -> None:
    """The cosine schedule, β clipped at 0.999, against the levels of a run of every step."""
    scheduler = DDPMScheduler(beta_schedule="squaredcos_cap_v2")
    scheduler.set_timesteps(1000)
    levels, timesteps = planned_levels(scheduler)
    s, total = 0.008, 1000

    def f(t: float) -> float:
        return math.cos((t / total + s) / (1 + s) * math.pi / 2) ** 2

    alpha_bar, expected = 1.0, {}
    for t in range(1, total + 1):
        alpha_bar *= 1 - min(1 - f(t) / f(t - 1), 0.999)
        expected[t - 1] = alpha_bar
    for level, timestep in zip(levels, timesteps, strict=False):
        assert level.alpha_bar == pytest.approx(expected[int(timestep)], rel=1e-4, abs=1e-9)


@pytest.mark.parametrize("phi", [0.01, 0.4, 1.2, 1.56])
def test_salimans_and_ho_2022_v_is_the_velocity_on_the_circle(phi: float) -> None:
    """Appendix D: x = cos φ x₀ + sin φ ε and v = dx/dφ, here by a finite difference."""

    def x(angle: float) -> np.ndarray:
        return np.asarray(math.cos(angle) * CLEAN + math.sin(angle) * EPS)

    h = 1e-5
    v = (x(phi + h) - x(phi - h)) / (2 * h)
    level = NoiseLevel("vp", math.cos(phi), math.sin(phi))
    denoised, eps = denoised_and_noise(x(phi), v, level, "v_prediction")
    assert np.allclose(denoised, CLEAN, atol=1e-6)
    assert np.allclose(eps, EPS, atol=1e-6)


def test_karras_2022_equation_5_spaces_the_levels() -> None:
    scheduler = EulerDiscreteScheduler(use_karras_sigmas=True)
    scheduler.set_timesteps(12)
    levels, _ = planned_levels(scheduler)
    sigmas = [level.sigma for level in levels]
    high, low, rho = sigmas[0], sigmas[11], 7
    for i in range(12):
        root = high ** (1 / rho) + i / 11 * (low ** (1 / rho) - high ** (1 / rho))
        assert sigmas[i] == pytest.approx(root**rho, rel=1e-4)
    assert sigmas[12] == 0


def test_karras_2022_equation_3_is_euler_s_step() -> None:
    """dx/dσ = (x − x̂₀)/σ in the scale x₀ + σ ε."""
    scheduler = EulerDiscreteScheduler()
    scheduler.set_timesteps(8)
    levels, timesteps = planned_levels(scheduler)
    x = torch.from_numpy(RNG.standard_normal((1, 4, 6, 6))) * scheduler.init_noise_sigma
    for level, after, t in zip(levels, levels[1:], timesteps, strict=False):
        said = torch.from_numpy(RNG.standard_normal(x.shape))
        scheduler.scale_model_input(x, t)
        denoised, _ = denoised_and_noise(x.numpy(), said.numpy(), level, "epsilon")
        slope = (x.numpy() - denoised) / level.sigma
        expected = x.numpy() + (after.sigma - level.sigma) * slope
        x = scheduler.step(said, t, x).prev_sample
        assert np.allclose(x.numpy(), expected, atol=1e-4)


@pytest.mark.parametrize("sigma", [0.01, 0.5, 20.0])
def test_karras_2022_equation_7_asks_the_network_for_numbers_of_variance_1(sigma: float) -> None:
    """For data of spread σ_data the target F has mean 0 and variance 1, and F = 0 is the mean."""
    rng = np.random.default_rng(8)
    clean = EDM_SIGMA_DATA * rng.standard_normal(200_000)
    level = NoiseLevel("ve", 1.0, sigma)
    x = clean + sigma * rng.standard_normal(clean.shape)
    mean, _ = denoised_and_noise(x, np.zeros_like(x), level, "edm_epsilon")
    posterior = EDM_SIGMA_DATA**2 / (EDM_SIGMA_DATA**2 + sigma**2) * x
    assert np.allclose(mean, posterior)
    one, _ = denoised_and_noise(x, np.ones_like(x), level, "edm_epsilon")
    target = (clean - mean) / (one - mean)
    assert target.mean() == pytest.approx(0, abs=0.01)
    assert target.std() == pytest.approx(1, abs=0.01)


def test_lipman_2023_the_velocity_is_the_slope_of_a_straight_line() -> None:
    """x = (1−σ) x₀ + σ ε, so dx/dσ = ε − x₀ everywhere; Euler's step along it is the sampler's."""
    scheduler = FlowMatchEulerDiscreteScheduler(shift=3.0)
    scheduler.set_timesteps(6)
    levels, timesteps = planned_levels(scheduler)
    velocity = torch.from_numpy(EPS - CLEAN)
    x = torch.from_numpy(levels[0].signal * CLEAN + levels[0].noise * EPS)
    for level, after, t in zip(levels, levels[1:], timesteps, strict=False):
        denoised, eps = denoised_and_noise(x.numpy(), velocity.numpy(), level, "flow_prediction")
        assert np.allclose(denoised, CLEAN, atol=1e-5)
        assert np.allclose(eps, EPS, atol=1e-5)
        x = scheduler.step(velocity, torch.tensor(t), x).prev_sample
        assert np.allclose(x.numpy(), after.signal * CLEAN + after.noise * EPS, atol=1e-5)
