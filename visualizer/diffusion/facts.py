"""ModelFacts: what a window or a command line must know of a model, as plain values (no torch)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from visualizer.diffusion.model_folder import ModelError, read_own_json
from visualizer.diffusion.noise import NoiseLevel

MAX_ADVICE_BYTES = 1_000_000
MAX_STEPS = 10_000
MAX_GUIDANCE = 1000.0
MIN_SIDE, MAX_SIDE = 8, 16_384
MAX_SIZES = 64


@dataclass(frozen=True)
class SamplerName:
    """A sampler that fits a model: ``key`` as in a request, ``label`` as people call it."""

    key: str
    label: str


@dataclass(frozen=True)
class Vocabulary:
    """The words a small model was taught; every other word means nothing to it."""

    words: frozenset[str]
    objects: tuple[str, ...] = ()
    colors: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    times: tuple[str, ...] = ()

    @classmethod
    def load(cls, path: Path) -> Vocabulary | None:
        """Read a model folder's ``vocabulary.json``; None where there is none to be read."""
        values = _read_json(path)
        kinds = ("objects", "colors", "places", "times", "words")
        lists = {kind: _strings(values.get(kind)) for kind in kinds}
        words = frozenset(lists.pop("words"))
        if not words:
            return None
        return cls(words=words, **lists)


@dataclass(frozen=True)
class Recommended:
    """What the makers of a model recommend; ``sizes`` empty where any size will do.

    ``quick_steps`` are enough for a picture in a hurry; None where the makers name no such number.
    """

    steps: int
    guidance_scale: float
    sizes: tuple[tuple[int, int], ...] = ()
    quick_steps: int | None = None

    @classmethod
    def load(cls, path: Path, default: Recommended) -> Recommended:
        """Read a model folder's ``recommended.json``; the default where there is none."""
        values = _read_json(path)
        steps = values.get("steps", default.steps)
        guidance = values.get("guidance_scale", default.guidance_scale)
        sizes = values.get("sizes", default.sizes)
        quick = values.get("quick_steps", default.quick_steps)
        if (
            _is_steps(steps)
            and _is_guidance(guidance)
            and _are_sizes(sizes)
            and (quick is None or (_is_steps(quick) and quick < steps))
        ):
            return cls(steps, float(guidance), tuple((w, h) for w, h in sizes), quick)
        return default  # advice that makes no sense is no advice


@dataclass(frozen=True)
class ModelFacts:
    """A model in plain values.

    Attributes:
        name: what the window calls it.
        samplers: those that fit this model; ``own_sampler`` is the label of the model's own.
        steps, guidance_scale, width, height: recommended.
        quick_steps: as many are enough for a picture in a hurry; None where nobody says so.
        sizes: (width, height) pairs it can do, the recommended first.
        guidance: whether the strength of guidance changes anything.
        max_words: how many tokens of a prompt it reads.
        vocabulary: the words it knows; None for a model that was taught a whole language.
        family: what people call this kind of model, e.g. "Stable Diffusion XL".
        device_label: where it computes, in words, e.g. "CPU, 2 threads".
        memory_note: a sentence on what had to be done for it to fit, or "".
        control: the call's arguments that want a picture.
        control_optional: whether it does without.
        avoid: whether it reads an avoid text.
        weighting: whether weights of words can be written in its prompt.
        cannot_show: sentences on what of its work is not shown.
        branch_samplers: keys of the samplers that can go on from the middle of a run.
        random_samplers: keys of the samplers that add noise at every step; "" is the model's own.
        no_encoder: a sentence saying why it cannot start from a picture, or "".
        no_attention: a sentence saying why its cross-attention cannot be shown, or "".
    """

    name: str
    pipeline_class: str
    device: str
    dtype: str
    samplers: tuple[SamplerName, ...]
    own_sampler: str
    steps: int
    guidance_scale: float
    width: int
    height: int
    sizes: tuple[tuple[int, int], ...]
    guidance: bool
    max_words: int
    vocabulary: Vocabulary | None = None
    license: str = ""
    weights_hash: str = ""
    family: str = ""
    device_label: str = ""
    memory_note: str = ""
    control: tuple[str, ...] = ()
    control_optional: bool = False
    avoid: bool = True
    weighting: bool = False
    cannot_show: tuple[str, ...] = ()
    branch_samplers: tuple[str, ...] = ()
    random_samplers: tuple[str, ...] = ()
    no_encoder: str = ""
    no_attention: str = ""
    quick_steps: int | None = None


