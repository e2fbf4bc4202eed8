"""Small runs made by hand, for tests of what happens to a run after it was sampled."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from visualizer.diffusion.arrays import Picture, read_only
from visualizer.diffusion.layout import LatentLayout
from visualizer.diffusion.noise import NoiseLevel
from visualizer.diffusion.request import SamplingRequest
from visualizer.diffusion.step import Step, Trial
from visualizer.diffusion.trajectory import ModelIdentity, Trajectory
from visualizer.diffusion.views import View

SIZE = 32  # pixels


def make_picture(share: float, seed: int = 0, size: int = SIZE) -> Picture:
    """A sunset under static: ``share`` of it is noise."""
    y = np.linspace(0, 1, size)[:, None, None]
    sky = np.broadcast_to((1 - y) * [250, 160, 60] + y * [70, 40, 90], (size, size, 3))
    static = np.random.default_rng(seed).normal(128, 60, (size, size, 3))
    mixed = np.sqrt(1 - share) * (sky - 128) + np.sqrt(share) * (static - 128) + 128
    return read_only(np.clip(mixed, 0, 255).astype(np.uint8))


class StandInDecoder:
    """Decodes any latent to one grey picture that depends on its mean, and counts the calls."""

    def __init__(self) -> None:
        self.calls = 0

    def decode(self, latents: NDArray[Any], layout: LatentLayout) -> Picture:
        self.calls += 1
        grey = int(np.clip(128 + 60 * float(latents.mean()), 0, 255))
        return np.full((SIZE, SIZE, 3), grey, dtype=np.uint8)


def make_run(
    steps: int = 6,
    *,
    prompt: str = "a red Ferrari on a mountain road at sunset",
    seed: int = 7,
    stop_after: int | None = None,
    pictures: bool | dict[tuple[int, View], Picture] = True,
    trials: int = 0,
    size: int = SIZE,
    **changes: Any,
) -> Trajectory:
    """A run of ``steps`` noise levels; ``stop_after`` leaves only that many Steps."""
    rng = np.random.default_rng(seed)

    def array() -> NDArray[np.float32]:
        return read_only(rng.standard_normal((8, 16, 16), dtype=np.float32))

    levels = tuple(
        NoiseLevel.from_alpha_bar(1 - (1 - k / steps) ** 1.5 if steps else 1.0)
        for k in range(steps + 1)
    )
    made = tuple(
        Step(
            index=k,
            timestep=round(999 * (1 - k / steps)) if steps else 0,
            noise_level=levels[k],
            latents=array(),
            prediction=array() if k < steps else None,
            trials=tuple(Trial(k + 0.5, array(), array()) for _ in range(trials)),
        )
        for k in range(steps + 1)
    )
    stopped = stop_after is not None
    made = made[:stop_after] if stopped else made
    stored: dict[tuple[int, View], Picture] = {}
    if isinstance(pictures, dict):
        stored = pictures
    elif pictures:
        for k in range(len(made)):
            stored[k, "noisy"] = make_picture(levels[k].noise_share, seed + k, size)
            stored[k, "denoised"] = make_picture(levels[k].noise_share / 4, seed, size)
    request = changes.pop("request", None) or SamplingRequest(
        prompt=prompt, seed=seed, steps=max(1, steps), guidance_scale=3.0
    )
    values: dict[str, Any] = {
        "request": request,
        "model": ModelIdentity(
            "Built-in", "StableDiffusionPipeline", "c" * 64, "d" * 64, versions={"torch": "2.13.0"}
        ),
        "steps": made,
        "planned": levels,
        "timesteps": tuple(999 * (1 - k / steps) for k in range(steps)),
        "cancelled": stopped,
        "final": None if stopped else make_picture(0.0, size=size),
        "pictures": stored,
        "sampler": "DDIM",
        "seconds": 0.75,
    }
    return Trajectory(**{**values, **changes})
