"""When two runs part: to their end, or for a while only."""

from __future__ import annotations

import pytest

from visualizer.diffusion.word_swap import first_visible, visible_before


@pytest.mark.parametrize(
    ("apart", "first", "before"),
    [
        ([0.0, 0.01, 0.2, 0.3], 2, 0.0),
        ([0.2, 0.3, 0.3], 0, 0.0),
        ([0.0, 0.01, 0.02], None, 0.0),
        ([0.20, 0.12, 0.08, 0.04], None, 0.20),
        ([0.10, 0.04, 0.04, 0.06, 0.20], 3, 0.10),
        ([], None, 0.0),
    ],
)
def test_from_where_on_two_runs_differ(
    apart: list[float], first: int | None, before: float
) -> None:
    assert first_visible(apart) == first
    assert visible_before(apart) == pytest.approx(before)
