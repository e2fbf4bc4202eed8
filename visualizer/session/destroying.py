"""Destroying: a picture of one's own, drowned in noise along the model's levels, and made again.

A picture is taken, encoded and decoded once (the round trip), destroyed in latents or in pixels,
and turned round: a normal run of the sitting begins where the playhead stands.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from PySide6.QtCore import QObject, Qt, Signal, Slot

from visualizer.session.errands import AGAIN, Errand, Errands
from visualizer.session.failure import Failure
from visualizer.session.playhead import Playhead
from visualizer.session.timeline import Timeline, points_of

if TYPE_CHECKING:
    from pathlib import Path

    from visualizer.diffusion.arrays import Picture
    from visualizer.diffusion.encoding import EncodedPicture, RoundTrip
    from visualizer.diffusion.facts import ModelFacts
    from visualizer.diffusion.request import SamplingRequest
    from visualizer.diffusion.survival import SurvivalPoint
    from visualizer.diffusion.trajectory import Trajectory
    from visualizer.session.desk import Desk
    from visualizer.session.pictures import PictureCache
    from visualizer.session.sharpening import Sharpener
    from visualizer.session.timeline import Point
    from visualizer.session.worker import Worker

PictureSpace = Literal["latents", "pixels"]
SCENE_SEED = 2024
SHARES = (0.2, 0.4, 0.6, 0.8, 0.9, 0.95, 1.0)
"""Shares of noise from which ``survival`` makes the picture again."""
_NOT_TAKEN = "The picture cannot be taken."
_NOT_DESTROYED = "The picture cannot be destroyed."
_NOT_MEASURED = "How much of the picture survives cannot be measured."


class Destroying(QObject):
    """One picture, its round trip, its forward process, and what survives of it.

    Everything is asked of the worker; the newest wish replaces the one before. ``timeline`` runs
    from the picture (point 0) to static (point N): its point i has the level of step N − i of the
    request. Its pictures are sharpened around ``playhead``, which is this part's own.
    """

    picture_taken = Signal(str)
    """Another picture is there: its title. Its round trip and its timeline follow."""
    round_trip_ready = Signal()
    """``round_trip`` is that of this picture, in this size."""
    destroyed = Signal(object)
    """``timeline``: the forward process of this picture, seed, request and space."""
    survived = Signal(object)
    """SurvivalPoint: how much of the original came back from one share of noise; rising."""
    survival_ended = Signal()
    """All of them are there, or it was called off."""
    working_changed = Signal(bool)
    """Whether a picture is being destroyed (not while survival is measured)."""
    why_not_changed = Signal(str)
    """``why_not``: another model is there."""
    failed = Signal(object)
    """Failure."""
    _taken = Signal(int, object, str)
    _not_taken = Signal(int, object)

    def __init__(
        self,
        worker: Worker,
        desk: Desk,
        sharpener: Sharpener,
        cache: PictureCache,
        generate: Callable[[SamplingRequest], None],
        parent: QObject | None = None,
    ) -> None:
        """
        Args:
            generate: begins a normal run of the sitting.
        """
        super().__init__(parent)
        self._desk, self._sharpener, self._cache = desk, sharpener, cache
        self._generate = generate
        self._errands = Errands(worker, self)
        self.playhead = Playhead(self)
        """Where in the forward process the person looks."""
        self.title = ""
        self.picture: Picture | None = None
        """As it was taken, (H, W, 3) uint8."""
        self.round_trip: RoundTrip | None = None
        self.timeline: Timeline | None = None
        self.space: PictureSpace = "latents"
        self.survival: tuple[SurvivalPoint, ...] = ()
        """What was measured so far of this picture."""

    # --- the picture --------------------------------------------------------------------------

    def take(self, source: Path | bytes, title: str = "") -> None:
        """Read a picture of a file, or of bytes: ``picture_taken`` or ``failed`` follows."""

    def take_picture(self, picture: Picture, title: str) -> None:
        """Take one that is there: ``picture_taken`` follows."""

    def take_scene(self, index: int) -> None:
        """Take a drawn scene of the built-in model's kind: ``picture_taken`` follows."""

    def take_run(self, timeline: Timeline) -> None:
        """Take the last picture of a run: ``picture_taken`` or ``failed`` follows."""

    # --- how it is destroyed ------------------------------------------------------------------

    @property
    def why_not(self) -> str:
        """A sentence saying why the loaded model cannot encode pictures, or ""."""
        raise NotImplementedError

    @property
    def working(self) -> bool:
        """Whether a picture is being destroyed."""
        raise NotImplementedError

    def set_request(self, request: SamplingRequest | None) -> None:
        """What the header says: its steps, sampler, size and seed decide levels and noise.

        Other words change nothing; None (no valid request) keeps what there is.
        """

    def set_seed(self, seed: int) -> None:
        """Other noise, until the next request with another seed."""

    def set_space(self, space: PictureSpace) -> None:
        """Destroy the latent, or the pixels themselves."""

    def again(self) -> None:
        """Try once more what failed."""

    # --- and back -----------------------------------------------------------------------------

    def step_of(self, k: int) -> int:
        """The step of the request that stands at point k of ``timeline``."""
        raise NotImplementedError

    def turned_round(self, k: int, request: SamplingRequest) -> SamplingRequest:
        """The request that denoises the picture from point k of ``timeline``.

        Seed, steps, sampler and size are the timeline's own, so that the run begins with what is
        looked at; the words and the guidance are the request's.

        Raises:
            RequestError: where there is nothing to denoise.
        """
        raise NotImplementedError

    def turn_round(self, k: int, request: SamplingRequest) -> None:
        """Begin that run: the session's ``run_started`` or ``failed`` follows."""

    # --- what survives ------------------------------------------------------------------------

    def measure_survival(
        self, request: SamplingRequest, shares: tuple[float, ...] = SHARES
    ) -> None:
        """Make the picture again from several shares of noise: ``survived`` for each."""

    def stop_survival(self) -> None:
        """Call it off; what was measured stays."""

    @property
    def measuring(self) -> bool:
        """Whether survival is being measured."""
        raise NotImplementedError

    # --- what the session tells it ------------------------------------------------------------

    def set_facts(self, facts: ModelFacts) -> None:
        """Another model: what the former one made is forgotten, the picture stays."""

    def set_shown(self, shown: bool) -> None:
        """Whether the page is looked at: pictures around ``playhead`` are sharpened first then."""

    def set_busy(self, busy: bool) -> None:
        """Whether a normal run is asked for: measuring stands back until its end."""

    def close(self) -> None:
        """Call everything off."""
