"""What the Noise page says: what a tool does to the static, and what of the picture followed."""

from __future__ import annotations

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
_HARDLY, _MOSTLY = 0.25, 0.7
"""Shares of a way below which a picture hardly went it, and above which it mostly did."""
_OFF = 0.25
"""So far beside every cross-fade of two pictures a third one is told from them."""
_ONLY = "Words, steps, guidance and sampler are the same everywhere: only the static differs."


@dataclass(frozen=True)
class Bar:
    """One measured number with its name."""

    name: str
    value: float


def _share(value: float) -> str:
    """A share of a way: it may be more than the whole of it, or lead backwards."""
    return f"{round(100 * value)}\u00a0%".replace("-", "−")


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


def reading(tool: str, first: int, second: int) -> str:
    """How the numbers are to be read."""
    ends = {
        "mix": f"0 is seed {first}’s picture, 1 is seed {second}’s.",
        "paste": f"0 is seed {first}’s picture, 1 is seed {second}’s.",
        "flip": f"0 is seed {first}’s picture as it was, 1 is that picture mirrored.",
        "shift": f"0 is seed {first}’s picture as it was, 1 is that picture moved.",
    }[tool]
    beside = " Beside: how far it is from every cross-fade of the two, against their distance."
    return f"{ends}{'' if tool == 'paste' else beside} {_ONLY}"


def bars(tool: str, found: Following) -> list[Bar]:
    """The numbers that were measured, named."""
    rows: list[tuple[str, Way | None]]
    if tool == "paste":
        rows = [("inside the rectangle", found.inside), ("outside of it", found.outside)]
        return [Bar(name, way.along) for name, way in rows if way is not None]
    if found.whole is None:
        return []
    goes = "how far the picture went" if tool == "mix" else "how far the picture followed"
    return [Bar(goes, found.whole.along), Bar("beside", found.whole.beside)]


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
    if way.beside >= _OFF:
        return "A third picture, not a blend", (
            f"{words}; and it is no cross-fade of the two: it lies beside all of them."
        )
    if way.along < _HARDLY:
        return f"Still seed {first}’s picture", f"{words}."
    if way.along > _MOSTLY:
        return f"Already seed {second}’s picture", f"{words}."
    return "Close to a cross-fade", f"{words}."


def _pasted(found: Following, second: int) -> tuple[str, str]:
    inside, outside = found.inside, found.outside
    if inside is None:
        return "Nothing to tell apart", "Inside the rectangle both pictures are the same."
    if inside.along > _MOSTLY:
        headline = "The picture follows the static there"
    elif inside.along > _HARDLY:
        headline = "The picture follows in part"
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
    if way.along > _MOSTLY:
        return "The picture follows", f"{words}."
    unequal = f"{words}: the model does not treat all places alike."
    if way.along > _HARDLY:
        return "The picture follows in part", unequal
    return "The picture does not follow", unequal
