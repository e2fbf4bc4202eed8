"""Which words of a prompt the model was never taught, and what to try instead."""

from __future__ import annotations

import re
import string
from collections.abc import Iterable
from dataclasses import dataclass

_PUNCTUATION = string.punctuation + "“”„‘’«»…–—¡¿"
_EXAMPLES = 3


@dataclass(frozen=True)
class UnknownWord:
    """A word of the prompt that the model does not know: ``prompt[start:end] == word``."""

    start: int
    end: int
    word: str


def unknown_words(
    prompt: str, known: Iterable[str], cursor: int | None = None
) -> tuple[UnknownWord, ...]:
    """The words of a prompt that are not known, in order.

    Args:
        prompt: as typed.
        known: every word that the model was taught, in lower case.
        cursor: where the person is typing. The word that ends there is given the benefit of the
            doubt while it may still become a known one ("mount" ► "mountain").
    """
    words = known if isinstance(known, (set, frozenset)) else set(known)
    found = []
    for match in re.finditer(r"\S+", prompt):
        typed = match.group()
        word = typed.strip(_PUNCTUATION)
        if not word or word.lower() in words:
            continue
        start = match.start() + len(typed) - len(typed.lstrip(_PUNCTUATION))
        end = start + len(word)
        if end == cursor and any(other.startswith(word.lower()) for other in words):
            continue
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
