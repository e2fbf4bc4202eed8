"""The live lab: a small denoiser learns to paint while one watches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from visualizer.training.lab_subjects import BATCH, SUBJECTS
from visualizer.ui import theme as themes
from visualizer.ui.number_field import MAX_SEED, NumberField
from visualizer.ui.panel_parts import button, label
from visualizer.ui.segments import Segments
from visualizer.ui.tile_grid import ShownTile, TileGrid
from visualizer.ui.train.loop_panel import LoopPanel
from visualizer.ui.train.samples_over_time import SamplesOverTime

if TYPE_CHECKING:
    from visualizer.session.train_lab import LabProgress, LabSamples, LineDone, TrainLab
    from visualizer.ui.train.loss_plot import LossPlot

_SHOW_MS = 1000
_NO_ARROWS = (
    "NumberField::up-button, NumberField::down-button { width: 0; margin: 0; border: none; }"
    "NumberField::up-arrow, NumberField::down-arrow { image: none; width: 0; height: 0; }"
)
_LOW = 560
"""A part lower than this has a smaller plot, and smaller pictures of what was painted before."""
_PLOT, _LOW_PLOT = 18 * themes.SPACE, 11 * themes.SPACE
_BEFORE, _LOW_BEFORE = 22 * themes.SPACE, 16 * themes.SPACE
RATES = {
    "0.0001": "Small steps: it learns, but slowly",
    "0.002": "What suits this network",
    "0.02": "Large steps: it stumbles over itself",
}
_USUAL = "0.002"
_WHOLE = (
    "The loop that makes a diffusion model, in its plainest form, on a small network that has "
    "never seen a picture. It goes round several times a second; the line that it is at is marked "
    "now and then. Point at a line to see what it does."
)
_READING = (
    "Trained from nothing on drawings of four subjects; it is told which of them by a number. Only "
    "the autoencoder, which turns latents into pixels, is the built-in model’s. The four pictures "
    "always start from the same static. First come the colors of each place, then, within a few "
    "minutes, the things."
)
_STATES = {
    "new": "",
    "opening": "Opening the autoencoder …",
    "drawing": "Drawing the first pictures to learn from …",
    "training": "Learning",
    "paused": "Paused",
}


class LabPart(QWidget):
    """Pictures above, what they were before below them, then the loss."""

    said = Signal(str, bool)
    changed = Signal()
    """It began, or paused."""

    def __init__(self, lab: TrainLab, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lab = lab
        self._chosen: int | None = None
        self._plot: LossPlot | None = None
        self.reset = button("Reset", "Forget everything that was learned")
        self.seed = NumberField("seed of the training", 0, MAX_SEED)
        self.seed.setFixedSize(9 * themes.SPACE, 4 * themes.SPACE)
        self.seed.setProperty("role", "quiet")
        self.seed.setStyleSheet(_NO_ARROWS)
        self.seed.setToolTip("Decides the first weights and every throw of the dice")
        self.rate = Segments("Learning rate")
        for rate, about in RATES.items():
            self.rate.add(rate, rate, about)
        self.rate.set_current(_USUAL)
        for each in self.rate.buttons.values():
            each.setMinimumWidth(9 * themes.SPACE)
        self.tiles = TileGrid("What it paints now")
        self.over_time = SamplesOverTime(len(SUBJECTS))
        self.loss_words = label("small-quiet")
        self.side = LoopPanel("which", _WHOLE)
        self.side.reading.setText(_READING)
        self._shows = QTimer(self)
        self._shows.setSingleShot(True)
        self._shows.setInterval(_SHOW_MS)
        self._lay_out()
        self._connect()
        self._show()

    def _lay_out(self) -> None:
        space = themes.SPACE
        row = QHBoxLayout()
        row.setSpacing(space)
        row.addWidget(self.reset)
        row.addStretch(1)
        for words, field in (("Seed", self.seed), ("Learning rate", self.rate)):
            name = QLabel(words)
            name.setProperty("role", "quiet")
            name.setBuddy(field)
            row.addSpacing(space)
            row.addWidget(name)
            row.addWidget(field)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(space)
        self._column.addLayout(row)
        self._column.addWidget(self.tiles, 1)
        self._column.addWidget(self.over_time)
        self._column.addWidget(self.loss_words)

    def _connect(self) -> None:
        self.reset.clicked.connect(self.lab.reset)
        self.rate.chosen.connect(lambda rate: self.lab.set_learning_rate(float(rate)))
        self.side.next_line.clicked.connect(self.next_line)
        self.over_time.chosen.connect(self._look_at)
        self._shows.timeout.connect(self._show)
        self.lab.changed.connect(lambda _state: self._show())
        self.lab.changed.connect(lambda _state: self.changed.emit())
        self.lab.progressed.connect(self._on_progress)
        self.lab.sampled.connect(self._on_samples)
        self.lab.line_done.connect(self._on_line)

    # --- what the page asks -------------------------------------------------------------------

    def enter(self) -> None:
        """The plot is made when it is first seen."""
        if self._plot is None:
            from visualizer.ui.train.loss_plot import LossPlot

            self._plot = LossPlot(BATCH)
            self._column.addWidget(self._plot)
            self._settle_heights()
        self._show()

    def start_or_pause(self) -> None:
        """Begin, go on, or stop after the line at hand."""
        if self.lab.going:
            self.lab.pause()
        else:
            self.begin()

    def begin(self) -> None:
        """Begin, or go on."""
        self.seed.interpretText()
        self.lab.start(self.seed.whole(), float(self.rate.current))

    def next_line(self) -> None:
        """Slow motion: one line, then wait."""
        if self.lab.going:
            self.lab.pause()
        self.seed.interpretText()
        self.lab.take_line(self.seed.whole(), float(self.rate.current))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a low window the newest pictures still have room."""
        super().resizeEvent(event)
        self._settle_heights()

    def _settle_heights(self) -> None:
        low = self.height() < _LOW
        self.over_time.setFixedHeight(_LOW_BEFORE if low else _BEFORE)
        if self._plot is not None:
            self._plot.setFixedHeight(_LOW_PLOT if low else _PLOT)

    # --- news ---------------------------------------------------------------------------------

    def _on_progress(self, progress: LabProgress) -> None:
        if self.isVisible() and not self._shows.isActive():
            self._shows.start()
        if progress.line and self.lab.going:
            self.side.pass_by(progress.line)

    def _on_samples(self, _samples: LabSamples) -> None:
        self._chosen = None
        self._show()

    def _on_line(self, done: LineDone) -> None:
        self.side.mark(done.name, done.value)

    def _look_at(self, index: int) -> None:
        self._chosen = index if index < len(self.lab.samples) - 1 else None
        self._show()

    # --- what is shown ------------------------------------------------------------------------

    def _show(self) -> None:
        lab, last = self.lab, self.lab.last
        fresh = lab.state == "new"
        self.reset.setEnabled(not fresh)
        self.seed.setEnabled(fresh)
        if fresh:
            self._chosen = None
            self.side.mark("")
        self._show_pictures()
        if self._plot is not None and self.isVisible():
            self._plot.show_losses(lab.losses)
        course = None if self._plot is None else self._plot.smoothed
        loss = f" · now {course:.3f}" if course is not None else ""
        self.loss_words.setText(f"Loss over the pictures shown{loss}")
        pace = last.pictures / last.seconds if last.seconds > 1 else 0.0
        rows = [_STATES[lab.state]]
        if last.steps:
            rows.append(f"{last.steps:,} rounds, {last.pictures:,} pictures shown")
            rows.append(f"{last.drawings} drawings to learn from")
        elif last.drawings:
            rows.append(f"{last.drawings} drawings so far")
        if pace:
            rows.append(f"{pace:.0f} pictures a second, {last.seconds:.0f} s of learning")
        self.side.numbers.setText("\n".join(row for row in rows if row))

    def _show_pictures(self) -> None:
        samples = self.lab.samples
        if not samples:
            words = "Press Start" if self.lab.state == "new" else "Soon …"
            shown = [ShownTile(subject.title, words=words) for subject in SUBJECTS]
            self.tiles.show_tiles(shown)
        else:
            at = samples[-1 if self._chosen is None else self._chosen]
            self.tiles.show_tiles(
                [
                    ShownTile(subject.title, picture)
                    for subject, picture in zip(SUBJECTS, at.painted, strict=True)
                ]
            )
        current = len(samples) - 1 if self._chosen is None else self._chosen
        self.over_time.show_samples(samples, current)
