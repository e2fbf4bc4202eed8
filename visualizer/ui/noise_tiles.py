"""NoiseStage: static above picture for up to three noises, and the hands that edit the static."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFontMetrics,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from visualizer.ui import theme as themes
from visualizer.ui.canvas import ScaledPictures
from visualizer.ui.focus_ring import paint_ring

if TYPE_CHECKING:
    from visualizer.diffusion.arrays import Picture

Hand = Literal["", "paste", "shift"]
Frame = tuple[float, float, float, float]
"""A rectangle on a picture: left, top, right, bottom as shares of its sides."""
_RADIUS = 6
_CAPTION = 3 * themes.SPACE
_BETWEEN = 3 * themes.SPACE
"""Between a static and its picture: room for what leads from one to the other."""
_GAP = 2 * themes.SPACE
_STATIC = 0.62
"""How large a static is beside its picture, where height is short."""
_LEAST = 64
_FADED = 0.45
_ARROWS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}


class PictureTile(QWidget):
    """One picture in a rounded frame, or a quiet sentence in its place."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._scaled = ScaledPictures(16 * 2**20)
        self._picture: Picture | None = None
        self._offset = (0.0, 0.0)
        self._words = self._chip = ""
        self._faded = False
        self._frame: Frame | None = None
        self.setAccessibleName(name)

    @property
    def picture(self) -> Picture | None:
        """What is shown."""
        return self._picture

    @property
    def words(self) -> str:
        """What is said where there is no picture."""
        return self._words

    @property
    def chip(self) -> str:
        """What is written over the picture."""
        return self._chip

    @property
    def faded(self) -> bool:
        """Whether the picture is that of another wish."""
        return self._faded

    @property
    def frame(self) -> Frame | None:
        """The rectangle that is drawn over the picture."""
        return self._frame

    def show_picture(
        self,
        picture: Picture | None,
        *,
        words: str = "",
        chip: str = "",
        faded: bool = False,
        offset: tuple[float, float] = (0.0, 0.0),
    ) -> None:
        """Show a picture.

        Args:
            words: said where there is none.
            chip: a few words over it.
            faded: it is not of what is wished for now.
            offset: moved right and down by these shares of its sides, wrapping round.
        """
        wanted = (picture, words, chip, faded, offset)
        known = (self._picture, self._words, self._chip, self._faded, self._offset)
        if picture is self._picture and wanted[1:] == known[1:]:
            return
        self._picture, self._words, self._chip, self._faded, self._offset = wanted
        self.setAccessibleDescription(" ".join(filter(None, (words, chip))))
        self.update()

    def set_frame(self, frame: Frame | None) -> None:
        """Draw a rectangle over the picture."""
        if frame != self._frame:
            self._frame = frame
            self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The picture in its frame."""
        theme = themes.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        room = QRectF(self.rect())
        shape = QPainterPath()
        shape.addRoundedRect(room, _RADIUS, _RADIUS)
        painter.fillPath(shape, QColor(theme.surface))
        if self._picture is None:
            painter.setPen(QPen(QColor(theme.line), 1))
            painter.drawRoundedRect(room.adjusted(0.5, 0.5, -0.5, -0.5), _RADIUS, _RADIUS)
            self._paint_words(painter)
        else:
            painter.save()
            painter.setClipPath(shape)
            painter.setOpacity(_FADED if self._faded else 1.0)
            self._paint_picture(painter, self._picture)
            painter.restore()
        if self._frame is not None:
            self._paint_frame(painter, self._frame)
        if self._chip:
            self._paint_chip(painter)
        painter.end()

    def _paint_picture(self, painter: QPainter, picture: Picture) -> None:
        ratio = self.devicePixelRatioF()
        pixmap = self._scaled.get(picture, (QSizeF(self.size()) * ratio).toSize(), False)
        width, height = float(self.width()), float(self.height())
        right, down = (share % 1.0 for share in self._offset)
        for x in (right * width, right * width - width):
            for y in (down * height, down * height - height):
                where = QRectF(x, y, width, height)
                if where.intersects(QRectF(self.rect())):
                    painter.drawPixmap(where, pixmap, QRectF(pixmap.rect()))

    def _paint_words(self, painter: QPainter) -> None:
        painter.setPen(QColor(themes.current().quiet))
        painter.setFont(themes.font(themes.FONT_SMALL))
        room = self.rect().adjusted(*(themes.SPACE * s for s in (1, 1, -1, -1)))
        flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        painter.drawText(room, flags, self._words)

    def _paint_frame(self, painter: QPainter, frame: Frame) -> None:
        """Two lines, so that it is seen on any picture."""
        box = self.box_of(frame)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for color, width in (("#000000", 4.0), ("#ffffff", 2.0)):
            painter.setPen(QPen(QColor(color), width, Qt.PenStyle.SolidLine))
            painter.drawRect(box)

    def _paint_chip(self, painter: QPainter) -> None:
        theme, space = themes.current(), themes.SPACE
        font = themes.font(themes.FONT_SMALL)
        width = min(QFontMetrics(font).horizontalAdvance(self._chip) + 2 * space, self.width())
        box = QRectF((self.width() - width) / 2, self.height() - 4 * space, width, 3 * space)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.surface))
        painter.drawRoundedRect(box, 6, 6)
        painter.setPen(QColor(theme.text))
        painter.setFont(font)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, self._chip)

    def box_of(self, frame: Frame) -> QRectF:
        """Where a rectangle of the picture lies on the widget; its edge stays inside."""
        left, top, right, bottom = frame
        wide, high = self.width(), self.height()
        box = QRectF(QPointF(left * wide, top * high), QPointF(right * wide, bottom * high))
        return box.intersected(QRectF(self.rect()).adjusted(2, 2, -2, -2))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Old sizes will not come back."""
        super().resizeEvent(event)
        self._scaled.clear()

    def changeEvent(self, event: QEvent) -> None:
        """A new theme."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.PaletteChange):
            self.update()


class StaticTile(PictureTile):
    """A static that can be taken in hand: a rectangle is drawn on it, or it is moved."""

    framed = Signal(object, bool)  # Frame or None; whether it is being drawn still
    moved = Signal(float, float, bool)  # right and down, more than before; whether it goes on

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(name, parent)
        self._hand: Hand = ""
        self._positions = (1, 1)
        self._grip: QPointF | None = None
        self._carried = (0, 0)
        self.set_hand("")

    def set_hand(self, hand: Hand) -> None:
        """What the mouse and the arrow keys do here."""
        self._hand = hand
        self._grip = None
        shapes = {"paste": Qt.CursorShape.CrossCursor, "shift": Qt.CursorShape.OpenHandCursor}
        self.setCursor(shapes.get(hand, Qt.CursorShape.ArrowCursor))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if hand else Qt.FocusPolicy.NoFocus)
        self.setToolTip(
            {
                "paste": "Drag a rectangle. The arrow keys move it, with Shift they size it",
                "shift": "Drag the static, or move it with the arrow keys",
            }.get(hand, "")
        )

    def set_positions(self, positions: tuple[int, int]) -> None:
        """Rows and columns of the latent: an edit begins and ends between two of them."""
        self._positions = positions

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold."""
        if event.button() != Qt.MouseButton.LeftButton or not self._hand:
            event.ignore()
            return
        self._grip, self._carried = event.position(), (0, 0)
        if self._hand == "shift":
            self.setCursor(Qt.CursorShape.ClosedHandCursor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Draw the rectangle, or carry the static along."""
        if self._grip is None:
            event.ignore()
        elif self._hand == "paste":
            self._draw(self._grip, event.position(), True)
        else:
            self._carry(event.position(), True)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go; a click without a drag takes the rectangle away."""
        grip, self._grip = self._grip, None
        if grip is None:
            event.ignore()
        elif self._hand == "paste":
            near = (event.position() - grip).manhattanLength() < themes.SPACE / 2
            if near:
                self.framed.emit(None, False)
            else:
                self._draw(grip, event.position(), False)
        else:
            self.setCursor(Qt.CursorShape.OpenHandCursor)
            self._grip = grip
            self._carry(event.position(), False)
            self._grip = None

    def _draw(self, start: QPointF, end: QPointF, goes_on: bool) -> None:
        rows, columns = self._positions
        left, right = self._span(start.x(), end.x(), self.width(), columns)
        top, bottom = self._span(start.y(), end.y(), self.height(), rows)
        self.framed.emit((left, top, right, bottom), goes_on)

    @staticmethod
    def _span(start: float, end: float, length: int, positions: int) -> tuple[float, float]:
        """Whole positions that hold both places, as shares."""
        low, high = sorted((start / max(length, 1), end / max(length, 1)))
        first = min(max(int(low * positions), 0), positions - 1)
        last = min(max(-int(-high * positions // 1), first + 1), positions)
        return first / positions, last / positions

    def _carry(self, place: QPointF, goes_on: bool) -> None:
        assert self._grip is not None
        rows, columns = self._positions
        carried = (
            round((place.x() - self._grip.x()) / max(self.width(), 1) * columns),
            round((place.y() - self._grip.y()) / max(self.height(), 1) * rows),
        )
        right, down = carried[0] - self._carried[0], carried[1] - self._carried[1]
        self._carried = carried
        if right or down or not goes_on:
            self.moved.emit(right / columns, down / rows, goes_on)

    def event(self, event: QEvent) -> bool:
        """The arrow keys are this widget's, not the timeline's, while it has the focus."""
        override = event.type() == QEvent.Type.ShortcutOverride
        if override and self._hand and isinstance(event, QKeyEvent) and event.key() in _ARROWS:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The arrow keys do what the mouse does, one position at a time."""
        step = next((by for key, by in _ARROWS.items() if key == event.key()), None)
        if step is None or not self._hand:
            super().keyPressEvent(event)
            return
        rows, columns = self._positions
        right, down = step[0] / columns, step[1] / rows
        if self._hand == "shift":
            self.moved.emit(right, down, False)
            return
        left, top, right_edge, bottom = self._frame or (0.25, 0.25, 0.75, 0.75)
        sizes = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if not sizes:
            right = min(max(right, -left), 1 - right_edge)
            down = min(max(down, -top), 1 - bottom)
            left, top = left + right, top + down
        right_edge = min(max(right_edge + right, left + 1 / columns), 1.0)
        bottom = min(max(bottom + down, top + 1 / rows), 1.0)
        self.framed.emit((left, top, right_edge, bottom), False)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """A ring says where the keys go."""
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """No ring without focus."""
        super().focusOutEvent(event)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The static, and a ring where the keys go."""
        super().paintEvent(event)
        if self.hasFocus():
            painter = QPainter(self)
            paint_ring(painter, self.rect(), _RADIUS)
            painter.end()


@dataclass(frozen=True)
class Column:
    """One noise: its static above what came of it."""

    static: StaticTile
    result: PictureTile


class NoiseStage(QWidget):
    """Up to three columns, each a static, what leads from it to a picture, and the picture."""

    def __init__(self, columns: dict[str, str], parent: QWidget | None = None) -> None:
        """
        Args:
            columns: name ► what a screen reader calls it.
        """
        super().__init__(parent)
        self.columns = {
            name: Column(
                StaticTile(f"{label}: static", self), PictureTile(f"{label}: picture", self)
            )
            for name, label in columns.items()
        }
        self._captions = dict.fromkeys(columns, "")
        self._shown = list(columns)
        self._aspect = 1.0
        self._leads = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(320, 240)

    def set_columns(self, shown: list[str]) -> None:
        """Which columns are seen."""
        if shown != self._shown:
            self._shown = shown
            for name, column in self.columns.items():
                for tile in (column.static, column.result):
                    tile.setVisible(name in shown)
            self._place()

    @property
    def shown(self) -> list[str]:
        """The columns that are seen."""
        return list(self._shown)

    def set_captions(self, captions: dict[str, str], leads: str) -> None:
        """What stands above each column, and between a static and its picture."""
        if (captions, leads) != (self._captions, self._leads):
            self._captions, self._leads = dict(captions), leads
            self.update()

    def caption(self, name: str) -> str:
        """What stands above a column."""
        return self._captions[name]

    def set_aspect(self, aspect: float) -> None:
        """Width of a picture against its height."""
        if aspect != self._aspect:
            self._aspect = aspect
            self._place()

    def _place(self) -> None:
        """As large as there is room: the pictures first, the statics in what they leave."""
        count = max(len(self._shown), 1)
        wide = (self.width() - (count - 1) * _GAP) / count / self._aspect
        high = self.height() - _CAPTION - _BETWEEN
        picture = max(min(wide, high / (1 + _STATIC)), _LEAST)
        static = max(min(picture, high - picture), _LEAST * _STATIC)
        size = QSize(round(picture * self._aspect), round(picture))
        small = QSize(round(static * self._aspect), round(static))
        left = (self.width() - count * size.width() - (count - 1) * _GAP) // 2
        used = _CAPTION + small.height() + _BETWEEN + size.height()
        top = max((self.height() - used) // 2, 0) + _CAPTION
        for name in self._shown:
            column = self.columns[name]
            inset = (size.width() - small.width()) // 2
            column.static.setGeometry(left + inset, top, small.width(), small.height())
            below = top + small.height() + _BETWEEN
            column.result.setGeometry(left, below, size.width(), size.height())
            left += size.width() + _GAP
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """All of it again."""
        super().resizeEvent(event)
        self._place()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The words above and between the pictures."""
        theme = themes.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for name in self._shown:
            column = self.columns[name]
            static, result = column.static.geometry(), column.result.geometry()
            above = QRectF(result.x(), static.y() - _CAPTION, result.width(), _CAPTION - 4)
            font = themes.font(bold=True)
            painter.setFont(font)
            painter.setPen(QColor(theme.text))
            words = QFontMetrics(font).elidedText(
                self._captions[name], Qt.TextElideMode.ElideRight, int(above.width())
            )
            painter.drawText(above, Qt.AlignmentFlag.AlignCenter, words)
            between = QRectF(result.x(), static.bottom() + 1, result.width(), _BETWEEN)
            self._paint_lead(painter, between)
        painter.end()

    def _paint_lead(self, painter: QPainter, room: QRectF) -> None:
        """ "30 steps" and an arrow down."""
        theme = themes.current()
        font = themes.font(themes.FONT_SMALL)
        painter.setFont(font)
        painter.setPen(QColor(theme.quiet))
        long = QFontMetrics(font).horizontalAdvance(self._leads)
        left = room.center().x() - (long + 16) / 2
        box = QRectF(left + 16, room.y(), long + 2.0, room.height())
        painter.drawText(
            box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, self._leads
        )
        x, y = left + 5, room.center().y()
        painter.setPen(
            QPen(QColor(theme.quiet), 1.5, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap)
        )
        painter.drawLine(QPointF(x, y - 5), QPointF(x, y + 5))
        painter.drawLine(QPointF(x - 3.5, y + 1.5), QPointF(x, y + 5))
        painter.drawLine(QPointF(x + 3.5, y + 1.5), QPointF(x, y + 5))

    def changeEvent(self, event: QEvent) -> None:
        """A new theme."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.PaletteChange):
            self.update()
