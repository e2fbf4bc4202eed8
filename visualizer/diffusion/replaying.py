"""Replaying: the first steps of a branch, through the pipeline's real call and its real sampler.

The network is not asked while they pass: what it said is on record. The pipeline gets an answer all
the same, one that the network gave to a call of the same shape before; its numbers do not matter,
as the record takes their place before the sampler sees them.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from visualizer.diffusion import families, schedules
from visualizer.diffusion.arrays import FloatArray
from visualizer.diffusion.step import Step

_KEPT_ANSWERS = 8
_CONTROL = "controlnet"
Restarted = Callable[[FloatArray], FloatArray]
"""The seed's own noise ► the latent to go on with."""


class Answers:
    """One answer of each denoiser to each shape of call, kept from run to run."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Any, Any] = OrderedDict()

    def keep(self, name: str, args: Any, kwargs: Any, answer: Any) -> None:
        """The network called ``name`` answered so."""
        key = self._key(name, args, kwargs)
        self._kept[key] = answer
        self._kept.move_to_end(key)
        if len(self._kept) > _KEPT_ANSWERS:
            self._kept.popitem(last=False)

    def find(self, name: str, args: Any, kwargs: Any) -> Any:
        """An answer to a call of that shape; None when there is none."""
        return self._kept.get(self._key(name, args, kwargs))

    def clear(self) -> None:
        """Let go of all of them."""
        self._kept.clear()

    @staticmethod
    def _key(name: str, args: Any, kwargs: Any) -> tuple[Any, ...]:
        return (name, *_shapes(args), *_shapes(kwargs))


@dataclass
class Replay:
    """What passes before a run goes on by itself.

    Attributes:
        steps: those that the branch shares with its parent.
        begun: the first of them that the running sampler took itself.
        skipped: levels of its schedule that the sampler passes over.
        first: the latent at the first level that is not passed over, when it is not on record.
        goes_on: the latent at which the run goes on, where it is on record.
        answers: what the denoisers are known to answer. What a ControlNet answers is many times as
            large, and let go when the run goes on by itself.
    """

    steps: tuple[Step, ...]
    begun: int = 0
    skipped: int = 0
    first: Restarted | None = None
    goes_on: NDArray[Any] | None = None
    answers: Answers = field(default_factory=Answers)
    made: int = 0
    _calls: list[tuple[NDArray[Any], NDArray[Any]]] = field(init=False)
    _passed_over: int | None = None
    _computed: torch.Tensor | None = None

    def __post_init__(self) -> None:
        self._calls = []
        for step in self.steps[self.begun :]:
            if step.prediction is None:
                continue  # where a stage ended
            self._calls.append((step.latents, step.prediction))
            self._calls += [(trial.latents, trial.prediction) for trial in step.trials]

    @property
    def passing(self) -> bool:
        """Whether the coming call of ``scheduler.step`` is none of the branch's own."""
        if self._passed_over is None:  # no loop has begun: nothing has passed
            return bool(self.skipped or self._calls)
        return self.made < self._passed_over + len(self._calls)

    @property
    def begins_at_once(self) -> bool:
        """Whether the pipeline's own noise must give way before its first step."""
        return not (self.skipped or self._calls)

    def begin_loop(self, scheduler: Any) -> None:
        """The pipeline has set a schedule."""
        if self._passed_over is None:
            skipped = self.skipped
            self._passed_over = schedules.call_of_level(scheduler, skipped) if skipped else 0

    def starting_latent(self, drawn: torch.Tensor, scheduler: Any) -> torch.Tensor:
        """What the pipeline starts with in place of what it drew, where nothing passes before."""
        if self.first is not None:
            return _like(self.first(_noise_in(drawn, scheduler)), drawn)
        return drawn if self.goes_on is None else _like(self.goes_on, drawn)

    def step(self, scheduler: Any, real: Callable[..., Any], given: dict[str, Any]) -> Any:
        """One call of ``scheduler.step`` that is not the branch's own.

        Args:
            real: the scheduler's own method.
            given: what the pipeline handed to it, by name.
        """
        assert self._passed_over is not None
        at, sample = self.made, given["sample"]
        self.made += 1
        if at < self._passed_over:
            return self._pass_over(scheduler, given)
        x, prediction = self._calls[at - self._passed_over]
        given = {**given, "model_output": _like(prediction, given["model_output"])}
        result = real(**{**given, "sample": _like(x, sample)})
        if not self.passing and self.goes_on is not None:
            return _with_sample(result, _like(self.goes_on, sample))
        return result

    def _pass_over(self, scheduler: Any, given: dict[str, Any]) -> Any:
        x = given["sample"]
        assert self._passed_over is not None
        if self.made == 1 and self.first is not None:
            self._computed = _like(self.first(_noise_in(x, scheduler)), x)
        if self.made == self._passed_over:
            x = self._first_on_record(x) if self._computed is None else self._computed
            schedules.begin_in_the_middle(scheduler, self._passed_over)
        if given.get("return_dict", True):
            return SimpleNamespace(prev_sample=x, pred_original_sample=x)
        return (x, x)

    def _first_on_record(self, like: torch.Tensor) -> torch.Tensor:
        record = self._calls[0][0] if self._calls else self.goes_on
        assert record is not None
        return _like(record, like)

    @contextmanager
    def silent_denoisers(self, pipeline: Any) -> Iterator[None]:
        """In this context the networks are not asked again while steps pass."""
        changed: list[tuple[Any, Any]] = []
        try:
            for name, module in _asked_in_a_loop(pipeline):
                changed.append((module, module.__dict__.get("forward")))
                module.forward = self._quick(module.forward, name)
            yield
        finally:
            for module, forward in changed:
                if forward is None:
                    del module.forward
                else:
                    module.forward = forward

    def _quick(self, forward: Callable[..., Any], name: str) -> Callable[..., Any]:
        answers = Answers() if name == _CONTROL else self.answers

        def answer(*args: Any, **kwargs: Any) -> Any:
            if not self.passing:
                if name == _CONTROL:
                    answers.clear()
                return forward(*args, **kwargs)
            known = answers.find(name, args, kwargs)
            if known is None:
                known = forward(*args, **kwargs)
                answers.keep(name, args, kwargs, known)
            return known

        return answer


