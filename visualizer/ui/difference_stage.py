"""The stage of the difference: two pictures in one place, wiped, blinking, or as a heat map."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QHideEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QShowEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from visualizer.ui import theme as themes
from visualizer.ui.canvas import MAX_PIXEL, ScaledPictures, image_of
from visualizer.ui.difference_painting import Side, paint_divider, paint_label
from visualizer.ui.explanation import percent
from visualizer.ui.focus_ring import RingedWidget
from visualizer.ui.heat_map import BAR_WIDTH, HeatMaps, paint_scale

if TYPE_CHECKING:
    from visualizer.diffusion.arrays import Picture

WIPE, BLINK, HEAT = "wipe", "blink", "heat"
RATES = (1.0, 2.0, 3.0)
"""Changes a second that are offered."""
FASTEST = 3.0
"""Never more changes a second: flashes up to three a second are safe for people whom flashing
harms (Web Content Accessibility Guidelines 2.2, 2.3.1), and a flash is two changes."""
NUDGE, STRIDE = 0.02, 0.1
"""How far an arrow key moves the divider, and with Shift; shares of the picture's width."""
_BAR_ROOM, _LOW = 50, 220
_REACH = 14.0


class DifferenceStage(RingedWidget):
    """Paints two pictures over each other, the first to the left of a divider.

    Wipe: press or drag anywhere to move the divider, or ←/→ with the focus. Blink: the two take
    turns while the stage can be seen; a click holds, ←/→ show one of them. Heat: how far apart
    the pixels are, on a scale that is the same at every step; the mouse reads out a pixel.
    The wheel zooms about the cursor, dragging pans enlarged pictures, a double click fits them.
    """

    divider_moved = Signal(float)
    held_changed = Signal(bool)
    zoom_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._mode = WIPE
        self._sides: tuple[Side, Side] | None = None
        self._message = ""
        self._divider = 0.5
        self._dragging = False
        self._grip: QPointF | None = None
        self._panned = False
        self._zoom = 1.0  # 1 is the whole picture, as large as it goes
        self._center = QPointF(0.5, 0.5)
        self._hard = False
        self._second = False
        self._held = False
        self._pointed: float | None = None
        self._scaled = ScaledPictures()
        self._maps = HeatMaps()

        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._take_turns)
        self.set_rate(2.0)

        self.setAccessibleName("Difference of two lanes")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setMinimumSize(160, 96)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    # --- what it shows ------------------------------------------------------------------------

    def show_pair(self, first: Side, second: Side) -> None:
        """Show these two; nothing is painted of them while a picture is missing."""
        self._sides, self._message = (first, second), ""
        self._news()

    def show_message(self, message: str) -> None:
        """Say a sentence in place of the pictures."""
        self._sides, self._message = None, message
        self._news()

    def forget(self) -> None:
        """Let go of what was made of pictures: they are others now, or nobody looks."""
        self._maps.clear()
        self._scaled.clear()

    @property
    def bytes_kept(self) -> int:
        """How much memory is taken by what was made of pictures."""
        return self._maps.nbytes + self._scaled.bytes_kept

    @property
    def message(self) -> str:
        """What is said in place of pictures; "" when they show."""
        return self._message

    @property
    def mode(self) -> str:
        """ "wipe", "blink" or "heat"."""
        return self._mode

    def set_mode(self, mode: str) -> None:
        """Look at the pair in another way.

        Raises:
            ValueError: for a way that does not exist.
        """
        if mode not in (WIPE, BLINK, HEAT):
            raise ValueError(f"A difference is not looked at by '{mode}'.")
        if mode != self._mode:
            self._mode = mode
            self._second = False
            self.set_held(False)
            self._news()

    @property
    def divider(self) -> float:
        """Where the first picture ends and the second begins, a share of the width, 0 … 1."""
        return self._divider

    def set_divider(self, divider: float) -> None:
        """Move the divider (clamped)."""
        divider = min(max(divider, 0.0), 1.0)
        if divider != self._divider:
            self._divider = divider
            self.divider_moved.emit(divider)
            self._news()

    @property
    def rate(self) -> float:
        """How often the picture changes in a second while it blinks."""
        return 1000.0 / self._timer.interval()

    def set_rate(self, rate: float) -> None:
        """Blink slower or faster; never faster than ``FASTEST``."""
        # rounded up, so that the bound holds to the millisecond
        self._timer.setInterval(-int(-1000.0 // min(max(rate, 0.25), FASTEST)))

    @property
    def held(self) -> bool:
        """Whether blinking rests."""
        return self._held

    def set_held(self, held: bool) -> None:
        """Let blinking rest on the picture shown now, or go on."""
        if held != self._held:
            self._held = held
            self._news()
            self.held_changed.emit(held)

    @property
    def blinking(self) -> bool:
        """Whether pictures take turns right now: only while they can be seen."""
        return self._timer.isActive()

    @property
    def shows_second(self) -> bool:
        """Which of the two is shown while they blink."""
        return self._second

    def show_second(self, second: bool) -> None:
        """Show one of the two, and rest on it."""
        self._second = second
        self.set_held(True)
        self._news()

    @property
    def mean_distance(self) -> float | None:
        """How far the two pictures are apart, 0 … 1; None while one is missing."""
        pictures = self._pictures()
        return None if pictures is None else self._maps.get(*pictures).mean

    # --- zoom ---------------------------------------------------------------------------------

    @property
    def zoom(self) -> float:
        """1 shows whole pictures."""
        return self._zoom

    @property
    def center(self) -> QPointF:
        """The point of the pictures in the middle, shares of their width and height."""
        return QPointF(self._center)

    def look_through(self, zoom: float, center: QPointF, hard: bool = False) -> None:
        """Show this part of the pictures, as a grid beside it does; ``zoom_changed`` tells.

        Args:
            hard: every pixel as a square.
        """
        before = (self._zoom, self._center, self._hard)
        self._zoom, self._center = max(zoom, 1.0), QPointF(center)
        self._hard = hard
        target = self.target_rect()
        if target.width() > 0:  # the center that the edges really allow
            room = self._room()
            self._center = QPointF(
                (room.center().x() - target.x()) / target.width(),
                (room.center().y() - target.y()) / target.height(),
            )
        if before != (self._zoom, self._center, self._hard):
            self.zoom_changed.emit()
            self._news()

    def zoom_by(self, factor: float, about: QPointF) -> None:
        """Enlarge; the point of the pictures at ``about`` stays there."""
        pictures, before = self._pictures(), self.target_rect()
        if pictures is None:
            return
        width = max(picture.shape[1] for picture in pictures)
        most = max(1.0, MAX_PIXEL * self._zoom * width / before.width())
        zoom = min(max(self._zoom * factor, 1.0), most)
        grown, away = zoom / self._zoom, about - self._room().center()
        u = (about.x() - before.x()) / before.width()
        v = (about.y() - before.y()) / before.height()
        u -= away.x() / (before.width() * grown)
        v -= away.y() / (before.height() * grown)
        self.look_through(zoom, QPointF(u, v), self._hard)

    def _room(self) -> QRectF:
        """Where pictures may lie: all of it, but for the heat map's scale."""
        wide, high = float(self.width()), float(self.height())
        if self._mode == HEAT and self.scale_stands:
            wide -= BAR_WIDTH
        elif self._mode == HEAT:
            high -= _BAR_ROOM
        return QRectF(0, 0, max(wide, 1.0), max(high, 1.0))

    @property
    def scale_stands(self) -> bool:
        """Whether the heat map's scale stands beside it: in a low room it takes no height."""
        return self.height() < _LOW and self.width() - self.height() >= BAR_WIDTH

    def target_rect(self) -> QRectF:
        """Where the whole pictures lie, in pixels of this widget; empty without them."""
        pictures = self._pictures()
        if pictures is None:
            return QRectF()
        rows = max(picture.shape[0] for picture in pictures)
        columns = max(picture.shape[1] for picture in pictures)
        room = self._room()
        scale = self._zoom * min(room.width() / columns, max(room.height(), 1.0) / rows)
        # whole pixels of the screen, so that nothing is blurred twice
        ratio = self.devicePixelRatioF()
        width = max(round(columns * scale * ratio), 1) / ratio
        height = max(round(rows * scale * ratio), 1) / ratio
        left = _hold(room.width() / 2 - self._center.x() * width, width, room.width())
        top = _hold(room.height() / 2 - self._center.y() * height, height, room.height())
        return QRectF(round(left * ratio) / ratio, round(top * ratio) / ratio, width, height)

    def shown_rect(self) -> QRectF:
        """The part of ``target_rect`` that can be seen; the divider stands in it."""
        return self.target_rect().intersected(self._room())

    # --- inside -------------------------------------------------------------------------------

    def _pictures(self) -> tuple[Picture, Picture] | None:
        if self._sides is None:
            return None
        first, second = (side.picture for side in self._sides)
        return None if first is None or second is None else (first, second)

    def _news(self) -> None:
        wanted = (
            self._mode == BLINK
            and not self._held
            and self.isVisible()
            and self._pictures() is not None
        )
        if wanted and not self._timer.isActive():
            self._timer.start()
        elif not wanted:
            self._timer.stop()
        pointer = Qt.CursorShape.ArrowCursor
        if self._pictures() is not None:
            shapes = {WIPE: Qt.CursorShape.SplitHCursor, BLINK: Qt.CursorShape.PointingHandCursor}
            pointer = shapes.get(self._mode, Qt.CursorShape.CrossCursor)
        self.setCursor(pointer)
        self.setAccessibleDescription(self._words())
        self.update()

    def _words(self) -> str:
        if self._sides is None:
            return self._message
        first, second = (f"{side.letter}, {side.label}" for side in self._sides)
        if self._mode == WIPE:
            return f"Left {first}; right {second}; divider at {percent(self._divider)}"
        if self._mode == BLINK:
            return f"{second if self._second else first}; {'held' if self._held else 'blinking'}"
        return f"Distance of {first} and {second}"

    def _take_turns(self) -> None:
        self._second = not self._second
        self.update()

    def _point_at(self, position: QPointF) -> None:
        """Read out the pixel of the heat map under the mouse."""
        pictures, pointed = self._pictures(), None
        target = self.target_rect()
        if self._mode == HEAT and pictures is not None and self.shown_rect().contains(position):
            pointed = self._maps.get(*pictures).at(
                (position.x() - target.x()) / target.width(),
                (position.y() - target.y()) / target.height(),
            )
        if pointed != self._pointed:
            self._pointed = pointed
            self.update()

    def _drag_to(self, x: float) -> None:
        target = self.shown_rect()
        if target.width() > 0:
            self.set_divider((x - target.x()) / target.width())

    # --- painting -----------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        """The pair, or a quiet sentence in its place."""
        painter = QPainter(self)
        painter.fillRect(event.rect(), QColor(themes.current().ground))
        pictures = self._pictures()
        if pictures is None or self._sides is None:
            self._paint_message(painter)
        elif self._mode == HEAT:
            self._paint_heat(painter, pictures)
        else:
            self._paint_pair(painter, pictures)
        self.paint_ring(painter)
        painter.end()

    def _paint_message(self, painter: QPainter) -> None:
        painter.setPen(QColor(themes.current().quiet))
        painter.setFont(themes.font())
        space = self.rect().adjusted(*(themes.SPACE * 2 * s for s in (1, 1, -1, -1)))
        flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        painter.drawText(space, flags, self._message)

    def _draw(self, painter: QPainter, picture: Picture, part: QRectF) -> None:
        """A picture, as far as it lies in ``part``."""
        target, ratio = self.target_rect(), self.devicePixelRatioF()
        painter.setClipRect(part.intersected(self._room()))
        if self._zoom == 1.0:
            size = QSize(round(target.width() * ratio), round(target.height() * ratio))
            pixmap = self._scaled.get(picture, size, self._hard)
            painter.drawPixmap(target, pixmap, QRectF(pixmap.rect()))
        else:
            image = image_of(picture)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, not self._hard)
            painter.drawImage(target, image, QRectF(image.rect()))
        painter.setClipping(False)

    def _paint_pair(self, painter: QPainter, pictures: tuple[Picture, Picture]) -> None:
        shown = self.shown_rect()
        if self._mode == BLINK:
            self._draw(painter, pictures[self._second], shown)
            self._paint_labels(painter, shown, (int(self._second),))
            return
        x = self._divider_x()
        first, second = QRectF(self.rect()), QRectF(self.rect())
        first.setRight(x)
        second.setLeft(x)
        for picture, part in zip(pictures, (first, second), strict=True):
            self._draw(painter, picture, part)
        self._paint_labels(painter, shown)
        paint_divider(painter, x, shown)

    def _divider_x(self) -> float:
        """The middle of the divider, on a whole pixel."""
        shown = self.shown_rect()
        return float(round(shown.x() + self._divider * shown.width()))

    def _paint_labels(
        self, painter: QPainter, shown: QRectF, which: tuple[int, ...] = (0, 1)
    ) -> None:
        for i in which:
            if self._sides is not None:
                paint_label(painter, shown, self._sides[i], right=bool(i))

    def _paint_heat(self, painter: QPainter, pictures: tuple[Picture, Picture]) -> None:
        heat = self._maps.get(*pictures)
        shown = self.shown_rect()
        self._draw(painter, heat.picture, shown)
        self._paint_labels(painter, shown)
        paint_scale(painter, self.scale_rect(), self.scale_stands, heat.mean, self._pointed)

    def scale_rect(self) -> QRect:
        """Where the heat map's scale lies."""
        space = themes.SPACE
        if self.scale_stands:
            left = round(self.shown_rect().right()) + 2 * space
            return QRect(left, space + 18, 8, max(self.height() - 2 * space - 18, 1))
        width = min(self.width() - 2 * space, 420)
        return QRect((self.width() - width) // 2, self.height() - 26, width, 8)

    # --- Qt -----------------------------------------------------------------------------------

    def event(self, event: QEvent) -> bool:
        """←/→ belong to the divider while it has the focus, not to time."""
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and self._takes(event)
        ):
            event.accept()
            return True
        return super().event(event)

    def _takes(self, event: QKeyEvent) -> bool:
        arrows = (Qt.Key.Key_Left, Qt.Key.Key_Right)
        plain = event.modifiers() & ~(
            Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier
        )
        usable = self._mode in (WIPE, BLINK) and self._pictures() is not None
        return usable and event.key() in arrows and plain == Qt.KeyboardModifier.NoModifier

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """←/→ move the divider, or show one of the two."""
        if not self._takes(event):
            super().keyPressEvent(event)
            return
        on = event.key() == Qt.Key.Key_Right
        if self._mode == BLINK:
            self.show_second(on)
            return
        far = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        self.set_divider(self._divider + (STRIDE if far else NUDGE) * (1 if on else -1))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold of the divider, or of enlarged pictures."""
        if event.button() != Qt.MouseButton.LeftButton or self._pictures() is None:
            super().mousePressEvent(event)
            return
        x = event.position().x()
        near = abs(x - self._divider_x()) <= _REACH
        if self._mode == WIPE and (near or self._zoom == 1.0):
            self._dragging = True
            self._drag_to(x)
        else:
            self._grip, self._panned = event.position(), False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Move the divider, pan, or read out a pixel."""
        if self._dragging:
            self._drag_to(event.position().x())
        elif self._grip is None or self._zoom == 1.0:
            self._point_at(event.position())
        else:
            target, moved = self.target_rect(), event.position() - self._grip
            self._grip, self._panned = event.position(), True
            away = QPointF(moved.x() / target.width(), moved.y() / target.height())
            self.look_through(self._zoom, self._center - away, self._hard)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go; a click holds the blinking."""
        if event.button() != Qt.MouseButton.LeftButton:
            return
        if self._grip is not None and not self._panned and self._mode == BLINK:
            self.set_held(not self._held)
        self._dragging, self._grip = False, None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Show whole pictures again."""
        if self._zoom > 1.0:
            self.look_through(1.0, QPointF(0.5, 0.5), self._hard)
        else:
            self.mousePressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom about the cursor."""
        if self._pictures() is None:
            event.ignore()
            return
        self.zoom_by(1.0015 ** event.angleDelta().y(), event.position())
        event.accept()

    def leaveEvent(self, event: QEvent) -> None:
        """Nothing is read out any more."""
        super().leaveEvent(event)
        if self._pointed is not None:
            self._pointed = None
            self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Old sizes will not come back."""
        super().resizeEvent(event)
        self._scaled.clear()

    def showEvent(self, event: QShowEvent) -> None:
        """Blinking goes on."""
        super().showEvent(event)
        self._news()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nothing blinks where nobody looks, and no memory is taken."""
        super().hideEvent(event)
        self._timer.stop()
        self.forget()

    def changeEvent(self, event: QEvent) -> None:
        """A new theme."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.PaletteChange):
            self.update()


def _hold(start: float, length: float, room: float) -> float:
    """A start such that the picture fills the room, or is centered in it when it is smaller."""
    if length <= room:
        return (room - length) / 2
    return min(0.0, max(start, room - length))
