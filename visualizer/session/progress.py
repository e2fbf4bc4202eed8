"""Progress of a run: how far, how fast, how long still."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Progress:
    """How far a run is.

    Attributes:
        done: denoising steps finished, 0 … total.
        total: denoising steps of the whole run (N, one less than the timeline's points).
        steps_per_second: moving average; 0.0 while there is nothing to measure yet.
        seconds_left: estimate; None while there is nothing to measure yet, or a stage of another
            pace is still to come.
    """

    done: int
    total: int
    steps_per_second: float = 0.0
    seconds_left: float | None = None


@dataclass
class Pace:
    """Turns "step k finished at time t" into Progress, averaging over the last few steps."""

    total: int
    window: int = 12
    _marks: deque[tuple[int, float]] = field(default_factory=deque)
    _stage: int = 0

    def mark(
        self, done: int, seconds: float, *, stage: int = 0, stage_end: int | None = None
    ) -> Progress:
        """Progress after ``done`` steps at ``seconds`` of any steady clock.

        Args:
            stage: which stage of the run this is: each has a pace of its own.
            stage_end: the steps that will be done at its end, where it is not the only one.
        """
        if stage != self._stage:
            self._stage = stage
            self._marks.clear()
        self._marks.append((done, seconds))
        while len(self._marks) > 2 and done - self._marks[0][0] > self.window:
            self._marks.popleft()
        first, start = self._marks[0]
        if done <= first or seconds <= start:
            return Progress(done, self.total)
        rate = (done - first) / (seconds - start)
        if stage_end is not None and stage_end < self.total:
            return Progress(done, self.total, rate)
        return Progress(done, self.total, rate, max(self.total - done, 0) / rate)
