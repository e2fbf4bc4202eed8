"""The pictures of runs as the encoding process has them: asked for when they are needed.

The window's process answers with one picture after the other. A few are asked for ahead, in the
order in which they will be used, so that decoding and encoding go on at the same time; a bounded
number is kept. No Qt.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from visualizer.diffusion.arrays import Picture, read_only

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from visualizer.diffusion.views import View
    from visualizer.session.export_crossing import PictureKey

KEPT_BYTES = 24 * 2**20
AHEAD_BYTES = 12 * 2**20
MOST_AHEAD = 16
LEAST_KEPT = 3
"""Whatever their size: two that a difference is made of, and the next one."""


class PictureStore:
    """Asks the window's process for pictures, and keeps those used last.

    Args:
        connection: to the window's process.
        otherwise: told of every message that is no picture; it may raise to end what is going on.
    """

    def __init__(
        self, connection: Connection, otherwise: Callable[[tuple[Any, ...]], None]
    ) -> None:
        self._connection = connection
        self._otherwise = otherwise
        self._kept: OrderedDict[PictureKey, Picture] = OrderedDict()
        self._bytes = 0
        self._asked: set[PictureKey] = set()
        self._missing: set[PictureKey] = set()
        self._passing: set[PictureKey] = set()  # previews: a better picture is on its way
        self._order: deque[PictureKey] = deque()
        self._gave_preview = False

    def expect(self, keys: Sequence[PictureKey]) -> None:
        """These will be asked for, in this order."""
        self._order = deque(keys)

    def get(self, key: PictureKey) -> Picture | None:
        """A picture, waited for; None when it cannot be had."""
        self._ask([key, *self._ahead(key)])
        while key not in self._kept:
            if key in self._missing:
                return None
            self.receive()
        picture = self._kept[key]
        self._kept.move_to_end(key)
        if key in self._passing:  # next time the better one is asked for
            self._gave_preview = True
            self._drop(key)
        return picture

    @property
    def kept_bytes(self) -> int:
        """How large the pictures are that are kept."""
        return self._bytes

    def gave_preview(self) -> bool:
        """Whether a preview, of which a better picture will come, was given out since last time."""
        given, self._gave_preview = self._gave_preview, False
        return given

    def receive(self) -> None:
        """Take one message of the window's process, waiting for it."""
        message = self._connection.recv()
        if message[0] == "picture":
            _, key, shape, exact = message
            picture: Picture = np.empty(shape, dtype=np.uint8)
            self._connection.recv_bytes_into(picture.data.cast("B"))
            self._put(key, read_only(picture), exact=exact)
        elif message[0] == "missing":
            self._asked.discard(message[1])
            self._missing.add(message[1])
        else:
            self._otherwise(message)

    def forget_missing(self) -> None:
        """Ask again for what could not be had."""
        self._missing.clear()

    def _ahead(self, key: PictureKey) -> list[PictureKey]:
        """What will be used next, as many pictures as fit."""
        while self._order and self._order[0] != key and key in self._order:
            self._order.popleft()
        if not self._order or self._order[0] != key:
            return []
        size = max(1, self._bytes // max(1, len(self._kept)))
        count = max(1, min(MOST_AHEAD, AHEAD_BYTES // size)) if self._kept else 1
        return [self._order[i] for i in range(1, min(count + 1, len(self._order)))]

    def _ask(self, keys: Sequence[PictureKey]) -> None:
        wanted = [
            key
            for key in dict.fromkeys(keys)
            if key not in self._kept and key not in self._asked and key not in self._missing
        ]
        if wanted:
            self._asked.update(wanted)
            self._connection.send(("want", wanted))

    def _put(self, key: PictureKey, picture: Picture, *, exact: bool) -> None:
        self._asked.discard(key)
        self._drop(key)
        self._kept[key] = picture
        self._bytes += picture.nbytes
        if not exact:
            self._passing.add(key)
        while self._bytes > KEPT_BYTES and len(self._kept) > LEAST_KEPT:
            self._drop(next(iter(self._kept)))

    def _drop(self, key: PictureKey) -> None:
        self._passing.discard(key)
        picture = self._kept.pop(key, None)
        if picture is not None:
            self._bytes -= picture.nbytes


class RunPictures(Mapping[tuple[int, "View"], Picture]):
    """The pictures of one run: a mapping whose values are asked for.

    Attributes:
        number: of the run, among those that came over.
    """

    def __init__(self, store: PictureStore, number: int, keys: Sequence[tuple[int, View]]) -> None:
        self.number = number
        self._store = store
        self._keys = dict.fromkeys(keys)

    def __getitem__(self, key: tuple[int, View]) -> Picture:
        picture = self._store.get((self.number, *key)) if key in self._keys else None
        if picture is None:
            raise KeyError(key)
        return picture

    def __contains__(self, key: object) -> bool:
        return key in self._keys

    def __iter__(self) -> Iterator[tuple[int, View]]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)
