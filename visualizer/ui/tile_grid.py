"""A few pictures side by side, as large as the room allows, each with a caption."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from visualizer.ui import theme as themes
from visualizer.ui.noise_tiles import PictureTile

if TYPE_CHECKING:
    from visualizer.diffusion.arrays import Picture

_CAPTION = 3 * themes.SPACE
_GAP = themes.SPACE


@dataclass(frozen=True, eq=False)
class ShownTile:
    """One of the pictures.

    Attributes:
        picture: None where there is none yet; ``words`` stand in its place then.
        marked: the one that the others are seen against: its caption is not quiet.
    """

    caption: str
    picture: Picture | None = None
    words: str = ""
    marked: bool = False


class TileGrid(QWidget):
    """All tiles are of one size; they keep the picture's proportions."""

    def __init__(self, about: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(about)
        self.tiles: list[PictureTile] = []
        self.captions: list[QLabel] = []
        self._aspect = 1.0
        self._captioned = 1
        self.setMinimumSize(160, 64)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def set_aspect(self, aspect: float) -> None:
        """Width ÷ height of the pictures."""
        if aspect != self._aspect:
            self._aspect = aspect
            self._lay_out()

    def set_caption_rows(self, rows: int) -> None:
        """How many lines a caption may take."""
        self._captioned = rows
        self._lay_out()

    def show_tiles(self, shown: Sequence[ShownTile]) -> None:
        """Show other pictures."""
        while len(self.tiles) > len(shown):
            for part in (self.tiles.pop(), self.captions.pop()):
                part.hide()
                part.deleteLater()
        while len(self.tiles) < len(shown):
            self._add()
        for each, tile, caption in zip(shown, self.tiles, self.captions, strict=True):
            tile.show_picture(each.picture, words=each.words)
            tile.setAccessibleName(each.caption)
            tile.setToolTip(each.caption)
            caption.setText(each.caption)
            role = "small" if each.marked else "small-quiet"
            if caption.property("role") != role:
                themes.set_role(caption, role)
        found = next((each.picture for each in shown if each.picture is not None), None)
        if found is not None:
            self.set_aspect(found.shape[1] / found.shape[0])
        self._lay_out()

    def _add(self) -> None:
        tile, caption = PictureTile("", self), QLabel(self)
        caption.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        caption.setTextFormat(Qt.TextFormat.PlainText)
        caption.setWordWrap(True)
        tile.show()
        caption.show()
        self.tiles.append(tile)
        self.captions.append(caption)

    def sizeHint(self) -> QSize:
        """A row of them."""
        return QSize(480, 160)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Other places."""
        super().resizeEvent(event)
        self._lay_out()

    def _lay_out(self) -> None:
        count = len(self.tiles)
        if not count:
            return
        below = _CAPTION + 16 * (self._captioned - 1)
        columns = max(range(1, count + 1), key=lambda n: (self._height_of(n, below), -n))
        height = max(self._height_of(columns, below), 24.0)
        width = int(height * self._aspect)
        rows = -(-count // columns)
        across = columns * width + (columns - 1) * _GAP
        down = rows * (round(height) + below) + (rows - 1) * _GAP
        left, top = (self.width() - across) // 2, max((self.height() - down) // 2, 0)
        for n, (tile, caption) in enumerate(zip(self.tiles, self.captions, strict=True)):
            row, column = divmod(n, columns)
            x, y = left + column * (width + _GAP), top + row * (round(height) + below + _GAP)
            tile.setGeometry(QRect(x, y, width, round(height)))
            caption.setGeometry(QRect(x, y + round(height) + 4, width, below - 4))

    def _height_of(self, columns: int, below: int) -> float:
        """How high a picture can be in so many columns."""
        rows = -(-len(self.tiles) // columns)
        high = (self.height() - (rows - 1) * _GAP) / rows - below
        wide = (self.width() - (columns - 1) * _GAP) / columns
        return min(high, wide / self._aspect)
