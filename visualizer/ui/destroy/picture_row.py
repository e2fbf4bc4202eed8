"""PictureRow: pictures side by side, each with its name above it, and an arrow from one to next."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetrics,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from visualizer.ui import theme as themes
from visualizer.ui.noise_tiles import PictureTile

if TYPE_CHECKING:
    from visualizer.diffusion.arrays import Picture

_TITLE = 3 * themes.SPACE
_NOTE = 3 * themes.SPACE
_GAP = 5 * themes.SPACE
"""Between two pictures: room for an arrow."""
_NARROW_GAP = 3 * themes.SPACE
_NARROW = 720
_LEAST = 64


class PictureRow(QWidget):
    """Two or three pictures of one shape, as large as the room allows, undistorted."""

    def __init__(self, names: Mapping[str, str], parent: QWidget | None = None) -> None:
        """
        Args:
            names: of the places, from left to right ► what a screen reader calls them.
        """
        super().__init__(parent)
        self.tiles = {name: PictureTile(label, self) for name, label in names.items()}
        self._titles = dict(names)
        self._notes = dict.fromkeys(names, "")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(240, 160)

    def show_picture(
        self,
        name: str,
        picture: Picture | None,
        *,
        words: str = "",
        chip: str = "",
        faded: bool = False,
    ) -> None:
        """Show a picture in one of the places, or words where there is none."""
        tile = self.tiles[name]
        before = self._aspect()
        tile.show_picture(picture, words=words, chip=chip, faded=faded)
        if self._aspect() != before:
            self._place()

    def set_caption(self, name: str, title: str, note: str = "") -> None:
        """What stands above a picture, and quietly below it."""
        if (title, note) != (self._titles[name], self._notes[name]):
            self._titles[name], self._notes[name] = title, note
            self.tiles[name].setAccessibleName(title)
            self.update()

    def caption(self, name: str) -> str:
        """What stands above a picture."""
        return self._titles[name]

    def note(self, name: str) -> str:
        """What stands below a picture."""
        return self._notes[name]

    # --- where things stand -------------------------------------------------------------------

    def _aspect(self) -> float:
        """Width of a picture against its height: that of the first one that is there."""
        pictures = (tile.picture for tile in self.tiles.values())
        shown = next((picture for picture in pictures if picture is not None), None)
        return 1.0 if shown is None else shown.shape[1] / shown.shape[0]

    @property
    def _gap(self) -> int:
        return _NARROW_GAP if self.width() < _NARROW else _GAP

    def _place(self) -> None:
        count, aspect = len(self.tiles), self._aspect()
        wide = (self.width() - (count - 1) * self._gap) / count
        high = self.height() - _TITLE - _NOTE
        height = max(min(high, wide / aspect), _LEAST / max(aspect, 1.0))
        size = QSize(max(round(height * aspect), 1), max(round(height), 1))
        left = (self.width() - count * size.width() - (count - 1) * self._gap) // 2
        top = max((high - size.height()) // 2, 0) + _TITLE
        for tile in self.tiles.values():
            tile.setGeometry(left, top, size.width(), size.height())
            left += size.width() + self._gap
        self.update()

    # --- Qt -----------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        """All of it again."""
        super().resizeEvent(event)
        self._place()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The words around the pictures, and the arrows between them."""
        theme = themes.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        bold, small = themes.font(bold=True), themes.font(themes.FONT_SMALL)
        places = list(self.tiles.items())
        for name, tile in places:
            room = self._words_room(tile.geometry())
            above = QRectF(room.left(), tile.y() - _TITLE, room.width(), _TITLE - 4)
            self._paint_line(painter, above, self._titles[name], bold, theme.text)
            below = QRectF(room.left(), tile.geometry().bottom() + 5, room.width(), _NOTE - 4)
            self._paint_line(painter, below, self._notes[name], small, theme.quiet)
        for (_, one), (_, other) in pairwise(places):
            middle = (one.geometry().right() + other.geometry().left()) / 2
            self._paint_arrow(painter, QPointF(middle, one.geometry().center().y()))
        painter.end()

    def _words_room(self, tile: QRect) -> QRectF:
        """Words may be wider than a portrait picture, up to the middle between two."""
        wide = max((self.width() - (len(self.tiles) - 1) * self._gap) / len(self.tiles), 1)
        wide = max(min(wide, tile.width() + self._gap - themes.SPACE), 1)
        return QRectF(tile.center().x() + 0.5 - wide / 2, 0, wide, 1)

    @staticmethod
    def _paint_line(painter: QPainter, room: QRectF, words: str, font: QFont, color: str) -> None:
        painter.setFont(font)
        painter.setPen(QColor(color))
        metrics = QFontMetrics(font)
        elided = metrics.elidedText(words, Qt.TextElideMode.ElideRight, int(room.width()))
        painter.drawText(room, int(Qt.AlignmentFlag.AlignCenter), elided)

    @staticmethod
    def _paint_arrow(painter: QPainter, middle: QPointF) -> None:
        pen = QPen(QColor(themes.current().quiet), 1.5)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        x, y = middle.x(), middle.y()
        painter.drawLine(QPointF(x - 6, y), QPointF(x + 6, y))
        painter.drawLine(QPointF(x + 2, y - 4), QPointF(x + 6, y))
        painter.drawLine(QPointF(x + 2, y + 4), QPointF(x + 6, y))

    def changeEvent(self, event: QEvent) -> None:
        """A new theme."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.PaletteChange):
            self.update()
