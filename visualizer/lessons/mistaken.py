"""Mistaken blocks: meant as ```do``` or ```ask```, and to Markdown no more than code or words.

Passed over without a word, it would be shown to the class as it is written.
"""

from __future__ import annotations

import difflib
import re

from visualizer.lessons.page_setup import OPTIONS

BLOCKS = ("do", "ask")
_CODE = ("text", "markdown", "md", "yaml")
"""What says that a block is only to be shown."""
_LANGUAGES = ("docker", "dockerfile", "dos", "dosbatch", "dot", "doctest", "asn1", "askama")
_CLOSE = 0.7
_FIRST_WORD = re.compile(r"[\W_]*([^\W_]*)")
_OPENED = re.compile(r" *[^\w\s]{2,} *(do|ask)\b[^\w]*", re.IGNORECASE)
_PAGE = re.compile(rf" *page *: *({'|'.join(OPTIONS)}) *", re.IGNORECASE)
_FIELD = re.compile(r" *(page|question) *:.*", re.IGNORECASE)
_SHOWN = "To show it as it is, begin it with ```text."
_FENCE = "A block begins with the line ```do or ```ask, three backticks at its very beginning."


def mistaken_fence(info: str, content: str) -> str:
    """What is wrong with a block of code that is rather one of ours; "" where it is code.

    Args:
        info: what stands behind its backticks; neither "do" nor "ask".
        content: its lines.
    """
    told = info.strip().casefold()
    if told in _CODE:
        return ""
    meant = _meant(told)
    if not meant and not any(map(_FIELD.fullmatch, content.split("\n"))):
        return ""
    if not meant:
        meant = "do" if any(map(_PAGE.match, content.split("\n"))) else "ask"
    written = f"```{info.strip()[:20]}"
    return f"Did you mean ```{meant}? Nothing else stands in that line, not '{written}'. {_SHOWN}"


def _meant(told: str) -> str:
    found = _FIRST_WORD.match(told)
    word = found[1] if found is not None else ""
    if not word or word in _LANGUAGES:
        return ""
    begun = next((block for block in BLOCKS if word.startswith(block)), "")
    close = difflib.get_close_matches(word[:20], BLOCKS, n=1, cutoff=_CLOSE)
    return begun or (close[0] if close else "")


def mistaken_block(text: str, *, code: bool) -> tuple[int, str] | None:
    """A block that Markdown takes for words: its line there, from 0, and what is wrong.

    Args:
        code: whether it is code because it is indented.
    """
    for k, line in enumerate(text.split("\n")):
        if _OPENED.fullmatch(line) or _PAGE.fullmatch(line) or (code and _FIELD.fullmatch(line)):
            return k, f"This looks like a block, and is none. {_FENCE}"
    return None
