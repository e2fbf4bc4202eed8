"""What a branch costs: the time of a branch at step k of N ÷ the time of the whole run.

The first k steps are played again from the record, so about N − k of N steps are left. Branch and
whole run take turns; the median of their ratios is printed, with the smallest and the largest.
"""

from __future__ import annotations

import statistics
import time

from visualizer import EXAMPLE_PROMPT

STEPS, PAIRS = 30, 11
BRANCHED_AT = (0, 6, 15, 24, 29)


def main() -> None:
    """Print one ratio a step that is branched."""
    from visualizer.diffusion import Model, SamplingRequest, sample
    from visualizer.diffusion.branching import branch

    model = Model.builtin(device="cpu")
    request = SamplingRequest(EXAMPLE_PROMPT, seed=7, steps=STEPS, guidance_scale=5.0)
    parent = sample(model, request)
    changed = {k: branch(request, k, prompt="a blue Ferrari at night") for k in BRANCHED_AT}
    for k, child in changed.items():
        sample(model, child, parent=parent)
        ratios = []
        for _ in range(PAIRS):
            began = time.perf_counter()
            sample(model, child, parent=parent)
            between = time.perf_counter()
            sample(model, request)
            ratios.append((between - began) / (time.perf_counter() - between))
        print(
            f"branch at step {k} of {STEPS} ÷ whole run: {statistics.median(ratios):.2f} "
            f"[{min(ratios):.2f} … {max(ratios):.2f}] (target ≤ {(STEPS - k) / STEPS + 0.1:.2f})"
        )


if __name__ == "__main__":
    main()
