"""Pictures on the disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from visualizer.training import dataset
from visualizer.training.world.composition import draw_scene


def test_drawn_files_are_read_back(tmp_path: Path) -> None:
    path = dataset.pictures("scene", tmp_path, seed=1, count=3)
    assert np.array_equal(dataset.read(path)[2], draw_scene(1, 2)[0])
    written = path.stat().st_mtime_ns
    assert dataset.pictures("scene", tmp_path, 1, 3).stat().st_mtime_ns == written
    with pytest.raises(ValueError, match="no pictures of the kind"):
        dataset.pictures("film", tmp_path, 1, 3)
