"""The Destroy page: destroying is easy. A picture drowns in noise, and the model turns it round."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from visualizer.session.failure import Failure
from visualizer.ui import files
from visualizer.ui.destroy import destroy_words as words
from visualizer.ui.destroy.asking import Asking
from visualizer.ui.destroy.destroy_view import DestroyView
from visualizer.ui.destroy.destroy_words import DESTROY, ROUND_TRIP, TURN_ROUND
from visualizer.ui.destroy.telling import Telling

if TYPE_CHECKING:
    from visualizer.diffusion.facts import ModelFacts
    from visualizer.export.exhibit import ExhibitPlan
    from visualizer.lessons.page_setup import PageSetup
    from visualizer.session.destroying import Destroying, PictureSpace
    from visualizer.session.playhead import Playhead
    from visualizer.session.session import Session
    from visualizer.session.timeline import Timeline
    from visualizer.settings import Settings
    from visualizer.ui.explanation import Explanation
    from visualizer.ui.header import Header

_EDIT_MS = 250
"""The fields of the header rest so long before the destruction follows them."""
_FROM = 0.6
"""The share of noise to turn round from, where nobody has chosen one."""
_NOT_TURNED = "This picture cannot be turned round."


class DestroyPage(QWidget):
    """Three stages of one picture: its round trip, its destruction, and the way back."""

    said = Signal(str, bool)  # for the status; whether it stays
    failed = Signal(object)  # Failure
    uses_header = True

    def __init__(
        self, session: Session, settings: Settings, header: Header, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._session, self._header = session, header
        self.destroying: Destroying = session.destroying
        self._wish: PageSetup | None = None  # of a lesson, until its timeline is there
        self._picture_comes = False  # for that lesson
        self._turns_next = False  # as soon as the destruction is there
        self._asked = False  # a run was asked for here and has not begun
        self._entered = False  # the header's main button is this page's
        self._share: float | None = None  # of noise, under the playhead
        self._asking = Asking(session, header)
        self.setAccessibleName("Destroy")
        self.playhead.speed = settings.speed
        self.view = DestroyView(self.destroying)
        self.status: QLabel = self.view.panel.status
        self._telling = Telling(session, self.view)
        self._edits_later = QTimer(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.view)
        self._connect()
        self._show()

    def _connect(self) -> None:
        session, destroying, playhead = self._session, self.destroying, self.playhead
        self._edits_later.setSingleShot(True)
        self._edits_later.setInterval(_EDIT_MS)
        self._edits_later.timeout.connect(self._take_fields)
        self._header.edited.connect(self._fields_edited)
        self.view.stages.chosen.connect(self.show_stage)
        self.view.spaces.chosen.connect(destroying.set_space)
        self.view.dice.clicked.connect(self._asking.draw_noise)
        self.view.source.asked.connect(self._ask_source)
        self.view.panel.next_asked.connect(self._go_on)
        self.view.measure.clicked.connect(self._measure)
        self.view.strip.share_chosen.connect(self._seek_share)
        destroying.picture_taken.connect(self._picture_taken)
        destroying.round_trip_ready.connect(self._show)
        destroying.destroyed.connect(self._show_timeline)
        destroying.survived.connect(lambda _point: self._show())
        destroying.survival_ended.connect(self._show)
        destroying.working_changed.connect(lambda _working: self._show())
        destroying.why_not_changed.connect(lambda _why: self._show())
        destroying.failed.connect(self._take_failure)
        playhead.moved.connect(lambda _k: self._moved())
        playhead.playing_changed.connect(self._played)
        playhead.view_changed.connect(lambda _view: playhead.set_view("noisy"))
        session.running_changed.connect(self._running_changed)
        session.run_started.connect(self._run_started)
        session.current_changed.connect(lambda _run: self._show())
        session.run_finished.connect(lambda _run: self._show())
        self.view.turning.changed.connect(self._telling.say)

    # --- the picture and its destruction ------------------------------------------------------

    def take_picture(self, source: Path | bytes) -> None:
        """Destroy a picture that was dropped, pasted or opened; what cannot be read is told."""
        self._asking.take(source)

    def _ask_source(self, name: str) -> None:
        if name == "scene":
            self._asking.take_scene()
        elif name == "run":
            self._asking.take_run()
        else:
            path = files.ask_picture(self)
            if path:
                self.take_picture(Path(path))

    def _picture_taken(self, title: str) -> None:
        self._picture_comes = False
        self._asking.taken()
        self.view.source.show_title(title)
        self.view.turning.follow(None)
        self._show()

    def _take_failure(self, failure: Failure) -> None:
        self._wish, self._turns_next = None, False
        self.failed.emit(failure)
        self._show()

    def _fields_edited(self) -> None:
        if self.isVisible():
            self._edits_later.start()

    def _take_fields(self) -> None:
        self._edits_later.stop()
        self._asking.follow_fields()

    def _show_timeline(self, timeline: Timeline) -> None:
        share, count = self._share, self.view.count
        self.view.set_timeline(timeline)
        if share is not None and len(timeline) != count:
            self._seek_share(share)  # other steps: stay where it was as noisy
        self._moved()
        self._show()
        if self._turns_next:
            self._turns_next = False
            self.generate()
        self._grant()

    @property
    def _timeline(self) -> Timeline | None:
        """The destruction that is shown."""
        return self.view.canvas.timeline

    def _seek_share(self, share: float) -> None:
        """Stand where the share of noise comes nearest."""
        timeline = self._timeline
        if timeline is not None:
            off = [abs(timeline.level(k).noise_share - share) for k in range(len(timeline))]
            self.playhead.pause()
            self.playhead.seek(off.index(min(off)))

    def _moved(self) -> None:
        timeline, k = self._timeline, self.playhead.index
        there = timeline is not None and timeline is self.destroying.timeline and k < len(timeline)
        if timeline is not None and there:
            self._share = timeline.level(k).noise_share
        self._show_moment()

    # --- stages -------------------------------------------------------------------------------

    @property
    def stage(self) -> str:
        """ "round trip", "destroy" or "turn round"."""
        return self.view.stage

    def show_stage(self, name: str) -> None:
        """Look at one of the three.

        Raises:
            KeyError: when there is none of this name.
        """
        self.view.show_stage(name)
        if name != DESTROY:
            self.playhead.pause()
        if name == TURN_ROUND:
            if self.destroying.space == "pixels" and not self.destroying.why_not:
                self.destroying.set_space("latents")  # that is what the model denoises
            if self.playhead.index == 0:
                self._seek_share(_FROM)
        self._show()

    def _go_on(self) -> None:
        """The button that leads on."""
        if self.stage == ROUND_TRIP:
            self.show_stage(DESTROY)
            self.playhead.home()
            self.playhead.play()
        elif self.stage == DESTROY:
            self.show_stage(TURN_ROUND)

    def _played(self, playing: bool) -> None:
        """Whoever presses Space wants to see time pass."""
        if playing and self.stage == ROUND_TRIP:
            self.show_stage(DESTROY)

    # --- and back -----------------------------------------------------------------------------

    def generate(self) -> None:
        """Denoise it again from where the playhead stands, as soon as that is there; asked for
        once more before that: not at all."""
        if self._awaits:
            self._call_off()
            return
        self._take_fields()
        self.show_stage(TURN_ROUND)
        destroying, request = self.destroying, self._asking.request()
        if destroying.why_not or request is None:
            why = destroying.why_not or "The fields above make no picture."
            self.failed.emit(Failure(_NOT_TURNED, why))
            return
        destroying.stop_survival()
        self.view.turning.follow(None)
        self._turns_next = destroying.working or self._timeline is None
        if self._turns_next:
            self._show()
            return
        self._asked = True
        destroying.turn_round(self.playhead.index, request)
        self._asked = self._session.running  # else it was refused, and that was told
        self._show()

    @property
    def _awaits(self) -> bool:
        """Whether it will be turned round as soon as its destruction is there."""
        return self._turns_next or (self._wish is not None and self._wish.run)

    def _call_off(self) -> None:
        """Nothing begins by itself any more."""
        self._wish, self._turns_next, self._picture_comes = None, False, False
        self._show()

    def _run_started(self, run: Timeline) -> None:
        from visualizer.diffusion.starts import FromPicture

        start = run.request.start
        if self._asked and isinstance(start, FromPicture):
            share = run.level(0).noise_share if run.total else 0.0
            self.view.turning.follow(run, start.step, share)
        self._asked = False

    def _running_changed(self, running: bool) -> None:
        self._asked = self._asked and running
        self.view.turning.refresh()
        self._show()

    def _measure(self) -> None:
        """How much survives, from little noise to nothing but noise; pressed again: stop."""
        destroying, request = self.destroying, self._asking.request()
        if destroying.measuring:
            destroying.stop_survival()
        elif request is not None:
            destroying.measure_survival(request)
        self._show()

    # --- what is shown ------------------------------------------------------------------------

    def _show(self) -> None:
        """Everything again."""
        view = self.view
        self._show_making()
        view.show_spaces()
        view.source.offer_run(self._asking.run is not None)
        view.show_round_trip(self._telling.why_empty())
        view.show_survival()
        self._show_moment()

    def _show_making(self) -> None:
        if not self._entered:
            return
        if self._awaits:
            self._header.set_making("Stop", "It has not begun yet: call it off", main=False)
        else:
            about = "Denoise the picture from where the playhead stands"
            self._header.set_making("Turn round", about)

    def _show_moment(self) -> None:
        """What follows the playhead."""
        self.view.strip.set_here(None if self._timeline is None else self._share)
        self._telling.awaited = self._why_awaited()
        if self.stage == TURN_ROUND:
            ready = self._timeline is not None and not self.destroying.why_not
            invitation = words.INVITATION if ready else self._telling.why_empty()
            starts = self._awaits or self._asked
            self.view.turning.invite(words.STARTING if starts else invitation, self._awaits)
            self.view.turning.refresh()
        self._telling.say()

    def _why_awaited(self) -> Explanation | None:
        if not self._awaits:
            return None
        share = self._share
        if self._wish is not None and self._wish.run:
            share = words.share_of(self._wish.options.get("from", ""))
        loads = self._session.facts is None
        return words.waiting_words(share, words.LOADING if loads else words.FIRST)

    # --- what the window asks -----------------------------------------------------------------

    @property
    def pictures(self) -> QWidget:
        """Where a message may lie."""
        return self.view.pictures

    @property
    def playhead(self) -> Playhead:
        """Where in the destruction the person looks."""
        return self.destroying.playhead

    @property
    def shown_timeline(self) -> Timeline | None:
        """The destruction, or the run that turned it round: what is exported of this page."""
        if self.stage == ROUND_TRIP or self._shows_survival:
            return None
        run = self.view.turning.run
        if self.stage == TURN_ROUND and run is not None and run.trajectory is not None:
            return run
        return self._timeline

    def exhibit(self) -> ExhibitPlan | None:
        """The round trip, or what survives; None where a run or the destruction is shown."""
        from visualizer.ui.destroy import round_trip_exhibit

        trip, title = self.destroying.round_trip, self.destroying.title or "a picture"
        if trip is not None and self.stage == ROUND_TRIP:
            return round_trip_exhibit.of_round_trip(trip, title)
        if trip is not None and self._shows_survival:
            return round_trip_exhibit.of_survival(trip, self.destroying.survival, title)
        return None

    @property
    def _shows_survival(self) -> bool:
        """Whether what came back was made for the strip, and not by a run of its own."""
        return (
            self.stage == TURN_ROUND
            and bool(self.destroying.survival)
            and not self.view.turning.shows_run
        )

    def escape(self) -> bool:
        """Stop measuring, or what was to come next."""
        if not self._awaits and not self.destroying.measuring:
            return False
        self.destroying.stop_survival()
        self._call_off()
        return True

    def enter(self) -> None:
        """The main button turns round from now on."""
        self._entered = True
        self._take_fields()
        self._asking.take_first()
        self._show()

    def leave(self) -> None:
        """Nothing is measured or begun for a page that nobody looks at."""
        self._entered = False
        self._header.set_making()
        self.destroying.stop_survival()
        self._call_off()

    def set_facts(self, _facts: ModelFacts) -> None:
        """Another model destroys the same picture."""
        if self.destroying.why_not and self.destroying.space == "latents":
            self.destroying.set_space("pixels")
        if self.isVisible():
            self._take_fields()
        self._show()

    def set_bare(self, on: bool) -> None:
        """Without its words."""
        self.view.panel.setHidden(on)

    def set_up(self, setup: PageSetup) -> None:
        """As a lesson wants it; what waits for a timeline follows when it is there."""
        self._take_fields()
        options = setup.options
        picture, space = options.get("picture", ""), options.get("space")
        self.show_stage(options.get("stage", TURN_ROUND if "from" in options else self.stage))
        self._wish, self._picture_comes = setup, bool(picture)
        if space is not None:
            self.destroying.set_space(cast("PictureSpace", space))  # a lesson was read with it
        number = picture.removeprefix("scene").strip()
        if picture and not (picture == "run" and self._asking.take_run()):
            self._asking.take_scene(int(number) if number.isdecimal() else None)
        if setup.run:
            self.view.turning.follow(None)
        self._show()
        self._grant()

    def _grant(self) -> None:
        """The timeline that a lesson waits for is there."""
        setup, timeline = self._wish, self._timeline
        if setup is None or timeline is None or self._picture_comes or self.destroying.working:
            return
        self._wish = None
        share = words.share_of(setup.options.get("from", ""))
        if share is not None:
            self._seek_share(share)
        elif setup.playhead is not None:
            self.playhead.seek(round(setup.playhead * (len(timeline) - 1)))
        elif self.stage == DESTROY and not setup.run:
            self.playhead.home()
            self.playhead.play()
        if setup.run:
            self.generate()

    def set_compact(self, compact: bool) -> None:
        """Less air, for a low window."""
        self.view.set_compact(compact)

    # --- Qt -----------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        """Its pictures are sharpened first."""
        super().showEvent(event)
        self.destroying.set_shown(True)

    def hideEvent(self, event: QHideEvent) -> None:
        """Others come first again."""
        super().hideEvent(event)
        self._edits_later.stop()
        self.destroying.set_shown(False)
