"""sample(), sample_many(): drive a real diffusers pipeline and observe it.

What passes through the pipeline is copied on its way, and a callback hears of it; that changes no
bit of what the pipeline makes.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import torch
from PIL import Image

from visualizer.diffusion import branching, devices, encoding, families, forward, memory, weighting
from visualizer.diffusion.arrays import FloatArray, Picture, read_only
from visualizer.diffusion.attention_recorder import AttentionRecorder
from visualizer.diffusion.device_errors import (
    DEVICE_LOST,
    device_lost,
    out_of_memory,
    what_would_help,
)
from visualizer.diffusion.facts import Plan
from visualizer.diffusion.families import Family
from visualizer.diffusion.given_pictures import cover
from visualizer.diffusion.latent_layouts import layout_of
from visualizer.diffusion.model import Model
from visualizer.diffusion.model_folder import ModelError, OutOfMemory
from visualizer.diffusion.observing import Observer, Stopped
from visualizer.diffusion.parents import Parents
from visualizer.diffusion.replaying import Answers, Replay
from visualizer.diffusion.request import RequestError, SamplingRequest
from visualizer.diffusion.starts import FROM_SEED, FromPicture, FromStep, goes_alone
from visualizer.diffusion.step import Step
from visualizer.diffusion.trajectory import Trajectory

_COMPLAINTS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What pipelines raise of themselves when an argument does not suit them."""
OnStep = Callable[[Step], None]


def sample(
    model: Model,
    request: SamplingRequest,
    *,
    parent: Trajectory | None = None,
    on_step: OnStep | None = None,
    on_plan: Callable[[Plan], None] | None = None,
    cancelled: threading.Event | None = None,
    attention: AttentionRecorder | None = None,
) -> Trajectory:
    """Run a model's pipeline on a request and keep every step.

    Args:
        parent: the run that a branch goes on from; without it that run is made first.
        on_step: called with each Step as it is taken, on this thread; 0 … N. Of a branch only with
            its own.
        on_plan: called when the noise levels turn out to be others than ``model.plan`` said.
        cancelled: setting it stops the run within one step; what was taken so far is returned.
        attention: records the run's attention beside it; no bit of the run changes.

    Returns:
        The run. Its final latents and picture equal the bare pipeline's, bit for bit. The first
        steps of a branch are its parent's.

    Raises:
        RequestError: when the request cannot be sampled with this model.
        ModelError: when the model ran out of memory.
    """
    heard = None if on_step is None else (lambda _lane, step: on_step(step))
    if isinstance(request.start, FromStep):
        return _sample_branch(model, request, parent, heard, on_plan, cancelled, attention)
    if isinstance(request.start, FromPicture):
        return _sample_from_picture(model, request, heard, on_plan, cancelled, attention)
    return sample_many(
        model,
        [request],
        on_step=heard,
        on_plan=on_plan,
        cancelled=cancelled,
        attention=attention,
    )[0]


def sample_many(
    model: Model,
    requests: Sequence[SamplingRequest],
    *,
    on_step: Callable[[int, Step], None] | None = None,
    on_plan: Callable[[Plan], None] | None = None,
    cancelled: threading.Event | None = None,
    attention: AttentionRecorder | None = None,
) -> list[Trajectory]:
    """Sample several requests in one batch; they may differ in prompt, avoid text, seed and start.

    Every seed's noise is the same as alone; results may differ in the last bits. A run whose
    numbers overflow ends there, and the others go on.

    Args:
        on_step: called with (which request, Step).
        attention: records that of all of them, where they go through the model in one batch.

    Raises:
        RequestError: also when the requests differ in anything else.
    """
    if not requests:
        return []
    if len({what_batches_share(r) for r in requests}) > 1:
        raise RequestError("Runs in one batch must share steps, guidance, sampler and size.")
    alone = any(goes_alone(r.start) for r in requests)
    if alone or (len(requests) > 1 and not model.family.batches):
        if attention is not None and len(requests) > 1:
            raise RequestError("These runs are made one by one: record one of them at a time.")
        return _one_by_one(model, requests, on_step, on_plan, cancelled, attention)
    plans = [model.plan(r) for r in requests]
    return _observed(model, requests, plans, None, on_step, on_plan, cancelled, attention)


def what_batches_share(request: SamplingRequest) -> SamplingRequest:
    """The request without what may differ from picture to picture of one batch."""
    start = request.start if goes_alone(request.start) else FROM_SEED
    return replace(request, prompt="", negative_prompt=None, seed=0, start=start)


