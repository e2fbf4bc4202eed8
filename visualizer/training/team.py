"""Several processes that train one network together.

On a CPU every core is a process of its own: one thread each is faster than one process with many,
and does not stand still when another program wants a core. Gradients are averaged over gloo.
"""

from __future__ import annotations

import multiprocessing
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed as dist
from torch import nn

from visualizer.training.stage import Stage


@dataclass(frozen=True)
class Member:
    """One of the processes; number 0 reports and saves."""

    rank: int = 0
    size: int = 1

    def join(self, stage: Stage) -> None:
        """Continue the stage where its checkpoint stands; only number 0 speaks and writes."""
        stage.quiet = self.rank != 0
        stage.resume()
        stage.start()

    def agree(self, module: nn.Module, stage: Stage) -> None:
        """Average the gradients of all members in one message, and the clock with them.

        Members whose parent was killed end here: they would train on, and write, unseen.
        """
        if self.size == 1:
            return
        parent = multiprocessing.parent_process()
        if parent is not None and not parent.is_alive():
            raise SystemExit
        gradients = [p.grad for p in module.parameters() if p.grad is not None]
        clock = torch.tensor([stage.spent], device=gradients[0].device)
        message = torch.cat([*(g.flatten() for g in gradients), clock])
        dist.all_reduce(message)
        message /= self.size
        start = 0
        for gradient in gradients:
            gradient.copy_(message[start : start + gradient.numel()].view_as(gradient))
            start += gradient.numel()
        stage.spent = float(message[-1])


def train_together(work: Callable[..., None], device: str, *args: Any) -> None:
    """Call `work(member, *args)` in one process per core, or right here on a GPU."""
    size = (os.cpu_count() or 1) if device == "cpu" else 1
    if size == 1:
        work(Member(), *args)
        return
    with tempfile.TemporaryDirectory() as folder:
        torch.multiprocessing.spawn(  # type: ignore[attr-defined, no-untyped-call]
            _one, (size, f"{folder}/store", work, args), nprocs=size
        )


def _one(
    rank: int, size: int, store: str, work: Callable[..., None], args: tuple[Any, ...]
) -> None:
    torch.set_num_threads(1)
    dist.init_process_group("gloo", f"file://{store}", rank=rank, world_size=size)
    try:
        work(Member(rank, size), *args)
    finally:
        dist.destroy_process_group()
