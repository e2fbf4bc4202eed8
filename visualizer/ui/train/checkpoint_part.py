"""The built-in model's own training: the same words and static, painted early and late in it."""

from __future__ import annotations

from textwrap import shorten
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSlider, QVBoxLayout, QWidget

from visualizer.ui import theme as themes
from visualizer.ui.explanation import percent
from visualizer.ui.panel_parts import label
from visualizer.ui.tile_grid import ShownTile, TileGrid

if TYPE_CHECKING:
    from visualizer.diffusion.arrays import Picture
    from visualizer.session.checkpoint_lab import CheckpointLab, CheckpointPicture

_ABOUT = (
    "The same prompt and the very same static, given to the model early in its training, and as it "
    "is now.\n\n"
    "At 1 % the static does not go away. At 5 % there are the colors of the scene, in patches. At "
    "18 % there are sky, land and trees. All the rest of the training goes into the things and "
    "their form."
)
_LONGEST = 160  # characters of a prompt that are told
_EMPTY = "Press Generate to paint one prompt with each of them."


class CheckpointPart(QWidget):
    """Pictures side by side, and a slider through the model's guesses on the way."""

    said = Signal(str, bool)
    changed = Signal()

    def __init__(self, lab: CheckpointLab, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lab = lab
        self.tiles = TileGrid("One prompt at four times of the training")
        self.tiles.set_caption_rows(2)
        self.time = QSlider(Qt.Orientation.Horizontal)
        self.time.setAccessibleName("Step of the runs")
        self.time.setToolTip("What each of them thought of the picture at this step")
        self.time_name = label("quiet", "Step")
        self.time_name.setWordWrap(False)
        self.time_name.setBuddy(self.time)
        self.time_words = label("value")
        self.time_words.setWordWrap(False)
        self.time_words.setFixedWidth(26 * themes.SPACE)
        self.side = QWidget()
        self.headline, self.about = label("title"), label("")
        self.headline.setText("How it learned")
        self.about.setText(_ABOUT)
        self.state = label("small-quiet")
        column = QVBoxLayout(self.side)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(themes.SPACE)
        for each in (self.headline, self.about, self.state):
            column.addWidget(each)
        column.addStretch(1)
        row = QHBoxLayout()
        row.setSpacing(2 * themes.SPACE)
        row.addWidget(self.time_name)
        row.addWidget(self.time, 1)
        row.addWidget(self.time_words)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(themes.SPACE)
        rows.addWidget(self.tiles, 1)
        rows.addLayout(row)
        self.time.valueChanged.connect(lambda _k: self.show_strip())
        lab.began.connect(lambda _stages: self._began())
        lab.painted.connect(self._on_painted)
        lab.ended.connect(self._ended)
        self.show_strip()

    def enter(self) -> None:
        """What there is."""
        self.show_strip()

    def _began(self) -> None:
        self.changed.emit()
        self.show_strip()

    def _on_painted(self, _k: int, painted: CheckpointPicture) -> None:
        last = len(painted.guesses) - 1
        if last > 0 and self.time.maximum() != last:
            self.time.blockSignals(True)
            self.time.setRange(0, last)
            self.time.setValue(last)
            self.time.blockSignals(False)
        self.show_strip()

    def _ended(self) -> None:
        self.changed.emit()
        self.show_strip()

    def show_strip(self) -> None:
        """The pictures that are there, at the step of the slider."""
        lab, k, last = self.lab, self.time.value(), self.time.maximum()
        guesses = any(painted.guesses for painted in lab.strip.values())
        for each in (self.time, self.time_name):
            each.setVisible(guesses)  # else it leads nowhere
        at_end = not guesses or k == last
        self.time_words.setText(
            "" if not guesses else "the picture" if at_end else f"guess at step {k} of {last}"
        )
        if lab.why_not or not lab.stages:
            words = lab.why_not or ("Painting …" if lab.running else _EMPTY)
            self.tiles.show_tiles([ShownTile("", words=words)])
            self.state.setText("")
            return
        self.tiles.show_tiles(
            [
                ShownTile(
                    caption(share, pictures),
                    picture_at(lab.strip[n], k, at_end=at_end) if n in lab.strip else None,
                    words=self._missing(n),
                )
                for n, (share, pictures) in enumerate(lab.stages)
            ]
        )
        self.state.setText(self._told())

    def _missing(self, n: int) -> str:
        """What stands in the place of a picture that is not there."""
        if n in self.lab.strip:
            return ""
        if not self.lab.running:
            return "Not painted"
        return "Painting …" if n == len(self.lab.strip) else "Waiting"

    def _told(self) -> str:
        """Whose pictures these are: the prompt field may hold other words by now."""
        request, done, all_ = self.lab.request, len(self.lab.strip), len(self.lab.stages)
        prompt = "" if request is None else shorten(request.prompt, _LONGEST, placeholder=" …")
        asked = "" if request is None else f"“{prompt}”, seed {request.seed}"
        return f"{asked}\n{done} of {all_} painted" if self.lab.running else asked


def picture_at(painted: CheckpointPicture, k: int, *, at_end: bool) -> Picture:
    """The guess at step k, or the exact picture at the end."""
    return painted.picture if at_end or not painted.guesses else painted.guesses[k]


def caption(share: float, pictures: int) -> str:
    """After how much of the training, in two lines."""
    return f"after {percent(share)} of the training\n{pictures:,} pictures shown"
