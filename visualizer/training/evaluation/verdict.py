"""What is seen in a picture, and how often that is what was asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from visualizer.training.world.subjects import OBJECTS, Subject, Thing

RELATIONS: Final = ("left", "right", "front", "behind")
"""Of the thing whose object comes first in OBJECTS to the other one."""
_TURNED: Final = {"left": "right", "front": "behind"}


@dataclass(frozen=True)
class Seen:
    """What is in a picture.

    Attributes:
        things: all of them, in no order.
        place: a name of PLACES.
        time: a name of TIMES.
        relation: a name of RELATIONS where there are two things, else None.
        size: of a single thing, a name of SIZES, else None.
        side: where a single thing stands, a name of SIDES, else None.
    """

    things: frozenset[Thing]
    place: str
    time: str
    relation: str | None = None
    size: str | None = None
    side: str | None = None


def as_seen(subject: Subject) -> Seen:
    """What a perfect judge sees in a picture of a subject."""
    relation = subject.relation
    if relation is not None and not _in_order(subject):
        relation = _TURNED[relation]
    return Seen(
        frozenset(subject.things),
        subject.place,
        subject.time,
        relation,
        subject.size,
        subject.side,
    )


def _in_order(subject: Subject) -> bool:
    first, second = subject.things
    return OBJECTS.index(first.object) < OBJECTS.index(second.object)


def _objects(seen: Seen) -> list[str]:
    return sorted(thing.object for thing in seen.things)


CHECKS: Final[dict[str, Callable[[Seen, Seen], bool]]] = {
    "object": lambda wanted, seen: _objects(wanted) == _objects(seen),
    "color": lambda wanted, seen: wanted.things <= seen.things,
    "relation": lambda wanted, seen: wanted.relation == seen.relation,
    "place": lambda wanted, seen: wanted.place == seen.place,
    "time": lambda wanted, seen: wanted.time == seen.time,
    "size": lambda wanted, seen: wanted.size == seen.size,
    "side": lambda wanted, seen: wanted.side == seen.side,
}
"""By attribute: whether what is seen is right. The objects are right when they are these and no
others, the colors when every thing that was asked for is there in its own."""


@dataclass(frozen=True)
class Count:
    """So many of so many are right."""

    right: int
    of: int

    @property
    def share(self) -> float:
        """0…1; not a number when nothing was asked."""
        return self.right / self.of if self.of else float("nan")

    @property
    def interval(self) -> tuple[float, float]:
        """In which the true share lies with 95 % confidence (Wilson 1927)."""
        if not self.of:
            return 0.0, 1.0
        z, n, p = 1.96, self.of, self.share
        middle = (p + z * z / (2 * n)) / (1 + z * z / n)
        half = z / (1 + z * z / n) * (p * (1 - p) / n + z * z / (4 * n * n)) ** 0.5
        return max(middle - half, 0.0), min(middle + half, 1.0)

    def figures(self) -> dict[str, float | None]:
        """For a file of figures; there is no share where nothing was asked."""
        low, high = self.interval
        return {
            "share": round(self.share, 4) if self.of else None,
            "right": self.right,
            "of": self.of,
            "low": round(low, 4),
            "high": round(high, 4),
        }


def wrong(wanted: Seen, seen: Seen, names: Sequence[str]) -> list[str]:
    """Which of these attributes are not as they were wanted."""
    return [name for name in names if not CHECKS[name](wanted, seen)]


def counted(
    wanted: Sequence[Seen], seen: Sequence[Seen], names: Sequence[str], together: str = "all"
) -> dict[str, Count]:
    """How many are right in each attribute, and under the name `together` in all of these."""
    faults = [wrong(w, s, names) for w, s in zip(wanted, seen, strict=True)]
    counts = {name: Count(sum(name not in one for one in faults), len(faults)) for name in names}
    return counts | {together: Count(sum(not one for one in faults), len(faults))}
