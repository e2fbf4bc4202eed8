"""Timeline: all that canvas, filmstrip and plot know of a run, planned, growing or finished."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from visualizer.session.pictures import Entry, PictureCache, thumbnail_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from visualizer.diffusion.arrays import Picture
    from visualizer.diffusion.attention import AttentionMaps
    from visualizer.diffusion.facts import Plan
    from visualizer.diffusion.noise import NoiseLevel
    from visualizer.diffusion.request import SamplingRequest
    from visualizer.diffusion.step import Step
    from visualizer.diffusion.trajectory import Trajectory
    from visualizer.diffusion.views import View

DECODED_VIEWS: tuple[View, ...] = ("noisy", "denoised", "noise", "unprompted")
"""The views that are decodes of a latent; the others are made of what is there."""
INLINE_PIXELS = 512 * 512
"""Differences of pictures up to this size are taken at once (≤ 2 ms)."""

_THUMBNAIL = "thumbnail"
_serials = itertools.count(1)
Parts = tuple[tuple[int, "View"], tuple[int, "View"]]
"""Two pictures, as (k, view), of which a third one is the difference."""


@dataclass(frozen=True)
class Point:
    """One point of a run with what the thread that made it computed beside it.

    Attributes:
        step: the Step.
        measured_share: the variance share of the noise measured in it.
        peak: the largest |value| of its latent at unit scale.
        previews: pictures from the fast decoder, by view.
        thumbnail: the noisy view, small, or the numbers where no decoder makes a picture of them;
            None when there is none.
        guidance_strength: how far the prompt moved the guess; None where that is not known.
        attention: maps of all steps up to here, where they are recorded.
        no_attention: a sentence saying why they are not, though that was asked for; else "".
    """

    step: Step
    measured_share: float
    peak: float
    previews: Mapping[View, Picture] = field(default_factory=dict)
    thumbnail: Picture | None = None
    guidance_strength: float | None = None
    attention: AttentionMaps | None = None
    no_attention: str = ""


@dataclass(frozen=True)
class Stage:
    """One loop of a run: the points ``first`` … ``last``, of which the last is where it ends."""

    name: str
    first: int
    last: int


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
        stages: Sequence[str] = (),
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
        self._planned_stages = tuple(stages)
        self._stages: tuple[Stage, ...] | None = None
        self.plans = 1
        """How many plans there were: when it grows, the levels of points to come are others."""
        self._cache = PictureCache() if cache is None else cache
        self._steps: list[Step] = []
        self._measured: list[float] = []
        self._strengths: list[float | None] = []
        self._guided = False
        self._from_file = False
        self._thumbnails: dict[int, Picture] = {}
        self._damaged: set[tuple[int, str]] = set()
        self._peaks: dict[str, float] = {}  # by stage
        self._running = False
        self._lazy = False
        self.lean = False
        """Whether thumbnails, too, are kept within the bound of the picture cache: of one run they
        are few, of 64 lanes they are not."""
        self._trajectory: Trajectory | None = None
        self.parent_run: Timeline | None = None
        """The run that this one branched from, where it is a branch and that run is at hand."""
        self.branched_at = 0
        """The step of the parent that was taken anew."""
        self.shared = 0
        """How many of the first points are the parent's own, pictures and all."""
        self.attention: AttentionMaps | None = None
        self.no_attention = ""
        """A sentence saying why they were not recorded, though that was asked for."""
        """Which pixels listened to which word, where that was recorded; it grows with the run."""
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
            stages=plan.stages,
            sampler=plan.sampler,
            notice=plan.notice,
            cache=cache,
        )

    @classmethod
    def branch(
        cls,
        parent: Timeline,
        request: SamplingRequest,
        plan: Plan,
        *,
        cache: PictureCache | None = None,
    ) -> Timeline:
        """A run that goes on from a step of another: it begins with that one's points.

        Nothing is copied: steps, thumbnails and pictures up to ``plan.shared`` are the parent's.

        Args:
            request: whose ``start`` is a ``FromStep``.
        """
        from visualizer.diffusion.starts import FromStep

        assert isinstance(request.start, FromStep)
        timeline = cls.planned(request, plan, cache=cache)
        shared = min(plan.shared, len(parent))
        timeline.link(parent, request.start.step)
        timeline.shared = shared
        timeline._steps = parent._steps[:shared]
        timeline._measured = parent._measured[:shared]
        timeline._strengths = parent._strengths[:shared]
        timeline._guided = any(step.guidance is not None for step in timeline._steps)
        timeline._peaks = dict(parent._peaks)
        parent.picture_changed.connect(timeline._on_parent_picture)
        return timeline

    @classmethod
    def of(
        cls,
        trajectory: Trajectory,
        points: Sequence[Point] | None = None,
        *,
        title: str | None = None,
        cache: PictureCache | None = None,
        lazy: bool = False,
        from_file: bool = True,
    ) -> Timeline:
        """The timeline of a run that is already there.

        Args:
            points: what ``points_of(trajectory)`` gives; taken here when absent, which costs some
                milliseconds a hundred steps.
            lazy: thumbnails that are missing are made when they are asked for, and all are kept
                within the bound of the cache.
            from_file: whether a view that is missing was left out of a file.
        """
        timeline = cls(
            trajectory.request,
            levels=trajectory.planned,
            timesteps=trajectory.timesteps,
            title=title,
            sampler=trajectory.sampler,
            cache=cache,
        )
        timeline._lazy = timeline.lean = lazy
        timeline._trajectory = trajectory
        timeline._take(points_of(trajectory) if points is None else points)
        timeline._notice = trajectory.notice
        timeline._from_file = from_file
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
        """ "Step 12 of 30"; "Prior, step 3 of 25" where there are several stages."""
        stage = self.stage(k)
        step = f"step {k - stage.first} of {stage.last - stage.first}"
        return f"{stage.name[:1].upper()}{stage.name[1:]}, {step}" if stage.name else f"S{step[1:]}"

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The loops of the run, one after the other."""
        if self._stages is None:
            self._stages = tuple(self._find_stages())
        return self._stages

    def stage(self, k: int) -> Stage:
        """The loop that point k belongs to."""
        return next((s for s in self.stages if k <= s.last), Stage("", 0, max(self.total - 1, 0)))

    def steps_taken(self, k: int) -> int:
        """Denoising steps up to point k: the end of a stage and the next beginning are no step."""
        return k - sum(stage.last < k for stage in self.stages)

    @property
    def step_count(self) -> int:
        """Denoising steps of the whole run."""
        return self.steps_taken(max(self.total - 1, 0))

    @property
    def guided(self) -> bool:
        """Whether the model was asked without the prompt anywhere in this run."""
        return self._guided

    @property
    def from_file(self) -> bool:
        """Whether it was read: what its file does not hold may have been there once."""
        return self._from_file

    def guidance_strength(self, k: int) -> float | None:
        """How far the prompt moved the guess at k: 0 is not at all; None: not known."""
        return self._strengths[k] if 0 <= k < len(self._strengths) else None

    def shows_pictures(self, k: int) -> bool:
        """Whether a decoder turns what the sampler holds at point k into a picture."""
        return not 0 <= k < len(self._steps) or self._steps[k].layout.shown

    def measured_share(self, k: int) -> float | None:
        """The variance share of the noise really measured at k, 0…1; None while not there."""
        share = self._measured[k] if 0 <= k < len(self._measured) else math.nan
        return None if math.isnan(share) else share

    # --- pictures -----------------------------------------------------------------------------

    def owner(self, k: int) -> Timeline:
        """The run that keeps the pictures of point k: of a branch's first points its parent."""
        owner = self
        while k < owner.shared and owner.parent_run is not None:
            owner = owner.parent_run
        return owner

    def has_view(self, k: int, view: str) -> bool:
        """Whether there is, or can be made, a picture of point k in this view."""
        return 0 <= k < len(self._steps) and not self.why_missing(k, view)

    def why_missing(self, k: int, view: str) -> str:
        """A sentence saying why ``has_view`` is False, or "" when it is True."""
        if not 0 <= k < len(self._steps):
            return "This step has not been reached."
        from visualizer.diffusion.views import has_view

        if not has_view(self._steps[k], self._steps[k - 1] if k else None, view):  # type: ignore[arg-type]
            return self._why_empty(k, view)
        if view == "channels":
            return ""
        parts = parts_of(k, view)
        if parts:
            return next((why for part in parts if (why := self.why_missing(*part))), "")
        if self.can_decode or self.can_preview or self.stores(k, view):
            return ""
        if self._best(k, view) is not None:
            return ""
        model = self._trajectory.model.name if self._trajectory else ""
        if not self._from_file:
            return f"Only {model or 'its model'} can draw this view. Open it again to see it."
        return (
            f"This view is not stored in the file. Open the model that made it ({model}) to see it."
        )

    def _why_empty(self, k: int, view: str) -> str:
        """What to say of a view of which there is nothing to show, whatever is decoded."""
        step, several = self._steps[k], len(self.stages) > 1
        if not step.layout.shown:
            return "These numbers are a prior’s: no decoder turns them into a picture."
        what = "stage" if several and k < self.total - 1 else "picture"
        if view == "noise":
            return f"The {what} is finished: no noise is left to predict."
        if view == "change":
            of = " of this stage" if k else ""
            return f"Nothing has changed yet: this is the first step{of}."
        if step.prediction is None:
            return f"The {what} is finished: the model is not asked any more."
        if self._guided:
            return "At this step the model was not asked what it would do without the prompt."
        scale = self.request.guidance_scale
        if scale is not None and scale <= 1:
            return "Guidance is off: the model is not asked what it would do without the prompt."
        if self._from_file:
            return "This file does not hold what the model would have done without the prompt."
        return (
            "This model takes guidance in one pass: it was not asked what it would do without the "
            "prompt."
        )

    def picture(self, k: int, view: str) -> Picture | None:
        """The best picture there is now, (H, W, 3) uint8; None when there is none yet.

        Never blocks. Asking makes it wanted: a sharper one is announced by ``picture_changed``.
        """
        if not 0 <= k < len(self._steps):
            return None
        if view == "channels":
            return self._channels(k)
        if k < self.shared:
            return self.owner(k).picture(k, view)
        parts = parts_of(k, view)
        if parts:
            return self._difference(k, view, parts)
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
        parts = parts_of(k, view)
        if parts:
            return all(self.is_exact(*part) for part in parts)
        if self.stores(k, view):  # not unpacked to be asked: of a long run that takes seconds
            return True
        best = self._best(k, view)
        return best is not None and best.exact

    def thumbnail(self, k: int) -> Picture | None:
        """The noisy view, longest side ≤ 160; None while there is none. Never blocks.

        Where ``shows_pictures`` is False: the numbers themselves, as in the view "channels".
        """
        if k < self.shared:
            return self.owner(k).thumbnail(k)
        found = self._kept_thumbnail(k)
        if found is None and (self._lazy or self.lean) and self.has_view(k, "noisy"):
            entry = self._best(k, "noisy")
            if entry is None or (not entry.exact and self.stores(k, "noisy")):
                self.picture_wanted.emit(k, "noisy")
            if entry is not None and (entry.exact or not self.stores(k, "noisy")):
                found = thumbnail_of(entry.picture)
                self._keep_thumbnail(k, found)
        return found

    def at_hand(self, k: int, view: View) -> Picture | None:
        """A picture that need not be made or unpacked, and does not count as looked at."""
        entry = self._cache.peek(self.owner(k)._key(k, view))
        return None if entry is None else entry.picture

    @property
    def steps(self) -> tuple[Step, ...]:
        """Those that are there now."""
        return tuple(self._steps)

    def step(self, k: int) -> Step:
        """The Step at point k < len."""
        return self._steps[k]

    # --- for the session ----------------------------------------------------------------------

    def link(self, parent: Timeline, branched_at: int) -> None:
        """This run branched from another one of the sitting."""
        self.parent_run, self.branched_at = parent, branched_at

    def unlink(self) -> None:
        """This branch came to nothing: its parent need not tell it of pictures any more."""
        if self.parent_run is not None and self.shared:
            self.parent_run.picture_changed.disconnect(self._on_parent_picture)

    def begin(self) -> None:
        """The run starts."""
        self._running = True

    def set_plan(
        self, levels: Sequence[NoiseLevel], timesteps: Sequence[float], stages: Sequence[str] = ()
    ) -> None:
        """The run goes through other levels than were planned; there may be more of them."""
        self._levels, self._timesteps = tuple(levels), tuple(timesteps)
        self._planned_stages = tuple(stages)
        self._stages = None
        self.plans += 1
        self.grown.emit()

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
        self._levels, self._timesteps = trajectory.planned, trajectory.timesteps
        self.plans += 1
        self._stages = None
        if measured is not None:
            self._measured[: len(measured)] = measured
        last = len(self._steps) - 1
        if trajectory.final is not None and last >= 0:
            self._keep_thumbnail(last, thumbnail_of(trajectory.final))
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
        if k < self.shared:
            self.owner(k).put_picture(k, view, picture, exact=exact, thumbnail=thumbnail)
            return
        self._cache.put(self._key(k, view), picture, exact=exact)
        if view == "noisy" and (exact or self._kept_thumbnail(k) is None):
            self._keep_thumbnail(k, thumbnail_of(picture) if thumbnail is None else thumbnail)
        self._announce(k, view)

    def stores(self, k: int, view: str) -> bool:
        """Whether the run itself keeps this picture, readable as far as is known."""
        if k < self.shared:
            return self.owner(k).stores(k, view)
        run = self._trajectory
        return run is not None and (k, view) in run.pictures and (k, view) not in self._damaged

    def give_up_stored(self, k: int, view: View) -> None:
        """The picture that the run keeps does not unpack: it is as if it were not there."""
        if self.stores(k, view):
            self.owner(k)._damaged.add((k, view))

    def has_entry(self, k: int, view: str) -> bool:
        """Whether any picture, exact or not, is at hand."""
        return self._best(k, view) is not None

    def set_model(self, *, can_decode: bool, can_preview: bool) -> None:
        """Whether the model that made this run is there now."""
        if (can_decode, can_preview) != (self.can_decode, self.can_preview):
            self.can_decode, self.can_preview = can_decode, can_preview
            self.grown.emit()

    # --- inside -------------------------------------------------------------------------------

    def _keep_thumbnail(self, k: int, thumbnail: Picture) -> None:
        if not self.lean:
            self._thumbnails[k] = thumbnail
            return
        run = self._trajectory
        if run is not None and run.final is not None and k == len(run.steps) - 1:
            return  # the run itself keeps it
        full = self._cache.peek(self._key(k, "noisy"))
        if full is None or full.picture is not thumbnail:  # a small picture is its own thumbnail
            self._cache.drop(self._key(k, _THUMBNAIL))
            self._cache.put(self._key(k, _THUMBNAIL), thumbnail, exact=True)

    def _kept_thumbnail(self, k: int) -> Picture | None:
        if not self.lean:
            return self._thumbnails.get(k)
        entry = self._cache.get(self._key(k, _THUMBNAIL))
        return None if entry is None else entry.picture

    def _take(self, points: Sequence[Point]) -> None:
        for point in points:
            k = len(self._steps)
            self._steps.append(point.step)
            self._measured.append(point.measured_share)
            self._strengths.append(point.guidance_strength)
            self._guided = self._guided or point.step.guidance is not None
            self.attention = point.attention or self.attention
            self.no_attention = point.no_attention or self.no_attention
            stage = point.step.stage
            self._peaks[stage] = max(self._peaks.get(stage, 0.0), point.peak)
            for view, picture in point.previews.items():
                self._cache.put(self._key(k, view), picture, exact=False)
            if point.thumbnail is not None:
                self._keep_thumbnail(k, point.thumbnail)
        self._stages = None

    def _find_stages(self) -> Iterator[Stage]:
        """Runs of points with one name. Where a run file has no names for what was planned, the
        next stage begins where the noise comes back."""
        planned, names = self._planned_stages, [step.stage for step in self._steps]
        for k in range(len(names), self.total):
            if k < len(planned):
                names.append(planned[k])
            elif names and names[-1] and self._level_rises(k):
                names.append("later")
            else:
                names.append(names[-1] if names else "")
        first = 0
        for k in range(1, len(names) + 1):
            if k == len(names) or names[k] != names[first]:
                yield Stage(names[first], first, k - 1)
                first = k

    def _level_rises(self, k: int) -> bool:
        return self.level(k).noise_share > self.level(k - 1).noise_share

    def _key(self, k: int, view: str) -> tuple[int, int, str]:
        return (self.serial, k, view)

    def _on_parent_picture(self, k: int, view: View) -> None:
        if k < self.shared:
            self.picture_changed.emit(k, view)
        for j, d in differences_with(k, view):
            if j == self.shared < len(self._steps):
                entry = self._cache.peek(self._key(j, d))
                if entry is not None and not entry.exact:
                    self._cache.drop(self._key(j, d))
                self.picture_changed.emit(j, d)

    def _best(self, k: int, view: str, looked_at: bool = False) -> Entry | None:
        if k < self.shared:
            return self.owner(k)._best(k, view, looked_at)
        run = self._trajectory
        last = k == len(self._steps) - 1 and view in ("noisy", "denoised")
        if last and run is not None and run.final is not None:
            return Entry(run.final, True)
        key = self._key(k, view)
        kept = self._cache.get(key) if looked_at else self._cache.peek(key)
        if kept is not None and kept.exact:
            return kept
        # of a comparison many are asked for at once: those are unpacked on the desk's thread
        if not self._lazy and self.stores(k, view) and self._small(k, view):
            kept = self._unpack(k, view) or kept
        return kept

    def _small(self, k: int, view: str) -> bool:
        """Whether a stored picture unpacks in a millisecond or two."""
        from visualizer.diffusion.stored_pictures import StoredPictures

        pictures = self._trajectory.pictures if self._trajectory else {}
        if not isinstance(pictures, StoredPictures):
            return True  # nothing to unpack at all
        width, height = pictures.size((k, view))  # type: ignore[arg-type]
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

        step = self._steps[k]
        return channel_sheet(
            step.layout.spatial(step.unit_latents), self._peaks.get(step.stage) or 1.0
        )

    def _difference(self, k: int, view: str, parts: Parts) -> Picture | None:
        if self.why_missing(k, view):
            return None
        kept = self._cache.get(self._key(k, view))
        if kept is not None and (kept.exact or not self.is_exact(k, view)):
            return kept.picture
        before, after = (self.picture(*part) for part in parts)
        if before is None or after is None or before.shape != after.shape:
            return None
        if before.size > 3 * INLINE_PIXELS:
            self.picture_wanted.emit(k, view)
            return None if kept is None else kept.picture
        from visualizer.diffusion.views import GAINS, difference

        made = difference(before, after, GAINS[view])
        self._cache.put(self._key(k, view), made, exact=self.is_exact(k, view))
        return made

    def _announce(self, k: int, view: View) -> None:
        # the differences it is part of are out of date with it
        differences = [(j, d) for j, d in differences_with(k, view) if 0 <= j < len(self._steps)]
        for j, d in differences:
            entry = self._cache.peek(self._key(j, d))
            if entry is not None and not entry.exact:
                self._cache.drop(self._key(j, d))
        self.picture_changed.emit(k, view)
        for j, d in differences:
            self.picture_changed.emit(j, d)


