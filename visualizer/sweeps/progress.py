"""How far a sweep is, how fast it goes, and when it will be over."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from visualizer.progress_line import ProgressLine
from visualizer.time_words import duration

SPEAK_EVERY = 60.0  # seconds between two lines where there is no terminal


class SweepProgress:
    """Counts the runs of a sweep and says so.

    The pace is that of this sitting alone: what an earlier one left in the folder took no time.

    Args:
        total: runs of the sweep.
        done: of them, those that are there already.
        line: where to say it.
        now: a clock, in seconds.
    """

    def __init__(
        self,
        total: int,
        done: int,
        line: ProgressLine,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.total, self.done, self.failed = total, done, 0
        self._line, self._now = line, now
        self._before = done
        self._part = 0.0  # of the runs at work, in runs
        self._began = self._spoken = now()

    def finished(self) -> None:
        """A run is in the folder."""
        self.done += 1
        self._part = max(0.0, self._part - 1)
        self._tell()

    def went_wrong(self, name: str, sentence: str) -> None:
        """A run cannot be made; it is said at once."""
        self.failed += 1
        self._part = max(0.0, self._part - 1)
        self._line.say(f"{name} failed: {sentence}")
        self._tell()

    def at_work(self, runs: float) -> None:
        """How much there is of the runs at work, counted in runs: 8 of them half-way are 4."""
        self._part = runs
        self._tell()

    @property
    def per_minute(self) -> float | None:
        """Pictures a minute in this sitting; None before anything was made."""
        made = self.done - self._before + self.failed + self._part
        seconds = self._now() - self._began
        return 60 * made / seconds if made > 0 and seconds > 0 else None

    @property
    def seconds_left(self) -> float | None:
        """Until the last run, at the pace so far; None before anything was made."""
        pace = self.per_minute
        left = self.total - self.done - self.failed - self._part
        return None if pace is None else 60 * max(left, 0.0) / pace

    def __str__(self) -> str:
        return f"Picture {self.done} of {self.total}{self._pace()}"

    def _pace(self) -> str:
        pace, left = self.per_minute, self.seconds_left
        if pace is None or left is None:
            return ""
        shown = f"{pace:.0f}" if pace >= 9.5 else f"{pace:.2g}"
        return f"   {shown} per minute   {duration(left)} left"

    def _tell(self) -> None:
        self._line.draw("Picture", self.done, self.total, self._pace())
        over = self.done + self.failed == self.total
        now = self._now()
        if not self._line.moves and (over or now - self._spoken >= SPEAK_EVERY):
            if self._spoken < math.inf:  # the end is told once
                self._line.say(str(self))
            self._spoken = math.inf if over else now
