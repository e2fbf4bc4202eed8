"""The Train page: the loop in the open, a small network that learns, and the model's own youth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from visualizer.session.failure import Failure
from visualizer.session.playhead import Playhead
from visualizer.session.training_example import LOADING
from visualizer.ui import theme as themes
from visualizer.ui.scroll_room import BAR, keep_room
from visualizer.ui.segments import Segments
from visualizer.ui.shortcuts import shown_keys
from visualizer.ui.train.checkpoint_part import CheckpointPart
from visualizer.ui.train.example_part import ExamplePart
from visualizer.ui.train.lab_part import LabPart

if TYPE_CHECKING:
    from visualizer.diffusion.facts import ModelFacts
    from visualizer.export.exhibit import ExhibitPlan
    from visualizer.lessons.page_setup import PageSetup
    from visualizer.session.session import Session
    from visualizer.settings import Settings
    from visualizer.ui.header import Header

_PARTS = {
    "example": ("One example", "One training picture under the magnifier"),
    "lab": ("Live lab", "Train a small network from nothing, here and now"),
    "checkpoints": ("Early weights", "What the model painted early in its training"),
}
_NARROW = 1100
_PANEL, _NARROW_PANEL = 46 * themes.SPACE, 42 * themes.SPACE
_NEXT = ("Next example", "Throw all three dice again")
_GENERATE = ("Generate", "Paint this prompt and seed four times")


class TrainPage(QWidget):
    """Three parts in one switch; what each explains stands at its side."""

    said = Signal(str, bool)
    failed = Signal(object)  # Failure
    header_changed = Signal()

    def __init__(
        self,
        session: Session,
        _settings: Settings,
        header: Header,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._header = session, header
        self._shown = False
        self._strip_waits = False  # for the model that is being loaded
        self.playhead = Playhead(self)  # here no run passes: the keys of time do nothing
        self.setAccessibleName("Train")
        self.switch = Segments("What of the training")
        for name, (words, about) in _PARTS.items():
            self.switch.add(name, words, about)
        self.example = ExamplePart(session.training_example)
        self.lab = LabPart(session.train_lab)
        self.checkpoints = CheckpointPart(session.checkpoint_lab)
        self.main = QPushButton()
        self.main.setMinimumSize(19 * themes.SPACE, 4 * themes.SPACE)
        self.main.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.main.clicked.connect(self.generate)
        self.parts = (self.example, self.lab, self.checkpoints)
        self.status = QLabel()
        self.status.setProperty("role", "small-quiet")
        self.status.setAccessibleName("Status")
        self.status.setWordWrap(True)
        self._lay_out()
        self.switch.chosen.connect(lambda _name: self._part_changed())
        self.lab.changed.connect(self._show_making)
        self.checkpoints.changed.connect(self._show_making)
        self._part_changed()

    def _lay_out(self) -> None:
        space = themes.SPACE
        self._stack, self._sides = QStackedWidget(), QStackedWidget()
        for part in self.parts:
            self._stack.addWidget(part)
        for side in (self.example.side, self.lab.side, self.checkpoints.side):
            self._sides.addWidget(side)
        top = QHBoxLayout()
        top.addWidget(self.switch)
        top.addStretch(1)
        top.addWidget(self.main)
        self._middle = QVBoxLayout()
        self._middle.setSpacing(2 * space)
        self._middle.addLayout(top)
        self._middle.addWidget(self._stack, 1)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(2 * space, 2 * space, 2 * space - BAR, 2 * space)
        column.setSpacing(space)
        column.addWidget(self._sides, 1)
        column.addWidget(self.status)
        self._panel = QScrollArea()
        keep_room(self._panel)
        self._panel.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._panel.setWidget(inside)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addLayout(self._middle, 1)
        row.addWidget(self._panel)

    # --- parts --------------------------------------------------------------------------------

    @property
    def part(self) -> str:
        """What is shown: "example", "lab" or "checkpoints"."""
        return self.switch.current

    @property
    def uses_header(self) -> bool:
        """Only the early weights paint a prompt."""
        return self.part == "checkpoints"

    def choose_part(self, name: str) -> None:
        """Show another part.

        Raises:
            KeyError: when there is none of this name.
        """
        self.switch.set_current(name)
        self._part_changed()

    def _part_changed(self) -> None:
        at = list(_PARTS).index(self.part)
        self._stack.setCurrentIndex(at)
        sides = (self.example.side, self.lab.side, self.checkpoints.side)
        for n, side in enumerate(sides):  # the panel is as high as what is read in it
            here = QSizePolicy.Policy.Preferred if n == at else QSizePolicy.Policy.Ignored
            side.setSizePolicy(QSizePolicy.Policy.Preferred, here)
        self._sides.setCurrentIndex(at)
        self.main.setHidden(self.uses_header)
        if self._shown:
            self.parts[at].enter()
            self._show_making()
            self.header_changed.emit()

    def _show_making(self) -> None:
        """The main button says what it would do here."""
        if not self._shown:
            return
        if self.part == "checkpoints":
            if self._session.checkpoint_lab.running:
                about = "Stop painting; what is there stays"
                self._header.set_making("Stop", about, main=False)
            else:
                self._header.set_making(*_GENERATE)
            return
        going = self.part == "lab" and self._session.train_lab.going
        if self.part == "example":
            words, about = _NEXT
        else:
            fresh = self._session.train_lab.state == "new"
            words = "Pause" if going else "Start" if fresh else "Go on"
            about = "Start or pause the training"
        self.main.setText(words)
        self.main.setAccessibleName(words)
        self.main.setToolTip(f"{about}  ({shown_keys('Ctrl+Return')})")
        themes.set_role(self.main, "" if going else "primary")

    # --- what the window asks -----------------------------------------------------------------

    def generate(self) -> None:
        """The next example; start or pause; or the strip of the prompt and seed."""
        if self.part == "example":
            self._generate_example()
        elif self.part == "lab":
            self.lab.start_or_pause()
        else:
            self._generate_strip()

    def _generate_example(self) -> None:
        why = self._session.training_example.why_not
        if why and why != LOADING:
            self.failed.emit(Failure("There is no example to show.", why))
        else:
            self.example.draw_all()

    def _generate_strip(self) -> None:
        from visualizer.diffusion.request import RequestError

        lab = self._session.checkpoint_lab
        if lab.running:
            lab.stop()
            return
        self._strip_waits = lab.why_not == LOADING
        if self._strip_waits:
            return
        if lab.why_not:
            self.failed.emit(Failure("There are no early weights to paint with.", lab.why_not))
            return
        try:
            request = self._header.request()
        except RequestError as error:
            self.failed.emit(Failure("This cannot be painted.", str(error)))
            return
        lab.make(request)

    @property
    def pictures(self) -> QWidget:
        """Where a message may lie."""
        return self._stack

    def escape(self) -> bool:
        """Slow motion is left, a strip is stopped."""
        if self.part == "checkpoints" and self._session.checkpoint_lab.running:
            self._session.checkpoint_lab.stop()
            return True
        if self.part == "example" and self.example.side.running:
            self.example.show_all()
            return True
        return False

    def enter(self) -> None:
        """The part that is shown looks at what there is; the main button is its own."""
        self._shown = True
        self._part_changed()

    def leave(self) -> None:
        """The lab and the strip go on; the main button is given back."""
        self._shown = False
        if self._session.checkpoint_lab.running:
            self.said.emit("The early weights go on painting", False)
        self._header.set_making()

    def set_facts(self, _facts: ModelFacts) -> None:
        """Another model is there: what was of the former one is gone."""
        if self._strip_waits:
            self._generate_strip()
        if self._shown:
            self._part_changed()

    def set_bare(self, on: bool) -> None:
        """Without its words."""
        self._panel.setHidden(on)

    def set_up(self, setup: PageSetup) -> None:
        """Part, share of noise, and whether it begins."""
        options = setup.options
        part = options.get("part")
        if part is not None:
            self.choose_part(part)
        noise = options.get("noise")
        if noise is not None:
            self._session.training_example.set_noise_share(min(max(float(noise) / 100, 0), 1))
        if options.get("start") == "yes" and self.part == "lab":
            self.lab.begin()
        elif setup.run:
            if self.part == "checkpoints":  # another one is wanted now
                self._session.checkpoint_lab.stop()
            self.generate()

    def set_compact(self, _compact: bool) -> None:
        """The pictures take what height there is."""

    def exhibit(self) -> ExhibitPlan | None:
        """What the lab painted over time with its loss, the four pictures, or the example."""
        from visualizer.ui.train import exhibits

        if self.part == "lab":
            return exhibits.of_lab(self._session.train_lab)
        if self.part == "checkpoints":
            return exhibits.of_strip(self._session.checkpoint_lab)
        return exhibits.of_example(self._session.training_example)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A narrow page has a narrow panel."""
        super().resizeEvent(event)
        narrow = self.width() < _NARROW
        self._panel.setFixedWidth(_NARROW_PANEL if narrow else _PANEL)
        edge = themes.SPACE if narrow else 2 * themes.SPACE
        self._middle.setContentsMargins(edge, edge, edge, edge)
