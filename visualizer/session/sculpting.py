"""Sculpting: what each step changed in the guess of a run, by spatial frequency, and when it was
decided. Measured on the desk's thread, one point at a time."""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal, Slot

if TYPE_CHECKING:
    from visualizer.diffusion.arrays import Picture
    from visualizer.diffusion.decided import Likeness
    from visualizer.diffusion.spectrum import Band, Spectrum, Waves
    from visualizer.diffusion.step import Step
    from visualizer.diffusion.views import View
    from visualizer.session.desk import Desk
    from visualizer.session.failure import Failure
    from visualizer.session.timeline import Timeline

MOST_POINTS = 128
"""Of a longer run every n-th step is measured."""
_KEPT_WAVES = 12
GUESS: View = "denoised"
Key = tuple[int, "View"]
"""A point of the run, and "noisy" or the guess."""


@dataclass(frozen=True, eq=False)
class _Source:
    """What waves are made of: a picture, or the step whose latent is measured."""

    key: Key
    of: Picture | Step


@dataclass(frozen=True, eq=False)
class _Wish:
    """One point to be measured, beside the guess before it and the last one, where they count."""

    here: _Source
    before: _Source | None = None
    end: _Source | None = None

    @property
    def keys(self) -> list[Key]:
        """What it is made of."""
        return [each.key for each in (self.here, self.before, self.end) if each is not None]


@dataclass(frozen=True, eq=False)
class _Measured:
    """What was found of a wish."""

    wish: _Wish
    spectrum: Spectrum
    change: dict[Band, float] | None
    alike: Likeness | None


