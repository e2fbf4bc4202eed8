"""Work that all cores do."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from visualizer.training import dataset
from visualizer.training.cores import done_in_order
from visualizer.training.world.composition import draw_scene


@pytest.fixture(scope="module")
def pictures() -> np.ndarray:
    return np.stack([draw_scene(1, index)[0] for index in range(4)])


def test_all_cores_draw_the_scenes_in_order(pictures: np.ndarray) -> None:
    drawn = list(done_in_order(partial(dataset.scenes, 1), [(1, 3), (3, 4)]))
    assert [len(some) for some in drawn] == [2, 1]
    assert np.array_equal(np.concatenate(drawn), pictures[1:4])
