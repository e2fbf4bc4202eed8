"""What the network says, turned into the predicted clean latent x̂₀ and the predicted noise ε̂."""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from visualizer.diffusion.noise import NoiseLevel

PredictionType = Literal["epsilon", "v_prediction", "sample", "flow_prediction"]
PREDICTION_TYPES: tuple[str, ...] = get_args(PredictionType)

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
            signal² + noise² = 1), x₀, or the velocity u = ε − x₀ (Lipman et al. 2023).

    From ε at pure noise, and from x₀ at none, the other part is undefined: zeros then.

    Raises:
        ValueError: for a prediction type that does not exist.
    """
    if prediction_type == "flow_prediction":
        # x = (1−σ) x₀ + σ ε and u = ε − x₀; written for any signal + noise = s
        s = level.signal + level.noise
        return (x - level.noise * prediction) / s, (x + level.signal * prediction) / s
    # to the VP scale, in which a² + b² = 1 and the three other predictions are defined
    scale = level.scale
    a, b, x = level.signal / scale, level.noise / scale, x / scale
    if prediction_type == "epsilon":
        if a < 1e-6:  # nothing of the picture is left in x: the best guess is the mean
            return np.zeros_like(x), prediction
        return (x - b * prediction) / a, prediction
    if prediction_type == "v_prediction":
        return a * x - b * prediction, b * x + a * prediction
    if prediction_type == "sample":
        if b < 1e-6:
            return prediction, np.zeros_like(x)
        return prediction, (x - a * prediction) / b
    raise ValueError(f"There is no prediction type '{prediction_type}'.")
