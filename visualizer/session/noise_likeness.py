"""How much of one picture is in another: what followed an edit of the starting noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from visualizer.diffusion.arrays import Picture
    from visualizer.diffusion.starts import NoiseEdit


@dataclass(frozen=True)
class Likeness:
    """What was measured of an edited picture against those of the seeds themselves.

    Every number is a correlation of pixels: 1 for the same picture, near 0 for pictures that have
    nothing in common. None where it does not apply.

    Attributes:
        first, second: like the picture of the seed, and of the other seed.
        apart: how like these two are each other: what the words alone make alike.
        blend: the share of the picture's variance that the best blend of the two explains, 0 … 1.
        inside_first, inside_second: like both, within the pasted rectangle only.
        outside_first: like the seed's picture, outside of the rectangle.
        moved: like the seed's picture after the same flip or shift was done to that picture.
    """

    first: float
    second: float | None = None
    apart: float | None = None
    blend: float | None = None
    inside_first: float | None = None
    inside_second: float | None = None
    outside_first: float | None = None
    moved: float | None = None


def measure(
    edits: tuple[NoiseEdit, ...], edited: Picture, first: Picture, second: Picture | None
) -> Likeness:
    """Compare pictures of one size, (H, W, 3) uint8.

    Args:
        edits: what was done to the noise.
        edited: what came of it.
        first: the picture of the noise as it was.
        second: the picture of the other seed; None where no other one takes part.
    """
    import numpy as np

    from visualizer.diffusion.starts import Flip, Mix, Paste, Shift

    first_likeness = likeness(edited, first)
    if any(isinstance(edit, Mix) for edit in edits) and second is not None:
        return Likeness(
            first_likeness,
            likeness(edited, second),
            apart=likeness(first, second),
            blend=_explained(edited, first, second),
        )
    pasted = next((edit for edit in edits if isinstance(edit, Paste)), None)
    if pasted is not None and second is not None:
        inside = np.zeros(edited.shape[:2], dtype=bool)
        height, width = inside.shape
        rows = slice(round(pasted.top * height), max(round(pasted.bottom * height), 1))
        columns = slice(round(pasted.left * width), max(round(pasted.right * width), 1))
        inside[rows, columns] = True
        whole = bool(inside.all())
        return Likeness(
            first_likeness,
            likeness(edited, second),
            apart=likeness(first, second),
            inside_first=likeness(edited[inside], first[inside]),
            inside_second=likeness(edited[inside], second[inside]),
            outside_first=None if whole else likeness(edited[~inside], first[~inside]),
        )
    moved = first
    for edit in edits:
        if isinstance(edit, Flip):
            moved = np.flip(moved, axis=1 if edit.axis == "horizontal" else 0)
        elif isinstance(edit, Shift):
            height, width = moved.shape[:2]
            by = round(edit.down * height), round(edit.right * width)
            moved = np.roll(moved, by, axis=(0, 1))
    return Likeness(first_likeness, moved=likeness(edited, moved) if edits else None)


def likeness(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> float:
    """Pearson's correlation of all values of two pictures, −1 … 1; of plain ones 1 if equal."""
    import numpy as np

    x, y = (each.astype(np.float64).ravel() for each in (a, b))
    x, y = x - x.mean(), y - y.mean()
    lengths = float(np.sqrt((x @ x) * (y @ y)))
    if lengths == 0.0:
        return 1.0 if np.array_equal(a, b) else 0.0
    return min(max(float(x @ y) / lengths, -1.0), 1.0)


def _explained(picture: Picture, first: Picture, second: Picture) -> float:
    """R² of the best blend of two pictures (least squares, with a brightness of its own)."""
    import numpy as np

    wanted = picture.astype(np.float64).ravel()
    parts = np.stack([p.astype(np.float64).ravel() for p in (first, second)], axis=1)
    wanted, parts = wanted - wanted.mean(), parts - parts.mean(axis=0)
    total = float(wanted @ wanted)
    if total == 0.0:
        return 1.0
    weights = np.linalg.lstsq(parts, wanted, rcond=None)[0]
    rest = wanted - parts @ weights
    return min(max(1.0 - float(rest @ rest) / total, 0.0), 1.0)
