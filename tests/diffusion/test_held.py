"""Copies that arrive late, as a GPU's do: here the "device" is main memory with a slow clock."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from tests.diffusion.tiny_pipelines import tiny_pipeline
from visualizer.diffusion import Model, SamplingRequest, Step, sample
from visualizer.diffusion import held as held_module
from visualizer.diffusion.held import Held


class Device:
    """A queue that is some steps behind what the program has asked for.

    Attributes:
        steps: how often the network was called.
        behind: how many of its calls are not worked off.
        waits: the steps at which the program waited for a copy that was not there.
    """

    def __init__(self, behind: int) -> None:
        self.steps = 0
        self.behind = behind
        self.waits: list[int] = []

    def step(self, *_: Any) -> None:
        self.steps += 1


@pytest.fixture
def late(monkeypatch: pytest.MonkeyPatch) -> Device:
    device = Device(behind=1)

    class Event:
        def __init__(self) -> None:
            self.recorded = 0
            self.reached = False

        def record(self) -> None:
            self.recorded = device.steps

        def query(self) -> bool:
            return self.reached or device.steps - self.recorded >= device.behind

        def synchronize(self) -> None:
            if not self.query():
                device.waits.append(device.steps)
                self.reached = True

    empty = torch.empty

    def pageable(*args: Any, pin_memory: bool = False, **more: Any) -> torch.Tensor:
        return empty(*args, **more)  # pinned memory is only there with a driver

    monkeypatch.setattr(held_module, "_QUEUED", ("cpu",))
    monkeypatch.setattr(torch, "empty", pageable)
    monkeypatch.setattr(torch.cpu, "Event", Event, raising=False)
    return device


REQUEST = SamplingRequest("a red car", seed=1, steps=6)


@pytest.fixture(scope="module")
def model() -> Model:
    return Model(tiny_pipeline())


@pytest.fixture(scope="module")
def expected(model: Model) -> list[Step]:
    return list(sample(model, REQUEST).steps)


def run_late(model: Model, device: Device) -> tuple[list[Step], list[int]]:
    """The Steps in the order they came, and how many network calls there had been by then."""
    came: list[Step] = []
    at: list[int] = []

    def on_step(step: Step) -> None:
        came.append(step)
        at.append(device.steps)

    hook = model.pipeline.unet.register_forward_hook(device.step)
    try:
        sample(model, REQUEST, on_step=on_step)
    finally:
        hook.remove()
    return came, at


@pytest.mark.parametrize("behind", [0, 1, 2])
def test_what_comes_late_comes_in_order_and_whole(
    model: Model, expected: list[Step], late: Device, behind: int
) -> None:
    late.behind = behind
    came, at = run_late(model, late)
    assert [s.index for s in came] == list(range(7))
    for step, other in zip(came, expected, strict=True):
        assert np.array_equal(step.latents, other.latents)
        assert step.noise_level == other.noise_level
        assert (step.prediction is None) == (other.prediction is None)
        if step.prediction is not None and other.prediction is not None:
            assert np.array_equal(step.prediction, other.prediction)
    assert at[: 6 - behind] == [k + 1 + behind for k in range(6 - behind)]


@pytest.mark.parametrize("behind", [1, 2])
def test_no_step_but_the_last_waits_for_the_device(model: Model, late: Device, behind: int) -> None:
    late.behind = behind
    run_late(model, late)
    assert set(late.waits) <= {6}


def test_a_device_that_falls_far_behind_is_waited_for(model: Model, late: Device) -> None:
    """What is on its way takes memory: no more than a few steps of it."""
    late.behind = 10
    came, at = run_late(model, late)
    assert [s.index for s in came] == list(range(7))
    assert max(calls - step.index for step, calls in zip(came, at, strict=True)) <= 3


def test_a_copy_is_of_the_moment(late: Device) -> None:
    x = torch.arange(4.0)
    held = Held(x)
    x += 1
    assert held.late
    assert held.array().tolist() == [0, 1, 2, 3]
    assert not held.array().flags.writeable


def test_sixteen_bits_that_numpy_lacks_lose_nothing() -> None:
    x = torch.tensor([1.0, 1 / 3, -2e30], dtype=torch.bfloat16)
    held = Held(x)
    assert held.array().dtype == np.float32
    assert torch.equal(torch.from_numpy(held.array().copy()).bfloat16(), x)
