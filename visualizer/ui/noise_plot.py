"""The noise plot: planned and measured noise over the steps, on the filmstrip's own x axis.

Importing this file imports pyqtgraph (a third of a second): the timeline does so after the first
frame is on screen.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QColor, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from visualizer.ui import theme as themes
from visualizer.ui.noise_scale import SHARE, NoiseScale
from visualizer.ui.step_axis import LEFT, RIGHT, StepAxis

pg.setConfigOptions(imageAxisOrder="row-major", antialias=True)

MARGIN = 8
"""Room inside the plot around the outermost points, so that no dot is cut in half."""
HEADER, FOOTER = 28, 20
"""Rows above the plot (the scale and the legend) and below it (step numbers)."""
MARKER_ROOM = 14


class NoisePlot(pg.PlotWidget):  # type: ignore[misc]  # pyqtgraph has no types
    """Two lines on an axis that never moves by itself: no zoom, no menu, no mouse at all."""

    moved = Signal()
    """Points stand at other pixels than before."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, enableMenu=False)
        self._axis = StepAxis(1, 0)
        self._scale = SHARE
        self._low, self._high = 0.0, 1.0
        self._planned: NDArray[np.float64] = np.empty(0)
        self._measured: NDArray[np.float64] = np.empty(0)

        self.setAccessibleName("Noise plot")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setMouseEnabled(False, False)
        self.hideButtons()
        item = self.getPlotItem()
        item.layout.setContentsMargins(0, HEADER, RIGHT - MARGIN, 0)
        item.showAxis("top", False)
        item.showAxis("right", False)
        self._left, self._bottom = item.getAxis("left"), item.getAxis("bottom")
        self._left.setWidth(LEFT - MARGIN)
        self._bottom.setHeight(FOOTER)
        for axis in (self._left, self._bottom):
            axis.setStyle(tickLength=0, tickAlpha=0, tickTextOffset=6, hideOverlappingLabels=False)
        box = item.getViewBox()
        box.disableAutoRange()
        box.setDefaultPadding(0)
        self._grid = [pg.InfiniteLine(angle=0) for _ in range(6)]
        self._area = pg.PlotCurveItem()
        self._planned_curve = pg.PlotCurveItem()
        self._measured_curve = pg.PlotCurveItem()
        self._markers = pg.ScatterPlotItem(size=6, symbol="o", pxMode=True)
        for each in (
            self._area,
            *self._grid,
            self._planned_curve,
            self._measured_curve,
            self._markers,
        ):
            item.addItem(each, ignoreBounds=True)
        self._dress()
        # pyqtgraph lays itself out a little later than the widget is resized
        box.sigResized.connect(self._laid_out)

    def show_levels(
        self,
        axis: StepAxis,
        scale: NoiseScale,
        planned: Sequence[float],
        measured: Sequence[float],
    ) -> None:
        """Draw these values; infinite ones lie on the edge of the plot."""
        self._axis, self._scale = axis, scale
        self._low, self._high = scale.bounds(planned)
        self._planned = np.asarray(planned, dtype=np.float64)
        self._measured = np.asarray(measured, dtype=np.float64)
        self._draw_axes()
        low, high = self._low, self._high
        steps = np.arange(len(self._planned), dtype=np.float64)
        levels = np.clip(self._planned, low, high)
        self._planned_curve.setData(steps, levels)
        self._area.setData(steps, levels, fillLevel=low)
        self._area.setVisible(not scale.rises)  # below a rising line lies picture, not noise
        values = np.clip(self._measured, low, high)
        self._measured_curve.setData(steps[: len(values)], values[: len(steps)])
        marked = [k for k in axis.shown(MARKER_ROOM) if k < len(values)]
        self._markers.setData(np.asarray(marked, dtype=np.float64), values[marked])

    def x_pixel(self, k: float) -> float:
        """Where step k is drawn, in pixels of this widget."""
        return self._pixel(k, self._low).x()

    def y_pixel(self, k: int) -> float | None:
        """Where the line stands at step k (measured if it is there), in pixels of this widget."""
        values = self._measured if k < len(self._measured) else self._planned
        if not 0 <= k < len(values):
            return None
        value = float(np.clip(values[k], self._low, self._high))
        return self._pixel(k, value).y()

    def plot_bottom(self) -> int:
        """Where the plot ends and the step numbers begin."""
        return int(self.height() - FOOTER)

    def _pixel(self, x: float, y: float) -> QPointF:
        box = self.getPlotItem().getViewBox()
        scene = box.mapViewToScene(QPointF(x, y))
        return QPointF(self.viewportTransform().map(scene))

    def _draw_axes(self) -> None:
        """Ranges that put every point exactly on the shared axis, with MARGIN pixels around."""
        axis, low, high = self._axis, self._low, self._high
        beyond = MARGIN / axis.spacing
        inner = max(self.getPlotItem().getViewBox().height() - 2 * MARGIN, 1.0)
        above = (high - low) * MARGIN / inner
        last = max(axis.total - 1, 1)
        box = self.getPlotItem().getViewBox()
        box.setRange(xRange=(-beyond, last + beyond), yRange=(low - above, high + above), padding=0)
        ticks = self._scale.ticks(low, high)
        self._left.setTicks([ticks])
        steps = axis.ticks()
        self._bottom.setTicks([[(k, f"step {k}" if k == 0 else str(k)) for k in steps]])
        for line, tick in zip(self._grid, [*ticks, *[None] * len(self._grid)], strict=False):
            line.setVisible(tick is not None)
            if tick is not None:
                line.setPos(tick[0])

    def _laid_out(self) -> None:
        self._draw_axes()
        self.moved.emit()

    def _dress(self) -> None:
        theme = themes.current()
        self.setBackground(QColor(theme.ground))
        for axis in (self._left, self._bottom):
            axis.setPen(pg.mkPen(None))
            axis.setTextPen(QColor(theme.quiet))
            axis.setTickFont(themes.font(themes.FONT_SMALL))
        for line in self._grid:
            line.setPen(pg.mkPen(theme.line, width=1))
        self._area.setPen(pg.mkPen(None))
        self._area.setBrush(QColor(theme.surface))
        self._planned_curve.setPen(pg.mkPen(theme.quiet, width=1.5))
        self._measured_curve.setPen(pg.mkPen(theme.second, width=2))
        self._markers.setPen(pg.mkPen(None))
        self._markers.setBrush(QColor(theme.second))

    # --- Qt -----------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Pixels per step have changed."""
        if hasattr(self, "_axis"):  # pyqtgraph resizes while it constructs itself
            self._axis = StepAxis(self.width(), self._axis.total)
        super().resizeEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Nothing zooms here; whatever lies around may scroll."""
        event.ignore()

    def changeEvent(self, event: QEvent) -> None:
        """A new theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and hasattr(self, "_markers"):
            self._dress()
