"""sample(), sample_many(): drive a real diffusers pipeline and observe it.

The loop is the pipeline's own: nothing of it is written again here. What passes through
``scheduler.step`` is copied on its way, and a callback hears of it; that changes no bit of what
the pipeline makes.
"""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from visualizer.diffusion import samplers, schedules
from visualizer.diffusion.facts import Plan
from visualizer.diffusion.model import Model
from visualizer.diffusion.model_folder import ModelError
from visualizer.diffusion.request import RequestError, SamplingRequest
from visualizer.diffusion.trajectory import Picture, Step, Trajectory, Trial, read_only

OnStep = Callable[[Step], None]
NOT_FINITE = (
    "The numbers overflowed at step {step} (NaN): the run was stopped there. Try less guidance, "
    "another sampler, or the model in float32."
)


class _Stopped(Exception):
    """Raised through the pipeline to leave it within one step; never leaves this file."""


def sample(
    model: Model,
    request: SamplingRequest,
    *,
    on_step: OnStep | None = None,
    cancelled: threading.Event | None = None,
) -> Trajectory:
    """Run a model's pipeline on a request and keep every step.

    Args:
        on_step: called with each Step as it is taken, on this thread; 0 … N.
        cancelled: setting it stops the run within one step; what was taken so far is returned.

    Returns:
        The run. Its final latents and picture equal the bare pipeline's, bit for bit.

    Raises:
        RequestError: when the request cannot be sampled with this model.
        ModelError: when the model ran out of memory.
    """
    callback = None if on_step is None else (lambda _lane, step: on_step(step))
    return sample_many(model, [request], on_step=callback, cancelled=cancelled)[0]


def sample_many(
    model: Model,
    requests: Sequence[SamplingRequest],
    *,
    on_step: Callable[[int, Step], None] | None = None,
    cancelled: threading.Event | None = None,
) -> list[Trajectory]:
    """Sample several requests in one batch; they may differ in prompt, avoid text and seed.

    Args:
        on_step: called with (which request, Step).

    Raises:
        RequestError: also when the requests differ in anything else.
    """
    if not requests:
        return []
    shared = {replace(r, prompt="", negative_prompt=None, seed=0) for r in requests}
    if len(shared) > 1:
        raise RequestError("Runs in one batch must share steps, guidance, sampler and size.")
    plans = [model.plan(r) for r in requests]
    scheduler = samplers.fresh_scheduler(model.pipeline.scheduler, requests[0].sampler)
    recorder = _Recorder(scheduler, plans[0], len(requests), on_step, cancelled)
    began = time.perf_counter()
    images = _run(model, requests, recorder)
    seconds = time.perf_counter() - began
    identity = replace(model.identity, batch_size=len(requests), threads=torch.get_num_threads())
    return [
        Trajectory(
            request=request,
            model=identity,
            steps=tuple(recorder.lanes[i]),
            planned=plans[i].levels,
            timesteps=plans[i].timesteps,
            cancelled=images is None,
            final=None if images is None else images[i],
            sampler=plans[i].sampler,
            seconds=seconds,
            notice=recorder.notice or plans[i].notice,
            decoder=model,
        )
        for i, request in enumerate(requests)
    ]


def _run(
    model: Model, requests: Sequence[SamplingRequest], recorder: _Recorder
) -> list[Picture] | None:
    """Call the pipeline under observation; None when it was stopped."""
    pipeline = model.pipeline
    own = pipeline.scheduler
    with recorder.attached():
        pipeline.scheduler = recorder.scheduler
        try:
            images = pipeline(**pipeline_arguments(requests), output_type="pil").images
        except _Stopped:
            return None
        except torch.OutOfMemoryError as error:
            raise ModelError(
                "The model ran out of memory. Try a smaller size, or fewer runs at a time."
            ) from error
        finally:
            pipeline.scheduler = own
    recorder.finish()
    return [read_only(np.asarray(image.convert("RGB")).copy()) for image in images]


