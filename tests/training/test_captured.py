"""Steps that are captured once: the same losses and gradients as without."""

from __future__ import annotations

import pytest
import torch

from visualizer.training.captured import CapturedStep

DEVICES = [
    "cpu",
    pytest.param(
        "cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
    ),
]


@pytest.mark.parametrize("device", DEVICES)
def test_each_step_has_the_loss_and_the_gradients_of_its_own_inputs(device: str) -> None:
    torch.manual_seed(0)
    layer = torch.nn.Linear(3, 2).to(device)

    def work(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        loss: torch.Tensor = (layer(x) - y).square().mean()
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    inputs = [(torch.randn(5, 3, device=device), torch.randn(5, 2, device=device)) for _ in "abc"]
    step = CapturedStep(work, inputs[0], list(layer.parameters()))
    assert bool(step.failure) == (device == "cpu")
    for x, y in inputs:
        loss = step(x, y)
        found = [parameter.grad.clone() for parameter in layer.parameters()]  # type: ignore[union-attr]
        layer.zero_grad()
        assert torch.allclose(loss, (layer(x) - y).square().mean())
        expected = torch.autograd.grad((layer(x) - y).square().mean(), list(layer.parameters()))
        assert all(torch.allclose(a, b) for a, b in zip(found, expected, strict=True))
        assert not loss.requires_grad


@pytest.mark.parametrize("device", DEVICES)
def test_a_step_that_asks_the_device_for_something_is_done_as_it_stands(device: str) -> None:
    layer = torch.nn.Linear(3, 1).to(device)

    def work(x: torch.Tensor) -> torch.Tensor:
        loss: torch.Tensor = layer(x).square().mean()
        if loss.item() >= 0:  # waits for the device
            loss.backward()  # type: ignore[no-untyped-call]
        return loss

    x = torch.ones(2, 3, device=device)
    step = CapturedStep(work, [x], list(layer.parameters()))
    assert step.failure
    first, second = float(step(x)), float(step(2 * x))
    assert second != first
    assert all(parameter.grad is not None for parameter in layer.parameters())
