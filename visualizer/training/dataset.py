"""Many pictures, drawn once into a file that every stage reads."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from visualizer.training.architecture import PICTURE_SIZE
from visualizer.training.cores import done_in_order

KINDS = ("scene", "texture")


def pictures(kind: str, folder: Path, seed: int, count: int) -> Path:
    """A file with `count` pictures of a kind, found in `folder` or drawn into it."""
    if kind not in KINDS:
        raise ValueError(f"There are no pictures of the kind {kind!r}; known: {', '.join(KINDS)}.")
    path = place_of(kind, folder, seed, count)
    if not path.exists():
        _draw_file(kind, path, seed, count)
    return path


def place_of(kind: str, folder: Path, seed: int, count: int) -> Path:
    """Where `pictures` looks for them."""
    return folder / f"{kind}s-{seed}-{count}.npy"


def read(path: Path) -> NDArray[np.uint8]:
    """The pictures of a file, (N, H, W, 3), left on the disk until looked at."""
    drawn: NDArray[np.uint8] = np.load(path, mmap_mode="r")
    return drawn


def _draw_file(kind: str, path: Path, seed: int, count: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    shape = (count, PICTURE_SIZE, PICTURE_SIZE, 3)
    np.lib.format.open_memmap(part, "w+", np.uint8, shape).flush()
    parts = [(start, min(start + 500, count)) for start in range(0, count, 500)]
    for _ in done_in_order(partial(_draw_range, kind, part, seed), parts):
        pass
    part.replace(path)


def _draw_range(kind: str, path: Path, seed: int, start: int, stop: int) -> None:
    out = np.lib.format.open_memmap(path, "r+")
    if kind == "scene":
        out[start:stop] = scenes(seed, start, stop)
    else:
        from visualizer.training.textures import draw_texture

        for index in range(start, stop):
            out[index] = draw_texture(seed, index)
    out.flush()


def scenes(seed: int, start: int, stop: int) -> NDArray[np.uint8]:
    """Scenes start…stop−1 of a seed, (n, H, W, 3)."""
    from visualizer.training.world.composition import draw_scene

    return np.stack([draw_scene(seed, index)[0] for index in range(start, stop)])
