"""A picture destroyed by noise, in closed form, along the levels of a run or of a plan."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.example_runs import StandInDecoder, make_picture, make_run
from visualizer.diffusion.encoding import EncodedPicture, RoundTrip
from visualizer.diffusion.facts import Plan
from visualizer.diffusion.fast_decoder import as_pixels
from visualizer.diffusion.forward import (
    destroyed_in_latents,
    destroyed_in_pixels,
    forward_process,
    is_forward,
    noised,
)
from visualizer.diffusion.layout import LatentLayout
from visualizer.diffusion.noise import NoiseLevel, Space
from visualizer.diffusion.request import RequestError, SamplingRequest
from visualizer.diffusion.starts import FromPicture
from visualizer.diffusion.trajectory import Trajectory


def run_in(space: Space, steps: int = 6) -> Trajectory:
    """A run whose levels are of another scale, from much noise to none."""
    run = make_run(steps)
    top = 0.98 if space == "flow" else 12.0
    levels = [NoiseLevel.from_sigma(top * (1 - k / steps), space) for k in range(steps + 1)]
    made = [replace(step, noise_level=level) for step, level in zip(run.steps, levels, strict=True)]
    return replace(run, steps=tuple(made), planned=tuple(levels))


@pytest.mark.parametrize("space", ["vp", "ve", "flow"])
def test_every_level_holds_so_much_of_picture_and_noise(space: Space) -> None:
    run = run_in(space)
    forward = forward_process(run)
    clean = run.steps[-1].latents
    eps = forward.steps[-1].noise
    assert eps is not None
    for step in forward.steps:
        level = step.noise_level
        assert np.allclose(step.latents, level.signal * clean + level.noise * eps, atol=1e-4)
        assert np.allclose(step.denoised, clean, atol=1e-3)
        assert step.measured_noise() == pytest.approx(level.noise * float(eps.std()), abs=1e-3)
    assert np.allclose(forward.steps[0].latents, clean)
    shares = [step.noise_level.noise_share for step in forward.steps]
    assert shares == sorted(shares)
    assert is_forward(forward)
    assert not is_forward(run)


def test_noise_is_standard_and_belongs_to_the_seed() -> None:
    run = make_run(4)
    a, b, c = forward_process(run), forward_process(run, 7), forward_process(run, 8)
    noise = a.steps[-1].latents
    assert abs(float(noise.mean())) < 0.1
    assert float(noise.std()) == pytest.approx(1, abs=0.1)
    assert np.array_equal(noise, b.steps[-1].latents)
    assert not np.array_equal(noise, c.steps[-1].latents)


# --- closed form and chain ------------------------------------------------------------------------


def levels_in(space: Space, count: int = 24) -> list[NoiseLevel]:
    """From clean to nearly pure noise."""
    if space == "vp":  # Ho et al. 2020, section 4: betas from 1e-4 to 0.02, here in fewer steps
        betas = np.linspace(0.004, 0.5, count)
        return [NoiseLevel.from_alpha_bar(float(a)) for a in (1.0, *np.cumprod(1 - betas))]
    top = 12.0 if space == "ve" else 1.0
    return [NoiseLevel.from_sigma(float(s), space) for s in np.linspace(0, top, count + 1)]


def link(before: NoiseLevel, after: NoiseLevel) -> tuple[float, float]:
    """(factor, deviation) of one step of a chain: x ← factor·x + deviation·ε.

    VP: √(1−β) and √β with β = 1 − ᾱ_t/ᾱ_{t−1} (Ho et al. 2020, eq. 2). VE: 1 and √(σ_t² − σ_{t−1}²)
    (Song et al. 2021, eq. 8). Flow: the chain with the same marginals.
    """
    if before.space == "vp":
        beta = 1 - after.alpha_bar / before.alpha_bar
        return float(np.sqrt(1 - beta)), float(np.sqrt(beta))
    factor = after.signal / before.signal
    return factor, float(np.sqrt(after.noise**2 - (factor * before.noise) ** 2))


@pytest.mark.parametrize("space", ["vp", "ve", "flow"])
def test_a_chain_of_steps_adds_up_to_the_closed_form(space: Space) -> None:
    """The algebra: the factors multiply to the signal, the variances add up to the noise's."""
    signal, variance = 1.0, 0.0
    for before, after in pairwise(levels_in(space)):
        factor, deviation = link(before, after)
        signal, variance = factor * signal, factor**2 * variance + deviation**2
        assert signal == pytest.approx(after.signal, abs=1e-12)
        assert np.sqrt(variance) == pytest.approx(after.noise, abs=1e-12)


def test_the_chain_of_many_steps_is_the_cumulative_product() -> None:
    """Exactly, in fractions: ᾱ_t = ∏(1−β_s), and 1 − ᾱ_t is the variance that eq. 2 leaves."""
    betas = [Fraction(1, 1000) + Fraction(s, 100_000) for s in range(60)]
    alpha_bar, variance = Fraction(1), Fraction(0)
    for beta in betas:
        alpha_bar *= 1 - beta
        variance = (1 - beta) * variance + beta
        assert variance == 1 - alpha_bar


