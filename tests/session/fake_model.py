"""A model without weights, and a sampler that takes the steps a test allows it to take."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visualizer.diffusion.arrays import Picture, read_only
from visualizer.diffusion.branching import BranchPlan, plan_branch
from visualizer.diffusion.facts import ModelFacts, Plan, PromptReading, SamplerName
from visualizer.diffusion.fast_decoder import FastDecoder, FastDecoderFit
from visualizer.diffusion.layout import GRID, LatentLayout
from visualizer.diffusion.noise import NoiseLevel
from visualizer.diffusion.parents import Parents
from visualizer.diffusion.request import RequestError, SamplingRequest
from visualizer.diffusion.starts import FromStep
from visualizer.diffusion.step import Guidance, Step
from visualizer.diffusion.trajectory import ModelIdentity, Trajectory

CHANNELS, SIDE, FACTOR = 4, 4, 8
MAX_STEPS = 1000


class FakeModel:
    """Latents of 4 × 4 × 4, pictures of 32 × 32. Exact decodes are 7 levels brighter than fast."""

    def __init__(self, name: str = "Fake") -> None:
        self.name = name
        self.decoded = 0
        self.before_decode: Callable[[], object] = lambda: None
        self.identity = ModelIdentity(name, "FakePipeline", "c" * 64, name.ljust(64, "w"))
        self.facts = ModelFacts(
            name=name,
            pipeline_class="FakePipeline",
            device="cpu",
            dtype="float32",
            samplers=(SamplerName("ddim", "DDIM"),),
            own_sampler="DDIM",
            steps=4,
            guidance_scale=3.0,
            width=32,
            height=32,
            sizes=((32, 32),),
            guidance=True,
            max_words=75,
            weights_hash=self.identity.weights_hash,
        )
        matrix = np.zeros((CHANNELS + 1, 3 * FACTOR * FACTOR), dtype=np.float32)
        matrix[:-1] = 10.0
        matrix[-1] = 120.5
        self.fast_decoder = FastDecoder(read_only(matrix[None]), (0.0,), FACTOR)

    def find_tiny_autoencoder(self) -> None:
        """This person has none."""

    def plan(self, request: SamplingRequest) -> Plan:
        if isinstance(request.start, FromStep):
            return self.plan_branch(request).plan
        steps = request.steps or 4
        if request.sampler == "stubborn":
            raise RequestError("The sampler Stubborn cannot begin in the middle of a run.")
        if steps > MAX_STEPS:
            raise RequestError(f"This sampler takes at most {MAX_STEPS} steps, not {steps}.")
        levels = tuple(NoiseLevel.from_alpha_bar(k / steps) for k in range(steps + 1))
        return Plan(levels, tuple(999.0 * (1 - k / steps) for k in range(steps)), "DDIM")

    def plan_branch(self, request: SamplingRequest, parent: Trajectory | None = None) -> BranchPlan:
        assert isinstance(request.start, FromStep)
        return plan_branch(request, self.plan, BranchPlan(self.plan(request.start.parent)))

    def read_prompt(self, text: str) -> PromptReading:
        """A word is a token, and a blank ends it."""
        words = text.split()
        limit = self.facts.max_words
        cut = None
        if len(words) > limit:
            cut = len(" ".join(words[:limit])) + 1
        return PromptReading(min(len(words), limit), len(words), (), len(words), limit, cut)

    @property
    def kept_fast_decoder(self) -> FastDecoder | None:
        return self.fast_decoder

    def begin_fast_decoder(self) -> FastDecoderFit:
        raise LookupError("It is kept.")

    def keep_fast_decoder(self, fit: FastDecoderFit) -> FastDecoder:
        return fit.decoder()

    def decode(self, latents: NDArray[Any], layout: LatentLayout = GRID) -> Picture:
        self.before_decode()
        self.decoded += 1
        fast = self.fast_decoder.decode(np.asarray(latents, dtype=np.float32))
        return read_only(np.clip(fast.astype(np.int16) + 7, 0, 255).astype(np.uint8))


class FakeSampler:
    """Stands in for ``sample``. ``before_step(k, cancelled)`` may wait, or raise."""

    def __init__(self) -> None:
        self.calls: list[SamplingRequest] = []
        self.before_step: Callable[[int, threading.Event], object] = lambda k, cancelled: None
        self.notice = ""
        self.replans_to: int | None = None
        """How many steps it turns out to take, when others were planned."""
        self.fails: dict[int, int] = {}
        """Of lanes: the step at which the lane of a seed fails."""
        self.fits = 8
        """Lanes that memory holds at once; more are tried once, and then half of them."""

    def __call__(
        self,
        model: FakeModel,
        request: SamplingRequest,
        *,
        parent: Trajectory | None = None,
        on_step: Callable[[Step], None] = lambda step: None,
        on_plan: Callable[[Plan], None] = lambda plan: None,
        cancelled: threading.Event,
    ) -> Trajectory:
        self.calls.append(request)
        plan = model.plan(request)
        if self.replans_to is not None:
            plan = model.plan(replace(request, steps=self.replans_to))
            on_plan(plan)
        steps = [] if parent is None else list(parent.steps[: plan.shared])
        for k in range(len(steps), len(plan.levels)):
            self.before_step(k, cancelled)
            if cancelled.is_set() or self.notice:
                break
            steps.append(self._step(request, plan, k))
            on_step(steps[-1])
        return self._run(model, request, plan, steps, 1, self.notice)

    def lanes(
        self,
        model: FakeModel,
        requests: Sequence[SamplingRequest],
        *,
        parents: Sequence[Trajectory | None] | None = None,
        listener: Any,
        cancelled: threading.Event,
    ) -> None:
        """Stands in for ``sample_lanes``: lanes of as many steps make a batch."""
        made = Parents(self, model, requests, cancelled)
        parents = list(parents or [None] * len(requests))
        branches: dict[SamplingRequest, list[int]] = {}
        for lane, request in enumerate(requests):
            if isinstance(request.start, FromStep) and parents[lane] is None:
                branches.setdefault(request.start.parent, []).append(lane)
        for lanes in branches.values():
            run = made.of(requests[lanes[0]])
            assert run is not None
            listener.parent_made(tuple(lanes), run)
            for lane in lanes:
                parents[lane] = run
        self.calls.extend(requests)
        batches: dict[Any, list[int]] = {}
        for lane, request in enumerate(requests):
            alone = lane if isinstance(request.start, FromStep) else None
            batches.setdefault((request.steps, alone), []).append(lane)
        waiting = list(batches.values())
        while waiting and not cancelled.is_set():
            batch, waiting = waiting[0], waiting[1:]
            plans = {}
            for lane in batch:
                try:
                    plans[lane] = model.plan(requests[lane])
                except RequestError as error:
                    listener.failed(lane, str(error), None)
            if not plans:
                continue
            listener.begun(tuple(plans), tuple(plans.values()))
            if len(plans) > self.fits:
                for lane, plan in plans.items():
                    listener.step(lane, self._step(requests[lane], plan, 0))
                half = len(batch) // 2
                waiting = [batch[:half], batch[half:], *waiting]
                continue
            self._batch(model, requests, parents, plans, listener, cancelled)

    def _batch(
        self,
        model: FakeModel,
        requests: Sequence[SamplingRequest],
        parents: Sequence[Trajectory | None] | None,
        plans: dict[int, Plan],
        listener: Any,
        cancelled: threading.Event,
    ) -> None:
        steps: dict[int, list[Step]] = {}
        for lane, plan in plans.items():
            parent = None if parents is None else parents[lane]
            steps[lane] = [] if parent is None else list(parent.steps[: plan.shared])
        failed: set[int] = set()
        for k in range(max(len(plan.levels) for plan in plans.values())):
            self.before_step(k, cancelled)
            if cancelled.is_set():
                break
            for lane, plan in plans.items():
                if lane in failed or k < len(steps[lane]):
                    continue
                if self.fails.get(requests[lane].seed) == k:
                    failed.add(lane)
                    continue
                steps[lane].append(self._step(requests[lane], plan, k))
                listener.step(lane, steps[lane][-1])
        for lane, plan in plans.items():
            run = self._run(model, requests[lane], plan, steps[lane], len(plans))
            if lane in failed:
                listener.failed(lane, "The numbers of this run overflowed.", run)
            else:
                listener.done(lane, run)

    def _step(self, request: SamplingRequest, plan: Plan, k: int) -> Step:
        """What is drawn depends on seed, prompt and step only."""
        words = sum(request.prompt.encode())
        random = np.random.default_rng((request.seed, k, words))
        shape = (CHANNELS, SIDE, SIDE)
        latents = read_only(random.standard_normal(shape, dtype=np.float32))
        last = k == len(plan.levels) - 1
        prediction = None if last else read_only(np.zeros(shape, dtype=np.float32))
        guidance = None
        if not last and (request.guidance_scale or 0) > 1:
            u = np.random.default_rng(k).standard_normal(shape, dtype=np.float32)
            guidance = Guidance(read_only(u), None, request.guidance_scale)
        timestep = 0.0 if last else plan.timesteps[k]
        return Step(k, timestep, plan.levels[k], latents, prediction, guidance=guidance)

    def _run(
        self,
        model: FakeModel,
        request: SamplingRequest,
        plan: Plan,
        steps: list[Step],
        batch_size: int,
        notice: str = "",
    ) -> Trajectory:
        complete = len(steps) == len(plan.levels)
        return Trajectory(
            request=request,
            model=replace(model.identity, batch_size=batch_size),
            steps=tuple(steps),
            planned=plan.levels,
            timesteps=plan.timesteps,
            cancelled=not complete,
            final=model.decode(steps[-1].denoised) if complete else None,
            sampler=plan.sampler,
            notice=notice,
            decoder=model,
        )


class Gate:
    """Lets a sampler take so many steps, then holds it until more are allowed or it is stopped."""

    def __init__(self, allowed: int = 0) -> None:
        self._allowed = allowed

    def allow(self, steps: int) -> None:
        """Let it take so many more."""
        self._allowed += steps

    def __call__(self, k: int, cancelled: threading.Event) -> None:
        while k >= self._allowed and not cancelled.wait(0.002):
            pass
