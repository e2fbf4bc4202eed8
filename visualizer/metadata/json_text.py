"""JSON from strangers: bounded in size and depth."""

from __future__ import annotations

import json
import re
from typing import Any

MAX_TEXT = 4 * 2**20
"""Characters; the workflows of other programs are some 100 000."""
MAX_DEPTH = 64

# a string that never ends is taken whole: looking for its end again and again is quadratic
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[\]{}]', re.DOTALL)


class NoJson(ValueError):
    """A text that is no JSON, or too large or too deep to be read."""


def parse(text: str, most: int = MAX_TEXT) -> Any:
    """The value of a JSON text.

    Raises:
        NoJson: for what is none, for more than ``most`` characters, or deeper than ``MAX_DEPTH``.
    """
    if len(text) > most:
        raise NoJson("too large")
    depth = 0
    for token in _TOKEN.finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(token[0], 0)
        if depth > MAX_DEPTH:
            raise NoJson("too deep")
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise NoJson("no JSON") from error


def parse_object(text: str, most: int = MAX_TEXT) -> dict[str, Any] | None:
    """The JSON object that a text is, or None where it is none."""
    try:
        value = parse(text, most)
    except NoJson:
        return None
    return value if isinstance(value, dict) else None
