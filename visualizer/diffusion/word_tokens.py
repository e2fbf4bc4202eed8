"""Which tokens a word became: where every word of a prompt stands in what the denoiser reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from visualizer.diffusion.attention import PromptToken
from visualizer.diffusion.prompt import words as words_in
from visualizer.diffusion.request import RequestError, SamplingRequest
from visualizer.diffusion.weight_syntax import read
from visualizer.diffusion.weighting import KEY as WEIGHTING
from visualizer.diffusion.weighting import supports as reads_weights

_LONGEST_PROMPT = 100_000  # characters; what lies beyond is never read
_BLENDED = (
    "A blend mixes prompts into one before the picture is made: which of their words it listens "
    "to cannot be told. Take the prompts one at a time."
)
_ONE_AFTER_ANOTHER = (
    "These are several prompts, and each is read on its own. Take them one at a time to see how."
)


@dataclass(frozen=True)
class ReadPrompt:
    """The words of a prompt and the tokens of it that are read, marks included, filling not."""

    words: tuple[str, ...]
    tokens: tuple[PromptToken, ...]


def read_tokens(tokenizer: Any, text: str, length: int) -> ReadPrompt:
    """The tokens of a text as a pipeline reads them within ``length``.

    Args:
        tokenizer: of transformers; slow ones, which do not tell where their tokens stand, too.
        length: of the sequence that the denoiser reads, filling included.
    """
    text = text[:_LONGEST_PROMPT]
    encoded = tokenizer(
        text,
        truncation=True,
        max_length=min(length, int(tokenizer.model_max_length or length)),
        return_offsets_mapping=bool(tokenizer.is_fast),
        verbose=False,
    )
    ids = list(encoded["input_ids"])
    marks = _marks(tokenizer, ids)
    spans = list(encoded["offset_mapping"]) if tokenizer.is_fast else _spans(tokenizer, text, marks)
    filled_before = length - len(ids) if tokenizer.padding_side == "left" else 0
    found = words_in(text)
    tokens = _tokens(text, spans, marks, found, first=filled_before)
    return ReadPrompt(tuple(word for _, _, word in found), tuple(tokens))


def tokens_of_run(pipeline: Any, request: SamplingRequest, length: int) -> ReadPrompt:
    """The tokens of a request's prompt, whose weights may be written in it.

    Args:
        length: of the sequence that the denoiser reads.

    Raises:
        RequestError: for a blend of prompts.
    """
    weighted = request.extra.get(WEIGHTING) and reads_weights(pipeline)
    texts = read(request.prompt) if weighted else None
    if texts is not None and texts.kind == "blend":
        raise RequestError(_BLENDED)
    own = read_tokens(pipeline.tokenizer, request.prompt, length)
    if texts is None or (texts.plain and length <= pipeline.tokenizer.model_max_length):
        return own
    return _read_weighted(pipeline, texts.texts)


def without_weights(pipeline: Any, prompt: str) -> str:
    """The words of a prompt whose weights are switched on, one text as the encoder reads it.

    Raises:
        RequestError: for several prompts, or where its weights are written wrongly.
    """
    if not reads_weights(pipeline):
        return prompt
    texts = read(prompt)
    if texts.kind != "text":
        raise RequestError(_BLENDED if texts.kind == "blend" else _ONE_AFTER_ANOTHER)
    return prompt if texts.plain else texts.text


def check_words(pipeline: Any, request: SamplingRequest) -> None:
    """Refuse a request whose words cannot be told apart.

    Raises:
        RequestError: with what to do.
    """
    tokens_of_run(pipeline, request, int(pipeline.tokenizer.model_max_length))


def _read_weighted(pipeline: Any, texts: Sequence[Sequence[tuple[str, float]]]) -> ReadPrompt:
    """As compel reads them: part by part, in pieces between marks, text after text."""
    from compel import Compel

    tokenizer = pipeline.tokenizer
    provider = Compel(
        tokenizer, pipeline.text_encoder, truncate_long_prompts=False, device="cpu"
    ).conditioning_provider
    words: list[str] = []
    tokens: list[PromptToken] = []
    begin = 0
    for parts in texts:
        fragments = [text for text, _ in parts if text.strip()] or [""]
        weights = [1.0] * len(fragments)
        pieces = provider.get_token_ids_and_expand_weights(fragments, weights, "cpu")[0].tolist()
        read_words, inside = _parts_read(tokenizer, fragments, len(words))
        tokens += _placed(tokenizer, pieces, inside, begin)
        words += read_words
        begin += len(pieces)
    return ReadPrompt(tuple(words), tuple(tokens))


def _parts_read(
    tokenizer: Any, fragments: Sequence[str], first_word: int
) -> tuple[list[str], list[PromptToken]]:
    """The words of the parts of a text, and their tokens without marks, not placed yet."""
    words: list[str] = []
    tokens: list[PromptToken] = []
    for fragment in fragments:
        encoded = tokenizer(
            fragment, add_special_tokens=False, return_offsets_mapping=True, verbose=False
        )
        found = words_in(fragment)
        none = [False] * len(encoded["input_ids"])
        for token in _tokens(fragment, encoded["offset_mapping"], none, found):
            word = None if token.word is None else token.word + first_word + len(words)
            tokens.append(PromptToken(token.text, 0, word, token.kind))
        words += [word for _, _, word in found]
    return words, tokens


def _placed(
    tokenizer: Any, pieces: Sequence[int], inside: Sequence[PromptToken], begin: int
) -> list[PromptToken]:
    """The tokens of one text where they stand: in pieces as long as the encoder reads."""
    size = int(tokenizer.model_max_length)
    placed: list[PromptToken] = []
    coming = list(inside)
    for start in range(0, len(pieces), size):
        piece = pieces[start : start + size]
        placed.append(PromptToken("", begin + start, None, "start"))
        end = piece.index(tokenizer.eos_token_id, 1)
        for k in range(1, end):
            token = coming.pop(0)
            placed.append(PromptToken(token.text, begin + start + k, token.word, token.kind))
        placed.append(PromptToken("", begin + start + end, None, "end"))
    return placed


def _tokens(
    text: str,
    spans: Sequence[tuple[int, int]],
    marks: Sequence[bool],
    words: Sequence[tuple[int, int, str]],
    first: int = 0,
) -> list[PromptToken]:
    """Tokens whose spans of the text are known."""
    real = [k for k, mark in enumerate(marks) if not mark]
    begin = real[0] if real else 1
    tokens = []
    for k, ((start, end), mark) in enumerate(zip(spans, marks, strict=True)):
        if mark:
            kind = "start" if k < begin else "end"
            tokens.append(PromptToken("", first + k, None, kind))
            continue
        word = _word_at(words, start, end)
        kind = "punctuation" if word is None else "word"
        tokens.append(PromptToken(text[start:end].strip(), first + k, word, kind))
    return tokens


def _word_at(words: Sequence[tuple[int, int, str]], start: int, end: int) -> int | None:
    """The word that shares most characters with a span of the text."""
    shared = [min(end, stop) - max(start, begin) for begin, stop, _ in words]
    most = max(shared, default=0)
    return shared.index(most) if most > 0 else None


def _marks(tokenizer: Any, ids: Sequence[int]) -> list[bool]:
    """Which tokens are marks that the tokenizer itself has set: only those at either end."""
    special = set(tokenizer.all_special_ids)
    begin = next((k for k, i in enumerate(ids) if i not in special), len(ids))
    end = next((k for k in range(len(ids), begin, -1) if ids[k - 1] not in special), begin)
    return [not begin <= k < end for k in range(len(ids))]


def _spans(tokenizer: Any, text: str, marks: Sequence[bool]) -> list[tuple[int, int]]:
    """Where the tokens of a slow tokenizer stand, by counting those of every beginning."""

    def count(end: int) -> int:
        return len(tokenizer(text[:end], add_special_tokens=False, verbose=False)["input_ids"])

    real = marks.count(False)
    owners: list[tuple[int, int]] = [(0, 0)] * real
    for start, end, _ in words_in(text):
        before = count(start)
        if before >= real:
            break
        for k in range(before, min(count(end), real)):
            owners[k] = (start, end)
    coming = iter(owners)
    return [(0, 0) if mark else next(coming) for mark in marks]
