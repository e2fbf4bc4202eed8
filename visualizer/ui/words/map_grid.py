"""The maps of all words, small, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetrics,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from visualizer.ui import theme as themes
from visualizer.ui.canvas import image_of
from visualizer.ui.explanation import percent
from visualizer.ui.words.attention_overlay import lit_picture, word_map
from visualizer.ui.words.word_sentences import shares_now

if TYPE_CHECKING:
    from visualizer.diffusion.arrays import Picture
    from visualizer.diffusion.attention import AttentionMaps

_COLUMNS = 3
_CAPTION = 20
_GAP = themes.SPACE
_SIDE = 96


class MapGrid(QWidget):
    """Pointing at a map is pointing at its word."""

    pointed = Signal(object)
    pressed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._maps: AttentionMaps | None = None
        self._step: int | None = None
        self._picture: Picture | None = None
        self._word: int | None = None
        self._made: dict[int, Picture] = {}
        self._shares: list[float] = []
        self.setAccessibleName("Maps of all words")
        self.setMouseTracking(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_maps(
        self, maps: AttentionMaps | None, step: int | None, picture: Picture | None
    ) -> None:
        """Show the maps of a step, or of all steps (None), over a picture."""
        if maps is self._maps and step == self._step and picture is self._picture:
            return
        count = 0 if self._maps is None else len(self._maps.words)
        self._maps, self._step, self._picture = maps, step, picture
        self._made.clear()
        self._shares = [] if maps is None else shares_now(maps, step)
        if maps is not None:
            said = [f"{w} {percent(s)}" for w, s in zip(maps.words, self._shares, strict=True)]
            self.setAccessibleDescription(", ".join(said[:24]))
        if (0 if maps is None else len(maps.words)) != count:
            self._fit()
        self.update()

    def show_word(self, word: int | None) -> None:
        """Frame the map of one word."""
        if word != self._word:
            self._word = word
            self.update()

    # --- where things stand -------------------------------------------------------------------

    def cell(self, word: int) -> QRectF:
        """Where the map of a word lies."""
        wide, high = self._cell_size()
        row, column = divmod(word, _COLUMNS)
        return QRectF(column * (wide + _GAP), row * (high + _CAPTION + _GAP), wide, high)

    def _cell_size(self) -> tuple[float, float]:
        wide = (self.width() - (_COLUMNS - 1) * _GAP) / _COLUMNS
        picture = self._picture
        aspect = 1.0 if picture is None else picture.shape[1] / picture.shape[0]
        return wide, wide / aspect

    def _fit(self) -> None:
        count = 0 if self._maps is None else len(self._maps.words)
        rows = -(-count // _COLUMNS)
        high = self._cell_size()[1]
        self.setFixedHeight(max(round(rows * (high + _CAPTION + _GAP) - _GAP), 0))

    def sizeHint(self) -> QSize:
        """As high as it was fitted."""
        return QSize(240, self.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Cells are as wide as there is room."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._fit()

    # --- painting -----------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        """Those that are seen."""
        maps = self._maps
        if maps is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        seen = QRectF(event.rect())
        for word in range(len(maps.words)):
            cell = self.cell(word)
            if cell.adjusted(0, 0, 0, _CAPTION).intersects(seen):
                self._paint_cell(painter, maps, word, cell)
        painter.end()

    def _paint_cell(self, painter: QPainter, maps: AttentionMaps, word: int, cell: QRectF) -> None:
        theme = themes.current()
        shape = QPainterPath()
        shape.addRoundedRect(cell, 4, 4)
        image = image_of(self._lit(maps, word))
        painter.save()
        painter.setClipPath(shape)
        painter.drawImage(cell, image, QRectF(image.rect()))
        painter.restore()
        chosen = word == self._word
        if chosen:
            painter.setPen(QPen(QColor(theme.second), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(cell.adjusted(1, 1, -1, -1), 4, 4)
        font = themes.font(themes.FONT_SMALL)
        metrics = QFontMetrics(font)
        painter.setFont(font)
        line = QRectF(cell.left(), cell.bottom() + 2, cell.width(), _CAPTION - 2)
        number = percent(self._shares[word])
        painter.setPen(QColor(theme.quiet))
        painter.drawText(line, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, number)
        room = int(line.width()) - metrics.horizontalAdvance(number) - 4
        name = metrics.elidedText(maps.words[word], Qt.TextElideMode.ElideRight, room)
        painter.setPen(QColor(theme.text))
        painter.drawText(line, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, name)

    def _lit(self, maps: AttentionMaps, word: int) -> Picture:
        made = self._made.get(word)
        if made is None:
            shown = word_map(maps.of_word(word, self._step), len(maps.words))
            picture = self._picture
            if picture is None:  # nothing to lie over yet: the light alone
                import numpy as np

                picture = np.full((maps.rows, maps.columns, 3), 235, dtype=np.uint8)
            made = self._made[word] = lit_picture(picture, shown, _SIDE, outlined=False)
        return made

    # --- hands --------------------------------------------------------------------------------

    def _word_at(self, event: QMouseEvent) -> int | None:
        words = 0 if self._maps is None else len(self._maps.words)
        at = event.position()
        return next(
            (n for n in range(words) if self.cell(n).adjusted(0, 0, 0, _CAPTION).contains(at)),
            None,
        )

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Point at the word under the mouse."""
        super().mouseMoveEvent(event)
        self.pointed.emit(self._word_at(event))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the word under the mouse."""
        word = self._word_at(event)
        if event.button() == Qt.MouseButton.LeftButton and word is not None:
            self.pressed.emit(word)
        else:
            super().mousePressEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        """Point at nothing any more."""
        super().leaveEvent(event)
        self.pointed.emit(None)

    def changeEvent(self, event: QEvent) -> None:
        """A new theme."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.PaletteChange):
            self.update()
