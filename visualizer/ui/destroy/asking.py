"""Asking: which picture is destroyed, along which levels, and by which noise."""

from __future__ import annotations

import secrets
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from visualizer.ui.number_field import MAX_SEED

if TYPE_CHECKING:
    from visualizer.diffusion.request import SamplingRequest
    from visualizer.session.session import Session
    from visualizer.session.timeline import Timeline
    from visualizer.ui.header import Header

_FIRST_SCENE = 11


class Asking:
    """Puts together what the header says and what was chosen on the page.

    The noise is that of the header's seed. But the picture of a run is never drowned in the very
    noise that it was carved from: that would lead back to it from pure static, as if all of it
    survived. It gets the next seed's.
    """

    def __init__(self, session: Session, header: Header) -> None:
        self._session, self._header = session, header
        self._destroying = session.destroying
        self._scene = _FIRST_SCENE
        self._run_seed: int | None = None  # of the run whose picture is destroyed
        self._coming: int | None = None  # the same, of the picture that is on its way
        self._drawn: tuple[int, int] | None = None  # (the header's seed then, the one drawn)

    # --- the picture --------------------------------------------------------------------------

    @property
    def run(self) -> Timeline | None:
        """The run that is looked at, where it has a picture."""
        run = self._session.current
        there = run is not None and run.trajectory is not None and run.trajectory.final is not None
        return run if there else None

    def take(self, source: Path | bytes) -> None:
        """A picture of one's own."""
        self._coming = None
        self._destroying.take(source)

    def take_scene(self, index: int | None = None) -> None:
        """A drawn scene; by default the next one."""
        self._scene = self._scene + 1 if index is None else index
        self._coming = None
        self._destroying.take_scene(self._scene)

    def take_run(self) -> bool:
        """The picture of the run that is looked at; False where there is none."""
        run = self.run
        if run is not None:
            self._coming = run.request.seed
            self._destroying.take_run(run)
        return run is not None

    def take_first(self) -> None:
        """Nobody meets an empty page: a drawn scene, which no autoencoder has seen yet."""
        if self._destroying.picture is None:
            self.take_scene(self._scene)

    def taken(self) -> None:
        """The picture is there."""
        self._run_seed = self._coming
        self.follow_fields()

    # --- levels and noise ---------------------------------------------------------------------

    def request(self) -> SamplingRequest | None:
        """What the fields of the header ask for; None where they make no request."""
        from visualizer.diffusion.request import RequestError

        try:
            return self._header.request()
        except RequestError:
            return None

    def follow_fields(self) -> None:
        """The header's steps, sampler, size and seed are those of the destruction."""
        request = self.request()
        if request is not None:
            request = replace(request, seed=self._seed(request.seed))
        self._destroying.set_request(request)

    def draw_noise(self) -> None:
        """Other noise, until the header has another seed."""
        request = self.request()
        if request is not None:
            self._drawn = (request.seed, secrets.randbelow(MAX_SEED + 1))
            self.follow_fields()

    def _seed(self, own: int) -> int:
        if self._drawn is not None and self._drawn[0] == own:
            return self._drawn[1]
        return (own + 1) % (MAX_SEED + 1) if own == self._run_seed else own
