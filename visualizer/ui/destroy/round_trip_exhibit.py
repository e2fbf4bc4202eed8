"""What of the Destroy page is exported where it shows no run: pictures beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from visualizer.ui.destroy.destroy_words import likeness_words, psnr_words
from visualizer.ui.explanation import percent
from visualizer.ui.shown_picture import enlarged

if TYPE_CHECKING:
    from visualizer.diffusion.arrays import Picture
    from visualizer.diffusion.encoding import RoundTrip
    from visualizer.diffusion.survival import SurvivalPoint
    from visualizer.export.exhibit import Exhibit

MOST = 2048
"""Pixels a side of a frame."""
_GAP = 16
_STANDS_MS = 900


def of_round_trip(trip: RoundTrip, title: str) -> Exhibit:
    """The original beside what the autoencoder made of it, as one frame."""
    from visualizer.export.exhibit import Exhibit

    caption = f"original · after the autoencoder, {psnr_words(trip.psnr_db)}"
    return Exhibit(f"Round trip of {title}", (_beside(trip.original, trip.decoded),), (caption,))


def of_survival(trip: RoundTrip, points: Sequence[SurvivalPoint], title: str) -> Exhibit:
    """What came back from each share of noise, beside the original; a frame each."""
    from visualizer.export.exhibit import Exhibit

    return Exhibit(
        f"How much of {title} survives",
        tuple(_beside(trip.decoded, point.picture) for point in points),
        tuple(
            f"{percent(point.share_of_noise)} noise · {likeness_words(point.likeness)}"
            for point in points
        ),
        _STANDS_MS,
    )


def _beside(one: Picture, other: Picture) -> Picture:
    import numpy as np
    from PIL import Image

    from visualizer.diffusion.arrays import read_only

    both = [enlarged(picture, square=False) for picture in (one, other)]
    height = min(picture.shape[0] for picture in both)
    both = [picture[:height] for picture in both]
    gap = np.full((height, _GAP, 3), 255, dtype=np.uint8)
    image = Image.fromarray(np.concatenate([both[0], gap, both[1]], axis=1))
    image.thumbnail((MOST, MOST), Image.Resampling.LANCZOS)
    return read_only(np.asarray(image).copy())
