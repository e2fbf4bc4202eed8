"""Timeline: all that canvas, filmstrip and plot know of a run, planned, growing or finished."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from visualizer.diffusion.noise import NoiseLevel
    from visualizer.diffusion.request import SamplingRequest
    from visualizer.diffusion.trajectory import Picture, Trajectory


class Timeline(QObject):
    """Points in time, each with a level, a label and pictures. Lives on the GUI thread.

    A planned one has levels only (``len() == 0``); a live one grows; a finished one has a
    ``trajectory``. Points stand at x = 0 … total−1.
    """

    grown = Signal()
    """Points, planned levels or measured values changed, or the run ended."""
    picture_changed = Signal(int, str)
    """(k, view): a first or sharper picture of point k is there."""

    def __init__(
        self,
        request: SamplingRequest,
        *,
        levels: Sequence[NoiseLevel] = (),
        timesteps: Sequence[float] = (),
        title: str | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.request = request
        self.title = title or request.prompt
        self._levels = tuple(levels)
        self._timesteps = tuple(timesteps)

    @classmethod
    def of(cls, trajectory: Trajectory, *, title: str | None = None) -> Timeline:
        """The timeline of a run that is already there."""
        raise NotImplementedError

    @property
    def trajectory(self) -> Trajectory | None:
        """The run, once it is finished or opened; None before."""
        raise NotImplementedError

    @property
    def total(self) -> int:
        """How many points there will be (N noise levels give N+1)."""
        raise NotImplementedError

    @property
    def complete(self) -> bool:
        """All points are there."""
        raise NotImplementedError

    @property
    def running(self) -> bool:
        """Points are still being added."""
        raise NotImplementedError

    @property
    def cancelled(self) -> bool:
        """The run was stopped before its end."""
        raise NotImplementedError

    @property
    def notice(self) -> str:
        """A sentence on something the person should know of this run, or ""."""
        raise NotImplementedError

    def __len__(self) -> int:
        """Points there now; 0 when only planned. (``bool(timeline)`` is always True.)"""
        raise NotImplementedError

    def __bool__(self) -> bool:
        return True

    def level(self, k: int) -> NoiseLevel:
        """The noise level of point k < total: planned, or real once it is there."""
        raise NotImplementedError

    def timestep(self, k: int) -> float:
        """The model's timestep at point k < total; the last point stands at the end, 0."""
        raise NotImplementedError

    def label(self, k: int) -> str:
        """ "Step 12 of 30"."""
        raise NotImplementedError

    def measured_share(self, k: int) -> float | None:
        """The variance share of the noise really measured at k, 0…1; None while not there."""
        raise NotImplementedError

    def has_view(self, k: int, view: str) -> bool:
        """Whether this view exists at k at all (and can be had: see ``why_missing``)."""
        raise NotImplementedError

    def why_missing(self, k: int, view: str) -> str:
        """A sentence saying why ``has_view`` is False, or ""."""
        raise NotImplementedError

    def picture(self, k: int, view: str) -> Picture | None:
        """The best picture there is now, (H, W, 3) uint8; None when there is none yet.

        Never blocks. Asking makes it wanted: a sharper one is announced by ``picture_changed``.
        """
        raise NotImplementedError

    def is_exact(self, k: int, view: str) -> bool:
        """Whether ``picture`` gives the model's own decode by now, not the fast preview."""
        raise NotImplementedError

    def thumbnail(self, k: int) -> Picture | None:
        """The noisy view, longest side ≤ 160; None while there is none. Never blocks."""
        raise NotImplementedError