def _observed(
    model: Model,
    requests: Sequence[SamplingRequest],
    plans: Sequence[Plan],
    replay: Replay | None,
    on_step: Callable[[int, Step], None] | None,
    on_plan: Callable[[Plan], None] | None,
    cancelled: threading.Event | None,
    attention: AttentionRecorder | None = None,
) -> list[Trajectory]:
    """One call of the pipeline."""
    observer = Observer(
        model.pipeline,
        model.family,
        tuple(requests),
        model.size_of(requests[0]),
        plans[0],
        on_step,
        on_plan,
        cancelled,
        # fresh noise is the seed's own, whatever the first run began with
        starts=tuple(FROM_SEED if branching.restarts(r) else branching.origin(r) for r in requests),
        replay=replay,
        answers=model.answers if replay is None else None,
        attention=attention,
    )
    began = time.perf_counter()
    images = run_observed(model, observer)
    seconds = time.perf_counter() - began
    if images is not None and replay is None:
        model.remember(requests[0], observer.plan)
    identity = replace(model.identity, batch_size=len(requests), threads=torch.get_num_threads())
    return [
        Trajectory(
            request=request,
            model=identity,
            steps=tuple(observer.lanes[i]),
            planned=observer.plan.levels,
            timesteps=observer.plan.timesteps,
            cancelled=images is None or i in observer.failed,
            final=None if images is None or i in observer.failed else images[i],
            sampler=plans[i].sampler,
            seconds=seconds,
            notice=observer.failed.get(i) or plans[i].notice,
            decoder=model,
        )
        for i, request in enumerate(requests)
    ]


def _sample_branch(
    model: Model,
    request: SamplingRequest,
    parent: Trajectory | None,
    on_step: Callable[[int, Step], None] | None,
    on_plan: Callable[[Plan], None] | None,
    cancelled: threading.Event | None,
    attention: AttentionRecorder | None,
) -> Trajectory:
    start = request.start
    assert isinstance(start, FromStep)
    model.plan(request)  # refuses what cannot be done before anything is
    if parent is None:
        parent = Parents(sample, model, [request], cancelled).of(request)
        assert parent is not None
        if len(parent.steps) <= start.step:  # stopped, or its numbers overflowed
            return replace(parent, request=request)
    branching.check_parent(request, parent, model.identity.weights_hash)
    planned = model.plan_branch(request, parent)
    shared, k = parent.steps[: planned.plan.shared], start.step
    known = Answers() if model.family.caches else model.answers
    replay = Replay(shared, planned.begun, planned.skipped, answers=known)
    if branching.restarts(request):
        level = planned.plan.levels[len(shared)]
        fresh = request.seed != start.parent.seed
        step = parent.steps[k]
        replay.first = lambda noise: branching.restarted(step, level, noise if fresh else None)
    elif k == 0 or parent.steps[k - 1].prediction is not None:
        replay.goes_on = parent.steps[k].latents  # else a stage begins there, from its own noise
    plans = [planned.plan]
    return _observed(model, [request], plans, replay, on_step, on_plan, cancelled, attention)[0]


def _sample_from_picture(
    model: Model,
    request: SamplingRequest,
    on_step: Callable[[int, Step], None] | None,
    on_plan: Callable[[Plan], None] | None,
    cancelled: threading.Event | None,
    attention: AttentionRecorder | None,
) -> Trajectory:
    """The sampler passes over the levels before its step, and begins with the noised picture."""
    start = request.start
    assert isinstance(start, FromPicture)
    planned = model.plan_branch(request)  # refuses what cannot be done before anything is
    size, space = model.size_of(request), model.latent_space
    original = cover(start.picture, *size)
    spatial = model.encode(original)
    level = planned.plan.levels[0]

    def first(noise: FloatArray) -> FloatArray:
        layout = layout_of(model.pipeline, space, noise.shape, size, request)
        clean = encoding.laid_out(model, original, spatial, noise, layout)
        return forward.noised(clean, noise, level)

    known = Answers() if model.family.caches else model.answers
    replay = Replay((), skipped=planned.skipped, first=first, answers=known)
    plans = [planned.plan]
    return _observed(model, [request], plans, replay, on_step, on_plan, cancelled, attention)[0]


def _one_by_one(
    model: Model,
    requests: Sequence[SamplingRequest],
    on_step: Callable[[int, Step], None] | None,
    on_plan: Callable[[Plan], None] | None,
    cancelled: threading.Event | None,
    attention: AttentionRecorder | None,
) -> list[Trajectory]:
    """For pipelines whose call takes one prompt only, and for runs that go alone."""
    runs: list[Trajectory] = []
    for lane, request in enumerate(requests):
        if cancelled is not None and cancelled.is_set():
            runs.append(_not_begun(model, request))
            continue
        heard = None if on_step is None else partial(on_step, lane)
        run = sample(
            model,
            request,
            on_step=heard,
            on_plan=on_plan,
            cancelled=cancelled,
            attention=attention,
        )
        runs.append(run)
    return runs


def _not_begun(model: Model, request: SamplingRequest) -> Trajectory:
    plan = model.plan(request)
    return Trajectory(
        request, model.identity, (), plan.levels, cancelled=True, timesteps=plan.timesteps
    )


