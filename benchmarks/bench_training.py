"""How fast the gradients of the denoiser's training step are made, and what the device waits for.

On a GPU the same work is timed as it stands, compiled, captured as one CUDA graph, and both; in
turns, so that a clock that changes changes all of them. The share of the time in which a kernel
runs tells whether launching limits, or arithmetic.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from statistics import median

import torch
from diffusers.models.attention_processor import AttnProcessor2_0

from visualizer.training.architecture import LATENT_CHANNELS, LATENT_SIZE
from visualizer.training.captured import CapturedStep
from visualizer.training.denoiser import (
    BATCH,
    DETAIL_SIDE,
    DETAILS,
    Denoiser,
    add_gradients,
    quicken,
)
from visualizer.training.world.vocabulary import build_tokenizer

ROUNDS, STEPS = 5, {"cpu": 1, "cuda": 20}
TOKENS = 32


def main() -> None:
    """Print pictures a second of each way, and how busy the device is."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    print(f"on {torch.cuda.get_device_name() if device == 'cuda' else 'one CPU process'}")
    ways: dict[str, Callable[[], torch.Tensor]] = {}
    torch.set_num_threads(1)  # as each process of a training on a CPU
    kinds = ("as it stands", "compiled") if find_spec("triton") else ("as it stands",)
    for kind in kinds:
        denoiser = Denoiser(build_tokenizer()).to(device)
        if device == "cuda":
            denoiser.unet.set_attn_processor(AttnProcessor2_0())
        if kind == "compiled":
            quicken(denoiser)
        inputs = [*_inputs(BATCH[device], LATENT_SIZE, device)]
        inputs += _inputs(DETAILS[device], DETAIL_SIDE, device)
        ways[kind] = _launched(denoiser, inputs)
        ways[kind]()
        if device == "cuda":
            step = CapturedStep(
                partial(add_gradients, denoiser), inputs, list(denoiser.parameters())
            )
            if step.failure:
                print(f"{kind}, not captured: {step.failure}")
            else:
                ways[f"{kind}, captured"] = lambda step=step, inputs=inputs: step(*inputs)  # type: ignore[misc]
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, work in ways.items():
            seconds[name].append(_seconds(work, device))
    base = median(seconds["as it stands"])
    for name, some in seconds.items():
        rate = BATCH[device] / median(some)
        squares = DETAILS[device] / median(some)
        print(
            f"gradients of a step, {name}: {1000 * median(some):.1f} ms, {rate:.0f} pictures and "
            f"{squares:.0f} squares a second, {base / median(some):.2f} times as fast"
        )
        if device == "cuda":
            print(f"kernels run, {name}: {100 * _busy(ways[name]):.0f} % of the time")


def _inputs(count: int, side: int, device: str) -> list[torch.Tensor]:
    latents = (count, LATENT_CHANNELS, side, side)
    x, v = torch.randn(latents, device=device), torch.randn(latents, device=device)
    t = torch.randint(0, 1000, (count,), device=device)
    tokens = torch.randint(0, 100, (count, TOKENS), device=device)
    weights = torch.rand(count, side, side, device=device)
    return [x.contiguous(memory_format=torch.channels_last), t, tokens, v, weights]


def _launched(denoiser: Denoiser, inputs: list[torch.Tensor]) -> Callable[[], torch.Tensor]:
    def step() -> torch.Tensor:
        denoiser.zero_grad(set_to_none=True)
        return add_gradients(denoiser, *inputs)

    return step


def _seconds(work: Callable[[], torch.Tensor], device: str) -> float:
    _wait(device)
    start = time.perf_counter()
    for _ in range(STEPS[device]):
        work()
    _wait(device)
    return (time.perf_counter() - start) / STEPS[device]


def _busy(work: Callable[[], torch.Tensor]) -> float:
    """The share of the time in which the GPU computes."""
    from torch.profiler import ProfilerActivity, profile

    with profile(activities=[ProfilerActivity.CUDA]) as found:
        _wait("cuda")
        start = time.perf_counter()
        for _ in range(3):
            work()
        _wait("cuda")
        spent = time.perf_counter() - start
    computed = sum(float(entry.self_device_time_total) for entry in found.key_averages())
    return computed / 1e6 / spent


def _wait(device: str) -> None:
    if device == "cuda":
        torch.cuda.synchronize()
