"""What a run file of a sweep shows without its model, and how it becomes bytes."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

from visualizer.diffusion import runfile
from visualizer.diffusion.stored_pictures import STORED_VIEWS
from visualizer.diffusion.trajectory import Trajectory

FEW = 4
"""Steps whose pictures are decoded for "few": the quarters of a run. Its final one is there
anyway. Every decode of the built-in model takes as long as one and a half guided steps."""


def with_pictures(run: Trajectory, pictures: str) -> Trajectory:
    """A run with the pictures that its file will keep.

    Args:
        run: with its decoder.
        pictures: "final" keeps the pipeline's own picture, "few" adds the noisy picture and the
            guess at the quarters of the run, "all" those of every step.
    """
    if pictures != "few" or run.decoder is None:
        return run
    count = len(run.steps) - (run.final is not None)
    indices = sorted({round(i * count / FEW) for i in range(FEW)} & set(range(count)))
    made = {
        (k, view): run.picture(k, view)
        for k in indices
        for view in STORED_VIEWS
        if run.has_view(k, view)
    }
    return replace(run, pictures=made)


def save(run: Trajectory, path: Path, pictures: str) -> None:
    """Write a run of a sweep, atomically.

    Raises:
        RunFileError: with a sentence, when it cannot be written.
    """
    runfile.save(with_pictures(run, pictures), path, decode=pictures == "all")


def as_bytes(run: Trajectory, pictures: str) -> bytes:
    """The run file as bytes, to be sent to the machine that keeps it.

    Raises:
        RunFileError: with a sentence, when there is no room for a temporary file.
    """
    with tempfile.TemporaryDirectory(prefix="denoising-visualizer-") as folder:
        path = Path(folder, "run.denoise")
        save(run, path, pictures)
        return path.read_bytes()
