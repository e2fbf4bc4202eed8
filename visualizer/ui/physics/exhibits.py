"""What the Physics page shows, as frames to export."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtGui import QImage, QPainter

from visualizer.export.exhibit import ExhibitPlan

if TYPE_CHECKING:
    from visualizer.diffusion.arrays import Picture
    from visualizer.ui.physics.scene import FlowScene

_SIDE = 640
_FRAME_MS = 66


def of_flow(
    title: str, scene: FlowScene, levels: Sequence[int], captions: Sequence[str], *, on: bool
) -> ExhibitPlan:
    """A flow with its arrows and paths as they are now, at some levels.

    Args:
        on: whether time runs towards the shape.
    """
    own = scene.twin()  # the page goes on painting its own, on another thread

    def paint(n: int) -> Picture:
        return picture_of(own, levels[n], on=on)

    return ExhibitPlan(title, (_SIDE, _SIDE), tuple(captions), paint, _FRAME_MS)


def picture_of(scene: FlowScene, level: int, *, on: bool) -> Picture:
    """One moment as a square picture."""
    image = QImage(_SIDE, _SIDE, QImage.Format.Format_RGB888)
    painter = QPainter(image)
    scene.paint(painter, _SIDE, _SIDE, 1.0, level, on)
    painter.end()
    lines = np.frombuffer(image.constBits(), dtype=np.uint8).reshape(_SIDE, -1)
    return lines[:, : 3 * _SIDE].reshape(_SIDE, _SIDE, 3).copy()
