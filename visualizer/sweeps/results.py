"""A sweep's folder, opened as a comparison."""

from __future__ import annotations

import itertools
from pathlib import Path

from visualizer.diffusion import mapped
from visualizer.diffusion.comparison import CompareLane, Comparison
from visualizer.diffusion.grid import MAX_LANES, Axis
from visualizer.diffusion.runfile import RunFileError
from visualizer.diffusion.trajectory import Trajectory
from visualizer.sweeps.errors import SweepError
from visualizer.sweeps.folder import done_runs, read_failures, read_manifest
from visualizer.sweeps.manifest import Manifest, PlannedRun


def is_sweep(folder: Path) -> bool:
    """Whether a folder holds a sweep, as its manifest says."""
    try:
        return read_manifest(folder) is not None
    except SweepError:
        return False


def open_results(folder: Path) -> Comparison:
    """What there is of a sweep: prompts as rows, seeds as columns, at most ``MAX_LANES`` runs.

    Of a larger sweep the first runs are shown, seed by seed, and the summary says so. What is not
    made yet is left out; what failed, or is no whole file any more, says why. The arrays of the
    runs stay in their files until somebody looks at them.

    Raises:
        SweepError: with a sentence, when there is no sweep or nothing of it is made yet.
    """
    manifest = read_manifest(folder)
    if manifest is None:
        raise SweepError(f"There is no sweep in '{folder}'.")
    noted = read_failures(folder)
    done = {run.name for run in done_runs(folder, manifest.runs())}
    # the file is another program's as well: what it says of no run of this sweep is passed over
    failed = {run.name for run in manifest.runs() if run.name in noted} - done
    there = (run for run in manifest.runs() if run.name in done or run.name in failed)
    shown = list(itertools.islice(there, MAX_LANES))
    if not shown:
        raise SweepError(f"No run of the sweep in '{folder}' is made yet.")
    # the first by order, shown row by row
    shown.sort(key=lambda run: (run.row, run.column))
    rows = sorted({run.row for run in shown})
    columns = sorted({run.column for run in shown})
    prompts = Axis("prompt", tuple(manifest.prompts[row] for row in rows))
    seeds = Axis("seed", tuple(manifest.seeds[column] for column in columns))
    lanes = []
    for run in shown:
        row, column = rows.index(run.row), columns.index(run.column)
        label = seeds.label(column)
        if len(prompts) > 1:
            label = f"{label} · {prompts.label(row)}"
        found, failure = _open(folder, run, noted if run.name in failed else {})
        lanes.append(CompareLane(found, run.request, label, row, column, failure))
    return Comparison(
        lanes=tuple(lanes),
        column_labels=seeds.labels,
        row_labels=prompts.labels if len(prompts) > 1 else (),
        title=_title(manifest),
        summary=_summary(manifest, len(shown), len(done), len(failed)),
    )


def _open(folder: Path, run: PlannedRun, failures: dict[str, str]) -> tuple[Trajectory | None, str]:
    """The run or what is wrong with it."""
    if run.name in failures:
        return None, failures[run.name]
    try:
        found = mapped.load(folder / run.name)
    except RunFileError as error:
        return None, str(error)
    if found.request != run.request:
        return None, f"'{run.name}' holds another run."
    return found, ""


def _title(manifest: Manifest) -> str:
    seeds = _count(len(manifest.seeds), "seed")
    if len(manifest.prompts) == 1:
        return f"{manifest.prompts[0]} · {seeds}"
    return f"{_count(len(manifest.prompts), 'prompt')} × {seeds}"


def _summary(manifest: Manifest, shown: int, done: int, failed: int) -> str:
    sentences = []
    wanted = len(manifest.prompts) * len(manifest.seeds)
    if done < wanted:
        sentences.append(f"{done} of {wanted} runs of this sweep are made.")
    if failed:
        sentences.append("One of them failed." if failed == 1 else f"{failed} of them failed.")
    if done + failed > shown:
        sentences.append(f"The first {shown} of {done + failed} are shown, seed by seed.")
    return " ".join(sentences)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
