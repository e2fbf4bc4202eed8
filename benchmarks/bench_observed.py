"""What observing costs, for models of several sizes on the CPU.

Two figures each. Inside the run: the observer's time (every latent, prediction and answer without
the prompt copied, guidance found, Steps made) ÷ the time of the model's own steps; what the
window's previews take besides is said apart. And whole runs, observed as the window does it, with
previews, ÷ the bare pipeline, in interleaved pairs.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmarks import observing_cost, random_models
from visualizer import EXAMPLE_PROMPT

if TYPE_CHECKING:
    from visualizer.diffusion import Model


@dataclass(frozen=True)
class Case:
    """A model to be measured, and how."""

    name: str
    pipeline: Callable[[], Any]
    steps: int
    pairs: int
    target: str
    guidance: float = 5.0


def main() -> None:
    """Print the figures of every model, the largest last."""
    import torch

    cases = (
        Case("a tiny SDXL", random_models.small_sdxl, 30, 15, "≤ 0.05"),
        Case("a tiny flow-matching model", random_models.small_flow, 30, 15, "≤ 0.05"),
        Case(
            "an SD-1.5-sized UNet",
            lambda: random_models.stable_diffusion(torch.float32),
            steps=2,
            pairs=3,
            target="≤ 0.02",
        ),
    )
    from visualizer.diffusion import Model

    builtin = Model.builtin(device="cpu")
    _measure(Case("built-in", lambda: builtin.pipeline, 30, 15, "≤ 0.05", 3.0), builtin)
    for case in cases:
        _measure(case, Model(case.pipeline()))
        gc.collect()  # pipelines hold themselves in a circle, and the next one needs the room


def _measure(case: Case, model: Model) -> None:
    from visualizer.diffusion import SamplingRequest

    request = SamplingRequest(EXAMPLE_PROMPT, steps=case.steps, guidance_scale=case.guidance)
    on_step = observing_cost.as_in_the_window(model)
    cost = observing_cost.measure(model, request, case.pairs, on_step)
    print(
        f"observer's time ÷ step time, {case.name} ({cost.step * 1000:.3g} ms a step): "
        f"{cost.observing:.4f} (target {case.target})"
    )
    print(f"previews' time ÷ step time, {case.name}: {cost.listening:.4f}")
    print(
        f"observed run with previews ÷ bare pipeline, {case.name}, median of {case.pairs} pairs: "
        f"{observing_cost.in_words(cost.ratios)}"
    )
    print(
        f"the same of processor time, {case.name}: {observing_cost.in_words(cost.processor_ratios)}"
    )
    if case.name == "built-in":
        print(
            f"picture of the built-in model, {case.steps} guided steps: {cost.bare:.2f} s "
            "(target ≤ 2 s)"
        )
