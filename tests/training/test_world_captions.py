"""Captions: what they say is true, said in many ways, and read by the tokenizer of their words."""

from __future__ import annotations

import random
import re
from functools import cache
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from visualizer.training.world import words
from visualizer.training.world.captions import (
    MAX_TOKENS,
    caption,
    known_words,
    plain_caption,
    unknown_words,
)
from visualizer.training.world.subjects import (
    PLACES,
    TIMES,
    Subject,
    Thing,
    choose_subject,
    scene_subject,
)
from visualizer.training.world.vocabulary import build_tokenizer

if TYPE_CHECKING:
    from transformers import CLIPTokenizer

CAR, CASTLE = Thing("car", "red"), Thing("castle", "white")
SUBJECT = Subject((CAR,), "road", "sunset", None, "big", "left")
PAIR = Subject((CAR, CASTLE), "field", "rain", "front")
KINDS = {
    "object": (words.OBJECTS, words.PLURALS),
    "color": (words.COLORS,),
    "place": (words.PLACES,),
    "time": (words.TIMES,),
    "size": (words.SIZES,),
    "side": (words.SIDES,),
}
BETWEEN = {  # what stands between two things: their relation, and whether the first is named first
    "in front of": ("front", True),
    "before": ("front", True),
    "behind": ("front", False),
    "to the left of": ("left", True),
    "left of": ("left", True),
    "on the left side of": ("left", True),
    "on the left and": ("left", True),
    "to the right of": ("left", False),
    "right of": ("left", False),
    "on the right side of": ("left", False),
    "on the right and": ("left", False),
}
KNOWN = frozenset(known_words())
subjects = st.integers(0, 2**32).map(lambda seed: choose_subject(random.Random(seed)))
any_seed = st.integers(0, 2**32)


@cache
def phrases() -> tuple[re.Pattern[str], dict[str, tuple[str, str]]]:
    """What finds the phrases of all kinds, the longer before those in them, and their meaning."""
    meaning = {
        phrase.lower(): (kind, name)
        for kind, tables in KINDS.items()
        for table in tables
        for name, some in table.items()
        for phrase in some
    }
    longest_first = sorted(meaning, key=len, reverse=True)
    return re.compile(rf"\b({'|'.join(map(re.escape, longest_first))})\b"), meaning


def read(text: str) -> list[tuple[str, str]]:
    """What a caption says, in order: kinds and names."""
    pattern, meaning = phrases()
    return [meaning[found] for found in pattern.findall(color_before(without_nonsense(text)))]


@cache
def colors_after() -> re.Pattern[str]:
    """What finds a thing with its color behind it."""
    meaning = phrases()[1]
    longest_first = sorted(meaning, key=len, reverse=True)
    nouns, colors = (
        "|".join(re.escape(phrase) for phrase in longest_first if meaning[phrase][0] == kind)
        for kind in ("object", "color")
    )
    return re.compile(rf"\b({nouns})(?:,| in) ({colors})\b")


def color_before(text: str) -> str:
    """The same with each color before its thing."""
    return colors_after().sub(r"\2 \1", text)


def without_nonsense(text: str) -> str:
    spoken = text.lower().replace(",", " ,").split()
    return " ".join(word for word in spoken if word in KNOWN or word == ",").replace(" ,", ",")


def named(said: list[tuple[str, str]]) -> list[Thing]:
    """The things of a caption with the color before each; "" where none is said."""
    things, color = [], ""
    for kind, name in said:
        if kind == "color":
            color = name
        elif kind == "object":
            things.append(Thing(name, color))
            color = ""
    assert not color, "a color that belongs to nothing"
    return things


@cache
def tokenizer() -> CLIPTokenizer:
    return build_tokenizer()


@settings(deadline=None)
@given(subjects.filter(lambda subject: len(subject.things) == 1), any_seed)
def test_a_caption_of_one_thing_says_nothing_wrong(subject: Subject, seed: int) -> None:
    text = caption(subject, random.Random(seed))
    said = read(text)
    (thing,) = named(said)
    assert thing.object == subject.things[0].object, text
    assert thing.color in ("", subject.things[0].color), text
    for kind in ("place", "time", "size", "side"):
        assert {name for k, name in said if k == kind} <= {getattr(subject, kind)}, text


@settings(deadline=None)
@given(subjects.filter(lambda subject: len(subject.things) == 2), any_seed, st.booleans())
def test_a_caption_of_two_binds_colors_and_says_the_relation_the_right_way_round(
    subject: Subject, seed: int, whole: bool
) -> None:
    text = without_nonsense(caption(subject, random.Random(seed), whole=whole))
    things = named(read(text))
    order = [t.object for t in subject.things]
    assert {t.object for t in things} == set(order), text
    for thing in things:
        (really,) = (t for t in subject.things if t.object == thing.object)
        assert thing.color in ("", really.color), text
        assert thing.color or not whole, text
    said = {
        meaning
        for words_, meaning in BETWEEN.items()
        if re.search(rf"\b{words_}\b", text)
        and not (words_ == "left of" and "to the left of" in text)
        and not (words_ == "right of" and "to the right of" in text)
    }
    first_first = [t.object for t in things] == order
    assert said <= {(subject.relation, first_first)}, text
    assert said or not whole, text


