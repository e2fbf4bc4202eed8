"""Failure: an error as a person can act on it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Failure:
    """What happened, in one sentence, and what can be done about it.

    Attributes:
        title: one short sentence, e.g. "The run could not be saved."
        detail: why, and what to do; may be empty.
    """

    title: str
    detail: str = ""
