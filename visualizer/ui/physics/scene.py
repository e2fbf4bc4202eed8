"""FlowScene: one moment of a flow, painted: particles, arrows of the score, and paths.

There is no pixmap in it: what is exported is painted on another thread than the window's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPolygonF

from visualizer.physics.shapes import HALF
from visualizer.ui import theme as themes
from visualizer.ui.physics.raster import RADIUS, ParticleRaster

if TYPE_CHECKING:
    from visualizer.physics.field import Field
    from visualizer.physics.flow import Flow

PATHS = 24
_TAIL = 40
"""Levels that a particle's bright tail reaches back."""
_LONGEST = 0.38
"""Of an arrow, in the coordinates of the square; they stand 0.46 apart."""
_MIDDLING = 4.0
"""A score of this size has half the longest arrow: the largest ones are hundreds."""
_WHEELS = {
    "dark": ("#62b1ec", "#6fd3bf", "#c4dd8a", "#f0b3a0", "#d79ade", "#938ff0"),
    "light": ("#00639c", "#00806c", "#5f7f00", "#b9472f", "#93379a", "#4940b4"),
}
"""Colors around the circle, of one lightness each; none is the accent."""


@dataclass(frozen=True)
class Camera:
    """Where the square lies on the screen: as large as fits, in the middle."""

    width: float
    height: float

    @property
    def scale(self) -> float:
        """Pixels of a 100 % screen for one unit."""
        return max(min(self.width, self.height), 1.0) / (2 * HALF)

    def to_screen(self, at: NDArray[np.float32]) -> NDArray[np.float32]:
        """(…, 2) right and up, to (…, 2) pixels right and down."""
        middle = (self.width / 2, self.height / 2)
        return np.asarray(at * (self.scale, -self.scale) + middle, dtype=np.float32)

    def to_world(self, x: float, y: float) -> tuple[float, float]:
        """Pixels to coordinates of the square."""
        return (x - self.width / 2) / self.scale, (self.height / 2 - y) / self.scale


