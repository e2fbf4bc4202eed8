"""Names and texts, one below the other: what ``info`` and ``inspect`` print."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from visualizer.diffusion.request import SamplingRequest

Row = tuple[str, str]

# A terminal obeys control characters, and a file may hold any; others turn the order of words.
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


def request_rows(
    request: SamplingRequest, *, steps: str = "", sampler: str = "", size: str = ""
) -> Iterator[Row]:
    """What was asked for.

    Args:
        steps, sampler, size: what came of it, where that is known.
    """
    yield "prompt", request.prompt or "(none)"
    if request.negative_prompt:
        yield "avoid", request.negative_prompt
    yield "seed", str(request.seed)
    if steps or request.steps is not None:
        yield "steps", steps or str(request.steps)
    if request.guidance_scale is not None:
        yield "guidance", f"{request.guidance_scale:g}"
    yield "sampler", sampler or _sampler(request.sampler)
    if size or (request.width and request.height):
        yield "size", size or pixels(request.width or 0, request.height or 0)
    if request.start.kind != "seed":
        from visualizer.diffusion.starts import FromPicture

        start = request.start
        yield "start", start.words() if isinstance(start, FromPicture) else start.kind
    if request.extra:
        yield "further", request.extra.digest()


def pixels(width: int, height: int) -> str:
    """ "512 × 512 pixels"."""
    return f"{width} × {height} pixels"


def print_rows(rows: Iterable[Row]) -> None:
    """Print those that have a text, the texts in one column."""
    listed = [(name, text) for name, text in rows if text]
    width = max(len(name) for name, _ in listed) + 2
    for name, text in listed:
        first, *rest = printable(text).split("\n")
        print(f"{name:<{width}}{first}")
        for line in rest:
            print(" " * width + line)


def printable(text: str) -> str:
    """Text that a terminal shows and does not obey."""
    return _CONTROL.sub("�", text.replace("\r\n", "\n"))


def _sampler(key: str | None) -> str:
    from visualizer.metadata.sampler_names import LABELS

    return "the model's own" if key is None else LABELS.get(key, key)
