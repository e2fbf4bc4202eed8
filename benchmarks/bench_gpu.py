"""What observing costs on a GPU, and where the processor waits for it.

There a step is only queued: whoever reads a number back at once makes the processor wait for all
that is queued, and leaves the GPU idle afterwards. So the waits are counted too, step by step, in
an observed run and in a bare one.
"""

from __future__ import annotations

import gc
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from benchmarks import observing_cost, random_models
from visualizer import EXAMPLE_PROMPT

if TYPE_CHECKING:
    from visualizer.diffusion import Model

STEPS = 30
PAIRS = 9
TARGET = "≤ 1.02"
Place = tuple[int, str]
"""(the step, 0 before the first; "file.py:line")."""


def main() -> None:
    """Print the figures of both sizes, or that there is no GPU."""
    import torch

    sizes: dict[str, Callable[[], Any]] = {
        "SD-1.5-sized": lambda: random_models.stable_diffusion(torch.float16),
        "SDXL-sized": lambda: random_models.stable_diffusion_xl(torch.float16),
    }
    if not torch.cuda.is_available():
        for name in sizes:
            print(
                f"observed ÷ bare on a GPU, {name}, fp16, {STEPS} steps: not measured: no GPU "
                f"(target {TARGET})"
            )
        return
    from visualizer.diffusion import Model

    print(f"on {torch.cuda.get_device_name()}")
    for name, build in sizes.items():
        _measure(name, Model(build().to("cuda")))
        gc.collect()
        torch.cuda.empty_cache()


def _measure(name: str, model: Model) -> None:
    import torch

    from visualizer.diffusion import SamplingRequest, sample
    from visualizer.diffusion.sampling import pipeline_arguments

    request = SamplingRequest(EXAMPLE_PROMPT, steps=STEPS, guidance_scale=5.0)
    for listened, on_step in (
        ("nothing but observed", lambda _step: None),
        ("with the window's previews", observing_cost.as_in_the_window(model)),
    ):
        cost = observing_cost.measure(model, request, PAIRS, on_step, torch.cuda.synchronize)
        print(
            f"observed ÷ bare on a GPU, {name}, {listened}, fp16, {STEPS} steps, median of "
            f"{PAIRS} pairs: {observing_cost.in_words(cost.ratios)} (target {TARGET})"
        )

    def bare() -> None:
        model.pipeline(**pipeline_arguments([request], model.family))

    observed = waits(model, lambda: sample(model, request))
    own = waits(model, bare)
    more = Counter(observed) - Counter(own)
    steps = sorted({step for step, _ in more if 0 < step <= STEPS})
    print(f"steps at which observing makes the processor wait, {name}: {steps or 'none'}")
    for (step, place), count in sorted(more.items()):
        print(f"    step {step}, {place}, {count} times")
    print(f"waits of the bare pipeline, {name}: {len(own)} in {STEPS} steps")


def waits(model: Model, run: Callable[[], object]) -> list[Place]:
    """Where a run reads something from the device and so waits for it."""
    from visualizer.diffusion.families import denoisers

    found: list[Place] = []
    calls = 0

    def count(*_: Any) -> None:
        nonlocal calls
        calls += 1

    hooks = [module.register_forward_hook(count) for _, module in denoisers(model.pipeline)]
    try:
        with _warned_of_waits(lambda place: found.append((calls, place))):
            run()
    finally:
        for hook in hooks:
            hook.remove()
    return found


@contextmanager
def _warned_of_waits(hear: Callable[[str], None]) -> Iterator[None]:
    import torch

    def show(message: Warning | str, _category: type[Warning], *_: Any, **__: Any) -> None:
        if "synchronizing" in str(message):
            hear(_caller())

    with warnings.catch_warnings(), patch.object(warnings, "showwarning", show):
        warnings.simplefilter("always")
        torch.cuda.set_sync_debug_mode("warn")
        try:
            yield
        finally:
            torch.cuda.set_sync_debug_mode("default")


def _caller() -> str:
    """The innermost line of a pipeline, a scheduler or this program that is being run."""
    frame = sys._getframe(2)
    while frame is not None:
        path = Path(frame.f_code.co_filename)
        if {"diffusers", "visualizer"} & set(path.parts) or frame.f_back is None:
            return f"{path.name}:{frame.f_lineno}"
        frame = frame.f_back
    return "?"
