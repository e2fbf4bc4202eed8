"""How much memory observing a run takes: 50 guided steps of 1024² pictures, 4 latent channels.

Every run is a process of its own, observed or bare; what counts is its highest resident memory.
The network is small, so that what it takes itself does not hide what is recorded.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys

PAIRS = 3
STEPS = 50
MB = 10**6
# glibc keeps freed memory by a rule of thumb that hangs on what was freed before: by that alone two
# equal runs differ by 60 MB. Here it gives back at once what is freed. And one thread will do.
_ENVIRONMENT = {
    "MALLOC_MMAP_THRESHOLD_": "131072",
    "MALLOC_TRIM_THRESHOLD_": "131072",
    "OMP_NUM_THREADS": "1",
}


def main() -> None:
    """Print the median difference of the peaks, and what of it is recorded numbers."""
    extra, recorded = [], 0
    for pair in range(PAIRS):
        peaks = {}
        for observed in (True, False) if pair % 2 else (False, True):
            peaks[observed], kept = _in_a_process(observed)
            recorded = max(recorded, kept)
        extra.append((peaks[True] - peaks[False]) / MB)
    print(
        f"extra peak memory of observing, {STEPS} guided steps of 1024² pictures, 4 latent "
        f"channels, median of {PAIRS} pairs: {statistics.median(extra):.0f} MB "
        f"[{min(extra):.0f} … {max(extra):.0f}] (target ≤ 60 MB)"
    )
    print(f"recorded numbers in it: {recorded / MB:.1f} MB")


def _in_a_process(observed: bool) -> tuple[int, int]:
    """(peak of resident memory, of it recorded numbers), in bytes."""
    code = f"from benchmarks.bench_memory import run; run({observed})"
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        env=os.environ | _ENVIRONMENT,
        stdout=subprocess.PIPE,
        text=True,
    )
    peak, recorded = map(int, done.stdout.split())
    return peak, recorded


def run(observed: bool) -> None:
    """Sample once in this process and print (peak, recorded) in bytes."""
    from benchmarks import random_models
    from visualizer.diffusion import Model, SamplingRequest, sample
    from visualizer.diffusion.sampling import pipeline_arguments

    model = Model(random_models.light_stable_diffusion())
    request = SamplingRequest("a red car", steps=STEPS, guidance_scale=5.0)
    recorded = 0
    if observed:
        for step in sample(model, request).steps:
            guidance = step.guidance
            kept = [step.latents, step.prediction]
            kept += [] if guidance is None else [guidance.unconditional, guidance.conditional]
            recorded += sum(array.nbytes for array in kept if array is not None)
    else:
        model.pipeline(**pipeline_arguments([request], model.family))
    print(_peak(), recorded)


def _peak() -> int:
    """The highest resident memory this process has had, in bytes."""
    if sys.platform == "win32":
        import psutil

        return int(psutil.Process().memory_info().peak_wset)
    import resource

    highest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(highest * (1 if sys.platform == "darwin" else 1024))
