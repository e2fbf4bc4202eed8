"""Many pictures, drawn once into a file that every stage reads."""

from __future__ import annotations

import io
import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import numpy as np
from numpy.typing import NDArray

from visualizer.training.architecture import PICTURE_SIZE

T = TypeVar("T")

SEED = 2024
HELD_OUT_SEED = 77
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


def done_in_order(
    work: Callable[[int, int], T],
    parts: Sequence[tuple[int, int]],
    prepare: Callable[..., None] | None = None,
    *args: Any,
) -> Iterator[T]:
    """What `work(start, stop)` gives for each part in order, done by all cores, a few ahead.

    Args:
        prepare: called with `args` in each process before its first part.
    """
    if len(parts) < 2:
        if parts and prepare is not None:
            prepare(*args)
        yield from (work(*part) for part in parts)
        return
    cores = os.cpu_count() or 1
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(cores, context, prepare, args) as pool:
        ahead: deque[Future[T]] = deque()
        for part in parts:
            ahead.append(pool.submit(work, *part))
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
