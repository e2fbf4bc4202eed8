"""The dark look of what is exported as a picture; the window's own, which lies floors above."""

from __future__ import annotations

GROUND, SURFACE, LINE = "#14161b", "#1c1f26", "#343944"
TEXT, QUIET, ACCENT = "#e9ebf0", "#9aa2b1", "#f2a33c"
