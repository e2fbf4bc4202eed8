"""Turning: the original, where it is turned round from, and what came back, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from visualizer.ui.destroy.destroy_words import likeness_words
from visualizer.ui.destroy.picture_row import PictureRow
from visualizer.ui.explanation import percent

if TYPE_CHECKING:
    from visualizer.diffusion.arrays import Picture
    from visualizer.diffusion.survival import SurvivalPoint
    from visualizer.session.destroying import Destroying
    from visualizer.session.timeline import Timeline

_ORIGINAL, _START, _RESULT = "original", "start", "result"
_BEING_MADE = "Making this picture …"
_GUESS = "The model’s guess so far"


class Turning(PictureRow):
    """Follows the playhead of the destruction, and the run that turns it round."""

    changed = Signal()
    """There is another result, or it grew."""

    def __init__(self, destroying: Destroying, parent: QWidget | None = None) -> None:
        super().__init__(
            {_ORIGINAL: "After the round trip", _START: "Starts from", _RESULT: "Turned round"},
            parent,
        )
        self._destroying = destroying
        self._timeline: Timeline | None = None
        self._run: Timeline | None = None
        self._step = -1  # of the request from which the run began
        self._share = 0.0  # of noise there
        self._measured: tuple[Picture, Picture, float] | None = None
        self._invitation = ""
        self._awaits = False

    def set_timeline(self, timeline: Timeline | None) -> None:
        """The destruction whose pictures it starts from."""
        if self._timeline is not None:
            self._timeline.picture_changed.disconnect(self._start_changed)
        self._timeline = timeline
        if timeline is not None:
            timeline.picture_changed.connect(self._start_changed)
        self.refresh()

    def _start_changed(self, k: int, _view: str) -> None:
        if k == self._destroying.playhead.index:
            self.refresh()

    # --- the run ------------------------------------------------------------------------------

    @property
    def run(self) -> Timeline | None:
        """The run that turned it round last."""
        return self._run

    def follow(self, run: Timeline | None, step: int = -1, share: float = 0.0) -> None:
        """Show what a run makes of it; None forgets the last one.

        Args:
            step: of the request, where it began, and ``share`` of noise there.
        """
        if self._run is not None:
            self._run.grown.disconnect(self._grown)
            self._run.picture_changed.disconnect(self._grown)
        self._run, self._step, self._share = run, step, share
        if run is not None:
            run.grown.connect(self._grown)
            run.picture_changed.connect(self._grown)
        self.refresh()

    def _grown(self, *_where: object) -> None:
        self.refresh()
        self.changed.emit()

    @property
    def result(self) -> tuple[float, Picture, float] | None:
        """(share of noise, picture, likeness) of the finished picture that is shown; or None."""
        run = self._run
        if run is not None and run.running:
            return None
        final = None if run is None or run.trajectory is None else run.trajectory.final
        step = self._here()
        if final is not None and self.shows_run:
            return self._share, final, self._likeness(final)
        point = self._point(step)
        return None if point is None else (point.share_of_noise, point.picture, point.likeness)

    @property
    def shows_run(self) -> bool:
        """Whether what is shown comes of a run, rather than of what was measured."""
        step = self._here()
        return self._run is not None and (step == self._step or self._point(step) is None)

    @property
    def is_here(self) -> bool:
        """Whether the result that is shown began where the playhead stands."""
        step = self._here()
        return step == self._step or self._point(step) is not None

    def _here(self) -> int:
        destroying = self._destroying
        if destroying.timeline is None:
            return -2
        return destroying.step_of(destroying.playhead.index)

    def _point(self, step: int) -> SurvivalPoint | None:
        return next((p for p in self._destroying.survival if p.step == step), None)

    def _likeness(self, final: Picture) -> float:
        """Against the round trip: what can come back at best."""
        from visualizer.diffusion.experiment import likeness

        trip = self._destroying.round_trip
        original = final if trip is None else trip.decoded
        known = self._measured
        if known is None or known[0] is not original or known[1] is not final:
            known = self._measured = (original, final, likeness(original, final))
        return known[2]

    # --- what is shown ------------------------------------------------------------------------

    def invite(self, words: str, awaits: bool = False) -> None:
        """What is said in the place of a result, and of everything while there is no picture.

        Args:
            awaits: it begins elsewhere than where the playhead stands by now.
        """
        if (words, awaits) != (self._invitation, self._awaits):
            self._invitation, self._awaits = words, awaits
            self.refresh()

    def refresh(self) -> None:
        """Look again."""
        destroying = self._destroying
        timeline, k = self._timeline, destroying.playhead.index
        trip = None if destroying.why_not else destroying.round_trip
        self.show_picture(_ORIGINAL, None if trip is None else trip.decoded)
        if trip is None or timeline is None or k >= len(timeline) or self._awaits:
            self.show_picture(_START, None)
            self.set_caption(_START, "Starts from")
        else:
            why = timeline.why_missing(k, "noisy")
            picture = None if why else timeline.picture(k, "noisy")
            self.show_picture(_START, picture, words=why or _BEING_MADE)
            self.set_caption(_START, f"{percent(timeline.level(k).noise_share)} noise")
        self._show_result()

    def _show_result(self) -> None:
        run = self._run
        title = f"From {percent(self._share)} noise"
        if run is not None and run.running:
            self.show_picture(_RESULT, _newest(run), words="On its way …", chip=_GUESS)
            self.set_caption(_RESULT, title)
            return
        result = None if self._awaits else self.result
        if result is None:
            newest = None if run is None else _newest(run)
            stopped = newest is not None
            chip = "Stopped here" if stopped else ""
            self.show_picture(_RESULT, newest, words=self._invitation, chip=chip)
            self.set_caption(_RESULT, title if stopped else "Turned round")
            return
        share, picture, likeness = result
        self.show_picture(_RESULT, picture)
        self.set_caption(_RESULT, f"From {percent(share)} noise", likeness_words(likeness))


def _newest(run: Timeline) -> Picture | None:
    """The model's latest guess that there is a picture of."""
    for k in range(len(run) - 1, -1, -1):
        if run.has_view(k, "denoised"):
            picture = run.picture(k, "denoised")
            if picture is not None:
                return picture
    return None
