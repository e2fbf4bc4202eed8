"""What of the Destroy page is exported where it shows no run: pictures beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from visualizer.ui.destroy.destroy_words import likeness_words, psnr_words
from visualizer.ui.explanation import percent
from visualizer.ui.shown_picture import enlarged, enlarged_size

if TYPE_CHECKING:
    from visualizer.diffusion.arrays import Picture
    from visualizer.diffusion.encoding import RoundTrip
    from visualizer.diffusion.survival import SurvivalPoint
    from visualizer.export.exhibit import ExhibitPlan

_GAP = 16
_STANDS_MS = 900


def of_round_trip(trip: RoundTrip, title: str) -> ExhibitPlan:
    """The original beside what the autoencoder made of it, as one frame."""
    from visualizer.export.exhibit import ExhibitPlan

    caption = f"original · after the autoencoder, {psnr_words(trip.psnr_db)}"
    size = _size(trip.original, trip.decoded)

    def paint(_n: int) -> Picture:
        return _beside(trip.original, trip.decoded, size)

    return ExhibitPlan(f"Round trip of {title}", size, (caption,), paint)


def of_survival(trip: RoundTrip, points: Sequence[SurvivalPoint], title: str) -> ExhibitPlan | None:
    """What came back from each share of noise, beside the original; a frame each."""
    from visualizer.export.exhibit import ExhibitPlan

    if not points:
        return None
    survived = tuple(points)
    size = _size(trip.decoded, survived[0].picture)

    def paint(n: int) -> Picture:
        return _beside(trip.decoded, survived[n].picture, size)

    captions = tuple(
        f"{percent(point.share_of_noise)} noise · {likeness_words(point.likeness)}"
        for point in survived
    )
    return ExhibitPlan(f"How much of {title} survives", size, captions, paint, _STANDS_MS)


def _size(one: Picture, other: Picture) -> tuple[int, int]:
    """Width and height of both beside each other, as large as a frame may be."""
    from visualizer.export.exhibit import MOST

    (left, first), (right, second) = enlarged_size(one), enlarged_size(other)
    width, height = left + _GAP + right, min(first, second)
    share = min(MOST / max(width, height), 1.0)
    return max(round(share * width), 1), max(round(share * height), 1)


def _beside(one: Picture, other: Picture, size: tuple[int, int]) -> Picture:
    import numpy as np
    from PIL import Image

    from visualizer.diffusion.arrays import read_only

    both = [enlarged(picture, square=False) for picture in (one, other)]
    height = min(picture.shape[0] for picture in both)
    both = [picture[:height] for picture in both]
    gap = np.full((height, _GAP, 3), 255, dtype=np.uint8)
    image = Image.fromarray(np.concatenate([both[0], gap, both[1]], axis=1))
    if image.size != size:
        image = image.resize(size, Image.Resampling.LANCZOS)
    return read_only(np.asarray(image).copy())
