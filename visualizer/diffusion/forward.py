"""The forward process: a run's last picture destroyed by noise, along the run's own levels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from visualizer.diffusion.arrays import FloatArray, Picture, read_only
from visualizer.diffusion.noise import NoiseLevel
from visualizer.diffusion.request import RequestError
from visualizer.diffusion.step import Step
from visualizer.diffusion.trajectory import Trajectory
from visualizer.diffusion.views import View

STAGE = "forward"
"""The stage of every Step of a forward process."""


def forward_process(run: Trajectory, seed: int | None = None) -> Trajectory:
    """x_t = signal·x₀ + noise·ε (Ho et al. 2020, eq. 4) from the picture to static, in closed form.

    x₀ is the run's final latent, or the last guess of a run that was stopped. ε is drawn once, so
    that the picture sinks into one static instead of flickering; a level's x_t still has the
    distribution that the step-by-step chain gives it. The prediction of each Step is what a
    perfect model would have said, so every view of it is true.

    Args:
        run: any run of at least one step that has a decodable stage; it keeps its decoder.
        seed: of ε, which is numpy's; the run's own by default.

    Returns:
        A run from clean to pure noise. Its Steps have the stage ``STAGE``.

    Raises:
        RequestError: where the run has no latent that a picture could be made of.
    """
    shown = [step for step in run.steps if step.layout.shown]
    if not shown:
        raise RequestError("This run has no picture that noise could destroy.")
    last = shown[-1]
    clean = _clean_latent(last)
    rng = np.random.default_rng(run.request.seed if seed is None else seed)
    eps = rng.standard_normal(clean.shape, dtype=np.float32)
    levels = _levels(run, last)
    steps = tuple(
        Step(
            index=k,
            timestep=timestep,
            noise_level=level,
            latents=read_only(np.float32(level.signal) * clean + np.float32(level.noise) * eps),
            prediction=_answer(clean, eps, level),
            prediction_type="flow_prediction" if level.space == "flow" else "v_prediction",
            stage=STAGE,
            layout=last.layout,
        )
        for k, (level, timestep) in enumerate(levels)
    )
    picture = run.final if last is run.steps[-1] else None
    pictures: dict[tuple[int, View], Picture] = {} if picture is None else {(0, "noisy"): picture}
    return replace(
        run,
        steps=steps,
        planned=tuple(level for level, _ in levels),
        timesteps=tuple(timestep for _, timestep in levels[:-1]),
        cancelled=False,
        final=None,
        pictures=pictures,
        notice="",
    )


def is_forward(run: Trajectory) -> bool:
    """Whether a run is a forward process."""
    return bool(run.steps) and run.steps[0].stage == STAGE


def _clean_latent(last: Step) -> FloatArray:
    if last.prediction is not None:
        return last.denoised
    return np.asarray(last.latents.astype(np.float32) / max(last.noise_level.signal, 1e-8))


def _levels(run: Trajectory, last: Step) -> Sequence[tuple[NoiseLevel, float]]:
    """(level, timestep) from the end of the last stage back to its beginning."""
    own = [(s.noise_level, s.timestep) for s in run.steps if s.stage == last.stage]
    if run.cancelled and not last.stage and len(run.planned) > len(own):
        timesteps = [*run.timesteps, 0.0][: len(run.planned)]
        own = list(zip(run.planned, timesteps, strict=False))
    return own[::-1]


def _answer(clean: FloatArray, eps: FloatArray, level: NoiseLevel) -> FloatArray:
    """v (Salimans & Ho 2022) or the velocity (Lipman et al. 2023) of x_t: defined at both ends."""
    if level.space == "flow":
        return read_only(eps - clean)
    a, b = level.signal / level.scale, level.noise / level.scale
    return read_only(np.float32(a) * eps - np.float32(b) * clean)
