"""The view switch: which of the five pictures of a step the canvas shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

if TYPE_CHECKING:
    from visualizer.session.playhead import Playhead
    from visualizer.session.timeline import Timeline


class ViewSwitch(QWidget):
    """Noisy latent | Model's guess | Predicted noise | Change | Channels (keys 1…5)."""

    def __init__(self, playhead: Playhead, parent: QWidget | None = None) -> None:
        super().__init__(parent)

    def set_timeline(self, timeline: Timeline | None) -> None:
        """Show another timeline, or none."""
