"""The Words page: prompt, tokens, text encoder, embedding, and which pixels listen at each step."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from visualizer.session.failure import Failure
from visualizer.ui import theme as themes
from visualizer.ui.icons import IconButton
from visualizer.ui.shortcuts import shown_keys
from visualizer.ui.timeline_view import TimelineView
from visualizer.ui.transport import TransportBar
from visualizer.ui.words import exhibits
from visualizer.ui.words.guiding import Guiding
from visualizer.ui.words.listening import Listening
from visualizer.ui.words.subject import Subject, reads_weights
from visualizer.ui.words.swapping import Swapping
from visualizer.ui.words.word_chips import WordChips, plain_words
from visualizer.ui.words.word_sentences import (
    NO_MAPS,
    NO_MAPS_OF_FILE,
    NO_WORDS,
    shares_now,
    shown_words,
)
from visualizer.ui.words.words_panel import WordsPanel

if TYPE_CHECKING:
    from visualizer.diffusion.facts import ModelFacts
    from visualizer.diffusion.request import SamplingRequest
    from visualizer.export.exhibit import ExhibitPlan
    from visualizer.lessons.page_setup import PageSetup
    from visualizer.session.playhead import Playhead
    from visualizer.session.session import Session
    from visualizer.session.timeline import Timeline
    from visualizer.settings import Settings
    from visualizer.ui.header import Header

_TYPED_MS = 300
_NEAR_MS = 200
"""The mouse rests so long on a word before the words near it are looked for."""
_NARROW = 1100
_STRIPS = {"guidance": "strip", "no prompt": "unprompted"}
"""What lessons call the strips of the part of guidance."""


class WordsPage(QWidget):
    """Chips above the picture, the timeline below, and four parts of a panel at the right.

    It tells of the run that is looked at; while another prompt is typed, of that one's words.
    """

    said = Signal(str, bool)  # for the status; whether it stays
    failed = Signal(object)  # Failure
    export_asked = Signal()
    uses_header = True

    def __init__(
        self,
        session: Session,
        _settings: Settings,
        header: Header,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._header = session, header
        self._typed = ("", False)  # what stood in the header when it was last looked at
        self._from_fields = False  # a lesson wants its own pictures, not those of this run
        self._pointed: int | None = None
        self._wished_word = ""
        self._wished_place: float | None = None
        self._is_bare = False  # a class looks on
        playhead = session.playhead
        self.setAccessibleName("Words")
        self.subject = Subject(session.words, self)
        self.chips = WordChips()
        self.listening = Listening(playhead)
        self.panel = WordsPanel()
        self.transport = TransportBar(playhead)
        self.timeline_view = TimelineView(playhead)
        self.status = QLabel()
        self.status.setProperty("role", "small-quiet")
        self.status.setAccessibleName("Status")
        self.status.setContentsMargins(0, 0, 2, 0)  # letters end at fractions of pixels
        self.export_button = IconButton("export", "Export", shown_keys("Ctrl+E"))
        self.stage = QStackedWidget()
        self.swapping = Swapping(session.words, self.panel.swap, playhead, self.base, self)
        self.guiding = Guiding(session.words, self.panel.guidance, playhead, self.base, self)
        self._later, self._near_later = QTimer(self), QTimer(self)
        self._lay_out()
        self._connect()
        self.show_run(session.current)

    # --- building -----------------------------------------------------------------------------

    def _lay_out(self) -> None:
        for stage in (self.listening, self.swapping.stage, self.guiding.stage):
            self.stage.addWidget(stage)
        centre = self._centre = QVBoxLayout()
        centre.setSpacing(themes.SPACE)
        centre.addWidget(self.chips)
        centre.addWidget(self.stage, 1)
        body = QHBoxLayout()
        body.setSpacing(0)
        body.addLayout(centre, 1)
        body.addWidget(self.panel)
        for widget in (self.status, self.export_button):
            self.transport.add_action_widget(widget)
        time = self._time = QVBoxLayout()
        time.addWidget(self.transport)
        time.addWidget(self.timeline_view)
        line = QFrame()
        line.setProperty("role", "separator")
        line.setFixedHeight(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(body, 1)
        column.addWidget(line)
        column.addLayout(time)
        self.set_compact(False)

    def _connect(self) -> None:
        session, panel, subject = self._session, self.panel, self.subject
        for timer, wait, does in (
            (self._later, _TYPED_MS, self._take_typed),
            (self._near_later, _NEAR_MS, self._find_near),
        ):
            timer.setSingleShot(True)
            timer.setInterval(wait)
            timer.timeout.connect(does)
        session.current_changed.connect(self.show_run)
        session.run_finished.connect(self._run_finished)
        session.running_changed.connect(lambda _running: self._refresh())
        session.playhead.moved.connect(self._refresh)
        session.playhead.view_changed.connect(self._refresh)
        session.words.nearest_ready.connect(panel.reading.show_near)
        session.words.failed.connect(self.failed)
        self._header.edited.connect(self._fields_edited)
        subject.prompt_changed.connect(self._prompt_changed)
        subject.read.connect(self._show_reading)
        subject.grown.connect(self._grown)
        self.chips.chosen.connect(lambda _word: self._word_changed())
        for source in (self.chips, panel.reading, panel.attention):
            source.pointed.connect(self._point)
        for part in (panel.reading, panel.attention):
            part.pressed.connect(self._press)
        for plot in (panel.attention.plot, panel.swap.plot):
            plot.step_asked.connect(session.playhead.seek)
        panel.part_chosen.connect(lambda _name: self._part_changed())
        self.listening.when_changed.connect(self._refresh)
        self.listening.place_changed.connect(self._refresh)
        self.listening.record_asked.connect(self._record)
        self.export_button.clicked.connect(self.export_asked)

    # --- what the window asks -----------------------------------------------------------------

    @property
    def pictures(self) -> QWidget:
        """Where a message may lie."""
        return self.stage

    @property
    def playhead(self) -> Playhead:
        """The one of the run that is looked at, as on the Denoise page."""
        return self._session.playhead

    def generate(self) -> None:
        """Make the picture of the fields, and record its attention where there is any."""
        from visualizer.diffusion.request import RequestError

        try:
            request = self._header.request()
        except RequestError as error:
            self.failed.emit(Failure("These settings make no picture.", str(error)))
            return
        self._make(request)

    def _make(self, request: SamplingRequest) -> None:
        self._session.generate(request, attention=self.subject.records)
        self.timeline_view.setFocus()

    def _record(self) -> None:
        if self.subject.run is not None:
            self._make(self.subject.run.request)

    def base(self) -> SamplingRequest | None:
        """What pictures beside the run are made from.

        That is the run itself where its words are shown, also how it began, which no field says;
        but the fields where they say something else of a run that began with its seed.
        """
        from visualizer.diffusion.request import RequestError

        run, subject = self.subject.run, self.subject
        if run is not None and subject.is_of_run and not self._from_fields:
            begun = run.request.start.kind != "seed"
            if begun or self._header.shows_request(run.request):
                return run.request
        if self._fields() == (subject.prompt, subject.weighted):
            with contextlib.suppress(RequestError):
                return self._header.request()
        return None if run is None else run.request

    def escape(self) -> bool:
        """Stop what is made beside the run, or let a word go; whether there was anything."""
        if self.swapping.stop() or self.guiding.stop():
            return True
        if self.chips.current is None or self._session.running:
            return False
        self.choose_word(None)
        return True

    def enter(self) -> None:
        """The page is shown: it tells of the run that is looked at."""
        self._typed = self._fields()
        self.show_run(self._session.current)

    def leave(self) -> None:
        """Another page is shown: the pictures made beside the run are not worth the machine."""
        self.swapping.stop()
        self.guiding.stop()

    def set_facts(self, facts: ModelFacts) -> None:
        """Another model reads the prompt."""
        self.panel.swap.set_vocabulary(facts.vocabulary)
        self.swapping.forget()
        self.guiding.set_facts(facts)
        self.subject.set_facts(facts)
        if self.subject.run is None:
            self._set_prompt(*self._fields())  # this model may read weights in it
        self._show_reading()

    def set_bare(self, on: bool) -> None:
        """The reading of a prompt stays: it is all there is to be seen of it."""
        self._is_bare = on
        self._show_panel()

    def _show_panel(self) -> None:
        self.panel.setHidden(self._is_bare and self.panel.part != "reading")

    def set_up(self, setup: PageSetup) -> None:
        """Show a part, a word, a step, as a lesson wants them; make what it wants made."""
        options = setup.options
        if setup.view is not None:
            self.playhead.set_view(setup.view)
        self._wished_word = options.get("word", "")
        before, _, other = (text.strip() for text in options.get("swap", "").partition("->"))
        if before:
            self._wished_word = before
            self.swapping.wish(before, other, at_once=setup.run)
        if "part" in options:
            self.panel.choose(options["part"])
        if setup.prompt is not None:
            self._typed = self._fields()
            self._set_prompt(*self._typed)
        self._from_fields = setup.run
        self._grant_word()
        strip = _STRIPS[options.get("strip", "guidance")]
        if setup.run and self.panel.part == "guidance":
            self.guiding.begin(strip)
        elif "strip" in options:
            self.panel.guidance.choose(strip)
        elif setup.run and not before:
            self._wished_place = setup.playhead
            self.generate()
        elif setup.playhead is not None:
            self.playhead.seek(round(setup.playhead * (self.playhead.count - 1)))

    def exhibit(self) -> ExhibitPlan | None:
        """The maps of the word that is held, step by step; or the pictures made beside the run."""
        if self.panel.part == "swap":
            return self.swapping.exhibit()
        if self.panel.part == "guidance":
            return self.guiding.exhibit()
        maps, run, word = self.subject.maps, self.subject.run, self.chips.current
        if maps is None or run is None or word is None or word >= len(maps.words):
            return None
        return exhibits.of_maps(run, maps, word, self.playhead.view)

    def set_compact(self, compact: bool) -> None:
        """Less air, for a low window."""
        space = themes.SPACE
        self.timeline_view.set_low(compact)
        self.chips.set_low(compact)
        above = space if compact else 2 * space
        self._centre.setContentsMargins(2 * space, above, space, space)
        between = space // 2 if compact else space
        self._time.setContentsMargins(2 * space, between, 2 * space, between)
        self._time.setSpacing(between)

    # --- the run and its words ----------------------------------------------------------------

    def show_run(self, timeline: Timeline | None) -> None:
        """Tell of another run, or of none."""
        if timeline is not self.subject.run:
            self._from_fields = False
        self.subject.set_run(timeline)
        self.listening.set_timeline(timeline)
        self.transport.set_timeline(timeline)
        self.timeline_view.set_timeline(timeline)
        self.swapping.set_run(timeline)
        self.guiding.set_run(timeline)
        if timeline is None:
            self._set_prompt(*self._fields())
        else:
            self._set_prompt(timeline.request.prompt, reads_weights(timeline.request))
        self.guiding.look_again()  # whose words are shown decides what it is made from
        self._show_words()
        self._refresh()

    def _fields_edited(self) -> None:
        if self.isVisible():
            self._later.start()

    def _take_typed(self) -> None:
        """Something else stands in the header: tell of its words."""
        self.guiding.look_again()
        self.swapping.look_again()
        if self._fields() != self._typed:
            self._typed = self._fields()
            self._set_prompt(*self._typed)

    def _fields(self) -> tuple[str, bool]:
        """The prompt in the header, and whether weights are read in it."""
        facts = self._session.facts
        weighted = facts is not None and facts.weighting and self._header.weights
        return self._header.prompt.text().strip(), weighted

    def _set_prompt(self, prompt: str, weighted: bool) -> None:
        self.subject.set_prompt(prompt, weighted=weighted)

    def _prompt_changed(self) -> None:
        self.panel.reading.show_near("", ())
        self._show_reading()

    def _show_reading(self) -> None:
        self.panel.reading.show_reading(self.subject.reading, self.subject.why_unread)
        self._show_words()
        self._word_changed()

    def _show_words(self) -> None:
        """The chips: as the maps count them, as the encoder reads them, or as they are typed."""
        maps, reading = self.subject.maps, self.subject.reading
        if maps is not None:
            shown = shown_words(maps.words, maps.tokens)
        elif reading is not None:
            shown = shown_words(reading.words, reading.tokens)
        else:
            shown = plain_words(self.subject.prompt)
        if self.chips.show_words(shown):
            self._word_changed()
        self._grant_word()

    def _grant_word(self) -> None:
        """Choose the word that a lesson wished for, as soon as it is there."""
        wished = self._wished_word.casefold()
        for chip in self.chips.chips if wished else ():
            if chip.shown.text.casefold() == wished:
                self._wished_word = ""
                self.choose_word(chip.shown.word)
                return

    def _run_finished(self, timeline: Timeline) -> None:
        if timeline is self.subject.run and self._wished_place is not None:
            self.playhead.seek(round(self._wished_place * (len(timeline) - 1)))
        self._wished_place = None
        self._grown()

    def _grown(self) -> None:
        self._show_words()
        self._refresh()

    # --- the word that is looked at -----------------------------------------------------------

    @property
    def word(self) -> int | None:
        """The word whose pixels are lit: the one pointed at, else the one that is held."""
        return self.chips.current if self._pointed is None else self._pointed

    def choose_word(self, word: int | None) -> None:
        """Hold a word, as by a press on its chip; None lets it go."""
        self.chips.choose(word)
        self._word_changed()

    def _press(self, word: int) -> None:
        self.choose_word(None if word == self.chips.current else word)

    def _point(self, word: int | None) -> None:
        if word != self._pointed:
            self._pointed = word
            self._word_changed()

    def _word_changed(self) -> None:
        self.chips.light(self.word)
        subject, words = self.subject, self.chips.words
        self.panel.reading.show_word(self.word)
        self.swapping.show_word(
            subject.prompt, words, self.chips.current, weighted=subject.weighted
        )
        if self.panel.part == "reading" and self.word is not None:
            self._near_later.start()
        self._refresh()

    def _find_near(self) -> None:
        word = self.chips.text_of(self.word)
        if word:
            self._session.words.nearest(word)

    def _part_changed(self) -> None:
        places: dict[str, QWidget] = {"swap": self.swapping.stage, "guidance": self.guiding.stage}
        self.stage.setCurrentWidget(places.get(self.panel.part, self.listening))
        self.guiding.set_active(self.panel.part == "guidance")
        self._show_panel()
        self._word_changed()

    def _refresh(self) -> None:
        """Show all that follows the playhead, the word and the run."""
        if not self.isVisible():
            return
        subject, maps, word = self.subject, self.subject.maps, self.word
        why = subject.why_no_maps()
        self.export_button.setEnabled(
            subject.run is not None and subject.run.trajectory is not None
        )
        free = subject.can_record and not self._session.running
        self.listening.say_why(why, why in (NO_MAPS, NO_MAPS_OF_FILE) and free)
        known = maps if maps is not None and maps.words else None
        if maps is not None and known is None:
            why = NO_WORDS
        self.listening.show_word(known, word)
        if known is None:
            self.chips.show_shares(None)
            self.panel.attention.show_nothing(why)
            return
        step = self.listening.step(known)
        self.chips.show_shares(self.listening.shares_here(known) or shares_now(known, step))
        if self.panel.part == "attention":
            picture = self.listening.any_picture()
            self.panel.attention.show_maps(known, step, word, picture, self.playhead.index)

    # --- Qt -----------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        """Somebody looks: read the prompt."""
        super().showEvent(event)
        self.subject.set_active(True)
        self._refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks."""
        super().hideEvent(event)
        self.subject.set_active(False)
        self._later.stop()
        self._near_later.stop()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A narrow page has a narrow panel."""
        super().resizeEvent(event)
        self.panel.set_narrow(self.width() < _NARROW)
