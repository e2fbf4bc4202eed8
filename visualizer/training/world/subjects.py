"""What a picture may show, drawn at random, and which combinations training never shows."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

OBJECTS: Final = (
    "car",
    "bus",
    "boat",
    "plane",
    "rocket",
    "balloon",
    "castle",
    "house",
    "lighthouse",
    "tree",
    "cat",
    "dog",
)
COLORS: Final = (
    "red",
    "orange",
    "yellow",
    "green",
    "blue",
    "purple",
    "pink",
    "brown",
    "white",
    "black",
)
PLACES: Final = (
    "road",
    "desert",
    "forest",
    "city",
    "lake",
    "beach",
    "snow",
    "meadow",
    "canyon",
    "field",
)
TIMES: Final = ("day", "sunset", "night", "fog", "rain")
SIZES: Final = ("small", "middle", "big")
SIDES: Final = ("left", "center", "right")
RELATIONS: Final = ("left", "front")
"""Of the first thing to the second: left of it, in front of it. Said the other way round, they are
"right of" and "behind"."""

OBJECT_WEIGHTS = (1.6, *(1,) * 9, 1.1, 1.1)
PLACE_WEIGHTS = (1.4, *(1,) * 9)
TIME_WEIGHTS = (1, 1.2, 1, 0.9, 0.9)
SIZE_WEIGHTS = (0.24, 0.46, 0.3)
SIDE_WEIGHTS = (0.25, 0.5, 0.25)

EMPTY_SHARE = 0.03
TWO_SHARE = 0.42
HELD_OUT_TRIPLES = 120
HELD_OUT_PAIRS = 0.1
# What a person types first is shown in training; the rest of the grid is fair game.
NEVER_HELD_OUT = (("car", "red", "road"),)


@dataclass(frozen=True, order=True)
class Thing:
    """One thing in a picture, by the names of OBJECTS and COLORS."""

    object: str
    color: str


@dataclass(frozen=True)
class Subject:
    """What a picture shows.

    Attributes:
        things: none (a landscape), one or two; two are of different objects.
        place: a name of PLACES.
        time: a name of TIMES.
        relation: of the first thing to the second, a name of RELATIONS; None unless there are two.
        size: of a single thing, a name of SIZES.
        side: where a single thing stands, a name of SIDES.
    """

    things: tuple[Thing, ...]
    place: str
    time: str
    relation: str | None = None
    size: str | None = None
    side: str | None = None


def choose_subject(rng: random.Random) -> Subject:
    """A subject for training: weighted, nothing that is held out."""
    while True:
        subject = _any_subject(rng, weighted=True)
        if not is_held_out(subject):
            return subject


def choose_any_subject(rng: random.Random) -> Subject:
    """A subject with one thing or two, every combination alike: what a fair judge learns from."""
    return _any_subject(rng, weighted=False)


def choose_held_out_single(rng: random.Random) -> Subject:
    """One thing of a color in a place: a combination that training never showed."""
    object_, color, place = rng.choice(sorted(_TRIPLES))
    return _single(rng, Thing(object_, color), place, rng.choice(TIMES))


def choose_held_out_pair(rng: random.Random) -> Subject:
    """Two things in two colors that training never showed together."""
    while True:
        subject = _pair(rng, rng.choice(PLACES), rng.choice(TIMES), (1,) * len(OBJECTS))
        first, second = subject.things
        if _pair_is_held_out(*subject.things) and first.color != second.color:
            return subject


def is_held_out(subject: Subject) -> bool:
    """Whether training never shows it: a thing in its place, or two things together."""
    if any((t.object, t.color, subject.place) in _TRIPLES for t in subject.things):
        return True
    return len(subject.things) == 2 and _pair_is_held_out(*subject.things)


def scene_subject(seed: int, index: int) -> tuple[Subject, random.Random]:
    """What scene `index` of `seed` shows, and the generator that goes on to draw it."""
    rng = random.Random(f"scene {seed} {index}")
    return choose_subject(rng), rng


def _any_subject(rng: random.Random, *, weighted: bool) -> Subject:
    time = rng.choices(TIMES, TIME_WEIGHTS if weighted else None)[0]
    place = rng.choices(PLACES, PLACE_WEIGHTS if weighted else None)[0]
    weights = OBJECT_WEIGHTS if weighted else (1,) * len(OBJECTS)
    kind = rng.random()
    if weighted and kind < EMPTY_SHARE:
        return Subject((), place, time)
    if kind < EMPTY_SHARE + TWO_SHARE:
        return _pair(rng, place, time, weights)
    thing = Thing(rng.choices(OBJECTS, weights)[0], rng.choice(COLORS))
    return _single(rng, thing, place, time)


def _single(rng: random.Random, thing: Thing, place: str, time: str) -> Subject:
    size = rng.choices(SIZES, SIZE_WEIGHTS)[0]
    side = rng.choices(SIDES, SIDE_WEIGHTS)[0]
    return Subject((thing,), place, time, None, size, side)


def _pair(rng: random.Random, place: str, time: str, weights: tuple[float, ...]) -> Subject:
    first = second = rng.choices(OBJECTS, weights)[0]
    while second == first:
        second = rng.choices(OBJECTS, weights)[0]
    things = Thing(first, rng.choice(COLORS)), Thing(second, rng.choice(COLORS))
    return Subject(things, place, time, rng.choice(RELATIONS))


def _held_out_triples() -> frozenset[tuple[str, str, str]]:
    triples = [(o, c, p) for o in OBJECTS for c in COLORS for p in PLACES]
    shuffled = random.Random(20).sample(triples, len(triples))
    return frozenset([t for t in shuffled if t not in NEVER_HELD_OUT][:HELD_OUT_TRIPLES])


def _pair_is_held_out(first: Thing, second: Thing) -> bool:
    return random.Random(f"pair {sorted((first, second))}").random() < HELD_OUT_PAIRS


_TRIPLES = _held_out_triples()
