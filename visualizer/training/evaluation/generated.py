"""The pictures that a model makes of prompts, kept in a folder so that none is made twice."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from visualizer.training.evaluation.prompts import Asked

if TYPE_CHECKING:
    from visualizer.diffusion.model import Model

CHUNK = 32
"""So many pictures are kept in one file: no more are lost by an interruption."""
BATCH = {"cpu": 8}
LARGE_BATCH = 32


@dataclass(frozen=True)
class Settings:
    """How pictures are made.

    Attributes:
        sampler: a key of the program's samplers; None for the model's own.
    """

    steps: int
    guidance_scale: float
    sampler: str | None = None


class Generator:
    """Makes pictures with a model, or finds those that the same weights made before.

    Raises:
        RequestError: when there is no such sampler, or it does not fit the model.
    """

    def __init__(
        self,
        model: Model,
        settings: Settings,
        folder: Path,
        say: Callable[[str], None] = print,
    ) -> None:
        from visualizer.diffusion.samplers import fresh_scheduler

        self.model, self.settings, self._say = model, settings, say
        key = f"{model.identity.weights_hash} {settings}".encode()
        self.folder = folder / hashlib.sha256(key).hexdigest()[:16]
        self.pipeline = model.pipeline
        self.pipeline.scheduler = fresh_scheduler(
            self.pipeline.scheduler, settings.sampler, pipeline=self.pipeline
        )
        self.pipeline.set_progress_bar_config(disable=True)

    def pictures(self, name: str, asked: Sequence[Asked]) -> NDArray[np.uint8]:
        """One picture for each that is asked for, (N, H, W, 3), kept under a name."""
        chunks = []
        for start in range(0, len(asked), CHUNK):
            some = asked[start : start + CHUNK]
            path = self.folder / f"{name}-{start:05d}.npz"
            found = kept(path, some)
            if found is None:
                found = self._made(some)
                keep(path, some, found)
                self._say(f"{name}: {start + len(some)} of {len(asked)} pictures")
            chunks.append(found)
        return np.concatenate(chunks)

    def _made(self, asked: Sequence[Asked]) -> NDArray[np.uint8]:
        batch = BATCH.get(self.model.device, LARGE_BATCH)
        pictures: list[NDArray[np.uint8]] = []
        for start in range(0, len(asked), batch):
            pictures += self.at_once(asked[start : start + batch], self.settings.steps)
        return np.stack(pictures)

    def at_once(self, asked: Sequence[Asked], steps: int) -> list[NDArray[np.uint8]]:
        """Make pictures in one batch, keep nothing."""
        import torch

        made: Any = self.pipeline(
            [one.prompt for one in asked],
            num_inference_steps=steps,
            guidance_scale=self.settings.guidance_scale,
            generator=[torch.Generator().manual_seed(one.seed) for one in asked],
        )
        return [np.asarray(image.convert("RGB")) for image in made.images]


def keep(path: Path, asked: Sequence[Asked], pictures: NDArray[np.uint8]) -> None:
    """Write pictures with their prompts and seeds; an interruption leaves nothing half."""
    from visualizer.diffusion.atomic import replacing

    path.parent.mkdir(parents=True, exist_ok=True)
    prompts, seeds = _labels(asked)
    with replacing(path) as file:
        np.savez_compressed(file, pictures=pictures, prompts=prompts, seeds=seeds)


def kept(path: Path, asked: Sequence[Asked]) -> NDArray[np.uint8] | None:
    """The pictures of a file, if it holds just those that are asked for."""
    prompts, seeds = _labels(asked)
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as held:
            if np.array_equal(held["prompts"], prompts) and np.array_equal(held["seeds"], seeds):
                return np.asarray(held["pictures"], np.uint8)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        pass  # missing or damaged: made again
    return None


def _labels(asked: Sequence[Asked]) -> tuple[NDArray[np.str_], NDArray[np.int64]]:
    return np.array([one.prompt for one in asked]), np.array([one.seed for one in asked])
