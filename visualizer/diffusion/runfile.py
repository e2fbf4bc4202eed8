"""Trajectory ◄─► one ``.denoise`` file.

The file is a safetensors container, which any safetensors library opens: ``latents/K`` and
``prediction/K`` for Step K, ``unconditional/K`` and ``conditional/K`` for what the model said
without and with the prompt, ``trial/K/J/…`` for what a solver tried after it, ``picture/K/VIEW``
(PNG bytes), ``final`` and ``extra/SHA256``. Everything else is JSON in its metadata, see
``container``. Nothing in a run file is ever executed. See docs/run-files.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from visualizer.diffusion import container
from visualizer.diffusion.arrays import Picture
from visualizer.diffusion.container import MAX_FILE as MAX_FILE
from visualizer.diffusion.container import SUFFIX as SUFFIX
from visualizer.diffusion.container import RunFileError as RunFileError
from visualizer.diffusion.container import Tensors
from visualizer.diffusion.container import kind_of as kind_of
from visualizer.diffusion.request import SamplingRequest
from visualizer.diffusion.step import Step
from visualizer.diffusion.stored_pictures import STORED_VIEWS, StoredPictures, gather
from visualizer.diffusion.stored_steps import (
    level_from_json,
    level_to_json,
    rebuild_request,
    rebuild_step,
    request_tensors,
    step_tensors,
    step_to_json,
)
from visualizer.diffusion.trajectory import ModelIdentity, Trajectory


def save(trajectory: Trajectory, path: Path, *, decode: bool = True) -> None:
    """Write a run, atomically: a former file stays as it was until the new one is whole.

    Args:
        trajectory: any run, also one that was stopped half-way.
        path: where; the folder must exist.
        decode: decode the pictures that are not stored yet through ``trajectory.decoder``, so that
            the file can be looked at without the model. False saves at once.

    Raises:
        RunFileError: with a sentence, when it cannot be written.
    """
    tensors: Tensors = {}
    for k, step in enumerate(trajectory.steps):
        tensors.update(step_tensors(k, step))
    for (k, view), png in gather(trajectory, decode=decode).items():
        tensors[f"picture/{k}/{view}"] = np.frombuffer(png, dtype=np.uint8)
    if trajectory.final is not None:
        tensors["final"] = np.ascontiguousarray(trajectory.final)
    extra, byte_orders = request_tensors(trajectory.request)
    values = {
        **describe(trajectory),
        "steps": [step_to_json(step) for step in trajectory.steps],
        "byte_orders": byte_orders,
    }
    container.write(container.RUN, values, {**tensors, **extra}, path)


def describe(trajectory: Trajectory) -> dict[str, Any]:
    """Everything but the steps and the arrays, as JSON values."""
    return {
        "request": trajectory.request.to_json(),
        "model": asdict(trajectory.model),
        "sampler": trajectory.sampler,
        "seconds": trajectory.seconds,
        "notice": trajectory.notice,
        "cancelled": trajectory.cancelled,
        "planned": [level_to_json(level) for level in trajectory.planned],
        "timesteps": list(trajectory.timesteps),
    }


def load(path: Path) -> Trajectory:
    """Read a run: bit for bit what was saved, without its decoder.

    Raises:
        RunFileError: with a sentence, for whatever is not a whole and unchanged run file.
    """
    return container.read(container.RUN, path, rebuild_run)


def rebuild_run(run: Mapping[str, Any], tensors: Tensors) -> Trajectory:
    """A run of its JSON values and its arrays, wherever these lie.

    Raises:
        LookupError, TypeError, ValueError: for what does not fit together.
    """
    steps = tuple(rebuild_step(k, step, tensors, k) for k, step in enumerate(run["steps"]))
    pngs = {
        (k, view): tensors[f"picture/{k}/{view}"]
        for k in range(len(steps))
        for view in STORED_VIEWS
        if f"picture/{k}/{view}" in tensors
    }
    request = rebuild_request(run["request"], tensors, run.get("byte_orders", {}))
    return rebuild(run, request, steps, StoredPictures(pngs), tensors.get("final"))


def rebuild(
    run: Mapping[str, Any],
    request: SamplingRequest,
    steps: tuple[Step, ...],
    pictures: StoredPictures,
    final: Picture | None,
) -> Trajectory:
    """The inverse of ``describe``, with the parts that are kept elsewhere.

    Raises:
        LookupError, TypeError, ValueError: for what does not fit together.
    """
    if final is not None and (final.dtype != np.uint8 or final.shape[2:] != (3,) or not final.size):
        raise ValueError("the final picture is no picture")
    known = {name: run["model"][name] for name in ModelIdentity.__dataclass_fields__}
    return Trajectory(
        request=request,
        model=ModelIdentity(**known),
        steps=steps,
        planned=tuple(level_from_json(level) for level in run["planned"]),
        timesteps=tuple(float(t) for t in run["timesteps"]),
        cancelled=bool(run["cancelled"]),
        final=final,
        pictures=pictures,
        sampler=str(run["sampler"]),
        seconds=float(run["seconds"]),
        notice=str(run["notice"]),
    )
