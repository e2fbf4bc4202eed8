"""What is said of a prompt is what the pipeline does with it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.diffusion.tiny_pipelines import tiny_flow_pipeline
from tests.families import FAMILIES, REPRESENTATIVES
from tests.families.clip_and_t5 import clip_tokenizer, t5_tokenizer
from visualizer.diffusion import RequestError
from visualizer.diffusion.facts import PromptReading, Vocabulary
from visualizer.diffusion.libraries import diffusers
from visualizer.diffusion.prompt import PromptReader, read_prompt, truncation_notice, words

# one token each in all of the tiny tokenizers
ONE_TOKEN = ("a", "red", "cat", "on", "blue", "night", "of")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "family" in metafunc.fixturenames:
        everything = metafunc.config.getoption("--all-families")
        metafunc.parametrize("family", list(FAMILIES) if everything else REPRESENTATIVES)


@cache
def _clip() -> Any:
    return clip_tokenizer()


class _Seen(Exception):
    """Leaves a pipeline when its denoiser is called for the first time."""


def _tensors(values: Any) -> Iterator[torch.Tensor]:
    if isinstance(values, torch.Tensor):
        yield values
    elif isinstance(values, (list, tuple, dict)):
        for value in values.values() if isinstance(values, dict) else values:
            yield from _tensors(value)


def _what_the_denoiser_gets(pipeline: Any, prompt: str, arguments: dict[str, Any]) -> Any:
    names = ("prior_prior", "transformer", "unet")
    denoiser = next(p for p in (getattr(pipeline, n, None) for n in names) if p is not None)
    seen: list[torch.Tensor] = []

    def look(_: Any, args: Any, kwargs: Any) -> None:
        seen.extend(_tensors((args, kwargs)))
        raise _Seen

    handle = denoiser.register_forward_pre_hook(look, with_kwargs=True)
    torch.manual_seed(0)  # some pipelines encode their control image with the global generator
    try:
        with pytest.raises(_Seen):
            pipeline(
                prompt=prompt,
                generator=torch.Generator("cpu").manual_seed(0),
                output_type="latent",
                **arguments,
            )
    finally:
        handle.remove()
    return seen


def _same(some: list[torch.Tensor], others: list[torch.Tensor]) -> bool:
    return len(some) == len(others) and all(
        a.shape == b.shape and torch.equal(a, b) for a, b in zip(some, others, strict=True)
    )


def test_every_family_reads_up_to_the_cut_and_no_further(family: str) -> None:
    if family.startswith("Ideogram"):
        pytest.skip("refuses prompts that are too long instead of cutting them")
    dummy = FAMILIES[family]
    pipeline, arguments = dummy.build(torch.float32), dummy.arguments()
    reader = PromptReader.of(pipeline, arguments)
    limit = reader.token_limit
    if limit == 0:
        assert reader.read("a red cat " * 4000).cut is None
        return
    text = [ONE_TOKEN[i * 5 % 7] for i in range(limit + 20)]
    reading = reader.read(" ".join(text))
    read = reading.words_read
    assert reading.cut is not None
    assert reading.token_limit == limit
    spelled = family.startswith("Kolors")  # its tiny tokenizer needs several tokens for a word
    if not spelled:
        assert reading.tokens == len(text)
        assert read == limit

    def gets(words: list[str]) -> Any:
        return _what_the_denoiser_gets(pipeline, " ".join(words), arguments)

    kept = read + spelled  # the beginning of the next word may be read
    word = "photo" if text[read - 1] != "photo" else "red"
    before = gets(text)
    assert _same(before, gets([*text[:kept], *["night", "blue"] * 20]))
    assert not _same(before, gets([*text[: read - 1], word, *text[read:]]))


def test_a_pipeline_that_refuses_long_prompts_is_not_asked() -> None:
    dummy = FAMILIES["Ideogram4Pipeline"]
    pipeline, arguments = dummy.build(torch.float32), dummy.arguments()
    reader = PromptReader.of(pipeline, arguments)
    longest = "a" + " cat" * (reader.token_limit - 1)
    reader.check(longest)
    assert _what_the_denoiser_gets(pipeline, longest, arguments)
    with pytest.raises(RequestError, match=f"no prompt of more than {reader.token_limit}"):
        reader.check(longest + " cat")
    with pytest.raises(ValueError, match="exceeds"):
        pipeline(prompt=longest + " cat", **arguments)
    PromptReader.of(tiny_flow_pipeline()).check("a red cat " * 100)


def _pipeline(**parts: Any) -> Any:
    """Something with a StableDiffusion3Pipeline's call and these parts."""
    names = ("tokenizer", "tokenizer_2", "tokenizer_3")
    encoders = {"text_encoder": "CLIP", "text_encoder_2": "CLIP", "text_encoder_3": "T5"}
    parts = {n: parts.get(n) for n in names}
    models = {
        e: type(f"{kind}TextModel", (), {})() if parts[n] is not None else None
        for (e, kind), n in zip(encoders.items(), names, strict=True)
    }

    class StableDiffusion3Pipeline(SimpleNamespace):
        def __call__(self, prompt: str, max_sequence_length: int = 256) -> None: ...

    return StableDiffusion3Pipeline(**parts, **models, components={**parts, **models})


