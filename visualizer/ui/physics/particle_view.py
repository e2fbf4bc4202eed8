"""ParticleView: the picture of the page, and the paper that one draws on by hand."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from visualizer.physics.shapes import Stroke
from visualizer.ui import theme as themes
from visualizer.ui.physics.scene import Camera, FlowScene

_NEAR = 3.0
"""Pixels that the mouse moves before a stroke has another point."""


class ParticleView(QWidget):
    """Shows one moment of a flow; in the hand of a person it is drawn on."""

    stroke_begun = Signal()
    stroke_drawn = Signal(object)
    """Stroke, as far as it goes, at its end."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.scene = FlowScene()
        self.painted = 0
        """How often it was painted."""
        self._level, self._on = 0, True
        self._words = ""
        self._drawable = False
        self._strokes: tuple[Stroke, ...] = ()
        self._stroke: list[tuple[float, float]] = []
        self.setAccessibleName("Particles")
        self.setMinimumSize(240, 200)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    # --- what it shows ------------------------------------------------------------------------

    @property
    def camera(self) -> Camera:
        """Where the square lies in it."""
        return Camera(self.width(), self.height())

    @property
    def empty(self) -> bool:
        """Whether there are no dots to be shown."""
        return self.scene.empty

    def show_moment(self, level: int, on: bool) -> None:
        """Show another moment; ``on``: time runs towards the shape."""
        self._level, self._on = level, on
        self.update()

    def say(self, words: str) -> None:
        """A sentence in the middle; "" for none."""
        if words != self._words:
            self._words = words
            self.setAccessibleDescription(words)
            self.update()

    def set_drawable(self, drawable: bool) -> None:
        """Whether the mouse draws."""
        self._drawable = drawable
        shape = Qt.CursorShape.CrossCursor if drawable else Qt.CursorShape.ArrowCursor
        self.setCursor(shape)

    def show_strokes(self, strokes: tuple[Stroke, ...]) -> None:
        """Lines below the particles: what a hand has drawn so far, while it draws."""
        self._strokes = strokes
        self.update()

    @property
    def drawing(self) -> bool:
        """Whether a stroke is being drawn just now."""
        return bool(self._stroke)

    # --- Qt -----------------------------------------------------------------------------------

    def sizeHint(self) -> QSize:
        """As large as possible."""
        return QSize(640, 560)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Particles, or lines while somebody draws, and a sentence."""
        painter = QPainter(self)
        ratio = self.devicePixelRatioF()
        if self._strokes or self._stroke:
            painter.fillRect(self.rect(), QColor(themes.current().ground))
            self._paint_strokes(painter)
        else:
            size = self.width(), self.height()
            self.scene.paint(painter, *size, ratio, self._level, self._on)
        if self._words and not self._stroke:
            painter.setPen(QColor(themes.current().quiet))
            painter.setFont(themes.font(themes.FONT_TITLE))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(
                QRectF(self.rect()).adjusted(16, 16, -16, -16), int(flags), self._words
            )
        painter.end()
        self.painted += 1

    def _paint_strokes(self, painter: QPainter) -> None:
        camera = self.camera
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        round_cap, round_join = Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin
        pen = QPen(QColor(themes.current().text), 5, Qt.PenStyle.SolidLine, round_cap, round_join)
        painter.setPen(pen)
        for stroke in (*self._strokes, tuple(self._stroke)):
            points = [
                QPointF(camera.width / 2 + x * camera.scale, camera.height / 2 - y * camera.scale)
                for x, y in stroke
            ]
            if len(points) == 1:
                painter.drawPoint(points[0])
            elif points:
                painter.drawPolyline(QPolygonF(points))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A stroke that is being drawn ends: its places would move."""
        super().resizeEvent(event)
        self._end_stroke()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a stroke."""
        if not self._drawable or event.button() != Qt.MouseButton.LeftButton:
            super().mousePressEvent(event)
            return
        self._stroke = [self._place(event.position())]
        self.stroke_begun.emit()
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Draw on."""
        if not self._stroke:
            return
        x, y = self._place(event.position())
        before_x, before_y = self._stroke[-1]
        if abs(x - before_x) + abs(y - before_y) > _NEAR / self.camera.scale:
            self._stroke.append((x, y))
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """The stroke is there."""
        super().mouseReleaseEvent(event)
        self._end_stroke()

    def _end_stroke(self) -> None:
        if self._stroke:
            stroke: Stroke = tuple(self._stroke)
            self._stroke = []
            self.stroke_drawn.emit(stroke)
            self.update()

    def _place(self, at: QPointF) -> tuple[float, float]:
        """In the coordinates of the square, and inside of what can be seen."""
        x = min(max(at.x(), 0.0), float(self.width()))
        y = min(max(at.y(), 0.0), float(self.height()))
        return self.camera.to_world(x, y)
