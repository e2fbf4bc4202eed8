"""The timeline: filmstrip over noise plot on one x axis, with one playhead through both."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

if TYPE_CHECKING:
    from visualizer.session.playhead import Playhead
    from visualizer.session.timeline import Timeline


class TimelineView(QWidget):
    """Pressing or dragging anywhere scrubs. The plot appears after the first frame."""

    plot_ready = Signal()

    def __init__(self, playhead: Playhead, parent: QWidget | None = None) -> None:
        super().__init__(parent)

    def set_timeline(self, timeline: Timeline | None) -> None:
        """Show another timeline, or none."""

    def set_scale(self, key: str) -> None:
        """What the y axis counts: "share" (of noise), "sigma" or "log_snr"."""
