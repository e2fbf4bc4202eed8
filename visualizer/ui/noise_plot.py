"""The noise plot: planned and measured noise over the steps, on the filmstrip's own x axis.

Importing this file imports pyqtgraph (a third of a second): the timeline does so after the first
frame is on screen.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPixmap, QResizeEvent, QWheelEvent
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
        self._axes_drawn: tuple[object, ...] = ()
        self._snapshot: QPixmap | None = None
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
        self._coming_curve = pg.PlotCurveItem()
        self._measured_curve = pg.PlotCurveItem()
        self._markers = pg.ScatterPlotItem(size=6, symbol="o", pxMode=True)
        for each in (
            self._area,
            *self._grid,
            self._planned_curve,
            self._coming_curve,
            self._measured_curve,
            self._markers,
        ):
            item.addItem(each, ignoreBounds=True)
        self._dress()
        # pyqtgraph lays itself out a little later than the widget is resized
        box.sigResized.connect(self._laid_out)
        self.scene().changed.connect(self._forget_snapshot)

    def show_levels(
        self,
        axis: StepAxis,
        scale: NoiseScale,
        planned: Sequence[float],
        measured: Sequence[float],
        coming: Sequence[float] = (),
    ) -> None:
        """Draw these values; infinite ones lie on the edge of the plot.

        Args:
            coming: the plan of the next run, dotted, on the same steps; it may be longer.
        """
        self._axis, self._scale = axis, scale
        values = np.asarray(planned, dtype=np.float64)
        self._low, self._high = low, high = scale.bounds(planned)
        self._draw_axes()
        steps = np.arange(len(values), dtype=np.float64)
        if not np.array_equal(values, self._planned):  # while a run grows they stay as they are
            self._planned = values
            levels = np.clip(values, low, high)
            self._planned_curve.setData(steps, levels)
            self._area.setData(steps, levels, fillLevel=low)
        self._area.setVisible(not scale.rises)  # below a rising line lies picture, not noise
        next_levels = np.clip(np.asarray(coming, dtype=np.float64), low, high)
        self._coming_curve.setData(np.arange(len(next_levels), dtype=np.float64), next_levels)
        self._measured = np.asarray(measured, dtype=np.float64)
        seen = np.clip(self._measured, low, high)
        self._measured_curve.setData(steps[: len(seen)], seen)
        marked = [k for k in axis.shown(MARKER_ROOM) if k < len(seen)]
        self._markers.setData(steps[marked], seen[marked])

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
        box = self.getPlotItem().getViewBox()
        wanted = (axis, self._scale.key, low, high, box.height())
        if wanted == self._axes_drawn:  # pyqtgraph would typeset every label again
            return
        self._axes_drawn = wanted
        beyond = MARGIN / axis.spacing
        above = (high - low) * MARGIN / max(box.height() - 2 * MARGIN, 1.0)
        last = max(axis.total - 1, 1)
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
        self._coming_curve.setPen(pg.mkPen(theme.quiet, width=1.5, style=Qt.PenStyle.DotLine))
        self._measured_curve.setPen(pg.mkPen(theme.second, width=2))
        self._markers.setPen(pg.mkPen(None))
        self._markers.setBrush(QColor(theme.second))

    # --- Qt -----------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Pixels per step have changed."""
        if hasattr(self, "_axis"):  # pyqtgraph resizes while it constructs itself
            self._axis = StepAxis(self.width(), self._axis.total)
            self._snapshot = None
        super().resizeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The plot as it was drawn last: the playhead passing over it moves nothing in it."""
        if self._snapshot is None:
            ratio = self.devicePixelRatioF()
            snapshot = QPixmap(self.viewport().size() * ratio)
            snapshot.setDevicePixelRatio(ratio)
            room = self.viewport().rect()
            painter = QPainter(snapshot)
            self.render(painter, QRectF(room), room)
            painter.end()
            self._snapshot = snapshot
        painter = QPainter(self.viewport())
        painter.setClipRegion(event.region())
        painter.drawPixmap(0, 0, self._snapshot)
        painter.end()

    def _forget_snapshot(self) -> None:
        self._snapshot = None
        self.viewport().update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Nothing zooms here; whatever lies around may scroll."""
        event.ignore()

    def changeEvent(self, event: QEvent) -> None:
        """A new theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and hasattr(self, "_markers"):
            self._dress()
            self._forget_snapshot()
        elif event.type() == QEvent.Type.DevicePixelRatioChange and hasattr(self, "_snapshot"):
            self._forget_snapshot()
