"""A subject as words: a small grammar with synonyms, dropped attributes and free order."""

from __future__ import annotations

import random
import string
from collections.abc import Iterable

from visualizer.training.world import words
from visualizer.training.world.subjects import Subject, Thing

MAX_TOKENS = 32
"""Two things with size and color, a relation, a place, a time and an opening are 26 at most."""

DROPPED = {"color": 0.05, "place": 0.1, "time": 0.12}
SAID = {"size": 0.55, "side": 0.4, "relation": 0.8}
"""In so many captions each is left out, or put in, where it could be said."""
COLOR_AFTER = 0.1
AFTER = ("{0}, {1},", "{0} in {1}")
"""In so many captions a color is said after its thing, in one of these ways."""
PREPOSITIONS = ("in ", "on ", "at ", "by ", "under ", "during ", "among ", "when ", "downtown")


def caption(subject: Subject, rng: random.Random, *, whole: bool = False) -> str:
    """One caption of a subject. Attributes may be missing, never wrong.

    Now and then a meaningless word is put in, so that one unknown word does not spoil a prompt.

    Args:
        whole: say object, color, place, time and relation of all that is there, and no nonsense.
    """
    place = _phrase(words.PLACES[subject.place], "place", rng, whole)
    time = _phrase(words.TIMES[subject.time], "time", rng, whole)
    parts = [part for part in (place, time) if part]
    if rng.random() < 0.35:
        parts.reverse()
    if not subject.things:
        parts = [
            rng.choice(words.LANDSCAPES[subject.place]),
            rng.choice(words.TIMES[subject.time]),
        ][: 2 if whole else rng.choice((1, 2, 2, 2))]
        head = ""
    else:
        head = _things(subject, rng, whole)
    if head and rng.random() < 0.15 and parts:  # "at sunset on a beach, a red car"
        text = ", ".join([" ".join(parts), head])
    else:
        text = (", " if rng.random() < 0.2 else " ").join([head, *parts] if head else parts)
    if rng.random() < 0.1 and not text.startswith(PREPOSITIONS):
        text = f"{rng.choice(words.OPENINGS)} {text}"
    text = text.replace(",,", ",").rstrip(",")
    if not whole and rng.random() < 0.03:
        text = _with_nonsense(text, rng)
    return text


def plain_caption(subject: Subject) -> str:
    """The caption in the commonest words, with everything but size and side, and no chance."""
    place, time = words.PLACES[subject.place][0], words.TIMES[subject.time][0]
    if not subject.things:
        return f"{words.LANDSCAPES[subject.place][0]} {time}"
    named = [
        f"{_article(thing.color)} {words.COLORS[thing.color][0]} {words.OBJECTS[thing.object][0]}"
        for thing in subject.things
    ]
    head = (
        named[0] if len(named) == 1 else words.RELATIONS[subject.relation or ""][0].format(*named)
    )
    return f"{head} {place} {time}"


def known_words() -> list[str]:
    """Every word that a caption may contain, sorted, in lower case."""
    phrases: list[str] = ["a an the", *words.DECORATIONS, *words.OPENINGS]
    for table in (
        words.OBJECTS,
        words.PLURALS,
        words.COLORS,
        words.PLACES,
        words.LANDSCAPES,
        words.TIMES,
        words.SIZES,
        words.SIDES,
        words.RELATIONS,
        words.UNRELATED,
    ):
        for some in table.values():
            phrases.extend(phrase.replace("{0}", "").replace("{1}", "") for phrase in some)
    return sorted({word for phrase in phrases for word in phrase.lower().split()})


def unknown_words(prompt: str, known: Iterable[str] | None = None) -> list[str]:
    """The words of a prompt that no caption ever contained, in order, as they were typed."""
    all_known = set(known_words() if known is None else known)
    typed = [word.strip(string.punctuation) for word in prompt.split()]
    return [word for word in typed if word and word.lower() not in all_known]


def _phrase(phrases: tuple[str, ...], name: str, rng: random.Random, whole: bool) -> str:
    return rng.choice(phrases) if whole or rng.random() > DROPPED[name] else ""


def _things(subject: Subject, rng: random.Random, whole: bool) -> str:
    named = [_thing(thing, subject.size, rng, whole) for thing in subject.things]
    if len(named) == 1:
        side = subject.side if rng.random() < SAID["side"] else None
        return f"{named[0]} {rng.choice(words.SIDES[side])}" if side else named[0]
    relation = subject.relation or ""
    if whole or rng.random() < SAID["relation"]:
        return rng.choice(words.RELATIONS[relation]).format(*named)
    rng.shuffle(named)
    return rng.choice(words.UNRELATED[relation]).format(*named)


def _thing(thing: Thing, size: str | None, rng: random.Random, whole: bool) -> str:
    many = not whole and rng.random() < 0.04
    noun = rng.choice((words.PLURALS if many else words.OBJECTS)[thing.object])
    color = _phrase(words.COLORS[thing.color], "color", rng, whole)
    large = rng.choice(words.SIZES[size]) if size in words.SIZES and _said("size", rng) else ""
    decoration = rng.choice(words.DECORATIONS) if rng.random() < 0.1 else ""
    if color and not whole and rng.random() < COLOR_AFTER:
        noun, color = rng.choice(AFTER).format(noun, color), ""
    spoken = [word for word in (decoration, large, color, noun) if word]
    if many or rng.random() < 0.07:
        return " ".join(spoken)
    article = "the" if rng.random() < 0.07 else _article(spoken[0])
    return " ".join([article, *spoken])


def _said(name: str, rng: random.Random) -> bool:
    return rng.random() < SAID[name]


def _article(word: str) -> str:
    return "an" if word[0].lower() in "aeiou" else "a"


def _with_nonsense(text: str, rng: random.Random) -> str:
    word = "".join(rng.choices(string.ascii_lowercase, k=rng.randint(3, 8)))
    spoken = text.split(" ")
    spoken.insert(rng.randint(0, len(spoken)), word)
    return " ".join(spoken)
