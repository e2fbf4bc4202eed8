"""Many pictures, drawn once into a file that every stage reads."""

from __future__ import annotations

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from visualizer.training.architecture import PICTURE_SIZE

SEED = 2024
HELD_OUT_SEED = 77
KINDS = ("scene", "texture")


def pictures(kind: str, folder: Path, seed: int, count: int) -> Path:
    """A file with `count` pictures of a kind, found in `folder` or drawn into it."""
    if kind not in KINDS:
        raise ValueError(f"There are no pictures of the kind {kind!r}; known: {', '.join(KINDS)}.")
    path = folder / f"{kind}s-{seed}-{count}.npy"
    if not path.exists():
        _draw_file(kind, path, seed, count)
    return path


def read(path: Path) -> NDArray[np.uint8]:
    """The pictures of a file, (N, H, W, 3), left on the disk until looked at."""
    drawn: NDArray[np.uint8] = np.load(path, mmap_mode="r")
    return drawn


def _draw_file(kind: str, path: Path, seed: int, count: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    shape = (count, PICTURE_SIZE, PICTURE_SIZE, 3)
    np.lib.format.open_memmap(part, "w+", np.uint8, shape).flush()
    starts = range(0, count, 500)
    if len(starts) == 1:
        _draw_range(kind, part, seed, 0, count)
    else:
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(os.cpu_count(), context) as pool:
            jobs = [
                pool.submit(_draw_range, kind, part, seed, start, min(start + 500, count))
                for start in starts
            ]
            for job in jobs:
                job.result()
    part.replace(path)


def _draw_range(kind: str, path: Path, seed: int, start: int, stop: int) -> None:
    out = np.lib.format.open_memmap(path, "r+")
    if kind == "scene":
        from visualizer.training.world.composition import draw_scene

        for index in range(start, stop):
            out[index] = draw_scene(seed, index)[0]
    else:
        from visualizer.training.textures import draw_texture

        for index in range(start, stop):
            out[index] = draw_texture(seed, index)
    out.flush()
