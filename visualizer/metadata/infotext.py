"""The one text into which A1111 and Forge write their settings, and which many programs read.

    a red car on a road
    Negative prompt: blurry
    Steps: 30, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 7, Seed: 5, Size: 512x512, …

The last line holds pairs; a value with a comma, a colon or a line break stands in JSON quotes,
or is JSON itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

AVOID = "Negative prompt:"
MAX_TEXT = 200_000  # characters
MAX_LISTS = 20
"""So many values of a line may be JSON without quotes."""

# Keys are bounded: without a bound a long line without a colon takes quadratic time.
_PAIR = re.compile(r'\s*(?P<key>\w[\w \-/]{1,80}):\s*(?P<value>"(?:\\.|[^\\"])++"|[^,]*)(?:,|$)')
_END = re.compile(r"\s*(?:,|$)")
_SPECIAL = re.compile(r"([\\()\[\]])")
_ESCAPED = re.compile(r"\\([\\()\[\]])")


@dataclass(frozen=True)
class Infotext:
    """A text, read.

    Attributes:
        prompt, avoid: as they stand, with line breaks; may be "".
        pairs: the settings by their names.
    """

    prompt: str
    avoid: str
    pairs: Mapping[str, str]


def write(prompt: str, avoid: str, pairs: Iterable[tuple[str, object]]) -> str:
    """The text. At least three pairs are needed for other programs to find them.

    A line of the prompt that begins with "Negative prompt:" is read as the text to avoid, and
    blanks at the ends of lines are lost: the form has no way to say otherwise.
    """
    text = prompt
    if avoid:
        text += f"\n{AVOID} {avoid}"
    text += "\n" + ", ".join(f"{key}: {_quoted(str(value))}" for key, value in pairs)
    return text.strip()


def read(text: str) -> Infotext | None:
    """Read a text; None where no line of it holds settings, or it is too long to be one."""
    if len(text) > MAX_TEXT:
        return None
    lines = text.replace("\r\n", "\n").strip().split("\n")
    # comments of older versions, "Used embeddings: …", follow the settings
    for last in range(len(lines) - 1, -1, -1):
        pairs = _pairs(lines[last])
        if len(pairs) >= 3 and ("Steps" in pairs or "Seed" in pairs):
            break
    else:
        return None
    prompt: list[str] = []
    avoid: list[str] = []
    into = prompt
    for line in lines[:last]:
        words = line.strip()
        if words.startswith(AVOID):
            into = avoid
            words = words.removeprefix(AVOID).strip()
        into.append(words)
    return Infotext("\n".join(prompt).lstrip("\n"), "\n".join(avoid).lstrip("\n"), pairs)


def escaped(text: str) -> str:
    """A prompt without syntax, written so that its parentheses mean nothing."""
    return _SPECIAL.sub(r"\\\1", text)


def unescaped(text: str) -> str:
    """The inverse of ``escaped``."""
    return _ESCAPED.sub(r"\1", text)


def _pairs(line: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    place, tries = 0, MAX_LISTS
    while match := _PAIR.search(line, place):
        value, place = match["value"], match.end()
        if value.startswith(("[", "{")) and tries:
            tries -= 1
            value, place = _listed(line, match.start("value")) or (value, place)
        pairs[match["key"]] = _unquoted(value)
    return pairs


def _listed(line: str, start: int) -> tuple[str, int] | None:
    """A JSON list or object within a line, and where the next pair begins; None for what is none.

    Civitai writes them without quotes, commas and all.
    """
    try:
        end = json.JSONDecoder().raw_decode(line, start)[1]
    except (ValueError, RecursionError):
        return None
    after = _END.match(line, end)
    return None if after is None else (line[start:end], after.end())


def _quoted(value: str) -> str:
    if any(c in value for c in ",:\n\r") or value.startswith('"'):
        return json.dumps(value, ensure_ascii=False)
    return value


def _unquoted(value: str) -> str:
    value = value.strip()
    if len(value) < 2 or value[0] != '"' or value[-1] != '"':
        return value
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        return value
    return found if isinstance(found, str) else value
