"""Requests: what decides a picture, checked before anything runs."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visualizer.diffusion import MAX_SEED, RequestError, SamplingRequest
from visualizer.diffusion.request import FrozenMapping, clean_text

REQUESTS = st.builds(
    SamplingRequest,
    prompt=st.text().map(clean_text),
    negative_prompt=st.none() | st.text().map(clean_text),
    seed=st.integers(0, MAX_SEED),
    steps=st.none() | st.integers(1, 1000),
    guidance_scale=st.none() | st.floats(0, 100),
    sampler=st.none() | st.sampled_from(["ddim", "euler"]),
    width=st.none() | st.integers(8, 4096),
    height=st.none() | st.integers(8, 4096),
    extra=st.dictionaries(st.sampled_from(["eta", "clip_skip"]), st.integers(0, 3)),
)


@given(REQUESTS)
def test_json_round_trip(request_: SamplingRequest) -> None:
    text = json.dumps(request_.to_json())
    assert SamplingRequest.from_json(json.loads(text)) == request_
    copy = pickle.loads(pickle.dumps(request_))
    assert copy == request_
    assert hash(copy) == hash(request_)


@given(st.text(alphabet=st.characters()))
def test_any_text_can_be_cleaned_into_a_prompt(text: str) -> None:
    assert SamplingRequest(clean_text(text)).prompt.encode("utf-8") is not None


@pytest.mark.parametrize("prompt", ["a\0b", "\ud800", "half \udfff symbol"])
def test_what_is_no_text_is_refused(prompt: str) -> None:
    with pytest.raises(RequestError, match="Remove it"):
        SamplingRequest(prompt)


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("seed", -1, "between 0 and 4294967295"),
        ("seed", 2**32, "between 0 and 4294967295"),
        ("seed", 1.5, "whole number"),
        ("seed", True, "whole number"),
        ("steps", 0, "between 1"),
        ("steps", -3, "between 1"),
        ("guidance_scale", float("nan"), "between 0 and 1000"),
        ("guidance_scale", -1.0, "between 0 and 1000"),
        ("guidance_scale", "much", "must be a number"),
        ("width", 3, "between 8"),
        ("height", 10**9, "between 8"),
        ("prompt", 7, "must be text"),
    ],
)
def test_out_of_range_values_are_refused(field: str, value: object, sentence: str) -> None:
    with pytest.raises(RequestError, match=sentence):
        SamplingRequest(**{"prompt": "a boat", field: value})  # type: ignore[arg-type]


def test_arrays_in_extra_are_compared_by_content() -> None:
    one = SamplingRequest("a", extra=FrozenMapping({"mask": np.zeros(3)}))
    two = SamplingRequest("a", extra=FrozenMapping({"mask": np.zeros(3)}))
    three = SamplingRequest("a", extra=FrozenMapping({"mask": np.ones(3)}))
    assert one == two
    assert hash(one) == hash(two)
    assert one != three


@pytest.mark.parametrize(
    "values",
    [{}, {"prompt": "a", "wizard": 1}, {"prompt": "a", "start": {"kind": "dream"}}],
)
def test_json_of_another_version_is_refused(values: dict[str, object]) -> None:
    with pytest.raises(RequestError):
        SamplingRequest.from_json(values)
