"""``denoising-visualizer inspect``: what files remember of how they were made."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from visualizer.commands.rows import Row, pixels, print_rows, printable, request_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from visualizer.diffusion.request import SamplingRequest
    from visualizer.metadata.remembered import Remembered

FOUND, NOTHING, UNREADABLE = 0, 1, 2


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
            print("\n" * bool(place) + printable(str(path)))
        if error:
            print(end="", flush=True)
            _complain(f"error: {printable(error)}")
        elif found is None:
            print("This file remembers nothing of how it was made.")
        else:
            print_rows(_rows(found))
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


def _rows(found: Remembered) -> Iterator[Row]:
    yield "made by", f"{found.source} {found.version}".strip()
    if found.title:
        yield "comparison", found.title
    if found.request is not None:
        yield from request_rows(found.request)
    if found.model or found.model_hash:
        yield "model", _model(found.model, found.model_hash)
    if found.size:
        yield "picture", pixels(*found.size)
    for number, lane in enumerate(found.lanes, start=1):
        words = [
            lane.label,
            _summary(lane.request),
            lane.model if found.model != lane.model else "",
        ]
        yield f"run {number}", ": ".join(word for word in words if word) or "nothing known"
    for sentence in found.not_honored:
        yield "not taken", sentence


def _model(name: str, digest: str) -> str:
    return f"{name} [{digest[:12]}]".strip() if digest else name


def _summary(request: SamplingRequest | None) -> str:
    if request is None:
        return ""
    words = [request.prompt or "(no prompt)", f"seed {request.seed}"]
    if request.steps is not None:
        words.append(f"{request.steps} steps")
    return ", ".join(words)


def _complain(sentence: str) -> None:
    if sys.stderr is not None:
        print(sentence, file=sys.stderr, flush=True)
