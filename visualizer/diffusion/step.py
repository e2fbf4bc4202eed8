"""Step: one noise level of a run, with what the sampler held and what the model said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from visualizer.diffusion.arrays import FloatArray, read_only
from visualizer.diffusion.layout import GRID, LatentLayout
from visualizer.diffusion.noise import NoiseLevel
from visualizer.diffusion.parameterization import PredictionType, denoised_and_noise

if TYPE_CHECKING:
    from visualizer.diffusion.clipping import Clip


@dataclass(frozen=True, eq=False)
class Trial:
    """A trial evaluation of a higher-order solver (Heun, KDPM2, PNDM): never a point in time."""

    timestep: float
    latents: NDArray[Any]  # as Step.latents
    prediction: NDArray[Any]  # as Step.prediction


@dataclass(frozen=True, eq=False)
class Guidance:
    """What the model said without the prompt, and how far the prompt moved it.

    Classifier-free guidance (Ho & Salimans 2022, eq. 6): prediction = u + w (c − u), where c is
    what the model says with the prompt and u without. Some pipelines bend that (rescaled, partly
    or perturbed-attention guidance): then there is no single w.

    Attributes:
        unconditional: u, in the sign and shape of ``Step.prediction``.
        conditional: c; None where it follows from u, w and the prediction.
        weight: w; None where the prediction is no such mixture.
    """

    unconditional: NDArray[Any]
    conditional: NDArray[Any] | None = None
    weight: float | None = None


@dataclass(frozen=True, eq=False)
class Step:
    """One noise level of a run.

    Attributes:
        index: 0 (pure noise) … N (the final latent).
        stage: the loop of the pipeline this step belongs to, e.g. "prior"; "" when there is only
            one.
        timestep: what the sampler handed to the model; for the last Step of a stage the timestep
            it ended at.
        noise_level: the level of ``latents``.
        latents: the very tensor handed to ``scheduler.step`` as the sample, read-only; its axes
            are told by ``layout``.
        prediction: the very tensor handed to it as the model's output (guidance settled), or None
            for the last Step of a stage.
        prediction_type: what ``prediction`` means; see ``parameterization``.
        trials: what a higher-order solver evaluated between this Step and the next.
        layout: how the numbers lie on the picture.
        clip: how the sampler itself limits x̂₀, or None.
        guidance: what the model said without the prompt; None where it was not asked.
    """

    index: int
    timestep: float
    noise_level: NoiseLevel
    latents: NDArray[Any]  # e.g. (4, 32, 32) float32
    prediction: NDArray[Any] | None
    prediction_type: PredictionType = "epsilon"
    stage: str = ""
    trials: tuple[Trial, ...] = ()
    layout: LatentLayout = GRID
    clip: Clip | None = None
    guidance: Guidance | None = None

    @property
    def denoised(self) -> FloatArray:
        """x̂₀, the model's guess of the clean latent, float32, clipped as the sampler does it."""
        if self.prediction is None:
            return self.latents.astype(np.float32, copy=False)
        return self._guess(self.prediction)

    @property
    def noise(self) -> FloatArray | None:
        """ε̂, the noise the model sees in the latent, float32; None for the last Step."""
        if self.prediction is None:
            return None
        return self._parts(self.prediction)[1]

    @property
    def unprompted(self) -> FloatArray | None:
        """What x̂₀ would have been without the prompt; None where the model was not asked."""
        return None if self.guidance is None else self._guess(self.guidance.unconditional)

    @property
    def guidance_direction(self) -> FloatArray | None:
        """c − u (Ho & Salimans 2022): what the prompt alone asks for, in the prediction's scale."""
        if self.guidance is None:
            return None
        u = self.guidance.unconditional.astype(np.float32, copy=False)
        if self.guidance.conditional is not None:
            return read_only(self.guidance.conditional.astype(np.float32) - u)
        assert self.prediction is not None
        weight = self.guidance.weight or 1.0
        return read_only((self._prediction_like(u) - u) / np.float32(weight))

    @property
    def guidance_strength(self) -> float | None:
        """‖x̂₀ − x̂₀ without the prompt‖ ÷ ‖x̂₀‖: how much of the guess the prompt makes, 0 … about 1.

        Measured in the guess, so that it means the same whatever the model predicts.
        """
        unprompted = self.unprompted
        if unprompted is None:
            return None
        guess = self.denoised
        length = float(np.linalg.norm(guess))
        return float(np.linalg.norm(guess - unprompted)) / length if length else 0.0

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

    def _guess(self, prediction: NDArray[Any]) -> FloatArray:
        guess = self._parts(prediction)[0]
        return guess if self.clip is None else read_only(self.clip.apply(guess))

    def _parts(self, prediction: NDArray[Any]) -> tuple[FloatArray, FloatArray]:
        x = self.latents.astype(np.float32, copy=False)
        output = prediction[: len(x)].astype(np.float32, copy=False)  # without learned variance
        x0, eps = denoised_and_noise(x, output, self.noise_level, self.prediction_type)
        return (
            read_only(np.asarray(x0, dtype=np.float32)),
            read_only(np.asarray(eps, dtype=np.float32)),
        )

    def _prediction_like(self, other: NDArray[Any]) -> FloatArray:
        """The prediction without learned variance, float32."""
        assert self.prediction is not None
        return self.prediction[: len(other)].astype(np.float32, copy=False)
