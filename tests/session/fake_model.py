"""A model without weights, and a sampler that takes the steps a test allows it to take."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visualizer.diffusion.arrays import Picture, read_only
from visualizer.diffusion.facts import ModelFacts, Plan, PromptReading, SamplerName
from visualizer.diffusion.fast_decoder import FastDecoder, FastDecoderFit
from visualizer.diffusion.layout import GRID, LatentLayout
from visualizer.diffusion.noise import NoiseLevel
from visualizer.diffusion.request import RequestError, SamplingRequest
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
        steps = request.steps or 4
        if steps > MAX_STEPS:
            raise RequestError(f"This sampler takes at most {MAX_STEPS} steps, not {steps}.")
        levels = tuple(NoiseLevel.from_alpha_bar(k / steps) for k in range(steps + 1))
        return Plan(levels, tuple(999.0 * (1 - k / steps) for k in range(steps)), "DDIM")

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

    def __call__(
        self,
        model: FakeModel,
        request: SamplingRequest,
        *,
        on_step: Callable[[Step], None],
        on_plan: Callable[[Plan], None] = lambda plan: None,
        cancelled: threading.Event,
    ) -> Trajectory:
        self.calls.append(request)
        plan = model.plan(request)
        if self.replans_to is not None:
            plan = model.plan(replace(request, steps=self.replans_to))
            on_plan(plan)
        random = np.random.default_rng(request.seed)
        steps: list[Step] = []
        for k, level in enumerate(plan.levels):
            self.before_step(k, cancelled)
            if cancelled.is_set() or self.notice:
                break
            shape = (CHANNELS, SIDE, SIDE)
            latents = read_only(random.standard_normal(shape, dtype=np.float32))
            last = k == len(plan.levels) - 1
            prediction = None if last else read_only(np.zeros(shape, dtype=np.float32))
            timestep = 0.0 if last else plan.timesteps[k]
            guidance = None
            if not last and (request.guidance_scale or 0) > 1:
                u = np.random.default_rng(k).standard_normal(shape, dtype=np.float32)
                guidance = Guidance(read_only(u), None, request.guidance_scale)
            steps.append(Step(k, timestep, level, latents, prediction, guidance=guidance))
            on_step(steps[-1])
        complete = len(steps) == len(plan.levels)
        return Trajectory(
            request=request,
            model=model.identity,
            steps=tuple(steps),
            planned=plan.levels,
            timesteps=plan.timesteps,
            cancelled=not complete,
            final=model.decode(steps[-1].denoised) if complete else None,
            sampler=plan.sampler,
            notice=self.notice,
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
