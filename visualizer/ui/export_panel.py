"""ExportPanel: what is looked at, as a file: chosen, seen beforehand as it will be, and written."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from visualizer.export.estimate_words import estimate_words, film_words
from visualizer.export.options import ExportOptions, for_path
from visualizer.ui import export_words as words
from visualizer.ui import files, theme
from visualizer.ui.export_fields import ExportFields, Offers
from visualizer.ui.export_offers import (
    enlarged_size,
    picture_size,
    prepared,
    refusals,
    source_words,
    timelines_of,
)
from visualizer.ui.export_progress import ExportStrip, OwnExports
from visualizer.ui.export_stage import ExportStage
from visualizer.ui.fold import ShortLabel
from visualizer.ui.icons import IconButton, icon
from visualizer.ui.scroll_room import BAR, keep_room
from visualizer.ui.view_switch import OF_GUIDANCE
from visualizer.ui.view_switch import WORDS as VIEWS

if TYPE_CHECKING:
    from visualizer.diffusion.arrays import Picture
    from visualizer.export.estimate import Estimate
    from visualizer.export.exhibit import ExhibitPlan
    from visualizer.session.lanes import Lanes
    from visualizer.session.session import Session
    from visualizer.session.timeline import Timeline
    from visualizer.settings import Settings

_FIELDS_WIDTH, _WIDE_FIELDS = 57 * theme.SPACE, 62 * theme.SPACE
_WIDE = 1500
_SETTLE_MS = 80
"""Choices that follow each other so fast are one."""
_SHARPEN_MS = 250
_PATIENCE_MS = 300
"""A preview that takes longer is waited for with a word."""
_PREPARING = "Preparing the preview …"
_STILL = ("picture", "sheet")
_NUMBERS = "Numbers have no look.\nThe file holds what the sampler held at every step."
_ICON = 20


class ExportPanel(QWidget):
    """Takes the place of the pages; they stay as they are. Nothing in it blocks anything.

    Attributes:
        stage: the preview.
        fields: the choices.
        strip: how far the exports of this panel are.
        exports: those exports.
    """

    closed = Signal()
    said = Signal(str, bool)  # for the status; whether it stays

    def __init__(self, session: Session, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._settings = session, settings
        self._watched: tuple[Timeline, ...] = ()
        self._film: tuple[tuple[int, ...], tuple[int, int]] | None = None
        self._estimate: Estimate | None = None
        self._outdated = False  # film and estimate are those of the choices before
        self._refused = ""
        self._worn = ""
        self._folder = ""
        self._is_open = False
        self._exhibit: ExhibitPlan | None = None
        self._run: Timeline | None = None
        self._waiting = False  # nothing has come of the preview for a while, and that is said
        self.setAccessibleName("Export")
        self.stage = ExportStage()
        self.fields = ExportFields()
        self.fields.set_options(ExportOptions.from_json(settings.export))
        self.strip = ExportStrip()
        self.exports = OwnExports(session, self.strip)
        self.close_button = IconButton("close", "Close", "Esc")
        self.warning = QLabel()
        self.warning.setFixedSize(_ICON, _ICON)
        self.told = QLabel()
        self.told.setWordWrap(True)
        self.told.setTextFormat(Qt.TextFormat.PlainText)
        self.told.setAccessibleName("What the file will be")
        self.export_button = QPushButton()
        self.export_button.setProperty("role", "primary")
        self._too_long = _timer(self, _PATIENCE_MS, self._say_waiting)
        self._preview_soon = _timer(self, _SETTLE_MS, self._preview)
        self._sharpen_soon = _timer(self, _SHARPEN_MS, self._sharpen)
        self._lay_out()
        self._connect()
        self._show_words()

    # --- building -----------------------------------------------------------------------------

    def _lay_out(self) -> None:
        space = theme.SPACE
        title = QLabel("Export")
        title.setProperty("role", "title")
        self.source = ShortLabel()
        self.source.setAccessibleName("What is exported")
        titles = QVBoxLayout()
        titles.setSpacing(0)
        titles.addWidget(title)
        titles.addWidget(self.source)
        top = QHBoxLayout()
        top.addLayout(titles, 1)
        top.addWidget(self.close_button, 0, Qt.AlignmentFlag.AlignTop)
        self._scroll = QScrollArea()
        keep_room(self._scroll)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inside = QWidget()
        beside = QVBoxLayout(inside)  # room for the scroll bar, which then covers nothing
        beside.setContentsMargins(0, 0, 2 * space - BAR, 0)
        beside.addWidget(self.fields)
        self._scroll.setWidget(inside)
        self._choices = QWidget()
        choices = self._choices_column = QVBoxLayout(self._choices)
        choices.setContentsMargins(0, 0, 0, 0)
        choices.setSpacing(2 * space)
        choices.addLayout(top)
        choices.addWidget(self._scroll, 1)
        body = self._body = QHBoxLayout()
        body.setSpacing(3 * space)
        body.addLayout(self._lay_out_seen(), 1)
        body.addWidget(self._choices)
        line = QFrame()
        line.setProperty("role", "separator")
        line.setFixedHeight(1)
        foot = self._foot = QHBoxLayout()
        foot.setSpacing(theme.SPACE)
        foot.addWidget(self.warning)
        foot.addWidget(self.told, 1)
        foot.addSpacing(2 * space)
        foot.addWidget(self.export_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(body, 1)
        column.addWidget(line)
        column.addLayout(foot)
        self.set_compact(False)

    def _lay_out_seen(self) -> QVBoxLayout:
        """The preview, and below it what is told of the files."""
        self.notes = QWidget()  # a message lies there, where it covers nothing
        self.notes.hide()
        seen = QVBoxLayout()
        seen.setSpacing(theme.SPACE)
        seen.addWidget(self.stage, 1)
        seen.addWidget(self.notes)
        seen.addWidget(self.strip)
        return seen

    def _connect(self) -> None:
        session, preview = self._session, self._session.export_preview
        self.close_button.clicked.connect(self.close_panel)
        self.export_button.clicked.connect(self.export)
        self.fields.changed.connect(self._changed)
        self.stage.wanted.connect(self._want)
        self.stage.room_changed.connect(self._preview_soon.start)
        preview.film_changed.connect(self._show_film)
        preview.shown.connect(self._show_frame)
        preview.estimated.connect(self._show_estimate)
        preview.refused.connect(self._show_refusal)
        for fold in self.fields.folds:
            fold.toggled.connect(partial(self._bring_in_sight, fold))
        self.exports.said.connect(self.said)
        session.current_changed.connect(self._renew)
        session.model_ready.connect(self._renew)
        for signal in (session.lanes.changed, session.lanes.pair_changed):
            signal.connect(self._renew)

    def _bring_in_sight(self, fold: QWidget, unfolded: bool) -> None:
        if unfolded:  # it is laid out only after this
            QTimer.singleShot(
                0, self, lambda: self._scroll.ensureWidgetVisible(fold, 0, theme.SPACE)
            )

    def make_room(self, height: int) -> None:
        """For a message, in pixels, below the preview; 0 for none."""
        if height:
            self.notes.setFixedHeight(height)
        self.notes.setVisible(height > 0)

    @property
    def notes_width(self) -> int:
        """Of a message, in pixels."""
        return self.stage.width()

    # --- coming and going ---------------------------------------------------------------------

    @property
    def is_open(self) -> bool:
        """Whether it is in the place of the pages."""
        return self._is_open

    def open_panel(
        self, *, lanes: bool, exhibit: ExhibitPlan | None = None, run: Timeline | None = None
    ) -> None:
        """Offer what is looked at, as it was exported last.

        Args:
            lanes: whether the comparison is looked at, not the run.
            exhibit: what a page shows that is no run: that alone is offered.
            run: another run than the session's own.
        """
        self._is_open = True
        self._exhibit, self._run = exhibit, run
        asked = self.fields.options.subject
        wished = "exhibit" if exhibit is not None else "grid" if lanes else "run"
        if (asked == "difference" and lanes) or (asked == "forward" and not lanes):
            wished = asked
        refused = refusals(self._session)
        if wished in refused and run is None:
            wished = next((name for name in ("grid", "run") if name not in refused), wished)
        self.fields.set_subject(wished)
        self._renew()
        self.stage.play()
        self.stage.frame.setFocus(Qt.FocusReason.OtherFocusReason)

    def close_panel(self) -> None:
        """Give the place back to the pages. What is being written goes on."""
        if not self._is_open:
            return
        self._is_open = False
        self._exhibit = self._run = None
        for timer in (self._preview_soon, self._too_long):
            timer.stop()
        self._waiting = False
        self._watch(())
        self._session.export_preview.set(None, self.fields.options, (1, 1))
        self.stage.forget()
        self.exports.rest()
        self.closed.emit()

    def set_compact(self, compact: bool) -> None:
        """Less air, for a low window."""
        space = theme.SPACE
        around = 2 * space if compact else 3 * space
        self._body.setContentsMargins(around, space if compact else 2 * space, space, space)
        self._choices_column.setSpacing(space if compact else 2 * space)
        between = space if compact else 3 * space // 2
        self._foot.setContentsMargins(around, between, around, between)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A wide window has room for wide choices."""
        super().resizeEvent(event)
        wide = self.width() >= _WIDE
        self._choices.setFixedWidth(_WIDE_FIELDS if wide else _FIELDS_WIDTH)

    # --- what is exported ---------------------------------------------------------------------

    @property
    def what(self) -> Timeline | Lanes | ExhibitPlan | None:
        """What the chosen subject is of."""
        if self._exhibit is not None:
            return self._exhibit
        if self.fields.subject_key in ("grid", "difference"):
            return self._session.lanes
        return self._run or self._session.current

    @property
    def _timelines(self) -> tuple[Timeline, ...]:
        if self._exhibit is not None:
            return ()
        if self._run is not None and self.fields.subject_key in ("run", "forward"):
            return (self._run,)
        return timelines_of(self._session, self.fields.subject_key)

    def _renew(self, *_news: object) -> None:
        """There is something else to export, or less."""
        if not self._is_open:
            return
        refused = {} if self._exhibit is not None else refusals(self._session)
        if self._run is not None:
            refused = {**refused, "forward": "It is a forward process already"}
            refused.pop("run", None)
        chosen = self.fields.subject_key
        if chosen in refused:
            left = [name for name in ("run", "grid") if name not in refused]
            if not left:
                self.close_panel()
                return
            self.fields.set_subject(left[0])
        guided = any(timeline.guided for timeline in self._timelines)
        views = tuple(view for view in VIEWS if guided or view not in OF_GUIDANCE)
        shown = self._exhibit is not None
        self.fields.set_offers(Offers(refused, views, *self._picture_size(), shown))
        self._watch(self._timelines)
        self._outdated = True
        self._show_words()
        self._preview_soon.start()

    def _picture_size(self) -> tuple[tuple[int, int] | None, int]:
        if self._exhibit is None:
            return picture_size(self._timelines)
        return enlarged_size(self._exhibit.size)

    def _watch(self, timelines: tuple[Timeline, ...]) -> None:
        for each in self._watched:
            each.picture_changed.disconnect(self._picture_changed)
        self._watched = timelines
        for each in timelines:
            each.picture_changed.connect(self._picture_changed)

    def _changed(self) -> None:
        """A person chose something."""
        options = self.fields.options
        self._settings.export = options.to_json()
        self._outdated = True
        self._watch(self._timelines)
        self._show_words()
        self._preview_soon.start()

    # --- the preview --------------------------------------------------------------------------

    def _preview(self) -> None:
        what = self.what
        if not self._is_open or what is None:
            return
        if not self._waiting:
            self._too_long.start()
        self._session.export_preview.set(what, self.fields.options, self.stage.room)

    def _say_waiting(self) -> None:
        self._waiting = True
        self.stage.show_words(_PREPARING)

    def _waits_no_more(self) -> None:
        self._too_long.stop()
        if self._waiting:
            self._waiting = False
            self.stage.show_words("")

    def _show_film(self, milliseconds: Sequence[int], size: tuple[int, int]) -> None:
        if not self._is_open:
            return
        self._film = (tuple(milliseconds), size)
        if self._outdated:
            self._outdated, self._estimate = False, None
        self._refused = ""
        if self.fields.options.format == "raw":
            self._waits_no_more()
            self.stage.forget(_NUMBERS)
        else:
            still = self.fields.options.format in _STILL
            if still:  # how large it is the estimate tells
                milliseconds, size = (0,), self._still_size
            self.stage.show_film(milliseconds, size)
            self._show_preparing()
        self._show_words()

    @property
    def _still_size(self) -> tuple[int, int]:
        known = self._estimate
        return (0, 0) if known is None else (known.width, known.height)

    def _want(self, i: int) -> None:
        self._session.export_preview.want(self._last if self._is_still else i)

    def _show_frame(self, i: int, picture: Picture) -> None:
        if self._is_open and self.stage.count:
            self.stage.show_frame(0 if self._is_still else i, picture)
            if self._waiting:
                self._waits_no_more()
                self._show_preparing()
            self._too_long.stop()

    @property
    def _is_still(self) -> bool:
        return self.stage.count == 1

    @property
    def _last(self) -> int:
        return len(self._film[0]) - 1 if self._film else 0

    def _picture_changed(self, _k: int, view: str) -> None:
        if view == self.fields.options.view and not self._sharpen_soon.isActive():
            self._sharpen_soon.start()

    def _sharpen(self) -> None:
        if self._is_open:
            self.stage.refresh()
            self._show_preparing()

    def _show_preparing(self) -> None:
        """How many of the pictures are as they will be in the file."""
        options = self.fields.options
        if self._waiting:
            return
        if options.content == "plot" or options.subject == "forward" or not self.stage.playing:
            self.stage.show_words("")
            return
        done, needed = prepared(self._timelines, options.view)
        ready = done == needed or options.steps != "all"
        self.stage.show_words("" if ready else f"Preparing pictures: {done} of {needed}")

    # --- what is told below -------------------------------------------------------------------

    def _show_estimate(self, estimate: Estimate) -> None:
        if self._outdated:
            return
        self._estimate = estimate
        if self._is_open and self.fields.options.format in _STILL:
            self.stage.show_size(self._still_size)
        self._show_words()

    def _show_refusal(self, sentence: str) -> None:
        if self._is_open:
            self._waits_no_more()
            self._refused = sentence
            self._show_words()

    def _show_words(self) -> None:
        """What the file will be, or why there can be none; and what the main button does."""
        options = self.fields.options
        told = self._refused
        if not told and self._estimate is not None:
            told = estimate_words(self._estimate)
        elif not told and self._film is not None:
            times, size = self._film
            if options.kind.moves:
                told = film_words(times, size)
        self.told.setText(told)
        self.told.setAccessibleDescription(told)
        theme.set_role(self.told, "small" if self._refused else "small-quiet")
        self.warning.setVisible(bool(self._refused))
        self.source.set_text(self._source_words())
        label = f"Export {words.SHORT[options.format]} …"
        self.export_button.setText(label)
        self.export_button.setAccessibleName(label)
        self.export_button.setEnabled(not self._refused and self.what is not None)
        self.export_button.setToolTip(self._refused or "Choose a name, and write the file")

    def _source_words(self) -> str:
        if self._exhibit is not None:
            return self._exhibit.title
        if self._run is not None:
            return self._run.title
        return source_words(self._session, self.fields.subject_key)

    # --- writing ------------------------------------------------------------------------------

    def export(self) -> None:
        """Ask where to, and write it."""
        what, options = self.what, self.fields.options
        if what is None or self._refused:
            return
        path = files.ask_export(self, self._name(), options, self._folder)
        if not path:
            return
        self._folder = str(Path(path).parent)
        if options.ending:  # the dialog offers other kinds of file as well
            options = for_path(Path(path), options)
            if options.ending == options.kind.suffix:  # the usual one is no choice
                options = replace(options, suffix="")
            self.fields.set_options(options)
        self._settings.export = options.to_json()
        with contextlib.suppress(OSError):  # the export is what was asked for
            self._settings.save()
        self.exports.start(what, path, options)

    def _name(self) -> str:
        """A name that says what is in it, if the file may, without its suffix."""
        session, key = self._session, self.fields.subject_key
        if self._exhibit is not None:
            return files.comparison_name(self._exhibit.title, "", "")
        remembers = self.fields.options.remember
        ending = "-sheet" if self.fields.options.format == "sheet" else ""
        if key in ("grid", "difference"):
            lanes = session.lanes
            title = lanes.title or lanes.lanes[0].request.prompt
            ending = f"-difference{ending}" if key == "difference" else ending
            return files.comparison_name(title if remembers else "", ending, "")
        run = self._run or session.current
        assert run is not None
        ending = f"-forward{ending}" if key == "forward" or self._run is not None else ending
        if not remembers:
            return f"{files.PLAIN_NAME}{ending}"
        return files.file_name(run, ending, "")

    # --- themes -------------------------------------------------------------------------------

    def changeEvent(self, event: QEvent) -> None:
        """A new theme tints the warning."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self._wear_theme()

    def showEvent(self, event: QShowEvent) -> None:
        """Now its colors count."""
        super().showEvent(event)
        self._wear_theme()

    def _wear_theme(self) -> None:
        worn = theme.current()
        if worn.name != self._worn:
            self._worn = worn.name
            size = QSize(_ICON, _ICON)
            self.warning.setPixmap(icon("warning", worn, worn.danger).pixmap(size))


def _timer(parent: QWidget, milliseconds: int, then: Callable[[], None]) -> QTimer:
    timer = QTimer(parent)
    timer.setSingleShot(True)
    timer.setInterval(milliseconds)
    timer.timeout.connect(then)
    return timer
