"""The kinds of arrays that cross floors."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.floating[Any]]
Picture = NDArray[np.uint8]  # (H, W, 3)
ScalarT = TypeVar("ScalarT", bound=np.generic)


def read_only(array: NDArray[ScalarT]) -> NDArray[ScalarT]:
    """The same array, no longer writable."""
    array.flags.writeable = False
    return array
