"""What the worker answers, as values that cross from its thread to the window's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from visualizer.diffusion.arrays import Picture
    from visualizer.diffusion.facts import ModelFacts, Plan, PromptReading
    from visualizer.diffusion.fast_decoder import FastDecoder
    from visualizer.diffusion.request import SamplingRequest
    from visualizer.diffusion.trajectory import ModelIdentity, Trajectory
    from visualizer.diffusion.views import View
    from visualizer.session.failure import Failure
    from visualizer.session.lane_events import ParentMade


@dataclass(frozen=True)
class Loaded:
    """A model that can generate now; ``folder`` is where it lies, None for the built-in one."""

    model_id: int
    folder: str | None
    facts: ModelFacts
    identity: ModelIdentity


@dataclass(frozen=True)
class Fitted:
    """The fast decoder of a model; numpy only."""

    model_id: int
    fast_decoder: FastDecoder


@dataclass(frozen=True)
class Planned:
    """What a request would do, or the sentence why it cannot be done; how its prompt is read."""

    plan_id: int
    plan: Plan | None
    refusal: str = ""
    reading: PromptReading | None = None


@dataclass(frozen=True)
class Started:
    """A run begins; the request says by now what it left to the model.

    Attributes:
        parent: of a branch whose parent was no run of the sitting: that run, up to the branch.
    """

    run_id: int
    plan: Plan
    request: SamplingRequest
    parent: ParentMade | None = None


@dataclass(frozen=True)
class Replanned:
    """A run goes through other noise levels than were planned."""

    run_id: int
    plan: Plan


@dataclass(frozen=True)
class Finished:
    """A run ended: complete, stopped or failed.

    Attributes:
        trajectory: what there is of it; None when it failed before it began.
        measured: measured shares against the real final latent; None when there is none.
        failure: what went wrong, or None.
    """

    run_id: int
    trajectory: Trajectory | None
    measured: tuple[float, ...] | None = None
    failure: Failure | None = None


@dataclass(frozen=True)
class Decoded:
    """A picture of a timeline's point.

    Attributes:
        picture: None when it could not be made.
        exact: whether it is the model's own decode, or a preview.
        outdated: another model has been loaded since it was asked for.
        thumbnail: of a noisy view, made where it keeps nobody waiting; or None.
    """

    serial: int
    k: int
    view: View
    picture: Picture | None
    exact: bool = True
    outdated: bool = False
    thumbnail: Picture | None = None


@dataclass(frozen=True)
class NoiseDrawn:
    """The starting noise of some requests as pictures.

    Attributes:
        pictures: one a request; empty where it failed.
        positions: rows and columns of the latent: what an edit can tell apart.
        failure: what went wrong, or None.
    """

    ask_id: int
    pictures: tuple[Picture, ...] = ()
    positions: tuple[int, int] = (1, 1)
    failure: Failure | None = None