Loop = tuple[str, tuple[NoiseLevel, ...], tuple[float, ...]]
"""(stage, N+1 levels, N timesteps) of one loop of a pipeline."""


@dataclass(frozen=True)
class Plan:
    """What a request will do, known before anything runs.

    Attributes:
        levels: the noise levels, N+1 of every loop.
        timesteps: one a level but the last.
        sampler: the label of the sampler that will run.
        notice: a sentence on something worth knowing (a prompt too long), or "".
        stages: the stage of every level; empty where there is one loop.
        shared: how many of the first points are another run's, for a branch.
    """

    levels: tuple[NoiseLevel, ...]
    timesteps: tuple[float, ...]
    sampler: str
    notice: str = ""
    stages: tuple[str, ...] = ()
    shared: int = 0

    @classmethod
    def of_loops(cls, loops: Sequence[Loop], sampler: str, notice: str = "") -> Plan:
        """The plan of loops that follow one another."""
        levels = tuple(level for _, some, _ in loops for level in some)
        # a loop ends on a level without a timestep: it stands at the end, 0
        timesteps = tuple(t for _, some, times in loops for t in (*times, 0.0)[: len(some)])
        stages = tuple(stage for stage, some, _ in loops for _ in some) if len(loops) > 1 else ()
        return cls(levels, timesteps[:-1], sampler, notice, stages)

    def loops(self) -> list[Loop]:
        """The loops again."""
        if not self.stages:
            return [("", self.levels, self.timesteps)]
        found: list[Loop] = []
        start = 0
        times = (*self.timesteps, 0.0)
        for end in range(1, len(self.levels) + 1):
            if end == len(self.levels) or self.stages[end] != self.stages[start]:
                span = slice(start, end)
                found.append((self.stages[start], self.levels[span], times[span][:-1]))
                start = end
        return found


@dataclass(frozen=True)
class PromptReading:
    """How a model reads a prompt.

    Attributes:
        words_read: words that fit into what the model reads.
        words_total: words in the prompt.
        unknown: (start, end, word) of words it was never taught; empty without a vocabulary.
        tokens: tokens of the whole prompt, without marks for begin and end.
        token_limit: how many of them the model reads; 0 where it reads any number.
        cut: index of the first character that is not read; None when all is read.
        note: a sentence where one of the model's text encoders reads less than another, or "".
    """

    words_read: int
    words_total: int
    unknown: tuple[tuple[int, int, str], ...] = field(default=())
    tokens: int = 0
    token_limit: int = 0
    cut: int | None = None
    note: str = ""


def _strings(value: Any) -> tuple[str, ...]:
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def _is_steps(value: Any) -> bool:
    return type(value) is int and 1 <= value <= MAX_STEPS


def _is_guidance(value: Any) -> bool:
    # compared before it becomes a float: a whole number can be too large for one
    return type(value) in (int, float) and 0 <= value <= MAX_GUIDANCE and math.isfinite(value)


def _are_sizes(value: Any) -> bool:
    """A list of at most 64 pairs of sides, in pixels."""
    return (
        isinstance(value, list | tuple)
        and len(value) <= MAX_SIZES
        and all(isinstance(pair, list | tuple) and len(pair) == 2 for pair in value)
        and all(
            type(side) is int and MIN_SIDE <= side <= MAX_SIDE for w, h in value for side in (w, h)
        )
    )


def _read_json(path: Path) -> Mapping[str, Any]:
    try:
        return read_own_json(path.parent, path.name, MAX_ADVICE_BYTES)
    except ModelError:
        return {}
