"""How a sampler limits the predicted clean latent x̂₀ before it goes on with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.floating[Any]]

# What the step of each class does with x̂₀; every other class leaves it alone, whatever its
# configuration says: TCD and CogVideoX carry ``clip_sample`` along and never read it.
_THRESHOLDS = frozenset(
    {
        "DDIMScheduler",
        "DDIMParallelScheduler",
        "DDPMScheduler",
        "DDPMParallelScheduler",
        "LCMScheduler",
        "DPMSolverMultistepScheduler",
        "DPMSolverSinglestepScheduler",
        "EDMDPMSolverMultistepScheduler",
        "UniPCMultistepScheduler",
        "DEISMultistepScheduler",
        "SASolverScheduler",
    }
)
_CLIPS = frozenset(
    {
        "DDIMScheduler",
        "DDIMParallelScheduler",
        "DDPMScheduler",
        "DDPMParallelScheduler",
        "LCMScheduler",
        "HeunDiscreteScheduler",
        "UnCLIPScheduler",
    }
)


@dataclass(frozen=True)
class Clip:
    """The range that a sampler forces x̂₀ into.

    Attributes:
        limit: the largest |value|; with a ``quantile`` the largest s.
        quantile: None for a plain clip to ±limit. Otherwise dynamic thresholding (Saharia et al.
            2022, section 2.3): clip to ±s and divide by s, where s is this quantile of |x̂₀|, at
            least 1.
    """

    limit: float
    quantile: float | None = None

    def apply(self, x0: FloatArray) -> FloatArray:
        """x̂₀ of one lane, any shape, as the sampler goes on with it; float32."""
        x0 = np.asarray(x0, dtype=np.float32)
        if self.quantile is None:
            return np.clip(x0, -self.limit, self.limit)
        s = np.quantile(np.abs(x0), self.quantile)
        s = np.float32(min(max(float(s), 1.0), self.limit))
        return np.clip(x0, -s, s) / s


def clipping_of(scheduler: Any) -> Clip | None:
    """How a scheduler limits x̂₀, or None where its step leaves it alone."""
    names = {cls.__name__ for cls in type(scheduler).__mro__}
    config = scheduler.config
    if names & _THRESHOLDS and config.get("thresholding", False):
        return Clip(
            limit=float(config.get("sample_max_value", 1.0)),
            quantile=float(config.get("dynamic_thresholding_ratio", 0.995)),
        )
    if names & _CLIPS and config.get("clip_sample", False):
        return Clip(limit=float(config.get("clip_sample_range", 1.0)))
    return None
