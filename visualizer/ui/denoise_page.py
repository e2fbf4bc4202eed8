"""The Denoise page: one run, step by step, and the plan of the next one."""

from __future__ import annotations

import contextlib
import math
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from visualizer.session.failure import Failure
from visualizer.ui import files, theme
from visualizer.ui.branch_bar import BranchBar
from visualizer.ui.branch_mode import KEY, LABEL, BranchMode
from visualizer.ui.branch_words import changed_words
from visualizer.ui.canvas import Canvas
from visualizer.ui.denoise_panels.band_sieve import BANDS, BandSieve
from visualizer.ui.denoise_panels.panels import EXPLANATION, Panels
from visualizer.ui.history_strip import HistoryStrip
from visualizer.ui.icons import IconButton
from visualizer.ui.shortcuts import shown_keys
from visualizer.ui.timeline_view import TimelineView
from visualizer.ui.transport import TransportBar
from visualizer.ui.view_switch import ViewSwitch

if TYPE_CHECKING:
    from visualizer.diffusion.facts import ModelFacts
    from visualizer.diffusion.request import SamplingRequest
    from visualizer.export.exhibit import ExhibitPlan
    from visualizer.lessons.page_setup import PageSetup
    from visualizer.session.playhead import Playhead
    from visualizer.session.session import Session
    from visualizer.session.timeline import Timeline
    from visualizer.ui.drawings.drawings_card import DrawingsCard
    from visualizer.ui.header import Header

_NARROW = 88 * theme.SPACE
_SAME_SHARE = 1e-5
"""Noise levels whose shares differ by less would be drawn on the same pixel."""


