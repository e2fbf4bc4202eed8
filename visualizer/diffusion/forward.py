"""The forward process: a picture destroyed by noise, along the levels of a run or of a plan.

In closed form (Ho et al. 2020, eq. 4), of a run's last picture or of a picture of one's own, in the
model's latents or in the pixels themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from visualizer.diffusion.arrays import FloatArray, Picture, read_only
from visualizer.diffusion.layout import LatentLayout
from visualizer.diffusion.noise import NoiseLevel
from visualizer.diffusion.request import RequestError, SamplingRequest
from visualizer.diffusion.starts import FromPicture
from visualizer.diffusion.step import Step
from visualizer.diffusion.trajectory import Decoder, ModelIdentity, Trajectory
from visualizer.diffusion.views import View

if TYPE_CHECKING:
    from visualizer.diffusion.encoding import EncodedPicture
    from visualizer.diffusion.facts import Plan

Level = tuple[NoiseLevel, float]
"""(noise level, timestep)."""

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
    steps = _steps(clean, eps, levels, last.layout)
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


def destroyed_in_latents(
    encoded: EncodedPicture,
    request: SamplingRequest,
    model: ModelIdentity,
    decoder: Decoder | None = None,
) -> Trajectory:
    """A picture's latent destroyed along a plan, with the noise that the seed's run begins with.

    Point i has the level of step N − i; its latent is the very one with which a run from that
    picture and step begins.

    Args:
        request: its seed, sampler and size are kept, and the picture; its words had no part in it.
    """
    steps = _steps(encoded.latents, encoded.noise, _planned(encoded.plan), encoded.layout)
    trip = encoded.round_trip
    run = _run_of(trip.original, encoded.plan, request, model, steps, decoder)
    return replace(run, pictures=_clean_pictures(steps, trip.decoded))


def destroyed_in_pixels(
    original: Picture,
    plan: Plan,
    request: SamplingRequest,
    model: ModelIdentity,
    decoder: Decoder | None = None,
) -> Trajectory:
    """The same levels over the picture itself, −1 … 1, without the autoencoder.

    ε is numpy's, drawn from the seed: the pixels are another space than the model's latents, and
    its noise has another shape there. A model that encodes no pictures has levels all the same.

    Args:
        original: (H, W, 3) uint8, in the size of a run.
        plan: of the request, from pure noise.
    """
    clean = pixels_of(original)
    rng = np.random.default_rng(request.seed)
    eps = rng.standard_normal(clean.shape, dtype=np.float32)
    steps = _steps(clean, eps, _planned(plan), LatentLayout("pixels"))
    run = _run_of(original, plan, request, model, steps, decoder)
    return replace(run, pictures=_clean_pictures(steps, original))


def pixels_of(picture: Picture) -> FloatArray:
    """A picture (H, W, 3) uint8 as numbers (3, H, W) float32, −1 … 1."""
    return np.ascontiguousarray(picture.transpose(2, 0, 1), dtype=np.float32) / 127.5 - 1


def is_forward(run: Trajectory) -> bool:
    """Whether a run is a forward process."""
    return bool(run.steps) and run.steps[0].stage == STAGE


def _run_of(
    original: Picture,
    plan: Plan,
    request: SamplingRequest,
    model: ModelIdentity,
    steps: tuple[Step, ...],
    decoder: Decoder | None,
) -> Trajectory:
    start = FromPicture(original, 0)
    return Trajectory(
        request=replace(request, prompt="", negative_prompt=None, guidance_scale=None, start=start),
        model=model,
        steps=steps,
        planned=tuple(step.noise_level for step in steps),
        timesteps=tuple(step.timestep for step in steps[:-1]),
        sampler=plan.sampler,
        decoder=decoder,
    )


def _clean_pictures(steps: tuple[Step, ...], clean: Picture) -> dict[tuple[int, View], Picture]:
    """What a perfect model guesses at every step, and the first point, if no noise is in it."""
    pictures: dict[tuple[int, View], Picture] = {(step.index, "denoised"): clean for step in steps}
    if steps[0].noise_level.noise == 0:  # some samplers end with a trace of noise
        pictures[0, "noisy"] = clean
    return pictures


def _planned(plan: Plan) -> list[Level]:
    """(level, timestep) from the end of a plan's last loop back to its beginning."""
    _, levels, timesteps = plan.loops()[-1]
    return list(zip(levels, (*timesteps, 0.0), strict=True))[::-1]


def _steps(
    clean: FloatArray, eps: FloatArray, levels: Sequence[Level], layout: LatentLayout
) -> tuple[Step, ...]:
    """x_t = signal·x₀ + noise·ε at every level."""
    return tuple(
        Step(
            index=k,
            timestep=timestep,
            noise_level=level,
            latents=noised(clean, eps, level),
            prediction=_answer(clean, eps, level),
            prediction_type="flow_prediction" if level.space == "flow" else "v_prediction",
            stage=STAGE,
            layout=layout,
        )
        for k, (level, timestep) in enumerate(levels)
    )


def noised(clean: FloatArray, eps: FloatArray, level: NoiseLevel) -> FloatArray:
    """x_t = signal·x₀ + noise·ε (Ho et al. 2020, eq. 4; Karras et al. 2022; Lipman et al. 2023)."""
    return read_only(np.float32(level.signal) * clean + np.float32(level.noise) * eps)


def _clean_latent(last: Step) -> FloatArray:
    if last.prediction is not None:
        return last.denoised
    return np.asarray(last.latents.astype(np.float32) / max(last.noise_level.signal, 1e-8))


def _levels(run: Trajectory, last: Step) -> Sequence[Level]:
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
