"""The canvas: the picture under the playhead, as large as the window allows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

if TYPE_CHECKING:
    from visualizer.session.playhead import Playhead
    from visualizer.session.timeline import Timeline


class Canvas(QWidget):
    """Shows ``timeline.picture(playhead.index, playhead.view)``, undistorted."""

    hard_pixels_changed = Signal(bool)

    def __init__(self, playhead: Playhead, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.hard_pixels = False

    def set_timeline(self, timeline: Timeline | None) -> None:
        """Show another timeline, or none."""

    def set_placeholder(self, text: str) -> None:
        """What is said while there is no picture yet."""

    def set_hard_pixels(self, hard: bool) -> None:
        """Draw every pixel as a square instead of smoothing the enlargement."""

    def fit(self) -> None:
        """Show the whole picture, as large as it goes."""
