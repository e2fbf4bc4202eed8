"""What a folder says of its sweep."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sweeps.sweep_setup import IDENTITY, wanted
from visualizer.diffusion import SamplingRequest
from visualizer.sweeps.errors import SweepError
from visualizer.sweeps.manifest import MAX_RUNS, Manifest, check_size

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60)


@given(
    st.lists(TEXTS, min_size=1, max_size=6, unique=True),
    st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=6, unique=True),
)
def test_a_manifest_is_read_as_written(prompts: list[str], seeds: list[int]) -> None:
    manifest = wanted(prompts, seeds)
    assert Manifest.from_text(manifest.to_text()) == manifest
    runs = list(manifest.runs())
    assert len({run.name for run in runs}) == len(runs) == len(prompts) * len(seeds)
    for run in runs:
        assert run.request.prompt == prompts[run.row]
        assert run.request.seed == seeds[run.column]
        assert run.name.isascii()
        assert len(run.name) < 100
        assert not set(run.name) & set('/\\:*?"<>| ')


def test_more_prompts_leave_the_names_as_they_are() -> None:
    before = wanted(["a car", "a boat"], [1, 2])
    after = before.extended(wanted(["a house", "a boat", "a car"], [3, 2]))
    assert after.prompts == ("a car", "a boat", "a house")
    assert after.seeds == (1, 2, 3)
    assert {r.name for r in before.runs()} <= {r.name for r in after.runs()}
    chosen = [(r.request.prompt, r.request.seed) for r in after.runs(["a house", "a car"], [3, 2])]
    assert chosen == [("a house", 3), ("a car", 3), ("a house", 2), ("a car", 2)]


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (replace(IDENTITY, weights_hash="e" * 64), "another model, Built-in"),
        (replace(IDENTITY, dtype="float16"), "float16"),
        (SamplingRequest("", steps=5, guidance_scale=3.0), "the number of steps is 4 there and 5"),
        (SamplingRequest("", steps=4), "the guidance is 3 there and the model's own now"),
        (SamplingRequest("", "fog", steps=4, guidance_scale=3.0), "the avoid text is"),
    ],
)
def test_another_model_and_other_settings_are_refused(other: Any, said: str) -> None:
    changed = {"base" if isinstance(other, SamplingRequest) else "model": other}
    with pytest.raises(SweepError, match=said):
        wanted(["a car"], [1]).extended(wanted(["a car"], [1], **changed))


def test_another_machine_may_go_on_with_it() -> None:
    elsewhere = replace(IDENTITY, device="cuda", threads=9, versions={"torch": "3"}, name="x")
    manifest = wanted(["a car"], [1])
    assert manifest.extended(wanted(["a car"], [1], model=elsewhere)) == manifest


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    ),
    st.sampled_from(["format", "version", "request", "model", "pictures", "seeds", "prompts"]),
)
def test_a_damaged_manifest_gets_a_sentence(junk: Any, where: str) -> None:
    values = json.loads(wanted(["a car"], [1]).to_text())
    for text in (json.dumps(junk), json.dumps({**values, where: junk})):
        try:
            found = Manifest.from_text(text)
        except SweepError:
            continue
        assert Manifest.from_text(found.to_text()) == found


def test_a_newer_manifest_says_so() -> None:
    values = json.loads(wanted(["a car"], [1]).to_text())
    with pytest.raises(SweepError, match="newer version"):
        Manifest.from_text(json.dumps({**values, "version": 2}))


def test_a_sweep_that_nobody_means() -> None:
    check_size(MAX_RUNS, 1)
    with pytest.raises(SweepError, match="one folder holds up to"):
        check_size(1000, 101)


def too_large() -> dict[str, Any]:
    """A small file of many runs: twice the square root of ``MAX_RUNS`` on either side."""
    side = 2 * int(MAX_RUNS**0.5)
    values = json.loads(wanted(["a car"], [1]).to_text())
    prompts = [f"a car number {i}" for i in range(side)]
    return {**values, "prompts": prompts, "seeds": list(range(side))}


def test_a_manifest_of_more_runs_than_max_runs_is_refused() -> None:
    with pytest.raises(SweepError, match=f"holds up to {MAX_RUNS}"):
        Manifest.from_text(json.dumps(too_large()))


def test_check_size_counts_what_is_there_and_what_is_added() -> None:
    half = MAX_RUNS // 2
    before = wanted(["a car"], range(half))
    assert len(before.extended(wanted(["a car", "a boat"], range(half))).prompts) == 2
    with pytest.raises(SweepError, match=f"3 prompts × {half} seeds"):
        before.extended(wanted(["a boat", "a house"], [1]))
