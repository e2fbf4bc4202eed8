"""Our own JSON, read back: exact, and of a comparison every lane."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from visualizer.diffusion.grid import MAX_LANES
from visualizer.diffusion.request import RequestError, SamplingRequest, clean_text
from visualizer.diffusion.starts import FromPicture
from visualizer.metadata.json_text import parse_object
from visualizer.metadata.note import FORMAT, VERSION, is_note
from visualizer.metadata.remembered import OURS, Remembered, RememberedLane
from visualizer.metadata.request_builder import MAX_SIDE, MAX_STEPS, text, whole
from visualizer.metadata.sampler_names import LABELS
from visualizer.metadata.writing import NOTE_KEY

_OLD_KEYS = ("request", "model", "comparison")
"""Text fields of version 0.1.0, which wrote one for each."""


def read(fields: Mapping[str, str]) -> Remembered | None:
    """What our own fields say; None where there are none that hold together."""
    values = parse_object(fields[NOTE_KEY]) if NOTE_KEY in fields else None
    if values is None or not is_note(values):
        values = {key: parse_object(fields[key]) for key in _OLD_KEYS if key in fields}
    return from_values(values, fields) if is_note(values) else None


def from_values(values: Mapping[str, Any], fields: Mapping[str, str]) -> Remembered:
    """What JSON values such as ``Note.to_json`` gives say."""
    said: list[str] = []
    if values.get("format") == FORMAT and (whole(values.get("version")) or 0) > VERSION:
        said.append("A newer version of this program wrote it, which may have said more.")
    program = text(values.get("program", "")) or text(fields.get("Software", ""))
    version = program.removeprefix(OURS).strip() if program.startswith(OURS) else ""
    comparison = values.get("comparison")
    if isinstance(comparison, dict):
        listed = comparison.get("lanes")
        lanes = listed[:MAX_LANES] if isinstance(listed, list) else []
        found = [_lane(lane, said) for lane in lanes if isinstance(lane, dict)]
    else:
        found = [_lane(values, said)]
    title = comparison.get("title", "") if isinstance(comparison, dict) else ""
    first = next((lane for lane in found if lane.request is not None), None)
    return Remembered(
        source=OURS,
        request=None if first is None else first.request,
        model="" if first is None else first.model,
        model_hash="" if first is None else first.model_hash,
        version=version,
        not_honored=tuple(dict.fromkeys(said)),
        raw=fields,
        title=clean_text(title)[:1000] if isinstance(title, str) else "",
        lanes=tuple(found) if isinstance(comparison, dict) else (),
    )


def _lane(values: Mapping[str, Any], said: list[str]) -> RememberedLane:
    model = values.get("model")
    model = model if isinstance(model, dict) else {}
    return RememberedLane(
        label=text(values.get("label", "")),
        request=request_of(values.get("request"), said),
        model=text(model.get("name", "")),
        model_hash=text(model.get("weights", "")),
    )


def request_of(values: Any, said: list[str]) -> SamplingRequest | None:
    """A request of its JSON values; what cannot be taken over is said.

    Pictures that were given to a run stand in the JSON as their hash only.
    """
    if not isinstance(values, dict):
        return None
    kept = dict(values)
    start = kept.get("start")
    if _holds_array(start):
        from_picture = isinstance(start, dict) and start.get("kind") == FromPicture.kind
        said.append(
            "It started from a picture, which is not in the file: from static it becomes another."
            if from_picture
            else "It went on from a run that was given pictures, which are not in the file."
        )
        kept.pop("start")
    extra = kept.get("extra")
    if isinstance(extra, dict):
        kept["extra"] = {}
        for name, value in extra.items():
            if _holds_array(value):
                said.append(f"The run was given a picture ('{text(name, 60)}'), not in the file.")
            else:
                kept["extra"][name] = value
    try:
        return _sensible(SamplingRequest.from_json(kept), said)
    except RequestError as error:
        said.append(f"Its settings cannot be taken over. {error}")
    except (AttributeError, LookupError, RecursionError, TypeError, ValueError, OverflowError):
        said.append("Its settings cannot be taken over: they do not fit together.")
    return None


def _sensible(request: SamplingRequest, said: list[str]) -> SamplingRequest:
    """A request without what no run of ours would have asked for."""
    if request.sampler is not None and request.sampler not in LABELS:
        said.append(f"The sampler '{text(request.sampler, 60)}' is not here.")
        request = replace(request, sampler=None)
    if request.steps is not None and request.steps > MAX_STEPS:
        said.append(f"It asks for {request.steps} steps; more than {MAX_STEPS} are not taken over.")
        request = replace(request, steps=None)
    sides = [side for side in (request.width, request.height) if side is not None]
    if any(side > MAX_SIDE or side % 8 for side in sides):
        said.append("It asks for a size that cannot be made here. The model's own is taken.")
        request = replace(request, width=None, height=None)
    return request


@dataclass
class _Budget:
    left: int = 100_000


def _holds_array(value: Any, budget: _Budget | None = None) -> bool:
    """Whether the hash of an array stands somewhere within."""
    budget = budget or _Budget()
    budget.left -= 1
    if budget.left < 0:
        return True
    if isinstance(value, dict):
        if {"array", "shape", "dtype"} <= value.keys():
            return True
        return any(_holds_array(item, budget) for item in value.values())
    return isinstance(value, list) and any(_holds_array(item, budget) for item in value)
