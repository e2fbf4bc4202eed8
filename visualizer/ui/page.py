"""A page of the window: what the rail leads to, and the header and the keys serve."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from PySide6.QtCore import SignalInstance
    from PySide6.QtWidgets import QLabel, QWidget

    from visualizer.diffusion.facts import ModelFacts
    from visualizer.session.playhead import Playhead


class Page(Protocol):
    """What the window asks of a page; each is a QWidget as well.

    Attributes:
        said: (text, whether it stays) for the status.
        failed: a Failure.
        status: where the window writes what it has to say while this page is shown.
    """

    said: SignalInstance
    failed: SignalInstance
    status: QLabel

    @property
    def pictures(self) -> QWidget:
        """Where its pictures are: a message lies over their lower edge and covers no control."""

    @property
    def playhead(self) -> Playhead:
        """The one that the keys of time and views move."""

    def generate(self) -> None:
        """Enter was pressed, or the main button; nothing is running."""

    def escape(self) -> bool:
        """Esc was pressed; whether the page had something to leave."""

    def enter(self) -> None:
        """The page is shown from now on."""

    def leave(self) -> None:
        """Another page is shown from now on."""

    def set_facts(self, facts: ModelFacts) -> None:
        """Another model is there."""

    def set_compact(self, compact: bool) -> None:
        """Less air, for a low window."""
