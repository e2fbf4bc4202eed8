"""What the Noise page says: what a tool does to the static, and what of the picture followed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from visualizer.session.noise_following import Following, Way

TOOLS = {
    "mix": ("Mix", "Mix the statics of two seeds"),
    "paste": ("Paste", "Put a piece of one seed’s static into the other’s"),
    "flip": ("Flip", "Mirror the static"),
    "shift": ("Shift", "Move the static"),
}
_DONE = {"flip": "mirrored", "shift": "moved"}
_LESS, _MORE, _MOSTLY = 0.4, 0.6, 0.7
"""Shares of a way: below and above the middle, where a picture is that takes after neither; and
where it has mostly gone it."""
_OFF = 0.25
"""So far beside every cross-fade of two pictures a third one is told from them."""
_NEAR = 0.4
"""A picture this near to one of the two, against their distance, is taken for it."""
_NEITHER = " A picture that takes after neither is at 0.5."
SLOW = "Pictures may take a while here: they are made when you ask for them."
_ONLY = "Words, steps, guidance and sampler are the same everywhere: only the static differs."


@dataclass(frozen=True)
class Bar:
    """One measured number with its name."""

    name: str
    value: float


def _share(value: float) -> str:
    """A share of a way: it may be more than the whole of it; backwards is none of it."""
    return f"{max(round(100 * value), 0)}\u00a0%"


def _forward(value: float) -> float:
    """A picture that went backwards, by rounding or by chance, went no part of the way."""
    return max(value, 0.0)


def explained(tool: str, first: int, second: int) -> str:
    """What a tool does, in a sentence or two."""
    return {
        "mix": (
            f"The slider goes from the static of seed {first} to that of seed {second}, along a "
            "sphere: halfway the static is as strong as at either end."
        ),
        "paste": (
            f"Drag a rectangle over the static of seed {first}: inside it the numbers become those "
            f"of seed {second}."
        ),
        "flip": "The static is mirrored, number by number. Model and words stay as they are.",
        "shift": "Drag the static: what leaves at one edge comes in at the other.",
    }[tool]


def idle(tool: str) -> str:
    """What to do first where a tool has done nothing yet."""
    return {
        "mix": "Move the slider",
        "paste": "Drag a rectangle first",
        "flip": "Choose how to mirror it",
        "shift": "Drag the static first",
    }[tool]


def noisy(sampler: str, other: str) -> tuple[str, str]:
    """Headline and words for a sampler that adds noise at every step.

    Args:
        other: the label of one that does not, or "".
    """
    instead = f" Try a sampler without, for example {other}." if other else ""
    return "New noise at every step", (
        f"{sampler} adds new noise at every step, drawn from the seed: the first static counts "
        f"for little.{instead}"
    )


def reading(tool: str, first: int, second: int, noisy: bool = False) -> str:
    """How the numbers are to be read.

    Args:
        noisy: the sampler adds noise at every step.
    """
    ends = {
        "mix": f"0 is seed {first}’s picture, 1 is seed {second}’s.",
        "paste": f"0 is seed {first}’s picture, 1 is seed {second}’s.",
        "flip": f"0 is seed {first}’s picture as it was, 1 is that picture mirrored.",
        "shift": f"0 is seed {first}’s picture as it was, 1 is that picture moved.",
    }[tool]
    beside = (
        " Beside: how far it is from every cross-fade of the two, against their distance. "
        "A picture that takes after neither is at 0.5, and 0.87 beside."
    )
    differs = _ONLY
    if noisy and tool in ("mix", "paste"):
        differs = (
            f"The edited picture gets the noise of its later steps from seed {first}, the other "
            f"one from seed {second}: not only the first static differs."
        )
    elif noisy:
        differs = "The noise of the later steps stays as it was: only the first static is edited."
    return f"{ends}{_NEITHER if tool == 'paste' else beside} {differs}"


def bars(tool: str, found: Following) -> list[Bar]:
    """The numbers that were measured, named."""
    rows: list[tuple[str, Way | None]]
    if tool == "paste":
        rows = [("inside the rectangle", found.inside), ("outside of it", found.outside)]
        return [Bar(name, _forward(way.along)) for name, way in rows if way is not None]
    if found.whole is None:
        return []
    goes = "how far it went" if tool == "mix" else "how far it followed"
    return [Bar(goes, _forward(found.whole.along)), Bar("beside", found.whole.beside)]


def followed(
    tool: str, found: Following, first: int, second: int, amount: float = 0.0
) -> tuple[str, str]:
    """A headline and a sentence on what of the picture followed; each of them as measured.

    Args:
        amount: how far the static was mixed, 0 … 1.
    """
    if tool == "paste":
        return _pasted(found, second)
    if found.whole is None:
        return "Nothing to tell apart", "Both pictures are the same, number by number."
    if tool == "mix":
        return _mixed(found.whole, first, second, amount)
    return _moved(found.whole, first, _DONE[tool])


def _mixed(way: Way, first: int, second: int, amount: float) -> tuple[str, str]:
    words = (
        f"The static went {_share(amount)} of the way to seed {second}, "
        f"the picture {_share(way.along)}"
    )
    if math.hypot(way.along, way.beside) < _NEAR:
        return f"Still seed {first}’s picture", f"{words}."
    if math.hypot(1 - way.along, way.beside) < _NEAR:
        return f"Already seed {second}’s picture", f"{words}."
    if way.beside >= _OFF:
        return "A third picture, not a blend", (
            f"{words}; and it is no cross-fade of the two: it lies beside all of them."
        )
    return "Close to a cross-fade", f"{words}."


def _pasted(found: Following, second: int) -> tuple[str, str]:
    inside, outside = found.inside, found.outside
    if inside is None:
        return "Nothing to tell apart", "Inside the rectangle both pictures are the same."
    if inside.along > _MOSTLY:
        headline = "The picture follows the static there"
    elif inside.along > _MORE:
        headline = "The picture follows in part"
    elif inside.along >= _LESS:
        headline = "Neither one nor the other"
    else:
        headline = "The picture keeps what it was"
    words = (
        f"Inside the rectangle it went {_share(inside.along)} of the way to seed {second}’s picture"
    )
    if outside is None:
        return headline, f"{words}."
    return headline, f"{words}, outside of it {_share(outside.along)}."


def _moved(way: Way, first: int, done: str) -> tuple[str, str]:
    words = (
        f"It went {_share(way.along)} of the way from seed {first}’s picture to that picture {done}"
    )
    if way.along > _MOSTLY and math.hypot(1 - way.along, way.beside) < _NEAR:
        return "The picture follows", f"{words}."
    if way.along > _MORE:
        return "The picture follows in part", (
            f"{words}, but it is not the same: the model does not treat all places alike."
        )
    if way.along >= _LESS:
        return "Another picture", (
            f"{words}: it is about as far from the one as from the other. The same numbers at "
            "other places are another static."
        )
    return "The picture does not follow", (f"{words}: the model does not treat all places alike.")
