"""Why a model cannot be opened, in the few words that a row of the picker has room for."""

from __future__ import annotations

import re

_PICKLE = "Only pickle weights (.bin): not safe to open."
_AGAIN = "Download it again."
_SHORT: tuple[tuple[str, str], ...] = (
    (r"only as a pickle|stands for pickles|only \.safetensors are loaded", _PICKLE),
    (r"program code of its own", "It brings program code of its own: not safe to open."),
    (r"^The file .* is missing|was not downloaded to its end", f"A file is missing. {_AGAIN}"),
    (r"^The file .*Download", f"A weights file is incomplete. {_AGAIN}"),
    (r"has no weights", f"Its weights are missing. {_AGAIN}"),
    (r"has its weights twice", f"Its weights are there twice. {_AGAIN}"),
    (r"^The part .* (is missing|is an empty folder|has no )", f"A part is missing. {_AGAIN}"),
    (r"is an adapter|is a LoRA", "An addition to another model, not a model of its own."),
    (r"no JSON|cannot be read", f"A file of it is damaged. {_AGAIN}"),
    (r"does not make pictures from text", "It does not make pictures from text."),
    (r"without all the other parts", "The other parts that it needs are not here."),
    (r"no model_index\.json|names no p", "It is no model folder."),
    (r"for safety|For safety", "It could run programs: not safe to open."),
)
"""What a sentence has in it, and how it is told in short; the first that fits is taken."""


def in_short(problem: str, name: str) -> str:
    """A problem without what the row says already.

    Args:
        problem: the whole sentence of whoever refused the model.
        name: the model's, which stands above.
    """
    for found, words in _SHORT:
        if re.search(found, problem, re.DOTALL):
            return words
    plain = re.sub(rf"(?: of)? '{re.escape(name)}'", "", problem)
    return plain[:1].upper() + plain[1:]
