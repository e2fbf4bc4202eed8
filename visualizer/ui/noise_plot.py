"""The noise plot: planned and measured noise over the steps, on the filmstrip's own x axis.

Importing this file imports pyqtgraph (a third of a second): the timeline does so after the first
frame is on screen.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPixmap, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from visualizer.ui import theme as themes
from visualizer.ui.noise_scale import SHARE, NoiseScale
from visualizer.ui.step_axis import LEFT, RIGHT, StepAxis

if TYPE_CHECKING:
    from visualizer.session.timeline import Stage

pg.setConfigOptions(imageAxisOrder="row-major", antialias=True)

MARGIN = 8
"""Room inside the plot around the outermost points, so that no dot is cut in half."""
HEADER, FOOTER = 28, 20
"""Rows above the plot (the scale and the legend) and below it (step numbers)."""
MARKER_ROOM = 14
_BORDERS = 12


class NoisePlot(pg.PlotWidget):  # type: ignore[misc]  # pyqtgraph has no types
    """Two lines on an axis that never moves by itself: no zoom, no menu, no mouse at all."""

    moved = Signal()
    """Points stand at other pixels than before."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, enableMenu=False)
        self._axis = StepAxis(1, 0)
        self._scale = SHARE
        self._low, self._high = 0.0, 1.0
        self._stages: tuple[Stage, ...] = ()
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
        self._borders = [pg.InfiniteLine(angle=90) for _ in range(_BORDERS)]
        self._area = pg.PlotCurveItem()
        self._planned_curve = pg.PlotCurveItem()
        self._coming_curve = pg.PlotCurveItem()
        self._measured_curve = pg.PlotCurveItem()
        self._markers = pg.ScatterPlotItem(size=6, symbol="o", pxMode=True)
        for each in (
            self._area,
            *self._grid,
            *self._borders,
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
        coming: Sequence[tuple[float, float]] = (),
        stages: Sequence[Stage] = (),
        coming_stages: Sequence[Stage] = (),
    ) -> None:
        """Draw these values; infinite ones lie on the edge of the plot.

        Args:
            coming: (x, level) of the plan of the next run, dotted.
            stages: of the run, and of the next one: no line joins one stage to the next.
        """
        self._axis, self._scale = axis, scale
        stages = tuple(stages)
        values = np.asarray(planned, dtype=np.float64)
        self._low, self._high = low, high = scale.bounds(planned)
        steps = np.arange(len(values), dtype=np.float64)
        # while a run grows they stay as they are
        if not np.array_equal(values, self._planned) or stages != self._stages:
            self._planned, self._stages = values, stages
            levels = np.clip(values, low, high)
            self._planned_curve.setData(steps, levels, connect=_joined(len(steps), stages))
            self._area.setData(*_with_gaps(steps, levels, stages, low), fillLevel=low)
            self._draw_borders()
        self._draw_axes()
        self._area.setVisible(not scale.rises)  # below a rising line lies picture, not noise
        ahead = np.asarray(coming, dtype=np.float64).reshape(-1, 2)
        self._coming_curve.setData(
            ahead[:, 0],
            np.clip(ahead[:, 1], low, high),
            connect=_joined(len(ahead), coming_stages),
        )
        self._measured = np.asarray(measured, dtype=np.float64)
        seen = np.clip(self._measured, low, high)
        self._measured_curve.setData(steps[: len(seen)], seen, connect=_joined(len(seen), stages))
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
        wanted = (axis, self._stages, self._scale.key, low, high, box.height())
        if wanted == self._axes_drawn:  # pyqtgraph would typeset every label again
            return
        self._axes_drawn = wanted
        beyond = MARGIN / axis.spacing
        above = (high - low) * MARGIN / max(box.height() - 2 * MARGIN, 1.0)
        last = max(axis.total - 1, 1)
        box.setRange(xRange=(-beyond, last + beyond), yRange=(low - above, high + above), padding=0)
        ticks = self._scale.ticks(low, high)
        self._left.setTicks([ticks])
        self._bottom.setTicks([axis.labels(self._stages)])
        for line, tick in zip(self._grid, [*ticks, *[None] * len(self._grid)], strict=False):
            line.setVisible(tick is not None)
            if tick is not None:
                line.setPos(tick[0])

    def _draw_borders(self) -> None:
        """A quiet line between two stages."""
        between = [stage.last + 0.5 for stage in self._stages[:-1]]
        for line, x in zip(self._borders, [*between, *[None] * _BORDERS], strict=False):
            line.setVisible(x is not None)
            if x is not None:
                line.setPos(x)

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
        for line in (*self._grid, *self._borders):
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


def _joined(count: int, stages: Sequence[Stage]) -> NDArray[np.int32]:
    """1 where a point is joined to the next one, 0 at the end of a stage."""
    joined = np.ones(count, dtype=np.int32)
    joined[[stage.last for stage in stages if stage.last < count]] = 0
    return joined


def _with_gaps(
    x: NDArray[np.float64], y: NDArray[np.float64], stages: Sequence[Stage], low: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A line that goes down to ``low`` between two stages, so that nothing is filled there."""
    ends = [stage.last for stage in stages[:-1] if stage.last + 1 < len(x)]
    places = [place for end in ends for place in (end + 1, end + 1)]
    down = [float(k) for end in ends for k in (end, end + 1)]
    return np.insert(x, places, down), np.insert(y, places, low)