@pytest.mark.parametrize("space", ["vp", "ve", "flow"])
def test_a_level_is_distributed_as_the_step_by_step_chain(space: Space) -> None:
    """Many draws of three numbers: mean, covariance, and the whole distribution (KS)."""
    draws, x0 = 20_000, np.array([1.5, -0.7, 0.2], dtype=np.float32)
    rng = np.random.default_rng(5)
    chain = np.tile(x0, (draws, 1))
    eps = rng.standard_normal((draws, 3), dtype=np.float32)
    levels = levels_in(space)
    for k, (before, after) in enumerate(pairwise(levels)):
        factor, deviation = link(before, after)
        chain = factor * chain + deviation * rng.standard_normal((draws, 3), dtype=np.float32)
        if k % 6 and after is not levels[-1]:
            continue
        closed = noised(np.tile(x0, (draws, 1)), eps, after)
        error = 4 * after.noise / np.sqrt(draws)
        np.testing.assert_allclose(chain.mean(0), after.signal * x0, atol=error)
        np.testing.assert_allclose(closed.mean(0), after.signal * x0, atol=error)
        spread = np.eye(3) * after.noise**2
        np.testing.assert_allclose(np.cov(chain.T), spread, atol=6 * error * after.noise)
        np.testing.assert_allclose(np.cov(closed.T), spread, atol=6 * error * after.noise)
        for one, other in zip(chain.T, closed.T, strict=True):
            assert farthest_apart(one, other) < 1.95 * np.sqrt(2 / draws)  # one in a thousand


def test_the_comparison_of_distributions_would_notice() -> None:
    rng = np.random.default_rng(6)
    a, b = rng.standard_normal((2, 20_000))
    assert farthest_apart(a, b) < 1.95 * np.sqrt(2 / 20_000)
    assert farthest_apart(a, 1.15 * b) > 1.95 * np.sqrt(2 / 20_000)
    assert farthest_apart(a, b + 0.08) > 1.95 * np.sqrt(2 / 20_000)


def farthest_apart(a: NDArray[Any], b: NDArray[Any]) -> float:
    """The two-sample statistic of Kolmogorov and Smirnov."""
    places = np.concatenate([a, b])
    below = [np.searchsorted(np.sort(x), places, side="right") / len(x) for x in (a, b)]
    return float(np.abs(below[0] - below[1]).max())


# --- a picture of one's own -----------------------------------------------------------------------


def encoded_picture(space: Space = "vp") -> EncodedPicture:
    original, rng = make_picture(0.3), np.random.default_rng(3)
    levels = tuple(levels_in(space, 6)[::-1])
    plan = Plan(levels, tuple(float(1000 - k) for k in range(6)), "DDIM")
    latents, noise = rng.standard_normal((2, 4, 4, 4), dtype=np.float32)
    trip = RoundTrip(original, make_picture(0.2))
    return EncodedPicture(trip, latents, noise, LatentLayout("grid"), plan)


MODEL = make_run(2).model


@pytest.mark.parametrize("space", ["vp", "ve", "flow"])
def test_a_picture_sinks_into_the_noise_of_its_run(space: Space) -> None:
    encoded, request = encoded_picture(space), SamplingRequest("a boat", seed=4, guidance_scale=3)
    run = destroyed_in_latents(encoded, request, MODEL, StandInDecoder())
    assert is_forward(run)
    assert run.planned == encoded.plan.levels[::-1]
    assert [step.timestep for step in run.steps] == [0.0, *encoded.plan.timesteps[::-1]]
    for step in run.steps:
        level = step.noise_level
        wanted = level.signal * encoded.latents + level.noise * encoded.noise
        np.testing.assert_allclose(step.latents, wanted, atol=1e-5)
        np.testing.assert_allclose(step.denoised, encoded.latents, atol=1e-3)
        assert np.array_equal(run.picture(step.index, "denoised"), encoded.round_trip.decoded)
    assert np.array_equal(run.picture(0), encoded.round_trip.decoded)
    start = run.request.start
    assert isinstance(start, FromPicture)
    assert np.array_equal(start.picture, encoded.round_trip.original)
    assert (run.request.prompt, run.request.guidance_scale) == ("", None)


@pytest.mark.parametrize("space", ["vp", "ve", "flow"])
def test_pixels_are_destroyed_along_the_same_levels(space: Space) -> None:
    encoded, request = encoded_picture(space), SamplingRequest("a boat", seed=4)
    original = encoded.round_trip.original
    run = destroyed_in_pixels(original, encoded.plan, request, MODEL)
    assert run.planned == destroyed_in_latents(encoded, request, MODEL).planned
    x0 = run.steps[0].latents
    assert x0.shape == (3, *original.shape[:2])
    assert np.array_equal(run.picture(0), original)
    assert np.array_equal(as_pixels(x0), original)
    static = run.steps[-1]
    assert static.noise is not None
    assert float(static.noise.std()) == pytest.approx(1, abs=0.05)
    again, other = (
        destroyed_in_pixels(original, encoded.plan, replace(request, seed=seed), MODEL)
        for seed in (4, 5)
    )
    assert np.array_equal(again.steps[-1].latents, static.latents)
    assert not np.array_equal(other.steps[-1].latents, static.latents)


# --- of a run -------------------------------------------------------------------------------------


def test_the_first_picture_is_the_pipelines_own_and_the_others_are_decoded() -> None:
    decoder = StandInDecoder()
    run = make_run(3, decoder=decoder)
    forward = forward_process(run)
    assert run.final is not None
    assert np.array_equal(forward.picture(0), run.final)
    assert decoder.calls == 0
    forward.picture(3)
    assert decoder.calls == 1


def test_a_stopped_run_loses_its_last_guess_over_all_planned_levels() -> None:
    run = make_run(6, stop_after=3)
    forward = forward_process(run)
    assert len(forward.steps) == 7
    assert np.allclose(forward.steps[0].latents, run.steps[-1].denoised)
    assert [step.noise_level for step in forward.steps] == list(run.planned[::-1])


def test_a_run_without_pictures_is_refused() -> None:
    run = make_run(2)
    layout = LatentLayout("embedding")
    steps = tuple(replace(step, layout=layout) for step in run.steps)
    with pytest.raises(RequestError, match="no picture"):
        forward_process(replace(run, steps=steps))
    with pytest.raises(RequestError, match="no picture"):
        forward_process(make_run(3, stop_after=0))