def test_the_encoder_that_reads_most_counts_and_the_others_are_named() -> None:
    clip = _clip()
    reader = PromptReader.of(
        _pipeline(tokenizer=clip, tokenizer_2=clip, tokenizer_3=t5_tokenizer())
    )
    assert len(reader.eyes) == 2
    assert reader.token_limit == 255
    short = reader.read("a red cat")
    assert (short.tokens, short.cut, short.note, short.words_read) == (3, None, "", 3)
    middle = reader.read("red cat " * 60)
    assert (middle.tokens, middle.cut, middle.words_read) == (120, None, 120)
    assert middle.note == "CLIP reads the first 75 tokens, T5 all of it."
    assert truncation_notice(middle) == middle.note
    long = reader.read("red cat " * 200)
    assert long.words_read == 255
    assert truncation_notice(long) == (
        "The prompt is long: this model reads the first 255 of its 400 words. "
        "CLIP reads the first 75 tokens, T5 the first 255."
    )


def test_encoders_that_are_not_there_are_not_read_through() -> None:
    pipeline = tiny_flow_pipeline()  # without T5
    reader = PromptReader.of(pipeline)
    read = pipeline.tokenizer.model_max_length - 2
    assert [eye.limit for eye in reader.eyes] == [read]
    assert reader.token_limit == read
    longer = PromptReader.of(_pipeline(tokenizer_3=t5_tokenizer()), {"max_sequence_length": 64})
    assert longer.token_limit == 63
    nothing = PromptReader.of(_pipeline())
    assert nothing.read("a red cat") == PromptReading(3, 3)


def test_a_pipeline_that_reads_piece_by_piece_reads_it_all() -> None:
    reader = PromptReader.of(_pipeline(tokenizer=_clip()))
    reading = reader.read("red cat " * 60, whole=True)
    assert (reading.cut, reading.words_read, reading.note) == (None, 120, "")
    assert (reading.tokens, reading.token_limit) == (120, 75)


def test_unknown_words_are_found_beyond_the_cut_too() -> None:
    reader = PromptReader.of(_pipeline(tokenizer=clip_tokenizer(12)))
    known = Vocabulary(frozenset({"red", "cat"}))
    reading = reader.read("red cat " * 10 + "unicorn", known)
    assert reading.words_read == 10
    assert reading.unknown == ((80, 87, "unicorn"),)


class _Slow:
    """A tokenizer that does not tell where its tokens stand, like ChatGLM's."""

    is_fast = False

    def __init__(self) -> None:
        self.inner = _clip()

    def __call__(self, text: str, **options: Any) -> Any:
        assert "return_offsets_mapping" not in options
        return self.inner(text, **options)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.sampled_from([*ONE_TOKEN, "elephant", "x", ",", "…"]), max_size=40))
def test_without_offsets_the_cut_is_behind_the_last_whole_word(parts: list[str]) -> None:
    prompt = " ".join(parts)
    fast, slow = _clip(), _Slow()
    by_offsets, by_halving = (read_prompt(prompt, t, 12) for t in (fast, slow))
    assert by_offsets.tokens == by_halving.tokens
    assert by_offsets.words_read == by_halving.words_read
    assert (by_offsets.cut is None) == (by_halving.cut is None)


@settings(deadline=None, max_examples=50)
@given(st.text(max_size=200), st.integers(1, 30))
def test_any_text_is_read_up_to_a_place_in_it(prompt: str, limit: int) -> None:
    prompt = prompt.encode(errors="ignore").decode()
    reading = read_prompt(prompt, _clip(), limit)
    assert 0 <= reading.words_read <= reading.words_total
    assert (reading.cut is None) == (reading.tokens <= limit)
    if reading.cut is not None:
        assert 0 <= reading.cut <= len(prompt)
        assert reading.words_read == sum(end <= reading.cut for _, end, _ in words(prompt))


def test_pasted_text_of_any_length_is_read_at_once() -> None:
    tokenizer = _clip()
    for pasted in ("a red cat, " * 10_000, "x" * 110_000, " " * 110_000 + "cat"):
        reading = read_prompt(pasted, tokenizer, 75)
        assert 0 <= reading.words_read <= 75
        assert reading.token_limit == 75
    looked_at = read_prompt("a red cat " * 50_000, tokenizer, 75)
    assert looked_at.tokens == 150_000


def test_a_first_word_too_long_is_said() -> None:
    reading = read_prompt("x" * 500, _clip(), 75)
    assert reading.cut == 75
    assert truncation_notice(reading).endswith("only the beginning of its first word.")
    assert truncation_notice(read_prompt("a red cat", _clip(), 75)) == ""


def test_pipelines_named_in_the_tables_are_there() -> None:
    from visualizer.diffusion import prompt

    tables = (*prompt._FIXED, *prompt._FEWER, *prompt._IN_A_CHAT)
    there = diffusers.pipelines.auto_pipeline.AUTO_TEXT2IMAGE_PIPELINES_MAPPING.values()
    for name in tables:
        assert any(pipeline.__name__.startswith(name) for pipeline in there), name
