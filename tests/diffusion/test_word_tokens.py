"""Which tokens a word became, in prompts of every kind."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tests.builtin_sizes import TOKENS
from tests.diffusion.tiny_pipelines import tiny_pipeline
from visualizer.diffusion import Model, RequestError, SamplingRequest
from visualizer.diffusion.clip_vocabulary import clip_tokenizer
from visualizer.diffusion.request import FrozenMapping
from visualizer.diffusion.word_tokens import ReadPrompt, check_words, read_tokens, tokens_of_run


@pytest.fixture(scope="module")
def clip() -> Any:
    return clip_tokenizer()


def owners(read: ReadPrompt) -> list[int | None]:
    return [token.word for token in read.tokens]


def test_several_tokens_a_word_and_punctuation(clip: Any) -> None:
    read = read_tokens(clip, "A  Zeppelin-like thingamajig, über   the sea!", 77)
    assert read.words == ("A", "Zeppelin-like", "thingamajig", "über", "the", "sea")
    ids = clip("A  Zeppelin-like thingamajig, über   the sea!")["input_ids"]
    assert [token.position for token in read.tokens] == list(range(len(ids)))
    for number, word in enumerate(read.words):
        own = [token.text for token in read.tokens if token.word == number]
        assert "".join(own) == word  # "über" may take two tokens of one letter
    assert owners(read).count(2) > 1
    kinds = [token.kind for token in read.tokens]
    assert kinds[0] == "start"
    assert kinds[-1] == "end"
    assert kinds.count("punctuation") == 2


def test_unknown_words_are_read_letter_by_letter(builtin: Model) -> None:
    read = read_tokens(builtin.pipeline.tokenizer, "a red bicycle", TOKENS)
    assert read.words == ("a", "red", "bicycle")
    assert owners(read).count(2) > 3
    assert "".join(t.text for t in read.tokens if t.word == 2) == "bicycle"


def test_a_prompt_that_is_cut(builtin: Model) -> None:
    read = read_tokens(builtin.pipeline.tokenizer, " ".join(["red", "car"] * TOKENS), TOKENS)
    assert len(read.words) == 2 * TOKENS
    assert [t.position for t in read.tokens] == list(range(TOKENS))
    assert owners(read) == [None, *range(TOKENS - 2), None]


@pytest.mark.parametrize("prompt", ["", "   ", "…!?"])
def test_no_words(builtin: Model, prompt: str) -> None:
    read = read_tokens(builtin.pipeline.tokenizer, prompt, TOKENS)
    assert read.words == ()
    assert set(owners(read)) == {None}
    assert read.tokens[0].kind == "start"
    assert read.tokens[-1].kind == "end"


def test_the_same_word_twice_is_two_words(builtin: Model) -> None:
    read = read_tokens(builtin.pipeline.tokenizer, "a cat and a cat", TOKENS)
    assert [t.position for t in read.tokens if t.text == "cat"] == [
        next(t.position for t in read.tokens if t.word == w) for w in (1, 4)
    ]


class Slow:
    """A tokenizer that does not tell where its tokens stand, and fills up on the left."""

    is_fast, padding_side, model_max_length = False, "left", 12
    all_special_ids = (0, 1)

    def __call__(self, text: str, **told: Any) -> dict[str, list[int]]:
        pieces = [text_piece for word in text.split() for text_piece in _thirds(word)]
        ids = [2 + len(piece) for piece in pieces]
        if told.get("add_special_tokens", True):
            ids = [0, 1, *ids][: told["max_length"]]
        return {"input_ids": ids}


def _thirds(word: str) -> list[str]:
    return [word[k : k + 3] for k in range(0, len(word), 3)]


def test_a_slow_tokenizer_that_fills_up_on_the_left() -> None:
    read = read_tokens(Slow(), "a red Ferrari", 12)
    assert owners(read) == [None, None, 0, 1, 2, 2, 2]
    assert [t.position for t in read.tokens] == list(range(5, 12))


def weighted(prompt: str) -> SamplingRequest:
    return SamplingRequest(prompt, extra=FrozenMapping({"weighting": True}))


def test_weights_are_no_words() -> None:
    pipeline = tiny_pipeline()
    read = tokens_of_run(pipeline, weighted("a (red)1.3 car++ at night"), TOKENS)
    plain = tokens_of_run(pipeline, SamplingRequest("a red car at night"), TOKENS)
    assert read.words == plain.words == ("a", "red", "car", "at", "night")
    assert owners(read) == owners(plain)


def test_a_long_weighted_prompt_stands_in_pieces() -> None:
    pipeline = tiny_pipeline()
    words = TOKENS + 6  # more than fit into one piece
    prompt = " ".join(["red"] * words) + " night++"
    read = tokens_of_run(pipeline, weighted(prompt), 2 * TOKENS)
    assert [w for w in owners(read) if w is not None] == list(range(words + 1))
    marks = [t.position for t in read.tokens if t.word is None]
    assert {0, TOKENS - 1, TOKENS} <= set(marks)
    assert len({t.position for t in read.tokens}) == len(read.tokens)


def test_a_blend_has_no_words_of_its_own() -> None:
    pipeline = tiny_pipeline()
    with pytest.raises(RequestError, match="blend"):
        check_words(pipeline, weighted('("a red car", "a blue boat").blend(1, 1)'))
    check_words(pipeline, SamplingRequest('("a red car", "a blue boat").blend(1, 1)'))


def test_prompts_one_after_another() -> None:
    read = tokens_of_run(tiny_pipeline(), weighted('("a car", "a boat").and(1, 1)'), 2 * TOKENS)
    assert read.words == ("a", "car", "a", "boat")
    boat = next(t for t in read.tokens if t.word == 3)
    assert boat.position == TOKENS + 2


def test_a_pipeline_that_reads_no_weights() -> None:
    pipeline = SimpleNamespace(tokenizer=tiny_pipeline().tokenizer)
    assert tokens_of_run(pipeline, weighted("a (red)1.3 car"), TOKENS).words[1] == "red"
