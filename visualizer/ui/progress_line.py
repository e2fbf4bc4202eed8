"""How far the work is: a thin line, and a few words beside the transport."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QShowEvent
from PySide6.QtWidgets import QWidget

from visualizer.time_words import duration
from visualizer.ui import theme

if TYPE_CHECKING:
    from visualizer.session.progress import Progress

_HEIGHT = 3
_SWEEP_MS = 40
_SWEEP_STEPS = 45
_LATE, _LATE_MS = 4, 1500
"""A step that takes so many times as long as the last ones, and at least so long, is late."""


class ProgressLine(QWidget):
    """A line three pixels high: filled as far as the run is, or a piece wandering along it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(_HEIGHT)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAccessibleName("Progress")
        self._share: float | None = 0.0
        self._sweep = 0
        self._timer = QTimer(self)
        self._timer.setInterval(_SWEEP_MS)
        self._timer.timeout.connect(self._advance)

    @property
    def share(self) -> float | None:
        """0 … 1, or None while nobody can say how far it is."""
        return self._share

    def set_share(self, share: float | None) -> None:
        """How far the work is; None: it goes on, nobody knows how far. 0: nothing goes on."""
        if share == self._share:
            return
        self._share = share
        if share is None and self.isVisible():
            self._timer.start()
        else:
            self._timer.stop()
        self.setAccessibleDescription("" if not share else f"{share:.0%}")
        self.update()

    def _advance(self) -> None:
        if not self.isVisible():
            self._timer.stop()
            return
        self._sweep = (self._sweep + 1) % _SWEEP_STEPS
        self.update()

    def showEvent(self, event: QShowEvent) -> None:
        """A line that was hidden while work went on wanders again."""
        super().showEvent(event)
        if self._share is None:
            self._timer.start()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The line."""
        worn = theme.current()
        painter = QPainter(self)
        painter.fillRect(0, _HEIGHT - 1, self.width(), 1, QColor(worn.line))
        width = float(self.width())
        if self._share is None:
            piece = width / 5
            left = (width + piece) * self._sweep / _SWEEP_STEPS - piece
            painter.fillRect(QRectF(left, 0, piece, _HEIGHT), QColor(worn.second))
        elif self._share > 0:
            painter.fillRect(QRectF(0, 0, width * self._share, _HEIGHT), QColor(worn.second))
        painter.end()


class StepWatch(QObject):
    """Notices a step that takes much longer than the last ones: what was foretold is not true."""

    late = Signal(object)
    """The same Progress, with nothing foretold any more."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._progress: Progress | None = None
        self.timer = QTimer(self)
        self.timer.setSingleShot(True)
        self.timer.timeout.connect(self._tell)

    def watch(self, progress: Progress) -> None:
        """Another step is done."""
        self._progress = progress
        rate = progress.steps_per_second
        if rate > 0:
            self.timer.start(max(round(_LATE * 1000 / rate), _LATE_MS))
        else:
            self.timer.stop()

    def stop(self) -> None:
        """The run has ended."""
        self.timer.stop()

    def _tell(self) -> None:
        if self._progress is not None:
            self.late.emit(replace(self._progress, steps_per_second=0.0, seconds_left=None))


def progress_text(progress: Progress) -> str:
    """ "Step 12 of 30 · 24 steps a second · 1 s left"."""
    parts = [f"Step {progress.done} of {progress.total}"]
    rate = progress.steps_per_second
    if rate >= 1:
        parts.append(f"{rate:.0f} steps/s" if rate >= 9.5 else f"{rate:.1f} steps/s")
    elif rate > 0:
        parts.append(f"{1 / rate:.1f} s a step")
    if progress.seconds_left is not None and progress.done < progress.total:
        parts.append(f"{duration(progress.seconds_left)} left")
    return "  ·  ".join(parts)


def pictures_text(done: int, count: int, progress: Progress) -> str:
    """ "3 of 9 pictures · 12 s left"; batches have none of theirs before they have all."""
    pictures = "1 picture" if count == 1 else f"{count} pictures"
    parts = [f"{done} of {pictures}" if done else f"Making {pictures}"]
    if progress.seconds_left is not None and progress.done < progress.total:
        parts.append(f"{duration(progress.seconds_left)} left")
    return "  ·  ".join(parts)
