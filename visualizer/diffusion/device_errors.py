"""What can go wrong on a device while a model runs, told apart and said in plain words.

torch has no types for most of it: a device out of memory and a device lost are told apart by what
their messages have said for years.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch

from visualizer.diffusion.request import SamplingRequest

_NO_MEMORY = (
    "out of memory",  # CUDA, HIP, MPS ("MPS backend out of memory"), XPU
    "can't allocate memory",  # the allocator of CPUs
    "not enough memory",  # the same on Windows
    "out_of_device_memory",  # XPU
    "out_of_host_memory",
    "out_of_resources",
    "alloc_failed",  # cuBLAS and cuDNN: CUBLAS_STATUS_ALLOC_FAILED
    "invalid buffer size",  # MPS, for a tensor larger than it can ever hold
    "std::bad_alloc",
    "storage size calculation overflowed",
)
_LOST = (
    "device-side assert",
    "unspecified launch failure",
    "illegal memory access",
    "illegal instruction",
    "misaligned address",
    "device lost",
    "device_lost",
    "gpu is lost",
    "fallen off the bus",
    "uncorrectable ecc",
    "driver shutting down",
    "launch timed out",
    "hardware stack error",
    "device removed",
)
_SMALL = 256  # pixels; below this a smaller picture saves nothing worth having

DEVICE_LOST = (
    "The GPU stopped answering, and what was loaded on it is lost. Open the model again; if it "
    "happens again, choose the CPU."
)


def out_of_memory(error: BaseException) -> bool:
    """Whether an error, or one that it was raised from, says that memory ran out."""
    return any(
        isinstance(e, (torch.OutOfMemoryError, MemoryError))
        or (isinstance(e, (RuntimeError, OSError)) and _says(e, _NO_MEMORY))
        for e in _chain(error)
    )


def device_lost(error: BaseException) -> bool:
    """Whether an error says that the device must be set up anew: nothing on it works any more."""
    return not out_of_memory(error) and any(
        isinstance(e, RuntimeError) and _says(e, _LOST) for e in _chain(error)
    )


def what_would_help(
    requests: Sequence[SamplingRequest], device: str, *, eased: bool = False
) -> str:
    """The sentences for a run that ran out of memory: what happened, and what to try, in order.

    Args:
        requests: those of the batch.
        eased: whether more of the model waits in main memory from now on.
    """
    on_cpu = torch.device(device).type == "cpu"
    ideas = []
    if len(requests) > 1:
        ideas.append(f"fewer than {len(requests)} pictures at a time")
    width, height = requests[0].width, requests[0].height
    if width is None or height is None:
        ideas.append("a smaller picture")
    elif min(width, height) > _SMALL:
        step = 64 if min(width, height) >= 512 else 8
        smaller = [side * 3 // 4 // step * step for side in (width, height)]
        ideas.append(f"{smaller[0]} × {smaller[1]} instead of {width} × {height} pixels")
    ideas.append("closing other programs" if on_cpu else "the CPU")
    what = f"{'This machine' if on_cpu else 'The GPU'} ran out of memory."
    if eased:
        again = "From now on more of the model waits in main memory: try again."
        return f"{what} {again} If that is not enough, try {_listed(ideas)}."
    return f"{what} Try {_listed(ideas)}."


def _listed(ideas: Sequence[str]) -> str:
    return ideas[0] if len(ideas) == 1 else f"{', '.join(ideas[:-1])} or {ideas[-1]}"


def _says(error: BaseException, phrases: Sequence[str]) -> bool:
    text = str(error).casefold()
    return any(phrase in text for phrase in phrases)


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    each: BaseException | None = error
    while each is not None and id(each) not in seen:
        seen.add(id(each))
        yield each
        each = each.__cause__
