"""``denoising-visualizer info``: what is in a run file, a comparison, a sweep or a model."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from visualizer.commands import headless
from visualizer.commands.headless import count, opened
from visualizer.diffusion.lane_letters import lane_numbers, letter_of

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
        lines = _about_model(headless.open_model(path, None).facts)
    else:
        from visualizer.diffusion import Trajectory

        found = opened(path)
        lines = _about_run(found) if isinstance(found, Trajectory) else _about_comparison(found)
    width = max(len(name) for name, _ in lines) + 2
    for name, text in lines:
        print(f"{name:<{width}}{text}")
    return 0


def _about_run(run: Trajectory) -> list[tuple[str, str]]:
    request, model = run.request, run.model
    done, planned = max(0, len(run.steps) - 1), max(0, len(run.planned) - 1)
    lines = [("prompt", request.prompt or "(none)")]
    if request.negative_prompt:
        lines.append(("avoid", request.negative_prompt))
    lines.append(("seed", str(request.seed)))
    lines.append(("steps", f"stopped at {done} of {planned}" if run.cancelled else str(done)))
    if request.guidance_scale is not None:
        lines.append(("guidance", f"{request.guidance_scale:g}"))
    lines.append(("sampler", run.sampler or "the model's own"))
    if run.final is not None:
        lines.append(("size", f"{run.final.shape[1]} × {run.final.shape[0]} pixels"))
    versions = ", ".join(f"{name} {version}" for name, version in model.versions.items())
    lines += [
        ("model", f"{model.name} ({model.pipeline_class}, weights {model.weights_hash[:12]})"),
        ("made on", f"{model.device}, {model.dtype}, {count(model.threads, 'thread')}"),
        ("made with", versions),
        ("took", f"{run.seconds:.1f} s"),
        ("pictures", f"{len(run.pictures) + (run.final is not None)} in the file"),
    ]
    if run.notice:
        lines.append(("notice", run.notice))
    return [(name, text) for name, text in lines if text]


def _about_comparison(comparison: Comparison) -> list[tuple[str, str]]:
    from visualizer.export.reel import reel_of

    lanes = comparison.lanes
    lines = [("comparison", comparison.title or f"{count(len(lanes), 'run')} side by side")]
    if lanes:
        lines.append(("in common", ", ".join(reel_of(comparison).facts[1:])))
    lines += [
        ("columns", ", ".join(comparison.column_labels)),
        ("rows", ", ".join(comparison.row_labels)),
        ("measured", comparison.summary),
    ]
    for number, lane in zip(lane_numbers(lanes), lanes, strict=True):
        name = f"run {letter_of(number)}"
        lines.append((name, f"{lane.label or lane.request.prompt}: {_state(lane)}"))
    return [(name, text) for name, text in lines if text]


def _state(lane: CompareLane) -> str:
    """How far a run of a comparison came."""
    if lane.run is None or not lane.run.steps:
        return lane.failure or "not made"
    done = len(lane.run.steps) - 1
    if lane.run.cancelled:
        stopped = f"stopped at step {done} of {len(lane.run.planned) - 1}"
        return f"{stopped}. {lane.failure}" if lane.failure else stopped
    return count(done, "step")


def _about_model(facts: ModelFacts) -> list[tuple[str, str]]:
    lines = [
        ("model", f"{facts.name} ({facts.pipeline_class}, weights {facts.weights_hash[:12]})"),
        ("family", facts.family),
        ("license", facts.license),
        ("device", facts.device_label),
        ("memory", facts.memory_note),
        ("pictures", ", ".join(facts.control)),
        ("sizes", ", ".join(f"{w} × {h}" for w, h in facts.sizes)),
        ("steps", str(facts.steps)),
        ("guidance", f"{facts.guidance_scale:g}" if facts.guidance else "not used"),
        ("samplers", ", ".join([f"{facts.own_sampler} (own)", *(s.key for s in facts.samplers)])),
    ]
    if facts.vocabulary is not None:
        known = facts.vocabulary
        lines.append(("knows", ", ".join((*known.objects, *known.colors, *known.places))))
    lines += [("not shown", sentence) for sentence in facts.cannot_show]
    return [(name, text) for name, text in lines if text]
