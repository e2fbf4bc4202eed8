"""PictureSlot: a place for one picture, to be dropped, pasted or opened."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import (
    QBuffer,
    QByteArray,
    QIODevice,
    QMimeData,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QColor,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QImage,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QSizePolicy, QWidget

from visualizer.ui import theme
from visualizer.ui.files import is_picture
from visualizer.ui.icons import SIZE, IconButton, icon

if TYPE_CHECKING:
    from visualizer.diffusion.arrays import Picture

HEIGHT = 5 * theme.SPACE
_WIDTHS = (18 * theme.SPACE, 34 * theme.SPACE)
_WIDEST_THUMBNAIL = 9 * theme.SPACE
_RADIUS = 6.0
_PNG = "image/png"


class PictureSlot(QAbstractButton):
    """Empty, reading, or holding a picture; a press opens a file dialog."""

    given = Signal(object)  # a Path, or the bytes of a picture
    cleared = Signal()

    def __init__(self, name: str, invitation: str, parent: QWidget | None = None) -> None:
        """``invitation`` stands in it while it is empty."""
        super().__init__(parent)
        self._name, self._invitation = name, invitation
        self._thumbnail = QImage()
        self._caption = ("", "")
        self._reading = False
        self._hovered_by_file = False
        self.setAcceptDrops(True)
        self.setFixedHeight(HEIGHT)
        self.setMinimumWidth(_WIDTHS[0])
        self.setMaximumWidth(_WIDTHS[1])
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.remove = IconButton("close", f"Take the {name.lower()} away")
        self.remove.setCursor(Qt.CursorShape.ArrowCursor)
        self.remove.clicked.connect(self.cleared)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, theme.SPACE // 2, 0)
        row.addStretch(1)
        row.addWidget(self.remove)
        self._describe()

    @property
    def empty(self) -> bool:
        """Whether it holds no picture."""
        return self._thumbnail.isNull()

    @property
    def says(self) -> str:
        """What stands in it."""
        if self._reading:
            return "Reading …"
        return self._invitation if self.empty else "\n".join(part for part in self._caption if part)

    def show_reading(self, reading: bool) -> None:
        """A picture is being read for it."""
        self._reading = reading
        self._describe()

    def show_picture(self, picture: Picture | None, caption: tuple[str, str] = ("", "")) -> None:
        """Hold a picture (H, W, 3) uint8 with two short lines beside it; None: be empty."""
        self._thumbnail = QImage() if picture is None else _thumbnail(picture)
        self._caption = caption
        self._reading = False
        self._describe()

    def _describe(self) -> None:
        self.remove.setVisible(not self.empty and not self._reading)
        self.setAccessibleName(self._name)
        self.setAccessibleDescription(self.says)
        self.setToolTip(f"{self._name}: {self.says}")
        self.update()

    def sizeHint(self) -> QSize:
        """Wide enough for its words."""
        return QSize(_WIDTHS[1], HEIGHT)

    # Dropping ---------------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Pictures are welcome; anything else is the window's."""
        if picture_in(event.mimeData()) is None:
            event.ignore()
            return
        event.acceptProposedAction()
        self._hovered_by_file = True
        self.update()

    def dragLeaveEvent(self, _event: QDragLeaveEvent) -> None:
        """It went elsewhere."""
        self._hovered_by_file = False
        self.update()

    def dropEvent(self, event: QDropEvent) -> None:
        """Take the picture."""
        self._hovered_by_file = False
        self.update()
        source = picture_in(event.mimeData())
        if source is not None:
            event.acceptProposedAction()
            self.given.emit(source)

    # Looks ------------------------------------------------------------------------------------

    def paintEvent(self, _event: QPaintEvent) -> None:
        """A dashed place for a picture, or the picture and what is known of it."""
        worn = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        self._paint_frame(painter)
        left = 1.5 * theme.SPACE
        if not self.empty:
            left = self._paint_thumbnail(painter)
        elif not self._reading:
            side = SIZE
            where = QRect(round(left), (self.height() - side) // 2, side, side)
            icon("picture", worn, worn.quiet).paint(painter, where)
            left += side + theme.SPACE
        right = self.remove.x() if self.remove.isVisibleTo(self) else self.width() - theme.SPACE
        self._paint_words(painter, QRectF(left, 0, right - left, self.height()))
        painter.end()

    def _paint_frame(self, painter: QPainter) -> None:
        worn = theme.current()
        frame = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        lit = self.underMouse() or self._hovered_by_file or self.isDown()
        painter.setBrush(QColor(worn.hover if lit else worn.surface))
        pen = QPen(QColor(worn.edge), 1)
        if self._hovered_by_file or self.hasFocus():
            pen = QPen(QColor(worn.second), 2)
        elif self.empty:
            pen.setStyle(Qt.PenStyle.DashLine)
        painter.setPen(pen)
        painter.drawRoundedRect(frame, _RADIUS, _RADIUS)

    def _paint_thumbnail(self, painter: QPainter) -> float:
        """Draw it at the left; where the words begin."""
        inside = QRectF(self.rect()).adjusted(4, 4, -4, -4)
        image = self._thumbnail
        width = min(image.width() * inside.height() / image.height(), _WIDEST_THUMBNAIL)
        target = QRectF(inside.left(), inside.top(), width, inside.height())
        shown = image.size().scaled(target.size().toSize(), _COVER)
        source = QRectF(0, 0, shown.width(), shown.height())
        source.moveCenter(target.center())
        clip = QPainterPath()
        clip.addRoundedRect(target, 3, 3)
        painter.save()
        painter.setClipPath(clip)
        painter.drawImage(source, image)
        painter.restore()
        return target.right() + theme.SPACE

    def _paint_words(self, painter: QPainter, room: QRectF) -> None:
        worn = theme.current()
        painter.setFont(theme.font(theme.FONT_SMALL))
        metrics = painter.fontMetrics()
        first, second = (self.says, "") if self.empty or self._reading else self._caption
        lines = [(first, worn.quiet if self.empty else worn.text), (second, worn.quiet)]
        shown = [(text, color) for text, color in lines if text]
        top = room.center().y() - metrics.height() * len(shown) / 2
        for text, color in shown:
            painter.setPen(QColor(color))
            fitting = metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, int(room.width()))
            line = QRectF(room.left(), top, room.width(), metrics.height())
            painter.drawText(line, Qt.AlignmentFlag.AlignVCenter, fitting)
            top += metrics.height()


_COVER = Qt.AspectRatioMode.KeepAspectRatioByExpanding


def picture_in(data: QMimeData) -> Path | bytes | None:
    """The picture that was dropped or lies on the clipboard: a file, or its bytes; or None."""
    for url in data.urls():
        if url.isLocalFile() and is_picture(url.toLocalFile()):
            return Path(url.toLocalFile())
    if data.hasFormat(_PNG):  # as it is, with what it remembers
        return bytes(data.data(_PNG).data())
    image = data.imageData() if data.hasImage() else None
    if not isinstance(image, QImage) or image.isNull():
        return None
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    # 100: not compressed at all, which is quick; it is unpacked again at once
    image.save(buffer, "PNG", 100)  # type: ignore[call-overload]
    return bytes(content.data())


def _thumbnail(picture: Picture) -> QImage:
    height, width = picture.shape[:2]
    line = picture.strides[0]
    image = QImage(picture.data, width, height, line, QImage.Format.Format_RGB888)
    return image.scaledToHeight(2 * HEIGHT, Qt.TransformationMode.SmoothTransformation)
