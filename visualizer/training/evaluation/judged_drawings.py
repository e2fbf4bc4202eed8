"""The drawings that the judge learns from, and is examined with.

They show every combination alike, also those that the model's training never shows: the judge has
to see what a picture shows, not what is usual.
"""

from __future__ import annotations

import os
import random
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from visualizer.training.cores import done_in_order
from visualizer.training.evaluation.judge import SIDE
from visualizer.training.world.subjects import Subject, choose_any_subject

SEED = 31
UNSEEN_SEED = 32
EMPTY_SHARE = 0.04
"""Of its drawings show no thing: a model may leave out what it was asked for."""
_AT_ONCE = 500


def judged_subject(seed: int, index: int) -> tuple[Subject, random.Random]:
    """What drawing `index` for the judge shows, and the generator that goes on to draw it."""
    rng = random.Random(f"judge {seed} {index}")
    subject = choose_any_subject(rng)
    if rng.random() < EMPTY_SHARE:
        subject = Subject((), subject.place, subject.time)
    return subject, rng


def judged_drawing(seed: int, index: int) -> NDArray[np.uint8]:
    """Drawing `index` for the judge, (256, 256, 3)."""
    from visualizer.training.world.composition import draw_subject

    return draw_subject(*judged_subject(seed, index))


def small(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A picture averaged down to (128, 128, 3), as the judge looks at it."""
    times = len(picture) // SIDE
    blocks = picture.reshape(SIDE, times, SIDE, times, 3).astype(np.float32)
    return np.asarray(blocks.mean((1, 3)).round(), np.uint8)


def small_drawings(folder: Path, seed: int, count: int) -> Path:
    """The file with `count` small drawings, found in `folder` or drawn into it."""
    path = folder / f"judge-{seed}-{count}.npy"
    if path.exists():
        return path
    folder.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    np.lib.format.open_memmap(part, "w+", np.uint8, (count, SIDE, SIDE, 3)).flush()
    parts = [(start, min(start + _AT_ONCE, count)) for start in range(0, count, _AT_ONCE)]
    for _ in done_in_order(partial(_draw_range, part, seed), parts):
        pass
    part.replace(path)
    return path


def _draw_range(path: Path, seed: int, start: int, stop: int) -> None:
    out = np.lib.format.open_memmap(path, "r+")
    for index in range(start, stop):
        out[index] = small(judged_drawing(seed, index))
    out.flush()
