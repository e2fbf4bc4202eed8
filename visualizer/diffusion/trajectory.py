"""Trajectory: a recorded run, as plain read-only values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from visualizer.diffusion.arrays import FloatArray, Picture, read_only
from visualizer.diffusion.layout import LatentLayout
from visualizer.diffusion.noise import NoiseLevel
from visualizer.diffusion.request import SamplingRequest
from visualizer.diffusion.step import Step
from visualizer.diffusion.views import (
    DIFFERENCES,
    GAINS,
    View,
    channel_sheet,
    difference,
    has_view,
    view_latents,
)

if TYPE_CHECKING:
    from visualizer.diffusion.model import Model


class Decoder(Protocol):
    """Latents to pictures; what a Trajectory needs of a model to show itself."""

    def decode(self, latents: FloatArray, layout: LatentLayout) -> Picture:
        """The exact picture of one clean-scaled latent in its layout: (H, W, 3) uint8."""
        ...


@dataclass(frozen=True)
class ModelIdentity:
    """What a run says of the model that made it: never a path.

    Attributes:
        name: how the window calls it, e.g. "Built-in".
        pipeline_class: e.g. "StableDiffusionPipeline".
        config_hash: SHA-256 of all component configurations.
        weights_hash: SHA-256 over the weights (names, shapes, bytes).
        device, dtype, threads, batch_size: the rest of what decides the bits.
        versions: library versions, e.g. {"torch": "2.13.0"}.
        license: the model's license as it states it, or "".
    """

    name: str
    pipeline_class: str
    config_hash: str
    weights_hash: str
    device: str = "cpu"
    dtype: str = "float32"
    threads: int = 1
    batch_size: int = 1
    versions: Mapping[str, str] = field(default_factory=dict)
    license: str = ""


@dataclass(frozen=True, eq=False)
class Trajectory:
    """A run: data, also when it was cancelled half-way.

    Attributes:
        request: as asked.
        model: who made it.
        steps: N noise levels give N+1 Steps; fewer when cancelled.
        planned: the N+1 noise levels that were planned before the run.
        timesteps: the N timesteps planned, one a level but the last.
        cancelled: True when the run was stopped before its end.
        pictures: stored pictures by (index, view).
        final: the pipeline's own picture (H, W, 3) uint8; None when cancelled.
        sampler: what people call the sampler that ran, e.g. "DPM++ 2M Karras".
        seconds: how long sampling took.
        notice: a sentence on something the person should know (NaN, a truncated prompt), or "".
    """

    request: SamplingRequest
    model: ModelIdentity
    steps: tuple[Step, ...]
    planned: tuple[NoiseLevel, ...]
    cancelled: bool = False
    final: Picture | None = None
    timesteps: tuple[float, ...] = ()
    pictures: Mapping[tuple[int, View], Picture] = field(default_factory=dict)
    sampler: str = ""
    seconds: float = 0.0
    notice: str = ""
    decoder: Decoder | None = field(default=None, repr=False, compare=False)

    def picture(self, k: int, view: View = "noisy") -> Picture:
        """The exact picture of Step k in a view, (H, W, 3) uint8.

        Views: ``noisy`` the decode of x at unit scale; ``denoised`` of x̂₀; ``noise`` of ε̂;
        ``change`` the difference of two consecutive noisy views around mid-gray, amplified
        ``CHANGE_GAIN`` times; ``channels`` the numbers of x at unit scale, one gray picture a
        channel, on one symmetric range for the whole stage; ``unprompted`` of x̂₀ without the
        prompt; ``guidance`` what the prompt makes of that, around mid-gray.

        Raises:
            IndexError: for a step the run does not have.
            LookupError: when the view is empty at this step (``has_view`` says so beforehand), or
                the picture is neither stored nor can be decoded; the text says what to do.
        """
        if not 0 <= k < len(self.steps):
            raise IndexError(f"This run has the steps 0 to {len(self.steps) - 1}, not {k}.")
        if not self.has_view(k, view):
            raise LookupError(f"There is no '{view}' picture at step {k}.")
        step = self.steps[k]
        if view == "channels":
            return channel_sheet(
                step.layout.spatial(step.unit_latents), self.channel_ranges[step.stage]
            )
        if view in DIFFERENCES:
            before, after = DIFFERENCES[view]
            earlier = k - 1 if view == "change" else k
            return difference(self.picture(earlier, before), self.picture(k, after), GAINS[view])
        if k == len(self.steps) - 1 and self.final is not None:
            return self.final
        stored = self.pictures.get((k, view))
        if stored is not None:
            return stored
        if self.decoder is None:
            raise LookupError(
                "This picture is not in the file: open it with its model, "
                "Trajectory.open(path, model=…)."
            )
        return read_only(self.decoder.decode(self.view_latents(k, view), step.layout))

    def has_view(self, k: int, view: View) -> bool:
        """False where a view is empty, e.g. the change at step 0, the noise of the final latent."""
        return has_view(self.steps[k], self.steps[k - 1] if k > 0 else None, view)

    def view_latents(self, k: int, view: View) -> FloatArray:
        """The latent whose decode is the view "noisy", "denoised", "noise" or "unprompted"."""
        return view_latents(self.steps[k], view)

    @cached_property
    def channel_ranges(self) -> dict[str, float]:
        """By stage: the largest |value| of its latents at unit scale; white in the channels."""
        ranges: dict[str, float] = {}
        for s in self.steps:
            peak = float(np.abs(s.unit_latents).max(initial=0))
            ranges[s.stage] = max(ranges.get(s.stage, 0.0), peak if np.isfinite(peak) else 0.0)
        return {stage: peak or 1.0 for stage, peak in ranges.items()}

    def measured_noise(self, k: int) -> float:
        """What is really left of the noise at Step k: against the final latent, if there is one."""
        step = self.steps[k]
        end = self._end_of_stage(k)
        if end is None:
            return step.measured_noise()
        clean = end.latents.astype(np.float32) / max(end.noise_level.signal, 1e-8)
        return step.measured_noise(clean)

    def _end_of_stage(self, k: int) -> Step | None:
        """The final Step of the loop that Step k belongs to; None when it never got there."""
        return next((s for s in self.steps[k:] if s.prediction is None), None)

    def with_decoder(self, decoder: Decoder | None) -> Trajectory:
        """The same run, able to decode what is not stored."""
        return replace(self, decoder=decoder)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "decoder": None}  # a decoder holds weights: never pickled

    def save(self, path: str | Path) -> None:
        """Write a ``.denoise`` file, atomically. See ``runfile.save``."""
        from visualizer.diffusion import runfile

        runfile.save(self, Path(path))

    @classmethod
    def open(cls, path: str | Path, model: Model | None = None) -> Trajectory:
        """Read a ``.denoise`` file; with its model, also views that are not stored decode."""
        from visualizer.diffusion import runfile

        run = runfile.load(Path(path))
        return run if model is None else run.with_decoder(model)
