"""Observing a pipeline: what passes through its schedulers and denoisers, copied on its way.

The loop is the pipeline's own: nothing of it is written again here. ``scheduler.step`` is wrapped,
because every pipeline calls it, whatever its callbacks are; the denoisers tell which loop is
running and what they said without the prompt. When the run is over, however it ended, the pipeline
is as it was.
"""

from __future__ import annotations

import copy
import functools
import inspect
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch

from visualizer.diffusion import families, guiding, noise_edits, samplers, schedules
from visualizer.diffusion.arrays import FloatArray
from visualizer.diffusion.attention_recorder import AttentionRecorder
from visualizer.diffusion.clipping import Clip, clipping_of
from visualizer.diffusion.facts import Plan
from visualizer.diffusion.families import Family
from visualizer.diffusion.held import Held
from visualizer.diffusion.latent_layouts import layout_of
from visualizer.diffusion.layout import LatentLayout
from visualizer.diffusion.noise import NoiseLevel
from visualizer.diffusion.parameterization import PredictionType
from visualizer.diffusion.replaying import Answers, Replay
from visualizer.diffusion.request import SamplingRequest
from visualizer.diffusion.starts import EditedNoise, Start
from visualizer.diffusion.step import Guidance, Step, Trial

NOT_FINITE = (
    "The numbers overflowed at step {step} (NaN): the run was stopped there. Try more steps, "
    "less guidance, another sampler, or the model in float32."
)
_MOST_LATE = 2
"""Steps that may be on their way from the device before the observer waits for the oldest."""


class Stopped(Exception):
    """Raised through the pipeline to leave it within one step."""


@dataclass
class _Loop:
    """One loop over noise levels; a pipeline may have several, one after the other."""

    scheduler: Any
    numbers: Any  # the scheduler, its tables where they can be read at once
    levels: tuple[NoiseLevel, ...]
    timesteps: tuple[float, ...]
    calls_expected: int
    call_times: tuple[float, ...]  # one a call, trials included
    prediction_type: PredictionType
    clip: Clip | None
    stage: str = ""
    component: str = ""
    layout: LatentLayout | None = None
    calls: int = 0
    last: torch.Tensor | None = None  # what the newest call returned
    replayed: bool = False  # that call was one of the parent's
    ended: bool = False


@dataclass
class _Draft:
    """What one call of ``scheduler.step`` was given, on its way to become Steps."""

    loop: _Loop
    call: int
    trial: bool
    timestep: float
    x: Held
    prediction: Held | None = None
    answers: tuple[Held, Held] | None = None

    @property
    def late(self) -> bool:
        held = (self.x, self.prediction, *(self.answers or ()))
        return any(h is not None and h.late for h in held)


