"""Which words of a prompt the model was never taught, and what to try instead."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from visualizer.diffusion import prompt as prompts  # no numpy, no torch

_EXAMPLES = 3


@dataclass(frozen=True)
class UnknownWord:
    """A word of the prompt that the model does not know: ``prompt[start:end] == word``."""

    start: int
    end: int
    word: str


def unknown_words(
    prompt: str, known: frozenset[str], cursor: int | None = None
) -> tuple[UnknownWord, ...]:
    """The words of a prompt that are not known, in order.

    Args:
        prompt: as typed.
        known: every word that the model was taught, in lower case.
        cursor: where the person is typing. The word that ends there is given the benefit of the
            doubt while it may still become a known one ("mount" ► "mountain").
    """
    found = []
    for start, end, word in prompts.words(prompt):
        low = word.casefold()
        unfinished = end == cursor and any(other.startswith(low) for other in known)
        if low not in known and not unfinished:
            found.append(UnknownWord(start, end, word))
    return tuple(found)


def suggestion(word: str, objects: Iterable[str], colors: Iterable[str] = ()) -> str:
    """What to say of an unknown word: "unknown: 'elephant' – try car, castle, boat …".

    A word that looks like a slip of the pen gets the word that was probably meant.
    """
    from difflib import get_close_matches  # only needed while a pointer rests on a word

    objects, colors = tuple(objects), tuple(colors)
    meant = get_close_matches(word.lower(), (*objects, *colors), n=1, cutoff=0.75)
    tried = ", ".join(objects[:_EXAMPLES])
    if meant:
        return f"unknown: ‘{word}’ – did you mean “{meant[0]}”?"
    return f"unknown: ‘{word}’ – try {tried} …" if tried else f"unknown: ‘{word}’"


def vocabulary_note(
    objects: Iterable[str], colors: Iterable[str], places: Iterable[str], times: Iterable[str]
) -> str:
    """Everything that the model was taught to draw, in four short lines."""
    lines = [("Things", objects), ("Colors", colors), ("Places", places), ("Times", times)]
    return "\n".join(f"{name}: {', '.join(words)}" for name, words in lines)
