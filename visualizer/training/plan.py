"""What is drawn for the training of the built-in model, and how long each stage takes."""

from __future__ import annotations

from typing import Final

SEED: Final = 2024
"""Of the scenes that are learned from: ``draw_scene(SEED, i)`` draws scene i again."""
HELD_OUT_SEED: Final = 77
"""Of the scenes that the autoencoder is measured with."""
SCENES: Final = 100_000
"""The denoiser learns from the scenes 0…SCENES−1, as latents."""
PICTURED_SCENES: Final = 16_000
"""The autoencoder learns from the first of them, as pictures."""
TEXTURES: Final = 4_000
"""Pictures that are no scenes, beside those."""
SHARES: Final = {"autoencoder": 0.2, "denoiser": 0.7, "decoder": 0.1}
"""Of the time for all three stages."""
MINUTES: Final = {"cpu": 420.0, "cuda": 40.0}
"""For all three stages: a night on two cores, or a coffee on a large GPU."""
