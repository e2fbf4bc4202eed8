"""Numbers of bytes as people say them, in one unit everywhere."""

from __future__ import annotations

_UNITS = (("TB", 10**12), ("GB", 10**9), ("MB", 10**6), ("kB", 10**3))


def in_words(size: int) -> str:
    """A size in three digits: "6.94 GB", "200 MB"; 1 GB is 10⁹ bytes, as disks and the hub say it.

    Memory is told in the same unit, so that it can be held against the size of a model.
    """
    for unit, scale in _UNITS:
        amount = float(f"{size / scale:.3g}")
        if amount >= 1:  # also what only rounding makes one: 999.7 MB are 1 GB
            return f"{amount:.12g} {unit}"
    return "1 byte" if size == 1 else f"{size} bytes"
