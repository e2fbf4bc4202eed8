"""Sweeps on this machine: batches, failures, stopping, going on."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.diffusion.tiny_pipelines import tiny_pipeline
from tests.sweeps.sweep_setup import BASE
from visualizer.diffusion import Model, Trajectory, sample
from visualizer.diffusion.device_errors import DEVICE_LOST
from visualizer.progress_line import ProgressLine
from visualizer.sweeps import here
from visualizer.sweeps.errors import SweepError
from visualizer.sweeps.folder import SweepFolder, read_failures
from visualizer.sweeps.manifest import Manifest
from visualizer.sweeps.progress import SweepProgress
from visualizer.sweeps.results import open_results


@pytest.fixture(scope="module")
def tiny() -> Model:
    return Model(tiny_pipeline())


def sweep(
    model: Model,
    path: Path,
    prompts: Sequence[str],
    seeds: Sequence[int],
    *,
    at_once: int = 4,
    pictures: str = "final",
    cancelled: threading.Event | None = None,
    on_line: Any = None,
) -> tuple[Manifest, SweepProgress]:
    """One sitting."""
    wanted = Manifest(BASE, model.identity, tuple(prompts), tuple(seeds), pictures)
    with SweepFolder(path) as folder:
        manifest, missing = folder.begin(wanted)
        line = ProgressLine(quiet=True)
        if on_line is not None:
            line.draw = on_line  # type: ignore[method-assign]
        total = len(wanted.prompts) * len(wanted.seeds)
        progress = SweepProgress(total, total - len(missing), line)
        here.make_here(
            model,
            folder,
            missing,
            pictures=pictures,
            at_once=at_once,
            progress=progress,
            cancelled=cancelled or threading.Event(),
        )
    return manifest, progress


def files(path: Path) -> dict[str, int]:
    return {p.name: p.stat().st_mtime_ns for p in path.glob("*.denoise")}


def test_every_prompt_under_every_seed(tiny: Model, tmp_path: Path) -> None:
    manifest, progress = sweep(tiny, tmp_path, ["a red car", "a boat"], [1, 2, 3], at_once=4)
    assert (progress.done, progress.failed) == (6, 0)
    assert set(files(tmp_path)) == {run.name for run in manifest.runs()}
    sizes = []
    for run in manifest.runs():
        made = Trajectory.open(tmp_path / run.name)
        assert made.request == run.request
        sizes.append(made.model.batch_size)
        alone = sample(tiny, run.request)
        assert np.array_equal(made.steps[0].latents, alone.steps[0].latents)
        assert made.final is not None
        assert alone.final is not None
        assert np.abs(made.final.astype(int) - alone.final.astype(int)).max() <= 1
    assert sizes == [4, 4, 4, 4, 2, 2]


def test_going_on_makes_only_what_is_missing(tiny: Model, tmp_path: Path) -> None:
    manifest, _ = sweep(tiny, tmp_path, ["a car"], [1, 2, 3])
    names = [run.name for run in manifest.runs()]
    (tmp_path / names[1]).unlink()
    before = files(tmp_path)
    _, progress = sweep(tiny, tmp_path, ["a car"], [1, 2, 3, 4])
    after = files(tmp_path)
    assert len(after) == progress.done == progress.total == 4
    assert {name: after[name] for name in before} == before


def test_stopping_loses_the_batch_at_work_and_nothing_else(tiny: Model, tmp_path: Path) -> None:
    cancelled = threading.Event()
    drawn: list[int] = []

    def on_line(_what: str, done: int, *_: Any) -> None:
        drawn.append(done)
        if done == 2 and drawn.count(2) == 4:  # in the middle of the second batch
            cancelled.set()

    _, progress = sweep(
        tiny, tmp_path, ["a car"], [1, 2, 3, 4], at_once=2, cancelled=cancelled, on_line=on_line
    )
    assert progress.done == len(files(tmp_path)) == 2
    assert read_failures(tmp_path) == {}
    _, progress = sweep(tiny, tmp_path, ["a car"], [1, 2, 3, 4], at_once=2)
    assert progress.done == len(files(tmp_path)) == 4


def test_a_run_that_fails_leaves_the_others(tiny: Model, tmp_path: Path) -> None:
    calls = 0

    def poison(_module: Any, _inputs: Any, output: Any) -> Any:
        nonlocal calls
        calls += 1
        if 1 < calls <= 4:
            half = len(output[0]) // 2
            output[0][1] = output[0][half + 1] = torch.nan
        return output

    hook = tiny.pipeline.unet.register_forward_hook(poison)
    try:
        manifest, progress = sweep(tiny, tmp_path, ["a car"], [1, 2, 3, 4, 5], at_once=3)
    finally:
        hook.remove()
    names = [run.name for run in manifest.runs()]
    assert (progress.done, progress.failed) == (4, 1)
    assert set(files(tmp_path)) == {*names} - {names[1]}
    assert "NaN" in read_failures(tmp_path)[names[1]]
    found = open_results(tmp_path)
    assert [lane.run is None for lane in found.lanes] == [False, True, False, False, False]
    assert "NaN" in found.lanes[1].failure
    _, progress = sweep(tiny, tmp_path, ["a car"], [1, 2, 3, 4, 5], at_once=3)
    assert (progress.done, progress.failed) == (5, 0)
    assert read_failures(tmp_path) == {}


def test_memory_that_runs_out_makes_batches_smaller(tiny: Model, tmp_path: Path) -> None:
    def short(_module: Any, inputs: Any, _output: Any) -> None:
        if len(inputs[0]) > 4:  # twice as many as pictures: with and without the prompt
            raise torch.OutOfMemoryError("out of memory")

    hook = tiny.pipeline.unet.register_forward_hook(short)
    try:
        manifest, progress = sweep(tiny, tmp_path, ["a car"], [1, 2, 3, 4], at_once=4)
    finally:
        hook.remove()
    assert (progress.done, progress.failed) == (4, 0)
    sizes = [Trajectory.open(tmp_path / run.name).model.batch_size for run in manifest.runs()]
    assert sizes == [2, 2, 2, 2]


def test_a_lost_device_ends_the_sweep(
    tiny: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(_model: Model, _requests: Any, *, listener: Any, **_: Any) -> None:
        listener.failed(0, DEVICE_LOST, None)

    monkeypatch.setattr(here, "sample_lanes", lost)
    with pytest.raises(SweepError, match="GPU stopped answering") as hit:
        sweep(tiny, tmp_path, ["a car"], [1])
    assert hit.value.began
    assert read_failures(tmp_path) == {}


@pytest.mark.parametrize(
    ("pictures", "steps"), [("final", set()), ("few", {0, 1, 2, 3}), ("all", {0, 1, 2, 3})]
)
def test_what_a_file_shows_without_its_model(
    tiny: Model, tmp_path: Path, pictures: str, steps: set[int]
) -> None:
    manifest, _ = sweep(tiny, tmp_path, ["a car"], [1], pictures=pictures)
    (run,) = manifest.runs()
    made = Trajectory.open(tmp_path / run.name)
    assert {k for k, _ in made.pictures} == steps
    assert np.array_equal(made.picture(4), sample(tiny, run.request).picture(4))
    for k, view in made.pictures:
        assert np.array_equal(made.picture(k, view), made.with_decoder(tiny).picture(k, view))


def test_few_are_the_quarters(tiny: Model, tmp_path: Path) -> None:
    wanted = Manifest(replace(BASE, steps=10), tiny.identity, ("a car",), (1,))
    with SweepFolder(tmp_path) as folder:
        _, runs = folder.begin(wanted)
        folder.keep(runs[0], sample(tiny, runs[0].request), "few")
    made = Trajectory.open(tmp_path / runs[0].name)
    assert sorted(made.pictures) == [
        (k, view) for k in (0, 2, 5, 8) for view in ("denoised", "noisy")
    ]
