"""Noise as an object: mixed, pasted into, mirrored, moved."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.diffusion.tiny_pipelines import tiny_flow_pipeline, tiny_pipeline
from visualizer.diffusion import Model, RequestError, SamplingRequest, sample, sample_many
from visualizer.diffusion.layout import GRID, LatentLayout
from visualizer.diffusion.noise_edits import edited, slerp
from visualizer.diffusion.starting_noise import starting_noise
from visualizer.diffusion.starts import EditedNoise, Flip, Mix, NoiseEdit, Paste, Shift

RED = SamplingRequest("a red car", seed=7, steps=3, guidance_scale=3.0)
shares = st.floats(0, 1, allow_nan=False)


@pytest.fixture(scope="module")
def tiny() -> Model:
    return Model(tiny_pipeline())


def noise(seed: int, shape: tuple[int, ...] = (4, 8, 8)) -> Any:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def with_edits(*edits: NoiseEdit, **changes: Any) -> SamplingRequest:
    return replace(RED, start=EditedNoise(edits), **changes)


# --- the maths --------------------------------------------------------------------------------


@given(shares)
def test_mixing_keeps_the_length(amount: float) -> None:
    a, b = noise(1), noise(2)
    mixed = slerp(a, b, amount)
    low, high = sorted(float(np.linalg.norm(x)) for x in (a, b))
    assert low * 0.97 <= float(np.linalg.norm(mixed)) <= high * 1.03


def test_mixing_ends_at_the_two_and_is_symmetric() -> None:
    a, b = noise(1), noise(2)
    assert slerp(a, b, 0.0) is a
    assert slerp(a, b, 1.0) is b
    np.testing.assert_allclose(slerp(a, b, 0.3), slerp(b, a, 0.7), atol=1e-6)
    np.testing.assert_array_equal(slerp(a, a, 0.5), a)


@given(st.sampled_from(["horizontal", "vertical"]), st.floats(-1, 1), st.floats(-1, 1))
def test_mirroring_twice_and_moving_back_change_nothing(
    axis: Any, right: float, down: float
) -> None:
    x = noise(1)
    never: Any = None
    np.testing.assert_array_equal(edited(x, (Flip(axis), Flip(axis)), never, GRID), x)
    there_and_back = (Shift(right, down), Shift(-right, -down))
    np.testing.assert_array_equal(edited(x, there_and_back, never, GRID), x)


@given(shares, shares, shares, shares)
def test_pasting_changes_the_region_and_nothing_else(
    a: float, b: float, c: float, d: float
) -> None:
    left, right = sorted((a, b))
    top, bottom = sorted((c, d))
    if left == right or top == bottom:
        with pytest.raises(RequestError, match="empty"):
            Paste(2, left, top, right, bottom)
        return
    x, other = noise(1), noise(2)
    made = edited(x, (Paste(2, left, top, right, bottom),), lambda _: other, GRID)
    rows, columns = np.mgrid[0:8, 0:8] / 8
    inside = (rows + 1 / 8 > top) & (rows < bottom) & (columns + 1 / 8 > left) & (columns < right)
    np.testing.assert_array_equal(made, np.where(inside, other, x))


@pytest.mark.parametrize(
    ("layout", "shape"),
    [
        (GRID, (4, 8, 8)),
        (LatentLayout("patches", 8, 12), (24, 16)),
        (LatentLayout("tokens", 8, 12), (96, 5)),
        (LatentLayout("frames"), (4, 3, 8, 8)),
        (LatentLayout("embedding"), (30,)),
    ],
)
def test_packing_is_the_inverse_of_unpacking(layout: LatentLayout, shape: tuple[int, ...]) -> None:
    x = noise(3, shape)
    np.testing.assert_array_equal(layout.packed(layout.spatial(x), x), x)


# --- on pipelines -----------------------------------------------------------------------------


@pytest.mark.parametrize("sampler", [None, "euler", "ddim"])
def test_the_run_starts_with_the_edited_noise(tiny: Model, sampler: str | None) -> None:
    request = replace(RED, sampler=sampler)
    seven, nine = (sample(tiny, replace(request, seed=s)).steps[0].latents for s in (7, 9))

    def start(*edits: NoiseEdit) -> Any:
        return sample(tiny, replace(request, start=EditedNoise(edits))).steps[0].latents

    np.testing.assert_array_equal(start(Mix(9, 1.0)), nine)
    np.testing.assert_array_equal(start(Flip("horizontal")), seven[..., ::-1])
    np.testing.assert_array_equal(start(Flip("vertical")), seven[..., ::-1, :])
    half = seven.shape[-1] // 2
    np.testing.assert_array_equal(start(Shift(0.5, 0.0)), np.roll(seven, half, -1))
    pasted = start(Paste(9, 0.0, 0.0, 0.5, 1.0))
    np.testing.assert_array_equal(pasted[..., :half], nine[..., :half])
    np.testing.assert_array_equal(pasted[..., half:], seven[..., half:])
    np.testing.assert_allclose(start(Mix(9, 0.3)), slerp(seven, nine, 0.3), rtol=1e-6)


def test_nothing_mixed_in_is_the_seeds_own_run(tiny: Model) -> None:
    plain, mixed = sample(tiny, RED), sample(tiny, with_edits(Mix(9, 0.0)))
    np.testing.assert_array_equal(mixed.final, plain.final)


def test_random_samplers_draw_on_as_the_seed_alone(tiny: Model) -> None:
    request = replace(RED, sampler="euler_a")
    plain = sample(tiny, request)
    mixed = sample(tiny, replace(request, start=EditedNoise((Mix(9, 0.0), Paste(7, 0, 0, 1, 1)))))
    np.testing.assert_array_equal(mixed.final, plain.final)


def test_every_picture_of_a_batch_has_edits_of_its_own(tiny: Model) -> None:
    requests = [RED, with_edits(Mix(9, 0.5)), with_edits(Flip("vertical"), seed=9)]
    for run, request in zip(sample_many(tiny, requests), requests, strict=True):
        np.testing.assert_array_equal(run.steps[0].latents, sample(tiny, request).steps[0].latents)


@pytest.mark.parametrize("build", [tiny_pipeline, tiny_flow_pipeline])
def test_the_starting_noise_is_shown_without_a_run(build: Any) -> None:
    model = Model(build())
    asked: list[int] = []
    denoiser = getattr(model.pipeline, "unet", None) or model.pipeline.transformer
    hook = denoiser.register_forward_hook(lambda *_: asked.append(1))
    requests = [RED, with_edits(Mix(9, 0.5))]
    found = starting_noise(model, requests)
    hook.remove()
    assert not asked
    for (unit, layout), request in zip(found, requests, strict=True):
        first = sample(model, request).steps[0]
        assert layout == first.layout
        np.testing.assert_allclose(unit, first.unit_latents, rtol=5e-3, atol=1e-3)
    with pytest.raises(RequestError, match="share"):
        starting_noise(model, [RED, replace(RED, steps=5)])


def test_a_pipeline_that_draws_in_its_own_way_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    model = Model(tiny_pipeline())
    monkeypatch.setattr("visualizer.diffusion.noise_edits._METHODS", ())
    with pytest.raises(RequestError, match="cannot be edited"):
        model.plan(with_edits(Flip("vertical")))


# --- requests ---------------------------------------------------------------------------------


def test_edits_are_written_and_read_again() -> None:
    request = with_edits(Mix(9, 0.25), Paste(3, 0, 0, 0.5, 1), Flip("vertical"), Shift(-0.5, 0.1))
    assert SamplingRequest.from_json(json.loads(json.dumps(request.to_json()))) == request


@pytest.mark.parametrize(
    "values",
    [
        {"kind": "edited noise"},
        {"kind": "edited noise", "edits": []},
        {"kind": "edited noise", "edits": [{"kind": "mix"}]},
        {"kind": "edited noise", "edits": [{"kind": "mix", "seed": -1, "amount": 0.5}]},
        {"kind": "edited noise", "edits": [{"kind": "mix", "seed": 1, "amount": float("nan")}]},
        {"kind": "edited noise", "edits": [{"kind": "flip", "axis": "diagonal"}]},
        {"kind": "edited noise", "edits": [{"kind": "shift", "right": 2.0, "down": 0}]},
        {"kind": "edited noise", "edits": [{"kind": "melt"}]},
        {"kind": "edited noise", "edits": "mix"},
        {"kind": "step"},
        {"kind": "step", "parent": 5, "step": 1},
        {"kind": "somewhere"},
        None,
        7,
    ],
)
def test_starts_that_are_none_are_refused_with_a_sentence(values: Any) -> None:
    with pytest.raises(RequestError, match=r"\.$"):
        SamplingRequest.from_json({**RED.to_json(), "start": values})
