"""DestroyView: the parts of the Destroy page and where they stand, for each of its stages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from visualizer.ui import theme as themes
from visualizer.ui.canvas import Canvas
from visualizer.ui.destroy.destroy_panel import NARROW_PANEL, PANEL, DestroyPanel
from visualizer.ui.destroy.destroy_words import (
    DESTROY,
    ROUND_TRIP,
    SPACES,
    STAGES,
    TURN_ROUND,
    psnr_words,
)
from visualizer.ui.destroy.picture_row import PictureRow
from visualizer.ui.destroy.source_bar import SourceBar
from visualizer.ui.destroy.survival_strip import SurvivalStrip
from visualizer.ui.destroy.turning import Turning
from visualizer.ui.icons import IconButton
from visualizer.ui.segments import Segments
from visualizer.ui.timeline_view import TimelineView
from visualizer.ui.transport import TransportBar

if TYPE_CHECKING:
    from visualizer.session.destroying import Destroying
    from visualizer.session.timeline import Timeline

_NARROW = 1100


class DestroyView(QWidget):
    """Pictures with a panel beside them; time below, where there is any.

    Attributes:
        pictures: the pictures of the stage that is looked at.
    """

    def __init__(self, destroying: Destroying, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._destroying = destroying
        playhead = destroying.playhead
        self.stages = Segments("What is looked at")
        for name, (label, about) in STAGES.items():
            self.stages.add(name, label, about)
        self.source = SourceBar()
        self.round_trip = PictureRow(
            {"original": "The picture", "decoded": "After the autoencoder"}
        )
        self.canvas = Canvas(playhead)
        self.canvas.copy_button.hide()
        self.canvas.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self.turning = Turning(destroying)
        self.panel = DestroyPanel()
        self.transport = TransportBar(playhead)
        self.spaces = Segments("Where the noise falls")
        for name, (label, about) in SPACES.items():
            self.spaces.add(name, label, about)
        self.measure = QPushButton()
        self.measure.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.dice = IconButton("dice", "Other noise")
        self.timeline_view = TimelineView(playhead)
        self.timeline_view.tell_one_line("noise")
        self.strip = SurvivalStrip()
        self._lay_out()
        self.set_compact(False)
        self.show_stage(ROUND_TRIP)

    def _lay_out(self) -> None:
        space = themes.SPACE
        self.pictures, self._lines = QStackedWidget(), QStackedWidget()
        self.pictures.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        for stage in (self.round_trip, self.canvas, self.turning):
            self.pictures.addWidget(stage)
        for line in (self.timeline_view, self.strip):
            self._lines.addWidget(line)
        top = QHBoxLayout()
        top.setSpacing(space)
        top.addWidget(self.stages)
        top.addWidget(self.source, 1)
        self._middle = QVBoxLayout()
        self._middle.setSpacing(space)
        self._middle.addLayout(top)
        self._middle.addWidget(self.pictures, 1)
        body = QHBoxLayout()
        body.setSpacing(0)
        body.addLayout(self._middle, 1)
        body.addWidget(self.panel)
        for widget in (self.spaces, self.measure, self.dice):
            self.transport.add_action_widget(widget)
        self._separator = QFrame()
        self._separator.setProperty("role", "separator")
        self._separator.setFixedHeight(1)
        self._bottom = QWidget()
        self._time = QVBoxLayout(self._bottom)
        self._time.addWidget(self.transport)
        self._time.addWidget(self._lines)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(body, 1)
        column.addWidget(self._separator)
        column.addWidget(self._bottom)

    # --- stages -------------------------------------------------------------------------------

    @property
    def stage(self) -> str:
        """ "round trip", "destroy" or "turn round"."""
        return self.stages.current

    def show_stage(self, name: str) -> None:
        """Look at one of the three.

        Raises:
            KeyError: when there is none of this name.
        """
        self.stages.set_current(name)
        self.pictures.setCurrentIndex(list(STAGES).index(name))
        self._lines.setCurrentIndex(int(name == TURN_ROUND))
        for part in (self._bottom, self._separator):
            part.setVisible(name != ROUND_TRIP)
        self.spaces.setVisible(name == DESTROY)
        self.measure.setVisible(name == TURN_ROUND)

    def set_timeline(self, timeline: Timeline | None) -> None:
        """The destruction that is looked at, or none."""
        if self.canvas.timeline is not timeline:
            self.turning.set_timeline(timeline)
            self.canvas.set_timeline(timeline)
            self.transport.set_timeline(timeline)
            self.timeline_view.set_timeline(timeline)

    @property
    def count(self) -> int:
        """Points of the destruction that is shown."""
        return 0 if self.canvas.timeline is None else len(self.canvas.timeline)

    def show_spaces(self) -> None:
        """Where the noise falls now, and where it can."""
        destroying = self._destroying
        self.spaces.set_current(destroying.space)
        for name, button in self.spaces.buttons.items():
            why = destroying.why_not if name == "latents" else ""
            button.setEnabled(bool(self.count) and not why)
            button.setToolTip(why or SPACES[name][1])
        self.dice.setEnabled(bool(self.count))
        self.dice.set_label(f"Other noise: now that of seed {destroying.seed}")

    def show_round_trip(self, why_empty: str) -> None:
        """The picture, and what the autoencoder makes of it.

        Args:
            why_empty: what is said where one of them is not there.
        """
        row, trip, picture = self.round_trip, self._destroying.round_trip, self._destroying.picture
        if self._destroying.why_not:
            trip = None  # that of the model before
        original = picture if trip is None else trip.original
        row.show_picture("original", original, words=why_empty)
        row.show_picture("decoded", None if trip is None else trip.decoded, words=why_empty)
        size = nearness = ""
        if trip is not None and picture is not None:
            (height, width), (tall, wide) = trip.original.shape[:2], picture.shape[:2]
            size = f"{width} × {height} pixels"
            if (wide, tall) != (width, height):
                done = "cut" if width * tall != height * wide else "scaled"
                size += f", {done} from {wide} × {tall}"
            nearness = f"PSNR {psnr_words(trip.psnr_db)}"
        row.set_caption("original", self._destroying.title or "The picture", size)
        row.set_caption("decoded", "After the autoencoder", nearness)

    def show_survival(self) -> None:
        """What was measured by now; where the rest of it will stand."""
        from visualizer.session.destroying import SHARES

        timeline, shares = self._destroying.timeline, list(SHARES)
        if timeline is not None and len(timeline) > 1:
            own = [timeline.level(k).noise_share for k in range(1, len(timeline))]
            shares = sorted({min(own, key=lambda s: abs(s - share)) for share in SHARES})
        self.strip.set_shares(shares)
        self.strip.show_points(self._destroying.survival, going_on=self._destroying.measuring)

    # --- room ---------------------------------------------------------------------------------

    def set_compact(self, compact: bool) -> None:
        """Less air, for a low window."""
        space = themes.SPACE
        self.timeline_view.set_low(compact)
        self.strip.set_low(compact)
        self._lines.setFixedHeight(self.timeline_view.maximumHeight())
        self.panel.set_compact(compact)
        above = space if compact else 2 * space
        self._middle.setContentsMargins(2 * space, above, space, space)
        between = space // 2 if compact else space
        self._time.setContentsMargins(2 * space, between, 2 * space, between)
        self._time.setSpacing(between)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A narrow page has a narrow panel."""
        super().resizeEvent(event)
        self.panel.setFixedWidth(NARROW_PANEL if self.width() < _NARROW else PANEL)
