"""How runs cross to the process that encodes them: piece by piece, and without what takes room.

Pickling a run in one go would hold the interpreter's lock for as long as copying it takes. Steps
that several runs share, as branches do, go over once and are shared again on the other side.
Pictures do not go over here at all: the other process asks for each when it comes to it
(``export_pictures``), so that its memory does not grow with their number. No Qt.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from visualizer.diffusion.step import Guidance, Step
from visualizer.diffusion.trajectory import Trajectory
from visualizer.export.exhibit import Exhibit

if TYPE_CHECKING:
    from visualizer.diffusion.arrays import FloatArray
    from visualizer.diffusion.comparison import Comparison
    from visualizer.diffusion.views import View
    from visualizer.session.export_pictures import RunPictures

    Source = Trajectory | Comparison | Exhibit
    PictureKey = tuple[int, int, View]

_NOTHING: Any = np.zeros(0, dtype=np.float32)


@dataclass(frozen=True, eq=False)
class LeanStep(Step):
    """A Step without its numbers: its level, which views it has, and the noise measured in it."""

    measured: float = 0.0

    def measured_noise(self, clean: FloatArray | None = None) -> float:  # noqa: ARG002
        """What was measured before the numbers were left out."""
        return self.measured


@dataclass(frozen=True)
class _Frames:
    """An exhibit whose frames follow, one by one."""

    title: str
    captions: tuple[str, ...]
    milliseconds: int


def runs_of(what: Source) -> list[Trajectory]:
    """The runs of a source, in order; lanes without one are left out."""
    if isinstance(what, Exhibit):
        return []
    if isinstance(what, Trajectory):
        return [what]
    return [lane.run for lane in what.lanes if lane.run is not None]


def pieces_of(
    what: Source, keys: Sequence[Sequence[tuple[int, View]]], *, whole: bool
) -> Iterator[Any]:
    """What is sent, in the order in which ``received`` takes it.

    Args:
        keys: of each run, the pictures that can be had of it.
        whole: send the numbers of every Step; else only what is needed to show it.
    """
    if isinstance(what, Exhibit):
        yield _Frames(what.title, what.captions, what.milliseconds)
        yield from what.frames
        return
    runs = runs_of(what)
    yield _with_runs(what, [_bare(run) for run in runs])
    sent: dict[Step, int] = {}  # by identity: which of the steps sent it was
    for run, has in zip(runs, keys, strict=True):
        numbers = []
        for k, step in enumerate(run.steps):
            if step not in sent:
                sent[step] = len(sent)
                yield step if whole else _lean(run, k)
            numbers.append(sent[step])
        yield numbers, list(has)


def received(
    take: Callable[[], Any], pictures_of: Callable[[int, Sequence[tuple[int, View]]], RunPictures]
) -> Source:
    """What ``pieces_of`` sent, put together again.

    Args:
        take: gives the next piece.
        pictures_of: makes the pictures of the run with a number, which can be asked for by keys.
    """
    what: Trajectory | Comparison | _Frames = take()
    if isinstance(what, _Frames):
        frames = tuple(take() for _ in what.captions)
        return Exhibit(what.title, frames, what.captions, what.milliseconds)
    steps: list[Step] = []
    runs: list[Trajectory] = []
    for number, run in enumerate(runs_of(what)):
        while isinstance(piece := take(), Step):
            steps.append(piece)
        numbers, keys = piece
        own = tuple(steps[n] for n in numbers)
        runs.append(replace(run, steps=own, pictures=pictures_of(number, keys)))
    return _with_runs(what, runs)


def _lean(run: Trajectory, k: int) -> LeanStep:
    step = run.steps[k]
    return LeanStep(
        index=step.index,
        timestep=step.timestep,
        noise_level=step.noise_level,
        latents=_NOTHING,
        prediction=None if step.prediction is None else _NOTHING,
        prediction_type=step.prediction_type,
        stage=step.stage,
        layout=step.layout,
        guidance=None if step.guidance is None else Guidance(_NOTHING),
        measured=run.measured_noise(k),
    )


def _bare(run: Trajectory) -> Trajectory:
    """The same without what takes room."""
    return replace(run, steps=(), pictures={}, decoder=None)


def _with_runs(
    what: Trajectory | Comparison, runs: Sequence[Trajectory]
) -> Trajectory | Comparison:
    """The same with these runs in the place of those it has."""
    if isinstance(what, Trajectory):
        return runs[0]
    left = iter(runs)
    lanes = [lane if lane.run is None else replace(lane, run=next(left)) for lane in what.lanes]
    return replace(what, lanes=tuple(lanes))
