"""A scene as words: a small grammar with synonyms, dropped attributes and free order."""

from __future__ import annotations

import random
import string
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from typing import TYPE_CHECKING

from visualizer.training.subjects import Subject

if TYPE_CHECKING:
    from transformers import CLIPTokenizer

OBJECT_WORDS = {
    "car": ("car", "car", "Ferrari", "Ferrari", "sports car", "racing car", "automobile"),
    "castle": ("castle", "castle", "fortress"),
    "house": ("house", "house", "cottage", "home"),
    "boat": ("boat", "sailing boat", "sailboat", "ship"),
    "tree": ("tree",),
    "cat": ("cat", "cat", "kitten", "kitty"),
    "balloon": ("balloon", "hot air balloon"),
    "rocket": ("rocket", "rocket", "space rocket", "spaceship"),
}
COLOR_WORDS = {
    "red": ("red", "red", "red", "crimson", "scarlet"),
    "orange": ("orange",),
    "yellow": ("yellow", "yellow", "golden"),
    "green": ("green",),
    "blue": ("blue",),
    "purple": ("purple", "purple", "violet"),
    "pink": ("pink",),
    "white": ("white",),
    "black": ("black",),
}
PLACE_PHRASES = {
    "road": (
        "on a mountain road",
        "on a mountain road",
        "on a road in the mountains",
        "in the mountains",
        "on a road",
    ),
    "desert": ("in the desert", "in a desert", "among sand dunes"),
    "forest": ("in a forest", "in the forest", "in the woods"),
    "city": ("in a city", "in the city", "on a city street", "in a town"),
    "lake": ("by a lake", "at a lake", "by the lake", "on a lake"),
    "beach": ("on a beach", "on the beach", "at the beach", "by the sea"),
    "snow": ("in the snow", "in a snowy landscape", "in winter"),
}
PLACE_NOUNS = {
    "road": ("a mountain road", "mountains", "a road in the mountains"),
    "desert": ("a desert", "sand dunes"),
    "forest": ("a forest", "the woods"),
    "city": ("a city", "a city street", "a town"),
    "lake": ("a lake",),
    "beach": ("a beach", "the sea"),
    "snow": ("a snowy landscape", "snow", "winter"),
}
TIME_PHRASES = {
    "day": ("by day", "during the day", "at noon", "on a sunny day", "in daylight", "in sunshine"),
    "sunset": ("at sunset", "at sunset", "at dusk", "in the evening"),
    "night": ("at night", "at night", "by night", "at midnight", "under the moon"),
    "fog": ("in fog", "in the fog", "on a foggy day", "in mist", "on a misty morning"),
}
DECORATIONS = ("beautiful", "small", "big", "little", "old", "new", "shiny", "nice", "pretty")
OPENINGS = ("a picture of", "a photo of", "a drawing of", "a painting of", "an image of")

MAX_TOKENS = 24
START, END = "<|startoftext|>", "<|endoftext|>"


def caption(subject: Subject, rng: random.Random) -> str:
    """One caption of a subject, up to 15 words. Attributes may be missing, never wrong.

    Now and then a meaningless word is put in, so that one unknown word does not spoil a prompt.
    """
    parts = [_place(subject, rng), _time(subject, rng)]
    parts = [part for part in parts if part]
    if rng.random() < 0.35:
        parts.reverse()
    if subject.object is None:
        nouns = rng.choice(PLACE_NOUNS[subject.place])
        parts = [nouns, rng.choice(TIME_PHRASES[subject.time])][: rng.choice((1, 2, 2, 2))]
        head = ""
    else:
        head = _object(subject, rng)
    if head and rng.random() < 0.15 and parts:  # "at sunset on a beach, a red car"
        text = ", ".join([" ".join(parts), head])
    else:
        joint = ", " if rng.random() < 0.2 else " "
        text = joint.join([head, *parts] if head else parts)
    if rng.random() < 0.1 and not text.startswith(
        ("in ", "on ", "at ", "by ", "under ", "during ")
    ):
        text = f"{rng.choice(OPENINGS)} {text}"
    if rng.random() < 0.03:
        text = _with_nonsense(text, rng)
    return text.lower() if rng.random() < 0.3 else text


