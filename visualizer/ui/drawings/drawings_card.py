"""A card: this picture, and the drawings of the training that are most like it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPixmap
from PySide6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from visualizer.ui import theme
from visualizer.ui.canvas import image_of, scaled
from visualizer.ui.drawings.distance_ruler import DistanceRuler
from visualizer.ui.overlay_card import OverlayCard
from visualizer.ui.panel_parts import label

if TYPE_CHECKING:
    from visualizer.diffusion.arrays import Picture
    from visualizer.session.drawings import Drawings
    from visualizer.session.failure import Failure
    from visualizer.session.timeline import Timeline
    from visualizer.training.drawing_index import By
    from visualizer.training.nearest import Drawing, Neighbors

TITLE = "Was it in the training pictures?"
_ROWS: dict[By, tuple[str, str]] = {
    "latents": ("Nearest in the latent", "In the numbers that the model itself works on"),
    "features": (
        "Nearest in what they show",
        "In what a judge sees that was trained to name the things in drawings",
    ),
}
_TILES = 5
_SIDE, _LOW_SIDE = 104, 64
_LOW = 560


class DrawingsCard(OverlayCard):
    """Opens over the page, asks the session, and fills itself when the answer is there."""

    said = Signal(str, bool)  # for the status; whether it stays

    def __init__(self, drawings: Drawings, parent: QWidget) -> None:
        super().__init__(TITLE, parent)
        self._drawings = drawings
        self._timeline: Timeline | None = None
        self.sentence = label("")
        self.picture = QLabel()
        self.picture.setAccessibleName("This picture")
        self.prompt = label("small-quiet", wraps=False)
        self.tiles: dict[By, list[Tile]] = {}
        self.ruler = DistanceRuler()
        self.copy = QPushButton("Copy as a picture")
        self.copy.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.copy.setToolTip("This whole comparison, to be pasted elsewhere")
        self._lay_out()
        self.copy.clicked.connect(self._copy)
        drawings.found.connect(self._show_found)
        drawings.failed.connect(self._show_failure)

    def _lay_out(self) -> None:
        space = theme.SPACE
        self.column.addWidget(self.sentence)
        self._body = QWidget()
        both = QHBoxLayout(self._body)
        both.setContentsMargins(0, 0, 0, 0)
        both.setSpacing(3 * space)
        mine = QVBoxLayout()
        mine.setSpacing(space // 2)
        mine.addWidget(label("small", "This picture", wraps=False))
        mine.addWidget(self.picture)
        mine.addWidget(self.prompt)
        mine.addStretch(1)
        both.addLayout(mine)
        rows = QVBoxLayout()
        rows.setSpacing(space)
        for by, (name, about) in _ROWS.items():
            head = label("small", name, wraps=False)
            head.setToolTip(about)
            rows.addWidget(head)
            row = QHBoxLayout()
            row.setSpacing(space)
            self.tiles[by] = [Tile() for _ in range(_TILES)]
            for tile in self.tiles[by]:
                row.addWidget(tile)
            row.addStretch(1)
            rows.addLayout(row)
        both.addLayout(rows, 1)
        self.column.addWidget(self._body)
        self.column.addWidget(self.ruler)
        last = QHBoxLayout()
        last.addStretch(1)
        last.addWidget(self.copy)
        self.column.addLayout(last)

    def ask(self, timeline: Timeline) -> None:
        """Open for the finished picture of a run, and look for its drawings."""
        self._timeline = timeline
        run = timeline.trajectory
        assert run is not None
        assert run.final is not None
        parent = self.parentWidget()
        low = parent is not None and parent.height() < _LOW
        side = _LOW_SIDE if low else _SIDE
        space = theme.SPACE
        self.column.setContentsMargins(*[(2 if low else 3) * space] * 4)
        self.column.setSpacing(space if low else 2 * space)
        for tiles in self.tiles.values():
            for tile in tiles:
                tile.clear(side)
        large = 2 * side + 3 * space
        self.picture.setPixmap(_pixmap(self, run.final, large))
        self.picture.setFixedSize(large, large)
        self.prompt.setText(_elided(f"“{timeline.request.prompt}”", large))
        self.prompt.setToolTip(timeline.request.prompt)
        self.sentence.setText("Looking through everything the model was trained on …")
        self.ruler.setVisible(False)
        self.copy.setEnabled(False)
        self.open_card()
        self._drawings.find(timeline)

    def _show_found(self, timeline: Timeline, neighbors: Neighbors) -> None:
        if timeline is not self._timeline or self.isHidden():
            return
        self.sentence.setText(neighbors.sentence)
        for by, tiles in self.tiles.items():
            drawings = neighbors.drawings[by]
            for tile, drawing in zip(tiles, drawings, strict=False):
                tile.show_drawing(drawing)
        nearest = neighbors.drawings["latents"][0]
        self.ruler.show_distances(nearest.distance, neighbors.scales["latents"])
        self.ruler.setVisible(True)
        self.copy.setEnabled(True)
        self._center()

    def _show_failure(self, failure: Failure) -> None:
        if not self.isHidden():
            self.sentence.setText(f"{failure.title} {failure.detail}")

    def _copy(self) -> None:
        QApplication.clipboard().setPixmap(self.grab())
        self.said.emit("Comparison copied", False)


class Tile(QWidget):
    """A drawing, how far it is, and its caption."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._is_empty = False  # it waits for a drawing
        self.picture = QLabel()
        self.distance = label("small", wraps=False)
        self.caption = label("small-quiet", wraps=False)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        for part in (self.picture, self.distance, self.caption):
            column.addWidget(part)
        self._side, self._low = _SIDE, False

    def clear(self, side: int) -> None:
        """Room for a drawing that is not known yet."""
        self._side, self._is_empty = side, True
        self._fill()
        self.picture.setFixedSize(side, side)
        self.setFixedWidth(side)
        self._low = side == _LOW_SIDE
        self.caption.setWordWrap(not self._low)
        lines = 1 if self._low else 3
        height = QFontMetrics(theme.font(theme.FONT_SMALL)).height()
        self.distance.setFixedHeight(height)
        self.caption.setFixedHeight(lines * height)
        self.distance.setText(" ")
        self.caption.setText(" ")

    def _fill(self) -> None:
        empty = QPixmap(self._side, self._side)
        empty.fill(theme.current().raised)
        self.picture.setPixmap(empty)

    def changeEvent(self, event: QEvent) -> None:
        """A new theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self._is_empty:
            self._fill()

    def show_drawing(self, drawing: Drawing) -> None:
        """What was found."""
        self._is_empty = False
        self.picture.setPixmap(_pixmap(self, drawing.picture, self._side))
        self.distance.setText(f"{drawing.distance:.2f}")
        caption = drawing.caption
        self.caption.setText(_elided(caption, self._side) if self._low else caption)
        number = f"{drawing.index:,}".replace(",", "\u202f")
        self.setToolTip(f"Drawing {number}: {drawing.caption}")
        self.setAccessibleName(f"{drawing.caption}, distance {drawing.distance:.2f}")


def _pixmap(widget: QWidget, picture: Picture, side: int) -> QPixmap:
    ratio = widget.devicePixelRatioF()
    size = QSize(round(side * ratio), round(side * ratio))
    made = QPixmap.fromImage(scaled(image_of(picture), size, hard=False))
    made.setDevicePixelRatio(ratio)
    return made


def _elided(text: str, width: int) -> str:
    metrics = QFontMetrics(theme.font(theme.FONT_SMALL))
    return metrics.elidedText(text, Qt.TextElideMode.ElideRight, width)
