"""The plane of the paths: exact, the same every time, and never turned."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from visualizer.diffusion import latent_paths
from visualizer.diffusion.latent_paths import fit, is_whole
from visualizer.diffusion.layout import LatentLayout
from visualizer.diffusion.noise import NoiseLevel
from visualizer.diffusion.step import Step

quick = settings(max_examples=60, deadline=None)
LEVEL = NoiseLevel("vp", 0.6, 0.8)


def make_steps(points: NDArray[Any], whole: bool = True, level: NoiseLevel = LEVEL) -> list[Step]:
    """Steps whose latents at unit scale are the points."""
    last = len(points) - 1
    return [
        Step(k, 0.0, level, point * level.scale, None if whole and k == last else point)
        for k, point in enumerate(points.astype(np.float32))
    ]


def random_points(count: int, seed: int = 0, shape: tuple[int, ...] = (2, 3, 4)) -> NDArray[Any]:
    """Points that spread differently in every direction, so that the axes are well defined."""
    rng = np.random.default_rng(seed)
    spread = np.geomspace(4, 0.1, int(np.prod(shape)))
    return (rng.standard_normal((count, spread.size)) * spread).reshape(count, *shape)


def svd_axes(points: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    flat = points.reshape(len(points), -1).astype(np.float32).astype(np.float64)
    _, sizes, axes = np.linalg.svd(flat - flat.mean(axis=0), full_matrices=False)
    return axes[:2], sizes**2 / np.sum(sizes**2)


# --- Against the textbook -------------------------------------------------------------------------


@quick
@given(count=st.integers(3, 40), seed=st.integers(0, 9999), lanes=st.integers(1, 3))
def test_the_axes_are_those_of_the_singular_values(count: int, seed: int, lanes: int) -> None:
    points = random_points(count, seed)
    found = fit(*(make_steps(part) for part in np.array_split(points, lanes)))
    wanted, shares = svd_axes(points)
    assert found is not None
    assert found.axes @ found.axes.T == pytest.approx(np.eye(2), abs=1e-12)
    assert found.explained == pytest.approx(tuple(shares[:2]), abs=1e-9)
    if shares[0] - shares[1] > 1e-3 and shares[1] - shares[2:3].sum() > 1e-3:
        assert np.abs((found.axes * wanted).sum(axis=1)) == pytest.approx([1, 1], abs=1e-6)


@quick
@given(
    numbers=st.lists(st.lists(st.integers(-3, 3), min_size=4, max_size=4), min_size=1, max_size=6),
    scale=st.sampled_from([1e-6, 1.0, 1e6]),
)
def test_any_points_have_a_plane(numbers: list[list[int]], scale: float) -> None:
    """One point, the same point again and again, points on a line: nothing divides by zero."""
    points = np.array(numbers, dtype=np.float32).reshape(-1, 1, 2, 2) * np.float32(scale)
    found = fit(make_steps(points))
    assert found is not None
    assert found.axes @ found.axes.T == pytest.approx(np.eye(2), abs=1e-9)
    assert 0 <= found.explained[1] <= found.explained[0] <= 1 + 1e-12
    # of components that are as large but for rounding the first is positive
    sizes = np.abs(found.axes)
    largest = (sizes >= (1 - 1e-6) * sizes.max(axis=1, keepdims=True)).argmax(axis=1)
    assert (found.axes[[0, 1], largest] > 0).all()
    flat = points.reshape(len(points), -1).astype(np.float64)
    spread = np.linalg.matrix_rank(flat - flat.mean(axis=0), tol=1e-3 * scale)
    assert sum(share > 0 for share in found.explained) == min(2, spread)
    x = found.path(make_steps(points))[:, 0]
    assert x.sum() == pytest.approx(0, abs=1e-4 * scale)


def test_a_space_of_one_dimension_has_one_axis() -> None:
    found = fit(make_steps(np.array([1.0, 3.0]).reshape(2, 1, 1, 1)))
    assert found is not None
    assert found.axes.tolist() == [[1.0], [0.0]]
    assert found.path(make_steps(np.array([3.0]).reshape(1, 1, 1, 1))).tolist() == [[1.0, 0.0]]


# --- It never turns -------------------------------------------------------------------------------


@quick
@given(seed=st.integers(0, 9999), order=st.permutations(range(4)))
def test_the_order_of_the_lanes_turns_nothing(seed: int, order: list[int]) -> None:
    lanes = [make_steps(part) for part in np.array_split(random_points(24, seed), 4)]
    one, other = fit(*lanes), fit(*(lanes[i] for i in order))
    assert one is not None
    assert other is not None
    if one.explained[0] - one.explained[1] > 1e-2:
        assert other.axes[0] == pytest.approx(one.axes[0], abs=1e-6)


@quick
@given(seed=st.integers(0, 9999))
def test_signs_are_fixed_by_the_largest_number(seed: int) -> None:
    points = random_points(12, seed)
    one, mirrored = fit(make_steps(points)), fit(make_steps(-points))
    assert one is not None
    assert mirrored is not None
    assert mirrored.axes == pytest.approx(one.axes, abs=1e-9)
    largest = np.abs(one.axes).argmax(axis=1)
    assert (one.axes[[0, 1], largest] > 0).all()


def test_the_same_bits_twice_and_no_random_number_drawn() -> None:
    lanes = [make_steps(part) for part in np.array_split(random_points(24), 3)]
    numpy_before, torch_before = np.random.get_state(), torch.random.get_rng_state()
    one, other = fit(*lanes), fit(*lanes)
    assert one is not None
    assert other is not None
    assert one.axes.tobytes() == other.axes.tobytes()
    assert (np.random.get_state()[1] == numpy_before[1]).all()  # type: ignore[index]
    assert torch.equal(torch.random.get_rng_state(), torch_before)


def test_lanes_that_come_later_leave_the_plane_as_it_is() -> None:
    first, later = (make_steps(random_points(8, seed)) for seed in (1, 2))
    axes = fit(first)
    assert axes is not None
    before = axes.path(first)
    assert axes.path(later).shape == (8, 2)
    assert axes.path(first).tobytes() == before.tobytes()
    assert not axes.path(later).flags.writeable


# --- What counts ----------------------------------------------------------------------------------


def test_the_scale_of_the_sampler_does_not_count() -> None:
    points = random_points(10)
    vp = make_steps(points)
    ve = make_steps(points, level=NoiseLevel("ve", 1.0, 14.6))
    one, other = fit(vp), fit(ve)
    assert one is not None
    assert other is not None
    assert other.path(ve) == pytest.approx(one.path(vp), abs=1e-4)


def test_a_lane_gone_wrong_spoils_nothing() -> None:
    good = make_steps(random_points(10))
    broken = make_steps(np.full((3, 2, 3, 4), np.nan))
    one, other = fit(good), fit(broken, good)
    assert one is not None
    assert other is not None
    assert other.axes == pytest.approx(one.axes)
    assert np.isnan(other.path(broken)).all()
    assert fit(broken) is None


def test_priors_and_other_sizes_are_left_out() -> None:
    points = random_points(6)
    prior = [
        replace(step, layout=LatentLayout("features")) for step in make_steps(random_points(2, 5))
    ]
    large = make_steps(random_points(4, shape=(2, 5, 5)), whole=False)
    alone, found = fit(make_steps(points)), fit(large, [*prior, *make_steps(points)])
    assert alone is not None
    assert found is not None
    assert found.axes == pytest.approx(alone.axes)
    assert np.isnan(found.path(prior)).all()
    with pytest.raises(ValueError, match=r"\(2, 3, 4\), not \(2, 5, 5\)"):
        found.project(large[0].latents)
    assert fit() is None
    assert fit([], prior) is None


def test_a_run_is_whole_at_its_last_step() -> None:
    assert is_whole(make_steps(random_points(3)))
    assert not is_whole(make_steps(random_points(3), whole=False))
    assert not is_whole([])


def test_of_many_points_every_lane_keeps_its_share(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(latent_paths, "MAX_POINTS", 12)
    monkeypatch.setattr(latent_paths, "_COLUMNS", 5)  # in several blocks, the last one short
    points = [random_points(41, seed) for seed in range(3)]
    found = fit(*map(make_steps, points))
    kept = np.concatenate([some[[0, 13, 27, 40]] for some in points])
    wanted, shares = svd_axes(kept)
    assert found is not None
    assert found.explained == pytest.approx(tuple(shares[:2]))
    assert np.abs((found.axes * wanted).sum(axis=1)) == pytest.approx([1, 1], abs=1e-6)
