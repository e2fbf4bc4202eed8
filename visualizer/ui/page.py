"""A page of the window: what the rail leads to, and the header and the keys serve."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from pathlib import Path

    from PySide6.QtCore import SignalInstance
    from PySide6.QtWidgets import QLabel, QWidget

    from visualizer.diffusion.facts import ModelFacts
    from visualizer.export.exhibit import ExhibitPlan
    from visualizer.lessons.page_setup import PageSetup
    from visualizer.session.playhead import Playhead
    from visualizer.session.timeline import Timeline


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
    def uses_header(self) -> bool:
        """Whether prompt and settings mean anything here; elsewhere they are hidden."""

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

    def set_bare(self, on: bool) -> None:
        """A class looks on, and a lesson is told beside the page: its own side is hidden, for
        larger pictures."""

    def set_up(self, setup: PageSetup) -> None:
        """A lesson wants this page so. The header's fields are filled already, and the page is
        shown; what the setup leaves open stays as it is. The first change is seen at once."""

    def exhibit(self) -> ExhibitPlan | None:
        """What is exported of this page where it shows no run; None where it shows one, or
        nothing yet. It is asked for at a press of a key: what takes a while is left to ``paint``,
        on another thread."""


@runtime_checkable
class ShowsTimeline(Protocol):
    """A page that shows a run of its own, which is exported in place of the session's."""

    @property
    def shown_timeline(self) -> Timeline | None:
        """None where it shows none just now."""


@runtime_checkable
class HasTimelineView(Protocol):
    """A page with a timeline that takes the focus when no field has it."""

    @property
    def timeline_view(self) -> QWidget:
        """Where keys move the playhead."""


@runtime_checkable
class HasParts(Protocol):
    """A page of several parts, not all of which use the header.

    Attributes:
        header_changed: ``uses_header`` may be another one.
    """

    header_changed: SignalInstance


@runtime_checkable
class HasSide(Protocol):
    """A page with controls between its pictures and its side."""

    @property
    def side_width(self) -> int:
        """How wide the side is that lessons may cover; 0 where there is none just now."""


@runtime_checkable
class OffersExport(Protocol):
    """A page with a button of its own for what it can become.

    Attributes:
        export_asked: that button was pressed.
    """

    export_asked: SignalInstance


@runtime_checkable
class TakesPictures(Protocol):
    """A page with a use of its own for a picture that is dropped or pasted."""

    def take_picture(self, source: Path | bytes) -> None:
        """A file, or what lay in the clipboard; one that cannot be read is told."""
