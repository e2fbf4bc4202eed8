"""LessonPanel: the course beside the page that it sets up."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QFileSystemWatcher, QObject, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import (
    QColor,
    QDesktopServices,
    QHideEvent,
    QPainter,
    QPaintEvent,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from visualizer.assets import asset_path
from visualizer.lessons.lesson import DoIt, Lesson
from visualizer.lessons.library import Library, own_folder, read_library
from visualizer.lessons.progress import Progress
from visualizer.session.failure import Failure
from visualizer.ui import theme
from visualizer.ui.icons import IconButton
from visualizer.ui.lessons.lesson_list import LessonList
from visualizer.ui.lessons.presenter import Presenter
from visualizer.ui.lessons.step_view import StepView
from visualizer.ui.panel_parts import label
from visualizer.ui.shortcuts import shown_keys

if TYPE_CHECKING:
    from visualizer.lessons.page_setup import PageSetup
    from visualizer.session.session import Session
    from visualizer.settings import Settings

WIDTH, NARROW = 40 * theme.SPACE, 29 * theme.SPACE
_PRESENTED = 0.42  # of the window's width, to the text
_TITLE_LINES = 2
_SETTLE_MS = 150
"""Editors write a file in several strokes."""
_FIRST_LESSON = "my-first-lesson.md"


class LessonPanel(QFrame):
    """The list of lessons, or one of them step by step; full screen, the presenter's.

    Attributes:
        library: what there is to be read.
        lesson: the one that is open, None while the list is shown.
        step: of it, from 0.
        presenter: takes the panel's place while a class looks on.
    """

    set_up_asked = Signal(object)  # PageSetup
    present_asked = Signal(bool)  # full screen with nothing but page and words, or back
    close_asked = Signal()
    failed = Signal(object)  # Failure

    def __init__(
        self,
        session: Session,
        settings: Settings,
        folder: Path | None = None,
        parent: QWidget | None = None,
    ) -> None:
        """
        Args:
            folder: of the person's own lessons; None is the usual one.
        """
        super().__init__(parent)
        self._session, self._settings = session, settings
        self._folder = folder or own_folder()
        self.progress = Progress.from_json(settings.lessons)
        self.library = Library((), ())
        self.lesson: Lesson | None = None
        self.step = 0
        self.view: StepView | None = None
        self.presenting = False
        self._over = 0  # so wide a part of a page it covers
        self._watched: QWidget | None = None
        self.setAccessibleName("Lessons")
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        self.list = LessonList()
        self.presenter = Presenter()
        self._lay_out()
        self._settled = QTimer(self)
        self._settled.setSingleShot(True)
        self._settled.setInterval(_SETTLE_MS)
        self._files = QFileSystemWatcher(self)
        self._connect(session)
        self.reload()
        self._go_on()

    # --- building -----------------------------------------------------------------------------

    def _lay_out(self) -> None:
        space = theme.SPACE
        self.back_button = IconButton("previous", "All lessons")
        self.title = label("small-quiet")
        self.title.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.title.setMinimumHeight(_TITLE_LINES * self.title.fontMetrics().lineSpacing())
        self.present_button = IconButton("present", "Present to a class, full screen")
        self.close_button = IconButton("close", "Close the lessons", shown_keys("Ctrl+L"))
        top = QHBoxLayout()
        top.setContentsMargins(space, space, space, space)
        top.setSpacing(space // 2)
        for widget in (self.back_button, self.title, self.present_button, self.close_button):
            top.addWidget(widget, 1 if widget is self.title else 0)
        self.previous_button, self.next_button = QPushButton("Back"), QPushButton("Next")
        self.place = QLabel()
        self.place.setProperty("role", "small-quiet")
        self.place.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.previous_button.setProperty("role", "quiet")
        for button in (self.previous_button, self.next_button):
            button.setAccessibleName(button.text())
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._foot = QWidget()
        foot = QHBoxLayout(self._foot)
        foot.setContentsMargins(2 * space, space, 2 * space, space)
        foot.addWidget(self.previous_button)
        foot.addWidget(self.place, 1)
        foot.addWidget(self.next_button)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.list)
        self._reading = QWidget()
        column = QVBoxLayout(self._reading)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(top)
        column.addWidget(self._stack, 1)
        column.addWidget(self._foot)
        both = QVBoxLayout(self)
        both.setContentsMargins(1, 0, 0, 0)  # the line at the left
        both.setSpacing(0)
        both.addWidget(self._reading)
        both.addWidget(self.presenter)
        self.presenter.hide()
        self._fit()

    def _connect(self, session: Session) -> None:
        self.list.chosen.connect(self.open)
        self.list.folder_asked.connect(self.open_folder)
        self.back_button.clicked.connect(self.show_list)
        self.previous_button.clicked.connect(lambda: self.show_step(self.step - 1))
        self.next_button.clicked.connect(self.next)
        self.present_button.clicked.connect(lambda: self.present(True))
        self.close_button.clicked.connect(self.close_asked)
        self.presenter.do_asked.connect(self._do_presented)
        self.presenter.step_shown.connect(self._step_presented)
        self.presenter.left.connect(lambda: self.present(False))
        self._settled.timeout.connect(self.reload)
        self._files.fileChanged.connect(lambda _path: self._settled.start())
        self._files.directoryChanged.connect(lambda _path: self._settled.start())
        session.running_changed.connect(self._follow)

    # --- the lessons --------------------------------------------------------------------------

    def reload(self) -> None:
        """Read all lessons again; the one that is open stays open where it can be read still."""
        self.library = read_library(self._folder)
        self._watch()
        self.list.show_library(self.library, self.progress)
        if self.lesson is None:
            return
        again = self.library.find(self.lesson.name)
        if again is None:
            self.show_list()
        elif again != self.lesson:
            self.lesson = again
            self.show_step(min(self.step, len(again.steps) - 1))

    def _watch(self) -> None:
        watched = [*self._files.files(), *self._files.directories()]
        if watched:
            self._files.removePaths(watched)
        if self._folder.is_dir():
            files = (str(path) for path in self._folder.glob("*.md"))
            self._files.addPaths([str(self._folder), *files])

    def open_folder(self) -> None:
        """Show the person's own lessons in a file manager; the first one is there to be changed."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            if not any(self._folder.glob("*.md")):
                example = asset_path("lessons", "template", _FIRST_LESSON).read_text("utf-8")
                (self._folder / _FIRST_LESSON).write_text(example, "utf-8")
        except OSError as error:
            why = f"{self._folder}: {error.strerror}. Choose where with DENOISING_VISUALIZER_HOME."
            self.failed.emit(Failure("The folder of your lessons cannot be made.", why))
            return
        self.reload()
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._folder)))

    # --- where one is -------------------------------------------------------------------------

    def _go_on(self) -> None:
        """Where the person was last time."""
        lesson = self.library.find(self.progress.lesson)
        if lesson is None:
            self.show_list()
        else:
            self.open(lesson.name)

    def open(self, name: str) -> None:
        """Open a lesson where one left it; one that was read to its end begins anew."""
        lesson = self.library.find(name)
        if lesson is None:
            return
        self.lesson = lesson
        step = self.progress.steps.get(name, 0)
        self.show_step(step if step < len(lesson.steps) - 1 else 0)

    def show_list(self) -> None:
        """All lessons."""
        self.lesson, self.progress.lesson = None, ""
        self._remember()
        self.list.show_library(self.library, self.progress)
        self._stack.setCurrentWidget(self.list)
        self._drop_view()
        self.title.setText("Lessons")
        for widget in (self.back_button, self.present_button, self._foot):
            widget.hide()

    def show_step(self, step: int) -> None:
        """A step of the lesson that is open."""
        lesson = self.lesson
        if lesson is None or not 0 <= step < len(lesson.steps):
            return
        self.step = step
        self.progress.show(lesson.name, step)
        self._remember()
        self._drop_view()
        view = self.view = StepView(lesson.steps[step], lambda: self._session.settled)
        view.set_up_asked.connect(self.set_up_asked)
        self._stack.addWidget(view)
        self._stack.setCurrentWidget(view)
        self.title.setText(lesson.title)
        self.place.setText(f"{step + 1} of {len(lesson.steps)}")
        self.previous_button.setEnabled(step > 0)
        last = step == len(lesson.steps) - 1
        words = "Next" if not last else "Next lesson" if self._following() else "All lessons"
        self.next_button.setText(words)
        self.next_button.setAccessibleName(words)
        for widget in (self.back_button, self.present_button, self._foot):
            widget.show()

    def next(self) -> None:
        """The next step, or the next lesson, or the list."""
        lesson = self.lesson
        if lesson is None:
            return
        if self.step < len(lesson.steps) - 1:
            self.show_step(self.step + 1)
            return
        following = self._following()
        if following is None:
            self.show_list()
        else:
            self.open(following.name)

    def _following(self) -> Lesson | None:
        names = [lesson.name for lesson in self.library.lessons]
        if self.lesson is None or self.lesson.name not in names:
            return None
        after = names.index(self.lesson.name) + 1
        return self.library.lessons[after] if after < len(names) else None

    def _drop_view(self) -> None:
        if self.view is not None:
            self._stack.removeWidget(self.view)
            self.view.deleteLater()
            self.view = None

    def _remember(self) -> None:
        self._settings.lessons = self.progress.to_json()

    def take(self, setup: PageSetup) -> None:
        """A page has taken what was asked for."""
        if self.view is not None:
            self.view.take(setup)

    def _follow(self, running: bool) -> None:
        if self.view is not None:
            self.view.follow(running)

    # --- a class looks on ---------------------------------------------------------------------

    def present(self, on: bool) -> None:
        """Full screen in large letters, from the step that is shown; and back."""
        lesson = self.lesson
        if on == self.presenting or (on and lesson is None):
            return
        self.presenting = on
        self._reading.setVisible(not on)
        self.presenter.setVisible(on)
        self.present_asked.emit(on)
        if on and lesson is not None:
            self.presenter.begin(lesson, self.step)
        else:
            self.presenter.end()
            self.show_step(self.step)
        self._fit()

    def _do_presented(self, do_it: DoIt) -> None:
        self.set_up_asked.emit(do_it.setup)

    def _step_presented(self, step: int) -> None:
        self.step = step
        if self.lesson is not None:
            self.progress.show(self.lesson.name, step)
            self._remember()

    # --- room ---------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        """From now on the panel follows its window's size."""
        super().showEvent(event)
        window = self.window()
        if window is not self._watched and window is not self:
            if self._watched is not None:
                self._watched.removeEventFilter(self)
            self._watched = window
            window.installEventFilter(self)
        self._fit()

    def hideEvent(self, event: QHideEvent) -> None:
        """Closed by its key while a class looks on: the window has its parts again."""
        super().hideEvent(event)
        QTimer.singleShot(0, self, self._leave_if_closed)

    def _leave_if_closed(self) -> None:
        if self.presenting and self.isHidden():
            self.present(False)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A class needs large letters in a small window, too."""
        if watched is self._watched and event.type() == QEvent.Type.Resize:
            self._fit()
        return super().eventFilter(watched, event)

    def stand_beside(self) -> None:
        """The page has its own room."""
        self._over = 0
        self._fit()

    def lie_over(self, side: int) -> None:
        """The panel covers the side of a page, which is so wide."""
        self._over = min(max(side, NARROW), WIDTH)
        self._fit()

    def _fit(self) -> None:
        if self.presenting and self.window() is not self:
            self.setFixedWidth(round(_PRESENTED * self.window().width()))
        else:
            self.setFixedWidth(self._over or WIDTH)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """A surface of its own, and a line at the left as between other parts of the window."""
        worn = theme.current()
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(worn.ground))
        painter.fillRect(0, 0, 1, self.height(), QColor(worn.line))
        painter.end()
