"""The built-in model, opened once for all tests of the library."""

from __future__ import annotations

import pytest

from visualizer.diffusion import Model


@pytest.fixture(scope="session")
def builtin() -> Model:
    return Model.builtin(device="cpu")
