"""The filmstrip: thumbnails of a run, each centered on its own point of the shared axis."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QRect, QRectF, QSize, Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFontMetrics,
    QImage,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from visualizer.ui import theme as themes
from visualizer.ui.canvas import image_of, scaled
from visualizer.ui.step_axis import RIGHT, StepAxis

if TYPE_CHECKING:
    from visualizer.diffusion.arrays import Picture
    from visualizer.session.playhead import Playhead
    from visualizer.session.timeline import Timeline

HEIGHT, LOW_HEIGHT = 80, 60
GAP = 4
RADIUS = 4
GROWN = 4
"""How much larger the current frame is on every side."""
MAX_WIDTH = 2 * (RIGHT - 2 * GROWN)
KEPT = 512
"""Scaled thumbnails kept; at most 88 × 88 pixels each, 31 kB (124 kB on a 200 % screen)."""


class Filmstrip(QWidget):
    """Frames side by side while they fit, else an even choice; the current one on top of all.

    Frames that are planned but not there yet are quiet outlines; where no decoder makes a picture
    the numbers are shown, and called so. The mouse belongs to the timeline around it.
    """

    def __init__(self, playhead: Playhead, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._playhead = playhead
        self._timeline: Timeline | None = None
        self._axis = StepAxis(1, 0)
        self._frame = QSize(1, 1)
        self._shown: list[int] = []
        self._current = 0
        self._scaled: dict[tuple[int, int], QPixmap] = {}
        self._drawn = 0
        self.setFixedHeight(HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName("Filmstrip")
        playhead.moved.connect(self._playhead_moved)

    def set_low(self, low: bool) -> None:
        """Smaller frames, for a low window."""
        self.setFixedHeight(LOW_HEIGHT if low else HEIGHT)
        self.refresh()

    # --- what it shows ------------------------------------------------------------------------

    def set_timeline(self, timeline: Timeline | None) -> None:
        """Show another timeline, or none."""
        if self._timeline is not None:
            self._timeline.picture_changed.disconnect(self._picture_changed)
        self._timeline = timeline
        self._scaled.clear()
        if timeline is not None:
            timeline.picture_changed.connect(self._picture_changed)
        self.refresh()
        self.update()  # also where the frames lie as before, with other pictures in them

    def refresh(self) -> None:
        """Points were added or planned: lay the frames out again where that changes them."""
        total = 0 if self._timeline is None else self._timeline.total
        there = 0 if self._timeline is None else len(self._timeline)
        axis, frame = StepAxis(self.width(), total), self._frame_size()
        if (axis, frame) == (self._axis, self._frame):
            for k in range(self._drawn, there):  # a run grows by a frame or two at a time
                if k in self._shown:
                    self.update(self.cell(k))
        else:
            if frame != self._frame:
                self._scaled.clear()
            self._axis, self._frame = axis, frame
            self._shown = axis.shown(frame.width() + GAP)
            self.update()
        self._drawn = there
        self._playhead_moved(self._playhead.index)

    def frames(self) -> list[int]:
        """The points that have a frame of their own at this width."""
        return list(self._shown)

    def cell(self, k: int, grown: int = 0) -> QRect:
        """Where the frame of point k lies; ``grown`` pixels larger on every side."""
        x = round(self._axis.x(k) - self._frame.width() / 2)
        y = (self.height() - self._frame.height()) // 2
        return QRect(x, y, self._frame.width(), self._frame.height()).adjusted(
            -grown, -grown, grown, grown
        )

    def _frame_size(self) -> QSize:
        height = self.maximumHeight() - 2 * GROWN - 2
        rows = columns = 1
        if self._timeline is not None:
            thumbnail, request = self._first_picture(), self._timeline.request
            if thumbnail is not None:
                rows, columns = thumbnail.shape[:2]
            elif request.width and request.height:
                rows, columns = request.height, request.width
        width = min(round(height * columns / rows), MAX_WIDTH)
        return QSize(width, min(round(width * rows / columns), height))

    def _first_picture(self) -> Picture | None:
        """The shape of all frames: that of the first point which is a picture."""
        timeline = self._timeline
        if timeline is None:
            return None
        firsts = (stage.first for stage in timeline.stages if timeline.shows_pictures(stage.first))
        return timeline.thumbnail(next(firsts, 0))

    def _pixmap(self, k: int, grown: int = 0) -> QPixmap | None:
        """The frame of point k, rounded and ready to be drawn as it is."""
        kept = self._scaled.get((k, grown))
        if kept is not None:
            return kept
        thumbnail = self._timeline.thumbnail(k) if self._timeline is not None else None
        if thumbnail is None:
            return None
        if len(self._scaled) >= KEPT:  # the oldest goes
            del self._scaled[next(iter(self._scaled))]
        ratio = self.devicePixelRatioF()
        size = (self._frame + QSize(2 * grown, 2 * grown)) * ratio
        if self._timeline is None or self._timeline.shows_pictures(k):
            image = scaled(image_of(thumbnail), size, hard=False)
        else:
            image = _numbers(image_of(thumbnail), size, ratio)
        pixmap = _rounded(image, RADIUS * ratio)
        pixmap.setDevicePixelRatio(ratio)
        self._scaled[k, grown] = pixmap
        return pixmap

    # --- news ---------------------------------------------------------------------------------

    def _playhead_moved(self, k: int) -> None:
        for each in {self._current, k}:
            self.update(self.cell(each, GROWN + 1))
        self._current = k

    def _picture_changed(self, k: int, view: str) -> None:
        if view != "noisy":
            return
        for grown in (0, GROWN):
            self._scaled.pop((k, grown), None)
        if self._timeline is not None and k == self._timeline.stage(k).first:
            self.refresh()  # by now the shape of the pictures is known
        self.update(self.cell(k, GROWN + 1))

    # --- Qt -----------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        """Only the frames that the dirty region touches."""
        theme = themes.current()
        painter = QPainter(self)
        painter.fillRect(event.rect(), QColor(theme.ground))
        if self._timeline is not None and self._shown:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            region = event.region()
            there = len(self._timeline)
            for k in self._shown:
                cell = self.cell(k)
                if not region.intersects(cell.adjusted(-1, -1, 1, 1)):
                    continue
                pixmap = self._pixmap(k) if k < there else None
                if pixmap is None:
                    painter.setBrush(Qt.BrushStyle.NoBrush)
                    painter.setPen(QPen(QColor(theme.edge), 1))
                    painter.drawRoundedRect(QRectF(cell).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
                else:
                    painter.drawPixmap(cell.topLeft(), pixmap)
            self._paint_current(painter)
        painter.end()

    def _paint_current(self, painter: QPainter) -> None:
        assert self._timeline is not None
        if self._current >= len(self._timeline):
            return
        theme, cell = themes.current(), self.cell(self._current, GROWN)
        pixmap = self._pixmap(self._current, GROWN)
        if pixmap is not None:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme.ground))
            painter.drawRoundedRect(cell.adjusted(-1, -1, 1, 1), RADIUS + 2, RADIUS + 2)
            painter.drawPixmap(cell.topLeft(), pixmap)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(theme.accent), 2))
        painter.drawRoundedRect(cell.adjusted(1, 1, -1, -1), RADIUS, RADIUS)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The axis is as wide as the widget."""
        super().resizeEvent(event)
        self.refresh()

    def changeEvent(self, event: QEvent) -> None:
        """A new theme, or another screen."""
        super().changeEvent(event)
        looks = (QEvent.Type.StyleChange, QEvent.Type.PaletteChange)
        if event.type() in (*looks, QEvent.Type.DevicePixelRatioChange):
            self._scaled.clear()
            self.update()


