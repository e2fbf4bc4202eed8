"""Progress: who is told how far an export has come."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[int, int], None]
"""Called with (done, total); what it raises ends the export."""


def unwatched(done: int, total: int) -> None:
    """Progress that nobody watches."""
