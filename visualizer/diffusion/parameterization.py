"""What the network says, turned into the predicted clean latent x̂₀ and the predicted noise ε̂."""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from visualizer.diffusion.noise import NoiseLevel

PredictionType = Literal[
    "epsilon", "v_prediction", "sample", "flow_prediction", "edm_epsilon", "edm_v_prediction"
]
PREDICTION_TYPES: tuple[str, ...] = get_args(PredictionType)

EDM_SIGMA_DATA = 0.5
"""σ_data of the two "edm" types: the spread of the data that the network was scaled for."""

FloatArray = NDArray[np.floating[Any]]


def denoised_and_noise(
    x: FloatArray, prediction: FloatArray, level: NoiseLevel, prediction_type: PredictionType
) -> tuple[FloatArray, FloatArray]:
    """(x̂₀, ε̂) from a noisy latent and the network's output, so that x = signal·x̂₀ + noise·ε̂.

    Args:
        x: the latent as the sampler holds it, in ``level``'s scale, any shape.
        prediction: the model's output, of x's shape.
        level: the noise level of x.
        prediction_type: ε (Ho et al. 2020), v (Salimans & Ho 2022, in the scale in which
            signal² + noise² = 1), x₀, the velocity u = ε − x₀ (Lipman et al. 2023), or F of
            Karras et al. 2022 (eq. 7), whose x̂₀ = c_skip·x ± c_out·F: + for "edm_epsilon",
            − for "edm_v_prediction".

    From ε at pure noise, and from x₀ or F at none, the other part is undefined: zeros then.

    Raises:
        ValueError: for a prediction type that does not exist.
    """
    if prediction_type == "flow_prediction":
        # x = (1−σ) x₀ + σ ε and u = ε − x₀; written for any signal + noise = s
        s = level.signal + level.noise
        return (x - level.noise * prediction) / s, (x + level.signal * prediction) / s
    # to the VP scale, in which a² + b² = 1 and the other predictions are defined
    scale = level.scale
    a, b, x = level.signal / scale, level.noise / scale, x / scale
    if prediction_type == "epsilon":
        if a < 1e-6:  # nothing of the picture is left in x: the best guess is the mean
            return np.zeros_like(x), prediction
        return (x - b * prediction) / a, prediction
    if prediction_type == "v_prediction":
        return a * x - b * prediction, b * x + a * prediction
    if prediction_type == "sample":
        return prediction, _noise_left(x, prediction, a, b)
    if prediction_type in ("edm_epsilon", "edm_v_prediction"):
        sign = 1 if prediction_type == "edm_epsilon" else -1
        denoised = _edm_denoised(x, sign * prediction, a, b)
        return denoised, _noise_left(x, denoised, a, b)
    raise ValueError(f"There is no prediction type '{prediction_type}'.")


def _edm_denoised(x: FloatArray, F: FloatArray, a: float, b: float) -> FloatArray:
    """Karras et al. 2022, eq. 7 with c_skip and c_out of table 1, in the VP scale, σ = b/a."""
    spread = (b**2 + (EDM_SIGMA_DATA * a) ** 2) ** 0.5
    c_skip, c_out = EDM_SIGMA_DATA**2 * a / spread**2, EDM_SIGMA_DATA * b / spread
    return np.asarray(c_skip * x + c_out * F)


def _noise_left(x: FloatArray, denoised: FloatArray, a: float, b: float) -> FloatArray:
    """ε̂ from x = a x̂₀ + b ε̂; zeros where there is no noise."""
    return np.zeros_like(x) if b < 1e-6 else (x - a * denoised) / b
