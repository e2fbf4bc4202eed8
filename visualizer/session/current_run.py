"""The run that is looked at, and where its playhead stands when another one takes its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

if TYPE_CHECKING:
    from visualizer.session.playhead import Playhead
    from visualizer.session.sharpening import Sharpener
    from visualizer.session.timeline import Timeline


class CurrentRun(QObject):
    """One run, or none; its pictures are sharpened before others'."""

    changed = Signal(object)
    """The run, or None."""

    def __init__(
        self, playhead: Playhead, sharpener: Sharpener, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.run: Timeline | None = None
        self.playhead = playhead
        self._sharpener = sharpener

    def look_at(self, run: Timeline | None) -> None:
        """This one from now on."""
        self.run = run
        count = 0 if run is None else len(run)
        self.playhead.pause()
        self.playhead.set_bounds(count, running=run is not None and run.running)
        self._sharpener.show(run)
        self.changed.emit(run)

    def look_at_the_end(self, run: Timeline) -> None:
        """A finished run, at its last point."""
        self.look_at(run)
        self.playhead.seek(len(run) - 1, by_person=False)

    def has_grown(self, run: Timeline, *, running: bool = True) -> None:
        """A run got more points, or its end. Where it is followed, a picture is looked at."""
        if run is not self.run:
            return
        followed = self.playhead.live
        self.playhead.set_bounds(len(run), running=running)
        if followed and (run.complete or not running):
            self._rest_on_a_picture(run)

    def _rest_on_a_picture(self, run: Timeline) -> None:
        """A run that was followed to its end rests where this view has something to show."""
        view, newest = self.playhead.view, len(run) - 1
        last = next((k for k in range(newest, -1, -1) if run.has_view(k, view)), newest)
        self.playhead.seek(last, by_person=False)
