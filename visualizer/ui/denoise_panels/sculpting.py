"""What the Sculptor panel knows of a run: measured picture by picture while nobody waits for it."""

from __future__ import annotations

import math
from collections import OrderedDict
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

if TYPE_CHECKING:
    from visualizer.diffusion.decided import Likeness
    from visualizer.diffusion.spectrum import Band, Spectrum, Waves
    from visualizer.diffusion.views import View
    from visualizer.session.timeline import Timeline

MOST_POINTS = 128
"""Of a longer run every n-th step is measured."""
_BREATH_MS = 4
_KEPT_WAVES = 12
GUESS: View = "denoised"


class Sculpting(QObject):
    """Spectra, changes by band and likeness to the end, of every guess of one run.

    Everything is asked of the timeline as the filmstrip does it: what is there is measured, what
    is not comes later, and a fast preview counts until the exact picture is there. Where nothing
    can be decoded the latents themselves are measured.
    """

    changed = Signal()
    """Something is known that was not, or is known better."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._timeline: Timeline | None = None
        self._active = False
        self._of_latents = False
        self._open: OrderedDict[int, None] = OrderedDict()
        self._waves: OrderedDict[tuple[int, str], Waves] = OrderedDict()
        self._spectra: dict[tuple[int, str], Spectrum] = {}
        self._changes: dict[int, dict[Band, float]] = {}
        self._alike: dict[int, Likeness] = {}
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_BREATH_MS)
        self._soon.timeout.connect(self._measure_next)

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
        """The power of point k by frequency; None while it is not known."""
        key = (k, "noisy" if view == "noisy" else GUESS)
        if key not in self._spectra and self._waves_of(*key) is not None:
            self._spectra[key] = self._waves[key].spectrum()
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
            self._timeline.grown.disconnect(self._grown)
            self._timeline.picture_changed.disconnect(self._picture_changed)
        self._timeline = timeline
        self._forget()
        if timeline is not None:
            timeline.grown.connect(self._grown)
            timeline.picture_changed.connect(self._picture_changed)
        self._look_at_all()

    def set_active(self, active: bool) -> None:
        """Whether anybody looks."""
        self._active = active
        if active:
            self._look_at_all()
        else:
            self._soon.stop()

    # --- inside -------------------------------------------------------------------------------

    def _forget(self) -> None:
        for known in (self._open, self._waves, self._spectra, self._changes, self._alike):
            known.clear()

    def _look_at_all(self) -> None:
        if self._timeline is None or not self._active:
            return
        there = [k for k in self.points if k < len(self._timeline)]
        of_latents = any(not self._timeline.has_view(k, GUESS) for k in there)
        if of_latents != self._of_latents:
            self._of_latents = of_latents
            self._forget()
        unknown = [k for k in there if not self._is_known(k)]
        self._open.update(dict.fromkeys(unknown))
        self._soon.start()
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

    def _grown(self) -> None:
        self._look_at_all()

    def _picture_changed(self, k: int, view: str) -> None:
        timeline = self._timeline
        if view not in ("noisy", GUESS) or timeline is None:
            return
        for known in (self._waves, self._spectra):
            known.pop((k, view), None)
        if view == GUESS and k in (points := self.points):
            at = points.index(k)
            if k == points[-1]:
                self._alike.clear()
            touched = points if k == points[-1] else points[at : at + 2]
            self._open.update(dict.fromkeys(j for j in touched if j < len(timeline)))
        if self._active:
            self._soon.start()

    def _waves_of(self, k: int, view: str) -> Waves | None:
        """What is there of a picture, or of the latent; asking makes it wanted."""
        from visualizer.diffusion.spectrum import values_of, waves

        timeline = self._timeline
        if timeline is None or not 0 <= k < len(timeline):
            return None
        found = self._waves.get((k, view))
        if found is None:
            if self._of_latents:
                step = timeline.step(k)
                latents = step.denoised if view == GUESS else step.unit_latents
                found = waves(step.layout.spatial(latents))
            else:
                picture = timeline.picture(k, view)
                if picture is None:
                    return None
                found = waves(values_of(picture))
            self._waves[k, view] = found
            ends = (self.points[-1], GUESS)
            while len(self._waves) > _KEPT_WAVES:
                oldest = next(key for key in self._waves if key != ends)
                del self._waves[oldest]
        self._waves.move_to_end((k, view))
        return found

    def _measure_next(self) -> None:
        """One point; whatever the window has to do comes before the next one."""
        if not self._open or not self._active:
            return
        k, _ = self._open.popitem(last=False)
        if self._measure(k):
            self.changed.emit()
        if self._open:
            self._soon.start()

    def _measure(self, k: int) -> bool:
        """Whether anything of it could be measured."""
        from visualizer.diffusion.decided import likeness_to_end
        from visualizer.diffusion.spectrum import change_by_band

        points = self.points
        here = self._waves_of(k, GUESS)
        if here is None or k not in points:
            return False
        at = points.index(k)
        before = self._waves_of(points[at - 1], GUESS) if at else None
        if at and self._unlike(points[at - 1], k):
            before = None  # a preview and an exact picture differ by more than the step did
        if before is not None and before.coefficients.shape == here.coefficients.shape:
            self._changes[k] = change_by_band(before, here)
        end = self._waves_of(points[-1], GUESS) if self._ended and self._settled(k) else None
        if end is not None and end.coefficients.shape == here.coefficients.shape:
            self._alike[k] = likeness_to_end(here, end)
        return True
