"""Branching: going on from a step of a run, or from a picture, with words and noise of one's own.

A branch that keeps its parent's sampler and seed goes through the parent's steps once more, with
the recorded predictions in place of the network's: the sampler's memory and its random numbers are
then the parent's own. One that changes them begins a sampler in the middle of its schedule, at the
parent's noise level; see ``restarted``. So does a run that starts from a picture.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from visualizer.diffusion.arrays import FloatArray
from visualizer.diffusion.facts import Plan
from visualizer.diffusion.noise import NoiseLevel
from visualizer.diffusion.request import RequestError, SamplingRequest
from visualizer.diffusion.starts import FromPicture, FromSeed, FromStep, Start
from visualizer.diffusion.step import Step

if TYPE_CHECKING:
    from collections.abc import Callable

    from visualizer.diffusion.trajectory import Trajectory

_FIXED = {
    "steps": "steps",
    "width": "width",
    "height": "height",
    "extra": "extra",
    "start": "starting noise",
}
"""What a branch cannot change, in words: it would be another schedule, or another latent."""


def branch(parent: SamplingRequest, step: int, **changes: Any) -> SamplingRequest:
    """The request that goes on from a step of another run.

    Args:
        parent: the request of the run to branch.
        step: the step that is taken anew.
        changes: ``prompt``, ``negative_prompt``, ``guidance_scale``, ``sampler``, ``seed``; what is
            left out stays as it is. Another seed adds its noise at this step.

    Raises:
        RequestError: for a change that a branch cannot make.
    """
    fixed = next((_FIXED[name] for name in changes if name in _FIXED), None)
    if fixed is not None:
        raise RequestError(f"A branch keeps the {fixed} of its run. Start a new run to change it.")
    wanted = replace(parent, **changes)
    if wanted == parent and isinstance(parent.start, FromStep) and step <= parent.start.step:
        return parent  # it would change what it says only where its own parent is branched
    while isinstance(parent.start, FromStep) and step <= parent.start.step:
        parent = parent.start.parent  # this step is that run's
    return replace(wanted, start=FromStep(parent, step))


def origin(request: SamplingRequest) -> Start:
    """What a chain of branches started from."""
    start = request.start
    while isinstance(start, FromStep):
        start = start.parent.start
    return start


def restarts(request: SamplingRequest) -> bool:
    """Whether a branch begins its sampler anew: another sampler, or fresh noise."""
    start = request.start
    return isinstance(start, FromStep) and (request.sampler, request.seed) != (
        start.parent.sampler,
        start.parent.seed,
    )


@dataclass(frozen=True)
class BranchPlan:
    """How a branch is sampled.

    Attributes:
        plan: of the whole run; its first ``plan.shared`` points are the parent's.
        skipped: levels of the sampler's own schedule that it passes over.
        begun: the first step of the run that this sampler took, or takes, itself.
    """

    plan: Plan
    skipped: int = 0
    begun: int = 0


def plan_branch(
    request: SamplingRequest,
    plan: Callable[[SamplingRequest], Plan],
    parent_plan: BranchPlan,
) -> BranchPlan:
    """Where a branch joins its parent, and the levels it goes through.

    Args:
        request: whose ``start`` is a ``FromStep``.
        plan: what a request that is no branch would do.
        parent_plan: of the parent, as planned or as it ran.

    Raises:
        RequestError: when it cannot be branched there.
    """
    start = request.start
    assert isinstance(start, FromStep)
    whole, k = parent_plan.plan, start.step
    _check_step(k, whole)
    own = plan(replace(request, start=FromSeed()))
    if not restarts(request):
        joined = replace(whole, notice=own.notice, shared=k)
        return BranchPlan(joined, parent_plan.skipped, parent_plan.begun)
    if whole.stages or own.stages:
        raise RequestError(
            "This model samples in several stages: a branch can change its words and guidance, "
            "not its sampler or seed."
        )
    j = _first_at_or_below(own.levels, whole.levels[k])
    if j >= len(own.levels) - 1:
        raise RequestError(
            f"The sampler {own.sampler} has no step below the noise that is left at step {k}. "
            "Branch from an earlier step, or keep the sampler."
        )
    shared = k if _same(own.levels[j], whole.levels[k]) else k + 1
    joined = Plan(
        (*whole.levels[:shared], *own.levels[j:]),
        (*whole.timesteps[:shared], *own.timesteps[j:]),
        own.sampler,
        own.notice,
        shared=shared,
    )
    return BranchPlan(joined, j, shared)


def plan_from_picture(request: SamplingRequest, whole: Plan) -> BranchPlan:
    """The levels of a run that starts from a picture: those of the seed's run from its step on.

    Args:
        request: whose ``start`` is a ``FromPicture``.
        whole: what the same request from pure noise would do.

    Raises:
        RequestError: when there is nothing to denoise there, or no single loop that could.
    """
    start = request.start
    assert isinstance(start, FromPicture)
    if whole.stages:
        raise RequestError(
            "This model samples in several stages: its picture does not begin with one of yours."
        )
    k, last = start.step, len(whole.levels) - 1
    if k >= last:
        raise RequestError(
            f"Step {k} is beyond the last one that denoises, {last - 1}: nothing would be done to "
            "the picture. Start from more noise."
        )
    kept = replace(whole, levels=whole.levels[k:], timesteps=whole.timesteps[k:])
    return BranchPlan(kept, skipped=k)


def _check_step(k: int, plan: Plan) -> None:
    last = len(plan.levels) - 1
    if k >= last:
        raise RequestError(
            f"Step {last} is the finished picture: branch from an earlier step of this run."
        )
    if plan.stages and k + 1 <= last and plan.stages[k + 1] != plan.stages[k]:
        raise RequestError("A stage ends at this step: branch one step earlier or later.")


def _first_at_or_below(levels: Sequence[NoiseLevel], level: NoiseLevel) -> int:
    """The first level of a schedule with as much noise as another one, or less."""
    return next(
        (
            j
            for j, own in enumerate(levels)
            if own.noise_share <= level.noise_share or _same(own, level)
        ),
        len(levels),
    )


def _same(a: NoiseLevel, b: NoiseLevel) -> bool:
    return math.isclose(a.noise_share, b.noise_share, rel_tol=1e-4, abs_tol=1e-6)


def restarted(step: Step, level: NoiseLevel, noise: FloatArray | None) -> FloatArray:
    """The latent with which another sampler goes on from a step.

    With fresh noise ε: x' = signal · x̂₀ + noise · ε, the forward process (Ho et al. 2020, eq. 4)
    applied to the guess, as in SDEdit (Meng et al. 2022). Without: the same picture and the same
    noise in the other sampler's scale; at a lower level after one step of DDIM (Song et al. 2021,
    eq. 12 with η = 0).

    Args:
        step: the parent's.
        level: the level at which the other sampler goes on.
        noise: ε in the shape of the latent; None keeps the noise that is in it.
    """
    if noise is None and _same(level, step.noise_level):
        x: FloatArray = step.unit_latents * np.float32(level.scale)
        return x
    if noise is None:
        noise = step.noise
        assert noise is not None
    x = np.float32(level.signal) * step.denoised + np.float32(level.noise) * noise
    return x.astype(np.float32, copy=False)


def check_parent(request: SamplingRequest, parent: Trajectory, weights_hash: str) -> None:
    """Refuse a parent that is another run, or another model's.

    Raises:
        RequestError: with what to do.
    """
    start = request.start
    assert isinstance(start, FromStep)
    if parent.request != start.parent:
        raise ValueError("the parent is another run than the request goes on from")
    if parent.model.weights_hash != weights_hash:
        raise RequestError(
            f"This run was made by another model ({parent.model.name}). Open that model to go on "
            "from it."
        )
    if len(parent.steps) <= start.step or parent.steps[start.step].prediction is None:
        raise RequestError(
            f"This run was stopped before step {start.step} was taken: branch from an earlier one."
        )
