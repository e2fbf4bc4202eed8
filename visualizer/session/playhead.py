"""The playhead: one position in time, shared by canvas, filmstrip and plot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QElapsedTimer, QObject, Qt, QTimer, Signal

if TYPE_CHECKING:
    from visualizer.diffusion.views import View

VIEWS: tuple[View, ...] = (
    "noisy",
    "denoised",
    "noise",
    "change",
    "channels",
    "unprompted",
    "guidance",
)
"""The views, in the order of the keys 1 to 7. Spelled out here because reading them from
``visualizer.diffusion.trajectory`` would load numpy before the first frame; a test compares."""

MIN_SPEED, MAX_SPEED = 0.25, 4.0
STEPS_PER_SECOND = 10.0
"""Playback at speed 1; longer runs play faster, so that no run takes more than WHOLE_RUN_S."""
WHOLE_RUN_S = 12.0
TICK_MS = 16
HOLD_MS = 900
"""How long a loop rests on the finished picture before it starts again."""


class Playhead(QObject):
    """Where in time the person looks, and how.

    ``index`` runs over the points that are there now (``count`` of them). While a run grows and
    ``live`` is on, the playhead sits on the newest point; any move by the person takes it over.
    """

    moved = Signal(int)
    """The playhead stands on another point: its index."""
    playing_changed = Signal(bool)
    live_changed = Signal(bool)
    view_changed = Signal(str)
    bounds_changed = Signal(int)
    """The number of reachable points changed: ``count``. Emitted before ``moved``."""
    running_changed = Signal(bool)
    """The timeline under the playhead began or stopped growing (a live chip makes sense)."""
    speed_changed = Signal(float)
    loop_changed = Signal(bool)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._index = 0
        self._count = 0
        self._view: View = "noisy"
        self._playing = False
        self._live = False
        self._running = False
        self._speed = 1.0
        self._loop = False
        self._clock = QElapsedTimer()
        self._played_from = 0
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self._tick)

    # --- state --------------------------------------------------------------------------------

    @property
    def index(self) -> int:
        """The point the playhead stands on, 0 … count−1 (0 when there is none)."""
        return self._index

    @property
    def count(self) -> int:
        """How many points can be reached now."""
        return self._count

    @property
    def view(self) -> View:
        """Which of the views is looked at."""
        return self._view

    @property
    def playing(self) -> bool:
        """Whether time runs by itself."""
        return self._playing

    @property
    def live(self) -> bool:
        """Whether the playhead follows the newest point of a run."""
        return self._live

    @property
    def running(self) -> bool:
        """Whether the timeline under the playhead still grows."""
        return self._running

    @property
    def speed(self) -> float:
        """A factor on the normal speed of playing, 0.25 … 4."""
        return self._speed

    @speed.setter
    def speed(self, factor: float) -> None:
        factor = min(max(float(factor), MIN_SPEED), MAX_SPEED)
        if factor != self._speed:
            self._speed = factor
            self._restart_clock()
            self.speed_changed.emit(factor)

    @property
    def loop(self) -> bool:
        """Whether playing starts again at the end."""
        return self._loop

    @loop.setter
    def loop(self, on: bool) -> None:
        if on != self._loop:
            self._loop = bool(on)
            self.loop_changed.emit(self._loop)

    @property
    def steps_per_second(self) -> float:
        """How fast playing goes now."""
        return max(STEPS_PER_SECOND, self._count / WHOLE_RUN_S) * self._speed

    # --- moves --------------------------------------------------------------------------------

    def seek(self, k: int, by_person: bool = True) -> None:
        """Stand on point k (clamped). By a person during a run: stops following it."""
        if by_person:
            self._set_live(False)
        self._move(k)
        self._restart_clock()

    def step(self, delta: int) -> None:
        """A person's move by some points; stops playing, as on any player."""
        self.pause()
        self.seek(self._index + delta)

    def home(self) -> None:
        """To the first point: static."""
        self.seek(0)

    def end(self) -> None:
        """To the newest point; during a run this follows it from there."""
        if self._running:
            self.go_live()
        else:
            self.seek(self._count - 1)

    def go_live(self) -> None:
        """Follow the newest point of the run; does nothing when nothing runs."""
        if self._running:
            self.pause()
            self._set_live(True)
            self._move(self._count - 1)

    def play(self) -> None:
        """Let time run; from the start when it stands at the end."""
        if self._count < 2 or self._playing:
            return
        self._set_live(False)
        if self._index >= self._count - 1:
            self._move(0)
        self._playing = True
        self._restart_clock()
        self._timer.start()
        self.playing_changed.emit(True)

    def pause(self) -> None:
        """Stop time."""
        if self._playing:
            self._playing = False
            self._timer.stop()
            self.playing_changed.emit(False)

    def toggle(self) -> None:
        """Play or pause."""
        if self._playing:
            self.pause()
        else:
            self.play()

    def set_view(self, view: str) -> None:
        """Look at another of the views.

        Raises:
            ValueError: for a view that does not exist.
        """
        for known in VIEWS:
            if known == view:
                if known != self._view:
                    self._view = known
                    self.view_changed.emit(known)
                return
        raise ValueError(f"There is no view '{view}'.")

    # --- what the session tells it ------------------------------------------------------------

    def set_bounds(self, count: int, running: bool = False) -> None:
        """The timeline under the playhead has ``count`` points now, and grows or not."""
        count = max(int(count), 0)
        followed = self._live
        if running != self._running:
            self._running = running
            self.running_changed.emit(running)
        if count != self._count:
            self._count = count
            self.bounds_changed.emit(count)
        if followed or self._index >= count:
            self._move(count - 1)
        if not running:
            self._set_live(False)
        if count < 2:
            self.pause()

    # --- inside -------------------------------------------------------------------------------

    def _move(self, k: int) -> None:
        k = min(max(int(k), 0), max(self._count - 1, 0))
        if k != self._index:
            self._index = k
            self.moved.emit(k)

    def _set_live(self, on: bool) -> None:
        if on != self._live:
            self._live = on
            self.live_changed.emit(on)

    def _restart_clock(self) -> None:
        self._played_from = self._index
        self._clock.start()

    def _tick(self) -> None:
        elapsed = self._clock.elapsed()
        target = self._played_from + int(elapsed * self.steps_per_second / 1000)
        last = self._count - 1
        if target < last:
            self._move(target)
            return
        self._move(last)
        if self._running:
            self.go_live()  # caught up with the run: follow it
        elif not self._loop:
            self.pause()
        elif elapsed >= (last - self._played_from) * 1000 / self.steps_per_second + HOLD_MS:
            self._move(0)
            self._restart_clock()
