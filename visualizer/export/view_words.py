"""What people call the views of a step, and what each of them shows. Nothing heavy is imported."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from visualizer.diffusion.views import View

VIEW_NAMES: dict[View, str] = {
    "noisy": "Noisy latent",
    "denoised": "Model's guess",
    "noise": "Predicted noise",
    "change": "Change",
    "channels": "Channels",
    "unprompted": "Without prompt",
    "guidance": "Prompt's pull",
}
"""All views, in their usual order."""
MEANINGS: dict[View, str] = {
    "noisy": "what the sampler holds at this step",
    "denoised": "the picture the model believes is in there",
    "noise": "what the model takes for noise",
    "change": "since the step before, amplified",
    "channels": "the numbers of the latent, a picture for each channel",
    "unprompted": "what the model would guess without the prompt",
    "guidance": "what the prompt changes about the guess",
}
