"""Lets one band of frequencies of a picture through, and remembers what it made."""

from __future__ import annotations

import weakref
from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from visualizer.diffusion.arrays import Picture
    from visualizer.diffusion.spectrum import Band

BANDS: tuple[Band, ...] = ("low", "middle", "high")
"""Spelled out because reading them from ``diffusion.spectrum`` would load numpy before the first
frame; a test compares."""
_KEPT = 64


class BandSieve:
    """What the canvas shows instead of a picture, while only one band is to be seen."""

    def __init__(self, band: Band) -> None:
        self.band: Band = band
        self._made: OrderedDict[int, tuple[weakref.ref[Picture], Picture]] = OrderedDict()

    def __call__(self, picture: Picture) -> Picture:
        """The band of a picture; a larger one comes back smaller."""
        key = id(picture)
        kept = self._made.get(key)
        if kept is None or kept[0]() is not picture:
            from visualizer.diffusion.spectrum import band_picture

            kept = (weakref.ref(picture), band_picture(picture, self.band))
            self._made[key] = kept
            while len(self._made) > _KEPT:
                self._made.popitem(last=False)
        self._made.move_to_end(key)
        return kept[1]

    @property
    def says(self) -> str:
        """What must be known to read such a picture."""
        from visualizer.diffusion.spectrum import GAINS

        if self.band == "low":
            return "Only large shapes"
        what = "forms" if self.band == "middle" else "detail"
        return f"Only {what}, around mid-gray, amplified {GAINS[self.band]:g} times"
