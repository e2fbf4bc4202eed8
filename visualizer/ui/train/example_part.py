"""One training example under the magnifier: what the model was asked, and how wrong it was."""

from __future__ import annotations

from dataclasses import astuple
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QSlider, QVBoxLayout, QWidget

from visualizer.training.noise_shares import noise_shares
from visualizer.training.plan import SCENES
from visualizer.ui import theme as themes
from visualizer.ui.explanation import percent
from visualizer.ui.panel_parts import button, label
from visualizer.ui.tile_grid import ShownTile, TileGrid
from visualizer.ui.train.loop_panel import NAMES, LoopPanel

if TYPE_CHECKING:
    from visualizer.diffusion.arrays import FloatArray, Picture
    from visualizer.session.training_example import TrainingExample
    from visualizer.training.worked_example import StepTaken, WorkedExample

_DRAG_MS = 40
_WHOLE = (
    "One example, as there were many in its training: a drawing is spoiled with static, and the "
    "model has to tell the static from the picture. Point at a line to see what it does."
)
_READING = (
    "ε̂, and the guess of x₀, are what the model’s answer v_hat implies. The article’s loss is the "
    "mean of (ε̂ − ε)² (Ho et al. 2020, eq. 14); this model was trained with (v_hat − v)² (Salimans "
    "& Ho 2022), which counts the noisy times more; the places of things counted five times, and "
    "times from the middle came up more often. In the map black is no error, white is 1, and "
    "mid-gray a quarter. "
    "The step is taken on a copy: the built-in model stays as it is."
)
_WAITING = "Computing it …"
_ERROR_CEILING = 1.0
"""A squared error as bright as it gets: that of an answer that knows nothing of the static."""


