"""What observing costs: an observed run against the bare pipeline, in interleaved pairs.

Observed means everything the window asks for: every latent and prediction recorded, and fast
previews of the noisy and the guess view made at every step.
"""

from __future__ import annotations

import statistics
import time

import numpy as np

from visualizer import EXAMPLE_PROMPT

PAIRS = 15
STEPS = 30
GUIDANCE = 3.0


def main() -> None:
    """Print the median ratio with its 95 % interval, and the time of one picture."""
    from visualizer.diffusion import Model, SamplingRequest, Step, sample
    from visualizer.diffusion.sampling import pipeline_arguments

    model = Model.builtin(device="cpu")
    fast = model.fast_decoder

    def preview(step: Step) -> None:
        fast.show(step, "noisy")
        fast.show(step, "denoised")

    def observed(seed: int) -> None:
        request = SamplingRequest(EXAMPLE_PROMPT, seed=seed, steps=STEPS, guidance_scale=GUIDANCE)
        sample(model, request, on_step=preview)

    def bare(seed: int) -> None:
        request = SamplingRequest(EXAMPLE_PROMPT, seed=seed, steps=STEPS, guidance_scale=GUIDANCE)
        model.pipeline(**pipeline_arguments([request]))

    observed(0)
    bare(0)
    pairs = []
    for seed in range(PAIRS):
        first, second = (observed, bare) if seed % 2 else (bare, observed)
        times = {first: _seconds(first, seed), second: _seconds(second, seed)}
        pairs.append((times[observed], times[bare]))
    ratios = [o / b for o, b in pairs]
    low, high = _interval_of_the_median(ratios)
    print(
        f"observed run ÷ bare pipeline, median of {PAIRS} pairs: {statistics.median(ratios):.3f} "
        f"[95 % {low:.3f} … {high:.3f}] (target ≤ 1.05)"
    )
    seconds = statistics.median(o for o, _ in pairs)
    print(f"picture of the built-in model, {STEPS} guided steps: {seconds:.2f} s (target ≤ 1.5 s)")


def _seconds(run: object, seed: int) -> float:
    assert callable(run)
    began = time.perf_counter()
    run(seed)
    return time.perf_counter() - began


def _interval_of_the_median(values: list[float], draws: int = 10_000) -> tuple[float, float]:
    """The 95 % bootstrap interval of the median of paired ratios."""
    random = np.random.default_rng(0)
    samples = random.choice(values, size=(draws, len(values)))
    low, high = np.percentile(np.median(samples, axis=1), [2.5, 97.5])
    return float(low), float(high)
