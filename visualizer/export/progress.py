"""Progress: who is told how far an export has come."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[int, int], None]
"""Called with (done, total); what it raises ends the export."""


class Watched:
    """Progress that can be told again how far it was: whoever watches may end the export then."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._last = 0, 1

    def __call__(self, done: int, total: int) -> None:
        self._last = done, total
        self._progress(done, total)

    def again(self) -> None:
        """Tell what was told last."""
        self._progress(*self._last)


def unwatched(done: int, total: int) -> None:
    """Progress that nobody watches."""