def run_observed(model: Model, observer: Observer) -> list[Picture] | None:
    """Call the pipeline under observation; None when it was stopped."""
    pipeline = model.pipeline
    try:
        with observer.attached(), _own_randomness(model.device, observer.requests[0].seed):
            arguments = pipeline_arguments(observer.requests, model.family)
            arguments = weighting.weighted(pipeline, arguments)
            output = pipeline(**arguments, output_type="pil")
            observer.finish()
    except Stopped:
        _put_back(pipeline)
        return None
    except Exception as error:
        if out_of_memory(error):
            raise OutOfMemory(_after_running_out(model, observer.requests, error)) from error
        if device_lost(error):
            raise ModelError(DEVICE_LOST) from error
        _put_back(pipeline)
        if isinstance(error, _COMPLAINTS) and _raised_by_a_library(error):
            said = str(error).strip().splitlines() or [type(error).__name__]
            raise ModelError(f"The model's pipeline refuses this run: {said[0]}") from error
        raise
    return [_picture(image) for image in _images_of(output, observer)]


def _raised_by_a_library(error: BaseException) -> bool:
    """Whether an error comes from the pipeline itself, not from who listens to the run."""
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    name = "" if frame is None else str(frame.tb_frame.f_globals.get("__name__", ""))
    return name.partition(".")[0] in ("diffusers", "transformers", "torch", "accelerate")


def _after_running_out(
    model: Model, requests: Sequence[SamplingRequest], error: BaseException
) -> str:
    """Make room, and say what would help."""
    _put_back(model.pipeline)
    devices.free_memory(model.device, error)
    eased = len(requests) == 1 and model.ease()  # fewer at a time is quicker, and tried before
    return what_would_help(requests, model.device, eased=eased)


def _put_back(pipeline: Any) -> None:
    for part in families.pipelines_in(pipeline):
        memory.put_back(part)


@contextmanager
def _own_randomness(device: str, seed: int) -> Iterator[None]:
    """torch's own generators, seeded for the run and afterwards as they were.

    Some pipelines draw from them beside the generator they are given (SD 3's ControlNet encodes
    its picture so): without this, equal requests would not give equal bits.
    """
    kind = torch.device(device).type
    mps = torch.mps.get_rng_state() if kind == "mps" else None
    interface = getattr(torch, kind) if kind in ("cuda", "xpu") else None
    used = list(range(interface.device_count())) if interface is not None else []
    try:
        with torch.random.fork_rng(devices=used, device_type=kind if used else "cuda"):
            torch.manual_seed(seed)
            yield
    finally:
        if mps is not None:
            torch.mps.set_rng_state(mps)


def _images_of(output: Any, observer: Observer) -> list[Any]:
    """One picture a request; of a video the first frame of its last chunk."""
    if hasattr(output, "images"):
        return list(output.images)
    loops = len(observer.plan.loops())
    parts = observer.requests[0].extra.get(observer.family.steps)
    chunks = max(1, loops // (len(parts) if isinstance(parts, (list, tuple)) else 1))
    return [frames[len(frames) * (chunks - 1) // chunks] for frames in output.frames]


def _picture(image: Any) -> Picture:
    return read_only(np.asarray(image.convert("RGB")).copy())


def pipeline_arguments(
    requests: Sequence[SamplingRequest], family: Family | None = None
) -> dict[str, Any]:
    """The arguments of the bare pipeline's ``__call__`` for these requests; None is left out."""
    first = requests[0]
    family = family or Family()
    arguments: dict[str, Any] = {
        family.steps: _steps_argument(first, family),
        family.guidance: first.guidance_scale,
        "width": first.width,
        "height": first.height,
    }
    generators = [torch.Generator("cpu").manual_seed(r.seed) for r in requests]
    avoided = [r.negative_prompt for r in requests]
    guided = first.guidance_scale is None or first.guidance_scale > 1
    empty = family.unprompted_text if guided else None
    if len(requests) == 1:
        arguments |= {
            "prompt": first.prompt,
            "negative_prompt": empty if first.negative_prompt is None else first.negative_prompt,
            "generator": generators[0],
        }
    else:
        told = any(a is not None for a in (*avoided, empty))
        arguments |= {
            "prompt": [r.prompt for r in requests],
            "negative_prompt": [a or empty or "" for a in avoided] if told else None,
            "generator": generators,
        }
    given = {name: value for name, value in arguments.items() if value is not None}
    if first.guidance_scale is not None:
        given |= family.beside_guidance
    return given | {name: _as_given(value) for name, value in first.extra.items()}


def _steps_argument(request: SamplingRequest, family: Family) -> int | list[int] | None:
    if request.steps is None or not family.steps.endswith("_list"):
        return request.steps
    return [request.steps] * 3


def _as_given(value: Any) -> Any:
    """An argument as a pipeline wants it: pictures are PIL images there."""
    if isinstance(value, np.ndarray) and value.dtype == np.uint8 and value.ndim == 3:
        return Image.fromarray(value)
    return [_as_given(item) for item in value] if isinstance(value, list) else value
