"""FlowLine: the way between noise and shape as a strip of small clouds, with one playhead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from visualizer.ui import theme as themes
from visualizer.ui.focus_ring import RingedWidget
from visualizer.ui.physics.raster import ParticleRaster
from visualizer.ui.physics.scene import Camera, colors_of

if TYPE_CHECKING:
    from visualizer.physics.flow import Flow
    from visualizer.session.playhead import Playhead

HEIGHT, LOW_HEIGHT = 88, 64
_WORDS = 20
_SIDE = 4 * themes.SPACE
"""Room at both ends: the playhead is not cut there."""
_DOT = 1.5


class FlowLine(RingedWidget):
    """Dragging it scrubs; its ends say which is which."""

    taken = Signal()
    """The mouse took the playhead."""

    def __init__(self, playhead: Playhead, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._playhead = playhead
        self._flow: Flow | None = None
        self._on = True
        self._strip: QPixmap | None = None
        self.setAccessibleName("Timeline")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFixedHeight(HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setToolTip("Drag to and fro  (Space plays, ← → step)")
        playhead.moved.connect(lambda _k: self.update())
        playhead.bounds_changed.connect(lambda _count: self.update())

    def show_flow(self, flow: Flow | None, on: bool) -> None:
        """Show another flow; ``on``: time runs towards the shape."""
        self._flow, self._on = flow, on
        self._strip = None
        self.setAccessibleDescription(" to ".join(self.ends))
        self.update()

    def set_low(self, low: bool) -> None:
        """Smaller clouds, for a low window."""
        self.setFixedHeight(LOW_HEIGHT if low else HEIGHT)

    @property
    def ends(self) -> tuple[str, str]:
        """What stands at its left and right."""
        return ("noise", "shape") if self._on else ("shape", "noise")

    def place(self, k: int) -> float:
        """Where a moment stands, in pixels."""
        last = max(self._playhead.count - 1, 1)
        return _SIDE + k / last * (self.width() - 2 * _SIDE)

    def moment(self, x: float) -> int:
        """The moment nearest to a pixel."""
        last = max(self._playhead.count - 1, 0)
        share = (x - _SIDE) / max(self.width() - 2 * _SIDE, 1)
        return round(min(max(share, 0.0), 1.0) * last)

    # --- Qt -----------------------------------------------------------------------------------

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The strip as it was painted last, and the playhead over it."""
        theme = themes.current()
        painter = QPainter(self)
        if self._strip is None:
            self._strip = self._painted()
        painter.drawPixmap(0, 0, self._strip)
        x, bottom = self.place(self._playhead.index), self.height() - _WORDS + 2
        accent = QColor(theme.accent)
        painter.fillRect(QRectF(x - 1, 0, 2, bottom), accent)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(accent)
        painter.setPen(QPen(QColor(theme.ground), 2))
        painter.drawEllipse(QPointF(x, bottom), 5.5, 5.5)
        self.paint_ring(painter)
        painter.end()

    def _painted(self) -> QPixmap:
        theme, ratio = themes.current(), self.devicePixelRatioF()
        strip = QPixmap(self.size() * ratio)
        strip.setDevicePixelRatio(ratio)
        strip.fill(QColor(theme.ground))
        painter = QPainter(strip)
        side = self.height() - _WORDS - themes.SPACE // 2
        if self._flow is not None:
            self._paint_clouds(painter, side, ratio)
        painter.setPen(QPen(QColor(theme.edge), 1))
        y = self.height() - _WORDS + 2
        painter.drawLine(QPointF(_SIDE, y), QPointF(self.width() - _SIDE, y))
        painter.setFont(themes.font(themes.FONT_SMALL))
        painter.setPen(QColor(theme.quiet))
        words = QRectF(_SIDE, y + 3, self.width() - 2 * _SIDE, _WORDS - 4)
        for text, where in zip(
            self.ends, (Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight), strict=True
        ):
            painter.drawText(words, int(where | Qt.AlignmentFlag.AlignVCenter), text)
        painter.end()
        return strip

    def _paint_clouds(self, painter: QPainter, side: int, ratio: float) -> None:
        assert self._flow is not None
        last = len(self._flow.frames) - 1
        room = self.width() - 2 * _SIDE
        count = max(int(room / (1.6 * side)), 2)
        camera, raster = Camera(side, side), ParticleRaster(side, side, ratio, _DOT)
        beginning = self._flow.frames[-1 if self._on else 0][::2]
        colors = colors_of(beginning, themes.current().name)
        for each in range(count):
            moment = round(each / (count - 1) * last)
            level = last - moment if self._on else moment
            raster.draw(camera.to_screen(self._flow.frames[level][::2]), colors)
            x = _SIDE / 2 + each / (count - 1) * (self.width() - side - _SIDE)
            raster.paint(painter, QRectF(round(x), 0, side, side))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Clouds stand elsewhere."""
        super().resizeEvent(event)
        self._strip = None

    def changeEvent(self, event: QEvent) -> None:
        """A new theme, or another screen."""
        super().changeEvent(event)
        looks = (QEvent.Type.StyleChange, QEvent.Type.PaletteChange)
        if event.type() in (*looks, QEvent.Type.DevicePixelRatioChange):
            self._strip = None
            self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take the playhead."""
        if event.button() != Qt.MouseButton.LeftButton:
            super().mousePressEvent(event)
            return
        self.taken.emit()
        self._playhead.pause()
        self._playhead.seek(self.moment(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Scrub."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._playhead.seek(self.moment(event.position().x()))
