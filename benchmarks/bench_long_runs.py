"""Whether a step costs more late in a long run: 900 steps against 50, and what is kept of it."""

from __future__ import annotations

import statistics
import time

from visualizer import EXAMPLE_PROMPT

PAIRS = 7
LONG, SHORT = 900, 50


def main() -> None:
    """Print the ratio of the times per step, and the memory that a recorded step takes."""
    from visualizer.diffusion import Model, SamplingRequest, Trajectory, sample

    model = Model.builtin(device="cpu")

    def per_step(steps: int, seed: int) -> tuple[float, Trajectory]:
        # without guidance, so that the benchmark ends today; the recording is the same
        request = SamplingRequest(
            EXAMPLE_PROMPT, seed=seed, steps=steps, guidance_scale=1.0, sampler="ddim"
        )
        began = time.perf_counter()
        run = sample(model, request)
        return (time.perf_counter() - began) / steps, run

    per_step(SHORT, 0)
    ratios = []
    for seed in range(PAIRS):
        before, _ = per_step(SHORT, seed)
        long, run = per_step(LONG, seed)
        after, _ = per_step(SHORT, seed)
        ratios.append(long / ((before + after) / 2))
    print(
        f"time per step, {LONG} ÷ {SHORT} steps, median of {PAIRS} pairs: "
        f"{statistics.median(ratios):.3f} (target ≤ 1.1)"
    )
    kept = sum(
        s.latents.nbytes + (0 if s.prediction is None else s.prediction.nbytes) for s in run.steps
    )
    print(
        f"kept of a {LONG}-step run: {kept / 2**20:.1f} MiB, {kept / len(run.steps) / 1024:.1f} "
        "KiB a step (target a stated bound)"
    )
