"""Small comparisons made by hand, for tests of what grids are exported to."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.example_runs import make_run
from visualizer.diffusion.comparison import CompareLane, Comparison
from visualizer.diffusion.trajectory import Trajectory


def make_grid(*runs: Trajectory | None, columns: int = 2, **changes: Any) -> Comparison:
    """Lanes row by row; None is a lane that failed before its first step."""
    request = next(run.request for run in runs if run is not None)
    lanes = tuple(
        CompareLane(
            run,
            run.request if run is not None else replace(request, seed=i),
            f"seed {run.request.seed if run is not None else i}",
            *divmod(i, columns),
            failure="" if run is not None else "Memory ran out. Try a smaller size.",
        )
        for i, run in enumerate(runs)
    )
    return Comparison(lanes, **changes)


def four_seeds(steps: int = 4, size: int = 256) -> Comparison:
    """Two by two, of pictures that need no enlargement."""
    return make_grid(*(make_run(steps, seed=seed, size=size) for seed in (1, 20, 300, 4000)))