class ExamplePart(QWidget):
    """Six pictures, the dice that drew them, and the loop beside them."""

    said = Signal(str, bool)

    def __init__(self, example: TrainingExample, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.example = example
        self._line = ""  # of the slow motion; "" shows all
        self._asked = False
        self.tiles = TileGrid("The example")
        self.caption = label("")
        self.caption.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.time = QSlider(Qt.Orientation.Horizontal)
        self.time.setRange(0, 999)
        self.time.setValue(example.numbers[1])
        self.time.setAccessibleName("Time t")
        self.time.setToolTip("The time t: how much static is mixed in")
        self.time_words = label("value")
        self.time_words.setWordWrap(False)
        self.time_words.setFixedWidth(26 * themes.SPACE)
        self.new_picture = button(
            "New picture", f"Take another of the {SCENES:,} training drawings"
        )
        self.new_time = button("New time", "Throw the die for t again")
        self.new_noise = button("New static", "Draw other noise")
        self.side = LoopPanel("words", _WHOLE)
        self.side.next_line.setAccessibleDescription("Steps through one round of the loop")
        self.side.other.setText("Show all")
        self.side.other.setAccessibleName("Show all")
        self.side.other.setToolTip("Show the whole example again")
        self.side.reading.setText(_READING)
        self._drags = QTimer(self)
        self._drags.setSingleShot(True)
        self._drags.setInterval(_DRAG_MS)
        self._lay_out()
        self._connect()
        self.show_all()

    def _lay_out(self) -> None:
        space = themes.SPACE
        time_row = QHBoxLayout()
        time_row.setSpacing(2 * space)
        time_row.addWidget(self.time, 1)
        time_row.addWidget(self.time_words)
        dice = QHBoxLayout()
        dice.setSpacing(space)
        dice.addStretch(1)
        for each in (self.new_picture, self.new_time, self.new_noise):
            dice.addWidget(each)
        dice.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(space)
        column.addWidget(self.caption)
        column.addWidget(self.tiles, 1)
        column.addLayout(time_row)
        column.addLayout(dice)

    def _connect(self) -> None:
        self.new_picture.clicked.connect(lambda: self._draw(scene=True))
        self.new_time.clicked.connect(lambda: self._draw(time=True))
        self.new_noise.clicked.connect(lambda: self._draw(noise=True))
        self.time.valueChanged.connect(self._time_moved)
        self._drags.timeout.connect(lambda: self.example.set_timestep(self.time.value()))
        self.side.next_line.clicked.connect(self.next_line)
        self.side.other.clicked.connect(self.show_all)
        self.example.asked.connect(self._on_asked)
        self.example.worked.connect(self._on_worked)
        self.example.step_taken.connect(lambda _taken: self._show())

    # --- what the page asks -------------------------------------------------------------------

    def enter(self) -> None:
        """Work the example out, if that was not done."""
        if self.example.example is None:
            self.example.work()
        self._show()

    def draw_all(self) -> None:
        """Another example altogether."""
        self._draw(scene=True, time=True, noise=True)

    def show_all(self) -> None:
        """Leave slow motion."""
        self._line = ""
        self._show()

    def next_line(self) -> None:
        """One line further; the dice are thrown where the line says so."""
        at = NAMES.index(self._line) if self._line else -1
        self._line = NAMES[(at + 1) % len(NAMES)]
        dice = {"picture": "scene", "time": "time", "noise": "noise"}.get(self._line)
        if dice is not None:
            self.example.draw(**{dice: True})
        if self._line == "backward":
            self.example.take_step()
        self._show()

    # --- what is shown ------------------------------------------------------------------------

    def _draw(self, **dice: bool) -> None:
        self.example.draw(**dice)
        self.show_all()

    def _time_moved(self, timestep: int) -> None:
        self._say_time(timestep)
        if timestep != self.example.numbers[1]:
            self._drags.start()

    def _on_asked(self) -> None:
        """The slider and its words go ahead, the pictures follow."""
        if not self._drags.isActive() and not self.time.isSliderDown():
            self.time.blockSignals(True)
            self.time.setValue(self.example.numbers[1])
            self.time.blockSignals(False)
        self._show()

    def _on_worked(self, _example: WorkedExample) -> None:
        self._show()

    def _say_time(self, timestep: int) -> None:
        share = percent(noise_shares()[timestep])
        self.time_words.setText(f"t = {timestep} · {share} static")

    def _reached(self, name: str) -> bool:
        """Whether the slow motion has done this line; outside of it all are done."""
        return not self._line or NAMES.index(self._line) >= NAMES.index(name)

    def _show(self) -> None:
        found, why = self.example.example, self.example.why_not
        usable = not why
        for each in (self.time, self.new_picture, self.new_time, self.new_noise):
            each.setEnabled(usable)
        self.side.next_line.setEnabled(usable)
        self.side.other.setVisible(bool(self._line))
        if self._reached("time"):
            self._say_time(self.time.value())
        else:
            self.time_words.setText("")
        if found is None:
            self.tiles.show_tiles([ShownTile("", words=why or "Working it out …")])
            self.caption.setText("")
            self.side.numbers.setText("")
            return
        told = self._reached("picture")
        self.caption.setText(f"“{found.caption}”" if told else "")
        self.tiles.show_tiles(self._shown(found))
        self.side.mark(self._line, self._value(found, self.example.taken))
        numbers = "" if not self._reached("loss") else _numbers(found) if self._fresh else _WAITING
        self.side.numbers.setText(numbers)

    @property
    def _fresh(self) -> bool:
        """Whether the pictures are those of the numbers that are asked for now."""
        found = self.example.example
        return found is not None and self.example.numbers == astuple(found.question)

    def _shown(self, found: WorkedExample) -> list[ShownTile]:
        rows: tuple[tuple[str, str, Picture], ...] = (
            ("picture", "The picture, x₀", found.clean),
            ("noise", "The static, ε", found.noise),
            ("noisy", "What the model sees, x", found.noisy),
            ("predict", "The static it sees, ε̂", found.guessed_noise),
            ("loss", "Squared error (ε̂ − ε)²", error_picture(found.error, found.clean)),
            ("predict", "So its guess of x₀", found.guess),
        )
        return [
            ShownTile(caption, picture if self._reached(name) else None)
            for name, caption, picture in rows
        ]

    def _value(self, found: WorkedExample, taken: StepTaken | None) -> str:
        scene, timestep, _ = self.example.numbers
        match self._line:
            case "picture":
                return f"drawing {scene:,} of {SCENES:,}"
            case "time":
                return f"t = {timestep}"
            case "noisy" | "loss" if not self._fresh:
                return _WAITING
            case "noisy":
                share = found.noise_share
                return f"{percent(1 - share)} picture, {percent(share)} static"
            case "loss":
                return f"{found.v_loss:.4f}"
            case "backward":
                return f"a direction {taken.length:.2f} long" if taken else _WAITING
            case "step":
                if taken is None:
                    return _WAITING
                return f"{taken.before:.4f} becomes {taken.after:.4f}, on a copy of the model"
            case _:
                return ""


def _numbers(found: WorkedExample) -> str:
    return (
        f"mean (ε̂ − ε)² = {found.noise_loss:.4f}\n"
        f"mean (v_hat − v)² = {found.v_loss:.4f}, as trained"
    )


def error_picture(error: FloatArray, beside: Picture) -> Picture:
    """The squared error of each position as gray, as large as another picture; 1 is white."""
    import numpy as np

    gray = np.sqrt(np.clip(error / _ERROR_CEILING, 0, 1))
    side = beside.shape[0] // error.shape[0]
    pixels = np.repeat(np.repeat(gray, side, axis=0), side, axis=1)
    picture: Picture = np.repeat((pixels * 255).astype(np.uint8)[..., None], 3, axis=2)
    return picture