def _asked_in_a_loop(pipeline: Any) -> Iterator[tuple[str, Any]]:
    found: dict[int, tuple[str, Any]] = {}
    for owner in families.pipelines_in(pipeline):  # a combined one shares them with its parts
        named = [*families.denoisers(owner), (_CONTROL, getattr(owner, _CONTROL, None))]
        for name, module in named:
            if isinstance(module, torch.nn.Module):
                found.setdefault(id(module), (name, module))
    yield from found.values()


def _shapes(value: Any) -> Iterator[Any]:
    """What tells apart two calls whose answers have other shapes."""
    if isinstance(value, torch.Tensor):
        yield tuple(value.shape), value.dtype
    elif isinstance(value, dict):
        for name in sorted(value):
            yield name
            yield from _shapes(value[name])
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _shapes(item)
    elif isinstance(value, (bool, str)):
        yield value


def _noise_in(x: torch.Tensor, scheduler: Any) -> FloatArray:
    """ε of a latent that is nothing else, (…) float32 of one picture."""
    drawn = x[0].detach().float().cpu().numpy()
    return drawn / np.float32(getattr(scheduler, "init_noise_sigma", 1.0))


def _like(array: NDArray[Any], tensor: torch.Tensor) -> torch.Tensor:
    """One picture's record as a batch of one, of the kind that a pipeline works with."""
    return torch.tensor(np.array(array)[None]).to(device=tensor.device, dtype=tensor.dtype)


def _with_sample(result: Any, x: torch.Tensor) -> Any:
    if isinstance(result, tuple):
        return (x, *result[1:])
    result.prev_sample = x
    return result