class FlowScene:
    """Everything in the picture, for one size; what does not change is kept between moments."""

    def __init__(self) -> None:
        self.arrows = self.paths = False
        self._flow: Flow | None = None
        self._field: Field | None = None
        self._colors: NDArray[np.float32] = np.empty((0, 3), dtype=np.float32)
        self._shown: NDArray[np.int64] = np.empty(0, dtype=np.int64)
        self._made: tuple[object, ...] = ()
        self._camera = Camera(1, 1)
        self._raster = ParticleRaster(1, 1, 1.0)
        self._ways: list[tuple[QColor, list[QPointF]]] = []
        self._ground: QImage | None = None

    @property
    def empty(self) -> bool:
        """Whether there are no dots."""
        return self._flow is None

    def show(self, flow: Flow | None, field: Field | None) -> None:
        """Show another flow, the arrows with it, or none."""
        if flow is not self._flow:
            self._flow = flow
            self._made = ()
        self._field = field

    def twin(self) -> FlowScene:
        """Another one that shows the same, and goes its own way from now on."""
        twin = FlowScene()
        twin.arrows, twin.paths = self.arrows, self.paths
        twin.show(self._flow, self._field)
        return twin

    def paint(
        self, painter: QPainter, width: int, height: int, ratio: float, level: int, on: bool
    ) -> None:
        """Paint one moment.

        Args:
            width, height: of the room, in pixels of a 100 % screen; it begins at (0, 0).
            ratio: pixels of the device for each of those.
            level: 0 is the shape.
            on: whether time runs towards the shape.
        """
        theme = themes.current()
        self._prepare(width, height, ratio, theme.name, on)
        painter.fillRect(0, 0, width, height, QColor(theme.ground))
        if self._flow is None:
            return
        if self.paths and self._ground is not None:
            painter.drawImage(0, 0, self._ground)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.arrows and self._field is not None:
            self._paint_arrows(painter, level)
        self._raster.draw(self._camera.to_screen(self._flow.frames[level]), self._colors)
        self._raster.paint(painter, QRectF(0, 0, width, height))
        if self.paths:
            self._paint_tails(painter, level, on)

    # --- inside -------------------------------------------------------------------------------

    def _prepare(self, width: int, height: int, ratio: float, theme: str, on: bool) -> None:
        wanted = (width, height, ratio, theme, on, self.paths)
        if wanted == self._made:
            return
        if self._made[:3] != wanted[:3]:
            self._camera = Camera(width, height)
            radius = RADIUS * min(max(self._camera.scale / 94, 0.7), 1.6)
            self._raster = ParticleRaster(width, height, ratio, radius)
        self._made = wanted
        if self._flow is not None:
            beginning = self._flow.frames[-1 if on else 0]
            self._colors = colors_of(beginning, theme)
            self._ways, self._ground = [], None
            if self.paths:
                self._make_paths(beginning, width, height, ratio)

    def _make_paths(
        self, beginning: NDArray[np.float32], width: int, height: int, ratio: float
    ) -> None:
        assert self._flow is not None
        trembling = self._flow.way == "sde"
        chosen = _spread(beginning, PATHS // 2 if trembling else PATHS)
        at = self._camera.to_screen(self._flow.frames[:, chosen])
        size = QSize(round(width * ratio), round(height * ratio))
        ground = QImage(size, QImage.Format.Format_ARGB32_Premultiplied)
        ground.setDevicePixelRatio(ratio)
        ground.fill(Qt.GlobalColor.transparent)
        painter = QPainter(ground)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for each, particle in enumerate(chosen):
            color = QColor(*(round(float(c)) for c in self._colors[particle]))
            points = [QPointF(x, y) for x, y in at[:, each].tolist()]
            self._ways.append((color, points))
            faint = QColor(color)
            faint.setAlphaF(0.2 if trembling else 0.38)
            painter.setPen(QPen(faint, 1.2))
            painter.drawPolyline(QPolygonF(points))
        painter.end()
        self._ground = ground

    def _paint_tails(self, painter: QPainter, level: int, on: bool) -> None:
        """Where the chosen particles are, and where they were a moment ago."""
        until = level + _TAIL if on else level
        since = level if on else max(level - _TAIL, 0)
        around = QPen(QColor(themes.current().ground), 1.5)
        for color, points in self._ways:
            painter.setPen(QPen(color, 2.0))
            painter.drawPolyline(QPolygonF(points[since : until + 1]))
            painter.setPen(around)
            painter.setBrush(color)
            painter.drawEllipse(points[level], 4.5, 4.5)

    def _paint_arrows(self, painter: QPainter, level: int) -> None:
        """Longer where the score is larger, though not in proportion: it spans magnitudes."""
        assert self._field is not None
        places, arrows = self._field.places, self._field.at(level)
        edge = self._camera.width / 2 / self._camera.scale
        seen = np.abs(places[:, 0]) <= edge
        places, arrows = places[seen], arrows[seen]
        size = np.linalg.norm(arrows, axis=1, keepdims=True)
        way = arrows / np.maximum(size, 1e-6)
        long = _LONGEST * size / (size + _MIDDLING)
        tip, tail = places + way * long / 2, places - way * long / 2
        side = np.stack([-way[:, 1], way[:, 0]], axis=1)
        barb = np.minimum(long * 0.45, 0.09)
        lines = np.concatenate(
            [
                np.concatenate([tail, tip], axis=1),
                np.concatenate([tip - barb * (way + 0.6 * side), tip], axis=1),
                np.concatenate([tip - barb * (way - 0.6 * side), tip], axis=1),
            ]
        )
        ends = self._camera.to_screen(lines.reshape(-1, 2)).reshape(-1, 4)
        color = QColor(themes.current().quiet)
        color.setAlphaF(0.6)
        painter.setPen(QPen(color, 1))
        painter.drawLines([QLineF(*line) for line in ends.tolist()])


def colors_of(at: NDArray[np.float32], theme: str) -> NDArray[np.float32]:
    """(particles, 3) 0 … 255: the direction from the middle as a hue, the middle paler."""
    wheel = np.array([_rgb(color) for color in _WHEELS[theme]], dtype=np.float32)
    at = at / np.maximum(at.std(axis=0), 1e-3)  # a flat shape has all colors, too
    turn = (np.arctan2(at[:, 1], at[:, 0]) / (2 * np.pi)) % 1 * len(wheel)
    below = np.floor(turn).astype(np.int64) % len(wheel)
    share = (turn % 1)[:, None]
    hue = (1 - share) * wheel[below] + share * wheel[(below + 1) % len(wheel)]
    pale = np.array(_rgb(themes.THEMES[theme].text), dtype=np.float32)
    full = np.clip(np.linalg.norm(at, axis=1, keepdims=True) / 0.9, 0.0, 1.0) * 0.85 + 0.15
    return np.asarray(full * hue + (1 - full) * pale, dtype=np.float32)


def _rgb(name: str) -> tuple[int, int, int]:
    color = QColor(name)
    return color.red(), color.green(), color.blue()


def _spread(at: NDArray[np.float32], count: int) -> Sequence[int]:
    """Particles that lie far from one another: each new one as far from the others as can be."""
    near = np.flatnonzero(np.linalg.norm(at, axis=1) < 0.8 * HALF)
    chosen = [int(near[0])] if len(near) else []
    away = np.full(len(near), np.inf)
    while chosen and len(chosen) < min(count, len(near)):
        away = np.minimum(away, np.linalg.norm(at[near] - at[chosen[-1]], axis=1))
        chosen.append(int(near[int(away.argmax())]))
    return chosen
