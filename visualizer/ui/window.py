"""The main window: the header, the rail, the pages, and the session behind them.

The window shows what the session says and passes on what the person wishes; it computes nothing.
Only PySide6 is imported up here, so that the first frame does not wait for numpy or pyqtgraph.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QEvent, QObject, QPoint, Qt, QTimer
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QHBoxLayout,
    QMainWindow,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from visualizer import EXAMPLE_PROMPT
from visualizer.session.failure import Failure
from visualizer.session.playhead import VIEWS
from visualizer.ui import files, theme
from visualizer.ui.clipboard import Clipboard, copy_selected_text
from visualizer.ui.closing import Closing
from visualizer.ui.compare_page import EXPERIMENT, ComparePage
from visualizer.ui.denoise_page import DenoisePage
from visualizer.ui.drop_sign import DropSign
from visualizer.ui.export_panel import ExportPanel
from visualizer.ui.failure_bar import FailureBar, Offer
from visualizer.ui.header import Header
from visualizer.ui.menus import MoreMenu
from visualizer.ui.model_choice import ModelChoice
from visualizer.ui.model_picker import ModelPicker
from visualizer.ui.noise_page import NoisePage
from visualizer.ui.overlay_card import about_card, shortcuts_card
from visualizer.ui.page import (
    HasParts,
    HasSide,
    HasTimelineView,
    OffersExport,
    ShowsTimeline,
    TakesPictures,
)
from visualizer.ui.pages import COMPARE, DENOISE, ENTRIES, NOISE, PHYSICS, Pages
from visualizer.ui.picture_slot import picture_in
from visualizer.ui.progress_line import ProgressLine
from visualizer.ui.rail import Rail
from visualizer.ui.remembered_pictures import RememberedPictures
from visualizer.ui.remembered_words import in_short
from visualizer.ui.run_status import RunStatus
from visualizer.ui.shortcuts import shown_keys
from visualizer.ui.tips import WrappedTips
from visualizer.ui.window_keys import WindowKeys

if TYPE_CHECKING:
    from visualizer.diffusion.facts import ModelFacts
    from visualizer.lessons.page_setup import PageSetup
    from visualizer.session.playhead import Playhead
    from visualizer.session.session import Session
    from visualizer.session.timeline import Timeline
    from visualizer.settings import Settings
    from visualizer.ui.export_stage import ExportStage
    from visualizer.ui.lessons.lesson_panel import LessonPanel
    from visualizer.ui.page import Page

NAME = "Denoising Visualizer"
_MINIMUM, _DEFAULT = (960, 600), (1280, 800)
_LOW = 720
_BESIDE = 1280
"""So wide a window has room for a whole page beside the lessons."""
_LEAST_TIME = 48
"""Below its pictures a page has its time, where there is so much room."""
_NOTED_MS = 8000
_REMEMBERED = "remembered"
_PASSING = ("correction", "notice", "run", "model", "closing")
"""Topics of notes that go by themselves."""
_OF_DENOISE = ("plan", "run", "notice")
"""Topics of notes about the run of the Denoise page, or the next one."""
_LEAST_MESSAGE = 320
_LONGEST_NAME = 32
_MISSING = "A picture is missing."
_NOTHING_YET = "There is nothing on this page yet that could be exported."
_NOT_COPIED_HERE = "Pictures are copied on the pages Denoise and Compare"
_FROM_THE_NET = (
    "That is an address, not a file, and nothing is fetched from the internet here. Save the "
    "picture first, and drop the file."
)


class MainWindow(QMainWindow):
    """What all pages (``visualizer.ui.page``) share, and what leads from one to another."""

    def __init__(self, session: Session, settings: Settings) -> None:
        super().__init__()
        self.session = session
        self.settings = settings
        self._asked_to_open = False  # a file
        self._closed = False
        self._was_maximized = self._was_full_screen = False
        self._presents = False  # a lesson, to a class
        self.setWindowTitle(NAME)
        self.setMinimumSize(*_MINIMUM)
        self.setAcceptDrops(True)
        self._make_parts()
        self._make_actions()
        self._lay_out()
        self._connect()
        self._restore()
        self.denoise.show_run(session.current)
        self.denoise.show_history()
        if session.facts is not None:
            self._take_facts(session.facts)
            self.run_status.model_ready()
        else:
            self.run_status.starting()
        self.header.prompt.setFocus()

    # --- building -----------------------------------------------------------------------------

    def _make_parts(self) -> None:
        self.header = Header(self.settings)
        self.progress = ProgressLine()
        self.rail = Rail()
        self.denoise = DenoisePage(self.session, self.header)
        self.compare = ComparePage(self.session, self.header)
        self.noise = NoisePage(self.session, self.settings, self.header)
        self._stack = QStackedWidget()
        self.pages = Pages(self._stack, self.session, self.settings, self.header, parent=self)
        for name, page in (
            (DENOISE, self.denoise),
            (COMPARE, self.compare),
            (NOISE, self.noise),
        ):
            self.pages.add(name, page)
        self._lessons: LessonPanel | None = None
        self._setup: PageSetup | None = None  # waits for the end of a run
        self._setup_again: PageSetup | None = None  # was done, but what was made has moved on
        self.clipboard = Clipboard(
            self.session, self.settings, self.denoise.canvas, self.compare.grid, self
        )
        self.export_panel = ExportPanel(self.session, self.settings)
        self.closing = Closing(self.session.exports, self)
        self.page = DENOISE
        self._message_of = ""  # the page that the message is about; "" where it is about none
        self._tips = WrappedTips(self)
        self.run_status = RunStatus(
            self.session, self.header, self.progress, compared=self.compare.result
        )
        self.run_status.tell_in(tuple(page.status for page in self.pages))

    def _make_actions(self) -> None:
        """What keys do and what menus offer, by name."""
        labels = {
            "open": "Open a run or a picture …",
            "save": "Save this run …",
            "export": "Export …",
            "copy": "Copy picture",
            "open_sweep": "Open a sweep …",
            "experiment": EXPERIMENT,
            "full_screen": "Full screen",
            "shortcuts": "Keyboard shortcuts",
            "about": "About",
        }
        grid = self.compare.grid
        does: dict[str, Callable[[], object]] = {
            "open": self.open_file,
            "save": self.save_file,
            "open_sweep": self.open_sweep,
            "experiment": self.run_experiment,
            "full_screen": self.toggle_full_screen,
            "shortcuts": lambda: self.shortcuts_card.toggle(),
            "about": lambda: self.about_card.toggle(),
            "toggle": self._space,
            "back": lambda: self._time.step(-1),
            "forward": lambda: self._time.step(1),
            "back_ten": lambda: self._time.step(-10),
            "forward_ten": lambda: self._time.step(10),
            "home": lambda: self._time.home(),
            "end": lambda: self._time.end(),
            "slower": self._slower,
            "faster": self._faster,
            "generate": self.generate,
            "escape": self._escape,
            "export": self.toggle_export,
            "branch": self._branch,
            "copy": self._copy,
            "lane_left": lambda: grid.move_focus(-1, 0),
            "lane_right": lambda: grid.move_focus(1, 0),
            "lane_up": lambda: grid.move_focus(0, -1),
            "lane_down": lambda: grid.move_focus(0, 1),
            "lane_enlarge": grid.toggle_enlarged,
            "lane_remove": grid.remove_focused,
            "lessons": self.toggle_lessons,
            "paste": self._paste,
            **{
                f"page_{n}": partial(self.show_page, entry.name)
                for n, entry in enumerate(ENTRIES, 1)
            },
            **{f"view_{n}": partial(self._set_view, view) for n, view in enumerate(VIEWS, 1)},
        }
        self.keys = WindowKeys(self, labels, does)
        self.actions_by_name = self.keys.actions

    def _lay_out(self) -> None:
        page = self._page = QWidget()
        page.setObjectName("page")
        page.setFocusPolicy(Qt.FocusPolicy.ClickFocus)  # a click beside a field leaves the field
        for number, entry in enumerate(ENTRIES, 1):
            keys = shown_keys(f"Ctrl+{number}")
            self.rail.add(entry.name, entry.label, entry.name, entry.about, keys)
        self._stack.addWidget(self.export_panel)
        self.rail.set_current(DENOISE)
        column = QVBoxLayout()
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.header)
        column.addWidget(self.denoise.branch_bar)
        column.addWidget(self.progress)
        around = self._around = QHBoxLayout()
        around.addWidget(self._stack)
        column.addLayout(around, 1)
        row = self._row = QHBoxLayout(
            page
        )  # the rail keeps its place, however many rows the header has
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.rail)
        row.addLayout(column, 1)
        self.setCentralWidget(page)
        self._set_compact(False)
        self.message = FailureBar(page)
        self.shortcuts_card = shortcuts_card(page)
        self.about_card = about_card(page)
        self.drop_sign = DropSign(page)
        self.model_picker = ModelPicker(self.header.settings_row.model, page)
        self.model_picker.set_current(self.settings.model_folder)

    def _connect(self) -> None:
        session, header, row = self.session, self.header, self.header.settings_row
        header.generate_asked.connect(self.generate)
        header.stop_asked.connect(self.stop)
        header.note.connect(self._show_correction)
        header.control.open_asked.connect(self._ask_picture)
        header.control.edited.connect(self._judge_missing)
        header.control.read_asked.connect(session.read_picture)
        session.picture_read.connect(header.control.take)
        self.models = ModelChoice(self.model_picker, self.settings, self)
        self.models.model_chosen.connect(self._load_model)
        self.models.failed.connect(self.show_failure)
        self.models.noted.connect(lambda text: self._note(text, "model"))
        row.model.clicked.connect(self.model_picker.toggle)
        self.more_menu = MoreMenu(self, self.actions_by_name, self.settings.theme)
        self.more_menu.size_chosen.connect(row.set_size)
        self.more_menu.aboutToShow.connect(self._offer_sizes)
        self.more_menu.theme_chosen.connect(self.choose_theme)
        self.more_menu.memory_chosen.connect(self.choose_picture_memory)
        self.more_menu.weights_chosen.connect(header.set_weights)
        header.weights_changed.connect(self.more_menu.weights.setChecked)
        row.more.setMenu(self.more_menu)
        self.more_menu.aboutToHide.connect(row.more.look_for_mouse)
        for saving in (self.denoise, self.compare):
            saving.export_asked.connect(self.toggle_export)
        self.export_panel.closed.connect(self._leave_export)
        self.export_panel.said.connect(self.run_status.say)
        self.denoise.noted.connect(self._note)
        self.denoise.outdated.connect(self.message.clear)
        self.denoise.actions_changed.connect(self._judge_actions)
        self.denoise.pair_asked.connect(lambda: self.show_page(COMPARE))
        self.denoise.branching.changed.connect(self._branching_changed)
        notes = self.export_panel.notes
        self.message.dismissed.connect(self._place_message)
        for watched in (self.message, notes, self._stack):
            watched.installEventFilter(self)
        self.remembered = RememberedPictures(header, self.compare.axis_fields, self)
        self.remembered.noted.connect(self._note_remembered)
        self.remembered.failed.connect(self.show_failure)
        self.remembered.comparison_found.connect(lambda: self.show_page(COMPARE))
        self.clipboard.said.connect(self.run_status.say)
        self.clipboard.failed.connect(self.show_failure)
        self.rail.chosen.connect(self.show_page)
        self.rail.add_switch("lessons", "Lessons", "A course to read beside", shown_keys("Ctrl+L"))
        self.rail.switched.connect(lambda _name: self.toggle_lessons())
        for page in self.pages:
            self._welcome(page)
        self.pages.made.connect(self._page_made)
        self._stack.currentChanged.connect(lambda _index: self._place_lessons())
        self.compare.axis_fields.entered.connect(self.generate)
        self.compare.open_asked.connect(self._show_alone)
        self.noise.run_asked.connect(lambda: self.show_page(DENOISE))
        self.compare.actions_changed.connect(self._judge_actions)
        self.compare.lanes.changed.connect(self._show_title)
        session.model_ready.connect(self._take_facts)
        session.prompt_read.connect(header.prompt.show_reading)
        session.current_changed.connect(lambda _timeline: self._show_title())
        session.running_changed.connect(self._running_changed)
        session.opened.connect(self._opened)
        session.failed.connect(self.show_failure)
        session.comparison_opened.connect(lambda: self.show_page(COMPARE))
        hints = QApplication.styleHints()
        hints.colorSchemeChanged.connect(self._system_scheme_changed)
        self._noted = QTimer(self)
        self._noted.setSingleShot(True)
        self._noted.timeout.connect(self._forget_notes)

    # --- what the person asks -----------------------------------------------------------------

    def generate(self) -> None:
        """Make what the fields of this page say, unless something is being made already."""
        if self.busy:
            return
        if self.message.is_failure:
            self.message.dismiss()
        if not self.pages[self.page].uses_header:
            self.pages[self.page].generate()
            return
        self.denoise.forget_plan()
        self.message.clear(_REMEMBERED)
        self.header.settle_numbers()
        if not self.header.prompt.text().strip() and self.header.prompt.isEnabled():
            self.message.show_failure(
                Failure(
                    "The prompt is empty.",
                    f"Say what the picture should show, for example: {EXAMPLE_PROMPT}.",
                )
            )
            self._message_of = self.page
            self.header.prompt.setFocus()
            return
        missing = self.header.control.missing()
        if missing:
            self.message.show_failure(Failure(_MISSING, missing))
            self._message_of = self.page
            return
        self.pages[self.page].generate()

    def stop(self) -> None:
        """Stop the run; what is there stays."""
        if self.run_status.just_started:
            return
        self.session.stop()
        if not self.busy or self.run_status.stopping:
            return
        if self.header.generate.hasFocus():  # a button that sleeps hands the focus to anybody
            self._rest_focus()
        self.run_status.stops()

    def open_file(self) -> None:
        """Ask for a run, or for a picture whose settings are wanted, and open it."""
        path = files.ask_open(self)
        if path:
            self.open(path)

    def open(self, path: str) -> None:
        """Open a run, a comparison or a sweep; of another file, what it remembers."""
        if files.may_remember(path):
            self._open_picture(Path(path), give=False)
        else:
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

    def save_file(self) -> None:
        """Ask where to, and save what is looked at."""
        self._saving_page.save()

    @property
    def _saving_page(self) -> DenoisePage | ComparePage:
        """Whose work is saved and exported: on other pages it is the run that is looked at."""
        return self.compare if self.page == COMPARE else self.denoise

    def toggle_export(self) -> None:
        """Show in the place of the page what it can become, or the page again."""
        if self.export_panel.is_open:
            self.export_panel.close_panel()
        else:
            self._open_export()

    def _open_export(self) -> None:
        page = self.pages[self.page]
        exhibit = page.exhibit()
        run = page.shown_timeline if isinstance(page, ShowsTimeline) else None
        if run is not None and run.trajectory is None:
            run = None
        if exhibit is None and run is None:
            shows_runs = self.playhead is self.session.playhead or self.page in (COMPARE, NOISE)
            if not shows_runs:
                self._note(_NOTHING_YET, "correction")
                return
            if not self._saving_page.can_save:
                return
            if self.page == NOISE:  # what is exported is the run, and that is elsewhere
                self.show_page(DENOISE)
        self.playhead.pause()
        self.header.yield_accent(True)
        self._stack.setCurrentWidget(self.export_panel)
        self.export_panel.open_panel(lanes=self.page == COMPARE, exhibit=exhibit, run=run)
        self._place_message()

    def _leave_export(self) -> None:
        """The page is shown again, with its playhead where it was."""
        self.header.yield_accent(False)
        self.pages.show(self.page)
        self._place_message()
        self._rest_focus()

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
        return self.pages[self.page].playhead

    @property
    def _time(self) -> Playhead | ExportStage:
        """What the keys of time move."""
        return self.export_panel.stage if self.export_panel.is_open else self.playhead

    def show_page(self, name: str) -> None:
        """Show another page.

        Raises:
            KeyError: for a page that does not exist.
        """
        page = self.pages[name]
        self.export_panel.close_panel()
        if name == self.page:
            return
        self.playhead.pause()
        self.pages[self.page].leave()
        if self._message_of not in ("", name):  # it was about the page that is left
            self.message.dismiss()
        self.page = name
        self.rail.set_current(name)
        self.pages.show(name)
        self._show_header()
        self.session.look_at_lanes(name == COMPARE)
        self.keys.wake_lanes(name == COMPARE)
        page.enter()
        self._place_lessons()
        self._judge_actions()
        self._show_title()
        self._place_message()
        self._rest_focus()

    def _show_header(self) -> None:
        """Where prompt and settings mean something, and no class looks on."""
        self.header.setVisible(self.pages[self.page].uses_header and not self._presents)

    def _welcome(self, page: Page) -> None:
        """A page is there: from now on it is listened to."""
        page.said.connect(self.run_status.say)
        page.failed.connect(self._page_failed)
        page.pictures.installEventFilter(self)

    def _page_made(self, name: str) -> None:
        page = self.pages[name]
        self._welcome(page)
        self.run_status.tell_in(tuple(each.status for each in self.pages))
        if isinstance(page, OffersExport):
            page.export_asked.connect(self.toggle_export)
        if isinstance(page, HasParts):
            page.header_changed.connect(self._show_header)
        page.set_compact(self.height() < _LOW)
        page.set_bare(self._presents)
        if self.session.facts is not None:
            page.set_facts(self.session.facts)

    # --- lessons ------------------------------------------------------------------------------

    @property
    def lessons(self) -> LessonPanel:
        """The course, read at the side of a page; made when it is first opened."""
        if self._lessons is None:
            from visualizer.ui.lessons.lesson_panel import LessonPanel

            self._lessons = LessonPanel(self.session, self.settings, parent=self._page)
            self._lessons.set_up_asked.connect(self.set_up)
            self._lessons.close_asked.connect(self.toggle_lessons)
            self._lessons.present_asked.connect(self.present)
            self._lessons.failed.connect(self.show_failure)
            self._lessons.hide()
        return self._lessons

    def _place_lessons(self) -> None:
        """Beside everything else where there is room for both; else over the side of the page,
        which keeps its width then."""
        lessons, row = self._lessons, self._row
        if lessons is None:
            return
        if self._presents or self.width() >= _BESIDE:
            self._around.setContentsMargins(0, 0, 0, 0)
            lessons.stand_beside()
            if row.indexOf(lessons) < 0:
                row.addWidget(lessons)
        else:
            row.removeWidget(lessons)
            self._lay_lessons_over(lessons)
        self._place_message()

    def _lay_lessons_over(self, lessons: LessonPanel) -> None:
        """Over the side of the page, and not over its time. A page with a smaller side, or with
        none, becomes so much narrower that no picture is covered."""
        room, space = self._stack, theme.SPACE
        shown, page = room.currentWidget() or room, self.pages[self.page]
        pictures = page.pictures
        corner = room.mapTo(self._page, QPoint(0, 0))
        bottom, side = corner.y() + room.height(), 0
        if self.page != COMPARE and shown is not self.export_panel:
            end = pictures.mapTo(shown, QPoint(pictures.width(), pictures.height()))
            side = shown.width() - end.x() - space
            if isinstance(page, HasSide):
                side = page.side_width
            time = shown.height() - end.y() if self.page != PHYSICS else 0  # it ends at the side
            bottom -= time - space if time > _LEAST_TIME else 0
        lessons.lie_over(side)
        lacks = 0 if lessons.isHidden() else max(lessons.width() - side, 0)
        self._around.setContentsMargins(0, 0, lacks, 0)
        left = self._page.width() - lessons.width()
        lessons.setGeometry(left, corner.y(), lessons.width(), bottom - corner.y())
        lessons.raise_()

    def toggle_lessons(self) -> None:
        """Open the course, or close it."""
        opens = self._lessons is None or self._lessons.isHidden()
        self.lessons.setVisible(opens)
        self.rail.set_open("lessons", opens)
        self._place_lessons()
        if opens:
            self.lessons.setFocus()
        else:
            self._rest_focus()

    def present(self, on: bool) -> None:
        """A class looks on: nothing but the page and the words of the lesson; and back."""
        if on != self.isFullScreen() and (on or not self._was_full_screen):
            self.toggle_full_screen()
        elif on:
            self._was_full_screen = True
        if not on:
            self._was_full_screen = False
        self._presents = on
        self.rail.setVisible(not on)
        self._show_header()
        for page in self.pages:
            page.set_bare(on)
        self._place_lessons()

    def set_up(self, setup: PageSetup) -> None:
        """Show a page as a lesson wants it; what is being made just now is stopped for it."""
        self._setup = self._setup_again = None
        if setup.makes_something and self.busy:
            self._setup = setup
            self.session.stop()
            return
        if setup.playhead is not None and self.busy:  # which ends somewhere else
            self._setup_again = setup
        self.header.fill_setup(setup)
        self.show_page(setup.page)
        page = self.pages[setup.page]
        if self._lessons is not None:  # it knows by then what a run belongs to that begins at once
            self._lessons.take(setup)
        page.set_up(setup)

    def _set_up_now(self) -> None:
        """What was made has ended, for a lesson; or where a lesson wants to stand is there now."""
        setup, again = self._setup, self._setup_again
        self._setup_again = None
        if setup is not None:
            self.set_up(setup)
        elif again is not None and again.page == self.page:
            self.pages[again.page].set_up(again)

    def _rest_focus(self) -> None:
        """Where keys act when no field has the focus."""
        page = self.pages[self.page]
        shows = page if isinstance(page, HasTimelineView) else self._saving_page
        target = shows.timeline_view
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

    def _set_view(self, view: str) -> None:
        if self.export_panel.is_open:
            self.export_panel.fields.set_view(view)
        else:
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
        """Say what went wrong, unless the export panel has said it."""
        if self.export_panel.exports.has_told(failure):
            return
        self._message_of = ""
        self.message.show_failure(failure)
        self.run_status.failed()

    def _page_failed(self, failure: Failure) -> None:
        """Something on the page that is shown went wrong."""
        self.show_failure(failure)
        self._message_of = self.page

    def _escape(self) -> None:
        if not self.model_picker.isHidden():
            self.model_picker.close_panel()
            return
        for card in (self.shortcuts_card, self.about_card):
            if not card.isHidden():
                card.close_card()
                return
        if self.export_panel.is_open:
            self.export_panel.close_panel()
            return
        if self.pages[self.page].escape():
            return
        if self.isFullScreen():
            self.toggle_full_screen()
        elif self.busy:
            self.stop()
        else:
            self.message.dismiss()

    def _branch(self) -> None:
        if self.page != DENOISE:
            return
        branching = self.denoise.branching
        why = "" if branching.run is not None else branching.why_not()
        if why:
            self._note(f"{why}.", "correction")
        branching.enter()

    def _copy(self) -> None:
        """Text that is selected, or the picture that is looked at."""
        if copy_selected_text():
            return
        if self.page == COMPARE:
            self.clipboard.do_in_grid()
        elif self.page == DENOISE:
            self.clipboard.do_on_canvas()
        else:
            self.run_status.say(_NOT_COPIED_HERE)

    def _paste(self) -> None:
        """A picture of the clipboard, where the page or the model has a use for one."""
        page = self.pages[self.page]
        content = picture_in(QApplication.clipboard().mimeData())
        if isinstance(page, TakesPictures) and content is not None:
            page.take_picture(content)
        elif self.header.isVisible():
            self.header.control.paste()

    def _space(self) -> None:
        """Play or pause; a control that was reached by Tab is pressed instead."""
        focus = QApplication.focusWidget()
        if isinstance(focus, QAbstractButton) and focus.isEnabled():
            focus.click()
        elif isinstance(focus, QComboBox):
            focus.showPopup()
        else:
            self._time.toggle()

    def _slower(self) -> None:
        if not self.export_panel.is_open:  # it plays as fast as the file will
            self.playhead.speed /= 2

    def _faster(self) -> None:
        playhead = self.playhead
        if self.export_panel.is_open:
            self.export_panel.stage.play()
        elif playhead.playing:
            playhead.speed *= 2
        else:
            playhead.play()

    def _ask_picture(self, argument: str) -> None:
        path = files.ask_picture(self)
        if path:
            self.header.control.give(Path(path), argument)

    def _load_model(self, folder: str | None) -> None:
        from visualizer.diffusion.model_folder import name_of

        self.session.load_model(folder)
        self.session.noise_lab.interrupt()
        name = "Built-in" if folder is None else name_of(Path(folder))
        self.run_status.opens(_shortened(name, _LONGEST_NAME))

    def _judge_missing(self) -> None:
        """The picture that was asked for has come."""
        missing = self.message.is_failure and self.message.text.startswith(_MISSING)
        if missing and not self.header.control.missing():
            self.message.dismiss()

    def _branching_changed(self) -> None:
        self.more_menu.set_fixed(self.denoise.branching.run is not None)
        self._place_message()

    # --- what the session says ----------------------------------------------------------------

    def _take_facts(self, facts: ModelFacts) -> None:
        self.settings.model_folder = self.session.model_folder
        self.header.set_facts(facts)
        self.more_menu.set_facts(facts)
        for page in self.pages:
            page.set_facts(facts)
        self._offer_sizes()
        self.models.take_facts(facts, self.settings.model_folder)
        self.remembered.set_facts(facts)

    def _offer_sizes(self) -> None:
        if self.session.facts is not None:
            self.more_menu.set_sizes(self.session.facts, self.header.settings_row.picture_size)

    def _show_title(self) -> None:
        current, lanes = self.session.current, self.compare.lanes
        title = current.title if current is not None else ""
        if self.page == COMPARE:
            title = lanes.title or "Compare"
        self.setWindowTitle(f"{_shortened(title)} – {NAME}" if title else NAME)

    def _running_changed(self, running: bool) -> None:
        """Whoever makes a picture wants to see it."""
        if running:
            self.export_panel.close_panel()
        self._judge_actions()
        if not running and (self._setup or self._setup_again):
            QTimer.singleShot(0, self, self._set_up_now)

    def _judge_actions(self) -> None:
        can_save = self._saving_page.can_save
        own = self.page not in (DENOISE, COMPARE, NOISE)  # what it shows is asked when it counts
        self.actions_by_name["save"].setEnabled(can_save)
        self.actions_by_name["export"].setEnabled(can_save or own)
        self.actions_by_name["experiment"].setEnabled(not self.busy)

    def _show_correction(self, text: str) -> None:
        self._note(text, "correction")

    def _note(self, text: str, topic: str) -> None:
        """What passes stays long enough to be read; then the picture under it is worth more."""
        if not self.message.is_failure:
            self._message_of = DENOISE if topic in _OF_DENOISE else self.page
            if topic == "model":
                self._message_of = ""
        if self.message.topic == _REMEMBERED and topic in _OF_DENOISE:
            return  # the plan of what stands in the fields is no news beside where it came from
        self.message.show_note(text, topic)
        if topic in _PASSING:
            self._noted.start(_NOTED_MS)

    def _note_remembered(self, text: str, lost: list[str], offer: Offer | None) -> None:
        self._message_of = ""
        if self.message.is_failure:  # an older one: this answers what was just asked for
            self.message.dismiss()
        whole = "\n".join(lost)
        self.message.show_note(text, _REMEMBERED, offer, in_short(lost), whole)

    def _forget_notes(self) -> None:
        for topic in _PASSING:
            self.message.clear(topic)

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
        self._place_lessons()
        self._place_message()

    def _set_compact(self, compact: bool) -> None:
        self.header.set_compact(compact)
        for page in self.pages:
            page.set_compact(compact)
        self.export_panel.set_compact(compact)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The message is as high as its text, and stays over the pictures."""
        of_rooms = (QEvent.Type.Resize, QEvent.Type.Move)
        if event.type() in (QEvent.Type.Show, QEvent.Type.LayoutRequest, *of_rooms):
            own = watched is self.message
            if own != (event.type() in of_rooms) and not self.message.isHidden():
                QTimer.singleShot(0, self, self._place_message)
            if not own and event.type() in of_rooms:
                QTimer.singleShot(0, self, self._place_lessons)
        return super().eventFilter(watched, event)

    def _place_message(self) -> None:
        """Over the lower edge of the pictures, beside the panel: no control is covered."""
        if self.export_panel.is_open:
            self._place_message_of_export()
            return
        room = self.pages[self.page].pictures
        corner, space = room.mapTo(self._page, QPoint(0, 0)), theme.SPACE
        wide = room.width()
        if self._lessons is not None and not self._lessons.isHidden():
            wide = min(wide, self._lessons.x() - corner.x())
        width = min(max(wide - 2 * space, _LEAST_MESSAGE), 90 * space)
        left = corner.x() + (wide - width) // 2
        height = max(self.message.heightForWidth(width), self.message.minimumSizeHint().height())
        top = max(corner.y() + room.height() - height, self.progress.geometry().bottom()) - space
        self.message.setGeometry(max(left, self.rail.width() + space), top, width, height)
        self.message.raise_()

    def _place_message_of_export(self) -> None:
        """Below the preview: what is judged there is not covered."""
        panel, room = self.export_panel, self.export_panel.notes
        if self.message.isHidden():
            panel.make_room(0)
            return
        width = panel.notes_width
        height = max(self.message.heightForWidth(width), self.message.minimumSizeHint().height())
        panel.make_room(height)
        corner = room.mapTo(self._page, QPoint(0, 0))
        self.message.setGeometry(corner.x(), corner.y(), width, height)
        self.message.raise_()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Files are welcome, and pictures of other programs; those that begin here are not."""
        data = event.mimeData()
        welcome = data.hasUrls() or data.hasImage() or data.hasFormat("image/png")
        if event.source() is None and welcome:
            event.acceptProposedAction()
            if files.dropped(data) or not data.hasUrls():  # an address alone cannot be opened
                self.drop_sign.open_sign()

    def dragLeaveEvent(self, _event: QDragLeaveEvent) -> None:
        """It is elsewhere."""
        self.drop_sign.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open the run, the model or the picture that was dropped."""
        event.acceptProposedAction()
        self.drop_sign.hide()
        paths = files.dropped(event.mimeData())
        page = self.pages[self.page]
        takes = page if isinstance(page, TakesPictures) else None
        if paths:
            if takes is None or not files.is_picture(paths[0]):
                self._drop(paths)
            else:
                takes.take_picture(Path(paths[0]))
            return
        content = picture_in(event.mimeData())  # e.g. out of a browser
        if content is not None and takes is not None:
            takes.take_picture(content)
        elif content is None:
            self._note(_FROM_THE_NET, "correction")
        else:
            self._open_picture(content)

    def _drop(self, paths: list[str]) -> None:
        path = paths[0]
        before = f"Only the first of {len(paths)} files is opened." if len(paths) > 1 else ""
        if files.may_remember(path):
            self._open_picture(Path(path), before, give=files.is_picture(path))
            return
        if before:
            self._note(before, "correction")
        if files.is_model(path) and not files.is_sweep(path):
            self._load_model(path)
        else:
            self.open(path)

    def _open_picture(self, source: Path | bytes, before: str = "", *, give: bool = True) -> None:
        """Fill the fields with what it remembers; one that has no memory may be the model's."""
        self.denoise.branching.cancel()
        self.remembered.open(source, before=before, give=give)

    def _restore(self) -> None:
        """As the person left it."""
        playhead, settings = self.session.playhead, self.settings
        playhead.speed, playhead.loop = settings.speed, settings.loop
        self.choose_picture_memory(settings.picture_memory_mib)
        self.denoise.canvas.set_hard_pixels(settings.hard_pixels)
        self.compare.grid.set_hard_pixels(settings.hard_pixels)
        self.denoise.timeline_view.set_scale(settings.y_axis)
        self.denoise.panels.show_panel(settings.panel)
        saved = QByteArray.fromBase64(self.settings.geometry.encode("ascii", "ignore"))
        if saved.isEmpty() or not self.restoreGeometry(saved):
            self.resize(*_DEFAULT)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Gone at once for the eye; then remember the choices and let the work end."""
        warning = "" if self._closed else self.closing.warning()
        if warning:
            self.message.dismiss()  # no note takes the place of a failure
            self._note(warning, "closing")
            self._noted.start(_NOTED_MS)
            event.ignore()
            return
        event.accept()
        if self._closed:
            return
        self._closed = True
        geometry = self.saveGeometry()
        self.hide()
        QApplication.processEvents()
        self._remember(geometry)
        others = (self.models, self.clipboard, self.remembered)
        for other in others:
            other.close()
        self.session.close()
        for other in others:
            other.join(self.session.closing_left)

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
        settings.hard_pixels = self.denoise.canvas.hard_pixels
        settings.y_axis = self.denoise.timeline_view.scale.key
        settings.panel = self.denoise.panels.current
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


def _shortened(text: str, length: int = 80) -> str:
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"
