"""An autoencoder without weights for the live lab: latents are small pictures."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import torch
import torch.nn.functional as F

from visualizer.training.architecture import LATENT_CHANNELS, REDUCTION


@dataclass
class PlainAutoencoder:
    """Means of squares of pixels, red, green and blue again and again; the way back shows three."""

    config: Any = field(default_factory=lambda: SimpleNamespace(scaling_factor=2.0))

    def encode(self, x: torch.Tensor) -> Any:
        small = F.avg_pool2d(x, REDUCTION)
        return SimpleNamespace(latents=small.repeat(1, 8, 1, 1)[:, :LATENT_CHANNELS])

    def decode(self, z: torch.Tensor) -> Any:
        return SimpleNamespace(sample=F.interpolate(z[:, :3], scale_factor=REDUCTION))
