"""Timeline: all that canvas, filmstrip and plot know of a run, planned, growing or finished."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from visualizer.session.pictures import Entry, PictureCache, thumbnail_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from visualizer.diffusion.arrays import Picture
    from visualizer.diffusion.facts import Plan
    from visualizer.diffusion.noise import NoiseLevel
    from visualizer.diffusion.request import SamplingRequest
    from visualizer.diffusion.step import Step
    from visualizer.diffusion.trajectory import Trajectory
    from visualizer.diffusion.views import View

DECODED_VIEWS: tuple[View, ...] = ("noisy", "denoised", "noise")
"""The views that are decodes of a latent; the two others are made of what is there."""
INLINE_PIXELS = 512 * 512
"""Differences of pictures up to this size are taken at once (≤ 2 ms)."""

_serials = itertools.count(1)


@dataclass(frozen=True)
class Point:
    """One point of a run with what the thread that made it computed beside it.

    Attributes:
        step: the Step.
        measured_share: the variance share of the noise measured in it.
        peak: the largest |value| of its latent at unit scale.
        previews: pictures from the fast decoder, by view.
        thumbnail: the noisy view, small; None when there is none.
    """

    step: Step
    measured_share: float
    peak: float
    previews: Mapping[View, Picture] = field(default_factory=dict)
    thumbnail: Picture | None = None


class Timeline(QObject):
    """Points in time, each with a level, a label and pictures. Lives on the GUI thread.

    A planned one has levels only (``len() == 0``); a live one grows; a finished one has a
    ``trajectory``. Points stand at x = 0 … total−1.
    """

    grown = Signal()
    """Points, planned levels or measured values changed, or the run ended."""
    picture_changed = Signal(int, str)
    """(k, view): a first or sharper picture of point k is there."""
    picture_wanted = Signal(int, str)
    """(k, view): somebody asked for a picture that is not there, or not exact (for the session)."""

    def __init__(
        self,
        request: SamplingRequest,
        *,
        levels: Sequence[NoiseLevel] = (),
        timesteps: Sequence[float] = (),
        title: str | None = None,
        sampler: str = "",
        notice: str = "",
        cache: PictureCache | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.serial = next(_serials)
        self.request = request
        self.title = title or request.prompt.strip() or "No prompt"
        self.sampler = sampler
        self._notice = notice
        self._levels = tuple(levels)
        self._timesteps = tuple(timesteps)
        self._cache = PictureCache() if cache is None else cache
        self._steps: list[Step] = []
        self._measured: list[float] = []
        self._thumbnails: dict[int, Picture] = {}
        self._damaged: set[tuple[int, str]] = set()
        self._peak = 0.0
        self._running = False
        self._trajectory: Trajectory | None = None
        self.can_preview = False
        """Whether the session has a fast decoder for these latents."""
        self.can_decode = False
        """Whether the session has the very model that made these latents."""

    @classmethod
    def planned(
        cls, request: SamplingRequest, plan: Plan, *, cache: PictureCache | None = None
    ) -> Timeline:
        """Levels only: what a request would do."""
        return cls(
            request,
            levels=plan.levels,
            timesteps=plan.timesteps,
            sampler=plan.sampler,
            notice=plan.notice,
            cache=cache,
        )

    @classmethod
    def of(
        cls,
        trajectory: Trajectory,
        points: Sequence[Point] | None = None,
        *,
        title: str | None = None,
        cache: PictureCache | None = None,
    ) -> Timeline:
        """The timeline of a run that is already there.

        Args:
            points: what ``points_of(trajectory)`` gives; taken here when absent, which costs some
                milliseconds a hundred steps.
        """
        timeline = cls(
            trajectory.request,
            levels=trajectory.planned,
            timesteps=trajectory.timesteps,
            title=title,
            sampler=trajectory.sampler,
            cache=cache,
        )
        timeline._take(points_of(trajectory) if points is None else points)
        timeline._trajectory = trajectory
        timeline._notice = trajectory.notice
        return timeline

    # --- what there is ------------------------------------------------------------------------

    @property
    def trajectory(self) -> Trajectory | None:
        """The run, once it is finished or opened; None before."""
        return self._trajectory

    @property
    def total(self) -> int:
        """How many points there will be (N noise levels give N+1)."""
        return max(len(self._levels), len(self._steps))

    @property
    def complete(self) -> bool:
        """All points are there."""
        return 0 < self.total == len(self._steps)

    @property
    def running(self) -> bool:
        """Points are still being added."""
        return self._running

    @property
    def cancelled(self) -> bool:
        """The run was stopped before its end."""
        return self._trajectory is not None and self._trajectory.cancelled

    @property
    def notice(self) -> str:
        """A sentence on something the person should know of this run, or ""."""
        return self._notice

    def __len__(self) -> int:
        """Points there now; 0 when only planned. (``bool(timeline)`` is always True.)"""
        return len(self._steps)

    def __bool__(self) -> bool:
        return True

    def level(self, k: int) -> NoiseLevel:
        """The noise level of point k < total: planned, or real once it is there."""
        return self._steps[k].noise_level if k < len(self._steps) else self._levels[k]

    def timestep(self, k: int) -> float:
        """The model's timestep at point k < total; the last point stands at the end, 0."""
        if k < len(self._steps):
            return float(self._steps[k].timestep)
        return float(self._timesteps[k]) if k < len(self._timesteps) else 0.0

    def label(self, k: int) -> str:
        """ "Step 12 of 30"."""
        return f"Step {k} of {max(self.total - 1, 0)}"

    def measured_share(self, k: int) -> float | None:
        """The variance share of the noise really measured at k, 0…1; None while not there."""
        share = self._measured[k] if 0 <= k < len(self._measured) else math.nan
        return None if math.isnan(share) else share

    # --- pictures -----------------------------------------------------------------------------

    def has_view(self, k: int, view: str) -> bool:
        """Whether there is, or can be made, a picture of point k in this view."""
        return 0 <= k < len(self._steps) and not self.why_missing(k, view)

    def why_missing(self, k: int, view: str) -> str:
        """A sentence saying why ``has_view`` is False, or "" when it is True."""
        if not 0 <= k < len(self._steps):
            return "This step has not been reached."
        if view == "channels":
            return ""
        if view == "change":
            if k == 0:
                return "Nothing has changed yet: this is the first step."
            return self.why_missing(k - 1, "noisy") or self.why_missing(k, "noisy")
        if view == "noise" and self._steps[k].prediction is None:
            return "The picture is finished: no noise is left to predict."
        if self.can_decode or self.can_preview or self.stores(k, view):
            return ""
        if self._best(k, view) is not None:
            return ""
        model = self._trajectory.model.name if self._trajectory else ""
        return (
            f"This view is not stored in the file. Open the model that made it ({model}) to see it."
        )

    def picture(self, k: int, view: str) -> Picture | None:
        """The best picture there is now, (H, W, 3) uint8; None when there is none yet.

        Never blocks. Asking makes it wanted: a sharper one is announced by ``picture_changed``.
        """
        if not 0 <= k < len(self._steps):
            return None
        if view == "channels":
            return self._channels(k)
        if view == "change":
            return self._change(k)
        best = self._best(k, view, looked_at=True)
        if best is None or not best.exact:
            self.picture_wanted.emit(k, view)
        return None if best is None else best.picture

    def is_exact(self, k: int, view: str) -> bool:
        """Whether ``picture`` gives the model's own decode by now, not the fast preview."""
        if not 0 <= k < len(self._steps):
            return False
        if view == "channels":
            return True
        if view == "change":
            return k > 0 and self.is_exact(k - 1, "noisy") and self.is_exact(k, "noisy")
        if self.stores(k, view):  # not unpacked to be asked: of a long run that takes seconds
            return True
        best = self._best(k, view)
        return best is not None and best.exact

    def thumbnail(self, k: int) -> Picture | None:
        """The noisy view, longest side ≤ 160; None while there is none. Never blocks."""
        return self._thumbnails.get(k)

    def step(self, k: int) -> Step:
        """The Step at point k < len."""
        return self._steps[k]

    # --- for the session ----------------------------------------------------------------------

    def begin(self) -> None:
        """The run starts."""
        self._running = True

    def append(self, points: Sequence[Point]) -> None:
        """Newly sampled points, in order."""
        self._take(points)
        self.grown.emit()
        for point in points:
            for view in point.previews:
                self._announce(point.step.index, view)

    def abandon(self) -> None:
        """The run ended before its first step."""
        self._running = False
        self.grown.emit()

    def finish(self, trajectory: Trajectory, measured: Sequence[float] | None) -> None:
        """The run ended, complete or not; ``measured`` replaces the measured shares."""
        self._running = False
        self._trajectory = trajectory
        self._notice = trajectory.notice or self._notice
        if measured is not None:
            self._measured[: len(measured)] = measured
        last = len(self._steps) - 1
        if trajectory.final is not None and last >= 0:
            self._thumbnails[last] = thumbnail_of(trajectory.final)
        self.grown.emit()
        if trajectory.final is not None and last >= 0:
            self._announce(last, "noisy")
            self._announce(last, "denoised")

    def put_picture(
        self,
        k: int,
        view: View,
        picture: Picture,
        *,
        exact: bool,
        thumbnail: Picture | None = None,
    ) -> None:
        """A picture that was decoded for this timeline, and its thumbnail if it was made too."""
        self._cache.put(self._key(k, view), picture, exact=exact)
        if view == "noisy" and (exact or k not in self._thumbnails):
            self._thumbnails[k] = thumbnail_of(picture) if thumbnail is None else thumbnail
        self._announce(k, view)

    def stores(self, k: int, view: str) -> bool:
        """Whether the run itself keeps this picture, readable as far as is known."""
        run = self._trajectory
        return run is not None and (k, view) in run.pictures and (k, view) not in self._damaged

    def give_up_stored(self, k: int, view: View) -> None:
        """The picture that the run keeps does not unpack: it is as if it were not there."""
        if self.stores(k, view):
            self._damaged.add((k, view))

    def has_entry(self, k: int, view: str) -> bool:
        """Whether any picture, exact or not, is at hand."""
        return self._best(k, view) is not None

    def set_model(self, *, can_decode: bool, can_preview: bool) -> None:
        """Whether the model that made this run is there now."""
        if (can_decode, can_preview) != (self.can_decode, self.can_preview):
            self.can_decode, self.can_preview = can_decode, can_preview
            self.grown.emit()

    # --- inside -------------------------------------------------------------------------------

    def _take(self, points: Sequence[Point]) -> None:
        for point in points:
            k = len(self._steps)
            self._steps.append(point.step)
            self._measured.append(point.measured_share)
            self._peak = max(self._peak, point.peak)
            for view, picture in point.previews.items():
                self._cache.put(self._key(k, view), picture, exact=False)
            if point.thumbnail is not None:
                self._thumbnails[k] = point.thumbnail

    def _key(self, k: int, view: str) -> tuple[int, int, str]:
        return (self.serial, k, view)

    def _best(self, k: int, view: str, looked_at: bool = False) -> Entry | None:
        run = self._trajectory
        last = k == len(self._steps) - 1 and view in ("noisy", "denoised")
        if last and run is not None and run.final is not None:
            return Entry(run.final, True)
        key = self._key(k, view)
        kept = self._cache.get(key) if looked_at else self._cache.peek(key)
        if (kept is None or not kept.exact) and self.stores(k, view) and self._small(k, view):
            kept = self._unpack(k, view) or kept
        return kept

    def _small(self, k: int, view: str) -> bool:
        """Whether a stored picture unpacks in a millisecond or two."""
        from visualizer.diffusion.stored_pictures import StoredPictures, check_png

        pictures = self._trajectory.pictures if self._trajectory else {}
        if not isinstance(pictures, StoredPictures):
            return True  # nothing to unpack at all
        width, height = check_png(pictures.png((k, view)))  # type: ignore[arg-type]
        return width * height <= INLINE_PIXELS // 4

    def _unpack(self, k: int, view: str) -> Entry | None:
        pictures = self._trajectory.pictures if self._trajectory else {}
        try:
            picture = pictures[k, view]  # type: ignore[index]
        except LookupError:  # damaged: it can still be decoded where its model is there
            self._damaged.add((k, view))
            return None
        self._cache.put(self._key(k, view), picture, exact=True)
        return Entry(picture, True)

    def _channels(self, k: int) -> Picture:
        from visualizer.diffusion.views import channel_sheet

        return channel_sheet(self._steps[k].unit_latents, self._peak or 1.0)

    def _change(self, k: int) -> Picture | None:
        if k == 0:
            return None
        kept = self._cache.get(self._key(k, "change"))
        if kept is not None and (kept.exact or not self.is_exact(k, "change")):
            return kept.picture
        before, after = self.picture(k - 1, "noisy"), self.picture(k, "noisy")
        if before is None or after is None or before.shape != after.shape:
            return None
        if before.size > 3 * INLINE_PIXELS:
            self.picture_wanted.emit(k, "change")
            return None if kept is None else kept.picture
        from visualizer.diffusion.views import difference

        change = difference(before, after)
        self._cache.put(self._key(k, "change"), change, exact=self.is_exact(k, "change"))
        return change

    def _announce(self, k: int, view: View) -> None:
        if view == "noisy":  # the differences to both neighbors are out of date with it
            for j in (k, k + 1):
                entry = self._cache.peek(self._key(j, "change"))
                if entry is not None and not entry.exact:
                    self._cache.drop(self._key(j, "change"))
        self.picture_changed.emit(k, view)
        if view == "noisy":
            for j in (k, k + 1):
                if 0 < j < len(self._steps):
                    self.picture_changed.emit(j, "change")


def points_of(trajectory: Trajectory) -> list[Point]:
    """The points of a recorded run, for ``Timeline.of``; any thread."""
    last = len(trajectory.steps) - 1
    points = []
    for step in trajectory.steps:
        stored = trajectory.final if step.index == last else None
        if stored is None:
            stored = trajectory.pictures.get((step.index, "noisy"))
        points.append(
            Point(
                step,
                share_of(step, trajectory.measured_noise(step.index)),
                peak_of(step),
                thumbnail=None if stored is None else thumbnail_of(stored),
            )
        )
    return points


def share_of(step: Step, measured_noise: float) -> float:
    """A measured standard deviation of noise as the share of the variance, 0…1."""
    return step.noise_level.with_noise(measured_noise).noise_share


def peak_of(step: Step) -> float:
    """The largest |value| of a latent at unit scale; 0 when it holds no numbers."""
    import numpy as np

    peak = float(np.abs(step.unit_latents).max(initial=0.0))
    return peak if np.isfinite(peak) else 0.0
