"""Shapes: the point sets that are diffused, drawn from a formula, from letters, or by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from visualizer.assets import asset_path

ShapeName = Literal["swiss roll", "rings", "letters", "by hand"]
Points = NDArray[np.float32]  # (particles, 2): right, up
Stroke = tuple[tuple[float, float], ...]

SHAPES: tuple[ShapeName, ...] = ("swiss roll", "rings", "letters", "by hand")
HALF = 3.2
"""Half a side of the square that is shown: the standard Gaussian has 99.9 % of its weight in it."""
WIDTH: Final = 0.03
"""The standard deviation of the brush: no shape is infinitely thin, so its entropy is finite."""
LONGEST_TEXT = 12
_FONT_SIZE = 160


class NoPointsError(ValueError):
    """There is nothing to draw points from."""


@dataclass(frozen=True)
class Shape:
    """What the particles form before any noise.

    Attributes:
        text: of "letters"; what is longer than LONGEST_TEXT is cut.
        strokes: of "by hand", in the coordinates of the square.
    """

    name: ShapeName
    text: str = ""
    strokes: tuple[Stroke, ...] = ()


def draw_points(shape: Shape, count: int, seed: int) -> Points:
    """``count`` points of a shape, drawn anew for every seed; the same for the same one.

    All shapes but those drawn by hand have the mean 0 and the variance 1, taken over both
    directions: the Gaussian that they become is neither larger nor smaller than they are.

    Raises:
        NoPointsError: where no letter can be seen, or nothing was drawn.
    """
    rng = np.random.default_rng(seed)
    drawn = _DRAWN[shape.name](shape, count, rng)
    if shape.name != "by hand":  # what a hand drew stays where it was drawn
        drawn = drawn - drawn.mean(axis=0)
        drawn = drawn / np.sqrt((drawn**2).mean())
    return (drawn + WIDTH * rng.standard_normal(drawn.shape)).astype(np.float32)


def _swiss_roll(_shape: Shape, count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """A spiral of one and a half turns, as in Sohl-Dickstein et al. 2015, fig. 1."""
    # the length of a spiral grows with the square of the angle: this spreads points evenly on it
    angle = np.pi * np.sqrt(rng.uniform(1.5**2, 4.5**2, count))
    return np.stack([angle * np.cos(angle), angle * np.sin(angle)], axis=1)


def _rings(_shape: Shape, count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Three rings around one another, the larger ones with more points."""
    radii = np.array([1.0, 2.0, 3.0])
    radius = rng.choice(radii, count, p=radii / radii.sum())
    angle = rng.uniform(0, 2 * np.pi, count)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


def _letters(shape: Shape, count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Points spread evenly over the ink of a word."""
    from PIL import Image, ImageDraw, ImageFont

    font = ImageFont.truetype(str(asset_path("fonts", "DejaVuSans.ttf")), _FONT_SIZE)
    text = shape.text[:LONGEST_TEXT]
    left, top, right, bottom = font.getbbox(text)
    page = Image.new("L", (max(round(right - left), 1), max(round(bottom - top), 1)))
    ImageDraw.Draw(page).text((-left, -top), text, fill=255, font=font)
    rows, columns = np.nonzero(np.asarray(page) > 127)
    if not len(rows):
        raise NoPointsError("There is no letter to be seen. Type one, for example: DIFFUSION.")
    chosen = rng.integers(0, len(rows), count)
    within = rng.uniform(0, 1, (count, 2))
    return np.stack([columns[chosen] + within[:, 0], -(rows[chosen] + within[:, 1])], axis=1)


def _by_hand(shape: Shape, count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Points spread evenly along the strokes."""
    strokes = [np.asarray(stroke, dtype=np.float64) for stroke in shape.strokes if stroke]
    if not strokes:
        raise NoPointsError("Nothing was drawn yet. Draw something with the mouse.")
    # a dot is a stroke from a place to itself
    starts = np.concatenate([s[:-1] if len(s) > 1 else s for s in strokes])
    ends = np.concatenate([s[1:] if len(s) > 1 else s for s in strokes])
    lengths = np.linalg.norm(ends - starts, axis=1) + WIDTH / 4
    chosen = rng.choice(len(lengths), count, p=lengths / lengths.sum())
    along = rng.uniform(0, 1, (count, 1))
    return np.asarray(starts[chosen] * (1 - along) + ends[chosen] * along)


_DRAWN: dict[ShapeName, Callable[[Shape, int, np.random.Generator], NDArray[np.float64]]] = {
    "swiss roll": _swiss_roll,
    "rings": _rings,
    "letters": _letters,
    "by hand": _by_hand,
}
