"""The views: which latent of a Step is shown, and the pictures that are made without a decoder."""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from visualizer.diffusion.arrays import FloatArray, Picture, read_only
from visualizer.diffusion.step import Step

View = Literal["noisy", "denoised", "noise", "change", "channels", "unprompted", "guidance"]
VIEWS: tuple[View, ...] = get_args(View)
DIFFERENCES: dict[str, tuple[View, View]] = {
    "change": ("noisy", "noisy"),
    "guidance": ("unprompted", "denoised"),
}
"""Views that are a difference of two others: what comes before ("change": of the step before), and
what comes after."""
CHANGE_GAIN = 4.0
"""How much the "change" view amplifies the difference of two consecutive noisy views."""
GUIDANCE_GAIN = 1.0
"""The "guidance" view is not amplified: at first the prompt changes nearly everything."""
GAINS = {"change": CHANGE_GAIN, "guidance": GUIDANCE_GAIN}


def has_view(step: Step, before: Step | None, view: View) -> bool:
    """Whether there is something to show of a Step in a view.

    Args:
        before: the Step before it in the run, or None.
    """
    if view == "channels":
        return True
    if not step.layout.shown:
        return False
    if view == "change":
        return before is not None and before.stage == step.stage and before.prediction is not None
    if view in ("unprompted", "guidance"):
        return step.guidance is not None
    return view != "noise" or step.prediction is not None


def view_latents(step: Step, view: View) -> FloatArray:
    """The latent whose decode is a view of one Step, float32, in the Step's layout.

    Raises:
        LookupError: when the view is empty at this step, or is no decode of a latent.
    """
    latents = None
    if view == "noisy":
        latents = step.unit_latents if step.prediction is not None else step.denoised
    elif view == "denoised":
        latents = step.denoised
    elif view == "noise":
        latents = step.noise
    elif view == "unprompted":
        latents = step.unprompted
    if latents is None:
        raise LookupError(f"There is no latent for the view '{view}' at step {step.index}.")
    return latents


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
