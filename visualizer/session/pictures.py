"""The picture cache: full pictures under one bound, those looked at last kept longest."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from visualizer.diffusion.arrays import Picture
    from visualizer.diffusion.views import View

FULL_PICTURES_BYTES = 512 * 2**20
"""Full pictures of all runs of a sitting together, unless the person sets another bound. 900 steps
at 256² in all three decoded views fit; so do 64 lanes of 42 steps in one. Thumbnails are kept
besides, at most 77 kB a point."""
THUMBNAIL_SIDE = 160


class Entry(NamedTuple):
    """One picture, and whether it is the model's own decode or the fast preview."""

    picture: Picture
    exact: bool


class PictureCache:
    """Pictures by (timeline, k, view). Only the GUI thread touches it."""

    def __init__(self, limit: int = FULL_PICTURES_BYTES) -> None:
        self.limit = limit
        self.least = 1
        """So many pictures are kept whatever their size: those on the screen just now."""
        self.size = 0
        self._entries: OrderedDict[tuple[int, int, str], Entry] = OrderedDict()

    def get(self, key: tuple[int, int, str]) -> Entry | None:
        """The picture, which now counts as just looked at."""
        entry = self._entries.get(key)
        if entry is not None:
            self._entries.move_to_end(key)
        return entry

    def peek(self, key: tuple[int, int, str]) -> Entry | None:
        """The picture, without counting as a look."""
        return self._entries.get(key)

    def put(self, key: tuple[int, int, str], picture: Picture, *, exact: bool) -> None:
        """Keep a picture; an exact one is never replaced by a preview."""
        old = self._entries.get(key)
        if old is not None:
            if old.exact and not exact:
                return
            self.drop(key)
        self._entries[key] = Entry(picture, exact)
        self.size += picture.nbytes
        self._shrink()

    def set_limit(self, limit: int) -> None:
        """Keep so many bytes from now on."""
        self.limit = limit
        self._shrink()

    def forget(self, serial: int) -> None:
        """Drop every picture of a timeline."""
        for key in [key for key in self._entries if key[0] == serial]:
            self.drop(key)

    def _shrink(self) -> None:
        while self.size > self.limit and len(self._entries) > self.least:
            _, gone = self._entries.popitem(last=False)
            self.size -= gone.picture.nbytes

    def drop(self, key: tuple[int, int, str]) -> None:
        """Forget a picture, if it is there."""
        entry = self._entries.pop(key, None)
        if entry is not None:
            self.size -= entry.picture.nbytes


class Beside(Mapping[tuple[int, "View"], "Picture"]):
    """Pictures that were found, beside those a run stores, which stay packed until looked at."""

    def __init__(
        self,
        found: Mapping[tuple[int, View], Picture],
        stored: Mapping[tuple[int, View], Picture],
    ) -> None:
        self._found, self._stored = found, stored

    def __getitem__(self, key: tuple[int, View]) -> Picture:
        picture = self._found.get(key)
        return self._stored[key] if picture is None else picture

    def __iter__(self) -> Iterator[tuple[int, View]]:
        return iter(dict.fromkeys([*self._stored, *self._found]))

    def __len__(self) -> int:
        return len({*self._stored, *self._found})


def thumbnail_of(picture: Picture, side: int = THUMBNAIL_SIDE) -> Picture:
    """The picture with its longest side ≤ ``side``: means over square blocks, (H, W, 3) uint8."""
    import numpy as np

    factor = -(-max(picture.shape[:2]) // side)
    if factor <= 1:
        return picture
    height, width = (max(n // factor, 1) for n in picture.shape[:2])
    rows, columns = min(factor, picture.shape[0]), min(factor, picture.shape[1])
    # row after row, then column after column: some fifty times as fast as a mean over two axes
    tall = np.zeros((height, width * columns, 3), np.uint16 if rows <= 257 else np.uint32)
    for row in range(rows):
        tall += picture[row : height * rows : rows, : width * columns]
    sums = np.zeros((height, width, 3), dtype=np.uint32)
    for column in range(columns):
        sums += tall[:, column::columns]
    small: Picture = (sums.astype(np.float32) / (rows * columns)).round().astype(np.uint8)
    small.flags.writeable = False
    return small
