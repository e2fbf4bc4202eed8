"""Held: a copy of a tensor on its way into plain memory, without making the device wait.

On a GPU, kernels are only queued; reading a number back at once would make the processor wait for
all of them, and leave the GPU idle afterwards. So copies are queued too, into pinned memory, and
read one step late.
"""

from __future__ import annotations

from typing import Any

import torch
from numpy.typing import NDArray

from visualizer.diffusion.arrays import read_only

_QUEUED = ("cuda", "xpu")
"""Devices whose copies into pinned memory run beside what the processor does."""


class Held:
    """A tensor as it was when it was held, read-only, later as an array.

    bfloat16, which numpy lacks, becomes float32 without loss.
    """

    def __init__(self, tensor: torch.Tensor) -> None:
        tensor = tensor.detach()
        if tensor.dtype == torch.bfloat16:
            tensor = tensor.float()
        self._event: Any = None
        kind = tensor.device.type
        if kind in _QUEUED:
            self._copy = torch.empty(
                tensor.shape, dtype=tensor.dtype, device="cpu", pin_memory=True
            )
            self._copy.copy_(tensor, non_blocking=True)
            self._event = getattr(torch, kind).Event()
            self._event.record()
        else:
            copy = tensor.to("cpu", memory_format=torch.contiguous_format)
            self._copy = copy.clone() if copy.data_ptr() == tensor.data_ptr() else copy

    @property
    def late(self) -> bool:
        """Whether reading it may have to wait."""
        return self._event is not None and not self._event.query()

    def array(self) -> NDArray[Any]:
        """The values; waits where they are still on their way."""
        if self._event is not None:
            self._event.synchronize()
            # pinned memory is scarce: what is kept for the whole run is ordinary memory
            return read_only(self._copy.numpy().copy())
        return read_only(self._copy.numpy())
