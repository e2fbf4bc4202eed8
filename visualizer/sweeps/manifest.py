"""Manifest: what a sweep's folder holds, and the name of every run in it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

from visualizer.diffusion.request import RequestError, SamplingRequest
from visualizer.diffusion.trajectory import ModelIdentity
from visualizer.sweeps.errors import SweepError

FORMAT = "denoising-visualizer sweep"
VERSION = 1
NAME = "sweep.json"
MAX_RUNS = 100_000
PICTURES = ("few", "final", "all")
"""What a run file of a sweep shows without its model: see ``stored.with_pictures``."""
_SAME_MODEL = ("pipeline_class", "config_hash", "weights_hash", "dtype")
_WORDS = {
    "negative_prompt": "the avoid text",
    "steps": "the number of steps",
    "guidance_scale": "the guidance",
    "sampler": "the sampler",
    "width": "the width",
    "height": "the height",
}


@dataclass(frozen=True)
class PlannedRun:
    """One run of a sweep.

    Attributes:
        row, column: which prompt and which seed of the manifest.
        request: all that decides its picture.
        name: of its file within the folder.
    """

    row: int
    column: int
    request: SamplingRequest
    name: str


@dataclass(frozen=True)
class Manifest:
    """What all runs of a folder share, and what they differ in.

    Prompts and seeds keep their places for good, and new ones are put behind them: a run's name
    hangs on the place of its prompt.

    Attributes:
        base: the request of every run, but for prompt and seed.
        model: who makes them, as the first sitting found it; never a path.
        prompts, seeds: every one that was ever asked for in this folder.
        pictures: one of ``PICTURES``.
    """

    base: SamplingRequest
    model: ModelIdentity
    prompts: tuple[str, ...]
    seeds: tuple[int, ...]
    pictures: str = "few"
    _rows: Mapping[str, int] = field(init=False, repr=False, compare=False)
    _columns: Mapping[int, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "base", replace(self.base, prompt="", seed=0))
        object.__setattr__(self, "_rows", {p: i for i, p in enumerate(self.prompts)})
        object.__setattr__(self, "_columns", {s: i for i, s in enumerate(self.seeds)})

    def runs(
        self, prompts: Sequence[str] | None = None, seeds: Sequence[int] | None = None
    ) -> Iterator[PlannedRun]:
        """The runs of some prompts and seeds, or of all: seed by seed, all prompts of each.

        In this order a sweep that is not over yet shows every prompt.
        """
        for seed in self.seeds if seeds is None else seeds:
            for prompt in self.prompts if prompts is None else prompts:
                row, column = self._rows[prompt], self._columns[seed]
                request = replace(self.base, prompt=prompt, seed=seed)
                name = f"{row + 1:03d}-{_slug(prompt)}-seed-{seed}.denoise"
                yield PlannedRun(row, column, request, name)

    def extended(self, other: Manifest) -> Manifest:
        """This one with the prompts and seeds of another behind its own.

        Raises:
            SweepError: when the other one has another model or other settings, or both together
                are too large.
        """
        for name in _SAME_MODEL:
            if getattr(self.model, name) != getattr(other.model, name):
                raise SweepError(
                    f"This folder holds a sweep of another model, {_model_in_words(self.model)}, "
                    f"not {_model_in_words(other.model)}. Choose another folder with --out."
                )
        for f in fields(SamplingRequest):
            here, there = getattr(self.base, f.name), getattr(other.base, f.name)
            if here != there:
                what = _WORDS.get(f.name, f"'{f.name}'")
                raise SweepError(
                    f"This folder holds a sweep with other settings: {what} is "
                    f"{_value(here)} there and {_value(there)} now. Choose another folder with "
                    "--out."
                )
        prompts = tuple(dict.fromkeys((*self.prompts, *other.prompts)))
        seeds = tuple(dict.fromkeys((*self.seeds, *other.seeds)))
        check_size(len(prompts), len(seeds))
        return replace(self, prompts=prompts, seeds=seeds, pictures=other.pictures)

    def to_text(self) -> str:
        """As it stands in the folder."""
        model = {f.name: getattr(self.model, f.name) for f in fields(ModelIdentity)}
        values = {
            "format": FORMAT,
            "version": VERSION,
            "request": self.base.to_json(),
            "model": {**model, "versions": dict(self.model.versions)},
            "pictures": self.pictures,
            "seeds": list(self.seeds),
            "prompts": list(self.prompts),
        }
        return json.dumps(values, indent=1, ensure_ascii=False) + "\n"

    @classmethod
    def from_text(cls, text: str) -> Manifest:
        """The inverse of ``to_text``.

        Raises:
            SweepError: with a sentence, for anything else.
        """
        damaged = SweepError(f"'{NAME}' in this folder is damaged or no sweep's.")
        try:
            values = json.loads(text)
            if not isinstance(values, dict) or values.get("format") != FORMAT:
                raise damaged
            if int(values["version"]) > VERSION:
                raise SweepError(
                    "This sweep was made by a newer version of this program. Update it to go on."
                )
            check_size(len(values["prompts"]), len(values["seeds"]))
            known = {f.name: values["model"][f.name] for f in fields(ModelIdentity)}
            manifest = cls(
                base=SamplingRequest.from_json(values["request"]),
                model=ModelIdentity(**known),
                prompts=tuple(map(str, values["prompts"])),
                seeds=tuple(values["seeds"]),
                pictures=values["pictures"] if values["pictures"] in PICTURES else "few",
            )
            for prompt in manifest.prompts:
                replace(manifest.base, prompt=prompt)
            for seed in manifest.seeds:
                replace(manifest.base, seed=seed)
        except (
            ArithmeticError,
            AttributeError,
            LookupError,
            RecursionError,
            RequestError,
            TypeError,
            ValueError,
        ) as error:
            raise damaged from error
        return manifest


def check_size(prompts: int, seeds: int) -> None:
    """Refuse a sweep that nobody means.

    Raises:
        SweepError: for more than ``MAX_RUNS`` runs.
    """
    if prompts * seeds > MAX_RUNS:
        raise SweepError(
            f"{prompts} prompts × {seeds} seeds are {prompts * seeds} runs: one folder holds up "
            f"to {MAX_RUNS}. Take fewer prompts or seeds, or several folders."
        )


def _slug(prompt: str) -> str:
    words = re.sub(r"[^a-z0-9]+", "-", prompt.lower()).strip("-")
    if len(words) > 40:
        words = words[:40].rpartition("-")[0] or words[:40]
    return words or "prompt"


def _value(value: Any) -> str:
    return "the model's own" if value is None else f"{value:g}" if _plain(value) else f"'{value}'"


def _plain(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _model_in_words(model: ModelIdentity) -> str:
    return f"{model.name} ({model.dtype}, weights {model.weights_hash[:12]})"
