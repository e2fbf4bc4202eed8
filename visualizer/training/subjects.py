"""What a scene may contain, drawn at random, and which combinations training never shows."""

from __future__ import annotations

import random
from dataclasses import dataclass

OBJECTS = ("car", "castle", "house", "boat", "tree", "cat", "balloon", "rocket")
COLORS = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "white", "black")
PLACES = ("road", "desert", "forest", "city", "lake", "beach", "snow")
TIMES = ("day", "sunset", "night", "fog")

OBJECT_WEIGHTS = (1.8, 1, 1, 1, 1, 1.1, 1, 1.1)
PLACE_WEIGHTS = (1.4, 1, 1, 1, 1, 1, 1)
TIME_WEIGHTS = (1, 1.25, 1, 0.85)

EMPTY_SHARE = 0.04
HELD_OUT_COUNT = 50
# What a person types first is shown in training; the rest of the grid is fair game.
NEVER_HELD_OUT = (("car", "red", "road"),)


@dataclass(frozen=True)
class Subject:
    """What a picture shows. `object` and `color` are None in an empty landscape."""

    object: str | None
    color: str | None
    place: str
    time: str


def held_out_combinations() -> frozenset[tuple[str, str, str]]:
    """The (object, color, place) triples that training never sees, always the same ones."""
    triples = [(o, c, p) for o in OBJECTS for c in COLORS for p in PLACES]
    shuffled = random.Random(20).sample(triples, len(triples))
    return frozenset([t for t in shuffled if t not in NEVER_HELD_OUT][:HELD_OUT_COUNT])


def choose_subject(rng: random.Random) -> Subject:
    """A subject for training: weighted, never one of the held-out combinations."""
    time = rng.choices(TIMES, TIME_WEIGHTS)[0]
    if rng.random() < EMPTY_SHARE:
        return Subject(None, None, rng.choices(PLACES, PLACE_WEIGHTS)[0], time)
    while True:
        triple = (
            rng.choices(OBJECTS, OBJECT_WEIGHTS)[0],
            rng.choice(COLORS),
            rng.choices(PLACES, PLACE_WEIGHTS)[0],
        )
        if triple not in _HELD_OUT:
            return Subject(*triple, time)


def scene_subject(seed: int, index: int) -> tuple[Subject, random.Random]:
    """What scene `index` of `seed` shows, and the generator that goes on to draw it."""
    rng = random.Random(f"scene {seed} {index}")
    return choose_subject(rng), rng


def choose_any_subject(rng: random.Random) -> Subject:
    """A subject with an object, every combination alike: what a fair judge learns from."""
    return Subject(rng.choice(OBJECTS), rng.choice(COLORS), rng.choice(PLACES), rng.choice(TIMES))


def choose_held_out_subject(rng: random.Random) -> Subject:
    """A subject for evaluation: one of the combinations that training never showed."""
    return Subject(*rng.choice(sorted(_HELD_OUT)), rng.choice(TIMES))


_HELD_OUT = held_out_combinations()
