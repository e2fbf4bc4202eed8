"""The Words page: prompt, tokens, text encoder, embedding, and which pixels listen at each step."""

from __future__ import annotations

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
from visualizer.ui.canvas import Canvas
from visualizer.ui.icons import IconButton
from visualizer.ui.segments import Segments
from visualizer.ui.shortcuts import shown_keys
from visualizer.ui.timeline_view import TimelineView
from visualizer.ui.transport import TransportBar
from visualizer.ui.view_switch import ViewMenu, ViewSwitch
from visualizer.ui.words import exhibits
from visualizer.ui.words.attention_overlay import AttentionOverlay, word_map
from visualizer.ui.words.guiding import Guiding
from visualizer.ui.words.panel_parts import button
from visualizer.ui.words.swapping import Swapping
from visualizer.ui.words.word_chips import WordChips, plain_words
from visualizer.ui.words.word_sentences import MAKE_AGAIN, MAKE_AGAIN_TIP, shares_now, shown_words
from visualizer.ui.words.words_panel import WordsPanel

if TYPE_CHECKING:
    from visualizer.diffusion.attention import AttentionMaps
    from visualizer.diffusion.facts import ModelFacts
    from visualizer.diffusion.word_reading import WordReading
    from visualizer.export.exhibit import Exhibit
    from visualizer.lessons.page_setup import PageSetup
    from visualizer.session.playhead import Playhead
    from visualizer.session.session import Session
    from visualizer.session.timeline import Timeline
    from visualizer.settings import Settings
    from visualizer.ui.header import Header

