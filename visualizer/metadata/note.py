"""Note: what a file is told of how it was made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from visualizer import __version__
from visualizer.diffusion.request import SamplingRequest, clean_text

if TYPE_CHECKING:
    from visualizer.diffusion.comparison import CompareLane, Comparison
    from visualizer.diffusion.trajectory import Trajectory

FORMAT = "denoising-visualizer"
VERSION = 1
PROGRAM = f"Denoising Visualizer {__version__}"


@dataclass(frozen=True)
class LaneNote:
    """One run, as a file is told of it.

    Attributes:
        request: as asked.
        label: what sets it apart in a comparison, or "".
        model: the name of the model, or "" where nothing ran.
        model_hash: the SHA-256 of its weights, or "".
        sampler: what ran, as people call it, or "".
        steps: how many were planned; None where nothing ran.
        size: width and height of the picture, pixels; None where there is none.
    """

    request: SamplingRequest
    label: str = ""
    model: str = ""
    model_hash: str = ""
    sampler: str = ""
    steps: int | None = None
    size: tuple[int, int] | None = None

    def to_json(self) -> dict[str, Any]:
        """JSON values only."""
        values: dict[str, Any] = {"request": self.request.to_json()}
        if self.model or self.model_hash:
            values["model"] = {"name": self.model, "weights": self.model_hash}
        if self.sampler:
            values["sampler"] = self.sampler
        if self.steps is not None:
            values["steps"] = self.steps
        if self.size is not None:
            values["size"] = list(self.size)
        return values


@dataclass(frozen=True)
class Note:
    """What a file is told.

    Attributes:
        lanes: the runs; one for the file of a single run.
        comparison: whether they are the runs of a comparison.
        title: of a comparison, or "".
    """

    lanes: tuple[LaneNote, ...]
    comparison: bool = False
    title: str = ""

    def to_json(self) -> dict[str, Any]:
        """JSON values only; the inverse is ``own.from_values``."""
        values: dict[str, Any] = {"format": FORMAT, "version": VERSION, "program": PROGRAM}
        if not self.comparison:
            return {**values, **self.lanes[0].to_json()}
        lanes = [{"label": lane.label, **lane.to_json()} for lane in self.lanes]
        return {**values, "comparison": {"title": self.title, "lanes": lanes}}


def note_of(run: Trajectory) -> Note:
    """What the files of a run are told."""
    return Note((_lane(run.request, run),))


def note_of_comparison(comparison: Comparison) -> Note:
    """What the files of a comparison are told: the request of every lane."""
    lanes = tuple(_compared(lane) for lane in comparison.lanes)
    return Note(lanes, comparison=True, title=clean_text(comparison.title))


def _compared(lane: CompareLane) -> LaneNote:
    return _lane(lane.request, lane.run, clean_text(lane.label))


def _lane(request: SamplingRequest, run: Trajectory | None, label: str = "") -> LaneNote:
    if run is None:
        return LaneNote(request, label)
    shape = None if run.final is None else run.final.shape
    return LaneNote(
        request,
        label,
        model=clean_text(run.model.name),
        model_hash=clean_text(run.model.weights_hash),
        sampler=clean_text(run.sampler),
        steps=max(len(run.planned) - 1, 0) or None,
        size=None if shape is None else (int(shape[1]), int(shape[0])),
    )


def is_note(values: Mapping[str, Any]) -> bool:
    """Whether JSON values are a note of ours, of this version or an older one."""
    return isinstance(values.get("request"), dict) or isinstance(values.get("comparison"), dict)
