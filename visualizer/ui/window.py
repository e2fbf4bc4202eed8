"""The main window: other people's widgets on one page, and the session behind them.

The window shows what the session says and passes on what the person wishes; it computes nothing.
Only PySide6 is imported up here, so that the first frame does not wait for numpy or pyqtgraph.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QElapsedTimer, QEvent, QPoint, Qt, QTimer
from PySide6.QtGui import (
    QAction,
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QKeySequence,
    QResizeEvent,
    QShortcut,
)
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from visualizer import EXAMPLE_PROMPT
from visualizer.session.failure import Failure
from visualizer.session.playhead import VIEWS
from visualizer.ui import files, theme
from visualizer.ui.branch_bar import BranchBar
from visualizer.ui.branch_mode import KEY, LABEL, BranchMode
from visualizer.ui.branch_words import changed_words
from visualizer.ui.canvas import Canvas
from visualizer.ui.compare_page import EXPERIMENT, ComparePage
from visualizer.ui.failure_bar import FailureBar
from visualizer.ui.header import Header
from visualizer.ui.history_strip import HistoryStrip
from visualizer.ui.icons import IconButton
from visualizer.ui.menus import ExportMenu, MoreMenu
from visualizer.ui.model_choice import ModelChoice
from visualizer.ui.model_picker import ModelPicker
from visualizer.ui.noise_page import NoisePage
from visualizer.ui.overlay_card import about_card, shortcuts_card
from visualizer.ui.picture_slot import picture_in
from visualizer.ui.progress_line import ProgressLine, StepWatch, progress_text
from visualizer.ui.rail import Rail
from visualizer.ui.shortcuts import GROUPS, shown_keys
from visualizer.ui.side_panel import SidePanel
from visualizer.ui.timeline_view import TimelineView
from visualizer.ui.transport import TransportBar
from visualizer.ui.view_switch import ViewSwitch

if TYPE_CHECKING:
    from visualizer.diffusion.facts import ModelFacts
    from visualizer.diffusion.request import SamplingRequest
    from visualizer.session.playhead import Playhead
    from visualizer.session.progress import Progress
    from visualizer.session.session import Session
    from visualizer.session.timeline import Timeline
    from visualizer.settings import Settings
    from visualizer.ui.page import Page

NAME = "Denoising Visualizer"
_MINIMUM, _DEFAULT = (960, 600), (1280, 800)
_LOW = 720
_SECOND_PRESS_MS = 500
_SAID_MS = 8000
_LONGEST_NAME = 32
_MISSING = "A picture is missing."
_LOADING = "Loading the model …"
DENOISE, COMPARE, NOISE = "denoise", "compare", "noise"
_NOT_BEGUN = "Stopped before the first step"


class MainWindow(QMainWindow):
    """The header, the rail, the Denoise page, and the other pages (``visualizer.ui.page``)."""

    def __init__(self, session: Session, settings: Settings) -> None:
        super().__init__()
        self.session = session
        self.settings = settings
        self._planned: Timeline | None = None
        self._live: Timeline | None = None
        self._opening = ""  # the name of the model that was asked for and is not here yet
        self._stopping = False
        self._asked_to_open = False  # a file
        self._comparing = False  # lanes of a comparison are being sampled
        self._closed = False
        self._was_maximized = False
        self._since_start = QElapsedTimer()
        self.setWindowTitle(NAME)
        self.setMinimumSize(*_MINIMUM)
        self.setAcceptDrops(True)
        self._make_parts()
        self._make_actions()
        self._lay_out()
        self._connect()
        self._restore()
        self._show_timeline(session.current)
        self._show_history()
        if session.facts is not None:
            self._take_facts(session.facts)
        else:
            self.progress.set_share(None)
            self._say(_LOADING, True)
        self.header.prompt.setFocus()

    # --- building -----------------------------------------------------------------------------

    def _make_parts(self) -> None:
        playhead = self.session.playhead
        self.header = Header(self.settings)
        self.progress = ProgressLine()
        self.history = HistoryStrip()
        self.canvas = Canvas(playhead)
        self.view_switch = ViewSwitch(playhead)
        self.side_panel = SidePanel(playhead)
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
        self.branching = BranchMode(self.session, self.header, self.branch_button, self.branch_bar)
        self.rail = Rail()
        self.compare = ComparePage(self.session, self.header)
        self.noise = NoisePage(self.session, self.settings, self.header)
        self.pages: dict[str, Page] = {COMPARE: self.compare, NOISE: self.noise}
        self.page = DENOISE

    def _make_actions(self) -> None:
        """What keys do and what menus offer, by name."""
        does: dict[str, Callable[[], object]] = {
            "open": self.open_file,
            "save": self.save_file,
            "open_sweep": self.open_sweep,
            "experiment": self.run_experiment,
            "full_screen": self.toggle_full_screen,
            "shortcuts": lambda: self.shortcuts_card.toggle(),
            "about": lambda: self.about_card.toggle(),
        }
        labels = {
            "open": "Open a run …",
            "save": "Save this run …",
            "open_sweep": "Open a sweep …",
            "experiment": EXPERIMENT,
            "full_screen": "Full screen",
            "shortcuts": "Keyboard shortcuts",
            "about": "About",
        }
        self.actions_by_name: dict[str, QAction] = {}
        for name, act in does.items():
            entry = QAction(labels[name], self)
            entry.triggered.connect(_without_arguments(act))
            self.actions_by_name[name] = entry
        grid = self.compare.grid
        keys = {
            **does,
            "toggle": self._space,
            "back": lambda: self.playhead.step(-1),
            "forward": lambda: self.playhead.step(1),
            "back_ten": lambda: self.playhead.step(-10),
            "forward_ten": lambda: self.playhead.step(10),
            "home": lambda: self.playhead.home(),
            "end": lambda: self.playhead.end(),
            "slower": self._slower,
            "faster": self._faster,
            "generate": self.generate,
            "escape": self._escape,
            "export": self._open_export_menu,
            "branch": self._branch,
            "lane_left": lambda: grid.move_focus(-1, 0),
            "lane_right": lambda: grid.move_focus(1, 0),
            "lane_up": lambda: grid.move_focus(0, -1),
            "lane_down": lambda: grid.move_focus(0, 1),
            "lane_enlarge": grid.toggle_enlarged,
            "lane_remove": grid.remove_focused,
            "page_1": lambda: self.show_page(DENOISE),
            "page_2": lambda: self.show_page(COMPARE),
            "page_3": lambda: self.show_page(NOISE),
            **{f"view_{n}": partial(self._set_view, view) for n, view in enumerate(VIEWS, 1)},
        }
        self._shortcuts: list[QShortcut] = []
        self._lane_keys: list[QShortcut] = []  # they sleep on other pages
        for _group, shortcuts in GROUPS:
            for shortcut in shortcuts:
                wished = keys[shortcut.action]
                action = self.actions_by_name.get(shortcut.action)
                if action is not None:
                    action.setShortcuts([QKeySequence(key) for key in shortcut.keys])
                    self.addAction(action)
                    continue
                for key in shortcut.keys:
                    made = QShortcut(QKeySequence(key), self)
                    made.setAutoRepeat(shortcut.repeats)
                    made.activated.connect(wished)
                    self._shortcuts.append(made)
                    if shortcut.action.startswith("lane_"):
                        made.setEnabled(False)
                        self._lane_keys.append(made)

    def _lay_out(self) -> None:
        page = self._page = QWidget()
        page.setObjectName("page")
        page.setFocusPolicy(Qt.FocusPolicy.ClickFocus)  # a click beside a field leaves the field
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
        self._body = QHBoxLayout()
        self._body.setContentsMargins(0, 0, 0, 0)
        self._body.setSpacing(0)
        self._body.addLayout(centre, 1)
        self._body.addWidget(self.side_panel)
        self.transport.add_action_widget(self.status)
        self.transport.add_action_widget(self.save_button)
        self.transport.add_action_widget(self.export_button)
        self.transport.add_action_widget(self.parent_button)
        self.transport.add_action_widget(self.branch_button)
        time = self._time = QVBoxLayout()
        time.addWidget(self.transport)
        time.addWidget(self.timeline_view)
        line = QFrame()
        line.setProperty("role", "separator")
        line.setFixedHeight(1)
        denoise = QWidget()
        inside = QVBoxLayout(denoise)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(0)
        inside.addLayout(self._body, 1)
        inside.addWidget(line)
        inside.addLayout(time)
        self._stack = QStackedWidget()
        self._places = {DENOISE: self._stack.addWidget(denoise)}
        self.rail.add(DENOISE, "Denoise", "denoise", "One run, step by step", shown_keys("Ctrl+1"))
        self._places[COMPARE] = self._stack.addWidget(self.compare)
        self.rail.add(COMPARE, "Compare", "compare", "Side by side", shown_keys("Ctrl+2"))
        self._places[NOISE] = self._stack.addWidget(self.noise)
        self.rail.add(NOISE, "Noise", "noise", "Edit the static", shown_keys("Ctrl+3"))
        self.rail.set_current(DENOISE)
        below = QHBoxLayout()
        below.setContentsMargins(0, 0, 0, 0)
        below.setSpacing(0)
        below.addWidget(self.rail)
        below.addWidget(self._stack, 1)
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.header)
        column.addWidget(self.branch_bar)
        column.addWidget(self.progress)
        column.addLayout(below, 1)
        self.setCentralWidget(page)
        self._set_compact(False)
        self.message = FailureBar(page)
        self.shortcuts_card = shortcuts_card(page)
        self.about_card = about_card(page)
        self.model_picker = ModelPicker(self.header.settings_row.model, page)
        self.model_picker.set_current(self.settings.model_folder)

    def _connect(self) -> None:
        session, header, row = self.session, self.header, self.header.settings_row
        header.generate_asked.connect(self.generate)
        header.stop_asked.connect(self.stop)
        header.edited.connect(self._plan)
        header.edited.connect(self._judge_reuse)
        header.note.connect(self._show_correction)
        header.control.open_asked.connect(self._ask_picture)
        header.control.edited.connect(self._judge_missing)
        header.control.read_asked.connect(session.read_picture)
        session.picture_read.connect(header.control.take)
        self.models = ModelChoice(self.model_picker, self.settings, self)
        self.models.model_chosen.connect(self._load_model)
        self.models.failed.connect(self.show_failure)
        self.models.noted.connect(lambda text: self._note(text, "notice"))
        row.model.clicked.connect(self.model_picker.toggle)
        self.more_menu = MoreMenu(self, self.actions_by_name, self.settings.theme)
        self.more_menu.size_chosen.connect(row.set_size)
        self.more_menu.aboutToShow.connect(self._offer_sizes)
        self.more_menu.theme_chosen.connect(self.choose_theme)
        self.more_menu.memory_chosen.connect(self.choose_picture_memory)
        self.more_menu.weights_chosen.connect(header.set_weights)
        header.weights_changed.connect(self.more_menu.weights.setChecked)
        row.more.setMenu(self.more_menu)
        self.export_menu = ExportMenu(self)
        self.export_menu.chosen.connect(self.export_file)
        self.export_button.clicked.connect(self._open_export_menu)
        self.save_button.clicked.connect(self.save_file)
        self.history.chosen.connect(session.show)
        self.timeline_view.run_chosen.connect(session.show)
        self.branching.changed.connect(self._branching_changed)
        self.parent_button.clicked.connect(self._compare_with_parent)
        self.view_switch.resized.connect(self._fit_switch)
        self.side_panel.copied.connect(self._say)
        self.side_panel.reuse_asked.connect(self._reuse)
        self.message.installEventFilter(self)
        self.rail.chosen.connect(self.show_page)
        for each in self.pages.values():
            each.said.connect(self._say)
            each.failed.connect(self.show_failure)
        self.compare.axis_fields.entered.connect(self.generate)
        self.compare.open_asked.connect(self._show_alone)
        self.noise.run_asked.connect(lambda: self.show_page(DENOISE))
        self.compare.actions_changed.connect(self._judge_actions)
        lanes = self.compare.lanes
        lanes.progressed.connect(self._compared)
        lanes.changed.connect(self._show_title)

        session.model_loading.connect(self._model_loading)
        session.model_ready.connect(self._take_facts)
        session.planned.connect(self._take_plan)
        session.prompt_read.connect(header.prompt.show_reading)
        session.plan_refused.connect(self._refuse_plan)
        session.current_changed.connect(self._show_timeline)
        session.run_started.connect(self._run_started)
        session.progressed.connect(self._progressed)
        self.step_watch = StepWatch(self)
        session.progressed.connect(self.step_watch.watch)
        session.running_changed.connect(lambda _running: self.step_watch.stop())
        self.step_watch.late.connect(self._progressed)
        session.run_finished.connect(self._run_finished)
        session.running_changed.connect(self._running_changed)
        session.opened.connect(self._opened)
        session.history_changed.connect(self._show_history)
        session.saved.connect(lambda path: self._say(f"Saved as {Path(path).name}"))
        session.exported.connect(lambda path: self._say(f"Exported as {Path(path).name}"))
        session.failed.connect(self.show_failure)
        session.comparison_opened.connect(lambda: self.show_page(COMPARE))
        hints = QApplication.styleHints()
        hints.colorSchemeChanged.connect(self._system_scheme_changed)
        self._silence = QTimer(self)
        self._silence.setSingleShot(True)
        self._silence.timeout.connect(lambda: self._say("", True))
        self._noted = QTimer(self)
        self._noted.setSingleShot(True)
        self._noted.timeout.connect(self._forget_notes)

    # --- what the person asks -----------------------------------------------------------------

    def generate(self) -> None:
        """Make what the fields of this page say, unless something is being made already."""
        if self.busy:
            return
        from visualizer.diffusion.request import RequestError

        if self.message.is_failure:
            self.message.dismiss()
        self._forget_plan()
        self.header.settle_numbers()
        if not self.header.prompt.text().strip() and self.header.prompt.isEnabled():
            self.message.show_failure(
                Failure(
                    "The prompt is empty.",
                    f"Say what the picture should show, for example: {EXAMPLE_PROMPT}.",
                )
            )
            self.header.prompt.setFocus()
            return
        missing = self.header.control.missing()
        if missing:
            self.message.show_failure(Failure(_MISSING, missing))
            return
        if self.page in self.pages:
            self.pages[self.page].generate()
            return
        try:
            request = self._wanted()
        except RequestError as error:
            self.message.show_failure(Failure("These settings make no picture.", str(error)))
            return
        why = self.branching.why_refused(request)
        if why:
            self.message.show_failure(Failure("This branch cannot be made.", why))
            return
        self._since_start.start()
        if self.branching.run is not None:
            self.session.branch(self.branching.run, self.branching.step, request)
        else:
            self.session.generate(request)
        self.timeline_view.setFocus()

    def stop(self) -> None:
        """Stop the run; what is there stays."""
        if self._since_start.isValid() and self._since_start.elapsed() < _SECOND_PRESS_MS:
            return
        self.session.stop()
        if not self.busy or self._stopping:
            return
        self._stopping = True
        if self.header.generate.hasFocus():  # a button that sleeps hands the focus to anybody
            self._rest_focus()
        self.header.show_state("stopping")
        self._say("Stops after this step", True)

    def open_file(self) -> None:
        """Ask for a run file and open it."""
        path = files.ask_open(self)
        if path:
            self._open(path)

    def open_sweep(self) -> None:
        """Ask for the folder of a sweep and open it as a comparison."""
        path = files.ask_folder(self, "Open the folder of a sweep")
        if path:
            self._open(path)

    def _open(self, path: str) -> None:
        self._asked_to_open = True
        self.session.open_run(path)

    def _opened(self, _timeline: Timeline) -> None:
        """A run that was asked for is shown, whatever page was; the prepared one was not."""
        if self._asked_to_open:
            self.show_page(DENOISE)
        self._asked_to_open = False
        self._judge_actions()

    def save_file(self) -> None:
        """Ask where to, and save what is looked at."""
        if self.page == COMPARE:
            self.compare.save()
            return
        timeline = self._finished()
        path = files.ask_save(self, timeline, "", ".denoise") if timeline else ""
        if timeline and path:
            self.session.save_run(timeline, path)

    def export_file(self, ending: str, suffix: str) -> None:
        """Ask where to, and export the run that is looked at."""
        timeline = self._finished()
        path = files.ask_save(self, timeline, ending, suffix) if timeline else ""
        if timeline and path:
            self._say("Exporting …", True)
            self.session.export_run(timeline, path)

    def run_experiment(self) -> None:
        """Ask on the Compare page whether the noise holds the picture."""
        self.show_page(COMPARE)
        self.compare.run_experiment()

    @property
    def busy(self) -> bool:
        """Whether something is being made, or waits for the model."""
        return self.session.running

    @property
    def playhead(self) -> Playhead:
        """The one of the page that is shown."""
        page = self.pages.get(self.page)
        return self.session.playhead if page is None else page.playhead

    def show_page(self, name: str) -> None:
        """Show another page.

        Raises:
            KeyError: for a page that does not exist.
        """
        place = self._places[name]
        if name == self.page:
            return
        self.playhead.pause()
        if self.page in self.pages:
            self.pages[self.page].leave()
        else:
            self.branching.cancel()
        self.page = name
        self.rail.set_current(name)
        self._stack.setCurrentIndex(place)
        self.session.look_at_lanes(name == COMPARE)
        for key in self._lane_keys:
            key.setEnabled(name == COMPARE)
        if name in self.pages:
            self.pages[name].enter()
        self._judge_actions()
        self._show_title()
        self._place_message()
        self._rest_focus()

    def _rest_focus(self) -> None:
        """Where keys act when no field has the focus."""
        target = self.compare.timeline_view if self.page == COMPARE else self.timeline_view
        if target.isVisible():
            target.setFocus()
        else:
            self._page.setFocus()

    def _show_alone(self, timeline: Timeline) -> None:
        """A lane, on the page of single runs."""
        position = self.compare.playhead.index
        lane = self.compare.lanes.lane_of(timeline)
        k = None if lane is None else self.compare.lanes.point(lane, position)
        self.show_page(DENOISE)
        self.session.show(timeline)
        self.session.playhead.set_view(self.compare.playhead.view)
        if k is not None:
            self.session.playhead.seek(k)

    def _compare_with_parent(self) -> None:
        """The branch that is looked at and its parent, side by side as a pair."""
        run, position = self.session.current, self.session.playhead.index
        if run is None or run.parent_run is None:
            return
        parent = self.session.add_to_comparison(run.parent_run)
        branch = self.session.add_to_comparison(run, changed_words(run))
        if parent is None or branch is None:
            return
        self.session.lanes.set_pair((parent.id, branch.id))
        self.show_page(COMPARE)
        if len(self.session.lanes) == 2:  # else it has a moment of its own
            self.session.lanes.playhead.seek(self.session.lanes.position_of(branch, position))

    def _set_view(self, view: str) -> None:
        self.playhead.set_view(view)

    def toggle_full_screen(self) -> None:
        """Fill the screen, or come back."""
        if self.isFullScreen():
            self.showMaximized() if self._was_maximized else self.showNormal()
        else:
            self._was_maximized = self.isMaximized()
            self.showFullScreen()

    def choose_theme(self, name: str) -> None:
        """Wear "dark", "light", or what the system wears ("system")."""
        self.settings.theme = name
        wear(name)

    def choose_picture_memory(self, mib: int) -> None:
        """Keep full pictures of at most so many MiB ready."""
        self.settings.picture_memory_mib = mib
        self.session.set_picture_memory(mib)
        self.more_menu.set_memory(mib)

    def show_failure(self, failure: Failure) -> None:
        """Say what went wrong."""
        self.message.show_failure(failure)
        if not self.session.loading:
            self._opening = ""
        if not self.busy:
            self._say("")
            self._rest()

    def _escape(self) -> None:
        if not self.model_picker.isHidden():
            self.model_picker.close_panel()
            return
        for card in (self.shortcuts_card, self.about_card):
            if not card.isHidden():
                card.close_card()
                return
        if self.page in self.pages and self.pages[self.page].escape():
            return
        if self.branching.run is not None and not self.session.running:
            self.branching.cancel()
        elif self.isFullScreen():
            self.toggle_full_screen()
        elif self.busy:
            self.stop()
        else:
            self.message.dismiss()

    def _branch(self) -> None:
        if self.page == DENOISE:
            self.branching.enter()

    def _space(self) -> None:
        """Play or pause; a control that was reached by Tab is pressed instead."""
        focus = QApplication.focusWidget()
        if isinstance(focus, QAbstractButton) and focus.isEnabled():
            focus.click()
        elif isinstance(focus, QComboBox):
            focus.showPopup()
        else:
            self.playhead.toggle()

    def _slower(self) -> None:
        self.playhead.speed /= 2

    def _faster(self) -> None:
        playhead = self.playhead
        if playhead.playing:
            playhead.speed *= 2
        else:
            playhead.play()

    def _open_export_menu(self) -> None:
        if self.page == COMPARE:
            self.compare.open_export_menu()
        elif self._finished() is not None:
            above = QPoint(0, -self.export_menu.sizeHint().height())
            self.export_menu.popup(self.export_button.mapToGlobal(above))

    def _reuse(self) -> None:
        if self.session.current is not None:
            self.header.show_request(self.session.current.request)

    def _ask_picture(self, argument: str) -> None:
        path = files.ask_picture(self)
        if path:
            self.header.control.give(Path(path), argument)

    def _load_model(self, folder: str | None) -> None:
        from visualizer.diffusion.model_folder import name_of

        self.session.load_model(folder)
        self.session.noise_lab.interrupt()
        self._opening = _shortened(
            "Built-in" if folder is None else name_of(Path(folder)), _LONGEST_NAME
        )
        if self.session.running and not self.session.waiting:
            self._say(f"{self._opening} opens when this run has ended", True)
        else:
            self._say_loading()

    def _say_loading(self) -> None:
        """At once: what the worker does just now comes first, and nothing is heard meanwhile."""
        self._model_loading(f"Opening {self._opening} …" if self._opening else _LOADING)

    def _judge_missing(self) -> None:
        """The picture that was asked for has come."""
        missing = self.message.is_failure and self.message.text.startswith(_MISSING)
        if missing and not self.header.control.missing():
            self.message.dismiss()

    def _plan(self) -> None:
        if self.session.facts is None:
            return
        from visualizer.diffusion.request import RequestError

        try:
            self.session.plan(self._wanted())
        except RequestError as error:
            self.session.plan(None)
            self.message.show_note(str(error), "plan")
        self._judge_coming()

    def _wanted(self) -> SamplingRequest:
        """What the fields ask for: a run, or a branch of the run that is looked at."""
        mode = self.branching
        return self.header.request() if mode.run is None else mode.request()

    def _branching_changed(self) -> None:
        self.more_menu.set_fixed(self.branching.run is not None)
        self._plan()
        self._judge_reuse()
        self._place_message()

    # --- what the session says ----------------------------------------------------------------

    def _refuse_plan(self, why: str) -> None:
        from visualizer.diffusion.request import RequestError

        if self.branching.run is not None:
            with contextlib.suppress(RequestError):
                self.branching.refuse(self._wanted(), why)
        self.message.show_note(why, "plan")

    def _model_loading(self, sentence: str) -> None:
        if self.session.running and not self.session.waiting:
            return  # another model loads while a run goes on: the run is more interesting
        self.progress.set_share(None)
        self._say(f"{sentence}  Your picture is next." if self.session.waiting else sentence, True)

    def _take_facts(self, facts: ModelFacts) -> None:
        if not self.session.loading:
            self._opening = ""
        self.settings.model_folder = self.session.model_folder
        self.header.set_facts(facts)
        self.more_menu.set_facts(facts)
        self.side_panel.set_facts(facts)
        for page in self.pages.values():
            page.set_facts(facts)
        self._offer_sizes()
        self.models.take_facts(facts, self.settings.model_folder)
        if not self.busy:
            self.progress.set_share(0)
            self._say("Ready")

    def _offer_sizes(self) -> None:
        if self.session.facts is not None:
            self.more_menu.set_sizes(self.session.facts, self.header.settings_row.picture_size)

    def _take_plan(self, planned: Timeline) -> None:
        self._planned = planned
        self._forget_plan()
        if planned.notice:
            self._note(planned.notice, "notice")
        if self.session.current is None:
            self._show_timeline(None)
        self._judge_coming()

    def _show_timeline(self, timeline: Timeline | None) -> None:
        self.canvas.set_timeline(timeline)
        self.view_switch.set_timeline(timeline)
        self.transport.set_timeline(timeline)
        self.timeline_view.set_timeline(timeline or self._planned)
        self._show_family()
        self.side_panel.set_timeline(timeline or self._planned)
        self.history.set_current(timeline)
        self._show_title()
        self._judge_actions()
        self._judge_reuse()
        self._judge_coming()
        self.message.clear("run")
        if timeline is not None:
            self._show_notice(timeline)

    def _show_title(self) -> None:
        current, lanes = self.session.current, self.compare.lanes
        title = current.title if current is not None else ""
        if self.page == COMPARE:
            title = lanes.title or "Compare"
        self.setWindowTitle(f"{_shortened(title)} – {NAME}" if title else NAME)

    def _compared(self, progress: Progress) -> None:
        """The lanes of a comparison are a step further."""
        if not self._comparing:
            self._comparing = True
            self.header.show_state("running")
        self._progressed(progress)

    def _running_changed(self, running: bool) -> None:
        self._stopping = False
        if not running:
            self._rest()
            compared, self._comparing = self._comparing, False
            if self.session.loading:
                self._say_loading()
            elif compared:
                self._say(self.compare.result())
            else:  # whoever has more to say of its end says it after this
                self._say(_NOT_BEGUN)
        elif self.session.loading and self.session.waiting:
            self.header.show_state("waiting")
            self._say("Your picture is made as soon as the model is loaded.", True)
        else:
            self.header.show_state("running")
            self.progress.set_share(None)
            self._say("Starting …", True)

    def _run_started(self, timeline: Timeline) -> None:
        self._since_start.start()
        self.header.show_state("running")
        self.progress.set_share(0)
        self._say(f"Step 0 of {timeline.step_count}", True)
        self._show_history()

    def _progressed(self, progress: Progress) -> None:
        self.progress.set_share(progress.done / max(progress.total, 1))
        if not self._stopping:
            then = f"  ·  then {self._opening} opens" if self._opening else ""
            self._say(f"{progress_text(progress)}{then}", True)

    def _run_finished(self, timeline: Timeline) -> None:
        self._judge_actions()
        self._judge_coming()
        if self.session.loading:
            self._say_loading()
        elif timeline.trajectory is None:
            self._say(_NOT_BEGUN)
        elif timeline.cancelled:
            done = timeline.steps_taken(max(len(timeline) - 1, 0))
            self._say(f"Stopped after {done} of {timeline.step_count} steps")
        else:
            self._say("Done")
        if timeline is self.session.current:
            self._show_notice(timeline)

    def _show_history(self) -> None:
        """The runs of the sitting, and the one that is being made."""
        runs, current = self.session.history, self.session.current
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
        current = self.session.current
        self.timeline_view.set_family(() if current is None else self.session.family_of(current))

    def _rest(self) -> None:
        self.header.show_state("ready")
        self.progress.set_share(None if self.session.loading else 0)
        self._judge_actions()

    def _judge_actions(self) -> None:
        can = self._finished() is not None
        self.save_button.setEnabled(can)
        self.export_button.setEnabled(can)
        current = self.session.current
        self.parent_button.setVisible(can and current is not None and bool(current.parent_run))
        can_here = self.compare.can_save if self.page == COMPARE else can
        self.actions_by_name["save"].setEnabled(can_here)
        self.actions_by_name["experiment"].setEnabled(not self.busy)

    def _judge_reuse(self) -> None:
        """A run whose settings stand in the fields needs no button that puts them there."""
        current = self.session.current
        self.side_panel.offer_reuse(
            current is not None and not self.header.shows_request(current.request)
        )

    def _judge_coming(self) -> None:
        """The plan of the next run is drawn where it would differ from the one that is shown."""
        current, planned = self.session.current, self._planned
        coming = None
        wanted = planned is not None and self._asks_for(planned)
        if current is not None and planned is not None and wanted and not self.session.running:
            levels = [planned.level(k) for k in range(planned.total)]
            same = levels == [current.level(k) for k in range(current.total)]
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

    def _finished(self) -> Timeline | None:
        current = self.session.current
        return current if current is not None and current.trajectory is not None else None

    def _show_correction(self, text: str) -> None:
        self._note(text, "correction")

    def _show_notice(self, timeline: Timeline) -> None:
        if timeline.notice:
            self._note(timeline.notice, "run")

    def _note(self, text: str, topic: str) -> None:
        """Long enough to be read; then the picture under it is worth more."""
        self.message.show_note(text, topic)
        self._noted.start(_SAID_MS)

    def _forget_notes(self) -> None:
        for topic in ("correction", "notice", "run"):
            self.message.clear(topic)

    def _forget_plan(self) -> None:
        for topic in ("plan", "notice"):
            self.message.clear(topic)

    def _say(self, text: str, stays: bool = False) -> None:
        for status in (self.status, *(page.status for page in self.pages.values())):
            status.setText(text)
        self._silence.stop() if stays else self._silence.start(_SAID_MS)

    # --- the window itself --------------------------------------------------------------------

    def _system_scheme_changed(self, _scheme: Qt.ColorScheme) -> None:
        if self.settings.theme == "system":
            wear("system")

    def changeEvent(self, event: QEvent) -> None:
        """A new theme reaches what paints itself."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and hasattr(self, "message"):
            self.message.refresh_theme()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The message stays at its place; a low window spends less on the timeline."""
        super().resizeEvent(event)
        self._set_compact(self.height() < _LOW)
        self._place_message()

    def _set_compact(self, compact: bool) -> None:
        space = theme.SPACE
        self.timeline_view.set_low(compact)
        self._fit_switch()
        self.header.set_compact(compact)
        self.side_panel.set_compact(compact)
        for page in self.pages.values():
            page.set_compact(compact)
        above = space if compact else 2 * space
        self._centre.setContentsMargins(space, above, space, space)
        between = space // 2 if compact else space
        self._time.setContentsMargins(2 * space, between, 2 * space, between)
        self._time.setSpacing(between)

    def _fit_switch(self) -> None:
        """The switch stands under the picture, not under picture and history; where it would not
        fit it moves a little to the left, and at last beside the picture."""
        space, needed = theme.SPACE, self.view_switch.width_across()
        room = self.width() - self.rail.width() - self.side_panel.maximumWidth()
        room -= 2 * space + needed
        self._switch_row.setContentsMargins(min(max(room, space), 10 * space), 0, 0, 0)
        self._place_switch(beside=room < space or self.height() < _LOW)

    def _place_switch(self, *, beside: bool) -> None:
        """Below the picture, or, where height is dear, at its right."""
        wanted, other = self._pictures, self._switch_row
        if not beside:
            wanted, other = other, wanted
        if wanted.indexOf(self.view_switch) < 0:
            other.removeWidget(self.view_switch)
            wanted.addWidget(self.view_switch)
            self.view_switch.set_upright(beside)

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        """The message is as high as its text."""
        if event.type() in (QEvent.Type.Show, QEvent.Type.LayoutRequest):
            QTimer.singleShot(0, self, self._place_message)
        return super().eventFilter(watched, event)  # type: ignore[arg-type]

    def _place_message(self) -> None:
        if self.page == DENOISE:  # beside the panel, over the middle of the picture
            room = self.side_panel.mapTo(self._page, QPoint(0, 0)).x()
            middle = self.canvas.mapTo(self._page, self.canvas.rect().center()).x()
        else:
            room, middle = self.width(), (self.width() + self.rail.width()) // 2
        width = min(room - 4 * theme.SPACE, 90 * theme.SPACE)
        left = min(middle - width // 2, room - width - theme.SPACE)
        height = max(self.message.heightForWidth(width), self.message.minimumSizeHint().height())
        top = self.progress.geometry().bottom() + theme.SPACE
        self.message.setGeometry(max(left, theme.SPACE), top, width, height)
        self.message.raise_()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Files are welcome, and so is a picture dragged from a browser."""
        if files.dropped(event.mimeData()) or event.mimeData().hasImage():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open the run or the model that was dropped, or hand the picture to the model."""
        path, picture = files.dropped(event.mimeData()), picture_in(event.mimeData())
        event.acceptProposedAction()
        if picture is not None:
            if not self.header.control.give(picture):
                self._note("This model takes no picture beside the prompt.", "correction")
        elif files.is_model(path) and not files.is_sweep(path):
            self._load_model(path)
        elif path:
            self._open(path)

    def _restore(self) -> None:
        """As the person left it."""
        playhead, settings = self.session.playhead, self.settings
        playhead.speed, playhead.loop = settings.speed, settings.loop
        self.choose_picture_memory(settings.picture_memory_mib)
        self.canvas.set_hard_pixels(settings.hard_pixels)
        self.compare.grid.set_hard_pixels(settings.hard_pixels)
        self.timeline_view.set_scale(settings.y_axis)
        saved = QByteArray.fromBase64(self.settings.geometry.encode("ascii", "ignore"))
        if saved.isEmpty() or not self.restoreGeometry(saved):
            self.resize(*_DEFAULT)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Gone at once for the eye; then remember the choices and let the work end."""
        event.accept()
        if self._closed:
            return
        self._closed = True
        geometry = self.saveGeometry()
        self.hide()
        QApplication.processEvents()
        self._remember(geometry)
        self.session.close()
        self.models.close()

    def _remember(self, geometry: QByteArray) -> None:
        settings, header, row = self.settings, self.header, self.header.settings_row
        settings.geometry = bytes(geometry.toBase64().data()).decode("ascii")
        settings.prompt = header.prompt.text().strip() or EXAMPLE_PROMPT
        settings.seed = header.seed.whole()
        settings.avoid = row.avoid.text().strip()
        facts = self.session.facts
        if facts is not None:
            steps, guidance = row.steps.whole(), row.guidance.value()
            settings.steps = None if steps == facts.steps else steps
            settings.guidance_scale = None if guidance == facts.guidance_scale else guidance
            settings.sampler = row.sampler_key()
            settings.width, settings.height = row.picture_size or (None, None)
        playhead = self.session.playhead
        settings.speed, settings.loop = playhead.speed, playhead.loop
        settings.hard_pixels = self.canvas.hard_pixels
        settings.y_axis = self.timeline_view.scale.key
        with contextlib.suppress(OSError):  # nobody is left to be told
            settings.save()


def wear(name: str) -> None:
    """Give the application a look: "dark", "light", or the system's own ("system")."""
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        return
    if name == "system":
        light = app.styleHints().colorScheme() == Qt.ColorScheme.Light
        name = "light" if light else "dark"
    theme.apply(app, theme.THEMES[name])


def _without_arguments(act: Callable[[], object]) -> Callable[..., None]:
    def triggered(_checked: bool = False) -> None:
        act()

    return triggered


def _shortened(text: str, length: int = 80) -> str:
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"
