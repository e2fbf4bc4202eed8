"""When was it decided? The step from which the model's guess already looks like the end.

What is decided is what does not change any more: the first step from which the picture of x̂₀ is
like the final picture, and stays so to the end. Likeness is the correlation of the two pictures'
numbers (``experiment.likeness``), and 0.9 counts as alike. Layout is asked of the low frequencies
alone (``spectrum``), details of everything finer than that: in a whole picture the large shapes
outweigh the details so much that the details would not be asked at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from visualizer.diffusion.spectrum import Waves, mask_of

ALIKE = 0.9


@dataclass(frozen=True)
class Likeness:
    """How like a guess is to the end, −1 … 1.

    Attributes:
        whole: the pictures as they are.
        layout: their low frequencies alone.
        details: all but the low frequencies.
    """

    whole: float
    layout: float
    details: float


def likeness_to_end(guess: Waves, end: Waves) -> Likeness:
    """Compare two pictures or latents of one shape."""
    low = mask_of("low", end.shape)
    return Likeness(guess.likeness(end), guess.likeness(end, low), guess.likeness(end, 1.0 - low))


def decided_from(likenesses: Sequence[float], alike: float = ALIKE) -> int | None:
    """The first index from which all are ≥ ``alike``; None where not even the last one is.

    What is not known (NaN) is not alike.
    """
    first = None
    for k in range(len(likenesses) - 1, -1, -1):
        if not likenesses[k] >= alike:
            break
        first = k
    return first