def _numbers(sheet: QImage, size: QSize, ratio: float) -> QImage:
    """Channels in the middle of a frame, as squares, with what they are below them."""
    theme, font = themes.current(), themes.font(themes.FONT_SMALL)
    font.setPixelSize(round(themes.FONT_SMALL * ratio))
    frame = QImage(size, QImage.Format.Format_RGB32)
    frame.fill(QColor(theme.raised))
    painter = QPainter(frame)
    line = QFontMetrics(font).height()
    room = QRect(0, 0, size.width(), max(size.height() - line, 1))
    fitting = sheet.size().scaled(room.size() * 0.9, Qt.AspectRatioMode.KeepAspectRatio)
    place = QRect(0, 0, fitting.width(), fitting.height())
    place.moveCenter(room.center())
    painter.drawImage(place, sheet)
    painter.setPen(QColor(theme.quiet))
    painter.setFont(font)
    below = QRect(0, room.height(), size.width(), line)
    painter.drawText(below, Qt.AlignmentFlag.AlignCenter, "numbers")
    painter.end()
    return frame


def _rounded(image: QImage, radius: float) -> QPixmap:
    result = QPixmap(image.size())
    result.fill(Qt.GlobalColor.transparent)
    painter = QPainter(result)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QBrush(image))
    painter.drawRoundedRect(result.rect(), radius, radius)
    painter.end()
    return result
