"""The small network that learns to undo the noise, in seconds on one processor."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from visualizer.physics.levels import LEAST_SIGNAL
from visualizer.physics.progress import STEPS, Progress
from visualizer.physics.shapes import Points

BATCH = 512
_HIDDEN = 128
_WAVES = 48
_FINEST = 20.0
_RATE = 4e-3
_KEPT = 0.995
_BETAS = (0.9, 0.999)


class Denoiser(nn.Module):
    """(x_t, the level) → ε̂: three layers, given x_t also as waves so that it can see details.

    Its raw output is v (Salimans & Ho 2022); at zero, where it begins, it takes whatever it sees
    for a piece of the standard Gaussian, and leaves the particles where they are.
    """

    waves: torch.Tensor

    def __init__(self, generator: torch.Generator) -> None:
        super().__init__()
        angle = torch.rand(_WAVES, generator=generator) * 2 * math.pi
        length = _FINEST ** torch.linspace(0, 1, _WAVES)
        waves = torch.stack([angle.cos() * length, angle.sin() * length])
        self.register_buffer("waves", waves)
        sizes = (2 + 2 * _WAVES + 2 * len(_OF_LEVEL), _HIDDEN, _HIDDEN, _HIDDEN)
        self.layers = nn.ModuleList(nn.Linear(before, after) for before, after in pairwise(sizes))
        self.last = nn.Linear(_HIDDEN, 2)
        with torch.no_grad():
            for layer in self.layers:
                assert isinstance(layer, nn.Linear)
                bound = math.sqrt(3 / layer.in_features)
                layer.weight.uniform_(-bound, bound, generator=generator)
                layer.bias.zero_()
            self.last.weight.zero_()
            self.last.bias.zero_()

    def forward(self, x: torch.Tensor, theta: torch.Tensor) -> torch.Tensor:
        """ε̂ (batch, 2) of x (batch, 2) at the angles theta (batch, 1); ᾱ = cos²θ."""
        place = x @ self.waves
        moment = theta * torch.tensor(_OF_LEVEL)
        h = torch.cat([x, place.sin(), place.cos(), moment.sin(), moment.cos()], dim=1)
        for layer in self.layers:
            h = F.silu(layer(h))
        v: torch.Tensor = self.last(h)
        return theta.sin() * x + theta.cos() * v

    def denoise(self, x: Points, alpha: float) -> Points:
        """x̂₀ of particles at one level; the network's as a ``Denoise`` of a flow."""
        with torch.no_grad(), _one_thread():
            at = torch.from_numpy(np.ascontiguousarray(x))
            theta = torch.full((len(x), 1), math.acos(math.sqrt(alpha)))
            eps = self(at, theta)
            x0 = (at - math.sqrt(1 - alpha) * eps) / math.sqrt(alpha)
        return np.asarray(x0.numpy())


_OF_LEVEL = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0)


@contextmanager
def _one_thread() -> Iterator[None]:
    """So small a network gains little from several processors, and where another program holds
    one of them, each layer waits for it: a step of 6 ms was measured to take 120 ms and more."""
    usual = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(usual)


class _Adam:
    """Kingma & Ba 2015, algorithm 1.

    The first optimizer of torch's own imports its compiler: seconds that cannot be interrupted.
    Opening a model does that as well, so this is a gain only where none has been opened yet: a
    lesson that begins with the program would wait for it, and so would whoever closes the window.
    """

    def __init__(self, weights: list[torch.Tensor]) -> None:
        self._weights = weights
        self._means = [torch.zeros_like(weight) for weight in weights]
        self._squares = [torch.zeros_like(weight) for weight in weights]
        self._steps = 0

    def step(self, rate: float) -> None:
        """Move the weights against their gradients, and forget those."""
        self._steps += 1
        gradients = [weight.grad for weight in self._weights if weight.grad is not None]
        with torch.no_grad():
            torch._foreach_lerp_(self._means, gradients, 1 - _BETAS[0])
            torch._foreach_mul_(self._squares, _BETAS[1])
            torch._foreach_addcmul_(self._squares, gradients, gradients, 1 - _BETAS[1])
            below = torch._foreach_sqrt(self._squares)
            torch._foreach_div_(below, math.sqrt(1 - _BETAS[1] ** self._steps))
            torch._foreach_add_(below, 1e-8)
            value = -rate / (1 - _BETAS[0] ** self._steps)
            torch._foreach_addcdiv_(self._weights, self._means, below, value)
        for weight in self._weights:
            weight.grad = None


def train(points: Points, seed: int, steps: int = STEPS) -> Iterator[tuple[Denoiser, Progress]]:
    """Teach a network the noise in a cloud (Ho et al. 2020, eq. 14); yields after every step.

    What is given out is the mean of the latest weights, which wanders less than they do; it is
    the same object every time.
    """
    random = torch.Generator().manual_seed(seed)
    learning = Denoiser(random)
    shown = Denoiser(torch.Generator().manual_seed(seed))
    data = torch.from_numpy(np.array(points))
    optimizer = _Adam(list(learning.parameters()))
    noisiest = math.acos(math.sqrt(LEAST_SIGNAL))
    seconds = 0.0
    for step in range(1, steps + 1):
        began = time.perf_counter()
        rate = _RATE * (0.5 + 0.5 * math.cos(math.pi * (step - 1) / steps))
        with _one_thread():
            x0 = data[torch.randint(len(data), (BATCH,), generator=random)]
            # all levels, the quiet ones more often: the details of a shape are decided there
            theta = noisiest * torch.rand(BATCH, 1, generator=random) ** 2
            eps = torch.randn(BATCH, 2, generator=random)
            x = theta.cos() * x0 + theta.sin() * eps
            with torch.enable_grad():
                loss = F.mse_loss(learning(x, theta), eps)
                loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step(rate)
            kept = min(_KEPT, step / (step + 10))
            with torch.no_grad():
                torch._foreach_lerp_(
                    list(shown.parameters()), list(learning.parameters()), 1 - kept
                )
        seconds += time.perf_counter() - began
        yield shown, Progress(step, loss.item(), seconds)
