"""A file of prompts, one a line, in whatever encoding it was saved."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from pathlib import Path

from visualizer.diffusion.atomic import display_name
from visualizer.diffusion.request import RequestError, SamplingRequest
from visualizer.sweeps.errors import SweepError

MAX_FILE = 16 * 2**20  # bytes
MAX_LINE = 10_000  # characters; no model reads as many words
_MARKS = (  # the longer first: UTF-16's mark is the beginning of UTF-32's
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True)
class PromptFile:
    """What was read.

    Attributes:
        prompts: in the order of the file, each once.
        notes: sentences on what the person may not expect (repetitions, a guessed encoding).
    """

    prompts: tuple[str, ...]
    notes: tuple[str, ...] = ()


def read_prompts(path: Path) -> PromptFile:
    """Read a file of prompts: one a line; blank lines and lines that begin with "#" are left out.

    UTF-8, UTF-16 and UTF-32 are told by their marks, UTF-16 also without one; what is no UTF-8 is
    taken for Windows-1252, the usual one of older editors, and that is said.

    Raises:
        SweepError: with a sentence, when there is no prompt in it or it cannot be read.
    """
    name = display_name(path)
    text, encoding = _decoded(_content(path, name), name)
    found: list[str] = []
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text), start=1):
        prompt = line.strip()
        if not prompt or prompt.startswith("#"):
            continue
        if len(prompt) > MAX_LINE:
            raise SweepError(
                f"Line {number} of '{name}' has {len(prompt)} characters: no model reads as many. "
                "Write one prompt a line."
            )
        try:
            SamplingRequest(prompt)
        except RequestError as error:
            raise SweepError(f"Line {number} of '{name}' is no prompt. {error}") from error
        found.append(prompt)
    if not found:
        raise SweepError(f"There is no prompt in '{name}'. Write one a line.")
    prompts = tuple(dict.fromkeys(found))
    notes = []
    if encoding:
        notes.append(f"'{name}' is no UTF-8; it was read as {encoding}.")
    if repeated := len(found) - len(prompts):
        times = "prompt is" if repeated == 1 else "prompts are"
        notes.append(f"{repeated} repeated {times} left out.")
    return PromptFile(prompts, tuple(notes))


def _content(path: Path, name: str) -> bytes:
    try:
        if path.is_dir():
            raise SweepError(f"'{name}' is a folder. Name a text file with one prompt a line.")
        if path.exists() and not path.is_file():  # a pipe would be waited for without end
            raise SweepError(f"'{name}' is no text file.")
        with path.open("rb") as file:
            content = file.read(MAX_FILE + 1)
    except FileNotFoundError as error:
        raise SweepError(f"There is no file '{name}'.") from error
    except PermissionError as error:
        raise SweepError(f"You may not read '{name}'.") from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = error.strerror if isinstance(error, OSError) else None
        raise SweepError(f"'{name}' cannot be read: {reason or error}.") from error
    if len(content) > MAX_FILE:
        raise SweepError(f"'{name}' is too large to be a list of prompts.")
    return content


def _decoded(content: bytes, name: str) -> tuple[str, str]:
    """The text, and the encoding where it was guessed."""
    encoding = next((e for mark, e in _MARKS if content.startswith(mark)), "")
    guessed = ""
    if not encoding and b"\0" in content:
        encoding = guessed = _unmarked_utf16(content)
        if not encoding:
            raise SweepError(f"'{name}' is no text file: it holds NUL characters.")
    try:
        return content.decode(encoding or "utf-8"), guessed
    except UnicodeDecodeError as error:
        if encoding:
            raise SweepError(
                f"'{name}' is damaged: it is no whole {encoding.upper()} text. Save it as UTF-8."
            ) from error
    try:
        return content.decode("cp1252"), "Windows-1252"
    except UnicodeDecodeError:  # five of its bytes mean nothing
        return content.decode("latin-1"), "Latin-1"


def _unmarked_utf16(content: bytes) -> str:
    """Which UTF-16 a text without a mark is; "" for none: Latin letters then have a zero byte."""
    if len(content) % 2:
        return ""
    zeros = [content[i::2].count(0) for i in (0, 1)]
    for here, there, encoding in ((1, 0, "utf-16-le"), (0, 1, "utf-16-be")):
        if zeros[there] == 0 and zeros[here] * 4 >= len(content) // 2:
            return encoding
    return ""