@dataclass
class Observer:
    """Turns a pipeline's run into Steps, one list a batch entry.

    Args:
        pipeline, family: whose run.
        requests: one a batch entry; they differ in prompt, avoid text and seed only.
        size: (width, height) of the pictures.
        plan: what is expected to happen.
        on_step: called with (batch entry, Step) as each is known.
        on_plan: called when a loop's true noise levels are known and differ from the plan.
        cancelled: setting it makes the pipeline raise ``Stopped`` within one step.
        starts: what the noise of each batch entry starts from.
        replay: what passes before the run goes on by itself, for a branch.
        answers: remembers what a network answers, for branches.
        only_noise: leave the pipeline as soon as the noise is there that it would start with.
        attention: records which pixels listen to which word.

    Attributes:
        drawn: that noise at unit scale, (lanes, …) float32, and its layout; None before.
        failed: by batch entry: why it was given up; the others go on.
    """

    pipeline: Any
    family: Family
    requests: tuple[SamplingRequest, ...]
    size: tuple[int, int]
    plan: Plan
    on_step: Callable[[int, Step], None] | None = None
    on_plan: Callable[[Plan], None] | None = None
    cancelled: threading.Event | None = None
    starts: tuple[Start, ...] = ()
    replay: Replay | None = None
    answers: Answers | None = None
    only_noise: bool = False
    attention: AttentionRecorder | None = None
    drawn: tuple[FloatArray, LatentLayout] | None = None
    failed: dict[int, str] = field(default_factory=dict)
    lanes: list[list[Step]] = field(init=False)
    _loops: list[_Loop] = field(default_factory=list)
    _outputs: list[Any] = field(default_factory=list)
    _component: str = ""
    _coming: deque[_Draft] = field(default_factory=deque)

    def __post_init__(self) -> None:
        shared = self.replay.steps if self.replay is not None else ()
        self.lanes = [list(shared) for _ in self.requests]

    # --- attaching ----------------------------------------------------------------------------

    @contextmanager
    def attached(self) -> Iterator[None]:
        """Observe what the pipeline does in this context; afterwards it is as it was."""
        with ExitStack() as undo:
            self._attach_schedulers(undo)
            if self.replay is not None:
                undo.enter_context(self.replay.silent_denoisers(self.pipeline))
            if self.attention is not None:
                recording = self.attention.attached(
                    self.pipeline, self.family, self.requests, first=len(self.lanes[0])
                )
                undo.enter_context(recording)
            if self._changes_noise:
                undo.enter_context(noise_edits.changed_noise(self.pipeline, self._start_with))
            for name, module in families.denoisers(self.pipeline):
                hook = functools.partial(self._heard, name)
                undo.callback(module.register_forward_hook(hook, with_kwargs=True).remove)
                undo.callback(_restore_attention, module, _attention_of(module))
            yield

    @property
    def _changes_noise(self) -> bool:
        at_once = self.replay is not None and self.replay.begins_at_once
        return at_once or self.only_noise or self._edits_noise

    @property
    def _edits_noise(self) -> bool:
        return any(isinstance(start, EditedNoise) for start in self.starts)

    def _start_with(self, x: torch.Tensor, of_seed: Callable[[int], torch.Tensor]) -> torch.Tensor:
        """What the loop of the picture starts with, in place of what the pipeline drew."""
        if self._edits_noise:
            x = noise_edits.edit_batch(x, self.starts, of_seed, self._layout_of)
        if self.only_noise:
            unit = x.detach().float().cpu().numpy() / noise_edits.initial_scale(self.pipeline)
            self.drawn = unit, self._layout_of(tuple(x.shape[1:]))
            raise Stopped
        if self.replay is not None and self.replay.begins_at_once:
            x = self.replay.starting_latent(x, self.pipeline.scheduler)
        return x

    def _layout_of(self, shape: tuple[int, ...]) -> LatentLayout:
        """The layout of one latent of the picture's loop."""
        space = families.space_of(self.family)
        return layout_of(self.pipeline, space, shape, self.size, self.requests[0])

    def _attach_schedulers(self, undo: ExitStack) -> None:
        """A fresh scheduler in every place that holds one: they keep state between runs."""
        fresh: dict[int, Any] = {}
        main = self.pipeline.scheduler
        key = self.requests[0].sampler
        seeds = [r.seed for r in self.requests]
        for owner in families.pipelines_in(self.pipeline):
            for name, own in [*vars(owner).items()]:
                if not (hasattr(own, "set_timesteps") and hasattr(own, "step")):
                    continue
                if id(own) not in fresh:
                    chosen = key if own is main else None
                    fresh[id(own)] = samplers.fresh_scheduler(
                        own,
                        chosen,
                        seed=seeds if len(seeds) > 1 else seeds[0],
                        pipeline=self.pipeline,
                    )
                    self._observe(fresh[id(own)])
                undo.callback(setattr, owner, name, own)
                setattr(owner, name, fresh[id(own)])

    def _observe(self, scheduler: Any) -> None:
        # pipelines inspect both signatures to decide what they pass
        begin, step = scheduler.set_timesteps, scheduler.step

        @functools.wraps(begin)
        def observed_begin(*args: Any, **kwargs: Any) -> Any:
            result = begin(*args, **kwargs)
            self._begin_loop(scheduler)
            return result

        @functools.wraps(step)
        def observed_step(*args: Any, **kwargs: Any) -> Any:
            if self.replay is not None and self.replay.passing:
                given = inspect.signature(step).bind(*args, **kwargs).arguments
                return self._pass(scheduler, step, given)
            names = ("model_output", "timestep", "sample")
            given = {**dict(zip(names, args, strict=False)), **kwargs}
            loop = self._before(scheduler, given)
            result = step(*args, **kwargs)
            self._after(loop, result[0] if isinstance(result, tuple) else result.prev_sample)
            return result

        scheduler.set_timesteps, scheduler.step = observed_begin, observed_step

    def _pass(self, scheduler: Any, step: Callable[..., Any], given: dict[str, Any]) -> Any:
        """One call of the parent's, which nobody hears of: its Steps are there."""
        replay = self.replay
        assert replay is not None
        loop = self._loop_of(scheduler)
        self._outputs = []
        if self.attention is not None:
            self.attention.pass_over()
        if self.cancelled is not None and self.cancelled.is_set():
            raise Stopped
        result = replay.step(scheduler, step, given)
        returned = result[0] if isinstance(result, tuple) else result.prev_sample
        loop.replayed = True
        self._after(loop, returned)
        loop.replayed = loop.ended
        return result

    def _heard(
        self, component: str, _module: Any, inputs: Any, named: dict[str, Any], output: Any
    ) -> None:
        self._component = component
        self._outputs.append(output)
        if self.answers is not None and not (self._loops and self._loops[-1].calls):
            self.answers.keep(component, inputs, named, output)

    # --- loops --------------------------------------------------------------------------------

    def _begin_loop(self, scheduler: Any) -> None:
        self._end_loop()
        if self._loops and not self._loops[-1].calls:
            self._loops.pop()  # the same one, set up again
        numbers = _in_plain_memory(scheduler)
        levels, timesteps = schedules.planned_levels(numbers)
        times = tuple(float(t) for t in numbers.timesteps)
        self._loops.append(
            _Loop(
                scheduler,
                numbers,
                levels,
                timesteps,
                _calls_of(scheduler),
                times,
                schedules.prediction_type_of(scheduler),
                clipping_of(scheduler),
            )
        )
        if self.replay is not None:
            self.replay.begin_loop(numbers)

    def _loop_of(self, scheduler: Any) -> _Loop:
        loop = self._loops[-1]
        if loop.scheduler is not scheduler:
            loop = next(o for o in reversed(self._loops) if o.scheduler is scheduler)
        if not loop.calls:
            loop.component = self._component
            loop.stage = self._stage_of(loop)
            self._tell_plan()
        return loop

    def _stage_of(self, loop: _Loop) -> str:
        stage = self.family.stages.get(loop.component)
        if stage is not None:
            return stage.name
        return f"{self.family.loops} {self._loops.index(loop) + 1}" if self.family.loops else ""

    def _tell_plan(self) -> None:
        """The loops that are known by now, then those that are still only planned."""
        if self.replay is not None and (self.replay.skipped or self.replay.begun):
            return  # it joins two schedules: only the plan knows both
        known = [(o.stage, o.levels, o.timesteps) for o in self._loops if o.component or o.calls]
        coming = self.plan.loops()[len(known) :]
        plan = Plan.of_loops([*known, *coming], self.plan.sampler, self.plan.notice)
        plan = replace(plan, shared=self.plan.shared)
        if plan != self.plan:
            self.plan = plan
            if self.on_plan is not None:
                self.on_plan(plan)

    def _end_loop(self) -> None:
        """Add the final Step of the newest loop: the latent that its last call returned."""
        if not self._loops:
            return
        loop = self._loops[-1]
        if loop.last is None or loop.ended:
            return
        loop.ended = True
        if loop.replayed:  # the parent's
            loop.last = None
            return
        self._coming.append(_Draft(loop, loop.calls, False, 0.0, Held(loop.last)))
        loop.last = None

    def finish(self) -> None:
        """The pipeline has returned: all that is on its way arrives."""
        self._end_loop()
        self._deliver(wait=True)

    # --- steps --------------------------------------------------------------------------------

    def _before(self, scheduler: Any, given: dict[str, Any]) -> _Loop:
        loop = self._loop_of(scheduler)
        x, output = given["sample"], given["model_output"]
        asked, self._outputs = self._outputs, []
        trial = schedules.is_trial(scheduler)
        if self.attention is not None:
            self.attention.pass_over() if trial else self.attention.take_step()
        found = None if trial else self._answers(asked, x)
        at = given["timestep"]
        if isinstance(at, torch.Tensor):
            if at.device.type == "cpu":
                at = at.flatten()[0]  # some repeat it for every batch entry
            else:  # reading it would wait for the device
                at = loop.call_times[min(loop.calls, len(loop.call_times) - 1)]
        self._coming.append(
            _Draft(
                loop,
                loop.calls,
                trial,
                float(at),
                Held(x),
                Held(output),
                None if found is None else (Held(found[0]), Held(found[1])),
            )
        )
        self._deliver()
        if self.cancelled is not None and self.cancelled.is_set():
            self._deliver(wait=True)
            raise Stopped
        return loop

    def _answers(
        self, asked: list[Any], x: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor] | None:
        perturbed = bool(getattr(self.pipeline, "do_perturbed_attention_guidance", False))
        return guiding.answers(asked, x, len(x), self.family, perturbed=perturbed)

    def _after(self, loop: _Loop, returned: torch.Tensor) -> None:
        for lane in self.failed:  # what overflowed need not go on overflowing
            returned[lane] = 0
        loop.calls += 1
        loop.last = returned
        if loop.calls == loop.calls_expected:
            self._end_loop()
            self._deliver()

    def _deliver(self, *, wait: bool = False) -> None:
        """Hand over what has arrived, in order."""
        while self._coming and (wait or len(self._coming) > _MOST_LATE or not self._coming[0].late):
            draft = self._coming.popleft()
            self._add_trial(draft) if draft.trial else self._add_steps(draft)

    def _add_trial(self, draft: _Draft) -> None:
        assert draft.prediction is not None
        x, prediction = draft.x.array(), draft.prediction.array()
        for lane, (steps, latents, output) in enumerate(
            zip(self.lanes, x, prediction, strict=False)
        ):
            if lane in self.failed:
                continue
            tried = Trial(draft.timestep, latents, output)
            steps[-1] = replace(steps[-1], trials=(*steps[-1].trials, tried))
        self._check_finite(prediction)

    def _add_steps(self, draft: _Draft) -> None:
        loop = draft.loop
        x = draft.x.array()
        prediction = None if draft.prediction is None else draft.prediction.array()
        if loop.layout is None:
            space = families.space_of(self.family, loop.component)
            loop.layout = layout_of(self.pipeline, space, x.shape[1:], self.size, self.requests[0])
        if prediction is None:
            level = loop.levels[-1]
        else:
            level = schedules.level_at(loop.numbers, draft.call, draft.timestep)
        guided = self._guided(draft, prediction)
        for lane, steps in enumerate(self.lanes):
            if lane in self.failed:
                continue
            step = Step(
                len(steps),
                draft.timestep,
                level,
                x[lane],
                None if prediction is None else prediction[lane],
                loop.prediction_type,
                loop.stage,
                layout=loop.layout,
                clip=None if prediction is None else loop.clip,
                guidance=guided[lane],
            )
            steps.append(step)
            if self.on_step is not None:
                self.on_step(lane, step)
        self._check_finite(x if prediction is None else prediction)

    def _guided(self, draft: _Draft, prediction: Any) -> list[Guidance | None]:
        if draft.answers is None or prediction is None:
            return [None for _ in self.lanes]
        u, c = (answer.array() for answer in draft.answers)
        lanes = range(len(self.lanes))
        return [guiding.guidance(u[i], c[i], prediction[i], self._dtype) for i in lanes]

    @functools.cached_property
    def _dtype(self) -> str:
        modules = (module for _, module in families.denoisers(self.pipeline))
        return str(getattr(next(modules, None), "dtype", "float32")).removeprefix("torch.")

    def _check_finite(self, values: Any) -> None:
        """Give up the batch entries whose numbers overflowed; with none left, stop."""
        for lane, steps in enumerate(self.lanes):
            if lane not in self.failed and not np.isfinite(values[lane]).all():
                self.failed[lane] = NOT_FINITE.format(step=len(steps) - 1)
        if len(self.failed) == len(self.lanes):
            raise Stopped


def _in_plain_memory(scheduler: Any) -> Any:
    """A scheduler whose tables can be read without waiting for what the device has queued."""
    tables = {name: t for name, t in vars(scheduler).items() if isinstance(t, torch.Tensor)}
    away = {name: t.cpu() for name, t in tables.items() if t.device.type != "cpu"}
    if not away:
        return scheduler
    copied = copy.copy(scheduler)
    vars(copied).update(away)
    return copied


def _calls_of(scheduler: Any) -> int:
    """How often a loop calls ``step``: once a timestep, but for one whose last is the end."""
    ends = type(scheduler).__name__ == "DDPMWuerstchenScheduler"
    return len(scheduler.timesteps) - ends


def _attention_of(module: Any) -> Any:
    """Some pipelines (perturbed-attention guidance) exchange attention processors for a run."""
    return dict(module.attn_processors) if hasattr(module, "attn_processors") else None


def _restore_attention(module: Any, processors: Any) -> None:
    if processors is not None and module.attn_processors != processors:
        module.set_attn_processor(processors)
