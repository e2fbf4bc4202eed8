"""What of a picture followed an edit of its starting noise, measured on the pictures."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from visualizer.diffusion.arrays import Picture
    from visualizer.diffusion.starts import NoiseEdit


@dataclass(frozen=True)
class Way:
    """Where a picture E lies, seen from a picture A on the way to another one, B.

    With d = B − A, E − A is split into a part along d and a part at right angles to it. What all
    pictures of one prompt have in common is in neither of the two.

    Attributes:
        along: 0 where it is A, 1 where it is B; ⟨E − A, d⟩ / |d|².
        beside: how far it is from every cross-fade of the two, with |d| for a unit; 0 where it is
            one of them, about 0.87 where all three are equally far apart.
    """

    along: float
    beside: float


@dataclass(frozen=True)
class Following:
    """What was measured of an edited picture; None where an edit has no such part.

    Attributes:
        whole: mixed: from the seed's picture to the other seed's; flipped or moved: from the
            seed's picture to that very picture flipped or moved.
        inside, outside: pasted: from the seed's picture to the other seed's, within the rectangle
            and around it.
    """

    whole: Way | None = None
    inside: Way | None = None
    outside: Way | None = None


def measure(
    edits: tuple[NoiseEdit, ...], edited: Picture, first: Picture, second: Picture | None
) -> Following:
    """Compare pictures of one size, (H, W, 3) uint8.

    Args:
        edits: what was done to the noise.
        edited: what came of it.
        first: the picture of the noise as it was.
        second: the picture of the other seed; None where no other one takes part.
    """
    import numpy as np

    from visualizer.diffusion.starts import Flip, Paste, Shift

    pasted = next((edit for edit in edits if isinstance(edit, Paste)), None)
    if second is not None and pasted is not None:
        inside = np.zeros(edited.shape[:2], dtype=bool)
        height, width, _ = edited.shape
        rows = slice(math.floor(pasted.top * height), math.ceil(pasted.bottom * height))
        inside[rows, math.floor(pasted.left * width) : math.ceil(pasted.right * width)] = True
        return Following(
            inside=way(edited[inside], first[inside], second[inside]),
            outside=way(edited[~inside], first[~inside], second[~inside]),
        )
    if second is not None:
        return Following(way(edited, first, second))
    moved: NDArray[np.uint8] = first
    for edit in edits:
        if isinstance(edit, Flip):
            moved = np.flip(moved, axis=1 if edit.axis == "horizontal" else 0)
        elif isinstance(edit, Shift):
            height, width = edited.shape[:2]
            moved = np.roll(moved, round(edit.down * height), axis=0)
            moved = np.roll(moved, round(edit.right * width), axis=1)
    return Following(way(edited, first, moved))


def way(picture: NDArray[np.uint8], start: NDArray[np.uint8], end: NDArray[np.uint8]) -> Way | None:
    """Where a picture lies on the way from one to another; None where these two are the same."""
    import numpy as np

    a = start.astype(np.float64).ravel()
    d = end.astype(np.float64).ravel() - a
    length = float(d @ d)
    if length == 0.0:
        return None
    e = picture.astype(np.float64).ravel() - a
    along = float(e @ d) / length
    rest = e - along * d
    return Way(along, math.sqrt(float(rest @ rest) / length))