class DenoisePage(QWidget):
    """The picture with the runs of the sitting beside it, what is to be said of it, and its time.

    What the fields of the header ask for is planned here, whatever page is shown: the plan of the
    next run is drawn below the one that is looked at.

    Attributes:
        branch_bar: stands right below the header, where the window puts it.
    """

    said = Signal(str, bool)  # for the status; whether it stays
    uses_header = True
    failed = Signal(object)  # Failure
    noted = Signal(str, str)  # worth knowing; the topic
    outdated = Signal(str)  # what was noted of this topic
    actions_changed = Signal()  # what can be saved and exported
    export_asked = Signal()
    pair_asked = Signal()  # the run and its parent are lanes now, to be looked at side by side

    def __init__(self, session: Session, header: Header, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._header = session, header
        self._planned: Timeline | None = None
        self._live: Timeline | None = None
        self._compact = False
        self._side_wanted = False
        self._is_bare = False  # a class looks on
        self._drawings: DrawingsCard | None = None  # made when it is asked for
        self._drawings_wanted = False  # by a lesson, as soon as its run has ended
        self._place: float | None = None  # where a lesson wants the playhead when the run has ended
        playhead = session.playhead
        self.history = HistoryStrip()
        self.canvas = Canvas(playhead)
        self.view_switch = ViewSwitch(playhead)
        self.panels = Panels(playhead, session.sculpting)
        self.side_panel = self.panels.explanation
        self.transport = TransportBar(playhead)
        self.timeline_view = TimelineView(playhead)
        self.status = QLabel()
        self.status.setProperty("role", "small-quiet")
        self.status.setAccessibleName("Status")
        self.status.setContentsMargins(0, 0, 2, 0)  # letters end at fractions of pixels
        self.save_button = IconButton("save", "Save this run", shown_keys("Ctrl+S"))
        self.export_button = IconButton("export", "Export", shown_keys("Ctrl+E"))
        self.branch_button = IconButton("branch", LABEL, KEY)
        self.parent_button = IconButton("compare", "Compare with the run it branched from")
        self.parent_button.hide()
        self.branch_bar = BranchBar()
        self.branching = BranchMode(session, header, self.branch_button, self.branch_bar)
        self._lay_out()
        self._connect()

    # --- building -----------------------------------------------------------------------------

    def _lay_out(self) -> None:
        pictures = self._pictures = QHBoxLayout()
        pictures.setSpacing(theme.SPACE)
        pictures.addWidget(self.history)
        pictures.addWidget(self.canvas, 1)
        centre = self._centre = QVBoxLayout()
        centre.setSpacing(theme.SPACE)
        centre.addLayout(pictures, 1)
        self._switch_row = QHBoxLayout()
        self._switch_row.addWidget(self.view_switch)
        centre.addLayout(self._switch_row)
        body = QHBoxLayout()
        body.setContentsMargins(0, 0, 0, 0)
        body.setSpacing(0)
        body.addLayout(centre, 1)
        body.addWidget(self.panels)
        for widget in (
            self.status,
            self.save_button,
            self.export_button,
            self.parent_button,
            self.branch_button,
        ):
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

    def _connect(self) -> None:
        session, header = self._session, self._header
        header.edited.connect(self._plan)
        header.edited.connect(self._judge_reuse)
        self.branching.changed.connect(self._plan)
        self.branching.changed.connect(self._judge_reuse)
        self.history.chosen.connect(session.show)
        self.timeline_view.run_chosen.connect(session.show)
        self.view_switch.resized.connect(self._fit_switch)
        self.side_panel.copied.connect(lambda text: self.said.emit(text, False))
        self.side_panel.reuse_asked.connect(self._reuse)
        self.panels.sculptor.band_chosen.connect(self._show_band)
        self.canvas.drawings_asked.connect(self.show_drawings)
        self.save_button.clicked.connect(self.save)
        self.export_button.clicked.connect(self.export_asked)
        self.parent_button.clicked.connect(self._compare_with_parent)
        session.planned.connect(self._take_plan)
        session.plan_refused.connect(self._refuse_plan)
        session.current_changed.connect(self.show_run)
        session.run_started.connect(lambda _timeline: self.show_history())
        session.history_changed.connect(self.show_history)
        session.run_finished.connect(self._run_finished)
        session.running_changed.connect(lambda _running: self._judge_actions())
        session.opened.connect(lambda _timeline: self._judge_actions())

    # --- what the person asks -----------------------------------------------------------------

    @property
    def pictures(self) -> QWidget:
        """Where a message may lie."""
        return self.canvas

    @property
    def playhead(self) -> Playhead:
        """The one that keys and buttons of this page move."""
        return self._session.playhead

    def generate(self) -> None:
        """Make the picture of the fields, or the branch they ask for."""
        from visualizer.diffusion.request import RequestError

        try:
            request = self._wanted()
        except RequestError as error:
            self.failed.emit(Failure("These settings make no picture.", str(error)))
            return
        mode = self.branching
        why = mode.why_refused(request)
        if why:
            self.failed.emit(Failure("This branch cannot be made.", why))
            return
        if mode.run is not None:
            self._session.branch(mode.run, mode.step, request)
        else:
            self._session.generate(request)
        self.timeline_view.setFocus()

    def escape(self) -> bool:
        """Close the drawings, or call a branch off; whether there was one to be made."""
        if self._drawings is not None and not self._drawings.isHidden():
            self._drawings.close_card()
            return True
        if self.branching.run is None or self._session.running:
            return False
        self.branching.cancel()
        return True

    @property
    def can_save(self) -> bool:
        """Whether there is something to save and to export."""
        return self._finished() is not None

    def _finished(self) -> Timeline | None:
        current = self._session.current
        return current if current is not None and current.trajectory is not None else None

    def save(self) -> None:
        """Ask where to, and save the run."""
        timeline = self._finished()
        path = files.ask_save(self, timeline, "", ".denoise") if timeline else ""
        if timeline and path:
            self.said.emit("Saving …", True)
            self._session.save_run(timeline, path)

    def _reuse(self) -> None:
        if self._session.current is not None:
            self._header.show_request(self._session.current.request)

    def _compare_with_parent(self) -> None:
        """The branch that is looked at and its parent, side by side as a pair."""
        session = self._session
        run, position = session.current, session.playhead.index
        if run is None or run.parent_run is None:
            return
        before = len(session.lanes)
        parent = session.add_to_comparison(run.parent_run)
        branch = session.add_to_comparison(run, changed_words(run))
        if parent is None or branch is None:
            return
        session.lanes.set_pair((parent.id, branch.id))
        if len(session.lanes) > before:
            session.keep_comparison()
        self.pair_asked.emit()
        if len(session.lanes) == 2:  # else it has a moment of its own
            session.lanes.playhead.seek(session.lanes.position_of(branch, position))

    def show_drawings(self) -> None:
        """The drawings of the training that are most like the picture that is looked at."""
        current = self._session.current
        if current is None or self._session.drawings.why_not(current):
            return
        if self._drawings is None:
            from visualizer.ui.drawings.drawings_card import DrawingsCard

            self._drawings = DrawingsCard(self._session.drawings, self)
            self._drawings.said.connect(self.said)
        self._drawings.ask(current)

    # --- coming and going ---------------------------------------------------------------------

    def enter(self) -> None:
        """The page is shown."""

    def leave(self) -> None:
        """Another page is shown: its fields ask for no branch."""
        self.branching.cancel()
        if self._drawings is not None:
            self._drawings.close_card()

    def set_facts(self, facts: ModelFacts) -> None:
        """Another model is there."""
        self.panels.set_facts(facts)
        self._judge_drawings()

    # --- the run that is looked at ------------------------------------------------------------

    def show_run(self, timeline: Timeline | None) -> None:
        """Look at a run; None: at the plan of the first one."""
        self.canvas.set_timeline(timeline)
        self.view_switch.set_timeline(timeline)
        self.transport.set_timeline(timeline)
        self.timeline_view.set_timeline(timeline or self._planned)
        self._show_family()
        self.panels.set_timeline(timeline or self._planned)
        self.history.set_current(timeline)
        self._judge_actions()
        self._judge_reuse()
        self._judge_coming()
        self.outdated.emit("run")
        if timeline is not None:
            self._show_notice(timeline)

    def show_history(self) -> None:
        """The runs of the sitting, and the one that is being made."""
        runs, current = self._session.history, self._session.current
        if current is not None and current.running:
            self._live = current
        live = self._live
        if live is not None and live.running and live not in runs:
            runs = (*runs, live)
        self.history.set_history(runs)
        self.history.set_current(current)
        self._show_family()

    def _show_family(self) -> None:
        """The tree that the run which is looked at belongs to."""
        current = self._session.current
        self.timeline_view.set_family(() if current is None else self._session.family_of(current))

    def _show_notice(self, timeline: Timeline) -> None:
        if timeline.notice:
            self.noted.emit(timeline.notice, "run")

    def _run_finished(self, timeline: Timeline) -> None:
        self._judge_actions()
        self._judge_coming()
        if timeline is self._session.current:
            self._show_notice(timeline)
            self._take_place()

    def _judge_drawings(self) -> None:
        """Only of the built-in model's runs the training pictures are known."""
        current = self._session.current
        made = current is not None and current.trajectory is not None
        self.canvas.offer_drawings(self._session.drawings.why_not(current) if made else None)

    def _judge_actions(self) -> None:
        self._judge_drawings()
        can, current = self.can_save, self._session.current
        self.save_button.setEnabled(can)
        self.export_button.setEnabled(can)
        self.parent_button.setVisible(can and current is not None and bool(current.parent_run))
        self.actions_changed.emit()

    def _show_band(self, band: str) -> None:
        """The canvas shows one band of frequencies only, or all of the picture again."""
        sieve = next((BandSieve(each) for each in BANDS if each == band), None)
        self.canvas.set_sieve(sieve)

    def _judge_reuse(self) -> None:
        """A run whose settings stand in the fields needs no button that puts them there."""
        current = self._session.current
        self.side_panel.offer_reuse(
            current is not None and not self._header.shows_request(current.request)
        )

    # --- the plan of the next run -------------------------------------------------------------

    def _wanted(self) -> SamplingRequest:
        """What the fields ask for: a run, or a branch of the run that is looked at."""
        mode = self.branching
        return self._header.request() if mode.run is None else mode.request()

    def _plan(self) -> None:
        if self._session.facts is None:
            return
        from visualizer.diffusion.request import RequestError

        try:
            self._session.plan(self._wanted())
        except RequestError as error:
            self._session.plan(None)
            self.noted.emit(str(error), "plan")
        self._judge_coming()

    def _take_plan(self, planned: Timeline) -> None:
        self._planned = planned
        self.forget_plan()
        if planned.notice:
            self.noted.emit(planned.notice, "notice")
        if self._session.current is None:
            self.show_run(None)
        self._judge_coming()

    def _refuse_plan(self, why: str) -> None:
        from visualizer.diffusion.request import RequestError

        if self.branching.run is not None:
            with contextlib.suppress(RequestError):
                self.branching.refuse(self._wanted(), why)
        self.noted.emit(why, "plan")

    def forget_plan(self) -> None:
        """What was said of the last plan is not true any more."""
        for topic in ("plan", "notice"):
            self.outdated.emit(topic)

    def _judge_coming(self) -> None:
        """The plan of the next run is drawn where it would differ from the one that is shown."""
        current, planned = self._session.current, self._planned
        coming = None
        wanted = planned is not None and self._asks_for(planned)
        if current is not None and planned is not None and wanted and not self._session.running:
            shares = [planned.level(k).noise_share for k in range(planned.total)]
            made = [current.level(k).noise_share for k in range(current.total)]
            # another computer made the same levels with other last bits
            same = len(shares) == len(made) and all(
                math.isclose(a, b, abs_tol=_SAME_SHARE) for a, b in zip(shares, made, strict=True)
            )
            coming = None if same else planned
        self.timeline_view.set_coming(coming)

    def _asks_for(self, planned: Timeline) -> bool:
        """Whether the fields still ask for these noise levels, whatever the words."""
        from visualizer.diffusion.request import RequestError

        try:
            asked = self._wanted()
        except RequestError:
            return False
        was = planned.request
        counts = ("steps", "sampler", "guidance_scale", "width", "height", "start")
        return all(getattr(asked, name) == getattr(was, name) for name in counts)

    @property
    def side_width(self) -> int:
        """Of the panel: the views may stand between it and the picture."""
        return 0 if self.panels.isHidden() else self.panels.width()

    def set_bare(self, on: bool) -> None:
        """Only the code and the sculptor stay: they are what a class is to look at."""
        self._is_bare = on
        self._fit_side()

    # --- what lessons and exports ask ---------------------------------------------------------

    def set_up(self, setup: PageSetup) -> None:
        """Make what the fields say by now, or show what is there so."""
        self.branching.cancel()
        if setup.view is not None:
            self.playhead.set_view(setup.view)
        panel = setup.options.get("panel", "")
        self.panels.show_panel(panel)
        self._side_wanted, self._drawings_wanted = bool(panel), panel == "drawings"
        self._fit_side()
        self._place = setup.playhead
        if setup.run:
            self.generate()
        else:
            self._take_place()

    def _take_place(self) -> None:
        """Stand where a lesson wants it, and show the drawings if it wants those."""
        place, self._place = self._place, None
        if place is not None:
            self.playhead.pause()
            self.playhead.seek(round(place * (self.playhead.count - 1)))
        wanted, self._drawings_wanted = self._drawings_wanted, False
        if wanted:
            self.show_drawings()

    def exhibit(self) -> ExhibitPlan | None:
        """What it shows is runs."""
        return None

    # --- room ---------------------------------------------------------------------------------

    def set_compact(self, compact: bool) -> None:
        """Less air, for a low window."""
        space = theme.SPACE
        self._compact = compact
        self.timeline_view.set_low(compact)
        self.panels.set_compact(compact)
        self._fit_switch()
        above = space if compact else 2 * space
        self._centre.setContentsMargins(space, above, space, space)
        between = space // 2 if compact else space
        self._time.setContentsMargins(2 * space, between, 2 * space, between)
        self._time.setSpacing(between)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A narrow page has its views beside the picture."""
        super().resizeEvent(event)
        self._fit_side()

    def _fit_side(self) -> None:
        """Beside a picture that has little room no panel stands, unless a lesson wants it."""
        bare = self._is_bare and self.panels.current == EXPLANATION
        wide = self.width() >= _NARROW or self._side_wanted
        self.panels.setVisible(wide and not bare)
        self._fit_switch()

    def _fit_switch(self) -> None:
        """The switch stands under the picture, not under picture and history; where it would not
        fit it moves a little to the left, and at last beside the picture."""
        space, needed = theme.SPACE, self.view_switch.width_across()
        side = 0 if self.panels.isHidden() else self.panels.maximumWidth()
        room = self.width() - side - 2 * space - needed
        self._switch_row.setContentsMargins(min(max(room, space), 10 * space), 0, 0, 0)
        self._place_switch(beside=room < space or self._compact)

    def _place_switch(self, *, beside: bool) -> None:
        """Below the picture, or, where height is dear, at its right."""
        wanted, other = self._pictures, self._switch_row
        if not beside:
            wanted, other = other, wanted
        if wanted.indexOf(self.view_switch) < 0:
            other.removeWidget(self.view_switch)
            wanted.addWidget(self.view_switch)
            self.view_switch.set_upright(beside)
