"""Captions, and the tokenizer that is built from their words."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visualizer.training import captions
from visualizer.training.captions import (
    build_tokenizer,
    caption,
    known_words,
    plain_caption,
    unknown_words,
)
from visualizer.training.subjects import COLORS, OBJECTS, PLACES, TIMES, Subject

SUBJECT = Subject("car", "red", "road", "sunset")
subjects = st.builds(
    Subject,
    st.sampled_from(OBJECTS),
    st.sampled_from(COLORS),
    st.sampled_from(PLACES),
    st.sampled_from(TIMES),
)


@given(subjects, st.integers(0, 2**32))
def test_a_caption_says_nothing_wrong(subject: Subject, seed: int) -> None:
    text = caption(subject, random.Random(seed)).lower()
    words = set(text.replace(",", "").split())
    for color, synonyms in captions.COLOR_WORDS.items():
        if color != subject.color:
            assert not words & set(synonyms)
    assert any(word in text for word in map(str.lower, captions.OBJECT_WORDS[subject.object or ""]))


def test_the_example_prompt_is_in_the_grammar() -> None:
    rng = random.Random(0)
    texts = {caption(SUBJECT, rng) for _ in range(6000)}
    assert "a red Ferrari on a mountain road at sunset" in texts


def test_attributes_are_dropped_and_reordered() -> None:
    rng = random.Random(1)
    texts = [caption(SUBJECT, rng) for _ in range(500)]
    assert any("red" not in t and "crimson" not in t and "scarlet" not in t for t in texts)
    assert any(t.index("sunset") < t.index("road") for t in texts if "sunset" in t and "road" in t)
    assert len(set(texts)) > 300


def test_an_empty_landscape_names_no_object() -> None:
    empty = Subject(None, None, "beach", "night")
    assert plain_caption(empty) == "a beach at night"
    text = caption(empty, random.Random(3))
    assert "beach" in text or "sea" in text


def test_the_plain_caption() -> None:
    assert plain_caption(Subject("castle", "orange", "lake", "fog")) == (
        "an orange castle by a lake in fog"
    )


def test_unknown_words_are_found_as_they_were_typed() -> None:
    assert unknown_words("a red Ferrari, at sunset") == []
    assert unknown_words("A purple Dog on the beach!") == ["Dog"]
    assert unknown_words("", ["a"]) == []


def test_every_known_word_is_one_token() -> None:
    tokenizer = build_tokenizer()
    for word in known_words():
        assert len(tokenizer(word).input_ids) == 3, word


def test_tokenizer_round_trip_and_length() -> None:
    tokenizer = build_tokenizer()
    text = "a red ferrari on a mountain road at sunset"
    assert tokenizer.decode(tokenizer(text).input_ids, skip_special_tokens=True) == text
    padded = tokenizer(["a", text], padding="max_length", truncation=True)
    assert [len(ids) for ids in padded.input_ids] == [24, 24]


@pytest.mark.parametrize("text", ["🚗", "שלום", "naïve dog", "x" * 500, ""])
def test_any_text_can_be_read(text: str) -> None:
    tokenizer = build_tokenizer()
    ids = tokenizer(text, padding="max_length", truncation=True).input_ids
    assert len(ids) == 24
    assert all(0 <= i < len(tokenizer) for i in ids)


def test_the_tokenizer_is_the_same_every_time() -> None:
    assert build_tokenizer().get_vocab() == build_tokenizer().get_vocab()
