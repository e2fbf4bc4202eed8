"""Which part of every picture of the grid is seen, and how a zoom or a drag changes it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF

from visualizer.ui.canvas import MAX_PIXEL

if TYPE_CHECKING:
    from visualizer.diffusion.arrays import Picture


@dataclass(frozen=True)
class Camera:
    """Which part of every picture is seen: the same for all lanes.

    Attributes:
        zoom: 1 is the whole picture.
        center: the point of the picture in the middle, 0 … 1.
        hard: every pixel as a square.
    """

    zoom: float = 1.0
    center: QPointF = field(default_factory=lambda: QPointF(0.5, 0.5))
    hard: bool = False

    def target(self, room: QRectF, picture: Picture) -> QRectF:
        """Where the whole picture lies when its lane has this room."""
        rows, columns = picture.shape[:2]
        scale = self.zoom * min(room.width() / columns, room.height() / rows)
        width, height = columns * scale, rows * scale
        return QRectF(
            room.x() + _held(room.width() / 2 - self.center.x() * width, width, room.width()),
            room.y() + _held(room.height() / 2 - self.center.y() * height, height, room.height()),
            width,
            height,
        )

    def zoomed(self, factor: float, about: QPointF, room: QRectF, picture: Picture) -> Camera:
        """Nearer, or farther away; the point of this picture at ``about`` stays where it is.

        No farther than whole pictures, and no nearer than pixels of ``MAX_PIXEL``.
        """
        before = self.target(room, picture)
        most = max(1.0, MAX_PIXEL * self.zoom * picture.shape[1] / before.width())
        zoom = min(max(self.zoom * factor, 1.0), most)
        u = (about.x() - before.x()) / before.width()
        v = (about.y() - before.y()) / before.height()
        grown = zoom / self.zoom
        away = about - room.center()
        center = QPointF(
            u - away.x() / (before.width() * grown), v - away.y() / (before.height() * grown)
        )
        return replace(self, zoom=zoom, center=center)

    def within(self, room: QRectF, picture: Picture) -> Camera:
        """No further beside this picture than its edges allow."""
        target = self.target(room, picture)
        inside = room.center() - target.topLeft()
        center = QPointF(inside.x() / target.width(), inside.y() / target.height())
        return replace(self, center=center)


def _held(start: float, length: float, room: float) -> float:
    """A start such that the picture fills the room, or is centered in it when it is smaller."""
    if length <= room:
        return (room - length) / 2
    return min(0.0, max(start, room - length))
