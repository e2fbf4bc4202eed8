"""A sweep of 64 runs: on two Ray workers of this machine against one process without Ray.

And how much memory such a sweep takes when it is opened: 64 lanes of 50 steps, each way of opening
in a process of its own, on files as large as a real sweep's.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from visualizer import EXAMPLE_PROMPT

SEEDS = 64
STEPS = 10  # of the sweeps that are timed: 50 would take many minutes
OPENED_STEPS = 50
MB = 10**6
_TIMED = """
import sys, time
from visualizer import cli
from visualizer.sweeps import {module}
inner = {owner}.{name}
def timed(*given, **named):
    began = time.perf_counter()
    inner(*given, **named)
    print("made in", time.perf_counter() - began, file=sys.stderr)
{owner}.{name} = timed
sys.exit(cli.main(sys.argv[1:]))
"""
_HERE = _TIMED.format(module="here", owner="here", name="make_here")
_ON_RAY = _TIMED.format(module="cluster", owner="cluster.Cluster", name="make")


def main() -> None:
    """Print the ratio of the times, and the memory of an opened sweep."""
    with tempfile.TemporaryDirectory() as there:
        place = Path(there)
        (place / "prompts.txt").write_text(EXAMPLE_PROMPT, encoding="utf-8")
        alone, whole_alone = _sweep(place, "alone", STEPS)
        with _two_nodes() as address:
            spread, whole_spread = _sweep(place, "spread", STEPS, "--ray", address)
        # two threads that share busy processors wait for each other: one thread never does
        single, _ = _sweep(place, "single", STEPS, threads="1")
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
        print(
            f"a sweep of {SEEDS} runs of {STEPS} steps on 2 local Ray workers ÷ in one process "
            f"without Ray, {cores} cores: {spread / alone:.2f} (target ≤ 0.75 with free cores)"
        )
        print(f"the same ÷ in one process with one thread, as a worker has: {spread / single:.2f}")
        print(
            f"the same with start and loading, seconds: {whole_spread:.0f} on Ray, "
            f"{whole_alone:.0f} without"
        )
        folder = place / "opened"
        _fill(folder)
        size = sum(file.stat().st_size for file in folder.glob("*.denoise"))
        print(f"on disk, {SEEDS} runs of {OPENED_STEPS} steps: {size / MB:.0f} MB")
        for what, count in (("opened", 0), ("opened, every step looked at", 1)):
            own, mapped = _in_a_process(folder, count)
            print(
                f"memory of {SEEDS} lanes × {OPENED_STEPS} steps from a sweep, {what}: "
                f"{own / MB:.0f} MB of its own, {mapped / MB:.0f} MB in the files (target stated)"
            )


def _fill(folder: Path) -> None:
    """A sweep as large as one of 64 seeds: one run, under 64 of them."""
    from visualizer.diffusion import Model, SamplingRequest, sample
    from visualizer.sweeps.folder import SweepFolder
    from visualizer.sweeps.manifest import Manifest
    from visualizer.sweeps.stored import with_pictures

    model = Model.builtin(device="cpu")
    request = SamplingRequest(EXAMPLE_PROMPT, steps=OPENED_STEPS, guidance_scale=5.0)
    made = sample(model, request)
    wanted = Manifest(request, model.identity, (EXAMPLE_PROMPT,), tuple(range(SEEDS)))
    with SweepFolder(folder) as place:
        _, runs = place.begin(wanted)
        made = with_pictures(made, wanted.pictures).with_decoder(None)
        for run in runs:
            place.keep(run, replace(made, request=run.request), wanted.pictures)


def _sweep(
    place: Path, name: str, steps: int, *more: str, threads: str | None = None
) -> tuple[float, float]:
    """(seconds for the runs themselves, for all of the command)."""
    program = _ON_RAY if "--ray" in more else _HERE
    arguments = ["sweep", "--prompts", str(place / "prompts.txt"), "--seeds", f"0-{SEEDS - 1}"]
    arguments += ["--out", str(place / name), "--steps", str(steps), "--device", "cpu"]
    arguments += ["--pictures", "final", "--quiet"]
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments, *more],
        check=True,
        env={**os.environ, **({} if threads is None else {"OMP_NUM_THREADS": threads})},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    whole = time.perf_counter() - began
    made = next(line for line in done.stderr.splitlines() if line.startswith("made in"))
    return float(made.removeprefix("made in")), whole


@contextlib.contextmanager
def _two_nodes() -> Iterator[str]:
    """A cluster of two nodes of one CPU on this machine; its address."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    from ray.cluster_utils import Cluster

    small = {"num_cpus": 1, "object_store_memory": 100_000_000}
    nodes = Cluster(initialize_head=True, head_node_args={**small, "include_dashboard": False})
    try:
        nodes.add_node(**small)
        yield nodes.address
    finally:
        nodes.shutdown()


def _in_a_process(folder: Path, look: int) -> tuple[int, int]:
    """(memory of its own, pages of files), in bytes, that opening a sweep adds to a process."""
    code = f"from benchmarks.bench_sweep import open_it; open_it({str(folder)!r}, {look})"
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, stdout=subprocess.PIPE, text=True
    )
    own, mapped = map(int, done.stdout.split())
    return own, mapped


def open_it(folder: str, look: int) -> None:
    """Open a sweep in this process and print what memory it took, in bytes."""
    import psutil

    from visualizer.sweeps import results

    def taken() -> tuple[int, int]:
        memory = psutil.Process().memory_info()
        shared = getattr(memory, "shared", 0)  # pages of files; Linux alone tells them
        return memory.rss - shared, shared

    own, mapped = taken()
    opened = results.open_results(Path(folder))
    for lane in opened.lanes:
        if look and lane.run is not None:
            for step in lane.run.steps:
                float(step.latents.sum())
                float(step.denoised.sum())
    own_now, mapped_now = taken()
    print(own_now - own, mapped_now - mapped)
