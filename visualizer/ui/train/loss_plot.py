"""The loss over the pictures shown: every step faintly, and the smoothed course.

Importing this file imports pyqtgraph: the lab does so when it is first shown.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget

from visualizer.ui import theme as themes

_MOST_DOTS = 400
"""More take long to draw: the window would stutter while the network learns."""
_CALM = 0.97
"""How much of the smoothed loss stays with each step."""
_TOP = 1.2


class LossPlot(pg.PlotWidget):  # type: ignore[misc]  # pyqtgraph has no types
    """No zoom, no menu: it grows by itself."""

    def __init__(self, batch: int, parent: QWidget | None = None) -> None:
        """
        Args:
            batch: how many pictures a step shows.
        """
        super().__init__(parent, enableMenu=False)
        self._batch = batch
        self._smoothed: list[float] = []
        self.setAccessibleName("Loss")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setMouseEnabled(False, False)
        self.hideButtons()
        item = self.getPlotItem()
        self._left, self._bottom = item.getAxis("left"), item.getAxis("bottom")
        self._left.setWidth(5 * themes.SPACE)
        for axis in (self._left, self._bottom):
            axis.setStyle(tickLength=0, tickAlpha=0, tickTextOffset=6)
        self._left.setTicks([[(0, "0"), (0.5, "0.5"), (1, "1")]])
        self._bottom.enableAutoSIPrefix(False)
        item.getViewBox().disableAutoRange()
        item.getViewBox().setDefaultPadding(0)
        self._grid = [pg.InfiniteLine(pos=y, angle=0) for y in (0, 0.5, 1)]
        self._raw, self._course = pg.PlotCurveItem(), pg.PlotCurveItem()
        for each in (*self._grid, self._raw, self._course):
            item.addItem(each, ignoreBounds=True)
        self.dress()
        self.show_losses([])

    def show_losses(self, losses: Sequence[float]) -> None:
        """Draw these, one a step; those that were there before are not looked at again."""
        if len(losses) < len(self._smoothed):
            self._smoothed = []
        for loss in losses[len(self._smoothed) :]:
            count = len(self._smoothed)
            keep = min(_CALM, count / (count + 1))
            before = self._smoothed[-1] if self._smoothed else loss
            self._smoothed.append(keep * before + (1 - keep) * loss)
        steps = _thinned(len(losses))
        shown = (steps + 1.0) * self._batch
        self._raw.setData(shown, np.minimum(np.asarray(losses, dtype=np.float64)[steps], _TOP))
        self._course.setData(shown, np.minimum(np.asarray(self._smoothed)[steps], _TOP))
        most = max(len(losses) * self._batch, 1000)
        self.setRange(xRange=(0, most), yRange=(0, _TOP), padding=0)
        ticks = np.linspace(0, most, 5)
        words = [f"{x / 1000:.1f}k" if x >= 1000 else f"{x:.0f}" for x in ticks]
        self._bottom.setTicks([list(zip(ticks, words, strict=True))])

    @property
    def smoothed(self) -> float | None:
        """Where the course is now."""
        return self._smoothed[-1] if self._smoothed else None

    def dress(self) -> None:
        """Wear the colors of the theme."""
        theme = themes.current()
        self.setBackground(QColor(theme.ground))
        for axis in (self._left, self._bottom):
            axis.setPen(pg.mkPen(None))
            axis.setTextPen(QColor(theme.quiet))
            axis.setTickFont(themes.font(themes.FONT_SMALL))
        for line in self._grid:
            line.setPen(pg.mkPen(theme.line, width=1))
        self._raw.setPen(pg.mkPen(theme.edge, width=1))
        self._course.setPen(pg.mkPen(theme.second, width=2))

    def changeEvent(self, event: QEvent) -> None:
        """A new theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and hasattr(self, "_course"):
            self.dress()


def _thinned(count: int) -> NDArray[np.int64]:
    """Evenly chosen steps, no more than can be seen, the last among them."""
    if count <= _MOST_DOTS:
        return np.arange(count)
    return np.unique(np.linspace(0, count - 1, _MOST_DOTS).astype(np.int64))