def plain_caption(subject: Subject) -> str:
    """The one caption that evaluation uses: every attribute, the commonest words, no chance."""
    place, time = PLACE_PHRASES[subject.place][0], TIME_PHRASES[subject.time][0]
    if subject.object is None:
        return f"{PLACE_NOUNS[subject.place][0]} {time}"
    color = COLOR_WORDS[subject.color or ""][0]
    return f"{_article(color)} {color} {OBJECT_WORDS[subject.object][0]} {place} {time}"


def known_words() -> list[str]:
    """Every word that a caption may contain, sorted, in lower case."""
    phrases: list[str] = ["a an the", *DECORATIONS, *OPENINGS]
    for table in (OBJECT_WORDS, COLOR_WORDS, PLACE_PHRASES, PLACE_NOUNS, TIME_PHRASES):
        for words in table.values():
            phrases.extend(words)
    return sorted({word for phrase in phrases for word in phrase.lower().split()})


def unknown_words(prompt: str, words: Iterable[str] | None = None) -> list[str]:
    """The words of a prompt that no caption ever contained, in order, as they were typed."""
    known = set(known_words() if words is None else words)
    typed = [word.strip(string.punctuation) for word in prompt.split()]
    return [word for word in typed if word and word.lower() not in known]


def build_tokenizer() -> CLIPTokenizer:
    """A CLIP tokenizer whose byte pairs are merged until each known word is one token.

    Every byte is in the vocabulary, so that any text can be read, letter by letter at worst.
    """
    from tokenizers.pre_tokenizers import ByteLevel
    from transformers import CLIPTokenizer

    alphabet = sorted(ByteLevel.alphabet())
    merges = learned_merges(known_words())
    symbols = [*alphabet, *(f"{letter}</w>" for letter in alphabet)]
    symbols += ["".join(pair) for pair in merges]
    vocab = {symbol: index for index, symbol in enumerate(dict.fromkeys(symbols))}
    vocab[START], vocab[END] = len(vocab), len(vocab) + 1
    return CLIPTokenizer(vocab=vocab, merges=merges, model_max_length=MAX_TOKENS)


def learned_merges(words: Iterable[str]) -> list[tuple[str, str]]:
    """Byte-pair encoding (Sennrich et al. 2016): merge the commonest neighbors, again and again.

    Written out because the tokenizers library breaks ties differently each time, and the tokens
    of a model must not change between training and use.
    """
    spelled = [[*word[:-1], f"{word[-1]}</w>"] for word in words]
    merges: list[tuple[str, str]] = []
    while counts := Counter(pair for word in spelled for pair in pairwise(word)):
        best = min(counts, key=lambda pair: (-counts[pair], pair))
        merges.append(best)
        for word in spelled:
            for k in range(len(word) - 2, -1, -1):
                if word[k : k + 2] == list(best):
                    word[k : k + 2] = ["".join(best)]
    return merges


def _article(word: str) -> str:
    return "an" if word[0].lower() in "aeiou" else "a"


def _object(subject: Subject, rng: random.Random) -> str:
    noun = rng.choice(OBJECT_WORDS[subject.object or ""])
    color = rng.choice(COLOR_WORDS[subject.color or ""]) if rng.random() > 0.06 else ""
    decoration = rng.choice(DECORATIONS) if rng.random() < 0.12 else ""
    words = [word for word in (decoration, color, noun) if word]
    article = "the" if rng.random() < 0.07 else _article(words[0])
    return " ".join(words if rng.random() < 0.1 else [article, *words])


def _place(subject: Subject, rng: random.Random) -> str:
    return rng.choice(PLACE_PHRASES[subject.place]) if rng.random() > 0.1 else ""


def _time(subject: Subject, rng: random.Random) -> str:
    return rng.choice(TIME_PHRASES[subject.time]) if rng.random() > 0.12 else ""


def _with_nonsense(text: str, rng: random.Random) -> str:
    word = "".join(rng.choices(string.ascii_lowercase, k=rng.randint(3, 8)))
    words = text.split(" ")
    words.insert(rng.randint(0, len(words)), word)
    return " ".join(words)
