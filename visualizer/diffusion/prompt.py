"""Prompts: the words in one, how many of them a model reads, which of them it does not know."""

from __future__ import annotations

import re
from typing import Any

from visualizer.diffusion.facts import PromptReading, Vocabulary

_LONGEST_TOKEN = 50  # characters, generously
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")


def words(prompt: str) -> list[tuple[int, int, str]]:
    """(start, end, word) of every word in a prompt."""
    return [(m.start(), m.end(), m.group()) for m in _WORD.finditer(prompt)]


def unknown_words(prompt: str, vocabulary: Vocabulary | None) -> tuple[tuple[int, int, str], ...]:
    """(start, end, word) of the words that a vocabulary does not hold."""
    if vocabulary is None:
        return ()
    return tuple(w for w in words(prompt) if w[2].casefold() not in vocabulary.words)


def read_prompt(
    prompt: str, tokenizer: Any, limit: int, vocabulary: Vocabulary | None = None
) -> PromptReading:
    """How many words of a prompt a tokenizer passes on within ``limit`` tokens.

    Args:
        tokenizer: a transformers tokenizer, or None (then every word counts as read).
        limit: tokens that the model reads, without the marks for begin and end.
    """
    found = words(prompt)
    read = len(found)
    # no tokenizer reads more than this from a text; the rest need not be looked at
    prompt = prompt[: limit * _LONGEST_TOKEN]
    if tokenizer is not None and _token_count(tokenizer, prompt) > limit:
        # the longest beginning of whole words that fits; token counts grow with the text
        low, high = 0, sum(end <= len(prompt) for _, end, _ in found)
        while low < high:
            middle = (low + high + 1) // 2
            fits = _token_count(tokenizer, prompt[: found[middle - 1][1]]) <= limit
            low, high = (middle, high) if fits else (low, middle - 1)
        read = low
    return PromptReading(read, len(found), unknown_words(prompt, vocabulary))


def _token_count(tokenizer: Any, text: str) -> int:
    encoded = tokenizer(text, add_special_tokens=False, truncation=False, verbose=False)
    return len(encoded["input_ids"])


def truncation_notice(reading: PromptReading) -> str:
    """A sentence when a model reads only the beginning of a prompt, else ""."""
    if reading.words_read >= reading.words_total:
        return ""
    if reading.words_read == 0:
        return "The prompt is long: this model reads only the beginning of its first word."
    return (
        f"The prompt is long: this model reads the first {reading.words_read} "
        f"of its {reading.words_total} words."
    )
