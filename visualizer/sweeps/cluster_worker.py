"""What runs on a machine of a cluster: one model, and the runs that it is sent.

Importing this loads neither torch nor Ray; the class becomes a Ray actor in ``cluster``.
"""

from __future__ import annotations

import os
import platform
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from visualizer import __version__
from visualizer.diffusion.request import SamplingRequest
from visualizer.diffusion.runfile import RunFileError
from visualizer.diffusion.trajectory import ModelIdentity, Trajectory
from visualizer.sweeps import stored

if TYPE_CHECKING:
    from visualizer.diffusion.facts import ModelFacts, Plan
    from visualizer.diffusion.model import Model
    from visualizer.diffusion.step import Step


@dataclass(frozen=True)
class Opened:
    """What a worker says once it has its model; ``problem`` is a sentence when it has none."""

    node: str
    problem: str = ""
    program: str = __version__
    identity: ModelIdentity | None = None
    facts: ModelFacts | None = None


@dataclass(frozen=True)
class Made:
    """What became of one request: the bytes of its run file, or why there are none.

    Attributes:
        device_lost: nothing can be made on this worker any more.
    """

    content: bytes = b""
    failure: str = ""
    device_lost: bool = False


class SweepWorker:
    """One model on one CPU or GPU of a cluster.

    Args:
        model: a path, the same on every machine; None is the built-in model.
        device: see ``Model.open``.
        environment: variables that the libraries read when they are imported.
    """

    def __init__(
        self, model: str | None, device: str | None, environment: Mapping[str, str]
    ) -> None:
        for name, value in environment.items():
            os.environ.setdefault(name, value)
        warnings.simplefilter("ignore")  # advice of libraries to programmers
        self._place, self._device = model, device
        self._model: Model | None = None
        self._heard = 0
        self._part = 0.0

    def open(self) -> Opened:
        """Open the model, and say which one it is."""
        from visualizer.diffusion.model import Model
        from visualizer.diffusion.model_folder import ModelError

        node = platform.node()
        try:
            if self._place is None:
                self._model = Model.builtin(device=self._device)
            else:
                self._model = Model.open(Path(self._place), device=self._device)
        except (ModelError, FileNotFoundError) as error:
            return Opened(node, problem=str(error))
        return Opened(node, identity=self._model.identity, facts=self._model.facts)

    def check(self, request: SamplingRequest) -> str:
        """Why the model cannot sample a request; "" when it can."""
        from visualizer.diffusion.request import RequestError

        assert self._model is not None
        try:
            self._model.plan(request)
        except RequestError as error:
            return str(error)
        return ""

    def make(self, requests: Sequence[SamplingRequest], pictures: str, at_once: int) -> list[Made]:
        """Sample requests together; one that fails leaves the others."""
        from visualizer.diffusion.device_errors import DEVICE_LOST
        from visualizer.diffusion.lanes import Listener, sample_lanes

        assert self._model is not None
        found: dict[int, Made] = {}
        share: dict[int, float] = {}
        steps = 1

        def begun(_lanes: tuple[int, ...], plans: tuple[Plan, ...]) -> None:
            nonlocal steps
            steps = max(1, len(plans[0].timesteps))

        def step(lane: int, step: Step) -> None:
            self._heard += 1
            share[lane] = step.index / steps
            self._part = sum(share.values())

        def done(lane: int, run: Trajectory) -> None:
            self._heard += 1
            try:
                found[lane] = Made(stored.as_bytes(run, pictures))
            except (RunFileError, OSError) as error:
                found[lane] = Made(failure=str(error))

        def failed(lane: int, sentence: str, _run: Trajectory | None) -> None:
            found[lane] = Made(failure=sentence, device_lost=sentence == DEVICE_LOST)

        listener = Listener(begun=begun, step=step, done=done, failed=failed)
        sample_lanes(self._model, requests, listener=listener, most_at_once=at_once)
        self._part = 0.0
        return [found[lane] for lane in range(len(requests))]

    def sign_of_life(self) -> tuple[int, float]:
        """(steps taken so far, how much there is of the runs at work, counted in runs)."""
        return self._heard, self._part


def comparable(first: Opened, other: Opened) -> str:
    """Why what another worker makes could not stand beside the first one's; "" where it can."""
    if other.program != first.program:
        return f"it has version {other.program} of this program, not {first.program}"
    assert first.identity is not None
    assert other.identity is not None
    for library, version in first.identity.versions.items():
        there = other.identity.versions.get(library)
        if there != version:
            return f"it has {library} {there}, not {version}"
    if _content(other.identity) != _content(first.identity):
        return "its model is another one"
    return ""


def _content(identity: ModelIdentity) -> ModelIdentity:
    return replace(identity, name="", threads=1, versions={})
