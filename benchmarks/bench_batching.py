"""Pictures per second of eight seeds: as one batch against one after the other."""

from __future__ import annotations

import statistics
import time

from visualizer import EXAMPLE_PROMPT

PAIRS = 5
SEEDS = 8
STEPS = 30


def main() -> None:
    """Print the ratio of the speeds, median of interleaved pairs."""
    import torch

    from visualizer.diffusion import Model, SamplingRequest, sample, sample_many

    model = Model.builtin(device="cpu")
    requests = [
        SamplingRequest(EXAMPLE_PROMPT, seed=seed, steps=STEPS, guidance_scale=5.0)
        for seed in range(SEEDS)
    ]
    sample(model, requests[0])

    def seconds(batched: bool) -> float:
        began = time.perf_counter()
        if batched:
            sample_many(model, requests)
        else:
            for request in requests:
                sample(model, request)
        return time.perf_counter() - began

    ratios, together = [], []
    for pair in range(PAIRS):
        # in turns: whatever slows the machine slows both
        order = (True, False) if pair % 2 else (False, True)
        took = {batched: seconds(batched) for batched in order}
        ratios.append(took[False] / took[True])
        together.append(SEEDS / took[True])
    print(
        f"pictures per second, {SEEDS} seeds batched ÷ one at a time, {STEPS} guided steps of the "
        f"built-in model, {torch.get_num_threads()} threads, median of {PAIRS} pairs: "
        f"{statistics.median(ratios):.2f} [{min(ratios):.2f} … {max(ratios):.2f}] (target ≥ 1.4)"
    )
    print(f"batched, pictures per second: {statistics.median(together):.2f}")
