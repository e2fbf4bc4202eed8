"""``denoising-visualizer inspect``: what files remember of how they were made."""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from visualizer.diffusion.request import SamplingRequest
    from visualizer.metadata.remembered import Remembered

FOUND, NOTHING, UNREADABLE = 0, 1, 2

# A terminal obeys control characters, and a file may hold any; others turn the order of words.
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Tell the parser its options."""
    parser.add_argument(
        "files",
        type=Path,
        nargs="+",
        metavar="FILE",
        help="a picture, animation, video, page, run or text, of this program or another",
    )
    parser.add_argument(
        "--json", action="store_true", help="a list with an object for every file, for scripts"
    )


def inspect(options: argparse.Namespace) -> int:
    """Print what every file remembers.

    Returns:
        0 where all of them remember something; 1 where one remembers nothing; 2 where one cannot
        be read.
    """
    from visualizer.metadata.reading import read
    from visualizer.metadata.remembered import MetadataError

    status = FOUND
    entries: list[dict[str, Any]] = []
    for place, path in enumerate(options.files):
        found, error = None, ""
        try:
            found = read(path)
        except MetadataError as failure:
            error = str(failure)
        status = max(status, UNREADABLE if error else FOUND if found else NOTHING)
        if options.json:
            entries.append(_entry(path, found, error))
            continue
        if len(options.files) > 1:
            print("\n" * bool(place) + _safe(str(path)))
        if error:
            print(end="", flush=True)
            _complain(f"error: {_safe(error)}")
        elif found is None:
            print("This file remembers nothing of how it was made.")
        else:
            _print(_rows(found))
    if options.json:
        print(json.dumps(entries, indent=2))
    return status


# --- For scripts ----------------------------------------------------------------------------------


def _entry(path: Path, found: Remembered | None, error: str) -> dict[str, Any]:
    """The keys are described in docs/pictures-that-remember.md, and stay as they are."""
    if found is None:
        return {"file": str(path), "found": False, "error": error or None}
    return {
        "file": str(path),
        "found": True,
        "error": None,
        "source": found.source,
        "version": found.version,
        "model": found.model,
        "model_hash": found.model_hash,
        "picture": list(found.size) if found.size else None,
        "request": _json(found.request),
        "title": found.title,
        "lanes": [
            {
                "label": lane.label,
                "model": lane.model,
                "model_hash": lane.model_hash,
                "request": _json(lane.request),
            }
            for lane in found.lanes
        ],
        "not_honored": list(found.not_honored),
        "raw": dict(found.raw),
    }


def _json(request: SamplingRequest | None) -> dict[str, Any] | None:
    return None if request is None else request.to_json()


# --- For people -----------------------------------------------------------------------------------


def _rows(found: Remembered) -> Iterator[tuple[str, str]]:
    yield "made by", f"{found.source} {found.version}".strip()
    if found.title:
        yield "comparison", found.title
    if found.request is not None:
        yield from _request_rows(found.request)
    if found.model or found.model_hash:
        yield "model", _model(found.model, found.model_hash)
    if found.size:
        yield "picture", f"{found.size[0]} × {found.size[1]} pixels"
    for number, lane in enumerate(found.lanes, start=1):
        words = [
            lane.label,
            _summary(lane.request),
            lane.model if found.model != lane.model else "",
        ]
        yield f"run {number}", ": ".join(word for word in words if word) or "nothing known"
    for sentence in found.not_honored:
        yield "not taken", sentence


def _request_rows(request: SamplingRequest) -> Iterator[tuple[str, str]]:
    yield "prompt", request.prompt or "(none)"
    if request.negative_prompt:
        yield "avoid", request.negative_prompt
    yield "seed", str(request.seed)
    if request.steps is not None:
        yield "steps", str(request.steps)
    if request.guidance_scale is not None:
        yield "guidance", f"{request.guidance_scale:g}"
    yield "sampler", _sampler(request.sampler)
    if request.width and request.height:
        yield "size", f"{request.width} × {request.height} pixels"
    if request.start.kind != "seed":
        yield "start", request.start.kind
    if request.extra:
        yield "further", request.extra.digest()


def _sampler(key: str | None) -> str:
    from visualizer.metadata.sampler_names import LABELS

    return "the model's own" if key is None else LABELS.get(key, key)


def _model(name: str, digest: str) -> str:
    return f"{name} [{digest[:12]}]".strip() if digest else name


def _summary(request: SamplingRequest | None) -> str:
    if request is None:
        return ""
    words = [request.prompt or "(no prompt)", f"seed {request.seed}"]
    if request.steps is not None:
        words.append(f"{request.steps} steps")
    return ", ".join(words)


def _print(rows: Iterator[tuple[str, str]]) -> None:
    listed = list(rows)
    width = max(len(name) for name, _ in listed) + 2
    for name, text in listed:
        first, *rest = _safe(text).split("\n")
        print(f"{name:<{width}}{first}")
        for line in rest:
            print(" " * width + line)


def _safe(text: str) -> str:
    """Text that a terminal shows and does not obey."""
    return _CONTROL.sub("�", text.replace("\r\n", "\n"))


def _complain(sentence: str) -> None:
    if sys.stderr is not None:
        print(sentence, file=sys.stderr, flush=True)