_TYPED_MS = 300
_NEAR_MS = 200
"""The mouse rests so long on a word before the words near it are looked for."""
_WHEN = {
    "step": ("This step", "The attention of the step under the playhead"),
    "all": ("All steps", "The mean of the attention at all steps"),
}


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
        self._run: Timeline | None = None
        self._facts: ModelFacts | None = session.facts
        self._prompt = ""  # whose words are shown
        self._typed = ""  # what stood in the header when it was last looked at
        self._reading: WordReading | None = None
        self._pointed: int | None = None
        self._wished_word = ""
        self._wished_place: float | None = None
        playhead = session.playhead
        self.setAccessibleName("Words")
        self.chips = WordChips()
        self.canvas = Canvas(playhead)
        self.overlay = AttentionOverlay(self.canvas)
        self.switch = ViewSwitch(playhead)
        self.view_menu = ViewMenu(self.switch)
        self.when = Segments("Which attention")
        for name, (text, about) in _WHEN.items():
            self.when.add(name, text, about)
        self.record = button(MAKE_AGAIN, MAKE_AGAIN_TIP, "quiet")
        self.caption = QLabel()
        self.caption.setProperty("role", "small-quiet")
        self.panel = WordsPanel()
        self.transport = TransportBar(playhead)
        self.timeline_view = TimelineView(playhead)
        self.status = QLabel()
        self.status.setProperty("role", "small-quiet")
        self.status.setAccessibleName("Status")
        self.status.setContentsMargins(0, 0, 2, 0)
        self.export_button = IconButton("export", "Export", shown_keys("Ctrl+E"))
        self.stage = QStackedWidget()
        self.swapping = Swapping(session.words, self.panel.swap, self)
        self.guiding = Guiding(session.words, self.panel.guidance, playhead, self)
        self._later, self._near_later = QTimer(self), QTimer(self)
        self._lay_out()
        self._connect()
        self.show_run(session.current)

    # --- building -----------------------------------------------------------------------------

    def _lay_out(self) -> None:
        space = themes.SPACE
        under = QHBoxLayout()
        under.setSpacing(space)
        for widget in (self.when, self.view_menu, self.record):
            under.addWidget(widget)
        under.addStretch(1)
        under.addWidget(self.caption)
        self.switch.hide()
        self.switch.setParent(self)
        listening = QWidget()
        inside = QVBoxLayout(listening)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(space)
        inside.addWidget(self.canvas, 1)
        inside.addLayout(under)
        self._listening = listening
        for widget in (listening, self.swapping.stage, self.guiding.stage):
            self.stage.addWidget(widget)
        centre = self._centre = QVBoxLayout()
        centre.setSpacing(space)
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
        session, words, panel = self._session, self._session.words, self.panel
        for timer, wait, does in (
            (self._later, _TYPED_MS, self._read_typed),
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
        self._header.edited.connect(self._fields_edited)
        words.reading_ready.connect(self._take_reading)
        words.refused.connect(self._refuse_reading)
        words.nearest_ready.connect(self._take_near)
        words.failed.connect(self.failed)
        self.chips.chosen.connect(lambda _word: self._word_changed())
        for source in (self.chips, panel.reading, panel.attention):
            source.pointed.connect(self._point)
        for part in (panel.reading, panel.attention):
            part.pressed.connect(self.choose_word)
        panel.attention.step_asked.connect(session.playhead.seek)
        panel.part_chosen.connect(lambda _name: self._part_changed())
        self.when.chosen.connect(lambda _name: self._refresh())
        self.record.clicked.connect(self._record)
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
        self._session.generate(request, attention=self._records)
        self.timeline_view.setFocus()

    def escape(self) -> bool:
        """Let a chosen word go, or stop what is being made beside; whether there was one."""
        if self.swapping.stop() or self.guiding.stop():
            return True
        if self.chips.current is None:
            return False
        self.choose_word(None)
        return True

    def enter(self) -> None:
        """The page is shown: it tells of the run that is looked at."""
        self._typed = self._header.prompt.text()
        self.show_run(self._session.current)

    def leave(self) -> None:
        """Another page is shown: the pictures made beside the run are not worth the machine."""
        self.swapping.stop()
        self.guiding.stop()

    def set_facts(self, facts: ModelFacts) -> None:
        """Another model reads the prompt."""
        self._facts = facts
        self._reading = None
        self.panel.swap.set_vocabulary(facts.vocabulary)
        self.swapping.forget()
        self.guiding.set_facts(facts)
        self._read()
        self._refresh()

    def set_up(self, setup: PageSetup) -> None:
        """Show a part, a word, a step, as a lesson wants them; make what it wants made."""
        options = setup.options
        if setup.view is not None:
            self.playhead.set_view(setup.view)
        self._wished_word = options.get("word", "")
        swap = options.get("swap", "")
        if "part" in options:
            self.panel.choose(options["part"])
        self._part_changed()
        if setup.prompt is not None:
            self._typed = self._header.prompt.text()
            self._show_prompt(self._typed)
        if swap:
            before, _, other = (part.strip() for part in swap.partition("->"))
            self._wished_word = before
            self.swapping.wish(other, at_once=setup.run)
        self._grant_word()
        part = self.panel.part
        if setup.run and part == "guidance":
            self.guiding.begin("strip")
        elif setup.run and not (part == "swap" and swap):
            self._wished_place = setup.playhead
            self.generate()
        elif setup.playhead is not None:
            self.playhead.seek(round(setup.playhead * (self.playhead.count - 1)))

    def exhibit(self) -> Exhibit | None:
        """The maps of the word that is looked at, step by step; or the pictures made beside."""
        part = self.panel.part
        if part == "swap":
            return self.swapping.exhibit()
        if part == "guidance":
            return self.guiding.exhibit()
        maps, run = self._maps(), self._run
        if maps is None or run is None or not maps.words:
            return None
        return exhibits.of_maps(run, maps, self._word_to_show(maps), self.playhead.view)

    def set_compact(self, compact: bool) -> None:
        """Less air, for a low window."""
        space = themes.SPACE
        self.timeline_view.set_low(compact)
        self.chips.set_low(compact)
        above = space if compact else 2 * space
        self._centre.setContentsMargins(space, above, space, space)
        between = space // 2 if compact else space
        self._time.setContentsMargins(2 * space, between, 2 * space, between)
        self._time.setSpacing(between)

    # --- the run and its words ----------------------------------------------------------------

    def show_run(self, timeline: Timeline | None) -> None:
        """Tell of another run, or of none."""
        if self._run is not None:
            self._run.grown.disconnect(self._grown)
            self._run.picture_changed.disconnect(self._picture_changed)
        self._run = timeline
        if timeline is not None:
            timeline.grown.connect(self._grown)
            timeline.picture_changed.connect(self._picture_changed)
        self.canvas.set_timeline(timeline)
        self.switch.set_timeline(timeline)
        self.transport.set_timeline(timeline)
        self.timeline_view.set_timeline(timeline)
        self.swapping.set_run(timeline)
        self.guiding.set_run(timeline)
        self._show_prompt(
            self._header.prompt.text() if timeline is None else timeline.request.prompt
        )

    def _show_prompt(self, prompt: str) -> None:
        if prompt != self._prompt:
            self._prompt, self._reading = prompt, None
            self.panel.reading.show_near("", ())
        self._read()
        self._show_words()
        self._refresh()

    def _fields_edited(self) -> None:
        if self.isVisible() and self._header.prompt.text() != self._typed:
            self._later.start()

    def _read_typed(self) -> None:
        """Other words stand in the header: tell of those."""
        if self._header.prompt.text() != self._typed:
            self._typed = self._header.prompt.text()
            self._show_prompt(self._typed)

    def _read(self) -> None:
        if self._facts is not None and self._reading is None and self.isVisible():
            self._session.words.read(self._prompt)

    def _take_reading(self, reading: WordReading) -> None:
        if reading.prompt == self._prompt:
            self._reading = reading
            self.panel.reading.show_reading(reading, "")
            self._show_words()
            self._refresh()

    def _refuse_reading(self, why: str) -> None:
        self._reading = None
        self.panel.reading.show_reading(None, why)

    def _show_words(self) -> None:
        """The chips: as the maps count them, as the encoder reads them, or as they are typed."""
        maps, reading = self._maps(), self._reading
        if maps is not None:
            self.chips.show_words(shown_words(maps.words, maps.tokens))
        elif reading is not None:
            self.chips.show_words(shown_words(reading.words, reading.tokens))
        else:
            self.chips.show_words(plain_words(self._prompt))
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
        if timeline is self._run and self._wished_place is not None:
            self.playhead.seek(round(self._wished_place * (len(timeline) - 1)))
            self._wished_place = None
        self._show_words()
        self._refresh()

    def _grown(self) -> None:
        self._refresh()

    def _picture_changed(self, k: int, _view: str) -> None:
        if k == self.playhead.index:
            self._refresh()

    # --- attention ----------------------------------------------------------------------------

    def _maps(self) -> AttentionMaps | None:
        """Of the run that is looked at, where its words are the ones that are shown."""
        run = self._run
        if run is None or run.request.prompt != self._prompt:
            return None
        maps = run.attention
        return maps if maps is not None and maps.steps else None

    def _step(self, maps: AttentionMaps) -> int | None:
        """The step whose maps are looked at; None: all of them together."""
        if self.when.current == "all":
            return None
        last = maps.first + len(maps.steps) - 1
        return min(max(self.playhead.index, maps.first), last)

    def why_no_maps(self) -> str:
        """A sentence saying why there is nothing to light up; "" where there is."""
        from visualizer.ui.words import word_sentences as sentences

        run = self._run
        if self._maps() is not None:
            return ""
        if self._facts is not None and self._facts.no_attention:
            return self._facts.no_attention
        if run is None:
            return sentences.NO_RUN
        if run.request.prompt != self._prompt:
            return sentences.OTHER_WORDS
        if run.running:
            return sentences.NOT_YET if len(run) == 0 else sentences.NOT_RECORDED_YET
        if not self._can_record():
            return sentences.other_model(run)
        return sentences.NO_MAPS

    @property
    def _records(self) -> bool:
        """Whether the model that is there has any attention to show; else it is left out."""
        return self._facts is None or not self._facts.no_attention

    def _can_record(self) -> bool:
        """Whether the run can be made once more by the model that is there."""
        run, facts = self._run, self._facts
        if run is None or facts is None or run.trajectory is None or not self._records:
            return False
        return run.trajectory.model.weights_hash == facts.weights_hash

    def _record(self) -> None:
        if self._run is not None:
            self._session.generate(self._run.request, attention=True)
            self.timeline_view.setFocus()

    def _point(self, word: int | None) -> None:
        if word != self._pointed:
            self._pointed = word
            self._word_changed()

    def choose_word(self, word: int | None) -> None:
        """Hold a word, as by a press on its chip; None lets it go."""
        self.chips.choose(word)
        self._word_changed()

    @property
    def word(self) -> int | None:
        """The word whose pixels are lit: the one pointed at, else the one that is held."""
        return self.chips.current if self._pointed is None else self._pointed

    def _word_to_show(self, maps: AttentionMaps) -> int:
        """The word that is looked at; else the one that is heard most."""
        if self.word is not None and self.word < len(maps.words):
            return self.word
        shares = shares_now(maps, None)
        return max(range(len(shares)), key=shares.__getitem__)

    def _word_changed(self) -> None:
        self.chips.light(self.word)
        self.panel.reading.show_word(self.word)
        if self.panel.part == "swap":
            chosen = next((c.shown.text for c in self.chips.chips if c.isChecked()), "")
            self.swapping.show_word(self._prompt, self.chips.current, chosen)
        if self.panel.part == "reading" and self.word is not None:
            self._near_later.start()
        self._refresh()

    def _find_near(self) -> None:
        word = next((c.shown.text for c in self.chips.chips if c.shown.word == self.word), "")
        if word:
            self._session.words.nearest(word)

    def _take_near(self, word: str, found: list[tuple[str, float]]) -> None:
        self.panel.reading.show_near(word, found)

    def _part_changed(self) -> None:
        places: dict[str, QWidget] = {"swap": self.swapping.stage, "guidance": self.guiding.stage}
        self.stage.setCurrentWidget(places.get(self.panel.part, self._listening))
        self.guiding.set_active(self.panel.part == "guidance")
        self._word_changed()

    def _refresh(self) -> None:
        """Show all that follows the playhead, the word and the run."""
        if not self.isVisible():
            return
        maps, run, word = self._maps(), self._run, self.word
        why = self.why_no_maps()
        known = maps is not None and bool(maps.words)
        self.record.setVisible(bool(why) and self._can_record() and not self._session.running)
        self.when.setVisible(known)
        self.export_button.setEnabled(run is not None and run.trajectory is not None)
        if maps is None or not known:
            self.chips.show_shares(None)
            self.overlay.show_map(None)
            self.caption.setText("")
            self.panel.attention.show_nothing(why)
            return
        step = self._step(maps)
        self.chips.show_shares(shares_now(maps, step))
        lit = word is not None and word < len(maps.words)
        shown = (
            word_map(maps.of_word(word, step), len(maps.words))
            if lit and word is not None
            else None
        )
        self.overlay.show_map(shown)
        self.caption.setText("" if shown is None else shown.words)
        picture = self.canvas.picture
        self.panel.attention.show_maps(maps, step, word, picture, self.playhead.index)

    # --- Qt -----------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        """Somebody looks: read the prompt."""
        super().showEvent(event)
        self._read()
        self._refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks."""
        super().hideEvent(event)
        self._later.stop()
        self._near_later.stop()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A narrow page has a narrow panel."""
        super().resizeEvent(event)
        self.panel.set_narrow(self.width() < 1100)
