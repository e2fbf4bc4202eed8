"""Step and Trajectory: a recorded run, as plain read-only values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar, get_args

import numpy as np
from numpy.typing import NDArray

from visualizer.diffusion.noise import NoiseLevel
from visualizer.diffusion.parameterization import FloatArray, PredictionType, denoised_and_noise
from visualizer.diffusion.request import SamplingRequest

if TYPE_CHECKING:
    from visualizer.diffusion.model import Model

Picture = NDArray[np.uint8]  # (H, W, 3)
View = Literal["noisy", "denoised", "noise", "change", "channels"]
VIEWS: tuple[View, ...] = get_args(View)
ScalarT = TypeVar("ScalarT", bound=np.generic)
CHANGE_GAIN = 4.0
"""How much the "change" view amplifies the difference of two consecutive noisy views."""


class Decoder(Protocol):
    """Latents to pictures; what a Trajectory needs of a model to show itself."""

    def decode(self, latents: FloatArray) -> Picture:
        """The exact picture of one clean-scaled latent: (C, h, w) float32 ► (H, W, 3) uint8."""
        ...


@dataclass(frozen=True, eq=False)
class Trial:
    """A trial evaluation of a higher-order solver (Heun, KDPM2, PNDM): never a point in time."""

    timestep: float
    latents: NDArray[Any]  # as Step.latents
    prediction: NDArray[Any]  # as Step.prediction


@dataclass(frozen=True, eq=False)
class Step:
    """One noise level of a run.

    Attributes:
        index: 0 (pure noise) … N (the final latent).
        stage: the loop of the pipeline this step belongs to; "" when there is only one.
        timestep: what the sampler handed to the model; for the last Step the timestep it ended at.
        noise_level: the level of ``latents``.
        latents: the very tensor handed to ``scheduler.step`` as the sample, (C, h, w), read-only.
        prediction: the very tensor handed to it as the model's output (guidance settled), or None
            for the last Step.
        prediction_type: what ``prediction`` means; see ``parameterization``.
        trials: what a higher-order solver evaluated between this Step and the next.
    """

    index: int
    timestep: float
    noise_level: NoiseLevel
    latents: NDArray[Any]  # (8, 16, 16) float32 for the built-in model
    prediction: NDArray[Any] | None
    prediction_type: PredictionType = "epsilon"
    stage: str = ""
    trials: tuple[Trial, ...] = ()

    @cached_property
    def _parts(self) -> tuple[FloatArray, FloatArray | None]:
        x = self.latents.astype(np.float32, copy=False)
        if self.prediction is None:
            return x, None
        prediction = self.prediction[: len(x)].astype(np.float32, copy=False)  # learned variance
        parts = denoised_and_noise(x, prediction, self.noise_level, self.prediction_type)
        return tuple(read_only(np.asarray(p, dtype=np.float32)) for p in parts)  # type: ignore[return-value]

    @property
    def denoised(self) -> FloatArray:
        """x̂₀, the model's guess of the clean latent, (C, h, w) float32."""
        return self._parts[0]

    @property
    def noise(self) -> FloatArray | None:
        """ε̂, the noise the model sees in the latent, (C, h, w) float32; None for the last Step."""
        return self._parts[1]

    @property
    def unit_latents(self) -> FloatArray:
        """x / √(signal² + noise²): the same static under every sampler for one seed."""
        scaled = self.latents.astype(np.float32, copy=False) / self.noise_level.scale
        return np.asarray(scaled, dtype=np.float32)

    def measured_noise(self, clean: FloatArray | None = None) -> float:
        """The standard deviation of x − signal·x₀: the noise that is really left.

        Args:
            clean: the final latent once it is known; the current guess x̂₀ otherwise.
        """
        clean = self.denoised if clean is None else clean
        x = self.latents.astype(np.float32, copy=False)
        return float(np.std(x - self.noise_level.signal * clean))


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
        channel, on one symmetric range for the whole run.

        Raises:
            IndexError: for a step the run does not have.
            LookupError: when the view is empty at this step (``has_view`` says so beforehand), or
                the picture is neither stored nor can be decoded; the text says what to do.
        """
        if not 0 <= k < len(self.steps):
            raise IndexError(f"This run has the steps 0 to {len(self.steps) - 1}, not {k}.")
        if not self.has_view(k, view):
            raise LookupError(f"There is no '{view}' picture at step {k}.")
        if view == "channels":
            return channel_sheet(self.steps[k].unit_latents, self.channel_range)
        if view == "change":
            return difference(self.picture(k - 1, "noisy"), self.picture(k, "noisy"))
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
        latents = self.view_latents(k, view)
        return read_only(self.decoder.decode(latents))

    def has_view(self, k: int, view: View) -> bool:
        """False where a view is empty: the change at step 0, the noise of the final latent."""
        if view == "change":
            return k > 0
        return view != "noise" or self.steps[k].prediction is not None

    def view_latents(self, k: int, view: View) -> FloatArray:
        """The latent whose decode is the view "noisy", "denoised" or "noise", (C, h, w)."""
        return view_latents(self.steps[k], view)

    @cached_property
    def channel_range(self) -> float:
        """The largest |value| of all unit-scale latents: the channels' symmetric range."""
        peaks = [float(np.abs(s.unit_latents).max(initial=0)) for s in self.steps]
        return max([p for p in peaks if np.isfinite(p)] or [1.0]) or 1.0

    def measured_noise(self, k: int) -> float:
        """What is really left of the noise at Step k: against the final latent, if there is one."""
        if self.cancelled or not self.steps:
            return self.steps[k].measured_noise()
        last = self.steps[-1]
        clean = last.latents.astype(np.float32) / max(last.noise_level.signal, 1e-8)
        return self.steps[k].measured_noise(clean)

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


