"""What the small plots beside a comparison share: a ground painted once, and little above it.

They are painted by hand rather than with pyqtgraph: a few lines on axes that never move need none
of it, are there with the first frame, and follow the playhead by repainting what moves.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import (
    QColor,
    QFontMetrics,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from visualizer.ui import theme as themes
from visualizer.ui.focus_ring import RingedWidget


class PaintedPlot(RingedWidget):
    """A ground that is kept as a picture, what moves above it, or a sentence in their place."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._message = ""
        self._ground: QPixmap | None = None
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @property
    def message(self) -> str:
        """What is said in place of the plot; "" when there is one."""
        return self._message

    def area(self) -> QRectF:
        """Where points lie, in pixels of this widget."""
        raise NotImplementedError

    def paint_ground(self, painter: QPainter) -> None:
        """What stays while the playhead moves."""
        raise NotImplementedError

    def paint_above(self, painter: QPainter) -> None:
        """What moves with the playhead and the mouse."""
        raise NotImplementedError

    def point_at(self, position: QPointF) -> None:
        """The mouse points here."""
        raise NotImplementedError

    def press_at(self, position: QPointF) -> None:
        """The mouse was pressed here, or is dragged over it."""
        raise NotImplementedError

    def leave(self) -> None:
        """The mouse points at nothing any more."""
        raise NotImplementedError

    def redraw(self, message: str = "") -> None:
        """Paint everything anew; a message takes the plot's place."""
        self._message = message
        self.forget()
        if message:
            self.setAccessibleDescription(message)
        self.update()

    def forget(self) -> None:
        """What was painted does not hold any more."""
        self._ground = None

    def blank(self) -> QPixmap:
        """An empty picture of the size of this widget."""
        ratio = self.devicePixelRatioF()
        picture = QPixmap(self.size() * ratio)
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        return picture

    # --- Qt -----------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        """The ground as it was painted last, and what moves."""
        theme = themes.current()
        painter = QPainter(self)
        if self._message:
            painter.fillRect(event.rect(), QColor(theme.ground))
            painter.setPen(QColor(theme.quiet))
            painter.setFont(themes.font())
            space = self.rect().adjusted(*(2 * themes.SPACE * s for s in (1, 1, -1, -1)))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(space, flags, self._message)
        else:
            if self._ground is None:
                self._ground = self._painted_ground()
            painter.drawPixmap(0, 0, self._ground)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self.paint_above(painter)
        self.paint_ring(painter)
        painter.end()

    def _painted_ground(self) -> QPixmap:
        ground = self.blank()
        ground.fill(QColor(themes.current().ground))
        painter = QPainter(ground)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.paint_ground(painter)
        painter.end()
        return ground

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Points stand at other pixels."""
        super().resizeEvent(event)
        self.forget()

    def changeEvent(self, event: QEvent) -> None:
        """A new theme, or another screen."""
        super().changeEvent(event)
        kinds = (
            QEvent.Type.StyleChange,
            QEvent.Type.PaletteChange,
            QEvent.Type.DevicePixelRatioChange,
        )
        if event.type() in kinds:
            self.forget()
            self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go there."""
        if event.button() == Qt.MouseButton.LeftButton and not self._message:
            self.press_at(event.position())
        else:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Read out, or drag."""
        if self._message:
            return
        if event.buttons() & Qt.MouseButton.LeftButton:
            self.press_at(event.position())
        self.point_at(event.position())

    def leaveEvent(self, event: QEvent) -> None:
        """Nothing is read out any more."""
        super().leaveEvent(event)
        self.leave()


def paint_plate(painter: QPainter, words: str, middle: QPointF, room: QRectF) -> QRectF:
    """Small words on a plate, centered at ``middle`` but inside ``room``. Returns the plate."""
    theme, font = themes.current(), themes.font(themes.FONT_SMALL)
    metrics = QFontMetrics(font)
    width = min(metrics.horizontalAdvance(words) + 2 * themes.SPACE, room.width())
    plate = QRectF(0, 0, width, metrics.height() + 4)
    plate.moveCenter(middle)
    plate.moveLeft(min(max(plate.left(), room.left()), room.right() - plate.width()))
    plate.moveTop(min(max(plate.top(), room.top()), room.bottom() - plate.height()))
    painter.setPen(QPen(QColor(theme.edge), 1))
    painter.setBrush(QColor(theme.raised))
    painter.drawRoundedRect(plate, 5, 5)
    painter.setPen(QColor(theme.text))
    painter.setFont(font)
    inside = plate.adjusted(themes.SPACE - 1, 0, 1 - themes.SPACE, 0).toRect()
    words = metrics.elidedText(words, Qt.TextElideMode.ElideRight, inside.width() + 2)
    painter.drawText(inside, Qt.AlignmentFlag.AlignCenter, words)
    return plate


def paint_words(
    painter: QPainter, room: QRect | QRectF, words: str, where: Qt.AlignmentFlag, color: str
) -> None:
    """Small words in a corner of a room."""
    painter.setFont(themes.font(themes.FONT_SMALL))
    painter.setPen(QColor(color))
    painter.drawText(QRectF(room), int(where), words)
