"""Many pictures, drawn once into a file that every stage reads."""

from __future__ import annotations

import io
import multiprocessing
import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

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


def drawn_scenes(seed: int, start: int, stop: int, at_once: int) -> Iterator[NDArray[np.uint8]]:
    """Scenes start…stop−1 of a seed in order, so many at once, (n, H, W, 3), drawn by all cores.

    Only a few are drawn ahead of what is taken.
    """
    parts = [(k, min(k + at_once, stop)) for k in range(start, stop, at_once)]
    if len(parts) < 2:
        yield from (_scenes(seed, *part) for part in parts)
        return
    cores = os.cpu_count() or 1
    with ProcessPoolExecutor(cores, multiprocessing.get_context("spawn")) as pool:
        ahead: deque[Future[NDArray[np.uint8]]] = deque()
        for part in parts:
            ahead.append(pool.submit(_scenes, seed, *part))
            if len(ahead) > 2 * cores:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()


@contextmanager
def opened_rows(path: Path, shape: tuple[int, ...]) -> Iterator[tuple[BinaryIO, int]]:
    """A file of one float16 array that is written row after row, and how many are there already.

    What is of another shape is begun anew, half a row is cut off; after the last one it is a
    whole .npy file.
    """
    written = io.BytesIO()
    header = {"descr": "<f2", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(written, header)
    head = written.getvalue()
    row = 2 * int(np.prod(shape[1:]))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    with path.open("r+b") as file:
        done = 0
        if file.read(len(head)) == head:
            done = (path.stat().st_size - len(head)) // row
        else:
            file.seek(0)
            file.write(head)
        file.seek(len(head) + done * row)
        file.truncate()
        yield file, done


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
        out[start:stop] = _scenes(seed, start, stop)
    else:
        from visualizer.training.textures import draw_texture

        for index in range(start, stop):
            out[index] = draw_texture(seed, index)
    out.flush()


def _scenes(seed: int, start: int, stop: int) -> NDArray[np.uint8]:
    from visualizer.training.world.composition import draw_scene

    return np.stack([draw_scene(seed, index)[0] for index in range(start, stop)])
