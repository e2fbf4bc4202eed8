"""ExportStage: the film that would be written, shown in the window at its real speed."""

from __future__ import annotations

import time
from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING

from PySide6.QtCore import QMargins, QPoint, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QHideEvent,
    QImage,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QVBoxLayout, QWidget

from visualizer.ui import theme
from visualizer.ui.canvas import image_of
from visualizer.ui.focus_ring import RingedWidget
from visualizer.ui.icons import IconButton

if TYPE_CHECKING:
    from visualizer.diffusion.arrays import Picture

_TICK_MS = 16
_PATIENCE_MS = 1000
"""After so long, a frame that was asked for and did not come is asked for again."""
_RADIUS = 8
_MARGINS = QMargins(*[2 * theme.SPACE] * 4)


def now_ms() -> int:
    """The time in milliseconds, since some moment."""
    return time.monotonic_ns() // 1_000_000


class ExportStage(QWidget):
    """Plays the film: asks for one frame at a time, and shows what comes.

    A frame that comes late is no reason for a queue: the next one asked for is the one whose time
    it is by then.
    """

    wanted = Signal(int)
    """A frame of the film."""
    room_changed = Signal()

    def __init__(self, parent: QWidget | None = None, clock: Callable[[], int] = now_ms) -> None:
        """``clock`` tells the time, in milliseconds since any moment."""
        super().__init__(parent)
        self._clock = clock
        self._ends: tuple[int, ...] = ()  # of every frame, in milliseconds of the film
        self._shown = 0
        self._asked: int | None = None
        self._asked_at = 0
        self._began = 0  # when the film would have begun to be where it is
        self._playing = True
        self._sliding = False
        self.frame = _Screen()
        self.frame.resized.connect(self.room_changed)
        self.play_button = IconButton("pause", "Pause the preview", "Space")
        self.play_button.clicked.connect(self.toggle)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setObjectName("film")
        self.slider.setAccessibleName("Frame of the preview")
        self.slider.setToolTip("Frame of the preview  (← →)")
        self.slider.valueChanged.connect(self._slid)
        self.position = QLabel()
        self.position.setProperty("role", "small-quiet")
        self.position.setAccessibleName("Position in the preview")
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self.tick)
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE)
        row.addWidget(self.play_button)
        row.addWidget(self.slider, 1)
        row.addWidget(self.position)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE)
        column.addWidget(self.frame, 1)
        column.addLayout(row)
        self.forget()

    # --- what is told -------------------------------------------------------------------------

    @property
    def room(self) -> tuple[int, int]:
        """The largest picture worth sending, in pixels of the screen."""
        ratio, size = self.devicePixelRatioF(), self.frame.room
        return round(size.width() * ratio), round(size.height() * ratio)

    @property
    def index(self) -> int:
        """The frame that is shown."""
        return self._shown

    @property
    def count(self) -> int:
        """How many frames there are; 0 while nobody knows."""
        return len(self._ends)

    @property
    def playing(self) -> bool:
        """Whether it plays by itself."""
        return self._playing

    @property
    def picture(self) -> Picture | None:
        """What is shown, (H, W, 3) uint8; None while nothing is."""
        return self.frame.picture

    def show_film(self, milliseconds: Sequence[int], size: tuple[int, int]) -> None:
        """Another film: how long each of its frames stands, and how large they are in the file."""
        ends = tuple(accumulate(milliseconds))
        changed = ends != self._ends
        self._ends = ends
        last = max(self.count - 1, 0)
        wished = self._shown if self._asked is None else self._asked  # it was of the film before
        self._shown = min(self._shown, last)
        self.frame.set_whole(QSize(*size))
        self._show_position()
        self._ask(min(wished, last))
        if changed:
            self._play_from(min(wished, last))

    def show_size(self, size: tuple[int, int]) -> None:
        """So large a frame is in the file: it is not shown any larger."""
        self.frame.set_whole(QSize(*size))
        self._show_position()

    def show_frame(self, i: int, picture: Picture) -> None:
        """A frame came."""
        if i >= self.count:
            return  # of the film before this one
        self._asked = None
        self._shown = i
        self.frame.show_picture(picture)
        self._show_position()

    def refresh(self) -> None:
        """The frame that is shown has become sharper, or may have."""
        if self.count and self._asked is None and not self._timer.isActive():
            self._ask(self._shown)

    def show_words(self, text: str) -> None:
        """Words over what is shown, or "" for none."""
        self.frame.set_words(text)

    def forget(self, words: str = "") -> None:
        """Nothing is shown any more, but these words."""
        self._ends, self._shown, self._asked = (), 0, None
        self.frame.show_picture(None)
        self.frame.set_words(words)
        self._show_position()

    # --- time ---------------------------------------------------------------------------------

    def play(self) -> None:
        """Let time run."""
        self._set_playing(True)

    def pause(self) -> None:
        """Stand still."""
        self._set_playing(False)

    def toggle(self) -> None:
        """Play or pause."""
        self._set_playing(not self._playing)

    def step(self, delta: int) -> None:
        """Some frames on or back, and stand there."""
        self.seek((self._shown if self._asked is None else self._asked) + delta)

    def home(self) -> None:
        """To the first frame."""
        self.seek(0)

    def end(self) -> None:
        """To the last frame."""
        self.seek(self.count - 1)

    def seek(self, i: int) -> None:
        """Stand at a frame."""
        self.pause()
        if self.count:
            self._ask(min(max(i, 0), self.count - 1))

    def tick(self) -> None:
        """Ask for the frame whose time it is by now."""
        if not self._timer.isActive() or not self.isVisible() or not self._ends:
            return
        now = self._clock()
        due = bisect_right(self._ends, (now - self._began) % self._ends[-1])
        waiting = self._asked is not None and now - self._asked_at < _PATIENCE_MS
        if due != self._shown and not waiting:
            self._ask(due)

    def _set_playing(self, on: bool) -> None:
        self._playing = on
        self.play_button.set_icon("pause" if on else "play")
        self.play_button.set_label("Pause the preview" if on else "Play the preview", "Space")
        self._play_from(self._shown)

    def _play_from(self, i: int) -> None:
        """The clock stands where this frame begins."""
        self._began = self._clock() - (self._ends[i - 1] if 0 < i < len(self._ends) else 0)
        if self._playing and len(self._ends) > 1 and self._ends[-1] > 0:
            self._timer.start()
        else:
            self._timer.stop()

    def _ask(self, i: int) -> None:
        self._asked = i
        self._asked_at = self._clock()
        self.wanted.emit(i)

    def _slid(self, value: int) -> None:
        if not self._sliding:
            self.seek(value)

    def _show_position(self) -> None:
        self._sliding = True
        self.slider.setRange(0, max(self.count - 1, 0))
        self.slider.setValue(self._shown)
        self._sliding = False
        moves = self.count > 1
        for part in (self.play_button, self.slider):
            part.setVisible(moves)
        parts = [f"{self._shown + 1} of {self.count}"] if moves else []
        share = self.frame.share
        if share is not None and share < 0.995:
            parts.append(f"seen at {share:.0%}")
        self.position.setText("  ·  ".join(parts))

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks: no frame is asked for."""
        super().hideEvent(event)
        self._timer.stop()

    def showEvent(self, event: QShowEvent) -> None:
        """Go on where it was."""
        super().showEvent(event)
        self._play_from(self._shown)


class _Screen(RingedWidget):
    """The frame, never larger than it is in the file, and words where there is something to say."""

    resized = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Preview")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(30 * theme.SPACE, 20 * theme.SPACE)
        self._picture: Picture | None = None
        self._image = QImage()
        self._whole = QSize()
        self._words = ""

    @property
    def room(self) -> QSize:
        """Where a picture may be."""
        return self.size().shrunkBy(_MARGINS)

    @property
    def share(self) -> float | None:
        """How large the picture is seen, 1 is its own size; None while nobody knows that."""
        if self._image.isNull() or self._whole.isEmpty():
            return None
        return self._target().width() / self._whole.width()

    @property
    def picture(self) -> Picture | None:
        """What was given last to be shown."""
        return self._picture

    def show_picture(self, picture: Picture | None) -> None:
        """Show (H, W, 3) uint8, or nothing."""
        self._picture = picture  # the image has no pixels of its own
        self._image = QImage() if picture is None else image_of(picture)
        self.update()

    def set_whole(self, size: QSize) -> None:
        """How large the picture is in the file."""
        self._whole = size
        self.update()

    def set_words(self, words: str) -> None:
        """Say something over the picture."""
        if words != self._words:
            self._words = words
            self.setAccessibleDescription(words)
            self.update()

    def _target(self) -> QRect:
        room, size = self.room, self._image.size()
        own = self._whole if not self._whole.isEmpty() else size
        shown = size.scaled(own.boundedTo(room), Qt.AspectRatioMode.KeepAspectRatio)
        left = (self.width() - shown.width()) // 2
        return QRect(QPoint(left, (self.height() - shown.height()) // 2), shown)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another picture may be worth sending."""
        super().resizeEvent(event)
        self.resized.emit()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The picture on a quiet ground."""
        worn = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(worn.surface))
        painter.drawRoundedRect(self.rect(), _RADIUS, _RADIUS)
        if not self._image.isNull():
            target = self._target()
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(target, self._image)
        if self._words:
            self._paint_words(painter)
        self.paint_ring(painter)
        painter.end()

    def _paint_words(self, painter: QPainter) -> None:
        """In the middle where there is nothing else, else on a chip at the lower edge."""
        worn, space = theme.current(), theme.SPACE
        painter.setFont(theme.font(theme.FONT_SMALL if self._picture is not None else 14))
        room = self.rect().adjusted(2 * space, 2 * space, -2 * space, -2 * space)
        flags = int(Qt.AlignmentFlag.AlignHCenter | Qt.TextFlag.TextWordWrap)
        if self._picture is None:
            painter.setPen(QColor(worn.quiet))
            middle = flags | int(Qt.AlignmentFlag.AlignVCenter)
            painter.drawText(room, middle, self._words)
            return
        needed = painter.fontMetrics().boundingRect(room, flags, self._words)
        chip = needed.adjusted(-space, -space // 2, space, space // 2)
        chip.moveBottom(room.bottom())
        painter.setBrush(QColor(worn.raised))
        painter.setPen(QColor(worn.edge))
        painter.drawRoundedRect(chip, chip.height() / 2, chip.height() / 2)
        painter.setPen(QColor(worn.text))
        painter.drawText(chip, int(Qt.AlignmentFlag.AlignCenter), self._words)
