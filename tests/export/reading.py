"""Reading written files again with Pillow and PyAV, and pictures to write: for several tests."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from visualizer.diffusion.trajectory import Trajectory
from visualizer.export.film import Film, film_of
from visualizer.export.options import ExportOptions


def film(run: Trajectory, **options: Any) -> Film:
    """The film of a run under options."""
    return film_of(run, ExportOptions(**options))


def frames_of(path: Path) -> list[NDArray[np.uint8]]:
    """The frames of an animation, (H, W, 3) uint8."""
    found = []
    with Image.open(path) as image:
        for k in range(getattr(image, "n_frames", 1)):
            image.seek(k)
            found.append(np.asarray(image.convert("RGB")))
    return found


def durations_of(path: Path) -> list[float]:
    """How long each frame of an animation stands, milliseconds."""
    found = []
    with Image.open(path) as image:
        for k in range(getattr(image, "n_frames", 1)):
            image.seek(k)
            image.load()
            found.append(image.info["duration"])
    return found


def video_of(path: Path) -> tuple[list[NDArray[np.uint8]], list[float]]:
    """The frames of a video, and when each of them begins, in seconds."""
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
    return [np.asarray(f.to_ndarray(format="rgb24"), np.uint8) for f in frames], [
        float(f.time or 0) for f in frames
    ]


def far(a: NDArray[Any], b: NDArray[Any]) -> float:
    """The mean distance of two pictures."""
    return float(np.abs(a.astype(float) - b.astype(float)).mean())


def silent(done: int, total: int) -> None:
    """Progress that nobody watches."""


def said_by(program: str, *arguments: str | Path) -> str:
    """What another program says of a file; the test is skipped where it is not installed."""
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"{program} is not installed")
    done = subprocess.run([found, *arguments], capture_output=True, text=True, check=True)
    return done.stdout
