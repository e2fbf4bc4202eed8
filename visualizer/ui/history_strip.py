"""The runs of this sitting as small pictures: one click goes back to any of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from visualizer.ui import theme
from visualizer.ui.tips import wrapped

if TYPE_CHECKING:
    from visualizer.diffusion.arrays import Picture
    from visualizer.session.timeline import Timeline

_PICTURE = 7 * theme.SPACE
_CELL = _PICTURE + 2 * theme.SPACE
WIDTH = _CELL + theme.SPACE
_IMAGE = Qt.ItemDataRole.UserRole


class HistoryStrip(QListWidget):
    """The newest run on top; the one that is looked at has a frame."""

    chosen = Signal(object)  # Timeline

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._timelines: tuple[Timeline, ...] = ()
        self._current: Timeline | None = None
        self._drawn: list[Picture | None] = []
        self.setAccessibleName("Runs of this sitting")
        self.setFixedWidth(WIDTH)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setItemDelegate(_PictureDelegate(self))
        self.itemClicked.connect(self._choose)
        self.itemActivated.connect(self._choose)

    def set_history(self, timelines: tuple[Timeline, ...]) -> None:
        """Show these runs (oldest first, as the session keeps them)."""
        for timeline in self._timelines:
            timeline.grown.disconnect(self._redraw)
            timeline.picture_changed.disconnect(self._redraw)
        self._timelines = tuple(reversed(timelines))
        self._drawn = [None] * len(self._timelines)
        self.clear()
        for timeline in self._timelines:
            timeline.grown.connect(self._redraw)
            timeline.picture_changed.connect(self._redraw)
            item = QListWidgetItem()
            item.setSizeHint(QSize(_CELL, _CELL - theme.SPACE))
            about = description(timeline)
            item.setToolTip(wrapped(about))
            item.setData(Qt.ItemDataRole.AccessibleTextRole, about)
            self.addItem(item)
        self._redraw()
        self.set_current(self._current)

    def set_current(self, timeline: Timeline | None) -> None:
        """Mark the run that is looked at."""
        self._current = timeline
        for row, known in enumerate(self._timelines):
            if known is timeline:
                self.setCurrentRow(row)
                return
        self.setCurrentRow(-1)

    def sizeHint(self) -> QSize:
        """As high as there is room."""
        return QSize(WIDTH, _CELL)

    def _redraw(self, *_what: object) -> None:
        for row, timeline in enumerate(self._timelines):
            newest = len(timeline) - 1
            picture = timeline.thumbnail(newest) if newest >= 0 else None
            if picture is not None and picture is not self._drawn[row]:
                self._drawn[row] = picture
                self.item(row).setData(_IMAGE, _image(picture))

    def _choose(self, item: QListWidgetItem) -> None:
        timeline = self._timelines[self.row(item)]
        if timeline is not self._current:
            self.chosen.emit(timeline)


def description(timeline: Timeline) -> str:
    """ "a red Ferrari at sunset", its seed, whether it is a branch, and whether it was stopped."""
    request = timeline.request
    state = "still running" if timeline.running else ("stopped early" if timeline.cancelled else "")
    branched = timeline.parent_run is not None
    origin = f"branched at step {timeline.branched_at}" if branched else ""
    facts = [f"seed {request.seed}", f"{timeline.step_count} steps", origin, state]
    return f"{request.prompt or 'no prompt'}\n{', '.join(fact for fact in facts if fact)}"


def _image(picture: Picture) -> QImage:
    height, width = picture.shape[:2]
    line = picture.strides[0]
    return QImage(picture.data, width, height, line, QImage.Format.Format_RGB888).copy()


class _PictureDelegate(QStyledItemDelegate):
    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        worn = theme.current()
        area: QRect = option.rect
        state = option.state
        side = _PICTURE
        left = area.left() + (area.width() - side) // 2
        frame = QRectF(left, area.top() + (area.height() - side) // 2, side, side)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        shape = QPainterPath()
        shape.addRoundedRect(frame, 6, 6)
        painter.fillPath(shape, QColor(worn.raised))
        image = index.data(_IMAGE)
        if isinstance(image, QImage) and not image.isNull():
            painter.setClipPath(shape)
            scaled = image.size().scaled(frame.size().toSize(), _COVER)
            target = QRectF(0, 0, scaled.width(), scaled.height())
            target.moveCenter(frame.center())
            painter.drawImage(target, image)
            painter.setClipping(False)
        chosen = bool(state & QStyle.StateFlag.State_Selected)
        hovered = bool(state & QStyle.StateFlag.State_MouseOver)
        focused = bool(state & QStyle.StateFlag.State_HasFocus)
        if chosen or hovered:
            color = QColor(worn.text if chosen else worn.quiet)
            painter.setPen(QPen(color, 2 if chosen else 1.5))
            gap = 3.0
            painter.drawRoundedRect(frame.adjusted(-gap, -gap, gap, gap), 8, 8)
        if focused:
            painter.setPen(QPen(QColor(worn.second), 2))
            painter.drawRoundedRect(frame.adjusted(-3, -3, 3, 3), 8, 8)
        painter.restore()


_COVER = Qt.AspectRatioMode.KeepAspectRatioByExpanding
