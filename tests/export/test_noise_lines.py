"""Where the lines of a noise plot run, and where they end."""

from __future__ import annotations

from visualizer.export.noise_lines import lines_through


def test_a_line_goes_through_all_moments() -> None:
    assert lines_through({0: 1.0, 1: 0.5, 2: 0.0}, ()) == [[(0, 1.0), (1, 0.5), (2, 0.0)]]


def test_nothing_joins_two_stages() -> None:
    shares = {0: 1.0, 1: 0.1, 2: 1.0, 3: 0.0}
    assert lines_through(shares, {1}) == [[(0, 1.0), (1, 0.1)], [(2, 1.0), (3, 0.0)]]


def test_nothing_is_drawn_through_what_is_not_known() -> None:
    shares = {1: 0.8, 2: 0.7, 4: 0.4, 5: 0.3, 7: 0.1}
    assert lines_through(shares, ()) == [[(1, 0.8), (2, 0.7)], [(4, 0.4), (5, 0.3)]]
    assert lines_through({}, ()) == []