def view_latents(step: Step, view: View) -> FloatArray:
    """The latent whose decode is a view of one Step, (C, h, w) float32, at the model's scale."""
    if view == "noisy":
        return step.unit_latents if step.prediction is not None else step.denoised
    if view == "denoised":
        return step.denoised
    if view == "noise" and step.noise is not None:
        return step.noise
    raise LookupError(f"There is no latent for the view '{view}' at step {step.index}.")


def view_noise_share(step: Step, view: View) -> float:
    """The variance share of noise, 0 … 1, in the latent that ``view_latents`` gives."""
    if view == "noise":
        return 1.0
    noisy = view == "noisy" and step.prediction is not None
    return step.noise_level.noise_share if noisy else 0.0


def difference(before: Picture, after: Picture, gain: float = CHANGE_GAIN) -> Picture:
    """after − before around mid-gray, amplified: (H, W, 3) uint8."""
    change = (after.astype(np.float32) - before.astype(np.float32)) * gain + 127.5
    return read_only(np.clip(change.round(), 0, 255).astype(np.uint8))


def channel_sheet(latents: NDArray[Any], limit: float) -> Picture:
    """Latent channels side by side, gray, −limit black to +limit white, hard pixels.

    (C, h, w) ► (rows·h, columns·w, 3) uint8, one blank pixel between channels.
    """
    x = np.nan_to_num(np.asarray(latents, dtype=np.float32))
    x = x.reshape(-1, *x.shape[-2:]) if x.ndim >= 3 else x.reshape(1, *x.shape)
    count, h, w = x.shape
    # whole rows, as square as they come: an empty cell would look like a channel
    rows = max(n for n in range(1, int(np.sqrt(count)) + 1) if count % n == 0)
    columns = count // rows
    sheet = np.full((rows * (h + 1) - 1, columns * (w + 1) - 1), 127, dtype=np.uint8)
    gray = np.clip((x / limit + 1) * 127.5, 0, 255).round().astype(np.uint8)
    for i in range(count):
        top, left = (i // columns) * (h + 1), (i % columns) * (w + 1)
        sheet[top : top + h, left : left + w] = gray[i]
    return read_only(np.repeat(sheet[:, :, None], 3, axis=2))


def read_only(array: NDArray[ScalarT]) -> NDArray[ScalarT]:
    """The same array, no longer writable."""
    array.flags.writeable = False
    return array
