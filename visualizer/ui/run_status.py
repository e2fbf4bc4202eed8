"""What is going on, told in three places: a few words, the thin line, and the main button."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QElapsedTimer, QObject, QTimer
from PySide6.QtWidgets import QLabel

from visualizer.ui.progress_line import ProgressLine, StepWatch, pictures_text, progress_text

if TYPE_CHECKING:
    from visualizer.session.progress import Progress
    from visualizer.session.session import Session
    from visualizer.session.timeline import Timeline
    from visualizer.ui.header import Header

_SECOND_PRESS_MS = 500
_SAID_MS = 8000
_LOADING = "Loading the model …"
_NOT_BEGUN = "Stopped before the first step"


class RunStatus(QObject):
    """Listens to the session and tells of its work: loading, waiting, sampling, the end of it."""

    def __init__(
        self, session: Session, header: Header, line: ProgressLine, compared: Callable[[], str]
    ) -> None:
        """
        Args:
            header: its main button says Generate or Stop.
            line: how far the work is.
            compared: what became of the lanes that were sampled last, in a few words.
        """
        super().__init__(header)
        self._session, self._header, self._line, self._compared = session, header, line, compared
        self._labels: tuple[QLabel, ...] = ()
        self._opening = ""  # the name of the model that was asked for and is not here yet
        self._comparing = False  # lanes of a comparison are being sampled
        self.stopping = False
        self._since_start = QElapsedTimer()
        self.step_watch = StepWatch(self)
        self._silence = QTimer(self)
        self._silence.setSingleShot(True)
        self._silence.timeout.connect(lambda: self.say("", True))
        session.model_loading.connect(self._model_loading)
        session.model_ready.connect(lambda _facts: self.model_ready())
        session.run_started.connect(self._run_started)
        session.progressed.connect(self._progressed)
        session.progressed.connect(self.step_watch.watch)
        session.running_changed.connect(lambda _running: self.step_watch.stop())
        self.step_watch.late.connect(self._progressed)
        session.run_finished.connect(self._run_finished)
        session.running_changed.connect(self._running_changed)
        session.lanes.progressed.connect(self._lanes_progressed)
        session.gathered.connect(self._gathered)
        session.saved.connect(lambda path: self.say(f"Saved as {Path(path).name}"))

    def tell_in(self, labels: tuple[QLabel, ...]) -> None:
        """The labels that show the words, one a page."""
        self._labels = labels

    def say(self, text: str, stays: bool = False) -> None:
        """These words, for some seconds or until there are others."""
        for label in self._labels:
            label.setText(text)
        self._silence.stop() if stays else self._silence.start(_SAID_MS)

    # --- what the window knows ----------------------------------------------------------------

    @property
    def just_started(self) -> bool:
        """Whether a run began so short ago that a second press is no wish to stop it."""
        return self._since_start.isValid() and self._since_start.elapsed() < _SECOND_PRESS_MS

    def starting(self) -> None:
        """The window is there, its model is not yet."""
        self._line.set_share(None)
        self.say(_LOADING, True)

    def opens(self, name: str) -> None:
        """A model was asked for. What the worker does just now comes first."""
        self._opening = name
        if self._session.running and not self._session.waiting:
            self.say(f"{name} opens when this run has ended", True)
        else:
            self._say_loading()

    def stops(self) -> None:
        """The person asked for the end of the run."""
        self.stopping = True
        self._header.show_state("stopping")
        self.say("Stops after this step", True)

    def failed(self) -> None:
        """Something went wrong; what it was is told elsewhere."""
        if not self._session.loading:
            self._opening = ""
        if self._session.running:
            return
        self._rest()
        if self._session.loading:
            self._say_loading()
        else:
            self.say("")

    def model_ready(self) -> None:
        """The model is there."""
        if not self._session.loading:
            self._opening = ""
        if not self._session.running:
            self._line.set_share(0)
            self.say("Ready")

    # --- what the session says ----------------------------------------------------------------

    def _say_loading(self) -> None:
        """At once: nothing is heard of the model while the worker does something else."""
        self._model_loading(f"Opening {self._opening} …" if self._opening else _LOADING)

    def _model_loading(self, sentence: str) -> None:
        if self._session.running and not self._session.waiting:
            return  # another model loads while a run goes on: the run is more interesting
        self._line.set_share(None)
        waiting = self._session.waiting
        self.say(f"{sentence}  Your picture is next." if waiting else sentence, True)

    def _running_changed(self, running: bool) -> None:
        self.stopping = False
        if not running:
            self._rest()
            compared, self._comparing = self._comparing, False
            if self._session.loading:
                self._say_loading()
            elif compared:
                self.say(self._compared())
            else:  # whoever has more to say of its end says it after this
                self.say(_NOT_BEGUN)
            return
        if not self._session.lanes.running:
            self._since_start.start()
        if self._session.loading and self._session.waiting:
            self._header.show_state("waiting")
            self.say("Your picture is made as soon as the model is loaded.", True)
        else:
            self._header.show_state("running")
            self._line.set_share(None)
            self.say("Starting …", True)

    def _run_started(self, timeline: Timeline) -> None:
        self._since_start.start()
        self._header.show_state("running")
        self._line.set_share(0)
        self.say(f"Step 0 of {timeline.step_count}", True)

    def _lanes_progressed(self, progress: Progress) -> None:
        """The lanes of a comparison are a step further."""
        if not self._comparing:
            self._comparing = True
            self._header.show_state("running")
        lanes = self._session.lanes.lanes
        over = sum(lane.state not in ("waiting", "running") for lane in lanes)
        self._tell(progress, pictures_text(over, len(lanes), progress))

    def _progressed(self, progress: Progress) -> None:
        self._tell(progress, progress_text(progress))

    def _tell(self, progress: Progress, words: str) -> None:
        self._line.set_share(progress.done / max(progress.total, 1))
        if not self.stopping:
            then = f"  ·  then {self._opening} opens" if self._opening else ""
            self.say(f"{words}{then}", True)

    def _gathered(self, _path: str, done: int, lanes: int) -> None:
        """A comparison is to be saved, once its pictures are there."""
        self.say(f"Saving … {done} of {lanes}" if done < lanes else "Saving …", True)

    def _run_finished(self, timeline: Timeline) -> None:
        if self._session.loading:
            self._say_loading()
        elif timeline.trajectory is None:
            self.say(_NOT_BEGUN)
        elif timeline.cancelled:
            done = timeline.steps_taken(max(len(timeline) - 1, 0))
            self.say(f"Stopped after {done} of {timeline.step_count} steps")
        else:
            self.say("Done")

    def _rest(self) -> None:
        self._header.show_state("ready")
        self._line.set_share(None if self._session.loading else 0)
