"""What a model is asked for, and what of it is looked at. Nothing here was shown in training."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from visualizer.training.evaluation.verdict import Seen, as_seen
from visualizer.training.world import words
from visualizer.training.world.captions import caption, plain_caption
from visualizer.training.world.subjects import (
    SIDE_WEIGHTS,
    SIDES,
    SIZE_WEIGHTS,
    SIZES,
    Subject,
    choose_held_out_pair,
    choose_held_out_single,
)

ONE: Final = ("object", "color", "place", "time")
BOUND: Final = ("object", "color", "relation")
SIZED: Final = 60
VARIED, SEEDS_EACH = 24, 8
FREE: Final = ("plain", "spoken", "pairs")
"""The sets in which size and side are left to chance, as in the drawn scenes."""
ALL: Final = "all"
"""The name under which a count of everything at once is kept."""


@dataclass(frozen=True)
class Asked:
    """One picture that a model is asked for."""

    prompt: str
    subject: Subject
    seed: int

    @property
    def wanted(self) -> Seen:
        """What would be seen if it were right."""
        return as_seen(self.subject)


@dataclass(frozen=True)
class Questions:
    """Prompts of one kind.

    Attributes:
        name: of the set, for files.
        about: of what kind they are, in words.
        checks: by the name of what is counted together, the attributes that count.
        asked: the prompts.
    """

    name: str
    about: str
    checks: Mapping[str, tuple[str, ...]]
    asked: tuple[Asked, ...]


def held_out_questions(count: int, pairs: int, seed: int) -> tuple[Questions, ...]:
    """The sets on which accuracy is counted; the same for the same numbers.

    Args:
        count: of prompts with one thing, plain and once more in everyday words.
        pairs: of prompts with two things.
        seed: of the first picture; the others have the next ones.
    """
    rng = random.Random(f"evaluation {seed}")
    singles = [choose_held_out_single(rng) for _ in range(count)]
    twos = [choose_held_out_pair(rng) for _ in range(pairs)]
    sized = [_sized(rng) for _ in range(min(SIZED, count))]
    spoken = random.Random(f"spoken {seed}")
    said = [caption(subject, spoken, whole=True) for subject in singles]
    one = {ALL: ONE}
    return (
        Questions(
            "plain",
            "one thing, in plain words",
            one,
            _numbered([plain_caption(subject) for subject in singles], singles, seed),
        ),
        Questions("spoken", "the same in everyday words", one, _numbered(said, singles, seed)),
        Questions(
            "pairs",
            "two things",
            {"objects, colors and relation": BOUND, ALL: (*BOUND, "place", "time")},
            _numbered([plain_caption(subject) for subject in twos], twos, seed + count),
        ),
        Questions(
            "sized",
            "one thing, its size and side said",
            {"size and side": ("size", "side"), ALL: (*ONE, "size", "side")},
            _numbered([sized_caption(subject) for subject in sized], sized, seed + count + pairs),
        ),
    )


def varied_questions(seed: int, prompts: int = VARIED, seeds: int = SEEDS_EACH) -> Questions:
    """Each prompt under several seeds, one after the other; two of three with a single thing."""
    rng = random.Random(f"variety {seed}")
    subjects = [
        choose_held_out_pair(rng) if k % 3 == 2 else choose_held_out_single(rng)
        for k in range(prompts)
    ]
    many = [subject for subject in subjects for _ in range(seeds)]
    asked = _numbered([plain_caption(subject) for subject in many], many, seed + 100_000)
    return Questions("varied", "each prompt under several seeds", {}, asked)


def sized_caption(subject: Subject) -> str:
    """The plainest caption of a single thing, with its size and side."""
    (thing,) = subject.things
    size, side = subject.size or "", subject.side or ""
    named = " ".join(
        [
            "a",
            words.SIZES[size][0],
            words.COLORS[thing.color][0],
            words.OBJECTS[thing.object][0],
            words.SIDES[side][0],
        ]
    )
    return f"{named} {words.PLACES[subject.place][0]} {words.TIMES[subject.time][0]}"


def as_drawn(subject: Subject, rng: random.Random) -> Subject:
    """A subject with the size and side that a plain caption leaves open, chosen as in training."""
    if len(subject.things) != 1:
        return subject
    size = rng.choices(SIZES, SIZE_WEIGHTS)[0]
    return replace(subject, size=size, side=rng.choices(SIDES, SIDE_WEIGHTS)[0])


def _sized(rng: random.Random) -> Subject:
    size = rng.choice([size for size in SIZES if size in words.SIZES])
    return replace(choose_held_out_single(rng), size=size, side=rng.choice(SIDES))


def _numbered(prompts: list[str], subjects: list[Subject], seed: int) -> tuple[Asked, ...]:
    pairs = zip(prompts, subjects, strict=True)
    return tuple(Asked(prompt, subject, seed + k) for k, (prompt, subject) in enumerate(pairs))
