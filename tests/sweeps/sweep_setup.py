"""Small sweeps for tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.example_runs import make_run
from visualizer.diffusion import ModelIdentity, SamplingRequest
from visualizer.sweeps.folder import SweepFolder
from visualizer.sweeps.manifest import Manifest

IDENTITY = ModelIdentity(
    "Built-in", "StableDiffusionPipeline", "c" * 64, "d" * 64, versions={"torch": "2.13.0"}
)
BASE = SamplingRequest("", steps=4, guidance_scale=3.0)


def wanted(prompts: Sequence[str], seeds: Sequence[int], **changes: Any) -> Manifest:
    return replace(Manifest(BASE, IDENTITY, tuple(prompts), tuple(seeds)), **changes)


def make_sweep(path: Path, prompts: Sequence[str], seeds: Sequence[int], done: int) -> Manifest:
    """A folder in which the first ``done`` runs are made, by hand."""
    with SweepFolder(path) as folder:
        manifest, missing = folder.begin(wanted(prompts, seeds))
        for run in missing[:done]:
            made = make_run(4, request=run.request, pictures=False)
            folder.keep(run, made, manifest.pictures)
    return manifest