@settings(deadline=None)
@given(subjects, any_seed)
def test_a_whole_caption_says_everything(subject: Subject, seed: int) -> None:
    text = caption(subject, random.Random(seed), whole=True)
    assert not unknown_words(text)
    if subject.things:
        said = dict(read(text))
        assert (said["place"], said["time"]) == (subject.place, subject.time)


def test_the_example_prompts_are_in_the_grammar() -> None:
    rng = random.Random(0)
    texts = {caption(SUBJECT, rng) for _ in range(20_000)}
    assert "a red Ferrari on a mountain road at sunset" in texts
    texts = {caption(Subject((CAR, CASTLE), "field", "rain", "front"), rng) for _ in range(4000)}
    assert any(text.startswith("a red car in front of a white castle") for text in texts)
    assert any(text.startswith("a white castle behind a red car") for text in texts)


def test_words_are_left_out_reordered_replaced_and_put_in_the_plural() -> None:
    rng = random.Random(1)
    texts = [caption(SUBJECT, rng) for _ in range(2500)]
    said = [read(text) for text in texts]
    assert any("color" not in dict(each) for each in said)
    for kind in ("place", "time", "size", "side"):
        assert 0.02 < sum(kind in dict(each) for each in said) / len(said) < 0.98, kind
    orders = {tuple(kind for kind, _ in each if kind in ("place", "time")) for each in said}
    assert {("place", "time"), ("time", "place"), ("place",), ("time",), ()} <= orders
    assert any(each[0][0] in ("place", "time") for each in said if each)
    assert any("car, red, " in text for text in texts)
    assert any("car in red " in text for text in texts)
    for noun in {*words.OBJECTS["car"], *words.PLURALS["car"]}:
        assert any(noun in text for text in texts), noun
    assert len(set(texts)) > 2000


def test_an_empty_landscape_names_no_thing() -> None:
    rng = random.Random(3)
    for place in PLACES:
        for time in TIMES:
            empty = Subject((), place, time)
            text = caption(empty, rng)
            assert not [name for kind, name in read(text) if kind == "object"], text
    assert plain_caption(Subject((), "beach", "night")) == "a beach at night"


def test_the_plain_caption() -> None:
    castle = Subject((Thing("castle", "orange"),), "lake", "fog", None, "small", "left")
    assert plain_caption(castle) == "an orange castle by a lake in fog"
    assert (
        plain_caption(PAIR) == "a red car in front of a white castle in a wheat field in the rain"
    )


def test_unknown_words_are_found_as_they_were_typed() -> None:
    assert unknown_words("two Ferraris? a red Ferrari, at sunset") == ["two"]
    assert unknown_words("A purple Elephant on the beach!") == ["Elephant"]
    assert unknown_words("", ["a"]) == []


def test_every_known_word_is_one_token() -> None:
    read_ = tokenizer()(known_words()).input_ids
    assert {len(ids) for ids in read_} == {3}  # between start and end


def test_captions_fit_into_what_is_read_of_them() -> None:
    rng = random.Random(4)
    texts = [caption(scene_subject(6, k)[0], rng) for k in range(3000)]
    texts += [caption(scene_subject(6, k)[0], rng, whole=True) for k in range(1000)]
    assert max(len(ids) for ids in tokenizer()(texts).input_ids) <= MAX_TOKENS
    assert tokenizer().model_max_length == MAX_TOKENS


def test_tokenizer_round_trip_and_length() -> None:
    text = "a red ferrari on a mountain road at sunset"
    assert tokenizer().decode(tokenizer()(text).input_ids, skip_special_tokens=True) == text
    padded = tokenizer()(["a", text], padding="max_length", truncation=True)
    assert [len(ids) for ids in padded.input_ids] == [MAX_TOKENS, MAX_TOKENS]


@pytest.mark.parametrize("text", ["🚗", "שלום", "naïve dog", "x" * 500, ""])
def test_any_text_can_be_read(text: str) -> None:
    ids = tokenizer()(text, padding="max_length", truncation=True).input_ids
    assert len(ids) == MAX_TOKENS
    assert all(0 <= i < len(tokenizer()) for i in ids)


def test_the_tokenizer_is_the_same_every_time() -> None:
    assert build_tokenizer().get_vocab() == build_tokenizer().get_vocab()
