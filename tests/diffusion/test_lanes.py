"""Many requests, sampled batch by batch."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from tests.diffusion.tiny_pipelines import tiny_pipeline
from visualizer.diffusion import Model, SamplingRequest, Step, Trajectory, devices, sample
from visualizer.diffusion.branching import branch
from visualizer.diffusion.lanes import Listener, batches_of, sample_lanes

RED = SamplingRequest("a red car", seed=7, steps=4, guidance_scale=3.0)


@pytest.fixture
def tiny() -> Model:
    return Model(tiny_pipeline())


class Ear:
    """Remembers what it hears."""

    def __init__(self) -> None:
        self.batches: list[tuple[int, ...]] = []
        self.steps: dict[int, list[int]] = {}
        self.runs: dict[int, Trajectory] = {}
        self.failures: dict[int, tuple[str, Trajectory | None]] = {}
        self.parents: list[tuple[tuple[int, ...], Trajectory]] = []
        self.unexpected: list[Exception] = []
        self.after_step: Any = lambda _lane, _step: None
        self.listener = Listener(
            begun=lambda lanes, _plans: self.batches.append(lanes),
            step=self._step,
            done=self.runs.__setitem__,
            failed=lambda lane, why, run: self.failures.__setitem__(lane, (why, run)),
            parent_made=lambda lanes, run: self.parents.append((lanes, run)),
            unexpected=self.unexpected.append,
        )

    def _step(self, lane: int, step: Step) -> None:
        self.steps.setdefault(lane, []).append(step.index)
        self.after_step(lane, step)


def test_requests_that_may_share_a_batch_do() -> None:
    requests = [
        RED,
        replace(RED, steps=5),
        replace(RED, seed=1, prompt="a boat"),
        branch(RED, 2, prompt="x"),
        replace(RED, negative_prompt="fog"),
        branch(RED, 2, prompt="y"),
        replace(RED, sampler="ddim"),
    ]
    assert batches_of(requests) == [(0, 2, 4), (1,), (3,), (5,), (6,)]
    assert batches_of(requests, 2) == [(0, 2), (4,), (1,), (3,), (5,), (6,)]
    assert batches_of([]) == []


def test_every_lane_starts_with_the_noise_it_has_alone(tiny: Model) -> None:
    requests = [replace(RED, seed=s, prompt=p) for s in (7, 8) for p in ("a car", "a boat")]
    requests.append(replace(RED, steps=6))
    ear = Ear()
    sample_lanes(tiny, requests, listener=ear.listener)
    assert ear.batches == [(0, 1, 2, 3), (4,)]
    assert sorted(ear.runs) == [0, 1, 2, 3, 4]
    for lane, run in ear.runs.items():
        alone = sample(tiny, requests[lane])
        np.testing.assert_array_equal(run.steps[0].latents, alone.steps[0].latents)
        assert run.final is not None
        assert alone.final is not None
        assert np.abs(run.final.astype(int) - alone.final.astype(int)).max() <= 1
        assert ear.steps[lane] == [s.index for s in run.steps]
    assert [ear.runs[i].model.batch_size for i in range(5)] == [4, 4, 4, 4, 1]


def test_one_that_is_refused_leaves_the_others(tiny: Model) -> None:
    ear = Ear()
    sample_lanes(tiny, [RED, replace(RED, sampler="nonsense")], listener=ear.listener)
    assert sorted(ear.runs) == [0]
    assert "no sampler" in ear.failures[1][0]


def test_numbers_that_overflow_in_one_lane_leave_the_others(tiny: Model) -> None:
    """From the second call on, one picture of the batch is NaN."""
    calls = 0

    def poison(_module: Any, _inputs: Any, output: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls > 1:
            half = len(output[0]) // 2
            output[0][1] = output[0][half + 1] = torch.nan
        return output

    requests = [replace(RED, seed=s) for s in (1, 2, 3)]
    alone = [sample(tiny, r) for r in requests]
    hook = tiny.pipeline.unet.register_forward_hook(poison)
    ear = Ear()
    try:
        sample_lanes(tiny, requests, listener=ear.listener)
    finally:
        hook.remove()
    assert sorted(ear.runs) == [0, 2]
    why, rest = ear.failures[1]
    assert "step 1" in why
    assert rest is not None
    assert rest.cancelled
    assert rest.final is None
    assert len(rest.steps) == 2
    for lane in (0, 2):
        final, wanted = ear.runs[lane].final, alone[lane].final
        assert final is not None
        assert wanted is not None
        assert np.abs(final.astype(int) - wanted.astype(int)).max() <= 1


def test_a_batch_too_large_for_memory_is_halved(tiny: Model, monkeypatch: Any) -> None:
    def short_of_memory(_module: Any, inputs: Any) -> None:
        if len(inputs[0]) > 4:  # two pictures, each with and without the prompt
            raise torch.OutOfMemoryError("CUDA out of memory")

    hook = tiny.pipeline.unet.register_forward_pre_hook(short_of_memory)
    ear = Ear()
    try:
        sample_lanes(tiny, [replace(RED, seed=s) for s in range(5)], listener=ear.listener)
    finally:
        hook.remove()
    assert sorted(ear.runs) == [0, 1, 2, 3, 4]
    assert ear.batches == [(0, 1, 2, 3, 4), (0, 1), (2, 3, 4), (2,), (3, 4)]
    assert not ear.failures


def test_memory_bounds_a_batch(tiny: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "available_memory", lambda _device: 45 * 2**20)
    ear = Ear()
    sample_lanes(tiny, [replace(RED, seed=s) for s in range(4)], listener=ear.listener)
    assert ear.batches == [(0, 1), (2, 3)]


def test_stopping_keeps_what_is_there_and_begins_nothing_more(tiny: Model) -> None:
    stop = threading.Event()
    ear = Ear()
    ear.after_step = lambda lane, step: stop.set() if step.index == 2 else None
    requests = [replace(RED, seed=1), replace(RED, seed=2), replace(RED, steps=9)]
    sample_lanes(tiny, requests, listener=ear.listener, cancelled=stop)
    assert sorted(ear.runs) == [0, 1]
    assert all(run.cancelled and len(run.steps) == 3 for run in ear.runs.values())
    assert not ear.failures


def test_branches_go_on_from_the_runs_given(tiny: Model) -> None:
    parent = sample(tiny, RED)
    ear = Ear()
    requests = [branch(RED, 2, prompt="a boat"), branch(RED, 2)]
    sample_lanes(tiny, requests, parents=[parent, parent], listener=ear.listener)
    assert ear.runs[0].steps[1] is parent.steps[1]
    np.testing.assert_array_equal(ear.runs[1].final, parent.final)


@contextmanager
def failing(model: Model, call: int, error: BaseException) -> Iterator[list[int]]:
    """The network raises at one call; gives how many prompts each call read."""
    calls: list[int] = []

    def before(_module: Any, inputs: Any) -> None:
        calls.append(len(inputs[0]))
        if len(calls) == call:
            raise error

    hook = model.pipeline.unet.register_forward_pre_hook(before)
    try:
        yield calls
    finally:
        hook.remove()


def test_a_parent_that_is_not_there_is_made_once_for_all_of_its_branches(tiny: Model) -> None:
    requests = [branch(RED, k, prompt=p) for k, p in ((1, "a boat"), (3, "a cat"), (2, "a dog"))]
    requests.append(branch(requests[0], 3, guidance_scale=1.5))
    ear = Ear()
    with failing(tiny, 0, RuntimeError()) as calls:
        sample_lanes(tiny, requests, listener=ear.listener)
    assert sorted(ear.runs) == [0, 1, 2, 3]
    assert not ear.failures
    ((first, parent), (last, deep)) = ear.parents
    assert (first, last) == ((0, 1, 2), (3,))
    assert parent.request == RED
    assert deep.request == requests[0]
    assert len(parent.steps) == 4  # up to step 3, the last that is branched
    for lane in (0, 1, 2):
        assert ear.runs[lane].steps[0] is parent.steps[0]
    alone = sample(tiny, requests[0])
    np.testing.assert_array_equal(ear.runs[0].final, alone.final)
    # the parent and the branch that is branched, once up to step 3; then every branch
    assert len(calls) == 4 + 4 + 4 * 4


@pytest.mark.parametrize(
    ("error", "said", "program"),
    [
        (ZeroDivisionError("by nothing"), "in the program (ZeroDivisionError: by nothing)", True),
        (AssertionError(), "in the program (AssertionError)", True),
        (torch.OutOfMemoryError("CUDA out of memory"), "ran out of memory", False),
        (RuntimeError("CUDA error: device-side assert triggered"), "GPU stopped answering", False),
    ],
)
def test_whatever_happens_to_one_lane_the_others_go_on(
    tiny: Model, error: Exception, said: str, program: bool
) -> None:
    ear = Ear()
    requests = [replace(RED, seed=1), replace(RED, steps=6), replace(RED, steps=5)]
    with failing(tiny, 3, error):
        sample_lanes(tiny, requests, listener=ear.listener)
    assert sorted(ear.runs) == [1, 2]
    why, _ = ear.failures[0]
    assert said in why
    assert why.endswith(".")
    assert ear.unexpected == ([error] if program else [])


@pytest.mark.parametrize(
    "error", [torch.OutOfMemoryError("CUDA out of memory"), ZeroDivisionError("by nothing")]
)
def test_a_parent_that_cannot_be_made_fails_its_branches_only(
    tiny: Model, error: Exception
) -> None:
    ear = Ear()
    requests = [branch(RED, 2, prompt=p) for p in ("a boat", "a cat")]
    requests.append(replace(RED, steps=6))
    with failing(tiny, 2, error) as calls:
        sample_lanes(tiny, requests, listener=ear.listener)
    assert sorted(ear.runs) == [2]
    assert sorted(ear.failures) == [0, 1]
    assert ear.failures[0] == ear.failures[1]
    assert len(calls) == 2 + 6  # what failed is not tried again
    assert not ear.parents


def test_who_listens_and_a_person_who_interrupts_end_everything(tiny: Model) -> None:
    def refuse(_lane: int, _step: Step) -> None:
        raise ValueError("The disk is full.")

    ear = Ear()
    ear.after_step = refuse
    with pytest.raises(ValueError, match="disk is full"):
        sample_lanes(tiny, [RED, replace(RED, steps=6)], listener=ear.listener)
    assert not ear.failures
    with failing(tiny, 3, KeyboardInterrupt()), pytest.raises(KeyboardInterrupt):
        sample_lanes(tiny, [RED, replace(RED, steps=6)], listener=Ear().listener)
