"""Session: everything the window asks for, answered by signals. QtCore only."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from visualizer.session.playhead import Playhead

if TYPE_CHECKING:
    from visualizer.diffusion.facts import ModelFacts
    from visualizer.diffusion.request import SamplingRequest
    from visualizer.session.timeline import Timeline


class Session(QObject):
    """One sitting: a model, the runs made with it, and the one that is looked at."""

    model_loading = Signal(str)
    """A sentence on what is being loaded just now."""
    model_ready = Signal(object)
    """ModelFacts of the model that can generate now."""
    planned = Signal(object)
    """Timeline with levels only, for the last valid request given to ``plan``."""
    plan_refused = Signal(str)
    """A sentence saying why the last request given to ``plan`` cannot be sampled."""
    run_started = Signal(object)
    """Timeline, live: it grows from here."""
    progressed = Signal(object)
    """Progress of the run."""
    run_finished = Signal(object)
    """Timeline, also when it was stopped (``timeline.cancelled``)."""
    opened = Signal(object)
    """Timeline of an opened file, or of the prepared run."""
    current_changed = Signal(object)
    """The timeline that is looked at: Timeline. Also emitted for new runs and opened ones."""
    saved = Signal(str)
    """The path of a run file that was written."""
    exported = Signal(str)
    """The path of an exported picture or animation."""
    history_changed = Signal()
    failed = Signal(object)
    """Failure: what went wrong, as a person can act on it."""

    facts: ModelFacts | None
    running: bool
    exporting: bool
    current: Timeline | None
    playhead: Playhead
    history: tuple[Timeline, ...]

    def __init__(self, *, data_folder: Path | None = None, parent: QObject | None = None) -> None:
        """
        Args:
            data_folder: where the history is kept; None is the person's own data folder.
        """
        super().__init__(parent)
        self.playhead = Playhead(self)

    def start(self, model_folder: str | None = None, run_file: str | None = None) -> None:
        """Load the model (None: the built-in one) and show a run: the file, or the prepared one."""
        raise NotImplementedError

    def generate(self, request: SamplingRequest) -> None:
        """Sample. Ignored while a run is running or was asked for less than half a second ago.

        While the model loads, the run waits for it.
        """
        raise NotImplementedError

    def stop(self) -> None:
        """Stop the run within one step; what is there stays as a normal run."""
        raise NotImplementedError

    def plan(self, request: SamplingRequest | None) -> None:
        """Ask for the levels of a request (debounced): ``planned`` or ``plan_refused`` follows."""
        raise NotImplementedError

    def show(self, timeline: Timeline) -> None:
        """Look at another run of this sitting."""
        raise NotImplementedError

    def open_run(self, path: str) -> None:
        """Read a run file: ``opened`` or ``failed`` follows."""
        raise NotImplementedError

    def save_run(self, timeline: Timeline, path: str) -> None:
        """Write a run file: ``saved`` or ``failed`` follows."""
        raise NotImplementedError

    def export_run(self, timeline: Timeline, path: str) -> None:
        """Write a picture or animation by the path's suffix: ``exported`` or ``failed`` follows."""
        raise NotImplementedError

    def load_model(self, folder: str | None) -> None:
        """Load another model (None: the built-in one); the one there stays until it is ready."""
        raise NotImplementedError

    def close(self) -> bool:
        """Cancel everything and wait at most 10 s. True when no thread is left."""
        raise NotImplementedError