def parts_of(k: int, view: str) -> Parts | None:
    """The two pictures of which a view of point k is the difference; None when it is none."""
    found = _differences().get(view)
    if found is None:
        return None
    before, after = found
    return (k - 1 if before == after else k, before), (k, after)


def differences_with(k: int, view: str) -> list[tuple[int, str]]:
    """The differences (k, view) that a picture is part of."""
    found: list[tuple[int, str]] = []
    for view_of, (before, after) in _differences().items():
        if view == after:
            found.append((k, view_of))
        if view == before:
            found.append((k + 1 if before == after else k, view_of))
    return found


@cache
def _differences() -> Mapping[str, tuple[View, View]]:
    from visualizer.diffusion.views import DIFFERENCES

    return dict(DIFFERENCES)


def points_of(trajectory: Trajectory, *, thumbnails: bool = True) -> list[Point]:
    """The points of a recorded run, for ``Timeline.of``; any thread.

    Args:
        thumbnails: unpack the stored pictures; without, only that of the end is there.
    """
    last = len(trajectory.steps) - 1
    points = []
    for step in trajectory.steps:
        stored = trajectory.final if step.index == last else None
        if stored is None and thumbnails:
            stored = trajectory.pictures.get((step.index, "noisy"))
        if stored is None and not step.layout.shown:
            stored = numbers_of(step)
        points.append(
            Point(
                step,
                share_of(step, trajectory.measured_noise(step.index)),
                peak_of(step),
                thumbnail=None if stored is None else thumbnail_of(stored),
                guidance_strength=step.guidance_strength,
            )
        )
    return points


def numbers_of(step: Step) -> Picture:
    """What stands in the filmstrip where no decoder makes a picture: the numbers, as channels."""
    from visualizer.diffusion.views import channel_sheet

    return channel_sheet(step.layout.spatial(step.unit_latents), peak_of(step) or 1.0)


def share_of(step: Step, measured_noise: float) -> float:
    """A measured standard deviation of noise as the share of the variance, 0…1."""
    return step.noise_level.with_noise(measured_noise).noise_share


def peak_of(step: Step) -> float:
    """The largest |value| of a latent at unit scale; 0 when it holds no numbers."""
    import numpy as np

    peak = float(np.abs(step.unit_latents).max(initial=0.0))
    return peak if np.isfinite(peak) else 0.0
