"""The noise plot of a film: lines where the noise is, and a playhead where the moment is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageColor

from tests.example_runs import make_run
from tests.export.grids import make_grid
from visualizer.diffusion.comparison import Comparison
from visualizer.diffusion.trajectory import Trajectory
from visualizer.export.colors import DARK, LIGHT, Look, look_of
from visualizer.export.film import film_of
from visualizer.export.noise_plot import NoisePlot, PlotLayout
from visualizer.export.options import ExportOptions
from visualizer.export.reel import Reel, reel_of

SIZE = (640, 260)


def drawn(reel: Reel, moment: int | None, look: Look = DARK, size: tuple[int, int] = SIZE) -> Any:
    plot = NoisePlot(reel, size, look, 12, 14)
    image = Image.new("RGB", size, look.ground)
    plot.draw_ground(image, (0, 0))
    if moment is not None:
        plot.put(image, (0, 0), moment)
    return plot.layout, np.asarray(image).astype(int)


def like(image: NDArray[Any], color: str, room: int = 24) -> NDArray[np.bool_]:
    """Where an image has about a color."""
    apart = np.abs(image - np.asarray(ImageColor.getrgb(color))).max(axis=2)
    return np.asarray(apart <= room)


@pytest.mark.parametrize("look", [DARK, LIGHT, look_of("#1c4733")])
@pytest.mark.parametrize("moment", [0, 1, 7, 29, 30])
def test_the_playhead_stands_where_the_moment_is(moment: int, look: Look) -> None:
    reel = reel_of(make_run(30))
    layout, image = drawn(reel, moment, look)
    accent = like(image, look.accent, 8)
    columns = np.flatnonzero(accent.sum(axis=0) > 0.3 * (layout.bottom - layout.top))
    assert len(columns) >= layout.thick
    line = columns[accent[:, columns].sum(axis=0) >= accent[:, columns].sum(axis=0).max() - 2]
    assert line.mean() + 0.5 == pytest.approx(layout.x(moment), abs=1.0)
    rows = np.flatnonzero(accent[:, columns[0] : columns[-1] + 1].any(axis=1))
    share = reel.measured(moment)
    assert share is not None
    dot = np.flatnonzero(accent.sum(axis=1) > 2 * layout.thick)
    assert dot.mean() + 0.5 == pytest.approx(layout.y(share) + 0.5, abs=1.5)
    assert rows.min() >= min(layout.top, dot.min())
    assert rows.max() <= max(layout.bottom, dot.max())


def test_nothing_but_the_playhead_moves() -> None:
    reel = reel_of(make_run(30))
    layout, ground = drawn(reel, None)
    for moment in (3, 20):
        _, image = drawn(reel, moment)
        changed = np.flatnonzero((image != ground).any(axis=(0, 2)))
        assert changed.min() >= layout.x(moment) - layout.dot - 2
        assert changed.max() <= layout.x(moment) + layout.dot + 2


def test_the_lines_go_through_what_was_planned_and_measured() -> None:
    reel = reel_of(make_run(10))
    layout, image = drawn(reel, None)
    for k in range(1, 10):
        x = round(layout.x(k))
        measured = reel.measured(k)
        assert measured is not None
        for share, color in ((reel.shares[k], DARK.quiet), (measured, DARK.second)):
            y = round(layout.y(share))
            near = image[max(y - 4, 0) : y + 5, x - 2 : x + 3]
            assert like(near, color, 60).any(), (k, color)
    # below the planned line lies noise
    x, y = round(layout.x(2.5)), round(layout.bottom - 20)
    assert like(image[y : y + 1, x : x + 1], DARK.surface, 2).all()


def test_a_stopped_run_is_planned_to_its_end_and_measured_as_far_as_it_came() -> None:
    run = make_run(10, stop_after=4)
    reel = reel_of(run)
    layout, image = drawn(reel, 3)
    assert layout.total == 11
    right = image[layout.top : layout.bottom - 3, round(layout.x(6)) :]
    assert like(right, DARK.quiet, 60).any()
    assert not like(right, DARK.second, 60).any()
    assert reel.measured_name == "measured against the guess"


def test_a_grid_has_the_clock_of_its_longest_lane_and_nothing_measured() -> None:
    reel = reel_of(make_grid(make_run(4, seed=1), make_run(9, seed=2)))
    assert len(reel.shares) == 10
    _, image = drawn(reel, 5)
    assert not like(image, DARK.second, 40).any()


def test_no_line_joins_two_stages() -> None:
    class TwoStages:
        shares = (1.0, 0.5, 0.0, 1.0, 0.5, 0.0)
        breaks = frozenset({2})
        count = 6
        measured_name = "measured"

        def measured(self, moment: int) -> float:
            return self.shares[moment]

    layout, image = drawn(TwoStages(), None)  # type: ignore[arg-type]  # all that a plot asks for
    x = round(layout.x(2.5))
    between = image[layout.top + 3 : layout.bottom - 2, x - 8 : x + 9]
    assert not like(between, DARK.second, 90).any()
    assert like(image, DARK.second, 30).any()


@given(
    st.integers(16, 2000),
    st.integers(84, 600),
    st.integers(10, 32),
    st.integers(0, 40),
    st.integers(2, 1001),
)
def test_everything_lies_on_the_plot(
    width: int, height: int, text: int, margin: int, total: int
) -> None:
    width = max(width, 12 * text + 2 * margin)
    layout = PlotLayout(width, max(height, 7 * text), text, margin, total, 3 * text, text)
    assert 0 <= layout.left < layout.right <= width
    assert 0 <= layout.top < layout.bottom < layout.height
    spacing = (layout.right - layout.left) / (total - 1)
    steps = [layout.x(k + 1) - layout.x(k) for k in range(min(total - 1, 50))]
    assert steps == pytest.approx([spacing] * len(steps))
    ticks = layout.ticks()
    assert (ticks[0], ticks[-1]) == (0, total - 1)
    assert ticks == sorted(set(ticks))
    assert len(ticks) <= 2 + (layout.right - layout.left) / (4.4 * text)
    assert layout.y(1) == layout.top
    assert layout.y(0) == layout.bottom


@pytest.mark.parametrize("size", [(128, 84), (200, 90), (330, 110), (1920, 400)])
def test_a_small_plot_still_has_its_playhead(size: tuple[int, int]) -> None:
    layout, image = drawn(reel_of(make_run(30)), 12, size=size)
    accent = like(image, DARK.accent, 8)
    assert accent.any()
    assert np.flatnonzero(accent.any(axis=0)).mean() + 0.5 == pytest.approx(layout.x(12), abs=1.0)


def test_both_shows_the_picture_and_the_plot_below_it() -> None:
    run = make_run(6, size=256)
    found = film_of(run, ExportOptions(content="both", size="1"))
    for moment in (0, 6):
        image = np.asarray(found.frame(moment)).astype(int)
        assert np.array_equal(image[:256], run.picture(moment))
        assert like(image[256:], DARK.accent, 8).any()
    places = [
        np.flatnonzero(like(np.asarray(found.frame(k)).astype(int)[256:], DARK.accent, 8).any(0))
        for k in range(7)
    ]
    middles = [place.mean() for place in places]
    assert np.diff(middles) == pytest.approx(np.diff(middles).mean(), abs=1.0)


@pytest.mark.parametrize("what", [make_run(5), make_grid(make_run(3), make_run(4))])
def test_a_plot_alone_needs_no_pictures(what: Trajectory | Comparison) -> None:
    sizes = {"1": (640, 360), "2": (1280, 720), "auto": (960, 540), "1080p": (1920, 1080)}
    for size, expected in sizes.items():
        options = ExportOptions(content="plot", size=size, captions=("step",))  # type: ignore[arg-type]
        found = film_of(what, options)
        assert found.size == expected
        assert found.frame(0).size == expected
