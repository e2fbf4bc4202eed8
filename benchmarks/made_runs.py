"""Runs that nobody sampled: as many steps and pixels as a question needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from visualizer.diffusion.arrays import Picture, read_only
from visualizer.diffusion.noise import NoiseLevel
from visualizer.diffusion.request import SamplingRequest
from visualizer.diffusion.step import Step
from visualizer.diffusion.trajectory import ModelIdentity, Trajectory
from visualizer.diffusion.views import View

SCENES = 24


class MadePictures(Mapping[tuple[int, View], Picture]):
    """Pictures that are made when they are looked at: static that clears up into a scene.

    ``SCENES`` pictures are held; each picture is one of them, moved to the side: what moves on is
    different in every pixel, as static is, and costs a copy.

    Args:
        steps: how many there are, of the noisy view.
        side: width and height, pixels.
    """

    def __init__(self, steps: int, side: int) -> None:
        self._steps = steps
        static = np.random.default_rng(7).normal(0, 60, (side, side, 3)).astype(np.float32)
        y, x = np.mgrid[0 : 1 : side * 1j, 0 : 1 : side * 1j].astype(np.float32)[..., None]
        scene = (1 - y) * [250, 160, 60] + y * [70, 40, 90] + 30 * np.sin(9 * x) * y - 128
        shares = np.linspace(1, 0, min(steps, SCENES))
        self._scenes = [
            read_only(
                np.clip(np.sqrt(1 - share) * scene + np.sqrt(share) * static + 128, 0, 255).astype(
                    np.uint8
                )
            )
            for share in shares
        ]

    def __getitem__(self, key: tuple[int, View]) -> Picture:
        k, view = key
        if view != "noisy" or not 0 <= k < self._steps:
            raise KeyError(key)
        scene = self._scenes[k * len(self._scenes) // self._steps]
        return read_only(np.roll(scene, 17 * (self._steps - 1 - k), axis=1))

    def __iter__(self) -> Iterator[tuple[int, View]]:
        return ((k, "noisy") for k in range(self._steps))

    def __len__(self) -> int:
        return self._steps


def noisy_run(frames: int, side: int, *, kept: bool = True) -> Trajectory:
    """A run with one picture a frame.

    Args:
        kept: all pictures are arrays that are there; else each is made whenever it is looked at.
    """
    made = MadePictures(frames, side)
    last = frames - 1
    levels = tuple(NoiseLevel.from_alpha_bar((k / last) ** 1.5) for k in range(frames))
    latents = read_only(np.random.default_rng(1).standard_normal((4, 16, 16), dtype=np.float32))
    steps = tuple(
        Step(k, 999 * (1 - k / last), levels[k], latents, latents if k < last else None)
        for k in range(frames)
    )
    return Trajectory(
        request=SamplingRequest("a sunset over hills", seed=7, steps=last, guidance_scale=5.0),
        model=ModelIdentity("Made", "StableDiffusionPipeline", "c" * 64, "d" * 64),
        steps=steps,
        planned=levels,
        timesteps=tuple(999 * (1 - k / last) for k in range(last)),
        final=made[last, "noisy"],
        pictures=dict(made) if kept else made,
        sampler="DDIM",
    )
