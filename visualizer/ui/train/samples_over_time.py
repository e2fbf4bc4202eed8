"""What the small denoiser painted, the earliest at the left: one row a subject."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QSizePolicy, QWidget

from visualizer.ui import theme as themes

if TYPE_CHECKING:
    from visualizer.diffusion.arrays import Picture
    from visualizer.session.train_lab import LabSamples

_GAP = 4
_CAPTION = 2 * themes.SPACE
_LEAST = 24


class SamplesOverTime(QWidget):
    """As many columns as there is room for, always with the first and the last; click one."""

    chosen = Signal(int)
    """The index of the samples that were clicked."""

    def __init__(self, rows: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows = rows
        self._samples: list[LabSamples] = []
        self._current = -1
        self._pixmaps: dict[tuple[int, int], QPixmap] = {}
        self.setAccessibleName("What it painted over time")
        self.setToolTip("From left to right: what was painted as the training went on. Click one")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_samples(self, samples: Sequence[LabSamples], current: int) -> None:
        """Show these, and mark one."""
        if list(samples) == self._samples and current == self._current:
            return
        if len(samples) < len(self._samples):
            self._pixmaps.clear()
        self._samples, self._current = list(samples), current
        self.update()

    def shown(self) -> list[int]:
        """Which samples have a column, evenly over time."""
        from visualizer.ui.train.spread import spread

        return spread(len(self._samples), self._columns())

    def _side(self) -> int:
        return max((self.height() - _CAPTION) // self._rows - _GAP, _LEAST)

    def _columns(self) -> int:
        return max((self.width() + _GAP) // (self._side() + _GAP), 1)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The columns."""
        theme, side = themes.current(), self._side()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setFont(themes.font(themes.FONT_SMALL))
        shown = self.shown()
        words_end = 0.0
        for column, index in enumerate(shown):
            left = column * (side + _GAP)
            for row in range(self._rows):
                pixmap = self._pixmap(index, row, side)
                painter.drawPixmap(QPointF(left, row * (side + _GAP)), pixmap)
            if index == self._current:
                painter.setPen(QColor(theme.second))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                tall = self._rows * (side + _GAP) - _GAP
                painter.drawRect(QRectF(left + 0.5, 0.5, side - 1, tall - 1))
            words = _in_thousands(self._samples[index].pictures)
            wide = painter.fontMetrics().horizontalAdvance(words)
            if left >= words_end:
                painter.setPen(QColor(theme.quiet))
                bottom = self._rows * (side + _GAP)
                painter.drawText(QRectF(left, bottom, wide + 2, _CAPTION), words)
                words_end = left + wide + themes.SPACE
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Look at other samples."""
        shown = self.shown()
        column = int(event.position().x() // (self._side() + _GAP))
        if 0 <= column < len(shown):
            self.chosen.emit(shown[column])

    def _pixmap(self, index: int, row: int, side: int) -> QPixmap:
        known = self._pixmaps.get((index, row))
        if known is None or known.width() != side:
            known = QPixmap.fromImage(_image(self._samples[index].painted[row])).scaled(
                side,
                side,
                Qt.AspectRatioMode.IgnoreAspectRatio,
                Qt.TransformationMode.SmoothTransformation,
            )
            self._pixmaps[(index, row)] = known
        return known


def _image(picture: Picture) -> QImage:
    height, width, _ = picture.shape
    data = picture.tobytes()
    return QImage(data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()


def _in_thousands(pictures: int) -> str:
    return f"{pictures / 1000:.1f}k" if pictures >= 1000 else str(pictures)
