"""A run's picture destroyed by noise, in closed form, along the run's own levels."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from tests.example_runs import StandInDecoder, make_run
from visualizer.diffusion.forward import forward_process, is_forward
from visualizer.diffusion.layout import LatentLayout
from visualizer.diffusion.noise import NoiseLevel, Space
from visualizer.diffusion.request import RequestError
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


def test_a_level_is_distributed_as_the_step_by_step_chain() -> None:
    """Ho et al. 2020, eq. 2 iterated against eq. 4, from many draws of one number."""
    run = make_run(5)
    levels = [step.noise_level for step in forward_process(run).steps]
    x0 = float(run.steps[-1].latents.flat[0])
    rng = np.random.default_rng(0)
    x = np.full(200_000, x0)
    for before, after in pairwise(levels):
        kept = after.alpha_bar / before.alpha_bar
        x = np.sqrt(kept) * x + np.sqrt(1 - kept) * rng.standard_normal(x.shape)
        closed = [
            forward_process(run, seed).steps[levels.index(after)].latents.flat[0]
            for seed in range(400)
        ]
        assert np.mean(closed) == pytest.approx(float(x.mean()), abs=0.2)
        assert np.std(closed) == pytest.approx(float(x.std()), abs=0.15)


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
