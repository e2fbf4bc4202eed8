"""The Compare page: several runs side by side, at one moment of their denoising."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from visualizer.session.failure import Failure
from visualizer.ui import files, theme
from visualizer.ui.axis_fields import AxisFields
from visualizer.ui.icons import IconButton
from visualizer.ui.lane_grid import LaneGrid
from visualizer.ui.segments import Segments
from visualizer.ui.shortcuts import shown_keys
from visualizer.ui.timeline_view import TimelineView
from visualizer.ui.transport import TransportBar
from visualizer.ui.view_switch import ViewMenu, ViewSwitch

if TYPE_CHECKING:
    from visualizer.diffusion.facts import ModelFacts
    from visualizer.export.exhibit import ExhibitPlan
    from visualizer.lessons.page_setup import PageSetup
    from visualizer.session.lanes import Lane, Lanes
    from visualizer.session.playhead import Playhead
    from visualizer.session.session import Session
    from visualizer.session.timeline import Timeline
    from visualizer.ui.header import Header

PANEL_WIDTH, WIDE_PANEL = 36 * theme.SPACE, 48 * theme.SPACE
_WIDE, _NARROW, _HIGH = 1500, 1100, 1000
_ROW_HEIGHT, _COLUMN_WIDTH, _ALIGNMENT_WIDTH = 36, 144, 176
"""Of the switches under the grid, at its right, and of the one for the alignment."""
_MENU_WORDS = 36
FOUR_SEEDS = "1-4"
EXPERIMENT = "Does the noise contain the Ferrari?"
_ASK = "Same words, different noise: compare them"
_MORE = (
    "One prompt, four seeds: every noise becomes a picture of its own.\n"
    "Drag time back and see when they part."
)
_LIKENESS = (
    "Likeness is the correlation of two pictures: 1 the same, 0 nothing in common. "
    "Strangers share neither noise nor prompt."
)
_SPREAD = (("prompts", "prompt"), ("seeds", "seed"), ("guidances", "guidance_scale"))
"""What a lesson can ask to change from picture to picture, and the fields of the request."""
_PANELS = {
    "difference": ("Difference", "How two lanes differ at this step", "difference_view"),
    "distance": ("Distance", "How far apart the lanes are, step by step", "distance_plot"),
    "paths": ("Paths", "The ways of the lanes through latent space", "paths_plot"),
}
_CLASSES = {"difference": "DifferenceView", "distance": "DistancePlot", "paths": "PathsPlot"}


class ComparePage(QWidget):
    """The grid of lanes, what is known of their differences, and the time they share."""

    said = Signal(str, bool)  # for the status; whether it stays
    uses_header = True
    failed = Signal(object)  # Failure
    open_asked = Signal(object)  # Timeline of a lane that is to be looked at alone
    actions_changed = Signal()  # what can be saved and exported
    export_asked = Signal()

    def __init__(self, session: Session, header: Header, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._header = session, header
        self.lanes: Lanes = session.lanes
        self._timeline: Timeline | None = None  # whose filmstrip is below
        self._viewed: Timeline | None = None  # whose views are offered
        self._panel_wished: bool | None = None
        self._is_bare = False  # a class looks on
        self._place: float | None = None  # where a lesson wants the playhead when all is made
        playhead = self.lanes.playhead
        self.axis_fields = AxisFields()
        self.axis_fields.hide()
        header.add_row(self.axis_fields)
        self.grid = LaneGrid(self.lanes)
        self.view_switch = ViewSwitch(playhead)
        self.view_menu = ViewMenu(self.view_switch)
        self.view_menu.hide()
        self.transport = TransportBar(playhead)
        self.timeline_view = TimelineView(playhead)
        self.status = QLabel()
        self.status.setProperty("role", "small-quiet")
        self.status.setAccessibleName("Status")
        self.status.setContentsMargins(0, 0, 2, 0)
        self.save_button = IconButton("save", "Save this comparison", shown_keys("Ctrl+S"))
        self.export_button = IconButton("export", "Export", shown_keys("Ctrl+E"))
        self.earlier_button = IconButton("history", "Earlier comparisons")
        self.earlier_button.setPopupMode(IconButton.ToolButtonPopupMode.InstantPopup)
        self.earlier_menu = QMenu(self)
        self.earlier_button.setMenu(self.earlier_menu)
        self._make_switches()
        self.panel = _Panel(self.lanes)
        self.summary = QLabel()
        self.summary.setWordWrap(True)
        self.summary.setAccessibleName("What was measured")
        self.summary.setToolTip(_LIKENESS)
        self.summary.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._make_empty_state()
        self._lay_out()
        self._connect()
        self._lanes_changed()
        self._judge_fields()

    # --- building -----------------------------------------------------------------------------

    def _make_switches(self) -> None:
        self.alignment = Segments("What belongs to one moment")
        self.alignment.add("noise", "By noise", "Show all lanes at the same share of noise")
        self.alignment.add("step", "By step", "Show all lanes after the same number of steps")
        self.fit_button = IconButton("fit", "Show whole pictures")
        self.fit_button.setEnabled(False)
        self.pixels_button = IconButton("pixels", "Show every pixel as a square")
        self.pixels_button.setCheckable(True)
        self.panel_button = IconButton("panel", "Difference, distance, and paths")
        self.panel_button.setCheckable(True)

    def _make_empty_state(self) -> None:
        self.empty = QWidget()
        title, text = QLabel(_ASK), QLabel(_MORE)
        title.setProperty("role", "title")
        text.setProperty("role", "quiet")
        text.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        for label in (title, text):  # letters have fractions of pixels: no word is lost for one
            label.setContentsMargins(theme.SPACE, 0, theme.SPACE, 0)
        self.four_button = QPushButton("Compare four seeds")
        self.four_button.setToolTip("The prompt above, from four different noises")
        self.experiment_button = QPushButton(EXPERIMENT)
        for button in (self.four_button, self.experiment_button):
            button.setAccessibleName(button.text())
        self.experiment_button.setProperty("role", "quiet")
        self.experiment_button.setToolTip(
            "The same noise under eight prompts, beside the same prompt under eight noises"
        )
        center = Qt.AlignmentFlag.AlignHCenter
        column = QVBoxLayout(self.empty)
        column.setSpacing(theme.SPACE)
        column.addStretch(1)
        column.addWidget(title, 0, center)
        column.addWidget(text, 0, center)
        column.addSpacing(theme.SPACE)
        column.addWidget(self.four_button, 0, center)
        column.addWidget(self.experiment_button, 0, center)
        column.addStretch(1)

    def _lay_out(self) -> None:
        self._stack = QStackedWidget()
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self.grid)
        self._buttons = QWidget()
        buttons = QHBoxLayout(self._buttons)
        buttons.setContentsMargins(0, 0, 0, 0)
        buttons.setSpacing(theme.SPACE // 2)
        for button in (self.fit_button, self.pixels_button, self.panel_button):
            buttons.addWidget(button)
        self._switches = QWidget()
        row = self._row = QHBoxLayout(self._switches)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.SPACE)
        row.addStretch(1)
        row.addWidget(self.view_switch)
        row.addWidget(self.view_menu)
        row.addStretch(1)
        row.addWidget(self.alignment)
        row.addWidget(self._buttons)
        shown = self._shown = QHBoxLayout()
        shown.setSpacing(theme.SPACE)
        shown.addWidget(self._stack, 1)
        shown.addWidget(self._switches)
        self._middle = QWidget()
        center = self._center = QVBoxLayout(self._middle)
        center.setSpacing(theme.SPACE)
        center.addWidget(self.summary)
        center.addLayout(shown, 1)
        body = QHBoxLayout()
        body.setSpacing(0)
        body.addWidget(self._middle, 1)
        body.addWidget(self.panel)
        for widget in (self.status, self.earlier_button, self.save_button, self.export_button):
            self.transport.add_action_widget(widget)
        line = QFrame()
        line.setProperty("role", "separator")
        line.setFixedHeight(1)
        time = self._time = QVBoxLayout()
        time.addWidget(self.transport)
        time.addWidget(self.timeline_view)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(body, 1)
        column.addWidget(line)
        column.addLayout(time)
        self._shown.setDirection(QBoxLayout.Direction.TopToBottom)
        self.set_compact(False)

    def _connect(self) -> None:
        lanes, fields, grid = self.lanes, self.axis_fields, self.grid
        lanes.changed.connect(self._lanes_changed)
        lanes.lane_changed.connect(lambda _id: self._lane_changed())
        lanes.axis_changed.connect(self._show_reference)
        lanes.focus_changed.connect(self._show_reference)
        lanes.alignment_changed.connect(self.alignment.set_current)
        lanes.summary_changed.connect(self._show_summary)
        lanes.running_changed.connect(self._running_changed)
        self._session.comparison_kept.connect(self._judge_actions)
        fields.edited.connect(self._judge_fields)
        fields.fields_changed.connect(self._judge_varied)
        self._session.comparison_opened.connect(self._show_axes)
        self._header.edited.connect(self._suggest)
        self.alignment.chosen.connect(lanes.set_alignment)
        self.fit_button.clicked.connect(grid.fit)
        self.pixels_button.toggled.connect(grid.set_hard_pixels)
        grid.hard_pixels_changed.connect(self.pixels_button.setChecked)
        grid.zoom_changed.connect(lambda: self.fit_button.setEnabled(grid.zoom > 1.0))
        grid.open_asked.connect(self.open_asked)
        self.panel_button.clicked.connect(self._wish_panel)
        self.view_switch.resized.connect(self._fit_switch)
        self.four_button.clicked.connect(self.compare_four_seeds)
        self.experiment_button.clicked.connect(self.run_experiment)
        self.save_button.clicked.connect(self.save)
        self.export_button.clicked.connect(self.export_asked)
        self.earlier_menu.aboutToShow.connect(self._fill_earlier)

    # --- what the person asks -----------------------------------------------------------------

    @property
    def pictures(self) -> QWidget:
        """Where a message may lie."""
        return self._stack

    @property
    def playhead(self) -> Playhead:
        """The one that keys and buttons of this page move."""
        return self.lanes.playhead

    def generate(self) -> None:
        """Make the pictures of the fields, unless something is being made."""
        from visualizer.diffusion.request import RequestError

        if self._session.running:
            return
        try:
            grid = self.axis_fields.grid(self._header.request())
        except RequestError as error:
            self.axis_fields.say(str(error), refused=True)
            self.failed.emit(Failure("These settings make no comparison.", str(error)))
            return
        self._session.compare(grid)
        self.grid.setFocus()

    def compare_four_seeds(self) -> None:
        """Fill in four seeds, and make them."""
        self.axis_fields.show_seeds(FOUR_SEEDS)
        self.generate()

    def run_experiment(self) -> None:
        """The same noise under eight prompts, and the same prompt under eight noises."""
        from visualizer.diffusion.request import RequestError

        if self._session.running:
            return
        try:
            base = self._header.request()
        except RequestError as error:
            self.failed.emit(Failure("These settings make no comparison.", str(error)))
            return
        self._session.run_experiment(base)

    def escape(self) -> bool:
        """Leave the lane that is shown alone; whether there was one."""
        if self.grid.enlarged is None:
            return False
        self.grid.enlarge(None)
        return True

    @property
    def can_save(self) -> bool:
        """Whether there is something to save and to export."""
        there = any(lane.timeline is not None and lane.timeline.trajectory for lane in self._all)
        return there and not self.lanes.running

    @property
    def _all(self) -> tuple[Lane, ...]:
        return self.lanes.lanes

    def save(self) -> None:
        """Ask where to, and save the comparison."""
        if self.can_save:
            path = files.ask_save_as(self, self._name(), ".denoise")
            if path:
                self._session.save_comparison(path)

    def _fill_earlier(self) -> None:
        """The comparisons of this sitting, the newest first."""
        self.earlier_menu.clear()
        for kept in reversed(self._session.comparisons):
            told = (_cut(kept.title or "Comparison", _MENU_WORDS), kept.about, kept.made)
            action = self.earlier_menu.addAction(" · ".join(filter(None, told)))
            path = str(kept.path)
            action.triggered.connect(lambda _=False, path=path: self._session.open_run(path))

    def _name(self) -> str:
        first = self._all[0].request
        return files.comparison_name(self.lanes.title or first.prompt, "", ".denoise")

    # --- coming and going ---------------------------------------------------------------------

    def enter(self) -> None:
        """The page is shown: its fields join those of the header."""
        self.axis_fields.show()
        self._session.look_at_lanes(True)
        self._suggest()
        self._judge_varied()
        self._judge_fields()

    def leave(self) -> None:
        """Another page is shown: every field of the header is in use again."""
        self.axis_fields.hide()
        self._session.look_at_lanes(False)
        self._header.set_varied(frozenset())

    def set_facts(self, facts: ModelFacts) -> None:
        """Offer what this model can do."""
        self.axis_fields.set_facts(facts)
        self._judge_fields()

    def set_bare(self, on: bool) -> None:
        """Pictures, and no numbers."""
        self._is_bare = on
        self._judge_panel()

    def set_up(self, setup: PageSetup) -> None:
        """Make what the fields say by now, or show what is there so."""
        self.grid.enlarge(None)
        if setup.view is not None:
            self.playhead.set_view(setup.view)
        asked = [(field, setup.options[name]) for name, field in _SPREAD if name in setup.options]
        if asked:
            self._spread(asked)
        self._place = setup.playhead
        if "experiment" in setup.options:
            self.run_experiment()
        elif setup.run:
            self.generate()
        else:
            self._take_place()

    def _spread(self, asked: Sequence[tuple[str, str]]) -> None:
        """Fill in what changes across, and what changes down."""
        across, down = self.axis_fields.across, self.axis_fields.down
        down.set_field("")
        for axis, (field, text) in zip((across, down), asked, strict=False):
            axis.set_field(field)
            axis.set_text(text)

    def _running_changed(self, running: bool) -> None:
        self._judge_actions()
        if not running:  # whoever follows the lanes is brought to their end first
            QTimer.singleShot(0, self, self._take_place)

    def _take_place(self) -> None:
        """Stand where a lesson wants it."""
        place, self._place = self._place, None
        if place is not None:
            self.playhead.pause()
            self.playhead.seek(round(place * (self.playhead.count - 1)))

    def exhibit(self) -> ExhibitPlan | None:
        """What it shows is runs."""
        return None

    def set_compact(self, compact: bool) -> None:
        """Less air, for a low window."""
        space = theme.SPACE
        # pictures side by side need the height more than the noise below them does
        self.timeline_view.set_low(self.window().height() < _HIGH)
        above = space if compact else 2 * space
        self._center.setContentsMargins(2 * space, above, 2 * space, space)
        between = space // 2 if compact else space
        self._time.setContentsMargins(2 * space, between, 2 * space, between)
        self._time.setSpacing(between)
        self._fit_switch()

    # --- the fields ---------------------------------------------------------------------------

    def _suggest(self) -> None:
        """The header's own words are the first ones to be spread."""
        header = self._header
        self.axis_fields.suggest("prompt", header.prompt.text().strip())
        self.axis_fields.suggest("negative_prompt", header.settings_row.avoid.text().strip())

    def _show_axes(self) -> None:
        """What changes in a comparison that was opened, or brought back, where that can be told."""
        from visualizer.diffusion.grid import axes_of

        axes = axes_of(self._all)
        if axes is not None:
            self.axis_fields.show_axes(*axes)

    def _judge_varied(self) -> None:
        if not self.axis_fields.isHidden():
            self._header.set_varied(self.axis_fields.varied)

    def _judge_fields(self) -> None:
        """Say at once what the fields come to."""
        if self.axis_fields.isHidden():
            return
        from visualizer.diffusion.grid import axes_of
        from visualizer.diffusion.request import RequestError

        fields = self.axis_fields
        try:
            grid = fields.grid(self._header.request())
        except RequestError as error:
            fields.say(str(error), refused=True)
            return
        count = _pictures(len(grid))
        if grid.rows is not None:
            count = f"{len(grid.columns)} × {len(grid.rows)} = {count}"
        if self._all and axes_of(self._all) != (grid.columns, grid.rows):
            count = f"Next: {count}"  # what is shown is another comparison
        fields.say(" ".join(filter(None, (f"{count}.", fields.repeated()))))

    # --- news ---------------------------------------------------------------------------------

    def _lanes_changed(self) -> None:
        there = bool(self._all)
        self._stack.setCurrentWidget(self.grid if there else self.empty)
        self._switches.setVisible(there)
        self.timeline_view.setVisible(there)
        self._show_reference()
        self._show_summary(self.lanes.summary)
        self._judge_panel()
        self._judge_actions()
        self._judge_fields()

    def _lane_changed(self) -> None:
        self._show_reference()
        self._judge_actions()

    def _show_reference(self) -> None:
        """The lane that gives the axis has its filmstrip and its noise below."""
        reference = self.lanes.reference
        timeline = None if reference is None else reference.timeline
        if timeline is not self._timeline:
            self._timeline = timeline
            self.transport.set_timeline(timeline)
            self.timeline_view.set_timeline(timeline)
        if timeline is None or not timeline.guided:  # another lane may have what this one has not
            runs = [lane.timeline for lane in self._all if lane.timeline is not None]
            timeline = next((run for run in runs if run.guided), timeline)
        if timeline is not self._viewed:
            self._viewed = timeline
            self.view_switch.set_timeline(timeline)
        self._judge_alignment()

    def _judge_alignment(self) -> None:
        """Offered only where it makes a difference."""
        totals = {lane.timeline.total for lane in self._all if lane.timeline is not None}
        levels = len(totals) > 1
        if levels != self.alignment.isVisibleTo(self._switches):
            self.alignment.setVisible(levels)
            self._fit_switch()

    def _show_summary(self, summary: str) -> None:
        self.summary.setText(summary)
        self.summary.setVisible(bool(summary))
        QTimer.singleShot(0, self, self._fit_switch)

    def result(self) -> str:
        """What became of the lanes: "8 pictures, sampled in 1 batch"."""
        lanes = self._all
        done = [lane for lane in lanes if lane.state == "done"]
        failed = sum(lane.state == "failed" for lane in lanes)
        stopped = sum(lane.state in ("stopped", "waiting") for lane in lanes)
        parts = [_pictures(len(done))]
        batches = round(sum(1 / lane.batch_size for lane in done if lane.batch_size))
        if batches and not stopped and not failed:
            parts[0] += f" in {batches} batch{'es' if batches > 1 else ''}"
        if stopped:
            parts.append(f"{stopped} stopped")
        if failed:
            parts.append(f"{failed} failed")
        return ", ".join(parts)

    def _judge_actions(self) -> None:
        self.earlier_button.setVisible(bool(self._session.comparisons))
        self.earlier_button.setEnabled(not self.lanes.running)
        self.save_button.setEnabled(self.can_save)
        self.export_button.setEnabled(self.can_save)
        self.actions_changed.emit()

    # --- room ---------------------------------------------------------------------------------

    def _wish_panel(self, wished: bool) -> None:
        self._panel_wished = wished
        self._judge_panel()

    def _judge_panel(self) -> None:
        """Beside the grid, unless the window is narrow or it is not wanted."""
        wished = self.width() >= _NARROW if self._panel_wished is None else self._panel_wished
        there = bool(self._all) and bool(self.panel.names)
        self.panel.setFixedWidth(WIDE_PANEL if self.width() >= _WIDE else PANEL_WIDTH)
        self.panel.setVisible(there and wished and not self._is_bare)
        self.panel_button.setVisible(there and not self._is_bare)
        self.panel_button.setChecked(wished)
        QTimer.singleShot(0, self, self._fit_switch)

    def _fit_switch(self) -> None:
        """The switches stand where the pictures are larger: under the grid, or at its right."""
        panel = self.panel.maximumWidth() if self.panel.isVisibleTo(self) else 0
        margins = self._center.contentsMargins()
        width = self.width() - panel - margins.left() - margins.right()
        height = self._middle.height() - margins.top() - margins.bottom()
        if self.summary.isVisibleTo(self._middle):
            height -= self.summary.height() + theme.SPACE
        buttons = self._buttons.sizeHint()
        across = self.view_switch.width_across() + 2 * (buttons.width() + theme.SPACE)
        if self.alignment.isVisibleTo(self._switches):
            across += 2 * (_ALIGNMENT_WIDTH + theme.SPACE)
        under = self.grid.side_in(QSize(width, height - _ROW_HEIGHT - theme.SPACE))
        right = self.grid.side_in(QSize(width - _COLUMN_WIDTH - theme.SPACE, height))
        upright = across > width or right > under
        beside = buttons.height() + theme.SPACE
        if self.alignment.isVisibleTo(self._switches):
            beside += 2 * _ROW_HEIGHT + theme.SPACE
        listed = not upright or self.view_switch.height_upright() + beside <= height
        self.view_switch.setVisible(listed)
        self.view_menu.setVisible(not listed)
        self._place_switches(upright=upright)

    def _place_switches(self, *, upright: bool) -> None:
        across, down = QBoxLayout.Direction.LeftToRight, QBoxLayout.Direction.TopToBottom
        if (self._row.direction() == down) == upright:
            return
        self._row.setDirection(down if upright else across)
        self._shown.setDirection(across if upright else down)
        self.view_switch.set_upright(upright)
        self.alignment.set_upright(upright)
        center = Qt.AlignmentFlag.AlignHCenter if upright else Qt.AlignmentFlag.AlignVCenter
        self._row.setAlignment(self._buttons, center)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A narrow page has other things beside each other."""
        super().resizeEvent(event)
        QTimer.singleShot(0, self, self._judge_panel)  # when everything has its new place


class _Panel(QFrame):
    """Difference | Distance | Paths: each is made when it is first looked at."""

    def __init__(self, lanes: Lanes, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lanes = lanes
        self.setAccessibleName("How the lanes differ")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        self.switch = Segments("What is shown of the difference")
        self.names = [name for name, (_, _, module) in _PANELS.items() if _there(module)]
        for name in self.names:
            label, about, _ = _PANELS[name]
            self.switch.add(name, label, about)
        self._made: dict[str, QWidget] = {}
        self._stack = QStackedWidget()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 2 * theme.SPACE, 2 * theme.SPACE, theme.SPACE)
        column.setSpacing(theme.SPACE)
        column.addWidget(self.switch)
        column.addWidget(self._stack, 1)
        self.switch.chosen.connect(self.show_part)

    def showEvent(self, event: QShowEvent) -> None:
        """The first time, its first part is made."""
        super().showEvent(event)
        if self.names:
            self.show_part(self.switch.current)

    def show_part(self, name: str) -> None:
        """Show the difference, the distances or the paths."""
        self.switch.set_current(name)
        part = self._made.get(name)
        if part is None:
            module = importlib.import_module(f"visualizer.ui.{_PANELS[name][2]}")
            part = self._made[name] = getattr(module, _CLASSES[name])(self._lanes)
            self._stack.addWidget(part)
        self._stack.setCurrentWidget(part)


def _there(module: str) -> bool:
    return importlib.util.find_spec(f"visualizer.ui.{module}") is not None


def _cut(title: str, length: int = 60) -> str:
    return title if len(title) <= length else title[: length - 1].rstrip() + "…"


def _pictures(count: int) -> str:
    return "1 picture" if count == 1 else f"{count} pictures"
