"""``denoising-visualizer info``: what is in a run file, a comparison, a sweep or a model."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from visualizer.commands import headless
from visualizer.commands.headless import count, opened
from visualizer.commands.rows import Row, pixels, print_rows, request_rows
from visualizer.diffusion.lane_letters import lane_numbers, letter_of
from visualizer.time_words import duration

if TYPE_CHECKING:
    from visualizer.diffusion import Trajectory
    from visualizer.diffusion.comparison import CompareLane, Comparison
    from visualizer.diffusion.facts import ModelFacts


def add_arguments(info: argparse.ArgumentParser) -> None:
    """Tell the parser its option."""
    info.add_argument("path", type=Path, metavar="PATH", help="a .denoise file or a model folder")


def info(options: argparse.Namespace) -> int:
    """``denoising-visualizer info``: a run file or a model folder in a few lines."""
    return headless.answering(lambda: _info(options.path))


def _info(path: Path) -> int:
    from visualizer.sweeps.results import is_sweep

    if path.suffix == ".safetensors" or (path.is_dir() and not is_sweep(path)):
        rows = _about_model(headless.open_model(path, None).facts)
    else:
        from visualizer.diffusion import Trajectory

        found = opened(path)
        rows = _about_run(found) if isinstance(found, Trajectory) else _about_comparison(found)
    print_rows(rows)
    return 0


def _about_run(run: Trajectory) -> list[Row]:
    model = run.model
    done, planned = max(0, len(run.steps) - 1), max(0, len(run.planned) - 1)
    steps = f"stopped at {done} of {planned}" if run.cancelled else str(done)
    size = "" if run.final is None else pixels(run.final.shape[1], run.final.shape[0])
    versions = ", ".join(f"{name} {version}" for name, version in model.versions.items())
    return [
        *request_rows(run.request, steps=steps, sampler=run.sampler, size=size),
        ("model", f"{model.name} ({model.pipeline_class}, weights {model.weights_hash[:12]})"),
        ("made on", f"{model.device}, {model.dtype}, {count(model.threads, 'thread')}"),
        ("made with", versions),
        ("took", duration(run.seconds)),
        ("pictures", f"{len(run.pictures) + (run.final is not None)} in the file"),
        ("notice", run.notice),
    ]


def _about_comparison(comparison: Comparison) -> list[Row]:
    from visualizer.export.reel import reel_of

    lanes = comparison.lanes
    rows = [("comparison", comparison.title or f"{count(len(lanes), 'run')} side by side")]
    if lanes:
        rows.append(("in common", ", ".join(reel_of(comparison).facts[1:])))
    rows += [
        ("columns", ", ".join(comparison.column_labels)),
        ("rows", ", ".join(comparison.row_labels)),
        ("measured", comparison.summary),
    ]
    for number, lane in zip(lane_numbers(lanes), lanes, strict=True):
        name = f"run {letter_of(number)}"
        rows.append((name, f"{lane.label or lane.request.prompt}: {_state(lane)}"))
    return rows


def _state(lane: CompareLane) -> str:
    """How far a run of a comparison came."""
    if lane.run is None or not lane.run.steps:
        return lane.failure or "not made"
    done = len(lane.run.steps) - 1
    if lane.run.cancelled:
        stopped = f"stopped at step {done} of {len(lane.run.planned) - 1}"
        return f"{stopped}. {lane.failure}" if lane.failure else stopped
    return count(done, "step")


def _steps(facts: ModelFacts) -> str:
    quick = facts.quick_steps
    return str(facts.steps) if quick is None else f"{facts.steps}, or {quick} in a hurry"


def _about_model(facts: ModelFacts) -> list[Row]:
    rows = [
        ("model", f"{facts.name} ({facts.pipeline_class}, weights {facts.weights_hash[:12]})"),
        ("family", facts.family),
        ("license", facts.license),
        ("device", facts.device_label),
        ("memory", facts.memory_note),
        ("pictures", ", ".join(facts.control)),
        ("sizes", ", ".join(f"{w} × {h}" for w, h in facts.sizes)),
        ("steps", _steps(facts)),
        ("guidance", f"{facts.guidance_scale:g}" if facts.guidance else "not used"),
        ("samplers", ", ".join([f"{facts.own_sampler} (own)", *(s.key for s in facts.samplers)])),
    ]
    if facts.vocabulary is not None:
        known = facts.vocabulary
        rows.append(("knows", ", ".join((*known.objects, *known.colors, *known.places))))
    rows += [("not shown", sentence) for sentence in facts.cannot_show]
    return rows
