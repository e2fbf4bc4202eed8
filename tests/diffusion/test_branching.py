"""Branches: what is shared with the parent, and that nothing changed changes nothing."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.diffusion.tiny_pipelines import tiny_flow_pipeline, tiny_pipeline
from visualizer.diffusion import (
    Model,
    RequestError,
    SamplingRequest,
    Step,
    Trajectory,
    sample,
    sample_many,
    sampler_table,
)
from visualizer.diffusion.branching import branch
from visualizer.diffusion.starts import MAX_DEPTH, EditedNoise, Flip, FromStep, Mix

ROWS = [None, *(row.key for row in sampler_table.DIFFUSION)]
STEPS = 6
RED = SamplingRequest("a red car", seed=7, steps=STEPS, guidance_scale=3.0)


@pytest.fixture(scope="module")
def tiny() -> Model:
    return Model(tiny_pipeline())


@pytest.fixture(scope="module")
def flow() -> Model:
    return Model(tiny_flow_pipeline())


def assert_same(run: Trajectory, other: Trajectory) -> None:
    assert len(run.steps) == len(other.steps)
    for a, b in zip(run.steps, other.steps, strict=True):
        np.testing.assert_array_equal(a.latents, b.latents)
        assert a.noise_level == b.noise_level
    assert run.final is not None
    np.testing.assert_array_equal(run.final, other.final)


def shared(run: Trajectory, parent: Trajectory) -> int:
    """How many of the first Steps are the very same objects."""
    same = [a is b for a, b in zip(run.steps, parent.steps, strict=False)]
    return same.index(False) if False in same else len(same)


@pytest.mark.parametrize("sampler", ROWS)
@pytest.mark.parametrize("k", [0, 3, STEPS - 1])
def test_nothing_changed_ends_bit_for_bit_as_the_parent(
    tiny: Model, sampler: str | None, k: int
) -> None:
    request = replace(RED, sampler=sampler)
    parent = sample(tiny, request)
    again = sample(tiny, branch(request, k), parent=parent)
    assert_same(again, parent)
    assert shared(again, parent) == k == tiny.plan(branch(request, k)).shared


@pytest.mark.parametrize(
    "sampler", [None, *(row.key for row in sampler_table.FLOW if not row.random)]
)
def test_nothing_changed_on_flow_models(flow: Model, sampler: str | None) -> None:
    request = replace(RED, sampler=sampler)
    parent = sample(flow, request)
    assert_same(sample(flow, branch(request, 4), parent=parent), parent)


@pytest.mark.parametrize("sampler", [None, "euler_a", "dpmpp_sde", "plms", "heun"])
def test_other_words_from_a_step_on(tiny: Model, sampler: str | None) -> None:
    request = replace(RED, sampler=sampler)
    parent = sample(tiny, request)
    other = sample(tiny, branch(request, 3, prompt="a blue boat"), parent=parent)
    assert shared(other, parent) == 3
    # the latent at which it goes on is the parent's; what the model says of it is not
    np.testing.assert_array_equal(other.steps[3].latents, parent.steps[3].latents)
    assert not np.array_equal(other.steps[3].prediction, parent.steps[3].prediction)  # type: ignore[arg-type]
    assert [s.noise_level for s in other.steps] == [s.noise_level for s in parent.steps]


def test_words_changed_at_the_first_step_are_a_run_with_those_words(tiny: Model) -> None:
    parent = sample(tiny, RED)
    other = sample(tiny, branch(RED, 0, prompt="a blue boat"), parent=parent)
    assert_same(other, sample(tiny, replace(RED, prompt="a blue boat")))


def test_guidance_can_be_switched_off_in_the_middle(tiny: Model) -> None:
    parent = sample(tiny, RED)
    other = sample(tiny, branch(RED, 2, guidance_scale=1.0), parent=parent)
    assert other.steps[1].guidance is not None
    assert other.steps[2].guidance is None
    back = sample(tiny, branch(other.request, 4, guidance_scale=3.0), parent=other)
    assert shared(back, other) == 4
    assert back.steps[4].guidance is not None


@pytest.mark.parametrize("sampler", ROWS)
def test_another_sampler_goes_on_from_the_same_picture_and_noise(
    tiny: Model, sampler: str | None
) -> None:
    parent = sample(tiny, replace(RED, sampler="ddim"))
    request = branch(parent.request, 3, sampler=sampler)
    if sampler == "pndm":
        with pytest.raises(RequestError, match="cannot begin in the middle"):
            tiny.plan(request)
        return
    plan = tiny.plan(request)
    run = sample(tiny, request, parent=parent)
    assert [s.noise_level for s in run.steps] == list(plan.levels)
    assert shared(run, parent) == plan.shared
    first = run.steps[plan.shared]
    if plan.shared == 3:  # the schedules meet: nothing but the scale changes
        before = parent.steps[3]
        np.testing.assert_allclose(first.unit_latents, before.unit_latents, rtol=2e-5, atol=1e-6)
    else:  # one step of DDIM down to a level of the other schedule
        before, level = parent.steps[3], first.noise_level
        assert level.noise_share < before.noise_level.noise_share
        assert before.noise is not None
        np.testing.assert_allclose(
            first.latents,
            level.signal * before.denoised + level.noise * before.noise,
            rtol=1e-4,
            atol=1e-5,
        )
    assert np.isfinite(run.steps[-1].latents).all()


@pytest.mark.parametrize("sampler", [None, "euler", "heun", "plms", "unipc", "dpmpp_sde"])
def test_a_new_seed_adds_its_own_noise_to_the_guess(tiny: Model, sampler: str | None) -> None:
    request = replace(RED, sampler=sampler)
    parent = sample(tiny, request)
    run = sample(tiny, branch(request, 3, seed=99), parent=parent)
    assert shared(run, parent) == 3
    static = sample(tiny, replace(request, seed=99)).steps[0]
    before, first = parent.steps[3], run.steps[3]
    level = first.noise_level
    assert level == before.noise_level
    # ε of the new seed, but for the trace of signal that its first level may count with
    wanted = level.signal * before.denoised + level.noise * static.unit_latents
    np.testing.assert_allclose(first.latents, wanted, rtol=0.01, atol=0.02 * level.scale)


def test_branches_of_branches(tiny: Model) -> None:
    root = sample(tiny, replace(RED, sampler="euler_a"))
    first = sample(tiny, branch(root.request, 2, seed=5, prompt="a boat"), parent=root)
    second = sample(tiny, branch(first.request, 4, prompt="a castle"), parent=first)
    assert shared(second, first) == 4
    assert shared(second, root) == 2
    # nothing changed, below an ancestor whose sampler began anew in the middle
    assert_same(sample(tiny, branch(second.request, 5), parent=second), second)
    assert_same(sample(tiny, branch(first.request, 4), parent=first), first)
    # made from the request alone
    assert_same(sample(tiny, second.request), second)


def test_a_step_of_an_ancestor_is_branched_there() -> None:
    first = branch(RED, 4, prompt="a boat")
    second = branch(first, 2, prompt="a castle")
    assert second.start == FromStep(RED, 2)
    assert branch(first, 2) == first  # nothing said, nothing changed
    assert branch(first, 5).start == FromStep(first, 5)


def test_a_branch_of_edited_noise_keeps_that_noise(tiny: Model) -> None:
    request = replace(RED, start=EditedNoise((Flip("horizontal"), Mix(3, 0.4))))
    parent = sample(tiny, request)
    assert_same(sample(tiny, branch(request, 0), parent=parent), parent)
    assert_same(sample(tiny, branch(request, 3)), parent)


def test_a_branch_of_a_lane_of_a_batch(builtin: Model) -> None:
    requests = [replace(RED, seed=seed) for seed in (7, 8, 9)]
    lanes = sample_many(builtin, requests)
    again = sample(builtin, branch(requests[1], 3), parent=lanes[1])
    assert again.final is not None
    assert lanes[1].final is not None
    difference = np.abs(again.final.astype(int) - lanes[1].final.astype(int))
    assert difference.max() <= 1


def test_a_branch_is_stopped_like_any_run(tiny: Model) -> None:
    parent = sample(tiny, RED)
    stop = threading.Event()
    heard: list[int] = []

    def on_step(step: Step) -> None:
        heard.append(step.index)
        if step.index == 4:
            stop.set()

    run = sample(tiny, branch(RED, 3), parent=parent, on_step=on_step, cancelled=stop)
    assert heard == [3, 4]  # only its own
    assert run.cancelled
    assert [s.index for s in run.steps] == [0, 1, 2, 3, 4]
    # the pipeline is as it was
    assert_same(sample(tiny, RED), parent)


def test_a_stopped_run_is_branched_where_it_got_to(tiny: Model) -> None:
    whole = sample(tiny, RED)
    stop = threading.Event()
    half = sample(tiny, RED, on_step=lambda s: stop.set() if s.index == 3 else None, cancelled=stop)
    assert half.cancelled
    assert_same(sample(tiny, branch(RED, 3), parent=half), whole)
    with pytest.raises(RequestError, match="stopped before step 5"):
        sample(tiny, branch(RED, 5), parent=half)


@pytest.mark.parametrize(
    ("step", "changes", "sentence"),
    [
        (STEPS, {}, "finished picture"),
        (99, {}, "finished picture"),
        (2, {"sampler": "pndm"}, "cannot begin in the middle"),
        (2, {"sampler": "nonsense"}, "no sampler 'nonsense'"),
    ],
)
def test_what_cannot_be_branched_is_said_before_it_starts(
    tiny: Model, step: int, changes: dict[str, Any], sentence: str
) -> None:
    request = branch(RED, step, **changes)
    heard: list[Step] = []
    for act in (tiny.plan, lambda r: sample(tiny, r, on_step=heard.append)):
        with pytest.raises(RequestError, match=sentence):
            act(request)
    assert not heard


@pytest.mark.parametrize(
    ("fixed", "said"),
    [
        ({"steps": 9}, "keeps the steps"),
        ({"width": 64}, "keeps the width"),
        ({"extra": {"eta": 1.0}}, "keeps the extra"),
        ({"start": EditedNoise((Flip("horizontal"),))}, "keeps the starting noise"),
    ],
)
def test_steps_size_and_start_stay_the_parents(fixed: dict[str, Any], said: str) -> None:
    with pytest.raises(RequestError, match=said):
        branch(RED, 1, **fixed)


def test_a_run_of_another_model_is_no_parent(tiny: Model) -> None:
    run = sample(tiny, RED)
    stranger = replace(run, model=replace(run.model, weights_hash="0" * 64, name="Stranger"))
    with pytest.raises(RequestError, match="Open that model"):
        sample(tiny, branch(RED, 1), parent=stranger)


def test_branches_are_written_and_read_again() -> None:
    request = branch(branch(RED, 2, seed=9), 4, prompt="a boat", sampler="euler")
    assert SamplingRequest.from_json(json.loads(json.dumps(request.to_json()))) == request


def test_branches_of_branches_have_an_end() -> None:
    request = RED
    for depth in range(MAX_DEPTH):
        request = branch(request, depth + 1, prompt=f"a car {depth}")
    with pytest.raises(RequestError, match="deep"):
        branch(request, MAX_DEPTH + 1, prompt="a car too many")
    values: Any = RED.to_json()
    for _ in range(MAX_DEPTH + 1):
        values = {**RED.to_json(), "start": {"kind": "step", "parent": values, "step": 1}}
    with pytest.raises(RequestError):
        SamplingRequest.from_json(values)
