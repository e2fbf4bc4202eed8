"""How A1111 and Forge read their text, written once more from what they do, to check ours with.

The pattern is theirs: it is what decides whether they can read what we write.
"""

from __future__ import annotations

import json
import re

PAIR = re.compile(r'\s*(\w[\w \-/]+):\s*("(?:\\.|[^\\"])+"|[^,]*)(?:,|$)')


def parse(text: str) -> dict[str, str]:
    """The settings by name, with "Prompt" and "Negative prompt"."""
    lines = text.strip().split("\n")
    last = lines.pop()
    if len(PAIR.findall(last)) < 3:
        lines.append(last)
        last = ""
    words: dict[str, list[str]] = {"Prompt": [], "Negative prompt": []}
    name = "Prompt"
    for line in map(str.strip, lines):
        if line.startswith("Negative prompt:"):
            name, line = "Negative prompt", line[16:].strip()
        words[name].append(line)
    # their joining leaves out line breaks before the first words
    found = {key: "\n".join(value).lstrip("\n") for key, value in words.items()}
    for key, value in PAIR.findall(last):
        found[key] = json.loads(value) if value[:1] == value[-1:] == '"' else value
    return found
