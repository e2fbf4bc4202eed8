"""The transport bar: step, play, speed, loop, and the way back to the live end of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

if TYPE_CHECKING:
    from visualizer.session.playhead import Playhead
    from visualizer.session.timeline import Timeline


class TransportBar(QWidget):
    """⏮ ◀ ▶ ▶| ⏭, counter, speed, loop, live chip; the window's own buttons at the right."""

    def __init__(self, playhead: Playhead, parent: QWidget | None = None) -> None:
        super().__init__(parent)

    def set_timeline(self, timeline: Timeline | None) -> None:
        """Show another timeline, or none."""

    def add_action_widget(self, widget: QWidget) -> None:
        """Put one of the window's own buttons at the right end."""
