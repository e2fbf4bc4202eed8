"""Progress at a terminal: one line that redraws itself; plain lines where it cannot."""

from __future__ import annotations

import sys
import time

from visualizer.time_words import duration

WIDTH = 28  # characters of the bar


class ProgressLine:
    """Says on stderr how far a run is. Nothing at all when ``quiet``."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._stream = None if quiet else sys.stderr
        self._terminal = self._stream is not None and self._stream.isatty()
        self._drawn = 0  # characters of the line on screen
        self._began = time.monotonic()
        self._quarter = 0

    def say(self, text: str) -> None:
        """A line that stays."""
        self.clear()
        if self._stream is not None:
            print(text, file=self._stream, flush=True)

    def start(self) -> None:
        """From now on the speed is measured."""
        self._began, self._quarter = time.monotonic(), 0

    def show(self, what: str, done: int, total: int) -> None:
        """ "Step 12 of 30": the line on a terminal, else a line of its own at each quarter."""
        self.draw(what, done, total)
        if not self._terminal and total > 0 and (quarter := 4 * done // total) > self._quarter:
            self._quarter = quarter
            self.say(f"{what} {done} of {total}")

    @property
    def moves(self) -> bool:
        """Whether there is a terminal that the line can be redrawn on."""
        return self._terminal

    def draw(self, what: str, done: int, total: int, pace: str | None = None) -> None:
        """The line with a bar, the speed and the time left; nothing where there is no terminal.

        Args:
            pace: what to say of speed and time left; what was measured since ``start`` if None.
        """
        if self._stream is None or not self._terminal or total < 1:
            return
        pace = self._speed(done, total) if pace is None else pace
        text = f"{self._bar(done / total)}  {what} {done} of {total}{pace}"
        self._stream.write("\r" + text.ljust(self._drawn))
        self._stream.flush()
        self._drawn = len(text)

    def clear(self) -> None:
        """Take the moving line off the screen."""
        if self._stream is not None and self._drawn:
            self._stream.write("\r" + " " * self._drawn + "\r")
            self._stream.flush()
            self._drawn = 0

    def _bar(self, share: float) -> str:
        full = round(WIDTH * share)
        encoding = (getattr(self._stream, "encoding", None) or "ascii").lower()
        solid, empty = ("█", "░") if encoding.startswith("utf") else ("#", "-")
        return solid * full + empty * (WIDTH - full)

    def _speed(self, done: int, total: int) -> str:
        seconds = time.monotonic() - self._began
        if not done or seconds <= 0:
            return ""
        speed = done / seconds
        pace = f"{speed:.1f} per second" if speed >= 1 else f"{1 / speed:.1f} s each"
        return f"   {pace}   {duration((total - done) / speed)} left"
