"""Devices: which one to compute on, what to call it, with which kind of numbers, how much it holds.

A device is named as in torch: "cpu", "cuda", "cuda:1", "xpu", "mps".
"""

from __future__ import annotations

import gc
import traceback
import warnings
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import psutil
import torch

from visualizer.byte_words import in_words
from visualizer.diffusion.model_folder import ModelError

GB = 1024**3
SMALLEST_GPU = 2 * GB
"""A GPU with less memory than this is passed over: not even the smallest known models fit."""
_WANT_BFLOAT16 = (
    "ChromaPipeline",
    "CogView4",
    "Flux",
    "GlmImage",
    "Helios",
    "Ideogram",
    "Krea",
    "Lumina",
    "NucleusMoE",
    "Ovis",
    "PRX",
    "QwenImage",
    "Sana",
    "StableCascade",
    "StableDiffusion3",
    "ZImage",
)
"""Beginnings of the names of pipelines whose activations leave the range of float16 (±65504)."""
_FAULTY_HALF = "GTX 16"  # these cards give NaN in float16 convolutions


def best_device() -> str:
    """The device that models should run on: a GPU of any make that works, else the CPU.

    Of several CUDA devices the one with the most memory. One that is there but cannot multiply
    two matrices (too old for this torch, a broken driver) is passed over.
    """
    return next((device for device in _gpus() if _multiplies(device, torch.float32)), "cpu")


def check_device(device: str) -> None:
    """Refuse a device that this machine does not have.

    Raises:
        ModelError: with what to do.
    """
    try:
        if torch.device(device).type == "meta":
            raise RuntimeError("it holds no numbers")
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError, ImportError) as error:
        raise ModelError(f"This machine has no device '{device}'. Try 'cpu'.") from error


def describe(device: str) -> str:
    """A device in words: "NVIDIA GeForce RTX 4090, 25.3 GB" or "CPU, 2 threads"."""
    kind = torch.device(device).type
    try:
        if kind in ("cuda", "xpu"):
            properties = _interface(kind).get_device_properties(device)
            return f"{properties.name}, {in_words(int(properties.total_memory))}"
        if kind == "mps":
            return f"Apple GPU, {in_words(psutil.virtual_memory().total)} shared memory"
    except (RuntimeError, AssertionError):  # a device that went away still has a name
        return device
    threads = torch.get_num_threads()
    return f"CPU, {threads} thread{'s' * (threads != 1)}"


def dtype_for(
    device: str,
    pipeline_class: str = "",
    stored: torch.dtype | None = None,
    parameters: int = 0,
) -> torch.dtype:
    """The kind of numbers to compute with: half of the memory where that changes no picture.

    Args:
        pipeline_class: its name; several families overflow in float16.
        stored: what the weights are stored in, where known.
        parameters: how many there are, where known: float32 is chosen only where it fits.
    """
    kind = torch.device(device).type
    fits = parameters * 4 <= 0.9 * available_memory(device) if parameters else True
    if kind == "cpu":
        # CPUs compute quickest in float32; bfloat16 is for what would not fit at all
        return torch.float32 if fits else torch.bfloat16
    wants_bfloat16 = pipeline_class.startswith(_WANT_BFLOAT16) or stored == torch.bfloat16
    if wants_bfloat16:
        if _has_bfloat16(device):
            return torch.bfloat16
        if pipeline_class.startswith(_WANT_BFLOAT16):
            # a card that only imitates bfloat16 is slow, but does not overflow
            return torch.float32 if fits or kind == "mps" else torch.bfloat16
    if kind == "cuda" and _FAULTY_HALF in describe(device):
        return torch.float32
    return torch.float16


def available_memory(device: str) -> int:
    """Bytes that a model could take on a device now, including what torch keeps for reuse."""
    kind = torch.device(device).type
    if kind in ("cuda", "xpu"):
        interface = _interface(kind)
        free: int = interface.mem_get_info(device)[0]
        kept: int = interface.memory_reserved(device) - interface.memory_allocated(device)
        return free + max(kept, 0)
    free_main: int = psutil.virtual_memory().available
    if kind == "mps":
        left = torch.mps.recommended_max_memory() - torch.mps.driver_allocated_memory()
        return max(0, min(left, free_main))
    return free_main


def free_memory(device: str, error: BaseException | None = None) -> None:
    """Give back what nothing uses, so that the program goes on after running out of memory.

    Args:
        error: what was raised; the tensors in the frames it went through are let go.
    """
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        traceback.clear_frames(error.__traceback__)
        error = error.__cause__ or error.__context__
    gc.collect()
    kind = torch.device(device).type
    if kind != "cpu":
        with suppress(RuntimeError, AssertionError):  # a lost device has nothing to give back
            _interface(kind).empty_cache()


def _gpus() -> Iterator[str]:
    """The GPUs there are and large enough, the best first."""
    with warnings.catch_warnings():
        # an old driver is reported as a warning on every start; then there is no GPU
        warnings.simplefilter("ignore")
        counts = {k: _count(k) for k in ("cuda", "xpu")}
        apple = torch.backends.mps.is_available()
    for kind, count in counts.items():
        sizes = {i: _interface(kind).get_device_properties(i).total_memory for i in range(count)}
        for i in sorted(sizes, key=lambda i: -sizes[i]):
            if sizes[i] >= SMALLEST_GPU:
                yield f"{kind}:{i}" if i else kind
    if apple:
        yield "mps"


def _count(kind: str) -> int:
    interface = _interface(kind)
    return int(interface.device_count()) if interface.is_available() else 0


def _interface(kind: str) -> Any:
    """torch.cuda, torch.xpu or torch.mps."""
    return getattr(torch, kind)


def _multiplies(device: str, dtype: torch.dtype) -> bool:
    try:
        ones = torch.ones(8, 8, device=device, dtype=dtype)
        return bool((ones @ ones).sum().item() == 512)
    except (RuntimeError, AssertionError, TypeError):
        return False


def _has_bfloat16(device: str) -> bool:
    """Whether a device computes in bfloat16 itself."""
    kind = torch.device(device).type
    if kind == "cuda" and torch.version.hip is None:
        # older ones imitate it, slowly (Ampere is 8.0)
        return bool(torch.cuda.get_device_capability(device)[0] >= 8)
    return _multiplies(device, torch.bfloat16)
