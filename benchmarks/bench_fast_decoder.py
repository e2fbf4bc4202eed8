"""How near the fast decoder comes to the model's own, and how much sooner it is there.

The pictures are finals of real runs of the built-in model, on prompts whose combination of object,
color and place it was never shown; and what the sampler held half-way, for comparison.
"""

from __future__ import annotations

import random
import statistics
import time
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from visualizer.diffusion.arrays import Picture

PROMPTS = 16
BATCH = 8
SEED = 5
STEPS = 20


def main() -> None:
    """Print the mean PSNR, and the ratio of the times of a decode."""
    from visualizer.diffusion import Model, SamplingRequest, sample_many
    from visualizer.training.world.captions import plain_caption
    from visualizer.training.world.subjects import choose_held_out_single

    model = Model.builtin(device="cpu")
    fast = model.fast_decoder
    rng = random.Random(SEED)
    prompts = [plain_caption(choose_held_out_single(rng)) for _ in range(PROMPTS)]
    guidance = model.facts.guidance_scale
    requests = [
        SamplingRequest(prompt, seed=SEED + k, steps=STEPS, guidance_scale=guidance)
        for k, prompt in enumerate(prompts)
    ]
    runs = [
        run
        for start in range(0, PROMPTS, BATCH)
        for run in sample_many(model, requests[start : start + BATCH])
    ]
    finals, halfway, ratios = [], [], []
    for run in runs:
        step = run.steps[-1]
        began = time.perf_counter()
        shown = fast.show(step, "noisy")
        then = time.perf_counter()
        exact = model.decode(step.latents, step.layout)
        ratios.append((then - began) / (time.perf_counter() - then))
        finals.append(psnr(shown, exact))
        middle = run.steps[STEPS // 2]
        halfway += [
            psnr(fast.show(middle, view), run.picture(middle.index, view))
            for view in ("noisy", "denoised")
        ]
    print(
        f"fast decoder against exact VAE, {PROMPTS} held-out finals, mean (worst): "
        f"{statistics.mean(finals):.1f} dB ({min(finals):.1f} dB) (target ≥ 20 dB)"
    )
    print(f"the same half-way through the noise: {statistics.mean(halfway):.1f} dB")
    print(f"fast ÷ exact decode, time: 1/{1 / statistics.median(ratios):.0f} (target ≤ 1/20)")


def psnr(shown: Picture, exact: Picture) -> float:
    """Peak signal-to-noise ratio of one picture against another, dB."""
    difference = shown.astype(np.float64) - exact.astype(np.float64)
    return float(10 * np.log10(255**2 / np.mean(difference**2)))
