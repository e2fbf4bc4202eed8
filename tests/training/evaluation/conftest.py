"""A few drawings that the judge has not learned from."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from visualizer.training.evaluation.judged_drawings import judged_drawing


@pytest.fixture(scope="module")
def drawn() -> NDArray[np.uint8]:
    return np.stack([judged_drawing(1, k) for k in range(4)])