def pipeline_arguments(requests: Sequence[SamplingRequest]) -> dict[str, Any]:
    """The arguments of the bare pipeline's ``__call__`` for these requests; None is left out."""
    first = requests[0]
    arguments: dict[str, Any] = {
        "num_inference_steps": first.steps,
        "guidance_scale": first.guidance_scale,
        "width": first.width,
        "height": first.height,
        **dict(first.extra),
    }
    generators = [torch.Generator("cpu").manual_seed(r.seed) for r in requests]
    if len(requests) == 1:
        arguments |= {
            "prompt": first.prompt,
            "negative_prompt": first.negative_prompt,
            "generator": generators[0],
        }
    else:
        avoided = [r.negative_prompt for r in requests]
        arguments |= {
            "prompt": [r.prompt for r in requests],
            "negative_prompt": [a or "" for a in avoided] if any(avoided) else None,
            "generator": generators,
        }
    return {name: value for name, value in arguments.items() if value is not None}


class _Recorder:
    """Copies what passes through ``scheduler.step`` into Steps, one list a batch entry."""

    def __init__(
        self,
        scheduler: Any,
        plan: Plan,
        lanes: int,
        on_step: Callable[[int, Step], None] | None,
        cancelled: threading.Event | None,
    ) -> None:
        self.scheduler = scheduler
        self.lanes: list[list[Step]] = [[] for _ in range(lanes)]
        self.notice = ""
        self._plan = plan
        self._prediction_type = schedules.prediction_type_of(scheduler)
        self._on_step = on_step
        self._cancelled = cancelled
        self._calls = 0
        self._last: NDArray[Any] | None = None  # (lanes, C, h, w): what the newest call returned

    def attached(self) -> _Attachment:
        return _Attachment(self)

    def observe(self, original: Callable[..., Any]) -> Callable[..., Any]:
        """``scheduler.step`` with the same signature, observed."""
        names = ("model_output", "timestep", "sample")

        @functools.wraps(original)  # pipelines inspect the signature to decide what they pass
        def step(*args: Any, **kwargs: Any) -> Any:
            bound = {**dict(zip(names, args, strict=False)), **kwargs}
            trial = schedules.is_trial(self.scheduler)
            x, prediction = _copy(bound["sample"]), _copy(bound["model_output"])
            self._record(x, prediction, float(bound["timestep"]), trial)
            if self._cancelled is not None and self._cancelled.is_set():
                raise _Stopped
            result = original(*args, **kwargs)
            self._calls += 1
            returned = result[0] if isinstance(result, tuple) else result.prev_sample
            if self._calls == len(self.scheduler.timesteps):
                self._last = _copy(returned)
                self.finish()
            return result

        return step

    def finish(self) -> None:
        """Add the final Step: the latent that the last call returned."""
        if self._last is None or len(self.lanes[0]) == len(self._plan.levels):
            return
        timestep = 0.0
        for lane, latents in enumerate(self._last):
            index = len(self.lanes[lane])
            self._add(
                lane,
                Step(index, timestep, self._plan.levels[-1], latents, None, self._prediction_type),
            )
        self._check_finite(self._last)

    def _record(
        self, x: NDArray[Any], prediction: NDArray[Any], timestep: float, trial: bool
    ) -> None:
        for lane, (latents, output) in enumerate(zip(x, prediction, strict=True)):
            steps = self.lanes[lane]
            if trial:
                evaluated = Trial(timestep, latents, output)
                steps[-1] = replace(steps[-1], trials=(*steps[-1].trials, evaluated))
                continue
            level = schedules.level_at(self.scheduler, self._calls, timestep)
            self._add(
                lane, Step(len(steps), timestep, level, latents, output, self._prediction_type)
            )
        self._check_finite(prediction)

    def _add(self, lane: int, step: Step) -> None:
        self.lanes[lane].append(step)
        if self._on_step is not None:
            self._on_step(lane, step)

    def _check_finite(self, values: NDArray[Any]) -> None:
        if not np.isfinite(values).all():
            self.notice = NOT_FINITE.format(step=len(self.lanes[0]) - 1)
            raise _Stopped


class _Attachment:
    """Context in which a recorder's scheduler is observed."""

    def __init__(self, recorder: _Recorder) -> None:
        self._recorder = recorder

    def __enter__(self) -> None:
        scheduler = self._recorder.scheduler
        scheduler.step = self._recorder.observe(scheduler.step)

    def __exit__(self, *exception: object) -> None:
        del self._recorder.scheduler.step


def _copy(tensor: torch.Tensor) -> NDArray[Any]:
    """A read-only numpy copy; bfloat16, which numpy lacks, becomes float32 without loss."""
    tensor = tensor.detach()
    if tensor.dtype == torch.bfloat16:
        tensor = tensor.float()
    return read_only(tensor.cpu().numpy().copy())
