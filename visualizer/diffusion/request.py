"""SamplingRequest: everything that decides a picture, and nothing else."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from visualizer.diffusion.starts import (
    FROM_SEED,
    Start,
    check_int,
    start_from_json,
    start_to_json,
)
from visualizer.diffusion.starts import MAX_SEED as MAX_SEED
from visualizer.diffusion.starts import FromSeed as FromSeed
from visualizer.diffusion.starts import RequestError as RequestError


class FrozenMapping(Mapping[str, Any]):
    """An immutable, picklable mapping of JSON values and arrays, compared by content."""

    __slots__ = ("_items",)

    def __init__(self, items: Mapping[str, Any] | None = None) -> None:
        self._items = dict(items or {})

    def __getitem__(self, key: str) -> Any:
        return self._items[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Mapping) and self.digest() == FrozenMapping(other).digest()

    def __hash__(self) -> int:
        return hash(self.digest())

    def __repr__(self) -> str:
        return repr(self._items)

    def __getstate__(self) -> dict[str, Any]:
        return self._items

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._items = state

    def digest(self) -> str:
        """Canonical JSON in which every array stands as the SHA-256 of its content."""
        return json.dumps(self._items, sort_keys=True, default=_describe_array)


def _describe_array(value: object) -> dict[str, Any]:
    array = np.ascontiguousarray(np.asarray(value))
    if array.dtype == object:
        raise RequestError(f"'extra' holds a value that cannot be stored: {type(value).__name__}.")
    content = hashlib.sha256(array.tobytes()).hexdigest()
    return {"array": content, "shape": list(array.shape), "dtype": array.dtype.name}


@dataclass(frozen=True)
class SamplingRequest:
    """What to sample. Field names are diffusers' own; None leaves the pipeline's argument out.

    Equal requests give equal bits on the same model, device, dtype, library versions, thread
    count and batch size.

    Attributes:
        prompt: what the picture shows; may be empty (no guidance by words).
        negative_prompt: what to steer away from; read only where guidance is on.
        seed: 0 … 2³²−1; the noise is drawn by ``torch.Generator("cpu").manual_seed(seed)``.
        steps: denoising steps (``num_inference_steps``), ≥ 1.
        guidance_scale: w of Ho & Salimans 2022; guidance is off at ≤ 1.
        sampler: a name of ``visualizer.diffusion.samplers``; None is the model's own scheduler.
        width, height: pixels, multiples of 8.
        start: where the run starts; see ``starts``.
        extra: further arguments of the pipeline's ``__call__``: JSON values and arrays.

    Raises:
        RequestError: with a plain sentence, when a field is out of its range.
    """

    prompt: str
    negative_prompt: str | None = None
    seed: int = 0
    steps: int | None = None
    guidance_scale: float | None = None
    sampler: str | None = None
    width: int | None = None
    height: int | None = None
    start: Start = FROM_SEED
    extra: FrozenMapping = field(default_factory=FrozenMapping)

    def __post_init__(self) -> None:
        _check_text("prompt", self.prompt)
        if self.negative_prompt is not None:
            _check_text("avoid text", self.negative_prompt)
        check_int("seed", self.seed, 0, MAX_SEED)
        if self.steps is not None:
            check_int("number of steps", self.steps, 1, 100_000)
        if self.guidance_scale is not None:
            scale = self.guidance_scale
            if isinstance(scale, bool) or not isinstance(scale, (int, float)):
                raise RequestError(f"The guidance must be a number, not {scale!r}.")
            if not math.isfinite(scale) or not 0 <= scale <= 1000:
                raise RequestError(f"The guidance must lie between 0 and 1000, not {scale}.")
            object.__setattr__(self, "guidance_scale", float(scale))
        for name, size in (("width", self.width), ("height", self.height)):
            if size is not None:
                check_int(name, size, 8, 16384)
        if not isinstance(self.extra, FrozenMapping):
            object.__setattr__(self, "extra", FrozenMapping(self.extra))
        self.extra.digest()  # refuses what cannot be stored

    def to_json(self) -> dict[str, Any]:
        """JSON values only. Arrays in ``extra`` stand as their hash and shape."""
        values: dict[str, Any] = {f.name: getattr(self, f.name) for f in fields(self)}
        values["start"] = start_to_json(self.start)
        values["extra"] = json.loads(self.extra.digest())
        return values

    @classmethod
    def from_json(cls, values: Mapping[str, Any], depth: int = 0) -> SamplingRequest:
        """The inverse of ``to_json``; unknown fields are refused with a sentence.

        Args:
            depth: how many branches of other requests this one is a parent of.
        """
        values = dict(values)
        start = start_from_json(values.pop("start", {"kind": FromSeed.kind}), depth)
        unknown = set(values) - {f.name for f in fields(cls)}
        if unknown:
            raise RequestError(f"This version does not know the setting '{sorted(unknown)[0]}'.")
        if "prompt" not in values:
            raise RequestError("The request has no prompt.")
        return cls(start=start, **values)


def _check_text(name: str, text: object) -> None:
    if not isinstance(text, str):
        raise RequestError(f"The {name} must be text, not {type(text).__name__}.")
    if text != clean_text(text):
        raise RequestError(
            f"The {name} holds a character that is no text (a NUL or half a symbol). Remove it."
        )


def clean_text(text: str) -> str:
    """The text without NUL characters and lone surrogates, which no tokenizer can read."""
    return "".join(c for c in text if c != "\0" and not 0xD800 <= ord(c) <= 0xDFFF)
