"""Spans of time as people say them, the same everywhere."""

from __future__ import annotations


def duration(seconds: float) -> str:
    """A span of time: "0.8 s", "12 s", "3 min", "1 h 20 min"."""
    if seconds < 0.05:
        return "0 s"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def about(seconds: float) -> str:
    """A span that is foretold, in no more digits than are known of it: "about 2 s"."""
    if seconds < 1:
        return "less than a second"
    known = round(seconds) if seconds < 10 else float(f"{seconds:.2g}")
    return f"about {duration(known)}".replace(".0 s", " s")