class Sculpting(QObject):
    """Spectra, changes by band and likeness to the end, of every guess of one run.

    Everything is asked of the timeline as the filmstrip does it: what is there is measured, what
    is not comes later, and a fast preview counts until the exact picture is there. Where nothing
    can be decoded the latents themselves are measured.
    """

    changed = Signal()
    """Something is known that was not, or is known better."""
    failed = Signal(object)
    """Failure: of this run nothing more is measured."""
    _found = Signal(object)
    _not_found = Signal(object)

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._timeline: Timeline | None = None
        self._active = self._closed = False
        self._of_latents = False
        self._open: OrderedDict[Key, None] = OrderedDict()
        self._missing: set[Key] = set()  # asked for, but there was no picture of it
        self._at_work: _Wish | None = None
        self._outdated = False  # what is at work was begun with what is there no more
        self._waves = _WaveMaker()
        self._spectra: dict[Key, Spectrum] = {}
        self._changes: dict[int, dict[Band, float]] = {}
        self._alike: dict[int, Likeness] = {}
        queued = Qt.ConnectionType.QueuedConnection
        self._found.connect(self._on_found, queued)
        self._not_found.connect(self._on_not_found, queued)

    # --- what is known ------------------------------------------------------------------------

    @property
    def of_latents(self) -> bool:
        """Whether latents are measured, because there are no pictures to be had."""
        return self._of_latents

    @property
    def points(self) -> list[int]:
        """The points of the last stage that are measured, those to come included."""
        timeline = self._timeline
        if timeline is None or timeline.total == 0:
            return []
        stage = timeline.stages[-1]
        stride = -(-(stage.last - stage.first) // MOST_POINTS) or 1
        return sorted({*range(stage.first, stage.last, stride), stage.last})

    def spectrum(self, k: int, view: str) -> Spectrum | None:
        """The power of point k by frequency; None while it is not known: asking makes it wanted."""
        key: Key = (k, "noisy" if view == "noisy" else GUESS)
        if key not in self._spectra:
            self._open[key] = None
            self._open.move_to_end(key, last=False)
            self._go_on()
        return self._spectra.get(key)

    def change(self, k: int) -> dict[Band, float] | None:
        """What the step to point k changed in the guess, by band; None while it is not known."""
        return self._changes.get(k)

    def decided(self, what: str) -> int | None:
        """The point from which ``layout``, ``details`` or the ``whole`` look like the end.

        None while a guess after it is not known, or the run goes on.
        """
        from visualizer.diffusion.decided import decided_from

        points = self.points
        values = [getattr(self._alike.get(k), what, math.nan) for k in points]
        first = decided_from(values)
        if first is None or (first > 0 and math.isnan(values[first - 1])):
            return None  # it may have been earlier
        return points[first]

    # --- what it follows ----------------------------------------------------------------------

    def set_timeline(self, timeline: Timeline | None) -> None:
        """Measure another run, or none."""
        if self._timeline is not None:
            self._timeline.grown.disconnect(self._look_at_all)
            self._timeline.picture_changed.disconnect(self._picture_changed)
        self._timeline = timeline
        self._forget()
        if timeline is not None:
            timeline.grown.connect(self._look_at_all)
            timeline.picture_changed.connect(self._picture_changed)
        self._look_at_all()

    def set_active(self, active: bool) -> None:
        """Whether anybody looks."""
        self._active = active
        self._look_at_all()

    def close(self) -> None:
        """Nothing more is measured."""
        self._closed = True

    # --- inside -------------------------------------------------------------------------------

    def _forget(self) -> None:
        for known in (self._open, self._missing, self._spectra, self._changes, self._alike):
            known.clear()
        self._outdated = True
        self._waves = _WaveMaker()

    @Slot()
    def _look_at_all(self) -> None:
        if self._timeline is None or not self._active:
            return
        there = [k for k in self.points if k < len(self._timeline)]
        of_latents = any(not self._timeline.has_view(k, GUESS) for k in there)
        if of_latents != self._of_latents:
            self._of_latents = of_latents
            self._forget()
        self._open.update(dict.fromkeys((k, GUESS) for k in there if not self._is_known(k)))
        self._go_on()
        self.changed.emit()

    def _is_known(self, k: int) -> bool:
        alike = k in self._alike or not self._ended
        return alike and (k in self._changes or k == self.points[0])

    @property
    def _ended(self) -> bool:
        return self._timeline is not None and self._timeline.complete

    def _settled(self, k: int) -> bool:
        """Whether no better picture of a guess will come: a preview is not like any exact one."""
        timeline = self._timeline
        if timeline is None or self._of_latents:
            return True
        return not timeline.can_decode or timeline.is_exact(k, GUESS)

    def _unlike(self, a: int, b: int) -> bool:
        """Whether one of two guesses is a preview and the other one is not."""
        timeline = self._timeline
        if timeline is None or self._of_latents:
            return False
        return timeline.is_exact(a, GUESS) != timeline.is_exact(b, GUESS)

    @Slot(int, str)
    def _picture_changed(self, k: int, view: View) -> None:
        timeline, key = self._timeline, (k, view)
        if timeline is None:
            return
        if self._at_work is not None and key in self._at_work.keys:
            self._outdated = True
            self._open[self._at_work.here.key] = None
        if self._spectra.pop(key, None) is not None or key in self._missing:
            self._missing.discard(key)
            self._open[key] = None
        if view == GUESS and k in (points := self.points):
            at = points.index(k)
            if k == points[-1]:
                self._alike.clear()
            touched = points if k == points[-1] else points[at : at + 2]
            self._open.update(dict.fromkeys((j, GUESS) for j in touched if j < len(timeline)))
        self._go_on()

    # --- asking the desk ----------------------------------------------------------------------

    def _go_on(self) -> None:
        """Ask for the next point of which there is a picture, unless one is at work."""
        if not self._active or self._closed or self._at_work is not None:
            return
        wish = self._next_wish()
        if wish is None:
            return
        self._at_work, self._outdated = wish, False
        waves = self._waves
        self._desk.do(
            "What the steps changed cannot be measured.",
            lambda: self._found.emit(_measure(wish, waves)),
            self._not_found.emit,
        )

    def _next_wish(self) -> _Wish | None:
        while self._open:
            key, _ = self._open.popitem(last=False)
            wish = self._wish(key)
            if wish is not None:
                return wish
            self._missing.add(key)
        return None

    def _wish(self, key: Key) -> _Wish | None:
        k, view = key
        here, points = self._source(key), self.points
        if here is None or view != GUESS or k not in points:
            return None if here is None else _Wish(here)
        at = points.index(k)
        before = end = None
        if at and not self._unlike(points[at - 1], k):
            before = self._source((points[at - 1], GUESS))
        if self._ended and self._settled(k):
            end = self._source((points[-1], GUESS))
        return _Wish(here, before, end)

    def _source(self, key: Key) -> _Source | None:
        """What is there of a picture, or of the latent; asking makes it wanted."""
        timeline, (k, view) = self._timeline, key
        if timeline is None or not 0 <= k < len(timeline):
            return None
        if self._of_latents:
            return _Source(key, timeline.step(k))
        picture = timeline.picture(k, view)
        return None if picture is None else _Source(key, picture)

    @Slot(object)
    def _on_found(self, found: _Measured) -> None:
        outdated, self._at_work = self._outdated, None
        self._go_on()
        if outdated:
            return
        key = found.wish.here.key
        self._spectra[key] = found.spectrum
        if found.change is not None:
            self._changes[key[0]] = found.change
        if found.alike is not None:
            self._alike[key[0]] = found.alike
        self.changed.emit()

    @Slot(object)
    def _on_not_found(self, failure: Failure) -> None:
        self._at_work = None
        self._open.clear()
        self.failed.emit(failure)


# --- on the desk's thread -------------------------------------------------------------------------


class _WaveMaker:
    """Makes waves of pictures and latents, and keeps the latest."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Key, tuple[Picture | Step, Waves]] = OrderedDict()

    def waves(self, source: _Source) -> Waves:
        """Of a picture, or of a latent."""
        from visualizer.diffusion.spectrum import values_of, waves
        from visualizer.diffusion.step import Step

        kept = self._kept.get(source.key)
        if kept is None or kept[0] is not source.of:
            if isinstance(source.of, Step):
                guess = source.key[1] == GUESS
                latents = source.of.denoised if guess else source.of.unit_latents
                made = waves(source.of.layout.spatial(latents))
            else:
                made = waves(values_of(source.of))
            kept = self._kept[source.key] = source.of, made
            while len(self._kept) > _KEPT_WAVES:
                self._kept.popitem(last=False)
        self._kept.move_to_end(source.key)
        return kept[1]


def _measure(wish: _Wish, maker: _WaveMaker) -> _Measured:
    from visualizer.diffusion.decided import likeness_to_end
    from visualizer.diffusion.spectrum import change_by_band

    here = maker.waves(wish.here)
    before, end = (
        None if source is None else maker.waves(source) for source in (wish.before, wish.end)
    )
    shape = here.coefficients.shape
    change = alike = None
    if before is not None and before.coefficients.shape == shape:
        change = change_by_band(before, here)
    if end is not None and end.coefficients.shape == shape:
        alike = likeness_to_end(here, end)
    return _Measured(wish, here.spectrum(), change, alike)
